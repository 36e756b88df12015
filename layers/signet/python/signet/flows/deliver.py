"""Delivering one message: everything that can fail first, then the claim, then the carrier.

A claimed attempt calls the carrier at most once. What crashes before the claim is simply done
again; what crashes after it ends as `unconfirmed`, because nobody can know (review.md 1.1).
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from signet import codes, messages, segments, speech
from signet.carriers import Accepted, Carrier, CarrierError, OutcomeUnknown, OutgoingMessage
from signet.codes import Keyring, LiveCode
from signet.errors import Unavailable
from signet.limits import Channel
from signet.messages import MAX_ATTEMPTS, Message, MessageRef, State
from signet.store.messages import NotClaimed

log = logging.getLogger(__name__)


class RetryLater(Exception):
    """The carrier refused for now; the message is queued again and wants another attempt."""

    def __init__(self, attempts: int) -> None:
        super().__init__("retry later")
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Records:
    """What a delivery reads and writes; see `store.messages`, `store.phones`, `edge.secrets`."""

    get: Callable[[MessageRef], Message]
    claim: Callable[..., None]
    accepted: Callable[..., None]
    refused: Callable[..., None]
    unconfirmed: Callable[[Message, str, datetime], None]
    expired: Callable[[Message, str, datetime], None]
    pin_key: Callable[[Message, str], LiveCode | None]
    keyring: Callable[..., Keyring]
    template_text: Callable[[str, str, int], str]


def deliver(
    ref: MessageRef,
    carrier: Carrier,
    records: Records,
    *,
    now: Callable[[], datetime],
    queued_at: int | None = None,
) -> None:
    """Bring the message one step towards its end.

    `queued_at`: when the queue took it, in epoch seconds. Returns when nothing is left to do for
    this queue message. Raises RetryLater after a sure refusal that may pass, and UnknownMessage
    for a reference without a record.
    """
    message = records.get(ref)
    if message.state is State.SENDING:
        settle_lost_attempt(message, records.unconfirmed, now=now())
        return
    if message.was_used_unsent:
        records.expired(message, "code used", now())
    if message.state is not State.QUEUED:
        return
    if message.kept_back:
        records.expired(message, "kept back", now())
        return
    if message.expires_at <= now().timestamp():
        records.expired(message, "expired", now())
        return
    code = _code(message, records, now())
    if code is None and message.subject:
        return
    outgoing = _outgoing(message, code, records)
    attempt_id = secrets.token_hex(8)
    try:
        records.claim(message, attempt_id, now(), queued_at=queued_at)
    except NotClaimed:
        return
    _submit(outgoing, message, attempt_id, carrier, records, now=now)


def settle_lost_attempt(
    message: Message, unconfirmed: Callable[[Message, str, datetime], None], *, now: datetime
) -> None:
    """Close an attempt whose sender died: its lease is over, its outcome not known."""
    if message.lease_until <= now.timestamp():
        unconfirmed(message, "sender lost", now)
        log.error("outcome_unknown", extra={"message_id": message.ref.message_id})


def _code(message: Message, records: Records, now: datetime) -> str | None:
    """The code to send; None for a message without one, and for one that was replaced."""
    if message.subject is None:
        return None
    keyring = records.keyring()
    live = records.pin_key(message, keyring.current)
    if live is None or live.key_id is None:
        records.expired(message, "code replaced", now)
        return None
    keyring = records.keyring(known=live.key_id)
    if live.key_id not in keyring.keys:
        raise Unavailable
    return codes.derive(keyring.keys[live.key_id], message.subject, live.nonce)


def _outgoing(message: Message, code: str | None, records: Records) -> OutgoingMessage:
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
        template_text = records.template_text(
            message.ref.app_id, message.template, message.template_version
        )
    text = messages.text(
        message.signature_text,
        template_text,
        message.variables,
        code=code,
        purpose=message.purpose,
    )
    return segments.plain(text) if message.plain else text


def _submit(
    outgoing: OutgoingMessage,
    message: Message,
    attempt_id: str,
    carrier: Carrier,
    records: Records,
    *,
    now: Callable[[], datetime],
) -> None:
    fields = {"message_id": message.ref.message_id, "carrier": carrier.name}
    try:
        taken: Accepted = carrier.submit(outgoing)
    except CarrierError as error:
        final = not error.retryable or message.attempts + 1 >= MAX_ATTEMPTS
        log.warning("carrier_refused", extra={**fields, "reason": error.reason, "final": final})
        records.refused(message, attempt_id, now(), reason=error.reason, final=final)
        if not final:
            raise RetryLater(message.attempts + 1) from error
        return
    except OutcomeUnknown as error:
        log.error("outcome_unknown", extra={**fields, "reason": error.reason})
        records.unconfirmed(replace(message, attempt_id=attempt_id), error.reason, now())
        return
    records.accepted(
        message,
        attempt_id,
        now(),
        carrier=carrier.name,
        carrier_message_id=taken.carrier_message_id,
    )
    log.info("accepted", extra=fields)
