"""Sending a code: check, accept within the limits, record, queue.

The accept is one transaction of the number's item and the message's record, so a refused send
leaves nothing behind and an accepted one cannot be lost: if the queue does not take it, the
sweeper queues it about a minute later at most.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signet import codes, limits, messages, segments
from signet.apps import App, ReviewState, Signature
from signet.codes import LiveCode, Purpose, Subject
from signet.edge.queue import QueueUnavailable
from signet.errors import (
    FeatureDisabled,
    InternationalDisabled,
    SignatureInvalid,
    SignatureNotVerified,
)
from signet.limits import Kind
from signet.messages import Message, MessageRef
from signet.send_requests import SendRequest
from signet.store.phones import AlreadyAccepted, CodeLives, NoLiveCode, Send

log = logging.getLogger(__name__)

# How many digits the built-in text's code has room for when segments are counted.
_ANY_CODE = "0" * codes.DIGITS
# Two rounds settle it: the code lives and is sent again, or it was replaced meanwhile.
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants it sent, and how a repetition of the same request is recognised."""

    app: App
    request_id: str
    idempotency: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the send is accepted and handed on; see `store.phones` and `edge.queue`."""

    signature: Callable[[str, str], Signature | None]
    accept: Callable[..., None]
    accept_again: Callable[[Send, Message, LiveCode], None]
    enqueue: Callable[[MessageRef, Kind], None]


def send_code(request: SendRequest, caller: Caller, stores: Stores, *, now: datetime) -> None:
    """Send a verification code for requestSmsCode. Raises the SignetError of a refusal."""
    app = caller.app
    if not (app.switches.sms and app.switches.generic_sms):
        raise FeatureDisabled
    if not (request.phone.is_mainland or app.switches.international):
        raise InternationalDisabled
    signature = _signature(request, app, stores)
    send = _new_send(request, caller, signature, now)
    if app.test_phone and request.phone.e164 == app.test_phone.phone:
        # Limits hold for test numbers too, but nothing is recorded or sent (wire.md 12.1).
        _unless_repeated(lambda: stores.accept(send, None))
        return
    message = _new_message(request, caller, signature, send)
    accepted = _accept(send, message, stores, resend=app.switches.resend_same_code)
    if accepted:
        _enqueue(accepted, stores)


def _signature(request: SendRequest, app: App, stores: Stores) -> Signature:
    if request.sign is None:
        signature = app.default_signature
    else:
        signature = stores.signature(app.app_id, request.sign)
        if signature is None:
            raise SignatureInvalid
    if signature is None or signature.state is not ReviewState.APPROVED:
        raise SignatureNotVerified
    return signature


def _new_send(request: SendRequest, caller: Caller, signature: Signature, now: datetime) -> Send:
    return Send(
        subject=Subject(caller.app.app_id, Purpose.SMS, request.phone.e164),
        limits=limits.for_send(Kind.VERIFICATION, request.channel, signature.short_id),
        request_id=caller.request_id,
        now=now,
        nonce=codes.new_nonce(),
        expires_at=int((now + request.ttl).timestamp()),
        idempotency=caller.idempotency,
    )


def _new_message(request: SendRequest, caller: Caller, signature: Signature, send: Send) -> Message:
    app = caller.app
    variables = {
        "name": request.name or app.name,
        "ttl": str(request.ttl // timedelta(minutes=1)),
        **({"op": request.operation} if request.operation else {}),
    }
    text = messages.builtin_text(signature.text, variables, code=_ANY_CODE)
    return Message(
        ref=MessageRef(app.app_id, messages.new_id(send.now, shards=app.message_shards)),
        phone=request.phone.e164,
        kind=Kind.VERIFICATION,
        channel=request.channel,
        purpose=send.subject.purpose,
        signature=signature.name,
        signature_text=signature.text,
        created_at=send.seconds,
        expires_at=send.expires_at,
        nonce_tag=messages.nonce_tag(send.nonce),
        segments=segments.count(text),
        variables=variables,
    )


def _accept(send: Send, message: Message, stores: Stores, *, resend: bool) -> Message | None:
    """The message that was recorded, or None when the same request was accepted before."""
    for _ in range(_ROUNDS):
        try:
            stores.accept(send, message, keep_live=resend)
            return message
        except AlreadyAccepted:
            return None
        except CodeLives as living:
            again = _message_for(message, living.code, send.seconds)
            try:
                stores.accept_again(send, again, living.code)
                return again
            except AlreadyAccepted:
                return None
            except NoLiveCode:
                continue
    raise RuntimeError("the number's code kept changing")


def _message_for(message: Message, code: LiveCode, now: int) -> Message:
    """The same message, for a code that lives already and keeps its expiry."""
    minutes = (code.expires_at - now) // 60
    return replace(
        message,
        expires_at=code.expires_at,
        nonce_tag=messages.nonce_tag(code.nonce),
        variables={**message.variables, "ttl": str(max(1, minutes))},
    )


def _unless_repeated(accept: Callable[[], None]) -> None:
    try:
        accept()
    except AlreadyAccepted:
        return


def _enqueue(message: Message, stores: Stores) -> None:
    try:
        stores.enqueue(message.ref, message.kind)
    except QueueUnavailable:
        # It is recorded: the sweeper will queue it, and the answer is yes (review.md 4.3).
        log.warning("queue_unavailable", extra={"message_id": message.ref.message_id})
