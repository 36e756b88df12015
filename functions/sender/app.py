"""Queue messages `{"v", "app_id", "message_id"}`: hand recorded messages to a carrier.

Deployed twice, for codes and for everything else. A record is done when its message reached an
end or is somebody else's; a refusal that may pass comes back after 5, 15, then 30 seconds; what
cannot be read or found goes to the dead-letter queue.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from signet.carriers import Carrier, OutgoingMessage, opening
from signet.edge import clock, queue, secrets, settings
from signet.edge.logs import logger
from signet.flows.deliver import Records, RetryLater, deliver
from signet.store import mappings, messages, phones, templates
from signet.vendor_templates import Ours, VendorTemplate

_DELAYS = (5, 15, 30)


class LoggingProcessor(BatchProcessor):
    """Says why a record failed; Powertools only says which."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log what nobody expected, then fail the record as always."""
        if not isinstance(exception[1], RetryLater):
            logger.error("record_failed", exc_info=exception)
        return super().failure_handler(record, exception)


processor = LoggingProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
records = Records(
    get=messages.get,
    claim=messages.claim,
    accepted=messages.accepted,
    refused=messages.refused,
    unconfirmed=messages.unconfirmed,
    expired=messages.expired,
    pin_key=phones.pin_key,
    keyring=secrets.keyring,
    template_text=templates.text,
)


def carrier() -> Carrier:
    """The carrier of this deployment, with its credentials as they are now."""
    return opening.carrier(settings.value("SIGNET_CARRIER"), _vendor_template)


def _vendor_template(carrier: str, message: OutgoingMessage) -> VendorTemplate | None:
    ours = Ours(carrier, message.template, message.template_version)
    return mappings.find(message.app_id, ours)


def send(record: SQSRecord) -> None:
    try:
        deliver(
            queue.parse(record.body),
            carrier(),
            records,
            now=clock.now,
            queued_at=_queued_at(record),
        )
    except RetryLater as later:
        delay = _DELAYS[min(later.attempts, len(_DELAYS)) - 1]
        queue.delay(settings.value("SIGNET_QUEUE_URL"), record.receipt_handle, delay)
        raise


def _queued_at(record: SQSRecord) -> int | None:
    milliseconds = record.raw_event.get("attributes", {}).get("SentTimestamp")
    return int(milliseconds) // 1000 if milliseconds else None


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    result = process_partial_response(
        event=event, record_handler=send, processor=processor, context=context
    )
    return dict(result)
