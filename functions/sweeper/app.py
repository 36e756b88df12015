"""Every minute: finish what was recorded and never finished (see `flows/sweep`)."""

import time
from typing import Any

from signet.edge import clock, queue
from signet.edge.logs import logger
from signet.flows.sweep import Records, sweep
from signet.store import messages

# Well within the function's timeout and the minute until the next one starts.
_WORK_SECONDS = 25

records = Records(
    shards=messages.shards,
    due=messages.due,
    postpone=messages.postpone,
    expired=messages.expired,
    unconfirmed=messages.unconfirmed,
    close=messages.close,
    enqueue=queue.enqueue,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    end = time.monotonic() + _WORK_SECONDS
    seen = sweep(records, now=clock.now(), may_go_on=lambda: time.monotonic() < end)
    logger.info("swept", extra={"seen": seen})
    return {"seen": seen}
