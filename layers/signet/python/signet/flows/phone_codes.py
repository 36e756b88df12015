"""Codes to the numbers of users: to verify one, log in, set a new password, change a number.

With safe mode a request is the same for known and unknown numbers, call by call: where nothing
may be sent, the message is recorded and queued all the same, and its sender keeps it back.
"""

from dataclasses import replace
from typing import Any

from signet import accounts, codes, passwords, segments, users
from signet.accounts import Body
from signet.codes import Purpose
from signet.edge import secrets, settings
from signet.errors import (
    CodeInvalid,
    FeatureDisabled,
    PhoneMissing,
    PhoneNotVerified,
    PhoneTaken,
    PhoneUnknown,
    SessionMissing,
)
from signet.flows import sending
from signet.flows.log_in import BY_CODE, first_proof, use_up
from signet.flows.send_message import Errand, send_message
from signet.flows.visits import Visit, rotated
from signet.phones import parse as parse_phone
from signet.send_requests import SendRequest
from signet.store import attempts
from signet.store import phones as phone_store
from signet.store import users as store
from signet.store.users import UserChanged, Write
from signet.users import User

CODE_ONLY = (
    "The mobile phone number is missing, and must be specified. "
    "Codes without it are switched off (code_only)."
)

SAFE_MODE = (
    "Safe mode is on: a number comes to an account by usersByMobilePhone or changePhoneNumber, "
    "which prove it."
)


class Repeated(UserChanged):
    """The same request, by its Idempotency-Key, was accepted before, and has written the user."""


def request_verification(visit: Visit, request: SendRequest) -> None:
    """Send a code that verifies a user's number; nothing if it is verified already."""
    user = _owner(visit, request)
    if not visit.app.switches.safe_mode:
        if user is None:
            raise PhoneUnknown
        if user.phone_verified:
            return
    nobody = user is None or user.phone_verified
    _send(visit, request, Errand(Purpose.VERIFY, kept_back=nobody))


def request_login(visit: Visit, request: SendRequest) -> None:
    """Send a code that logs in whoever has proved to have the number."""
    if not visit.app.switches.login_by_code:
        raise FeatureDisabled(BY_CODE)
    user = _owner(visit, request)
    _check(visit, user, unverified_may=False)
    nobody = user is None or not user.phone_verified
    _send(visit, request, Errand(Purpose.LOGIN, kept_back=nobody))


def request_reset(visit: Visit, request: SendRequest) -> None:
    """Send a code that sets a new password."""
    may = visit.app.switches.unverified_may_reset
    user = _owner(visit, request)
    _check(visit, user, unverified_may=may)
    nobody = user is None or not (user.phone_verified or may)
    _send(visit, request, Errand(Purpose.RESET, kept_back=nobody))


def request_change(visit: Visit, body: Body) -> None:
    """Send a code to a number that is to become the session's user's. Raises SessionMissing."""
    authority, name = visit.caller.authority, visit.app.name
    request = accounts.change_request(body, authority=authority, app_name=name)
    user = visit.own_user()
    owner = _owner(visit, request)
    taken = owner is not None and owner.object_id != user.object_id
    if taken and not visit.app.switches.safe_mode:
        raise PhoneTaken
    _send(visit, request, Errand(Purpose.CHANGE, user_id=user.object_id, kept_back=taken))


def verify_phone(visit: Visit, code: str, fields: Body) -> dict[str, Any]:
    """Verify a user's number by a code: the given one, the session's user's, or the code's own."""
    user = visit.user()
    number = fields.get("mobilePhoneNumber")
    if number not in (None, ""):
        phone = parse_phone(number).e164
    elif user and user.phone:
        phone = user.phone
    else:
        return _verified(visit, _by_code_alone(visit, Purpose.VERIFY, code))
    use_up(visit, Purpose.VERIFY, phone, code)
    return _verified(visit, phone)


def reset_password(visit: Visit, code: str, body: Body) -> None:
    """Set a new password by a code; ends all sessions, and the lock."""
    kept = passwords.parse(body.get("password"))
    number = body.get("mobilePhoneNumber")
    if number in (None, ""):
        phone = _by_code_alone(visit, Purpose.RESET, code)
    else:
        phone = parse_phone(number).e164
        use_up(visit, Purpose.RESET, phone, code)
    owner = _found(visit, phone)
    hashed = passwords.hashed(kept)

    def change(user: User) -> User:
        changed = first_proof(visit, user, phone)
        changed = replace(changed, password=hashed, updated_at=visit.milliseconds)
        return rotated(changed)[0]

    attempts.unlock_user(store.change(owner.app_id, owner.object_id, change))


def change_phone(visit: Visit, body: Body) -> dict[str, Any]:
    """Give the number to the user who asked for its code. Raises CodeInvalid, PhoneTaken."""
    code = accounts.confirmation(body, "code")
    phone = parse_phone(body.get("mobilePhoneNumber"))
    live = use_up(visit, Purpose.CHANGE, phone.e164, code)
    session = visit.user()
    own_id = session.object_id if session else None
    user_id = live.user_id if live else own_id
    if user_id is None:
        raise SessionMissing  # a test phone's code, which nobody asked for
    if own_id not in (None, user_id):
        raise CodeInvalid

    def change(user: User) -> User:
        return replace(
            user,
            phone=phone.e164,
            written_phone=phone.written,
            phone_verified=True,
            updated_at=visit.milliseconds,
        )

    return users.stamp(store.change(visit.app.app_id, user_id, change))


def write(visit: Visit, change: Write) -> None:
    """Write a user; a number that is new is sent a code in the same transaction (wire.md 14).

    Raises what `store.write` raises; Repeated; and FeatureDisabled in safe mode, where clients
    must not put a number on a user: it could be taken.
    """
    before, after = change.before, change.after
    number = after.phone if after else None
    if not (visit.is_trusted or number is None or (before and before.phone == number)):
        if visit.app.switches.safe_mode:
            raise FeatureDisabled(SAFE_MODE)
        if visit.app.switches.verify_on_sign_up:
            asked = {"mobilePhoneNumber": number, "validate_token": visit.validate_token}
            request = accounts.code_request(asked)
            if not _send(visit, request, Errand(Purpose.VERIFY, joined=change)):
                raise Repeated
            return
    store.write(change)


def _send(visit: Visit, request: SendRequest, errand: Errand) -> bool:
    """Send a code; False when the same request was accepted before."""
    alone = errand.purpose in (Purpose.VERIFY, Purpose.RESET) and visit.app.switches.code_only
    if alone:
        errand = replace(errand, keyring=secrets.keyring())
    abroad = segments.Rule(settings.value("SIGNET_SEGMENTS_ABROAD"))
    return send_message(
        request, visit.caller, sending.STORES, abroad=abroad, now=visit.now, errand=errand
    )


def _owner(visit: Visit, request: SendRequest) -> User | None:
    return store.find(visit.app.app_id, users.phone_claim(request.phone.e164))


def _check(visit: Visit, user: User | None, *, unverified_may: bool) -> None:
    """Say why nothing can be sent, unless nobody may know."""
    if visit.app.switches.safe_mode:
        return
    if user is None:
        raise PhoneUnknown
    if not (user.phone_verified or unverified_may):
        raise PhoneNotVerified


def _by_code_alone(visit: Visit, purpose: Purpose, typed: str) -> str:
    """The number that a code was sent to, the code used up. Counted first: it can be guessed."""
    app_id = visit.app.app_id
    if not visit.app.switches.code_only:
        raise PhoneMissing(CODE_ONLY)
    code = codes.typed(typed)
    if code is None:
        raise CodeInvalid
    attempts.count_code_only(app_id, visit.source_ip, now=visit.now)
    keyring = secrets.keyring()
    candidates = [
        codes.only_code(key_id, keyring, code, app_id=app_id, purpose=purpose)
        for key_id in keyring.keys
    ]
    phone = phone_store.find_only(app_id, candidates, now=int(visit.now.timestamp()))
    if phone is None:
        raise CodeInvalid
    use_up(visit, purpose, phone, code)
    attempts.code_only_succeeded(app_id, visit.source_ip, now=visit.now)
    return phone


def _found(visit: Visit, phone: str) -> User:
    user = store.find(visit.app.app_id, users.phone_claim(phone))
    if user is None:
        raise CodeInvalid if visit.app.switches.safe_mode else PhoneUnknown
    return user


def _verified(visit: Visit, phone: str) -> dict[str, Any]:
    owner = _found(visit, phone)

    def change(user: User) -> User:
        return replace(users.proved(user, phone), updated_at=visit.milliseconds)

    return users.stamp(store.change(owner.app_id, owner.object_id, change))
