"""Logging in: count the try, look at the password or the code, answer with the session.

A try counts as failed before anything is compared, and is taken back when it succeeds; the
seventh failure within a quarter of an hour locks (wire.md 12.4). Somebody unknown costs the same
work as somebody known.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from signet import passwords, sessions, users
from signet.accounts import Login
from signet.codes import LiveCode, Purpose, Subject
from signet.errors import (
    CodeInvalid,
    FeatureDisabled,
    PasswordMismatch,
    PhoneNotVerified,
    UserNotFound,
)
from signet.flows import verifying
from signet.flows.verify_code import verify_code
from signet.flows.visits import Visit, opened
from signet.store import attempts
from signet.store import users as store
from signet.users import User

BY_CODE = "Logging in by a code is switched off (login_by_code)."


def log_in(visit: Visit, wanted: Login) -> dict[str, Any]:
    """The user, with a session. Raises the SignetError of a refusal."""
    if wanted.code is not None and not visit.app.switches.login_by_code:
        raise FeatureDisabled(BY_CODE)
    known = store.find(visit.app.app_id, wanted.claim)
    if known is None and wanted.code and not visit.app.switches.safe_mode:
        raise UserNotFound
    with guarded(visit, known, wanted.claim):
        user = _by_code(visit, wanted, known) if wanted.code else _by_password(visit, wanted, known)
    if wanted.phone and not user.phone_verified:
        if visit.app.switches.unverified_may_not_log_in:
            raise PhoneNotVerified
        if wanted.code:
            number = wanted.phone.e164
            return welcome(visit, user, also=lambda one: users.proved(one, number))
    return welcome(visit, user, also=lambda one: _kept_better(one, user, wanted.password))


@contextmanager
def guarded(visit: Visit, known: User | None, claim: str) -> Iterator[None]:
    """Counts a try as failed, and takes it back if nothing is raised. Raises AccountLocked.

    With safe mode it is the name or number that is locked, not its user: else a lock would tell
    that two of them are of one user, or that there is none.
    """
    app_id = visit.app.app_id
    if known is None and not visit.app.switches.safe_mode:
        yield
        return
    who = claim if known is None or visit.app.switches.safe_mode else known.object_id
    attempts.begin_login(app_id, who, now=visit.now)
    yield
    attempts.login_succeeded(app_id, who)


def first_proof(visit: Visit, user: User, phone: str) -> User:
    """The user whose number was just proved, perhaps for the first time (decision 17).

    Raises CodeInvalid if it has another number meanwhile.
    """
    after = users.proved(user, phone)
    if user.phone_verified:
        return user
    after = replace(after, updated_at=visit.milliseconds)
    if not visit.app.switches.first_proof_resets_access:
        return after
    # Whoever registered the number before need not have been its owner.
    return replace(sessions.ended(after), password=None, auth={})


def welcome(
    visit: Visit, user: User, *, also: Callable[[User], User] = lambda user: user
) -> dict[str, Any]:
    """The user with an open session, and with what else is to be changed of them."""
    changed = store.change(user.app_id, user.object_id, lambda one: opened(also(one))[0])
    return users.document(changed, token=opened(changed)[1], own=True)


def use_up(visit: Visit, purpose: Purpose, phone: str, code: str) -> LiveCode | None:
    """Use up the code of a number; None for a test phone's. Raises CodeInvalid."""
    return verify_code(
        Subject(visit.app.app_id, purpose, phone),
        code,
        verifying.STORES,
        app=visit.app,
        request_id=visit.caller.request_id,
        now=visit.now,
    )


def _by_password(visit: Visit, wanted: Login, known: User | None) -> User:
    right = passwords.matches(known.password if known else None, wanted.password or "")
    if known is None:
        raise PasswordMismatch if visit.app.switches.safe_mode else UserNotFound
    if not right:
        raise PasswordMismatch
    return known


def _by_code(visit: Visit, wanted: Login, known: User | None) -> User:
    use_up(visit, Purpose.LOGIN, wanted.claim.partition("#")[2], wanted.code or "")
    if known is None:
        raise CodeInvalid
    return known


def _kept_better(user: User, seen: User, password: str | None) -> User:
    """The user with the password kept as it is kept today.

    Raises PasswordMismatch if it was changed to another one since it was `seen`: who knows the
    old one must not be handed the session of the new one.
    """
    if password is None:
        return user
    if user.password != seen.password and not passwords.matches(user.password, password):
        raise PasswordMismatch
    if user.password is None or not passwords.outdated(user.password):
        return user
    return replace(user, password=passwords.hashed(password))
