"""Texts that a route sent by Amazon SNS, which MiniStack plays, beside what Signet recorded.

SNS is told no message id and reports nothing: a record is found by the id that SNS gave it.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.aws import Aws
from local.clock import iso
from local.ministack import MiniStack, Text

# The sender hands a text over just before it records so; a listing waits this long for it.
RECORD_SECONDS = 1.0
HANDED_OVER = "attribute_exists(carrier_message_id) AND attribute_exists(sent_at)"


class SnsTexts:
    """Lists them as the inbox does."""

    def __init__(
        self, *, ministack: MiniStack, aws: Aws, messages_table: str, now: Callable[[], datetime]
    ) -> None:
        self._ministack = ministack
        self._aws = aws
        self._table = messages_table
        self._now = now
        self._records: dict[str, dict[str, Any]] = {}
        self._waited_for: set[str] = set()
        self._lock = threading.Lock()

    def texts(self, phone: str | None = None) -> list[dict[str, object]]:
        """The texts to one phone, or to all of them. What is not known of one is None."""
        with self._lock:
            texts = [text for text in self._ministack.texts() if phone in {None, text.to}]
            self._learn({text.carrier_message_id for text in texts})
            return [self._shown(text) for text in texts]

    def _shown(self, text: Text) -> dict[str, object]:
        record = self._records.get(text.carrier_message_id)
        sent_at = iso(_sent_at(record) if record else self._now())
        return {
            "to": text.to,
            "text": text.body,
            "kind": record["kind"]["S"] if record else None,
            "segments": int(record["segments"]["N"]) if record else None,
            "sent_at": sent_at,
            "message_id": _message_id(record) if record else None,
            "carrier": "sns",
            "channel": "sms",
            "sender": None,
            "arrived_at": sent_at,
        }

    def _learn(self, carrier_ids: set[str]) -> None:
        """Find the records of the texts. A new one may be a moment late: wait, but only once."""
        deadline = time.monotonic() + RECORD_SECONDS
        while unknown := carrier_ids - self._records.keys():
            self._records |= self._scan()
            if unknown <= self._waited_for or time.monotonic() > deadline:
                break
            time.sleep(0.03)
        self._waited_for |= carrier_ids

    def _scan(self) -> dict[str, dict[str, Any]]:
        """All records by the carrier's id: no index has it, and a local table is small."""
        scan = self._aws.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self._table, FilterExpression=HANDED_OVER)
        return {item["carrier_message_id"]["S"]: item for page in pages for item in page["Items"]}


def _sent_at(record: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(record["sent_at"]["N"]), UTC)


def _message_id(record: dict[str, Any]) -> str:
    """`app#yyyymmdd#shard` and the sort key make the id: yyyymmdd-shard-key (signet.messages)."""
    _, day, shard = record["pk"]["S"].rsplit("#", 2)
    return f"{day}-{shard}-{record['sk']['S']}"
