"""Sending a message: check, render, price, accept within limits and balance, record, queue.

The accept is one transaction of the number's item, the message's record and the balance, so a
refused send leaves nothing behind and an accepted one cannot be lost: if the queue does not take
it, the sweeper queues it about a minute later at most.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from signet import (
    billing,
    captchas,
    charges,
    codes,
    days,
    limits,
    messages,
    prices,
    segments,
    send_requests,
)
from signet import templates as words
from signet.apps import App, ReviewState, Signature, Use
from signet.billing import Counted, Said, Way
from signet.charges import Charge
from signet.codes import Keyring, LiveCode, Purpose, Subject
from signet.credentials import Authority
from signet.edge.queue import QueueUnavailable
from signet.errors import (
    BadParameter,
    CaptchaMissing,
    FeatureDisabled,
    InternationalDisabled,
    SignatureInvalid,
    SignatureNotVerified,
    TemplateNotFound,
    TemplateNotVerified,
    Unavailable,
)
from signet.flows import shielding
from signet.flows.shielding import Asked, Shield
from signet.limits import Channel, Kind
from signet.messages import NOTIFICATION_LIFE, Message, MessageRef
from signet.routes import Wanted
from signet.send_requests import SendRequest
from signet.store.phones import (
    AlreadyAccepted,
    CodeLives,
    CodeNotAlone,
    NoLiveCode,
    NotPaid,
    Send,
)
from signet.store.table import Joined
from signet.templates import Template
from signet.vendor_templates import Ours, VendorTemplate

log = logging.getLogger(__name__)

# The code may be replaced and the paying item run short meanwhile. Each round that fails is one
# that somebody else won, so this is reached only when the last money is fought over.
_ROUNDS = 30
_ONE_CALL = Counted("", 1, plain=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants it sent, and how a repetition of the same request is recognised.

    `address`: of the person, as `addresses.of_person` tells it; None where nobody can.
    """

    app: App
    authority: Authority
    request_id: str
    idempotency: tuple[str, str] | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """What a send is for, beside its words.

    `user_id`: whose number it will become. `kept_back`: everything happens as for any other send,
    but it is never handed over (safe mode). `keyring`: for codes that should be found without
    their number. `joined`: what is written in the same transaction or not at all.
    """

    purpose: Purpose = Purpose.SMS
    user_id: str | None = None
    kept_back: bool = False
    keyring: Keyring | None = None
    joined: Joined | None = None


_ANY_SEND = Errand()


@dataclass(frozen=True, slots=True)
class Stores:
    """Where words and prices come from and where the send goes; see `store` and `edge.queue`.

    `carrier` is who carries most of such messages, None where nobody can.
    `vendor_template(app_id, ours)` is what that carrier sends in the place of our text, None if
    nobody said.
    """

    signature: Callable[[str, str], Signature | None]
    template: Callable[[str, str], Template | None]
    carrier: Callable[[Wanted], str | None]
    vendor_template: Callable[[str, Ours], VendorTemplate | None]
    price_overrides: Callable[[], Mapping[str, int]]
    accept: Callable[..., None]
    accept_again: Callable[..., None]
    find_payer: Callable[[Charge], Charge]
    enqueue: Callable[[MessageRef, Kind], None]
    held: Callable[[Message, datetime], Message]
    shield: Shield


@dataclass(frozen=True, slots=True)
class _Words:
    """What is to be said: which signature, which template (None: the built-in text)."""

    signature: Signature
    template: Template | None
    variables: Mapping[str, str]

    @property
    def kind(self) -> Kind:
        return self.template.kind if self.template else Kind.VERIFICATION


def send_message(
    request: SendRequest,
    caller: Caller,
    stores: Stores,
    *,
    abroad: segments.Rule,
    now: datetime,
    errand: Errand = _ANY_SEND,
) -> bool:
    """Send a code, a notification or marketing; False when the same request was accepted before.

    Marketing outside its hours is recorded, and queued when they come. `abroad`: how texts to
    other countries are counted. Raises the SignetError of a refusal.
    """
    _check_switches(request, caller, errand)
    said = _words(request, caller, stores, errand)
    way = _way(request, caller, said, stores, abroad=abroad)
    send = _new_send(request, caller, said, errand, now=now)
    priced = partial(_priced, said=said, way=way, stores=stores)
    message = priced(_new_message(request, caller, said, send, kept_back=errand.kept_back))
    test_phone = caller.app.test_phone
    if test_phone and request.phone.e164 == test_phone.phone:
        # Limits hold for test numbers too, but nothing is recorded or sent (wire.md 12.1).
        return _unless_repeated(lambda: stores.accept(send, None, joined=errand.joined))
    if message.kind is Kind.MARKETING:
        message = stores.held(message, now)
    asked = Asked(
        caller.app, caller.authority, caller.address, message, solved=bool(send.proof), now=now
    )
    passage = shielding.let_pass(stores.shield, asked)
    if passage:
        send = replace(send, mark=passage.mark)
    accepted = _accept(send, message, caller.app, stores, priced=priced, errand=errand)
    if accepted:
        if not accepted.held_until:
            _enqueue(accepted, stores)
        if passage:
            passage.count()
    stores.shield.flush_if_due(send.seconds)
    return accepted is not None


def _check_switches(request: SendRequest, caller: Caller, errand: Errand) -> None:
    switches = caller.app.switches
    if not switches.sms or (errand.purpose is Purpose.SMS and not switches.generic_sms):
        raise FeatureDisabled
    if not (request.phone.is_mainland or switches.international):
        raise InternationalDisabled
    if str(request.phone.country_code) not in caller.app.guard.countries:
        raise InternationalDisabled(
            f"This app does not send to +{request.phone.country_code} (guard.countries)."
        )
    # Where no captcha can be had, nothing can show that one was solved.
    solved = request.validate_token and switches.captcha
    if switches.force_captcha and caller.authority is Authority.CLIENT and not solved:
        raise CaptchaMissing


def _words(request: SendRequest, caller: Caller, stores: Stores, errand: Errand) -> _Words:
    template = _template(request, caller, stores)
    if template and template.kind is not Kind.VERIFICATION and errand.purpose is not Purpose.SMS:
        raise BadParameter("This call sends a code, so its template must be one of verification.")
    signature = _signature(request, caller.app, stores)
    _check_use(signature, template)
    names = words.variables(template.text) if template else ()
    reserved = {
        "name": request.name or caller.app.name,
        "ttl": str(request.ttl // timedelta(minutes=1)),
        "sign": signature.text,
    }
    if template is None:
        doing = request.operation or messages.OPERATIONS.get(errand.purpose)
        operation = {"op": doing} if doing else {}
        return _Words(signature, None, {**operation, **reserved})
    free = [name for name in names if name not in words.RESERVED]
    given = send_requests.values(request, free, authority=caller.authority)
    return _Words(signature, template, {**given, **reserved, "template": template.name})


def _check_use(signature: Signature, template: Template | None) -> None:
    is_marketing = template is not None and template.kind is Kind.MARKETING
    if signature.use is Use.MARKETING and not is_marketing:
        raise SignatureNotVerified("This signature is approved for marketing only.")
    if is_marketing and signature.use is not Use.MARKETING:
        raise SignatureNotVerified("Marketing needs a signature approved for it: name it in sign.")


def _template(request: SendRequest, caller: Caller, stores: Stores) -> Template | None:
    if request.template is None:
        return None
    template = stores.template(caller.app.app_id, request.template)
    if template is None:
        raise TemplateNotFound
    if template.state is not ReviewState.APPROVED:
        raise TemplateNotVerified
    closed = caller.app.switches.bulk_needs_master_key and caller.authority is Authority.CLIENT
    if closed and template.kind is not Kind.VERIFICATION:
        raise FeatureDisabled("Notifications and marketing are sent with the master key.")
    if template.kind is Kind.MARKETING and not caller.app.company:
        raise FeatureDisabled("Marketing needs the app to have a company.")
    return template


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


def _way(
    request: SendRequest, caller: Caller, said: _Words, stores: Stores, *, abroad: segments.Rule
) -> Way:
    phone, template = request.phone, said.template
    wanted = Wanted(caller.app.app_id, phone.e164, said.kind, request.channel)
    carrier = stores.carrier(wanted)
    if carrier is None:
        raise BadParameter(f"No carrier of this server calls numbers of +{phone.country_code}.")
    ours = Ours(carrier, template.name, template.version) if template else Ours(carrier)
    return billing.way(
        carrier,
        is_mainland=phone.is_mainland,
        abroad=abroad,
        plain_abroad=caller.app.switches.plain_text_abroad,
        theirs=lambda: stores.vendor_template(caller.app.app_id, ours),
    )


def _new_send(
    request: SendRequest, caller: Caller, said: _Words, errand: Errand, *, now: datetime
) -> Send:
    holds_code = said.kind is Kind.VERIFICATION
    life = request.ttl if holds_code else NOTIFICATION_LIFE
    cap = caller.app.marketing_cap
    return Send(
        subject=Subject(caller.app.app_id, errand.purpose, request.phone.e164),
        limits=limits.for_send(said.kind, request.channel, said.signature.short_id),
        request_id=caller.request_id,
        now=now,
        nonce=codes.new_nonce() if holds_code else None,
        expires_at=int((now + life).timestamp()),
        idempotency=caller.idempotency,
        user_id=errand.user_id,
        proof=_proof(request, caller.app),
        cap=cap.limit if cap and said.kind is Kind.MARKETING else None,
    )


def _proof(request: SendRequest, app: App) -> tuple[str, bytes] | None:
    """The solved captcha that this send spends; whoever names one must have it."""
    if request.validate_token and app.switches.captcha:
        return captchas.proof(request.validate_token)
    return None


def _new_message(
    request: SendRequest, caller: Caller, said: _Words, send: Send, *, kept_back: bool
) -> Message:
    app, template = caller.app, said.template
    return Message(
        ref=MessageRef(app.app_id, messages.new_id(send.now, shards=app.message_shards)),
        phone=request.phone.e164,
        kind=said.kind,
        channel=request.channel,
        purpose=send.subject.purpose if send.nonce else None,
        signature=said.signature.name,
        signature_text=said.signature.text,
        created_at=send.seconds,
        expires_at=send.expires_at,
        nonce_tag=messages.nonce_tag(send.nonce) if send.nonce else None,
        segments=0,
        template=template.name if template else None,
        template_version=template.version if template else None,
        variables=said.variables,
        kept_back=kept_back,
        events=app.events.asked,
        rescue=app.switches.rescue and said.kind is Kind.VERIFICATION,
    )


def _priced(message: Message, *, said: _Words, way: Way, stores: Stores) -> Message:
    """The message with its segments and price. A call costs as much as one SMS (wire.md 16.1)."""
    is_call = message.channel is Channel.VOICE
    found = _ONE_CALL if is_call else _counted(message, said, way)
    price = prices.price_of(message.phone, found.segments, stores.price_overrides())
    return replace(message, segments=found.segments, plain=found.plain, price=price)


def _counted(message: Message, said: _Words, way: Way) -> Counted:
    """The segments of the text that the carrier will send, with any code."""
    text = said.template.text if said.template else None
    words = Said(
        message.signature, message.signature_text, text, message.variables, message.purpose
    )
    return billing.count(words, way)


def _accept(
    send: Send,
    message: Message,
    app: App,
    stores: Stores,
    *,
    priced: Callable[[Message], Message],
    errand: Errand,
) -> Message | None:
    """The message that was recorded, or None when the same request was accepted before."""
    charge = _charge(message, app, send.now)
    again: tuple[Message, LiveCode] | None = None
    # A code that changes a number is for one user: another one's is not sent again.
    resend = app.switches.resend_same_code and send.nonce is not None and not send.user_id
    send = _found_alone(send, errand)
    for _ in range(_ROUNDS):
        wanted = _paid_by(charge, again[0] if again else message)
        try:
            if again:
                stores.accept_again(send, wanted, charge, again[1], joined=errand.joined)
            else:
                stores.accept(send, wanted, charge, keep_live=resend, joined=errand.joined)
            return wanted
        except AlreadyAccepted:
            return None
        except NotPaid:
            charge = stores.find_payer(charge)
        except CodeNotAlone:
            send = _found_alone(replace(send, nonce=codes.new_nonce()), errand)
            message = replace(message, nonce_tag=messages.nonce_tag(send.nonce or b""))
        except CodeLives as living:
            # It names other minutes than were asked for, perhaps with a digit more.
            again = (priced(_message_for(message, living.code, send.seconds)), living.code)
            charge = replace(charge, micros=again[0].price)
        except NoLiveCode:
            again = None
            charge = replace(charge, micros=message.price)
    raise Unavailable(retry_after=1)


def _paid_by(charge: Charge, message: Message) -> Message:
    return replace(message, balance_shard=charge.shard) if charge.shard else message


def _found_alone(send: Send, errand: Errand) -> Send:
    """The send with what finds its code without the number, where that is wanted."""
    if errand.keyring is None or send.nonce is None:
        return send
    keyring, subject = errand.keyring, send.subject
    code = codes.derive(keyring.keys[keyring.current], subject, send.nonce)
    only = codes.only_code(
        keyring.current, keyring, code, app_id=subject.app_id, purpose=subject.purpose
    )
    return replace(send, only=only)


def _charge(message: Message, app: App, now: datetime) -> Charge:
    return Charge(
        app_id=app.app_id,
        micros=message.price,
        day=days.of(now),
        shard=charges.first_choice(message.ref.message_id, app.balance_shards),
        shards=app.balance_shards,
        cap_micros=app.daily_cap_micros,
    )


def _message_for(message: Message, code: LiveCode, now: int) -> Message:
    """The same message, for a code that lives already and keeps its expiry."""
    minutes = (code.expires_at - now) // 60
    return replace(
        message,
        expires_at=code.expires_at,
        nonce_tag=messages.nonce_tag(code.nonce),
        variables={**message.variables, "ttl": str(max(1, minutes))},
    )


def _unless_repeated(accept: Callable[[], None]) -> bool:
    try:
        accept()
    except AlreadyAccepted:
        return False
    return True


def _enqueue(message: Message, stores: Stores) -> None:
    try:
        stores.enqueue(message.ref, message.kind)
    except QueueUnavailable:
        # It is recorded: the sweeper will queue it, and the answer is yes (review.md 4.3).
        log.warning("queue_unavailable", extra={"message_id": message.ref.message_id})
