"""Every minute: finish what was recorded and never finished, and tell of low balances.

First of all it wakes campaigns whose hours have begun, or whose step was lost.

Every hour, with `{"task": "close_days"}`: move the counters of days that are over into the
ledger. See `flows/sweep` and `flows/keep_books`.
"""

import time
from typing import Any

from signet.edge import alarms, campaign_queue, clock, queue, settings
from signet.edge.logs import logger
from signet.flows.hold_campaign import hold_overdue
from signet.flows.keep_books import Books, close_days, watch_balances
from signet.flows.sweep import Records, sweep
from signet.flows.wake_campaigns import Sleepers, wake
from signet.store import apps, balances, campaigns, ledger, messages

# Well within the function's timeout and the minute until the next one starts.
_WORK_SECONDS = 25

records = Records(
    shards=messages.shards,
    due=messages.due,
    postpone=messages.postpone,
    expired=messages.expired,
    lost=messages.lost,
    close=messages.close,
    enqueue=queue.enqueue,
    rescue=lambda ref: queue.put(
        settings.value("SIGNET_CODES_QUEUE_URL"), queue.Job(ref, is_rescue=True)
    ),
)
sleepers = Sleepers(campaigns.due, campaigns.get, campaign_queue.put_step, hold_overdue)
books = Books(
    apps=apps.every_app,
    standing=balances.standing,
    close_days=ledger.close_days,
    notice_low=balances.notice_low,
    told_low=balances.told_low,
    forget_low=balances.forget_low,
    tell=alarms.tell,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    now = clock.now()
    if event.get("task") == "close_days":
        close_days(books, now=now)
        return {"seen": 0}
    end = time.monotonic() + _WORK_SECONDS

    def may_go_on() -> bool:
        return time.monotonic() < end

    wake(sleepers, now=now)
    seen = sweep(records, now=now, may_go_on=may_go_on)
    watch_balances(books, now=now, may_go_on=may_go_on)
    logger.info("swept", extra={"seen": seen})
    return {"seen": seen}
