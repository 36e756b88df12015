"""Messages: what was asked to be sent, the states it goes through, and its text.

    state              | event                                    → state
    -------------------+------------------------------------------------------------
    queued             | a sender claims it                       → sending
    queued             | its code expired or was replaced         → expired
    sending            | a carrier accepted it                    → awaiting_receipt
    sending            | a carrier surely refused, may retry      → queued
    sending            | every carrier surely refused             → call_failed
    sending            | the carrier's answer is not known        → unconfirmed
    unconfirmed        | the answer arrives late                  → awaiting_receipt
    awaiting_receipt   | a receipt                                → delivered, undelivered
    any                | the code is used                         → verified

Source: design.md 4. Late and duplicate events never move a state backwards.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from signet.codes import Purpose, Subject
from signet.limits import Channel, Kind

# A message still open after this has missed its queue, or has a slow sender: the sweeper, which
# comes every minute, looks at it, and again every so often while it stays open.
DUE_AFTER = timedelta(seconds=10)
DUE_AGAIN_AFTER = timedelta(seconds=60)
# A sender that holds a message longer than this has died or lost the carrier's answer.
LEASE = timedelta(seconds=30)
# Sure refusals after which a message is given up.
MAX_ATTEMPTS = 5
# Records are shown for two months (wire.md 12.5).
RETENTION = timedelta(days=62)
OPEN_SHARDS = 16


class State(StrEnum):
    """Where a message stands; see the table above."""

    QUEUED = "queued"
    SENDING = "sending"
    AWAITING_RECEIPT = "awaiting_receipt"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    VERIFIED = "verified"
    UNCONFIRMED = "unconfirmed"
    CALL_FAILED = "call_failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class MessageRef:
    """What a queue carries: enough to find the record, nothing personal."""

    app_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS to one phone. Times are epoch seconds; `text` is never part of the record."""

    ref: MessageRef
    phone: str
    kind: Kind
    channel: Channel
    purpose: Purpose
    signature: str
    signature_text: str
    created_at: int
    expires_at: int
    nonce_tag: str
    segments: int
    template: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    state: State = State.QUEUED
    attempts: int = 0
    attempt_id: str | None = None
    lease_until: int = 0
    due_at: int = 0

    @property
    def subject(self) -> Subject:
        """What the message's code is bound to."""
        return Subject(self.ref.app_id, self.purpose, self.phone)


def new_id(now: datetime, *, shards: int) -> str:
    """A message id: `yyyymmdd-shard-time and chance`, sortable by time within a day.

    The first two parts are the partition of the record, so that the id alone (with its app)
    finds it without an index (review.md 5.2).
    """
    unique = f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
    return f"{now.astimezone(UTC):%Y%m%d}-{_shard(unique, shards)}-{unique}"


def open_shard(message_id: str) -> str:
    """The shard of the `open` index that a message with work left is listed in."""
    return f"open#{_shard(message_id, OPEN_SHARDS)}"


def nonce_tag(nonce: bytes) -> str:
    """What ties a message to the code it was recorded for, without telling the nonce."""
    return sha256(b"signet/tag/1" + nonce).hexdigest()[:16]


def builtin_text(signature_text: str, variables: Mapping[str, str], *, code: str) -> str:
    """The built-in verification text, default signature in front (wire.md 7.1).

    `variables` holds `name`, `ttl` (minutes) and, when the caller named one, `op`.
    """
    name, ttl, operation = variables["name"], variables["ttl"], variables.get("op")
    doing = f"进行{operation}" if operation else ""
    return (
        f"【{signature_text}】您正在使用{name}服务{doing}，"
        f"您的验证码是 {code}，请在 {ttl} 分钟内完成验证。"
    )


def _shard(text: str, shards: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4]) % shards
