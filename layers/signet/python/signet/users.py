"""Users: the accounts of an app, as LeanCloud's class `_User` has them (wire.md 9.0).

What must be unique in an app is a claim: `username#…`, `email#…`, `phone#<E.164>`,
`auth#<platform>#<id>` and `session#<digest>`. A user owns the claims that follow from it, and
nobody else can.
"""

import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from signet.errors import (
    BadParameter,
    CodeInvalid,
    EmailInvalid,
    EmailTaken,
    NameTaken,
    PhoneTaken,
    SignetError,
    UsernameInvalid,
    UsernameMissing,
    UsernameTaken,
)

LONGEST_NAME = 255
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# One @ between something and a host with a dot: what is deliverable, only mail can tell.
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_GENERATED = string.digits + string.ascii_lowercase
_TAKEN: Mapping[str, type[SignetError]] = {
    "username": UsernameTaken,
    "email": EmailTaken,
    "phone": PhoneTaken,
}
# Which fields of a platform's data name the person there, the first that is given (wire.md 9.1).
_PLATFORM_IDS = ("uid", "openid", "id")


@dataclass(frozen=True, slots=True)
class User:
    """One account. Times are epoch milliseconds; `phone` is E.164, `written_phone` its spelling.

    `password` is what `passwords` keeps of it. `attributes` are the app's own, `ACL` included;
    `auth` is `authData`. `sessions` are digests of tokens that are valid; the newest can be
    derived from `session_nonce`. `revision` changes with every write.
    """

    app_id: str
    object_id: str
    created_at: int
    updated_at: int
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    phone: str | None = None
    written_phone: str | None = None
    phone_verified: bool = False
    password: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    auth: Mapping[str, Any] = field(default_factory=dict)
    sessions: tuple[str, ...] = ()
    session_nonce: bytes | None = None
    session_key_id: str | None = None
    revision: int = 0

    @property
    def claims(self) -> frozenset[str]:
        """What no other user of the app can have."""
        return frozenset(self._claims())

    def _claims(self) -> Iterator[str]:
        if self.username is not None:
            yield username_claim(self.username)
        if self.email is not None:
            yield email_claim(self.email)
        if self.phone is not None:
            yield phone_claim(self.phone)
        yield from auth_claims(self.auth)
        yield from (session_claim(digest) for digest in self.sessions)


def username_claim(username: str) -> str:
    """The claim of a username."""
    return f"username#{username}"


def email_claim(email: str) -> str:
    """The claim of an e-mail address."""
    return f"email#{email}"


def phone_claim(phone: str) -> str:
    """The claim of a number in E.164."""
    return f"phone#{phone}"


def session_claim(digest: str) -> str:
    """The claim of a session token, by its digest."""
    return f"session#{digest}"


def auth_claims(auth: Mapping[str, Any]) -> list[str]:
    """The claims of `authData`, the main one of each platform first."""
    return [
        f"auth#{platform}#{person}"
        for platform, fields in auth.items()
        if isinstance(fields, dict) and (person := platform_id(fields)) is not None
    ]


def platform_id(fields: Mapping[str, Any]) -> str | None:
    """Who somebody is on a platform, by the platform's data."""
    given = (fields.get(name) for name in _PLATFORM_IDS)
    ids = (value for value in given if isinstance(value, str | int) and value is not True)
    return next((str(value) for value in ids if value), None)


def taken(claims: Iterable[str]) -> SignetError:
    """The refusal for claims that another user owns; a username goes before all others."""
    kinds = {claim.partition("#")[0] for claim in claims}
    return next((error() for kind, error in _TAKEN.items() if kind in kinds), NameTaken())


def proved(user: User, phone: str) -> User:
    """The user, who has just proved to have `phone`.

    Raises CodeInvalid if it has another number meanwhile, of which that says nothing.
    """
    if user.phone != phone:
        raise CodeInvalid
    return replace(user, phone_verified=True)


def new_id(now: datetime) -> str:
    """An objectId as LeanCloud makes them: 24 hex digits, sortable by the second."""
    return id_of(int(now.timestamp()), secrets.token_hex(8))


def id_of(seconds: int, unique: str) -> str:
    """The objectId of a time and sixteen hex digits that no other one has."""
    return f"{seconds:08x}{unique[:16]}"


def is_id(text: str) -> bool:
    """Whether a path's last part can be an objectId; SDKs take any string for one."""
    return _ID.fullmatch(text) is not None


def generated_username() -> str:
    """A username for somebody who gave none, as LeanCloud makes them (wire.md 5)."""
    return "".join(secrets.choice(_GENERATED) for _ in range(25))


def username(value: object) -> str:
    """A username in a request's field. Raises UsernameMissing and UsernameInvalid."""
    if value is None or value == "":
        raise UsernameMissing
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
        raise UsernameInvalid
    return value


def email(value: object) -> str:
    """An e-mail address in a request's field. Raises EmailInvalid."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not _EMAIL.fullmatch(value):
        raise EmailInvalid
    return value


def milliseconds(now: datetime) -> int:
    """A time as users keep it."""
    return (now - _EPOCH) // _MILLISECOND


def iso(milliseconds: int) -> str:
    """A time as SDKs read it: UTC, exactly three digits of a second, Z (wire.md 5)."""
    time = _EPOCH + milliseconds * _MILLISECOND
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_time(value: object) -> int:
    """A time that LeanCloud wrote, plain or as `{"__type": "Date"}`. Raises BadParameter."""
    written = value.get("iso") if isinstance(value, dict) else value
    try:
        time = datetime.fromisoformat(str(written))
        # Just after the year 0 and before 10000, an offset can lead out of what can be written.
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadParameter("Not a time in ISO 8601.") from None
    return milliseconds(time)


def document(
    user: User, *, token: str | None = None, own: bool, acl: bool = False
) -> dict[str, Any]:
    """The user as an object of LeanCloud's; `own`: for the user, or with the master key.

    `authData` holds other services' tokens, so strangers do not get it.
    """
    shown: dict[str, Any] = {
        name: value for name, value in user.attributes.items() if name != "ACL" or acl
    }
    optional = {
        "username": user.username,
        "email": user.email,
        "mobilePhoneNumber": user.written_phone or user.phone,
        "authData": dict(user.auth) if own and user.auth else None,
        "sessionToken": token,
    }
    shown |= {name: value for name, value in optional.items() if value is not None}
    return shown | {
        "objectId": user.object_id,
        "createdAt": iso(user.created_at),
        "updatedAt": iso(user.updated_at),
        "emailVerified": user.email_verified,
        "mobilePhoneVerified": user.phone_verified,
    }


def stamp(user: User) -> dict[str, Any]:
    """What SDKs need of a change: which user, and when."""
    return {"objectId": user.object_id, "updatedAt": iso(user.updated_at)}


def may_read(user: User, reader: User | None) -> bool:
    """Whether its ACL lets somebody else read a user; everybody may, where there is none.

    An empty one, as an SDK makes it at first, lets nobody.
    """
    acl = user.attributes.get("ACL")
    if not isinstance(acl, dict):
        return True
    names = ("*", reader.object_id) if reader else ("*",)
    entries = [acl.get(name) for name in names]
    return any(isinstance(entry, dict) and entry.get("read") is True for entry in entries)
