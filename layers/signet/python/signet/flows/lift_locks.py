"""Seeing and lifting what locks a number: limits, guesses and failed logins (review.md 4.4)."""

from collections.abc import Mapping
from datetime import datetime

from signet import fields, phones, users
from signet.acts import Act
from signet.fields import Body, restore_plus
from signet.store import attempts, number_locks
from signet.store import users as user_store


def of_number(app_id: str, query: Mapping[str, str], *, now: datetime) -> Body:
    """How limits stand for the number in `phone`. Raises PhoneMissing, PhoneInvalid."""
    phone = phones.parse(restore_plus(query.get("phone", ""))).e164
    seconds = int(now.timestamp())
    user = user_store.find(app_id, users.phone_claim(phone))
    locked_until = attempts.locked_until(user) if user else 0
    return {
        "phone": phone,
        "limits": [one.shown for one in number_locks.standing(app_id, phone, now=seconds)],
        "login_wait_seconds": max(0, locked_until - seconds),
    }


def lift_of_number(app_id: str, act: Act, body: Body) -> Body:
    """Forget what is counted for a number, and its user's failed logins. Raises Missing.

    The trail tells who did it, and of the number its last digits: it outlives the number's item.
    """
    fields.only(body, ("phone",))
    phone = phones.parse(body.get("phone")).e164
    user = user_store.find(app_id, users.phone_claim(phone))
    was_locked_out = user is not None and attempts.locked_until(user) > act.at.timestamp()
    entry = act.entry("lift", "number", comment=f"…{phone[-4:]}")
    number_locks.lift(app_id, phone, entry, was_locked_out=was_locked_out)
    if user is not None:
        attempts.unlock_user(user)
    return {}
