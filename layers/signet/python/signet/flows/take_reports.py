"""Taking what a carrier calls with: its proof first, then all of it, then that it was taken.

    the carrier's proof does not hold             refused
    a copy of what was taken before               refused; of a carrier that signs nothing, and so
                                                  cannot say that a call is new, answered again
    something fails half-way                      the carrier's retry is served: what is applied
                                                  twice changes nothing

A callback is known by what its proof covers and nobody can change, not by where it came to or by
what else came with it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qsl

from signet import opt_outs
from signet.carriers import Callback, CallbackRefused, Carrier, Receipt, Reply, Reports
from signet.errors import Unavailable
from signet.limits import Kind
from signet.messages import MessageRef
from signet.opt_outs import Meaning, OptOut, Sent
from signet.routes import family
from signet.store.messages import Heard, UnknownMessage

log = logging.getLogger(__name__)

# These repeat a call that was answered with anything but their yes, and sign nothing; AWS's topic
# delivers at least once.
_ANSWERED_AGAIN = ("alibaba", "tencent", "end-user-messaging")
# What makes one signed call another one than the last with the same body (Standard Webhooks).
_NAMES_OF_A_CALL = ("webhook-id", "webhook-timestamp")
# Which message a carrier's id means is written when the carrier has answered. A younger receipt
# may have overtaken that.
_OVERTAKES_WITHIN = 300


class SentTo(Protocol):
    """See `store.conversations.sent_to`."""

    def __call__(
        self, phone: str, app_ids: Sequence[str], *, signatures: bool = False
    ) -> list[Sent]: ...


class PassedOn(Protocol):
    """Takes a reply that is no word of ours, once or more; `message_id` is what it answers."""

    def __call__(
        self, app_id: str, reply: Reply, *, carrier: str, message_id: str | None, now: datetime
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Stores:
    """What callbacks read and change; see `store.callbacks`, `.messages`, `.conversations`.

    `timed` hears when a carrier got a message of which a receipt has come, `counted` of which
    row of a campaign one has come, and `opted_out` which message an opt-out answers.
    """

    was_taken: Callable[[str, datetime], bool]
    mark_taken: Callable[[str, datetime], None]
    find: Callable[[str, str, datetime], MessageRef | None]
    reported: Callable[..., Heard | None]
    timed: Callable[[Heard, datetime], None]
    counted: Callable[[MessageRef, Heard, bool, datetime], None]
    opted_out: Callable[[MessageRef, datetime], None]
    app_ids: Callable[[str | None], Sequence[str]]
    sent_to: SentTo
    record_reply: Callable[[str | None, str, OptOut], None]
    passed_on: PassedOn


def take(
    name: str, carrier: Carrier, callback: Callback, stores: Stores, *, now: datetime
) -> Reports:
    """Everything that the callback tells, applied; what is to be answered is in it.

    Raises CallbackRefused, and Unavailable for what should come again.
    """
    reports = carrier.reports(callback)
    digest = _digest(name, callback)
    if stores.was_taken(digest, now):
        if family(name) in _ANSWERED_AGAIN:
            return reports
        raise CallbackRefused("taken before")
    too_early = [one for one in reports.receipts if not _take_receipt(name, one, stores, now)]
    for reply in reports.replies:
        _take_reply(name, reply, stores, now)
    if too_early:
        raise Unavailable(retry_after=1)
    stores.mark_taken(digest, now)
    return reports


def _digest(name: str, callback: Callback) -> str:
    kind = family(name)
    names = _NAMES_OF_A_CALL if kind == "webhook" else ()
    body = _as_signed(callback.body) if kind == "twilio" else callback.body
    known_by = (name, [callback.headers.get(each) for each in names], body)
    return sha256(repr(known_by).encode("utf-8", "surrogatepass")).hexdigest()


def _as_signed(form: str) -> str:
    """A form as Twilio signs it: in any order, each pair once, and name and value as one."""
    return "".join(
        name + value for name, value in sorted(set(parse_qsl(form, keep_blank_values=True)))
    )


def _take_receipt(name: str, receipt: Receipt, stores: Stores, now: datetime) -> bool:
    """Whether the receipt is dealt with; else it came too early, and should come again."""
    if receipt.delivered is None:
        return True
    ref, seconds = receipt.ref, int(now.timestamp())
    if ref is None and receipt.carrier_message_id:
        ref = stores.find(name, receipt.carrier_message_id, now)
    if ref is None:
        log.warning("receipt_of_unknown_message", extra={"carrier": name})
        return receipt.at is not None and seconds - receipt.at > _OVERTAKES_WITHIN
    try:
        heard = stores.reported(
            ref,
            delivered=receipt.delivered,
            reason=receipt.reason,
            at=_past(receipt.at, seconds),
            carrier=name,
        )
    except UnknownMessage:
        log.warning("receipt_of_unknown_message", extra={"carrier": name})
        return True
    if heard:
        stores.timed(heard, now)
        if heard.campaign:
            stores.counted(ref, heard, receipt.delivered, now)
    return True


def _take_reply(name: str, reply: Reply, stores: Stores, now: datetime) -> None:
    at = _past(reply.at, int(now.timestamp()))
    app_id, answered = _addressee(reply, at, stores)
    message_id = answered.message_id if answered else None
    fields = {"carrier": name, "app_id": app_id}
    match opt_outs.meaning(reply.text):
        case Meaning.OUT | Meaning.IN as asked:
            log.info("opt_out" if asked is Meaning.OUT else "opt_in", extra=fields)
            said = OptOut(
                is_out=asked is Meaning.OUT,
                at=at * 1000,
                word=opt_outs.word(reply.text),
                carrier=name,
                reply_id=reply.reply_id,
                message_id=message_id,
            )
            stores.record_reply(app_id, reply.phone, said)
            if said.is_out and answered and answered.kind is Kind.MARKETING:
                stores.opted_out(MessageRef(answered.app_id, answered.message_id), now)
        case _ if app_id:
            stores.passed_on(app_id, reply, carrier=name, message_id=message_id, now=now)
        case _:
            # Nobody here wrote to that number: there is nobody to show it to.
            log.warning("reply_to_nobody", extra=fields)


def _addressee(reply: Reply, at: int, stores: Stores) -> tuple[str | None, Sent | None]:
    """The app that a reply is for, and the message it answers, as far as they can be known."""
    named = stores.app_ids(reply.app_id) if reply.app_id else ()
    asked = named or stores.app_ids(None)
    signed = None if named else reply.signature_text
    sent = stores.sent_to(reply.phone, asked, signatures=signed is not None)
    answered = opt_outs.answered(sent, at, signature_text=signed)
    if named:
        return named[0], answered
    return (answered.app_id if answered else None), answered


def _past(at: int | None, now: int) -> int:
    """The time a carrier gives, but for one that has not come yet or is none."""
    return at if at is not None and 0 < at <= now else now
