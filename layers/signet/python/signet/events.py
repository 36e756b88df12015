"""Events: what an app is told of its messages, its users' replies and its opt-outs.

    type                | told when
    --------------------+-------------------------------------------------------------
    message.sent        | a carrier took it
    message.delivered   | a receipt says that it arrived
    message.undelivered | a receipt says that it did not
    message.unconfirmed | nobody knows whether a carrier took it; it is not sent again
    message.call_failed | every carrier refused it; refunded
    message.expired     | it was never handed over; refunded
    code.verified       | its code was used (LeanCloud's hook onVerified)
    reply.received      | somebody answered
    opt_out.added       | a number wants no more marketing
    opt_out.removed     | it does again
    ping                | the owner tries the endpoint

    {"id", "type", "created_at", "app_id", "data": {…}}

An id follows from what happened, so whoever is told twice can tell. Ids of an app sort by time.
Never a code, a text or variables of a message; the number is whole, for the app sent to it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from signet import records
from signet.messages import State
from signet.records import Record


class Type(StrEnum):
    """See the table above."""

    SENT = "message.sent"
    DELIVERED = "message.delivered"
    UNDELIVERED = "message.undelivered"
    UNCONFIRMED = "message.unconfirmed"
    CALL_FAILED = "message.call_failed"
    EXPIRED = "message.expired"
    VERIFIED = "code.verified"
    REPLY = "reply.received"
    OPT_OUT_ADDED = "opt_out.added"
    OPT_OUT_REMOVED = "opt_out.removed"
    PING = "ping"


# What an app may ask for; a ping comes when it is asked for by itself.
WANTED = tuple(kind.value for kind in Type if kind is not Type.PING)
_OF_STATE = {
    State.DELIVERED: Type.DELIVERED,
    State.UNDELIVERED: Type.UNDELIVERED,
    State.UNCONFIRMED: Type.UNCONFIRMED,
    State.CALL_FAILED: Type.CALL_FAILED,
    State.EXPIRED: Type.EXPIRED,
    State.VERIFIED: Type.VERIFIED,
}
_PREFIX = "evt_"
_ID = re.compile(r"evt_[0-9a-f]{32}")
_TOLD = (
    *("message_id", "kind", "purpose", "channel", "template", "signature", "state"),
    *("carrier", "reason", "segments", "price_micros", "refunded"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in an app. `created_at` in epoch seconds."""

    event_id: str
    type: Type
    created_at: int
    app_id: str
    data: Mapping[str, object]

    @property
    def body(self) -> str:
        """What is sent: JSON in UTF-8."""
        return json.dumps(
            {
                "id": self.event_id,
                "type": self.type.value,
                "created_at": records.iso(self.created_at),
                "app_id": self.app_id,
                "data": self.data,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A record before and after a change, which was made `at` (epoch seconds)."""

    app_id: str
    before: Record
    after: Record
    at: int


def of_change(change: Change) -> Iterator[Event]:
    """What is to be told of a change of a message."""
    before, after = change.before, change.after
    if after.sent_at and not before.sent_at:
        yield _of_message(change, Type.SENT, after.sent_at)
    for state in _reached(before, after):
        yield _of_message(change, _OF_STATE[state], _moment(change, state))


def reply(
    app_id: str, *, reply_id: str, phone: str, text: str, carrier: str, at: datetime
) -> Event:
    """Somebody answered: `reply_id` is the carrier's, and tells one reply from another."""
    data = {"phone": phone, "text": text, "carrier": carrier}
    return _event(app_id, Type.REPLY, f"{carrier}|{reply_id}", at=int(at.timestamp()), data=data)


def opt_out(app_id: str, *, phone: str, added: bool, source: str, at: datetime) -> Event:
    """A number left or came back to marketing; `source` says by what, such as `reply`."""
    kind = Type.OPT_OUT_ADDED if added else Type.OPT_OUT_REMOVED
    data = {"phone": phone, "source": source}
    return _event(app_id, kind, phone, at=int(at.timestamp()), data=data)


def ping(app_id: str, *, chance: str, at: datetime) -> Event:
    """A try; `chance` tells one from another of the same second."""
    return _event(app_id, Type.PING, chance, at=int(at.timestamp()), data={})


def is_id(text: str) -> bool:
    """Whether an event could be called that."""
    return bool(_ID.fullmatch(text))


def time_of(event_id: str) -> int:
    """When that happened, in epoch seconds."""
    return int(event_id[len(_PREFIX) : len(_PREFIX) + 8], 16)


def _of_message(change: Change, kind: Type, at: int) -> Event:
    shown = records.shown(change.after)
    data = {name: shown[name] for name in _TOLD} | {"phone": change.after.phone}
    if kind in (Type.DELIVERED, Type.UNDELIVERED):
        data["reason"] = change.after.report_reason
    return _event(change.app_id, kind, change.after.message_id, at=at, data=data)


def _reached(before: Record, after: Record) -> list[State]:
    """What it came to; a receipt of a message whose code was used leaves that its state."""
    state = after.state if after.state is not before.state else None
    report = after.report if after.report is not before.report else None
    return [one for one in dict.fromkeys((state, report)) if one in _OF_STATE]


def _moment(change: Change, state: State) -> int:
    """When it came to that, as the record says it, else as the table does."""
    before, after = change.before, change.after
    if state is State.VERIFIED and after.verified_at:
        return after.verified_at
    if state is after.report and after.reported_at:
        return after.reported_at
    if after.ended_at and after.ended_at != before.ended_at:
        return after.ended_at
    return change.at


def _event(app_id: str, kind: Type, subject: str, *, at: int, data: Mapping[str, object]) -> Event:
    digest = sha256(f"signet/event/1|{app_id}|{kind.value}|{subject}".encode()).hexdigest()
    return Event(f"{_PREFIX}{at:08x}{digest[:24]}", kind, at, app_id, data)
