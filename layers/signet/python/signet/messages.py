"""Messages: what was asked to be sent, the states it goes through, and its text.

    state              | event                                    → state
    -------------------+------------------------------------------------------------
    queued             | a sender claims it                       → sending
    queued             | its code expired or was replaced         → expired
    queued             | safe mode keeps it back                  → expired
    sending            | a carrier accepted it                    → awaiting_receipt
    sending            | a carrier surely refused, next one is asked → sending
    sending            | all surely refused, one may retry        → queued
    sending            | every carrier surely refused             → call_failed
    sending            | the carrier's answer is not known        → unconfirmed
    unconfirmed        | the answer arrives late                  → awaiting_receipt
    awaiting_receipt   | a receipt                                → delivered, undelivered
    sending            | a receipt, ahead of the answer           → delivered, undelivered
    unconfirmed        | a receipt                                → delivered, undelivered
    undelivered        | a receipt: delivered after all           → delivered
    queued             | a receipt: delivered by who had refused  → delivered
    any                | the code is used                         → verified
    verified           | it was never handed over                 → expired
    verified           | the carrier surely refused it            → call_failed

Source: design.md 4. Late and duplicate events never move a state backwards: of what is heard of
a message, verified goes before delivered, that before undelivered, and each before having heard
nothing. A receipt moves nothing that was paid back. The last two rows are for apps that send a
live code again: an earlier message may have brought the code.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from signet import days, templates
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
# Nothing heard of a code for so long, by receipt or by its use: it is sent once more, if wanted.
RESCUE_AFTER = timedelta(seconds=20)
# A notification that waited for so long tells nobody anything new.
NOTIFICATION_LIFE = timedelta(hours=12)
# Records are shown for two months (wire.md 12.5).
RETENTION = timedelta(days=62)
OPEN_SHARDS = 16
# What the codes of accounts are for, as the built-in text and mapped templates name it.
OPERATIONS = {
    Purpose.VERIFY: "验证手机号",
    Purpose.LOGIN: "登录",
    Purpose.RESET: "重置密码",
    Purpose.CHANGE: "绑定手机号",
}


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


class Claim(NamedTuple):
    """One call of a carrier for a message: whose it is, and which one of the message's calls."""

    id: str
    number: int


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS to one phone. Times are epoch seconds; its text is never part of the record.

    `purpose` and `nonce_tag` are those of its code; what holds no code has neither. `price` is
    in micros, paid by item `balance_shard` of the balance. What is `kept_back` is never handed
    over: nobody has the number, and the app does not want that to be seen (safe mode). What is
    `plain` goes in GSM-7's characters (`segments.plain`), and was priced so. `rescue`: the app
    wants its code sent once more when nothing is heard of it; `rescue_id` is whose that is.
    `carriers` are those that were asked so far. Of a message with `events` its app is told what
    becomes of it. `campaign`: the row that it is for, as `campaigns.Row` packs it. `held_until`: it
    waits for the hours in which it may be sent.
    """

    ref: MessageRef
    phone: str
    kind: Kind
    channel: Channel
    purpose: Purpose | None
    signature: str
    signature_text: str
    created_at: int
    expires_at: int
    nonce_tag: str | None
    segments: int
    price: int = 0
    balance_shard: int = 0
    template: str | None = None
    template_version: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    state: State = State.QUEUED
    attempts: int = 0
    attempt_id: str | None = None
    lease_until: int = 0
    due_at: int = 0
    kept_back: bool = False
    events: bool = False
    plain: bool = False
    rescue: bool = False
    rescue_id: str | None = None
    sent_at: int = 0
    carriers: tuple[str, ...] = ()
    campaign: str | None = None
    held_until: int | None = None

    @property
    def wants_rescue(self) -> bool:
        """Whether nothing was heard of it so far, and nobody has sent it once more."""
        waits = self.state is State.AWAITING_RECEIPT
        return waits and self.rescue and self.rescue_id is None

    @property
    def was_used_unsent(self) -> bool:
        """Whether its code was used, as an earlier message brought it, before anybody sent it."""
        return self.state is State.VERIFIED and self.attempts == 0

    @property
    def subject(self) -> Subject | None:
        """What the message's code is bound to; None for a message without a code."""
        return Subject(self.ref.app_id, self.purpose, self.phone) if self.purpose else None


def new_id(now: datetime, *, shards: int) -> str:
    """A message id: `yyyymmdd-shard-time and chance`, sortable by time.

    The first two parts are the partition of the record, so that the id alone (with its app)
    finds it without an index (review.md 5.2).
    """
    unique = f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
    return id_of(days.of(now), unique, shards=shards)


def id_of(day: str, unique: str, *, shards: int) -> str:
    """The id of a message of that day; `unique` is 32 hex digits, the first 12 a time."""
    return f"{day}-{_shard(unique, shards)}-{unique}"


def open_shard(message_id: str) -> str:
    """The shard of the `open` index that a message with work left is listed in."""
    return f"open#{_shard(message_id, OPEN_SHARDS)}"


def nonce_tag(nonce: bytes) -> str:
    """What ties a message to the code it was recorded for, without telling the nonce."""
    return sha256(b"signet/tag/1" + nonce).hexdigest()[:16]


def text(
    signature_text: str,
    template_text: str | None,
    variables: Mapping[str, str],
    *,
    code: str,
    purpose: Purpose | None = None,
) -> str:
    """What the phone shows: the signature, then the template or the built-in text.

    `variables` holds `name`, `ttl` (minutes), whatever the template names, and `op` for the
    built-in text if there is one; `purpose` is the code's. Raises TemplateNotRendered.
    """
    if template_text is None:
        return f"【{signature_text}】{_builtin(variables, code, purpose)}"
    return f"【{signature_text}】{templates.render(template_text, {**variables, 'code': code})}"


def _builtin(variables: Mapping[str, str], code: str, purpose: Purpose | None) -> str:
    # One sentence of app name, operation, code and minutes (wire.md 7.1); guide.zh.md has two.
    name, ttl, operation = variables["name"], variables["ttl"], variables.get("op")
    if purpose is Purpose.VERIFY:
        return f"欢迎使用“{name}”服务，您的验证码是 {code}，请输入完成验证。"
    if purpose is Purpose.RESET:
        return (
            f"您请求重设应用“{name}”的密码，请输入验证码 {code} 验证，验证码仅在 {ttl} 分钟内有效。"
        )
    doing = f"进行{operation}" if operation else ""
    return f"您正在使用{name}服务{doing}，您的验证码是 {code}，请在 {ttl} 分钟内完成验证。"


def _shard(text: str, shards: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4]) % shards
