"""Signing up: with a name and a password, by another service's word, or by a code.

A user is written with all its claims or not at all; where the app wants its number verified, the
code is sent in the same transaction, so there is neither a user without the code nor the other
way round.
"""

from dataclasses import dataclass, replace
from typing import Any

from signet import passwords, user_changes, users
from signet.codes import COPY_WINDOW, Purpose
from signet.errors import (
    FeatureDisabled,
    PhoneTaken,
    SignetError,
    Unavailable,
    UsernameTaken,
    UserNotFound,
)
from signet.flows import phone_codes
from signet.flows.log_in import first_proof, guarded, use_up, welcome
from signet.flows.visits import Visit, opened
from signet.phones import Phone
from signet.store import users as store
from signet.store.users import UserChanged, Write
from signet.user_changes import Body, Change
from signet.users import User

AUTH_DATA = (
    "authData is taken from servers with the master key only, which have asked the platform "
    "(auth_data_needs_master_key)."
)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to whoever signed up or logged in."""

    document: dict[str, Any]
    is_new: bool


def sign_up(visit: Visit, body: Body, *, only_existing: bool = False) -> Welcome:
    """Create the user that `body` describes, or log in whom its authData names.

    `only_existing`: nobody is created. Raises the SignetError of what is wrong or taken.
    """
    body = user_changes.checked(body)
    refuse_unchecked_link(visit, body)
    known = _linked(visit, body)
    if known:
        change = Change({"authData": body["authData"]}, visit.is_trusted, visit.milliseconds)
        return Welcome(welcome(visit, known, also=change.apply), is_new=False)
    if only_existing:
        raise UserNotFound
    user, token = opened(_new_user(visit, body))
    try:
        phone_codes.write(visit, Write(None, user))
    except (UserChanged, UsernameTaken) as taken:
        # An identical copy of this call was first (wire.md 3): it gets the same answer.
        return Welcome(welcome(visit, _first(visit, user, taken)), is_new=True)
    return Welcome(users.document(user, token=token, own=True), is_new=True)


def by_mobile_phone(visit: Visit, body: Body, phone: Phone, code: str) -> Welcome:
    """Log in the owner of a number by a code of requestSmsCode, or create them.

    Raises CodeInvalid, AccountLocked, and the error of what is wrong or taken.
    """
    claim = users.phone_claim(phone.e164)
    known = store.find(visit.app.app_id, claim)
    with guarded(visit, known, claim):
        use_up(visit, Purpose.SMS, phone.e164, code)
    user = known or _create_by_phone(visit, body, phone)
    document = welcome(visit, user, also=lambda one: first_proof(visit, one, phone.e164))
    return Welcome(document, is_new=known is None)


def _linked(visit: Visit, body: Body) -> User | None:
    """The user whom the body's authData names already."""
    auth = body.get("authData")
    if not isinstance(auth, dict):
        return None
    given = Change({"authData": auth}, visit.is_trusted, visit.milliseconds).apply(_blank(visit))
    for claim in users.auth_claims(given.auth):
        if user := store.find(visit.app.app_id, claim):
            return user
    return None


def _new_user(visit: Visit, body: Body) -> User:
    given = {name: value for name, value in body.items() if value is not None}
    is_linked = isinstance(given.get("authData"), dict) and bool(given["authData"])
    # Go signs up with an address and a password alone (wire.md 9.1).
    fallback = given.get("email") or (users.generated_username() if is_linked else None)
    name = users.username(given.get("username") or fallback)
    kept = None
    if "password" in given or not is_linked:
        kept = passwords.hashed(passwords.parse(given.get("password")))
    change = Change({**given, "username": name}, visit.is_trusted, visit.milliseconds, kept)
    return change.apply(_blank(visit))


def _blank(visit: Visit) -> User:
    now = visit.milliseconds
    object_id = users.new_id(visit.now)
    if visit.signed_at is not None and abs(visit.signed_at - visit.now.timestamp()) < 86_400:
        # A copy of the call makes the same id, and so finds that it is one.
        object_id = users.id_of(visit.signed_at, visit.caller.request_id)
    return User(visit.app.app_id, object_id, now, now)


def refuse_unchecked_link(visit: Visit, body: Body) -> None:
    """Raises FeatureDisabled where clients must not say who they are elsewhere.

    Nobody asks that platform: whoever knows somebody's id there would be logged in as them.
    """
    closed = visit.app.switches.auth_data_needs_master_key and not visit.is_trusted
    if closed and user_changes.links(body):
        raise FeatureDisabled(AUTH_DATA)


def _first(visit: Visit, user: User, taken: Exception) -> User:
    """The user that an identical copy of the call has made a moment ago."""
    if isinstance(taken, phone_codes.Repeated):
        repeated = store.find(user.app_id, users.username_claim(str(user.username)))
        if repeated:
            return repeated
    found = store.get(user.app_id, user.object_id)
    if visit.signed_at is None or found is None or found.username != user.username:
        raise taken if isinstance(taken, SignetError) else Unavailable(retry_after=1)
    if visit.milliseconds - found.created_at > COPY_WINDOW.total_seconds() * 1000:
        raise UsernameTaken
    return found


def _create_by_phone(visit: Visit, body: Body, phone: Phone) -> User:
    """A user with a number that was just proved. The owner, if another call was first."""
    given = {**body, "mobilePhoneNumber": phone.written}
    named = bool(given.get("username"))
    if not named:
        given["username"] = phone.written
    kept = None
    if given.get("password"):
        kept = passwords.hashed(passwords.parse(given["password"]))
    change = Change(user_changes.checked(given), visit.is_trusted, visit.milliseconds, kept)
    user = replace(change.apply(_blank(visit)), phone_verified=True)
    try:
        store.create(user)
    except UsernameTaken:
        if named:
            raise
        # Somebody goes by this number as a name: that must not keep its owner out.
        user = replace(user, username=users.generated_username())
        store.create(user)
    except PhoneTaken:
        owner = store.find(user.app_id, users.phone_claim(phone.e164))
        if owner is None:
            raise Unavailable(retry_after=1) from None
        return owner
    return user
