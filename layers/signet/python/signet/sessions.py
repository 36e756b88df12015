"""Session tokens: derived from a nonce by HMAC, as codes are; only their digests are kept.

LeanCloud answers every login of a user with the same token. What is derived can be answered
again without being kept, so a stolen table opens no session. A token that was imported is known
by its digest alone: it goes on working, and the next login answers with one of ours beside it.
"""

import hmac
import secrets
import string
from dataclasses import replace
from hashlib import sha256

from signet.codes import Keyring
from signet.users import User

LENGTH = 25
_ALPHABET = string.digits + string.ascii_lowercase
_NONCE_BYTES = 16
# An imported token and those of former keys; the oldest ends when another one comes.
_MOST = 10
_LONGEST = 200


def digest(token: str) -> str:
    """What is kept of a token; its 129 bits need no salt."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_plausible(token: str) -> bool:
    """Whether a token is worth looking for."""
    return 0 < len(token) <= _LONGEST


def opened(user: User, keyring: Keyring) -> tuple[User, str]:
    """The user with a session, and its token: the one there is, or a new one beside others."""
    key = keyring.keys.get(user.session_key_id or "")
    if key and user.session_nonce:
        return user, _derived(key, user, user.session_nonce)
    return _with_new(user, user.sessions[1 - _MOST :], keyring)


def rotated(user: User, keyring: Keyring) -> tuple[User, str]:
    """The user with a new session as the only one, and its token."""
    return _with_new(user, (), keyring)


def ended(user: User) -> User:
    """The user without any session."""
    return replace(user, sessions=(), session_nonce=None, session_key_id=None)


def _with_new(user: User, others: tuple[str, ...], keyring: Keyring) -> tuple[User, str]:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    token = _derived(keyring.keys[keyring.current], user, nonce)
    return replace(
        user,
        sessions=(*others, digest(token)),
        session_nonce=nonce,
        session_key_id=keyring.current,
    ), token


def _derived(key: bytes, user: User, nonce: bytes) -> str:
    # No field but the last can hold a NUL, so the joined form is unambiguous.
    said = b"\0".join((b"signet/session/1", user.app_id.encode(), user.object_id.encode(), nonce))
    number = int.from_bytes(hmac.new(key, said, sha256).digest())
    places = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        places.append(_ALPHABET[place])
    return "".join(places)
