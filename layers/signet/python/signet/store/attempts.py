"""Tries to sign in to the console, in the Phones table: `console#<digest>`, forgotten after a day.

The digest is of the id and the address they come from, so that nobody locks anybody else out.
Failure mode: closed; a try that cannot be counted is not compared.
"""

from datetime import datetime
from hashlib import sha256

from signet import limits
from signet.store import table
from signet.store.phones import PhoneItem
from signet.store.registers import shift, within
from signet.store.table import path

_REMEMBER_SECONDS = 86_400


def count(who: str, source_ip: str, *, now: datetime) -> None:
    """Count a try before anything is compared. Raises TooManyAttempts, counting nothing."""
    seconds = int(now.timestamp())
    limit = limits.SIGN_INS
    digest = sha256(f"{who}|{source_ip}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    actions = [
        *shift(limit.register, limit.count, seconds),
        path("ttl").set(seconds + _REMEMBER_SECONDS),
    ]
    try:
        table.update(PhoneItem(f"console#{digest}"), actions, within([limit], seconds))
    except table.ConditionFailed as failed:
        wait = limit.wait(failed.before, seconds)
        raise limit.error(retry_after=wait) from failed
