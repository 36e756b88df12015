"""Visits: an account call, with the app it is for and whoever makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from signet import sessions, users
from signet.apps import App
from signet.credentials import Authority
from signet.edge import secrets
from signet.errors import BadParameter, SessionMissing, UserNotFound
from signet.flows.send_message import Caller
from signet.store import users as store
from signet.users import User


@dataclass(frozen=True, slots=True)
class Visit:
    """Who calls, when, from where, and in which session; a token that is nobody's is no session.

    `validate_token`: of a captcha, for the code that a new number is sent.
    `signed_at`: what the caller's signature says the time is, in epoch seconds, if copies of the
    call can be told by it.
    """

    caller: Caller
    now: datetime
    session_token: str = ""
    source_ip: str = ""
    signed_at: int | None = None
    validate_token: object = None

    @property
    def app(self) -> App:
        """The app that is called."""
        return self.caller.app

    @property
    def is_trusted(self) -> bool:
        """Whether the app's owner or a server of theirs calls."""
        return self.caller.authority is Authority.MASTER

    @property
    def milliseconds(self) -> int:
        """The time as users keep it."""
        return users.milliseconds(self.now)

    def user(self) -> User | None:
        """The user whose session it is, read now."""
        if not sessions.is_plausible(self.session_token):
            return None
        claim = users.session_claim(sessions.digest(self.session_token))
        return store.find(self.app.app_id, claim)

    def own_user(self) -> User:
        """The same. Raises SessionMissing."""
        user = self.user()
        if user is None:
            raise SessionMissing
        return user

    def may_change(self, object_id: str) -> None:
        """Raises SessionMissing unless the user itself, or the app's owner, is calling."""
        if self.is_trusted:
            return
        user = self.user()
        if user is None or user.object_id != object_id:
            raise SessionMissing


def me(visit: Visit) -> dict[str, object]:
    """The user of the session, with the token. Raises UserNotFound."""
    user = visit.user()
    if user is None:
        raise UserNotFound
    return users.document(user, token=visit.session_token, own=True)


def log_out(visit: Visit, fields: Mapping[str, object]) -> None:
    """Nothing, for a session: its token goes on working, since SDKs log out by themselves.

    PHP, the only one to call it, sends no fields. A verification whose code is `../logout` does,
    and must not be answered yes in anybody's session (review.md 1.3). Raises UserNotFound.
    """
    if fields:
        raise BadParameter("logout takes no fields.")
    me(visit)


def opened(user: User) -> tuple[User, str]:
    """The user with an open session, and its token: that of former logins if there is one."""
    return sessions.opened(user, secrets.keyring(known=user.session_key_id))


def rotated(user: User) -> tuple[User, str]:
    """The user with a new session in the place of all others, and its token."""
    return sessions.rotated(user, secrets.keyring())
