"""Queue messages `{"v", "app_id", "message_id", "rescue"?}`: hand recorded messages to carriers.

And of campaigns, as `edge.campaign_queue` has them: messages to record and send, and steps.

Deployed twice, for codes and for everything else. A record is done when its message reached an
end or is somebody else's; where every carrier refused and one may take it later, it comes back
after 5, 15, then 30 seconds; what cannot be read or found goes to the dead-letter queue. With
`rescue` a code of which nothing was heard is sent once more.
"""

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from signet.carriers import Carrier, OutgoingMessage, opening
from signet.carriers.mappings import Find
from signet.edge import clock, queue, settings, sqs_events
from signet.edge.logs import logger
from signet.edge.sqs_events import SQSRecord
from signet.flows import delivering, routed
from signet.flows.asking import Routing
from signet.flows.deliver import RetryLater, deliver
from signet.flows.rescue import rescue
from signet.messages import RESCUE_AFTER, MessageRef
from signet.store import mappings
from signet.store.carrier_health import HEALTH
from signet.vendor_templates import Ours, VendorTemplate

if TYPE_CHECKING:
    from signet.flows.campaigning import Work

_DELAYS = (5, 15, 30)
# A call of a carrier may take eleven seconds, and the function has twenty.
_START_WITHIN = 8.0
_began = time.monotonic()
_campaigns: "Work | None" = None

processor = sqs_events.LoggingProcessor(expected=RetryLater)
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
    fields = queue.fields_of(record.body)
    url = settings.value("SIGNET_QUEUE_URL")
    if not may_start():
        # Those before it in the batch took their time: a fresh message, so that no receive of
        # this one counts towards the dead letters.
        queue.put_body(url, record.body, str(fields.get("app_id")), delay=1)
        return
    try:
        if "campaign_id" in fields:
            _of_campaign(fields, queued_at=sqs_events.queued_at(record))
            return
        job = queue.job(fields)
        if job.is_rescue:
            rescue(job.ref, routing, records, delivering.RESCUES, now=clock.now)
        else:
            deliver(
                job.ref, routing, records, now=clock.now, queued_at=sqs_events.queued_at(record)
            )
    except RetryLater as later:
        delay = _DELAYS[min(later.attempts, len(_DELAYS)) - 1]
        queue.delay(url, record.receipt_handle, delay)
        raise
    finally:
        HEALTH.flush_if_due(int(clock.now().timestamp()))


def _of_campaign(fields: dict[str, Any], *, queued_at: int | None) -> None:
    global _campaigns
    from signet.flows.campaigning import Work  # codes need none of this

    _campaigns = _campaigns or Work(routing)
    _campaigns.take(fields, queued_at=queued_at)


def _rescue_later(ref: MessageRef) -> None:
    job = queue.Job(ref, is_rescue=True)
    try:
        delay = int(RESCUE_AFTER.total_seconds())
        queue.put(settings.value("SIGNET_QUEUE_URL"), job, delay=delay)
    except queue.QueueUnavailable:
        # It stays among the open messages: the sweeper will queue it.
        logger.warning("queue_unavailable", extra={"message_id": ref.message_id})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    global _began, _campaigns
    _began, _campaigns = time.monotonic(), None
    result = sqs_events.process_partial_response(
        event=event, record_handler=send, processor=processor, context=context
    )
    if _campaigns:
        _campaigns.note()
    return dict(result)
