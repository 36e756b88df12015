"""Who is calling: the proofs LeanCloud's SDKs send, and what they prove (wire.md 2)."""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import md5

from signet.apps import App
from signet.errors import Unauthorized

# Current header first, then the aliases the platform still allows (wire.md 2.1).
_ID_HEADERS = ("x-lc-id", "x-avoscloud-application-id", "x-uluru-application-id")
_KEY_HEADERS = ("x-lc-key", "x-avoscloud-application-key", "x-uluru-application-key")
_MASTER_HEADERS = ("x-avoscloud-master-key", "x-uluru-master-key")
_SIGN_HEADERS = ("x-lc-sign", "x-avoscloud-request-sign")

_SIGN = re.compile(r"(?P<digest>[0-9a-fA-F]{32}),(?P<time>[0-9]{1,16})(?:,(?P<suffix>[a-z0-9-]+))?")
_MILLISECONDS = 13
# What an id can look like; anything else is not asked for in the table.
APP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Authority(StrEnum):
    """What a caller may do: an app's client, or its owner (or a server) with the master key."""

    CLIENT = "client"
    MASTER = "master"


@dataclass(frozen=True, slots=True)
class Credentials:
    """One request's claim to an app; at most one of the proofs is looked at, key first."""

    app_id: str
    key: str = ""
    master_key: str = ""
    sign: str = ""

    @property
    def is_unique(self) -> bool:
        """Whether the signature names the millisecond, so that a second one is a copy.

        PHP signs by the second and `X-LC-Key` does not sign at all (wire.md 2.2, 2.3).
        """
        parts = _SIGN.fullmatch(self.sign)
        unproved = self.key or self.master_key
        return parts is not None and not unproved and len(parts["time"]) == _MILLISECONDS

    @property
    def signed_at(self) -> int | None:
        """The time of a signature that `is_unique`, in epoch seconds by the caller's clock."""
        parts = _SIGN.fullmatch(self.sign) if self.is_unique else None
        return int(parts["time"]) // 1000 if parts else None


def from_headers(headers: Mapping[str, str]) -> Credentials | None:
    """The credentials in lower-cased `headers`, or None when they name no app."""
    app_id = _first(headers, _ID_HEADERS)
    if not APP_ID.fullmatch(app_id):
        return None
    return Credentials(
        app_id=app_id,
        key=_first(headers, _KEY_HEADERS),
        master_key=_first(headers, _MASTER_HEADERS),
        sign=_first(headers, _SIGN_HEADERS),
    )


def from_body(fields: Mapping[str, object]) -> Credentials | None:
    """The credentials in a text/plain body's underscore fields (wire.md 2.4)."""
    app_id = fields.get("_ApplicationId")
    if not isinstance(app_id, str) or not APP_ID.fullmatch(app_id):
        return None
    return Credentials(
        app_id=app_id,
        key=str(fields.get("_ApplicationKey") or ""),
        master_key=str(fields.get("_MasterKey") or ""),
    )


def prove(credentials: Credentials, app: App, *, now: datetime) -> Authority:
    """What `credentials` prove for `app`. Raises Unauthorized when they prove nothing."""
    if credentials.key:
        return _by_key(credentials.key, app, now)
    if credentials.master_key:
        return _by_key(f"{credentials.master_key},master", app, now)
    return _by_sign(credentials.sign, app, now)


def _by_key(key: str, app: App, now: datetime) -> Authority:
    value, _, suffix = key.partition(",")
    if suffix == "master" and _any_equal(value, app.master_key.valid(now)):
        return Authority.MASTER
    # A bare master key is accepted, but as ordinary access (wire.md 2.1 rule 1).
    known = (*app.app_key.valid(now), *app.master_key.valid(now))
    if not suffix and _any_equal(value, known):
        return Authority.CLIENT
    raise Unauthorized


def _by_sign(sign: str, app: App, now: datetime) -> Authority:
    parts = _SIGN.fullmatch(sign)
    if parts is None:
        raise Unauthorized
    keys: Iterable[str]
    if parts["suffix"] == "master":
        keys, authority = app.master_key.valid(now), Authority.MASTER
    elif parts["suffix"] == "ax-sig-1":
        keys = app.android_key.valid(now) if app.android_key else ()
        authority = Authority.CLIENT
    elif parts["suffix"] is None:
        keys, authority = app.app_key.valid(now), Authority.CLIENT
    else:
        raise Unauthorized
    # The digest is over the timestamp exactly as it was sent, in ms or in seconds.
    digests = [_md5(f"{parts['time']}{key}") for key in keys]
    if not _any_equal(parts["digest"].lower(), digests):
        raise Unauthorized
    return authority


def _md5(text: str) -> str:
    # LeanCloud's algorithm, not our choice (wire.md 2.2).
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _any_equal(value: str, known: Iterable[str]) -> bool:
    # Every candidate is compared, each in constant time. JSON can spell half a character.
    given = value.encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(given, candidate.encode()) for candidate in known]
    return any(found)


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str:
    return next((value for name in names if (value := headers.get(name, "").strip())), "")
