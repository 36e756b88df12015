"""What SQS hands a function: records in batches, of which those that failed come back."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from signet.edge.logs import logger

__all__ = ["LoggingProcessor", "SQSRecord", "process_partial_response", "queued_at"]


class LoggingProcessor(BatchProcessor):
    """Says why a record failed, unless it was to be expected; Powertools only says which."""

    def __init__(self, *, expected: type[Exception]) -> None:
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._expected = expected

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log what nobody expected, then fail the record as always."""
        if not isinstance(exception[1], self._expected):
            logger.error("record_failed", exc_info=exception)
        return super().failure_handler(record, exception)


def queued_at(record: SQSRecord) -> int | None:
    """When the queue took the record, in epoch seconds."""
    milliseconds = record.raw_event.get("attributes", {}).get("SentTimestamp")
    return int(milliseconds) // 1000 if milliseconds else None
