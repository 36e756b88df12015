"""Queue messages `{"v", "app_id", "message_id", "rescue"?}`: hand recorded messages to carriers.

Deployed twice, for codes and for everything else. A record is done when its message reached an
end or is somebody else's; where every carrier refused and one may take it later, it comes back
after 5, 15, then 30 seconds; what cannot be read or found goes to the dead-letter queue. With
`rescue` a code of which nothing was heard is sent once more.
"""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from signet.carriers import Carrier, OutgoingMessage, opening
from signet.carriers.mappings import Find
from signet.edge import clock, queue, settings
from signet.edge.logs import logger
from signet.flows import delivering, routed
from signet.flows.asking import Routing
from signet.flows.deliver import RetryLater, deliver
from signet.flows.rescue import rescue
from signet.messages import RESCUE_AFTER, MessageRef
from signet.store import mappings
from signet.store.carrier_health import HEALTH
from signet.vendor_templates import Ours, VendorTemplate

_DELAYS = (5, 15, 30)
# A call of a carrier may take eleven seconds, and the function has twenty.
_START_WITHIN = 8.0
_began = time.monotonic()


class LoggingProcessor(BatchProcessor):
    """Says why a record failed; Powertools only says which."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log what nobody expected, then fail the record as always."""
        if not isinstance(exception[1], RetryLater):
            logger.error("record_failed", exc_info=exception)
        return super().failure_handler(record, exception)


processor = LoggingProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
records = delivering.RECORDS


def carrier(name: str) -> Carrier:
    """A carrier of this deployment, with its credentials as they are now."""
    return opening.carrier(name, _finder(name))


@cache
def _finder(carrier: str) -> Find:
    """Finds what the carrier sends for a message; one for each, so that it is opened once."""

    def find(message: OutgoingMessage) -> VendorTemplate | None:
        ours = Ours(carrier, message.template, message.template_version)
        return mappings.find(message.app_id, ours)

    return find


def may_start() -> bool:
    return time.monotonic() - _began < _START_WITHIN


routing = Routing(
    hops=lambda message: routed.hops(message),
    rescuers=lambda message: routed.rescuers(message),
    open=lambda name: carrier(name),
    may_start=may_start,
    count=routed.count,
    taken=routed.taken,
    rescue_later=lambda ref: _rescue_later(ref),
    seconds=time.monotonic,
)


def send(record: SQSRecord) -> None:
    job = queue.parse(record.body)
    url = settings.value("SIGNET_QUEUE_URL")
    if not may_start():
        # Those before it in the batch took their time: a fresh message, so that no receive of
        # this one counts towards the dead letters.
        queue.put(url, job, delay=1)
        return
    try:
        if job.is_rescue:
            rescue(job.ref, routing, records, delivering.RESCUES, now=clock.now)
        else:
            deliver(job.ref, routing, records, now=clock.now, queued_at=_queued_at(record))
    except RetryLater as later:
        delay = _DELAYS[min(later.attempts, len(_DELAYS)) - 1]
        queue.delay(url, record.receipt_handle, delay)
        raise
    finally:
        HEALTH.flush_if_due(int(clock.now().timestamp()))


def _rescue_later(ref: MessageRef) -> None:
    job = queue.Job(ref, is_rescue=True)
    try:
        delay = int(RESCUE_AFTER.total_seconds())
        queue.put(settings.value("SIGNET_QUEUE_URL"), job, delay=delay)
    except queue.QueueUnavailable:
        # It stays among the open messages: the sweeper will queue it.
        logger.warning("queue_unavailable", extra={"message_id": ref.message_id})


def _queued_at(record: SQSRecord) -> int | None:
    milliseconds = record.raw_event.get("attributes", {}).get("SentTimestamp")
    return int(milliseconds) // 1000 if milliseconds else None


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    global _began
    _began = time.monotonic()
    result = process_partial_response(
        event=event, record_handler=send, processor=processor, context=context
    )
    return dict(result)
