"""Challenges that people solve, and what proves that one was solved (wire.md 8).

A challenge is a signed token: what it is, how long it lasts and a nonce, bound to its app. Its
answers, and the chance that its picture and its sound are made of, follow from it by HMAC, so that
asking for one writes nothing and the same token always gives the same picture: who could fetch
fifty pictures of one answer would average the noise away (review.md 5.8).

    token           base64url(body | key id | mac)      body: version, form, expiry, shape, nonce
    answers         HMAC(key, label | app | body)       one to read, one to hear
    validate_token  base64url(nonce | HMAC(key, label | app | body | what was typed))

Labels keep them apart although they share a key. No field but the last can hold a NUL or is of
fixed length, so nothing can be moved from one field into another.
"""

import hmac
import math
import secrets
import struct
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256

from signet.errors import BadParameter, CaptchaMissing, CaptchaWrong

# What a picture may show: no two look alike once they are warped and partly covered, and none is
# taken for one that is missing, in either case. Left out are 0 O D Q, 1 I L, 2 Z, 5 S, 6 G, 8 B
# and V; and, as people misread them in tried pictures, X (Y, K), T (7, Y), 4 (A, H), F (E, P).
PICTURE_ALPHABET = "ACEHJKMNPRUWY379"
SPOKEN_DIGITS = 6
# What validate_token is good for, and how long a right answer may be repeated (wire.md 8).
PROVED_FOR = timedelta(minutes=10)
REPEATABLE_FOR = timedelta(seconds=10)

INVALID_PROOF = "This validate token is another app's, was used, or is older than ten minutes."

_VERSION = 1
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_MAC_BYTES = 12
_PROOF_BYTES = 16
_BODY = struct.Struct(f">BBIBBB{_NONCE_BYTES}s")
_TOKEN_BYTES = _BODY.size + _KEY_ID_BYTES + _MAC_BYTES
_LONGEST_ANSWER = 40


class Form(IntEnum):
    """What is asked: to read or hear something, or to compute."""

    PICTURE = 1
    WORK = 2


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of challenges by id, eight hex digits; new challenges use `current`."""

    current: str
    keys: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Range:
    """What a number of a request may be; `default` is also what 0 and nonsense mean."""

    least: int
    most: int
    default: int

    def of(self, value: str | None) -> int:
        """The number in a query: floats are cut, what is out of range is moved to its end."""
        try:
            number = float(value or 0)
        except ValueError:
            return self.default
        if number == 0 or not math.isfinite(number):
            return self.default
        return int(min(max(number, self.least), self.most))


WIDTH, HEIGHT = Range(60, 200, 85), Range(30, 100, 30)
SIZE, TTL = Range(3, 6, 4), Range(10, 180, 60)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question; `shape` is (width, height, characters), or (bits, 0, 0) of work.

    `expires_at` in epoch seconds.
    """

    form: Form
    app_id: str
    key_id: str
    expires_at: int
    shape: tuple[int, int, int]
    nonce: bytes

    @property
    def id(self) -> str:
        """What its one judgement is kept under."""
        return self.nonce.hex()

    @property
    def body(self) -> bytes:
        """All it says, as bytes."""
        return _BODY.pack(_VERSION, self.form, self.expires_at, *self.shape, self.nonce)


def new_picture(app_id: str, keys: Keys, query: Mapping[str, str], *, now: datetime) -> Challenge:
    """A picture of the size that the query asks for."""
    shape = (WIDTH.of(query.get("width")), HEIGHT.of(query.get("height")))
    ttl = TTL.of(query.get("ttl"))
    return _new(Form.PICTURE, app_id, keys, (*shape, SIZE.of(query.get("size"))), ttl, now)


def new_work(app_id: str, keys: Keys, *, bits: int, ttl: int, now: datetime) -> Challenge:
    """Work of `bits`, for `ttl` seconds; see `signet.proofs`."""
    return _new(Form.WORK, app_id, keys, (bits, 0, 0), ttl, now)


def token(challenge: Challenge, keys: Keys) -> str:
    """The challenge as its caller carries it, signed."""
    signed = bytes.fromhex(challenge.key_id) + _mac(challenge, keys, "challenge")[:_MAC_BYTES]
    return _text(challenge.body + signed)


def read(given: object, app_id: str, keys: Keys, *, form: Form, now: datetime) -> Challenge:
    """The challenge in a token. Raises CaptchaWrong if it is not ours, not this app's or over."""
    packed = _packed(given, _TOKEN_BYTES)
    version, said_form, expires_at, *shape, nonce = _BODY.unpack_from(packed)
    key_id = packed[_BODY.size : _BODY.size + _KEY_ID_BYTES].hex()
    if version != _VERSION or said_form != form or key_id not in keys.keys:
        raise CaptchaWrong
    width, height, size = shape
    challenge = Challenge(form, app_id, key_id, expires_at, (width, height, size), nonce)
    mac = _mac(challenge, keys, "challenge")[:_MAC_BYTES]
    if not hmac.compare_digest(mac, packed[-_MAC_BYTES:]) or expires_at <= now.timestamp():
        raise CaptchaWrong
    return challenge


def written_answer(challenge: Challenge, keys: Keys) -> str:
    """What its picture shows."""
    number = int.from_bytes(_mac(challenge, keys, "written"))
    shown = []
    for _ in range(challenge.shape[2]):
        number, place = divmod(number, len(PICTURE_ALPHABET))
        shown.append(PICTURE_ALPHABET[place])
    return "".join(shown)


def spoken_answer(challenge: Challenge, keys: Keys) -> str:
    """What its sound says: six digits."""
    number = int.from_bytes(_mac(challenge, keys, "spoken"))
    return f"{number % 10**SPOKEN_DIGITS:0{SPOKEN_DIGITS}d}"


def chance(challenge: Challenge, keys: Keys) -> bytes:
    """What the drawing and the speaking of a challenge are seeded with."""
    return _mac(challenge, keys, "chance")


def typed(value: object) -> str:
    """An answer as it is compared: capitals, nothing between them. Raises BadParameter."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadParameter("captcha_code is missing.")
    text = unicodedata.normalize("NFKC", str(value))
    folded = "".join(text.split()).upper()
    if not folded:
        raise BadParameter("captcha_code is missing.")
    return folded[:_LONGEST_ANSWER]


def is_right(challenge: Challenge, keys: Keys, answer: str) -> bool:
    """Whether `answer` is what the challenge shows or says. In constant time."""
    given = answer.encode("utf-8", "surrogatepass")
    answers = (written_answer(challenge, keys), spoken_answer(challenge, keys))
    found = [hmac.compare_digest(given, right.encode()) for right in answers]
    return any(found)


def validate_token(challenge: Challenge, keys: Keys, answer: str) -> str:
    """What shows that `answer` was given to this challenge; nobody else can make it."""
    mac = _mac(challenge, keys, "proof", answer.encode("utf-8", "surrogatepass"))
    return _text(challenge.nonce + mac[:_PROOF_BYTES])


def proof(given: str) -> tuple[str, bytes]:
    """Whose judgement a validate_token is about, and the digest that is kept there.

    Raises CaptchaMissing if it cannot be one of ours.
    """
    try:
        packed = _packed(given, _NONCE_BYTES + _PROOF_BYTES)
    except CaptchaWrong:
        raise CaptchaMissing(INVALID_PROOF) from None
    return packed[:_NONCE_BYTES].hex(), sha256(packed).digest()


def _new(
    form: Form, app_id: str, keys: Keys, shape: tuple[int, int, int], ttl: int, now: datetime
) -> Challenge:
    expires_at = int(now.timestamp()) + ttl
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Challenge(form, app_id, keys.current, expires_at, shape, nonce)


def _mac(challenge: Challenge, keys: Keys, label: str, *last: bytes) -> bytes:
    said = (f"signet/captcha/{label}/1".encode(), challenge.app_id.encode(), challenge.body, *last)
    return hmac.new(keys.keys[challenge.key_id], b"\0".join(said), sha256).digest()


def _text(packed: bytes) -> str:
    return urlsafe_b64encode(packed).decode().rstrip("=")


def _packed(given: object, length: int) -> bytes:
    """The bytes in a token of ours. Raises CaptchaWrong; one text alone stands for them."""
    if not isinstance(given, str) or not given.isascii():
        raise CaptchaWrong
    try:
        packed = urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except ValueError:
        raise CaptchaWrong from None
    if len(packed) != length or _text(packed) != given:
        raise CaptchaWrong
    return packed
