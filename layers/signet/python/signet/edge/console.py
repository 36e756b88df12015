"""Who calls the console's API: an app's owner, an operator, or a browser that is one of them.

    caller    proof
    ----------+-------------------------------------------------------------------------------
    owner     X-LC-Id with X-LC-Key `<master key>,master` or X-LC-Sign `…,master`
    operator  HTTP Basic, operator's id and key
    browser   cookie `signet_session`, and X-CSRF-Token on everything but GET; see `sign_in`

A proof in a header goes before the cookie. The cookie is sealed, not stored: its fingerprint ties
it to the key it was got with, so that it ends when that key is rotated or revoked.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from signet import audits, credentials
from signet.apps import App
from signet.credentials import Authority
from signet.edge import http
from signet.edge.http import Answer, Call
from signet.errors import BadParameter, NotPermitted, Unauthorized

COOKIE = "signet_session"
SESSION_LASTS = timedelta(hours=8)

_VERSION = 1
# What an operator's id can look like; Basic leaves no room for a colon.
OPERATOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MAX_KEY = 256
_NOBODYS_HASH = sha256(b"").hexdigest()


class Role(StrEnum):
    """In which of two ways somebody uses the console."""

    OWNER = "owner"
    OPERATOR = "operator"


class CountSignIn(Protocol):
    """Counts a try, see `store.attempts.count`. Raises TooManyAttempts."""

    def __call__(self, who: str, source_ip: str, *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was proved to be calling. `app` is an owner's, None for operators."""

    role: Role
    id: str
    app: App | None = None

    @property
    def actor(self) -> str:
        """How records name the caller: `owner:<app id>` or `operator:<id>`."""
        named = audits.owner if self.role is Role.OWNER else audits.operator
        return named(self.id)


@dataclass(frozen=True, slots=True)
class _Session:
    """What the cookie says; times in epoch seconds."""

    v: int
    role: str
    id: str
    issued: int
    expires: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Door:
    """Tells who is calling, from what the stores know.

    `app` reads an app by its id; `operator_key_hash` is the SHA-256, in hex, of the key of an
    operator who is not revoked; `session_key` seals cookies.
    """

    app: Callable[[str], App | None]
    operator_key_hash: Callable[[str], str | None]
    session_key: Callable[[], bytes]

    def owner(self, call: Call, *, now: datetime) -> App:
        """The app whose owner is calling. Raises Unauthorized or NotPermitted."""
        caller = self.caller(call, now=now)
        if caller.app is None:
            raise NotPermitted
        return caller.app

    def operator(self, call: Call, *, now: datetime) -> str:
        """The id of the operator who is calling. Raises Unauthorized or NotPermitted."""
        caller = self.caller(call, now=now)
        if caller.role is not Role.OPERATOR:
            raise NotPermitted
        return caller.id

    def caller(self, call: Call, *, now: datetime) -> Caller:
        """Whoever is calling. Raises Unauthorized, and NotPermitted for an app's client."""
        if call.headers.get("authorization"):
            return self._by_basic(call.headers["authorization"])
        if call.credentials is not None:
            return self._by_app_credentials(call, now)
        sealed, _, caller = self._by_cookie(call, now)
        if call.method != "GET":
            self._check_csrf(call, sealed)
        return caller

    def session(self, call: Call, *, now: datetime) -> dict[str, object]:
        """The reply about the browser's own session. Raises Unauthorized."""
        sealed, session, _ = self._by_cookie(call, now)
        return self._described(sealed, session)

    def sign_in(self, call: Call, count: CountSignIn, *, now: datetime) -> Answer:
        """A session for `{"app_id", "master_key"}` or `{"operator", "key"}`.

        The try is counted before anything is compared. Raises BadParameter, Unauthorized and
        TooManyAttempts.
        """
        role, name, key = _claim(call.body)
        count(f"{role}:{name}", call.source_ip, now=now)
        secret = self._secret_of(role, name, key, now)
        issued = int(now.timestamp())
        session = _Session(
            v=_VERSION,
            role=role,
            id=name,
            issued=issued,
            expires=issued + int(SESSION_LASTS.total_seconds()),
            fingerprint=self._fingerprint(role, name, secret),
        )
        sealed = self._seal(session)
        cookie = _cookie(call, sealed, int(SESSION_LASTS.total_seconds()))
        return Answer(self._described(sealed, session), headers={"Set-Cookie": cookie})

    def sign_out(self, call: Call, *, now: datetime) -> Answer:
        """The end of the browser's session. Raises Unauthorized or NotPermitted."""
        sealed, _, _ = self._by_cookie(call, now)
        self._check_csrf(call, sealed)
        return Answer({}, headers={"Set-Cookie": _cookie(call, "", 0)})

    def _by_basic(self, header: str) -> Caller:
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            raise Unauthorized
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError:
            raise Unauthorized from None
        name, _, key = pair.partition(":")
        self._operator_hash(name, key)
        return Caller(Role.OPERATOR, name)

    def _by_app_credentials(self, call: Call, now: datetime) -> Caller:
        caller = http.authenticate(call, self.app, now=now)
        if caller.authority is not Authority.MASTER:
            raise NotPermitted
        return Caller(Role.OWNER, caller.app.app_id, caller.app)

    def _by_cookie(self, call: Call, now: datetime) -> tuple[str, _Session, Caller]:
        sealed = _cookie_in(call.headers.get("cookie", ""))
        session = self._opened(sealed) if sealed else None
        if session is None or session.expires <= now.timestamp():
            raise Unauthorized
        app = self.app(session.id) if session.role == Role.OWNER else None
        secrets = list(app.master_key.valid(now)) if app else []
        if session.role == Role.OPERATOR:
            key_hash = self.operator_key_hash(session.id)
            secrets = [key_hash] if key_hash else []
        fitting = [
            _equal(session.fingerprint, self._fingerprint(session.role, session.id, secret))
            for secret in secrets
        ]
        if not any(fitting):
            raise Unauthorized
        return sealed, session, Caller(Role(session.role), session.id, app)

    def _secret_of(self, role: str, name: str, key: str, now: datetime) -> str:
        """What the fingerprint is made of, if the key is right. Raises Unauthorized."""
        if role == Role.OPERATOR:
            return self._operator_hash(name, key)
        claimed = credentials.from_headers({"x-lc-id": name, "x-lc-key": f"{key},master"})
        app = self.app(name) if claimed else None
        if claimed is None or app is None:
            raise Unauthorized
        credentials.prove(claimed, app, now=now)
        return key

    def _operator_hash(self, name: str, key: str) -> str:
        known = self.operator_key_hash(name) if OPERATOR_ID.fullmatch(name) else None
        given = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        # Compared for unknown ids too, so that both take the same time.
        if not _equal(given, known or _NOBODYS_HASH) or known is None:
            raise Unauthorized
        return known

    def _check_csrf(self, call: Call, sealed: str) -> None:
        if not _equal(call.headers.get("x-csrf-token", ""), self._csrf_token(sealed)):
            raise NotPermitted("X-CSRF-Token is missing or not this session's.")

    def _described(self, sealed: str, session: _Session) -> dict[str, object]:
        expires = datetime.fromtimestamp(session.expires, UTC)
        return {
            "role": session.role,
            "id": session.id,
            "csrf_token": self._csrf_token(sealed),
            "expires_at": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        }

    def _seal(self, session: _Session) -> str:
        said = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode().rstrip("=")
        return f"{said}.{self._mac('session', said)}"

    def _opened(self, sealed: str) -> _Session | None:
        said, _, mac = sealed.partition(".")
        if not _equal(mac, self._mac("session", said)):
            return None
        fields = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        return _Session(**fields) if fields["v"] == _VERSION else None

    def _csrf_token(self, sealed: str) -> str:
        return self._mac("csrf", sealed.partition(".")[2])

    def _fingerprint(self, role: str, name: str, secret: str) -> str:
        return self._mac("fingerprint", role, name, secret)

    def _mac(self, *parts: str) -> str:
        joined = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self.session_key(), joined, sha256).hexdigest()


def _claim(body: http.Body) -> tuple[Role, str, str]:
    for role, name_field, key_field in (
        (Role.OWNER, "app_id", "master_key"),
        (Role.OPERATOR, "operator", "key"),
    ):
        name, key = body.get(name_field), body.get(key_field)
        if isinstance(name, str) and isinstance(key, str) and len(key) <= _MAX_KEY:
            # A person pastes these.
            return role, name.strip(), key.strip()
    raise BadParameter("app_id and master_key, or operator and key, are needed as strings.")


def _cookie_in(header: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _cookie(call: Call, value: str, lasts: int) -> str:
    secure = "" if call.headers.get("x-forwarded-proto") == "http" else "; Secure"
    return f"{COOKIE}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Strict{secure}"


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
