"""Apps: a header item per app, its signatures beside it, read through a small cache.

    app_id | item               | what
    -------+--------------------+------------------------------------------------
    <id>   | app                | name, keys, switches, default signature
    <id>   | signature#<name>   | the signature in use under that name

Index `listed` (sparse, keys only) is for the lists of the console: apps, reviews, operators.
Failure mode: closed; an app that cannot be read is not served.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet.apps import App, Key, ReviewState, Signature, Switches, TestPhone
from signet.edge import settings
from signet.store import table

# A revoked key works this much longer, and an unknown app id is not asked for again.
CACHE_SECONDS = 30
_CACHE_ENTRIES = 256

_T = TypeVar("_T")


class _Listed(GlobalSecondaryIndex["AppItem"]):
    class Meta:
        index_name = "listed"
        projection = KeysOnlyProjection()

    listed = UnicodeAttribute(hash_key=True)
    listed_key = UnicodeAttribute(range_key=True)


class AppItem(table.Table):
    """An item of the Apps table."""

    class Meta:
        table_name = settings.value("SIGNET_APPS_TABLE")

    app_id = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    listed = UnicodeAttribute(null=True)
    listed_key = UnicodeAttribute(null=True)
    listed_index = _Listed()

    name = UnicodeAttribute(null=True)
    app_key = JSONAttribute(null=True)
    master_key = JSONAttribute(null=True)
    android_key = JSONAttribute(null=True)
    switches = JSONAttribute(null=True)
    default_signature = JSONAttribute(null=True)
    test_phone = JSONAttribute(null=True)
    message_shards = NumberAttribute(null=True)

    text = UnicodeAttribute(null=True)
    short_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)


class AppExists(Exception):
    """There is an app of that id already."""


class _Cache:
    """What was read in the last seconds, absence included; bounded."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[float, Any]] = {}

    def get(self, key: tuple[str, str], load: Callable[[], _T]) -> _T:
        entry = self._entries.get(key)
        if entry is None or entry[0] < time.monotonic():
            if len(self._entries) >= _CACHE_ENTRIES:
                self._entries.pop(next(iter(self._entries)))
            entry = self._entries[key] = (time.monotonic() + CACHE_SECONDS, load())
        value: _T = entry[1]
        return value

    def clear(self) -> None:
        self._entries.clear()


_cache = _Cache()


def get(app_id: str) -> App | None:
    """The app of that id, at most `CACHE_SECONDS` old."""
    return _cache.get((app_id, "app"), lambda: _load(app_id))


def signature(app_id: str, name: str) -> Signature | None:
    """The app's signature of that name, at most `CACHE_SECONDS` old."""
    return _cache.get((app_id, f"signature#{name}"), lambda: _load_signature(app_id, name))


def create(app: App) -> None:
    """Record a new app and its default signature, both or neither. Raises AppExists."""
    item = AppItem(app.app_id, "app", listed="apps", listed_key=app.app_id)
    item.name = app.name
    item.app_key = _key_fields(app.app_key)
    item.master_key = _key_fields(app.master_key)
    item.android_key = _key_fields(app.android_key) if app.android_key else None
    item.switches = {name: getattr(app.switches, name) for name in Switches.__slots__}
    item.default_signature = (
        _signature_fields(app.default_signature) if app.default_signature else None
    )
    item.test_phone = (
        {"phone": app.test_phone.phone, "code": app.test_phone.code} if app.test_phone else None
    )
    item.message_shards = app.message_shards

    def build(writes: TransactWrite) -> None:
        writes.save(item, condition=AppItem.app_id.does_not_exist())
        if app.default_signature:
            writes.save(_signature_item(app.app_id, app.default_signature))

    try:
        table.transact(build)
    except table.TransactionRefused as refused:
        raise AppExists(app.app_id) from refused
    _cache.clear()


def put_signature(app_id: str, signature: Signature) -> None:
    """Record a signature under its name."""
    _signature_item(app_id, signature).save()
    _cache.clear()


def _signature_item(app_id: str, signature: Signature) -> AppItem:
    return AppItem(app_id, f"signature#{signature.name}", **_signature_fields(signature))


def _load(app_id: str) -> App | None:
    item = _find(app_id, "app")
    if item is None:
        return None
    return App(
        app_id=app_id,
        name=str(item.name),
        app_key=_key(item.app_key),
        master_key=_key(item.master_key),
        android_key=_key(item.android_key) if item.android_key else None,
        switches=_switches(item.switches or {}),
        default_signature=_signature(item.default_signature) if item.default_signature else None,
        test_phone=TestPhone(**item.test_phone) if item.test_phone else None,
        message_shards=int(item.message_shards or 8),
    )


def _load_signature(app_id: str, name: str) -> Signature | None:
    item = _find(app_id, f"signature#{name}")
    if item is None:
        return None
    return _signature({name: getattr(item, name) for name in Signature.__slots__})


def _find(app_id: str, name: str) -> AppItem | None:
    try:
        return table.read(lambda: AppItem.get(app_id, name))
    except DoesNotExist:
        return None


def _switches(fields: dict[str, Any]) -> Switches:
    # A newer version may have written switches that this one does not know.
    return Switches(**{name: fields[name] for name in Switches.__slots__ if name in fields})


def _key_fields(key: Key) -> dict[str, Any]:
    until = key.previous_until.timestamp() if key.previous_until else None
    return {"current": key.current, "previous": key.previous, "previous_until": until}


def _key(fields: dict[str, Any]) -> Key:
    until = fields.get("previous_until")
    return Key(
        current=fields["current"],
        previous=fields.get("previous"),
        previous_until=datetime.fromtimestamp(until, UTC) if until else None,
    )


def _signature_fields(signature: Signature) -> dict[str, Any]:
    return {name: str(getattr(signature, name)) for name in Signature.__slots__}


def _signature(fields: dict[str, Any]) -> Signature:
    return Signature(**{**fields, "state": ReviewState(fields["state"])})
