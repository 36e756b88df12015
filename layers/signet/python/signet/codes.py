"""Codes: derived from a nonce by HMAC, never stored; and how a guess is judged.

A code is bound to its subject: app, purpose and phone. Two labels keep codes and guess digests
apart although they share a key (review.md 6.1, 6.2).
"""

import hmac
import secrets
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

DIGITS = 6
GUESSES_PER_CODE = 5
NONCE_BYTES = 16
# An identical copy of a signed request gets the first answer for this long (wire.md 3).
COPY_WINDOW = timedelta(seconds=10)

_PACKED = struct.Struct(">I8s")


class Purpose(StrEnum):
    """What a code is good for; a code of one purpose never works for another.

    `SMS` are those of requestSmsCode, which verifySmsCode and usersByMobilePhone use up.
    """

    SMS = "s"
    VERIFY = "v"
    LOGIN = "l"
    RESET = "r"
    CHANGE = "c"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom and what a code is bound to; `phone` is E.164."""

    app_id: str
    purpose: Purpose
    phone: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """The code keys by id; new guesses and codes use `current`."""

    current: str
    keys: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Guess:
    """One counted guess: whose it is, when it came, and a keyed digest of the digits."""

    request_id: str
    at: int
    digest: bytes
    key_id: str

    def pack(self) -> bytes:
        """The guess as bytes, without its request id."""
        return _PACKED.pack(self.at, self.digest) + self.key_id.encode()

    @classmethod
    def unpack(cls, request_id: str, packed: bytes) -> "Guess":
        """The guess that `pack` wrote."""
        at, digest = _PACKED.unpack_from(packed)
        return cls(request_id, at, digest, packed[_PACKED.size :].decode())


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code's state in the phone's item; `guesses` are in the order they were counted.

    `user_id`: for whom the number is to be changed, if the code is for that. `mark`: where the
    shield counts its send.
    """

    nonce: bytes
    key_id: str | None
    expires_at: int
    message_id: str
    guesses: Sequence[Guess]
    user_id: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class OnlyCode:
    """How a code is found without its number: a keyed digest of it, and which key that is."""

    digest: str
    key_id: str


def new_nonce() -> bytes:
    """Fresh randomness for one issue of one code."""
    return secrets.token_bytes(NONCE_BYTES)


def derive(key: bytes, subject: Subject, nonce: bytes) -> str:
    """The six digits that `nonce` stands for: 128 bits mod 10^6, so a bias below 10^-32."""
    number = int.from_bytes(_mac(key, b"signet/code/1", subject, nonce)[:16])
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def new_guess(keyring: Keyring, subject: Subject, code: str, *, request_id: str, now: int) -> Guess:
    """The guess to count for `code`; `now` in epoch seconds."""
    key = keyring.keys[keyring.current]
    return Guess(request_id, now, _digest(key, subject, code), keyring.current)


def typed(text: str) -> str | None:
    """The digits a person typed (spaces dropped, full-width folded), or None if not six."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    return folded if len(folded) == DIGITS and folded.isascii() and folded.isdigit() else None


def matches(expected: bytes, given: bytes) -> bool:
    """Compare one guess with the right code's digest, in constant time."""
    return compare_digest(expected, given)


def is_winner(live: LiveCode, guess: Guess, *, keyring: Keyring, subject: Subject) -> bool:
    """Whether `guess`, counted in `live`, is right and the first right one.

    The order of `live.guesses` is the order in which the writes were applied, so at most one
    guess can ever win a code. Raises KeyError when the keyring lacks the code's key.
    """
    code = derive(keyring.keys[live.key_id or ""], subject, live.nonce)
    right = {key_id: _digest(key, subject, code) for key_id, key in keyring.keys.items()}
    if not matches(right.get(guess.key_id, b""), guess.digest):
        return False
    first = next(g for g in live.guesses if compare_digest(right.get(g.key_id, b""), g.digest))
    return first.request_id == guess.request_id


def answered_before(live: LiveCode, request_id: str, *, now: datetime) -> Guess | None:
    """The guess that an identical copy of this request made within the last seconds."""
    for guess in live.guesses:
        if guess.request_id == request_id:
            fresh = now.timestamp() - guess.at <= COPY_WINDOW.total_seconds()
            return guess if fresh else None
    return None


def only_code(
    key_id: str, keyring: Keyring, code: str, *, app_id: str, purpose: Purpose
) -> OnlyCode:
    """How `code` is found without its number, within one app and purpose."""
    said = b"\0".join((b"signet/only/1", app_id.encode(), purpose.encode(), code.encode()))
    return OnlyCode(hmac.new(keyring.keys[key_id], said, sha256).hexdigest()[:32], key_id)


def _digest(key: bytes, subject: Subject, code: str) -> bytes:
    return _mac(key, b"signet/guess/1", subject, code.encode())[:8]


def _mac(key: bytes, label: bytes, subject: Subject, last: bytes) -> bytes:
    # No field but the last can hold a NUL, so the joined form is unambiguous.
    fields = (label, subject.app_id.encode(), subject.purpose.encode(), subject.phone.encode())
    return hmac.new(key, b"\0".join((*fields, last)), sha256).digest()
