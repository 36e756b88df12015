"""Importing: what LeanCloud exports of `_User` as users of ours.

    kept      objectId, username, password and salt, e-mail, number, both flags, session token,
              authData, ACL, times, and every attribute of the app's own
    left out  of these, what cannot be used here: a number that cannot get an SMS, an address that
              is none, a password that is no digest, …; reported, and the user is imported without
              it, because a lost user is worse than a lost number
    refused   what cannot be a user at all: no objectId, too large, nested too deeply, or somebody
              else has what only one user can have

A user without a username has its objectId for one: nobody else has that.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from signet import passwords, phones, sessions, user_changes, users
from signet.errors import BadParameter, SignetError
from signet.exports import BEGINNING, Place
from signet.user_changes import Change
from signet.users import User

_DIGEST_BYTES = 64
_USERNAME, _PHONE = "username", "mobilePhoneNumber"
# What becomes a field of a user; all else but what SDKs add is the app's own.
_FIELDS = frozenset({
    _USERNAME, "password", "salt", "email", "emailVerified", _PHONE, "mobilePhoneVerified",
    "authData",
})  # fmt: skip

_T = TypeVar("_T")


class Refused(Exception):
    """An object that cannot become a user; the sentence says why."""

    def __init__(self, reason: str, object_id: str | None = None) -> None:
        super().__init__(reason)
        self.object_id = object_id


@dataclass(frozen=True, slots=True)
class Imported:
    """A user, and what was left out of it: a sentence for each, without any value."""

    user: User
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line of the report: which object, whether there is a user of it, and what is wrong."""

    line: int
    offset: int
    object_id: str | None
    imported: bool
    reason: str

    def document(self) -> dict[str, Any]:
        """The line as JSON."""
        return {
            "line": self.line,
            "offset": self.offset,
            "objectId": self.object_id,
            "imported": self.imported,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: all before `place` is done, in so many users.

    `left_out` counts those, made or there, that lack something.
    """

    place: Place = BEGINNING
    created: int = 0
    there: int = 0
    refused: int = 0
    left_out: int = 0
    is_finished: bool = False

    @property
    def seen(self) -> int:
        """How many objects were looked at."""
        return self.created + self.there + self.refused


def parse(app_id: str, fields: Mapping[str, Any], *, now: int) -> Imported:
    """The user of an exported object; `now` is for times that it lacks. Raises Refused."""
    object_id = fields.get("objectId")
    if not isinstance(object_id, str) or not users.is_id(object_id):
        raise Refused("It has no objectId.")
    reading = _Reading(fields)
    try:
        user_changes.checked(fields)
        user = reading.user(User(app_id, object_id, now, now))
        user_changes.check_size(user)
    except SignetError as refused:
        raise Refused(refused.sentence("en"), object_id) from None
    if len(user.claims) > user_changes.MOST_CLAIMS:
        raise Refused("It has too many platforms in authData.", object_id)
    return Imported(user, tuple(reading.left_out))


class _Reading:
    """One object being read; what it could not use is in `left_out`."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.left_out: list[str] = []
        self._fields = fields

    def user(self, blank: User) -> User:
        """The user, made from one that has its ids only."""
        created = self._usable("createdAt", users.parse_time)
        updated = self._usable("updatedAt", users.parse_time)
        email = self._usable("email", users.email)
        phone = self._usable(_PHONE, phones.parse)
        token = self._usable("sessionToken", _token)
        return User(
            app_id=blank.app_id,
            object_id=blank.object_id,
            created_at=blank.created_at if created is None else created,
            updated_at=blank.updated_at if updated is None else updated,
            username=self._username() or blank.object_id,
            email=email,
            email_verified=email is not None and self._fields.get("emailVerified") is True,
            phone=phone.e164 if phone else None,
            written_phone=phone.written if phone else None,
            phone_verified=bool(phone) and self._fields.get("mobilePhoneVerified") is True,
            password=self._usable("password", self._password),
            attributes=self._attributes(),
            auth=self._auth(blank),
            sessions=(sessions.digest(token),) if token else (),
        )

    def _usable(self, name: str, parse: Callable[[Any], _T]) -> _T | None:
        """A field as `parse` reads it; None where there is none, or none that can be used."""
        value = self._fields.get(name)
        if value is None or value in ("", {}):
            return None
        return self._try(name, parse, value)

    def _try(self, name: str, parse: Callable[[Any], _T], value: Any) -> _T | None:
        try:
            return parse(value)
        except SignetError as refused:
            self.left_out.append(f"{name}: {refused.sentence('en')}")
            return None

    def _username(self) -> str | None:
        if not self._fields.get(_USERNAME):
            self.left_out.append(f"{_USERNAME}: There is none; the objectId stands for it.")
        return self._usable(_USERNAME, users.username)

    def _password(self, digest: object) -> str:
        salt = self._fields.get("salt")
        if not isinstance(salt, str) or not salt or "$" in salt:
            raise BadParameter("Its salt is missing, or none of LeanCloud's.")
        if not isinstance(digest, str) or not _is_digest(digest):
            raise BadParameter("Not the base64 of a SHA-512.")
        return passwords.imported(salt, digest)

    def _attributes(self) -> dict[str, Any]:
        own = self._fields.keys() - _FIELDS - user_changes.ECHOED
        return {
            name: value
            for name, value in self._fields.items()
            if name in own and self._try("An attribute", _key, name) is not None
        }

    def _auth(self, user: User) -> dict[str, Any]:
        platforms = self._usable("authData", _object) or {}
        for platform, fields in platforms.items():
            body = {"authData": {platform: fields}}
            change = Change(body, trusted=True, now=user.updated_at)
            user = self._try("authData", change.apply, user) or user
        return dict(user.auth)


def _token(value: object) -> str:
    if not isinstance(value, str) or not sessions.is_plausible(value):
        raise BadParameter("Not a token.")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadParameter("Not an object.")
    return value


def _key(name: str) -> str:
    user_changes.check_key(name)
    return name


def _is_digest(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _DIGEST_BYTES
    except ValueError:
        return False
