"""The virtual phones: every text that reached SNS, beside what Signet recorded of it."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from local.aws import Aws
from local.clock import iso
from local.ministack import MiniStack, Text

# The sender hands a text over just before it records so; a listing waits this long for it.
RECORD_SECONDS = 1.0
HANDED_OVER = "attribute_exists(carrier_message_id) AND attribute_exists(sent_at)"


@dataclass(frozen=True)
class Received:
    """One text on a virtual phone. What Signet recorded is None while it is not known."""

    to: str
    text: str
    kind: str | None
    segments: int | None
    sent_at: str
    message_id: str | None


class Inbox:
    """Lists texts, newest first."""

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
        """The texts to one phone, or to all of them."""
        with self._lock:
            texts = [text for text in self._ministack.texts() if phone in {None, text.to}]
            self._learn({text.carrier_message_id for text in texts})
            newest_first = sorted(texts, key=self._order, reverse=True)
            return [asdict(self._received(text)) for text in newest_first]

    def _order(self, text: Text) -> tuple[int, str]:
        record = self._records.get(text.carrier_message_id)
        if record is None:
            return (1, "")
        return (0, f"{int(record['sent_at']['N']):012d} {record['sk']['S']}")

    def _received(self, text: Text) -> Received:
        record = self._records.get(text.carrier_message_id)
        if record is None:
            return Received(text.to, text.body, None, None, iso(self._now()), None)
        return Received(
            to=text.to,
            text=text.body,
            kind=record["kind"]["S"],
            segments=int(record["segments"]["N"]),
            sent_at=iso(datetime.fromtimestamp(int(record["sent_at"]["N"]), UTC)),
            message_id=_message_id(record),
        )

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


def _message_id(record: dict[str, Any]) -> str:
    """`app#yyyymmdd#shard` and the sort key make the id: yyyymmdd-shard-key (signet.messages)."""
    _, day, shard = record["pk"]["S"].rsplit("#", 2)
    return f"{day}-{shard}-{record['sk']['S']}"
