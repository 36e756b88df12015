"""Delivering one message: everything that can fail first, then the claim, then the carriers.

A claimed attempt calls a carrier at most once. Only an answer that surely means "not taken" leads
to the next carrier's attempt. What crashes before the claim is simply done again; what crashes
after it ends as `unconfirmed`, because nobody can know (review.md 1.1).
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from signet import codes, messages, segments, speech, templates
from signet.carriers import OutgoingMessage
from signet.codes import Keyring, LiveCode
from signet.errors import Unavailable
from signet.flows.asking import Answer, Handing, Routing, ask
from signet.limits import Channel, Kind
from signet.marketing import Drop, Hold, Verdict
from signet.messages import MAX_ATTEMPTS, Claim, Message, MessageRef, State
from signet.routes import Hop
from signet.store.messages import NotClaimed

log = logging.getLogger(__name__)


class RetryLater(Exception):
    """The message is queued, or waits for its rescue, and wants to be looked at again soon."""

    def __init__(self, attempts: int) -> None:
        super().__init__("retry later")
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Records:
    """What a delivery reads and writes; see `store.messages`, `store.phones`, `edge.secrets`."""

    get: Callable[[MessageRef], Message]
    claim: Callable[..., None]
    ask_next: Callable[..., None]
    accepted: Callable[..., None]
    refused: Callable[..., None]
    unconfirmed: Callable[..., None]
    lost: Callable[[Message, str, datetime], None]
    expired: Callable[[Message, str, datetime], None]
    pin_key: Callable[[Message, str], LiveCode | None]
    keyring: Callable[..., Keyring]
    verdict: Callable[[Message, datetime], Verdict]
    hold: Callable[[Message, datetime], None]
    template_text: Callable[[str, str, int], str]


def deliver(
    ref: MessageRef,
    routing: Routing,
    records: Records,
    *,
    now: Callable[[], datetime],
    queued_at: int | None = None,
) -> State | None:
    """Bring the message one step towards its end; the state it is in then.

    `queued_at`: when the queue took it, in epoch seconds. Returns when nothing is left to do for
    this queue message, None where somebody else is at it. Raises RetryLater after a sure refusal
    that may pass, and UnknownMessage for a reference without a record.
    """
    message = records.get(ref)
    if message.state is State.SENDING:
        is_lost = settle_lost_attempt(message, records.lost, now=now())
        return State.UNCONFIRMED if is_lost else None
    hops = routing.hops(message)
    reason = _why_not(message, hops, now())
    if reason:
        records.expired(message, reason, now())
        return State.EXPIRED
    if message.state is not State.QUEUED:
        return message.state
    if message.kind is Kind.MARKETING and (verdict := records.verdict(message, now())):
        return _stopped(message, verdict, records, now())
    code = code_of(message, records)
    if code is None and message.subject:
        records.expired(message, "code replaced", now())
        return State.EXPIRED
    handing = Handing(message, outgoing_message(message, code, records), routing, now)
    attempt = new_claim(message.attempts)
    try:
        records.claim(message, attempt, now(), queued_at=queued_at)
        return _hand_over(handing, attempt, hops, records)
    except NotClaimed as held:
        return None if held.state is State.SENDING else held.state


def _why_not(message: Message, hops: Sequence[Hop], now: datetime) -> str | None:
    """Why a message that was never handed over need not be; None if it must, or was."""
    if message.was_used_unsent:
        return "code used"
    if message.state is not State.QUEUED:
        return None
    if message.kept_back:
        return "kept back"
    if message.expires_at <= now.timestamp():
        return "expired"
    return None if hops else "no carrier"


def _stopped(
    message: Message, verdict: Hold | Drop, records: Records, now: datetime
) -> State | None:
    """Drop the message by the rules of marketing, or hold it until its hours come again."""
    if isinstance(verdict, Drop):
        records.expired(message, verdict.reason, now)
        return State.EXPIRED
    records.hold(message, verdict.until)
    return None


def settle_lost_attempt(
    message: Message, lost: Callable[[Message, str, datetime], None], *, now: datetime
) -> bool:
    """Close an attempt whose sender died: its lease is over, its outcome not known."""
    if message.lease_until > now.timestamp():
        return False
    lost(message, "sender lost", now)
    log.error("outcome_unknown", extra={"message_id": message.ref.message_id})
    return True


def new_claim(attempts: int) -> Claim:
    """The call of a carrier that follows so many."""
    return Claim(secrets.token_hex(8), attempts + 1)


def code_of(message: Message, records: Records) -> str | None:
    """The code to send; None for a message without one, and for one that was replaced."""
    if message.subject is None:
        return None
    keyring = records.keyring()
    live = records.pin_key(message, keyring.current)
    if live is None or live.key_id is None:
        return None
    keyring = records.keyring(known=live.key_id)
    if live.key_id not in keyring.keys:
        raise Unavailable
    return codes.derive(keyring.keys[live.key_id], message.subject, live.nonce)


def outgoing_message(message: Message, code: str | None, records: Records) -> OutgoingMessage:
    """What carriers are handed."""
    return OutgoingMessage(
        message_id=message.ref.message_id,
        app_id=message.ref.app_id,
        phone=message.phone,
        kind=message.kind,
        signature=message.signature,
        signature_text=message.signature_text,
        template=message.template,
        template_version=message.template_version,
        variables={**message.variables, **({"code": code} if code else {})},
        code=code,
        text=_text(message, code or "", records),
        channel=message.channel,
    )


def _text(message: Message, code: str, records: Records) -> str:
    """What people read, or, by voice, hear."""
    if message.channel is Channel.VOICE:
        return speech.text(message.phone, name=message.variables["name"], code=code)
    template_text = None
    if message.template and message.template_version:
        stored = records.template_text(
            message.ref.app_id, message.template, message.template_version
        )
        template_text = templates.sent(stored, message.kind)
    text = messages.text(
        message.signature_text,
        template_text,
        message.variables,
        code=code,
        purpose=message.purpose,
    )
    return segments.plain(text) if message.plain else text


def _hand_over(handing: Handing, attempt: Claim, hops: Sequence[Hop], records: Records) -> State:
    """Ask one carrier after another, until one of them does not surely refuse."""
    message, may_pass = handing.message, False
    for left in range(len(hops) - 1, -1, -1):
        answer = ask(hops[-1 - left], handing)
        if not answer.refusal:
            return _settle(message, attempt, answer, records)
        may_pass = may_pass or answer.refusal.retryable
        if answer.refusal.bad_number or attempt.number >= MAX_ATTEMPTS:
            may_pass = False
            break
        if left and not handing.routing.may_start():
            # The others are asked by whoever takes the message next.
            may_pass = True
            break
        if left:
            following = new_claim(attempt.number)
            records.ask_next(message, attempt, answer.told, following, handing.now())
            attempt = following
    records.refused(message, attempt, answer.told, final=not may_pass)
    if may_pass:
        raise RetryLater(attempt.number)
    return State.CALL_FAILED


def _settle(message: Message, attempt: Claim, answer: Answer, records: Records) -> State:
    """Record that the carrier took it, or that nobody knows."""
    if answer.taken is None:
        records.unconfirmed(message, attempt, answer.told)
        return State.UNCONFIRMED
    records.accepted(
        message,
        attempt,
        answer.told,
        carrier_message_id=answer.taken.carrier_message_id,
        awaits_rescue=answer.awaits_rescue,
    )
    return State.AWAITING_RECEIPT
