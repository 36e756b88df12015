"""Digests of numbers: what consents and opt-outs are kept under, when the number itself is gone.

    Apps     #digests    | key    digest_key, drawn when it is first needed, kept for good
    OptOuts  #deployment | #key   check: what the key makes of nothing

The key lies in another table than what it hides, in a partition of its own, for a policy can open
that alone (docs/decisions/0031). Failure mode: closed; with another key than the one that the
table was written with, everybody would seem to be off the list.
"""

import hmac
import logging
from collections.abc import Callable
from secrets import token_hex

from pynamodb.exceptions import DoesNotExist

from signet.errors import Unavailable
from signet.store import table
from signet.store.apps import DEPLOYMENT, AppItem
from signet.store.opt_out_items import OptOutItem

log = logging.getLogger(__name__)

# The digest, in hexadecimal, of an app's id (or DEPLOYMENT) and a number.
Digest = Callable[[str, str], str]

# 128 bits, in hexadecimal digits.
LENGTH = 32
_KEY = ("#digests", "key")
_CHECK = (DEPLOYMENT, "#key")

_cached: bytes | None = None


def known() -> Digest | None:
    """For those who read; None while nobody has written, so that there is nothing to be found.

    Raises Unavailable when the key is not the one that the table was written with.
    """
    key = _cached
    if key is None:
        check = _find_check()
        if check is None:
            return None
        key = _kept(_read(), check)
    return _of(key)


def made() -> Digest:
    """For those who write; the key is drawn when there is none. Raises Unavailable as above."""
    key = _cached
    if key is None:
        drawn = _read() or _draw()
        first = OptOutItem.check.set(OptOutItem.check | _check(drawn))
        key = _kept(drawn, table.update(OptOutItem(*_CHECK), [first])["check"])
    return _of(key)


def forget() -> None:
    """Drop the key, as a new process would."""
    global _cached
    _cached = None


def _kept(key: bytes | None, check: str) -> bytes:
    """The key, for as long as this process lives, if it is the right one."""
    global _cached
    if key is None or not hmac.compare_digest(_check(key), check):
        log.error("digest_key_lost")
        raise Unavailable
    _cached = key
    return key


def _of(key: bytes) -> Digest:
    return lambda app_id, phone: _digest(key, f"{app_id}|{phone}")


def _check(key: bytes) -> str:
    return _digest(key, "")


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:LENGTH]


def _read() -> bytes | None:
    try:
        item = table.read(lambda: AppItem.get(*_KEY, consistent_read=True))
    except DoesNotExist:
        return None
    return bytes.fromhex(item.digest_key)


def _draw() -> bytes:
    absent = AppItem.digest_key.does_not_exist()
    try:
        after = table.update(AppItem(*_KEY), [AppItem.digest_key.set(token_hex(32))], absent)
    except table.ConditionFailed as failed:
        after = failed.before
    return bytes.fromhex(after["digest_key"])


def _find_check() -> str | None:
    found = table.read(lambda: list(OptOutItem.batch_get([_CHECK], consistent_read=True)))
    return str(found[0].check) if found else None
