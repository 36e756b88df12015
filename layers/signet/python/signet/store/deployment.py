"""The deployment's own items in the Apps table: its operators and its settings.

    #deployment | operator#<id>   SHA-256 of the operator's key, created_at, created_by, revoked_at
    #deployment | settings        auto_approve_by, prices, shield, session_key, routes

An operator's key has 40 random characters, so a plain hash of it is enough. An id is never given
twice, so that the audit trail names one person. Failure mode: closed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from signet import audits as trail
from signet import routes
from signet.audits import Entry
from signet.errors import Missing, NameTaken, Unavailable
from signet.routes import Rule
from signet.store import apps, audits, table
from signet.store.apps import DEPLOYMENT, AppItem

_OPERATOR = "operator#"
_SETTINGS = "settings"
_ENFORCE = "enforce"
_ROUNDS = 10
_SEEN_BY_SENDERS = ["app_id", "item", "routes"]


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs the deployment; `created_by` as in audits."""

    id: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What operators set for the whole deployment.

    `auto_approve_by` is the operator who lets low-risk templates pass, None while they do not.
    `prices` are micros by dial code, where they differ from the list. `enforces`: what the shield
    decides is done; else it is only recorded. `routes` say which carriers send what.
    """

    auto_approve_by: str | None = None
    prices: Mapping[str, int] = field(default_factory=dict)
    enforces: bool = False
    routes: tuple[Rule, ...] = ()


def add_operator(operator_id: str, key: str, by: str, *, now: datetime) -> None:
    """Record an operator. `by` is an actor as in audits. Raises NameTaken."""
    item = AppItem(
        DEPLOYMENT,
        f"{_OPERATOR}{operator_id}",
        key_hash=_hash(key),
        created_at=_milliseconds(now),
        created_by=by,
    )

    def build(writes: TransactWrite) -> None:
        writes.save(item, condition=AppItem.app_id.does_not_exist())
        audits.record(writes, DEPLOYMENT, _entry(now, by, "add", operator_id))

    try:
        table.transact(build)
    except table.TransactionRefused:
        raise NameTaken(f"There is or was an operator {operator_id}.") from None


def revoke_operator(operator_id: str, by: str, *, now: datetime) -> None:
    """End an operator's key at once. Raises Missing when there is none to end."""
    item = AppItem(DEPLOYMENT, f"{_OPERATOR}{operator_id}")
    valid = AppItem.key_hash.exists() & AppItem.revoked_at.does_not_exist()

    def build(writes: TransactWrite) -> None:
        writes.update(item, [AppItem.revoked_at.set(_milliseconds(now))], valid)
        audits.record(writes, DEPLOYMENT, _entry(now, by, "revoke", operator_id))

    try:
        table.transact(build)
    except table.TransactionRefused:
        raise Missing from None


def list_operators(*, limit: int, cursor: str | None = None) -> tuple[list[Operator], str | None]:
    """The operators by their id, the revoked ones too, and the cursor of the next page."""
    items, following = apps.page(DEPLOYMENT, _OPERATOR, limit=limit, cursor=cursor)
    return [_operator(item) for item in items], following


def operator_key_hash(operator_id: str) -> str | None:
    """The SHA-256, in hex, of an operator's key; None when there is no such operator any more."""
    item = _find(f"{_OPERATOR}{operator_id}")
    return str(item.key_hash) if item and item.revoked_at is None else None


def settings() -> Settings:
    """The settings, at most `apps.CACHE_SECONDS` old."""
    return apps.cached((DEPLOYMENT, _SETTINGS), read_settings)


def read_settings() -> Settings:
    """The settings as they are now."""
    item = _find(_SETTINGS)
    return _settings(item) if item else Settings()


def set_auto_approve(*, on: bool, by: str, now: datetime) -> Settings:
    """Let low-risk templates pass in the name of operator `by`, or no longer."""

    def change(seen: Settings) -> dict[str, object]:
        if on == (seen.auto_approve_by is not None):
            return {}
        return {"auto_approve_by": by if on else None}

    action = "auto_approve_on" if on else "auto_approve_off"
    return _change(change, _entry_of_settings(now, by, action))


def set_enforcing(*, on: bool, by: str, now: datetime) -> Settings:
    """Let the shield do what it decides, or only record it."""

    def change(seen: Settings) -> dict[str, object]:
        return {} if on == seen.enforces else {"shield": _ENFORCE if on else None}

    action = "shield_enforce" if on else "shield_observe"
    return _change(change, _entry_of_settings(now, by, action))


def set_prices(prices: Mapping[str, int | None], *, by: str, now: datetime) -> Settings:
    """Set prices in micros by dial code; None takes the list's price again. Others stay."""

    def change(seen: Settings) -> dict[str, object]:
        merged = {**seen.prices, **prices}
        return {"prices": {dial: micros for dial, micros in merged.items() if micros is not None}}

    told = ", ".join(f"+{dial}: {micros}" for dial, micros in prices.items())
    return _change(change, _entry_of_settings(now, by, "set_prices", told))


def set_routes(rules: Sequence[Rule], *, by: str, now: datetime) -> Settings:
    """Route messages by these rules, in the place of those there were."""
    wanted = tuple(rules)

    def change(seen: Settings) -> dict[str, object]:
        stored = [routes.shown(rule) for rule in wanted]
        return {} if seen.routes == wanted else {"routes": stored or None}

    return _change(change, _entry_of_settings(now, by, "set_routes"))


def route_rules() -> tuple[Rule, ...]:
    """The routes alone, at most `apps.CACHE_SECONDS` old: all that a sender may read of this."""
    return apps.cached((DEPLOYMENT, "routes"), _route_rules)


def _route_rules() -> tuple[Rule, ...]:
    try:
        item = table.read(
            lambda: AppItem.get(DEPLOYMENT, _SETTINGS, attributes_to_get=_SEEN_BY_SENDERS)
        )
    except DoesNotExist:
        return ()
    return _routes(item)


def session_key() -> bytes:
    """The key that seals the console's sessions, drawn when it is first needed."""
    return apps.cached((DEPLOYMENT, "session_key"), _session_key)


def _session_key() -> bytes:
    item = _find(_SETTINGS)
    if item and item.session_key:
        return bytes.fromhex(item.session_key)
    drawn = token_hex(32)
    settings_item = AppItem(DEPLOYMENT, _SETTINGS)
    absent = AppItem.session_key.does_not_exist()
    try:
        table.update(settings_item, [AppItem.session_key.set(drawn)], absent)
    except table.ConditionFailed as failed:
        return bytes.fromhex(failed.before["session_key"])
    return bytes.fromhex(drawn)


def _change(change: Callable[[Settings], dict[str, object]], entry: Entry) -> Settings:
    """Change the settings as they are, with an entry in the trail. Raises Unavailable."""
    for attempt in range(1, _ROUNDS + 1):
        item = _find(_SETTINGS) or AppItem(DEPLOYMENT, _SETTINGS)
        changes = change(_settings(item))
        if not changes:
            return _settings(item)
        if _write(item, changes, entry):
            apps.forget()
            return read_settings()
        table.pause(attempt)
    raise Unavailable(retry_after=1)


def _write(item: AppItem, changes: Mapping[str, object], entry: Entry) -> bool:
    ((name, value),) = changes.items()
    as_seen = apps.unchanged(item, name)

    def build(writes: TransactWrite) -> None:
        actions = [apps.set_or_remove(name, value)]
        writes.update(AppItem(DEPLOYMENT, _SETTINGS), actions, as_seen)
        audits.record(writes, DEPLOYMENT, entry)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return False
    return True


def _find(name: str) -> AppItem | None:
    try:
        return table.read(lambda: AppItem.get(DEPLOYMENT, name, consistent_read=True))
    except DoesNotExist:
        return None


def _settings(item: AppItem) -> Settings:
    return Settings(
        auto_approve_by=item.auto_approve_by,
        prices=item.prices or {},
        enforces=item.shield == _ENFORCE,
        routes=_routes(item),
    )


def _routes(item: AppItem) -> tuple[Rule, ...]:
    return tuple(routes.read(stored) for stored in item.routes or ())


def _operator(item: AppItem) -> Operator:
    revoked = item.revoked_at
    return Operator(
        id=item.item.removeprefix(_OPERATOR),
        created_at=datetime.fromtimestamp(item.created_at / 1000, UTC),
        created_by=str(item.created_by),
        revoked_at=None if revoked is None else datetime.fromtimestamp(revoked / 1000, UTC),
    )


def _entry(now: datetime, by: str, action: str, operator_id: str) -> Entry:
    return Entry(at=now, actor=by, action=action, subject=trail.operator(operator_id))


def _entry_of_settings(now: datetime, by: str, action: str, comment: str | None = None) -> Entry:
    actor = trail.operator(by)
    return Entry(at=now, actor=actor, action=action, subject="settings", comment=comment)


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)
