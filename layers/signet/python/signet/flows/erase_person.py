"""Erasing a person by the number, in all apps: what goes at once, what goes by itself, what stays.

It goes app by app, table by table, in pieces; a call does as many as it has time for, and says
where the next one goes on. Whatever is cut off is begun anew, with or without that: each piece
finds what is left. The trail and the proofs keep a digest of the number, and no number.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from signet import phones, users
from signet.acts import Act
from signet.errors import BadParameter, UserNotFound
from signet.fields import Body, restore_plus
from signet.store import audits, consents, cursors, digests, erasures, opt_outs
from signet.store import users as user_store
from signet.store.apps import DEPLOYMENT
from signet.store.erasures import Piece

# What goes by itself, in days; docs/operations.md has the table.
EXPIRES = {
    "shield_counts": 3,
    "carrier_callbacks": 6,
    "dead_letters": 14,
    "audiences": 30,
    "exports": 30,
    "imports": 30,
    "logs": 30,
    "backups": 35,
}
STAYS = ("opt_outs", "test_phone", "trail", "files", "carrier")
TABLES = ("Users", "Phones", "OptOuts", "Messages", "Shield", "Events")


@dataclass(frozen=True, slots=True)
class _Place:
    """The app and table that a call goes on with, and where in it."""

    app_id: str
    table: str = TABLES[0]
    within: str | None = None


def erase(
    act: Act, written: str, query: Mapping[str, str], *, may_go_on: Callable[[], bool]
) -> Body:
    """Erase the person, or go on with it at `cursor`; what was removed, and what is left.

    Raises PhoneInvalid, and BadParameter for a cursor that this call did not give.
    """
    phone = phones.parse(restore_plus(written)).e164
    counts: Counter[str] = Counter()
    place = _begin(act, phone, counts) if not query.get("cursor") else _unpack(query["cursor"])
    while place and may_go_on():
        removed, within = _pieces(phone, act.at)[place.table](place.app_id, place.within)
        counts[place.table] += removed
        place = _following(place, within)
    return {
        "done": place is None,
        "cursor": _pack(place) if place else None,
        "erased": {table: counts[table] for table in TABLES},
        "expires": [{"what": what, "days": days} for what, days in EXPIRES.items()],
        "stays": list(STAYS),
    }


def _begin(act: Act, phone: str, counts: Counter[str]) -> _Place | None:
    """Say so in the trail first, so that nothing is removed that nobody has asked for."""
    digest = digests.made()(DEPLOYMENT, phone)
    audits.add(DEPLOYMENT, act.entry("erase", f"number:{digest}"))
    counts["OptOuts"] += opt_outs.erase(DEPLOYMENT, phone, now=act.at)
    return _first(erasures.app_after(None))


def _pieces(phone: str, now: datetime) -> Mapping[str, Callable[[str, str | None], Piece]]:
    return {
        "Users": lambda app_id, _: (_account(app_id, phone), None),
        "Phones": lambda app_id, _: (erasures.number(app_id, phone), None),
        "OptOuts": lambda app_id, _: (_ledger(app_id, phone, now), None),
        "Messages": lambda app_id, _: erasures.messages(app_id, phone),
        "Shield": partial(_decisions, phone, now),
        "Events": lambda app_id, within: erasures.told(app_id, phone, within),
    }


def _account(app_id: str, phone: str) -> int:
    user = user_store.find(app_id, users.phone_claim(phone))
    if user is None:
        return 0
    try:
        user_store.delete(app_id, user.object_id)
    except UserNotFound:
        return 0
    return 1


def _ledger(app_id: str, phone: str, now: datetime) -> int:
    return opt_outs.erase(app_id, phone, now=now) + consents.erase(app_id, phone, now=now)


def _decisions(phone: str, now: datetime, app_id: str, within: str | None) -> Piece:
    return erasures.decisions(app_id, phone, within, now=now)


def _following(place: _Place, within: str | None) -> _Place | None:
    if within is not None:
        return _Place(place.app_id, place.table, within)
    number = TABLES.index(place.table) + 1
    if number < len(TABLES):
        return _Place(place.app_id, TABLES[number])
    return _first(erasures.app_after(place.app_id))


def _first(app_id: str | None) -> _Place | None:
    return _Place(app_id) if app_id else None


def _pack(place: _Place) -> str:
    return cursors.pack(json.dumps([place.app_id, place.table, place.within]))


def _unpack(cursor: str) -> _Place:
    try:
        app_id, name, within = json.loads(cursors.unpack(cursor, prefix="["))
    except ValueError:
        raise BadParameter("cursor is not one that this call gave.") from None
    if not isinstance(app_id, str) or name not in TABLES or not _is_within(name, within):
        raise BadParameter("cursor is not one that this call gave.")
    return _Place(app_id, name, within)


def _is_within(name: str, within: object) -> bool:
    if within is None:
        return True
    if not isinstance(within, str) or not within.isascii():
        return False
    if name == "Shield":
        return within.isdecimal() and len(within) < 4
    return name != "Events" or within[:1].isdecimal()
