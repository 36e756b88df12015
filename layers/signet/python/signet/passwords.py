"""Passwords: argon2id for ours, LeanCloud's scheme for those that come with its users.

    $argon2id$v=19$m=19456,t=2,p=1$…    what new passwords are kept as
    leancloud$<salt>$<base64>           an exported one, until its user logs in for the first time

argon2-cffi is loaded when the first password is looked at, so that nothing else waits for it.
Every look costs the same whatever is on file, nothing included: how long an answer takes must
not tell whether there is an account.
"""

import hmac
from base64 import b64encode
from functools import cache
from hashlib import sha512
from typing import TYPE_CHECKING

from signet.errors import PasswordInvalid, PasswordMissing

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# OWASP, Password Storage Cheat Sheet: argon2id with 19 MiB, two iterations, one lane.
MEMORY_KIB, ITERATIONS, LANES = 19_456, 2, 1

_LEANCLOUD = "leancloud"
_LEANCLOUD_ROUNDS = 512
# No password has this hash: the salt is empty, and no tag of argon2id is all zeros.
_NOBODYS = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$AAAAAAAAAAAAAAAAAAAAAA${'A' * 43}"
)
# As much of a password as is looked at; more is a way to keep us busy.
_LONGEST = 1_024


def parse(value: object) -> str:
    """A new password in a request's field. Raises PasswordMissing and PasswordInvalid."""
    if value is None or value == "":
        raise PasswordMissing
    if not isinstance(value, str) or not value.strip() or not _is_sane(value):
        raise PasswordInvalid
    return value


def imported(salt: str, digest: str) -> str:
    """What is kept of an exported password: `digest` is its base64 as LeanCloud has it."""
    return f"{_LEANCLOUD}${salt}${digest}"


def hashed(password: str) -> str:
    """What is kept of a new password."""
    return _hasher().hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one of which `kept` was kept; never, where there is none."""
    scheme, _, rest = (kept or "").partition("$")
    if scheme == _LEANCLOUD:
        right = _matches_leancloud(rest, password)
        # A right one is hashed anew next (see `outdated`), a wrong one takes as long here.
        return right or _verifies(_NOBODYS, password)
    return _verifies(kept or _NOBODYS, password)


def outdated(kept: str) -> bool:
    """Whether a password that was just typed should be kept in a better way."""
    return kept.startswith(f"{_LEANCLOUD}$") or _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)


def _verifies(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    if not _is_sane(password):
        password = ""
    try:
        return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _matches_leancloud(kept: str, password: str) -> bool:
    """LeanCloud's scheme: SHA-512 over salt and password, and 512 times over what came out."""
    salt, _, digest = kept.partition("$")
    value = sha512(f"{salt}{password}".encode("utf-8", "surrogatepass")).digest()
    for _ in range(_LEANCLOUD_ROUNDS):
        value = sha512(value).digest()
    return hmac.compare_digest(b64encode(value), digest.encode())


def _is_sane(password: str) -> bool:
    try:
        return len(password.encode()) <= _LONGEST
    except UnicodeEncodeError:
        return False
