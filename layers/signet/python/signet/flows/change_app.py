"""Changing an app in the console: what was asked, recorded with who did it."""

from collections.abc import Mapping
from secrets import randbelow
from typing import Any

from signet import app_changes, codes, days, fields
from signet.acts import Act
from signet.app_changes import Changes
from signet.apps import App, first_cap, first_switches
from signet.errors import BadParameter, Missing
from signet.fields import Body
from signet.flows.create_app import NewApp, create_app
from signet.store import apps, balances
from signet.store import audits as trail
from signet.store.balances import Account

PAGE = 20
MAX_PAGE = 100

_NEW = (
    *("name", "app_id", "app_key", "master_key", "company", "personal", "separate_review"),
    "imported",
)
_SHORTEST_KEY, _LONGEST_KEY = 8, 128


def get(app_id: str) -> App:
    """The app as it is now. Raises Missing."""
    app = apps.read(app_id)
    if app is None:
        raise Missing
    return app


def show(app_id: str) -> Body:
    """The app, without its master key. Raises Missing."""
    return app_changes.shown(get(app_id))


def by_owner(act: Act, body: Body) -> Body:
    """Change the owner's app. Raises BadParameter and PhoneInvalid."""
    return _change(act, act.by, app_changes.by_owner(body, test_code=_test_code))


def by_operator(act: Act, app_id: str, body: Body) -> Body:
    """Change any app. Raises Missing and BadParameter."""
    return _change(act, app_id, app_changes.by_operator(body))


def create(act: Act, body: Body) -> Body:
    """Create an app; the only reply that has its master key. Raises BadParameter and NameTaken."""
    fields.only(body, _NEW)
    keys: dict[str, Any] = {
        name: _key(body, name) for name in ("app_id", "app_key", "master_key") if body.get(name)
    }
    imported = fields.flag(body, "imported", default=False)
    new = NewApp(
        name=app_changes.name(body),
        company=app_changes.company(body),
        personal=fields.flag(body, "personal", default=False),
        separate_review=fields.flag(body, "separate_review", default=False),
        created_by=act.by,
        switches=first_switches(imported=imported),
        marketing_cap=first_cap(imported=imported),
        **keys,
    )
    app = create_app(new, now=act.at)
    return {**app_changes.shown(app), "master_key": app.master_key.current}


def listing(query: Mapping[str, str]) -> Body:
    """All apps with their balances. Raises BadParameter."""
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    found, cursor = apps.list_apps(limit=limit, cursor=query.get("cursor"))
    return {"items": [_listed(app) for app in found], "cursor": cursor}


def _listed(app: App) -> Body:
    balance = balances.balance(Account(app.app_id, app.balance_shards))
    return {"app_id": app.app_id, "name": app.name, "balance_micros": balance}


def _change(act: Act, app_id: str, changes: Changes) -> Body:
    entry = act.entry("change", "app", comment=changes.named)
    changed = apps.change(
        app_id, changes.apply, also=lambda writes: trail.record(writes, app_id, entry)
    )
    if {"balance_shards", "daily_cap_micros"} & set(changes.values):
        # A new item holds nothing yet, and each pays its part of the cap as it is now.
        account = Account(app_id, changed.balance_shards)
        balances.level(account, day=days.of(act.at), cap_micros=changed.daily_cap_micros)
    return app_changes.shown(changed)


def _key(body: Body, name: str) -> str:
    key = fields.text(body, name, longest=_LONGEST_KEY)
    # A comma ends the key in X-LC-Key (wire.md 2.1).
    plain = key.isascii() and not set(key) & set(", ")
    if not plain or len(key) < _SHORTEST_KEY:
        raise BadParameter(
            f"{name} must be {_SHORTEST_KEY} to {_LONGEST_KEY} letters, digits and marks."
        )
    return key


def _test_code() -> str:
    return f"{randbelow(10**codes.DIGITS):0{codes.DIGITS}d}"
