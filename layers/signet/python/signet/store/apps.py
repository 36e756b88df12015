"""Apps: a header item per app, its signatures beside it, read through a small cache.

    app_id      | item                    | what
    ------------+-------------------------+--------------------------------------------------
    <id>        | app                     | name, keys, switches, default signature, counters
    <id>        | signature#<name>        | the signature in use under that name
    <id>        | template#<name>         | the template in use; see `store.templates`
    <id>        | signature-version#… and template-version#…: what was submitted; `store.words`
    <id>        | audit#<time>            | who did what; see `store.audits`
    <id>        | mapping#<carrier>#…     | a carrier's template for ours; see `store.mappings`
    #deployment | operator#<id>, settings | see `store.deployment`
    #deployment | captcha               | see `store.captcha_keys`
    #digests    | key                     | see `store.digests`

Index `listed` (sparse, keys only) is for the lists of the console: apps and reviews.
Failure mode: closed; an app that cannot be read is not served.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from typing import Any, TypeVar

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet.apps import (
    App,
    Cap,
    Events,
    Guard,
    Key,
    ReviewState,
    Signature,
    Switches,
    TestPhone,
    Use,
)
from signet.edge import settings
from signet.errors import Missing, Unavailable
from signet.store import cursors, table

# A revoked key works this much longer, and an unknown app id is not asked for again.
CACHE_SECONDS = 30
_CACHE_ENTRIES = 256
_ROUNDS = 10
_PAGE = 100
# In place of an app id: what belongs to the deployment rather than to an app.
DEPLOYMENT = "#deployment"

_T = TypeVar("_T")


class _Listed(GlobalSecondaryIndex["AppItem"]):
    class Meta:
        index_name = "listed"
        projection = KeysOnlyProjection()

    listed = UnicodeAttribute(hash_key=True)
    listed_key = UnicodeAttribute(range_key=True)


class AppItem(table.Table):
    """An item of the Apps table, of whichever sort; each attribute is of some sorts only."""

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
    guard = JSONAttribute(null=True)
    default_signature = JSONAttribute(null=True)
    test_phone = JSONAttribute(null=True)
    message_shards = NumberAttribute(null=True)
    company = UnicodeAttribute(null=True)
    personal = BooleanAttribute(null=True)
    daily_cap_micros = NumberAttribute(null=True)
    low_balance_micros = NumberAttribute(null=True)
    balance_shards = NumberAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    separate_review = BooleanAttribute(null=True)
    # What its events are signed with is apart: who tells of a reply may read `events`, and no key.
    events = JSONAttribute(null=True)
    event_secret = JSONAttribute(null=True)
    marketing = JSONAttribute(null=True)
    # How many short ids were given away, and how many names there are.
    short_ids = NumberAttribute(null=True)
    signatures = NumberAttribute(null=True)
    templates = NumberAttribute(null=True)

    # Of signatures and templates; `latest` is the highest version of a name.
    kind = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    latest = NumberAttribute(null=True)
    use = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    short_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)

    # Of their versions; times are epoch milliseconds, as everywhere in this table.
    owner_kind = UnicodeAttribute(null=True)
    proof = UnicodeAttribute(null=True)
    author = UnicodeAttribute(null=True)
    created_at = NumberAttribute(null=True)
    submitted_at = NumberAttribute(null=True)
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reasons = JSONAttribute(null=True)
    comment = UnicodeAttribute(null=True)
    findings = JSONAttribute(null=True)

    # Of the audit trail, which also has `version`, `reasons` and `comment`.
    at = NumberAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    action = UnicodeAttribute(null=True)
    subject = UnicodeAttribute(null=True)

    # Of operators, and of the deployment's settings.
    key_hash = UnicodeAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
    auto_approve_by = UnicodeAttribute(null=True)
    prices = JSONAttribute(null=True)
    session_key = UnicodeAttribute(null=True)
    captcha_keys = JSONAttribute(null=True)
    digest_key = UnicodeAttribute(null=True)
    shield = UnicodeAttribute(null=True)
    routes = JSONAttribute(null=True)

    # Of mappings, which also have `version` and `text`.
    carrier = UnicodeAttribute(null=True)
    template = UnicodeAttribute(null=True)
    vendor_template = UnicodeAttribute(null=True)
    vendor_signatures = JSONAttribute(null=True)
    vendor_variables = JSONAttribute(null=True)


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


def cached(key: tuple[str, str], load: Callable[[], _T]) -> _T:
    """What `load` reads for (app id, item), at most `CACHE_SECONDS` old."""
    return _cache.get(key, load)


def get(app_id: str) -> App | None:
    """The app of that id, at most `CACHE_SECONDS` old."""
    return _cache.get((app_id, "app"), lambda: _load(app_id))


def events(app_id: str) -> Events:
    """Where the app's events go, without the secret, at most `CACHE_SECONDS` old."""
    return _cache.get((app_id, "events"), lambda: _load_events(app_id))


def signature(app_id: str, name: str) -> Signature | None:
    """The app's signature of that name, at most `CACHE_SECONDS` old."""
    return _cache.get((app_id, f"signature#{name}"), lambda: _load_signature(app_id, name))


def read(app_id: str) -> App | None:
    """The app of that id as it is now."""
    return _load(app_id, consistent=True)


def forget() -> None:
    """Drop what is cached: this process has changed something."""
    _cache.clear()


def create(app: App, *, also: Callable[[TransactWrite], None] = lambda _: None) -> None:
    """Record a new app, its default signature and what `also` adds: all or nothing.

    Raises AppExists.
    """
    item = AppItem(app.app_id, "app", listed="apps", listed_key=app.app_id, **_header(app))

    def build(writes: TransactWrite) -> None:
        writes.save(item, condition=AppItem.app_id.does_not_exist())
        if app.default_signature:
            writes.save(_signature_item(app.app_id, app.default_signature))
        also(writes)

    try:
        table.transact(build)
    except table.TransactionRefused as refused:
        raise AppExists(app.app_id) from refused
    forget()


def change(
    app_id: str,
    change: Callable[[App], App],
    *,
    also: Callable[[TransactWrite], None] = lambda _: None,
) -> App:
    """The app after `change`, which is recorded together with what `also` adds.

    Only fields that differ are written, and only if they are as `change` saw them, so that
    nothing is lost of what others change at the same time; `change` may be called again. When
    nothing differs, nothing is written. Raises Missing and Unavailable.
    """
    for attempt in range(1, _ROUNDS + 1):
        item = _find(app_id, "app", consistent=True)
        if item is None:
            raise Missing
        before = _app(item)
        after = change(before)
        if after == before:
            return before
        if _write_changes(item, _header(before), _header(after), also):
            forget()
            return _app(_find(app_id, "app", consistent=True) or item)
        table.pause(attempt)
    raise Unavailable(retry_after=1)


def list_apps(*, limit: int, cursor: str | None = None) -> tuple[list[App], str | None]:
    """Apps by their id, at most `limit` (≤ 100), and the cursor of the next page.

    A new app may be missing for a moment. Raises BadParameter for a broken cursor.
    """
    after = AppItem.listed_key > cursors.unpack(cursor) if cursor else None
    keys = listed("apps", limit=limit, after=after)
    found = get_many(key.app_id for key in keys)
    apps = [found[key.app_id] for key in keys if key.app_id in found]
    return apps, cursors.pack(keys[-1].listed_key) if len(keys) == limit else None


def every_app() -> Iterator[App]:
    """All apps, a page at a time."""
    cursor: str | None = None
    while True:
        apps, cursor = list_apps(limit=_PAGE, cursor=cursor)
        yield from apps
        if cursor is None:
            return


def listed(group: str, *, limit: int, after: Condition | None = None) -> list[AppItem]:
    """Keys of the items in a group of the index, in its order."""
    return table.read(lambda: list(AppItem.listed_index.query(group, after, limit=limit)))


def get_many(app_ids: Iterable[str]) -> dict[str, App]:
    """The apps of these ids (≤ 100), those that there are."""
    keys = [(app_id, "app") for app_id in sorted(set(app_ids))]
    return {item.app_id: _app(item) for item in read_many(keys)}


def page(
    app_id: str, prefix: str, *, limit: int, cursor: str | None = None, backwards: bool = False
) -> tuple[list[AppItem], str | None]:
    """Items of one partition whose name starts so, in order, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    start = None
    if cursor:
        place = cursors.unpack(cursor, prefix=prefix)
        start = {"app_id": {"S": app_id}, "item": {"S": place}}
    found = AppItem.query(
        app_id,
        AppItem.item.startswith(prefix),
        limit=limit,
        last_evaluated_key=start,
        scan_index_forward=not backwards,
        consistent_read=True,
    )
    items = table.read(lambda: list(found))
    return items, cursors.pack(items[-1].item) if len(items) == limit else None


def read_many(keys: Iterable[tuple[str, str]]) -> list[AppItem]:
    """The items with these keys (≤ 100), those that there are, in no order."""
    wanted = list(keys)
    return table.read(lambda: list(AppItem.batch_get(wanted, consistent_read=True)))


def _signature_item(app_id: str, signature: Signature) -> AppItem:
    return AppItem(app_id, f"signature#{signature.name}", **signature_fields(signature))


def _load(app_id: str, *, consistent: bool = False) -> App | None:
    item = _find(app_id, "app", consistent=consistent)
    return _app(item) if item else None


def _load_events(app_id: str) -> Events:
    try:
        item = table.read(lambda: AppItem.get(app_id, "app", attributes_to_get=["events"]))
    except DoesNotExist:
        return Events()
    return _events(item.events or {})


def _app(item: AppItem) -> App:
    return App(
        app_id=item.app_id,
        name=str(item.name),
        app_key=_key(item.app_key),
        master_key=_key(item.master_key),
        android_key=_key(item.android_key) if item.android_key else None,
        switches=switches_of(item.switches or {}),
        guard=guard_of(item.guard or {}),
        default_signature=signature_of(item.default_signature) if item.default_signature else None,
        test_phone=TestPhone(**item.test_phone) if item.test_phone else None,
        message_shards=int(item.message_shards or 8),
        company=item.company,
        personal=bool(item.personal),
        daily_cap_micros=_integer(item.daily_cap_micros),
        low_balance_micros=_integer(item.low_balance_micros),
        balance_shards=int(item.balance_shards or 1),
        created_by=item.created_by,
        separate_review=bool(item.separate_review),
        events=replace(
            _events(item.events or {}),
            secret=_key(item.event_secret) if item.event_secret else None,
        ),
        marketing_cap=marketing_cap(item.marketing or {}),
    )


def _header(app: App) -> dict[str, Any]:
    """The header item's attributes, but for keys and counters."""
    test_phone = app.test_phone
    return {
        "name": app.name,
        "app_key": _key_fields(app.app_key),
        "master_key": _key_fields(app.master_key),
        "android_key": _key_fields(app.android_key) if app.android_key else None,
        "switches": {name: getattr(app.switches, name) for name in Switches.__slots__},
        "guard": _guard_fields(app.guard),
        "default_signature": (
            signature_fields(app.default_signature) if app.default_signature else None
        ),
        "test_phone": {"phone": test_phone.phone, "code": test_phone.code} if test_phone else None,
        "message_shards": app.message_shards,
        "company": app.company,
        "personal": app.personal,
        "daily_cap_micros": app.daily_cap_micros,
        "low_balance_micros": app.low_balance_micros,
        "balance_shards": app.balance_shards,
        "created_by": app.created_by,
        "separate_review": app.separate_review,
        "events": _events_fields(app.events),
        "event_secret": _key_fields(app.events.secret) if app.events.secret else None,
        "marketing": _marketing_fields(app.marketing_cap) if app.marketing_cap else None,
    }


def _write_changes(
    item: AppItem,
    before: dict[str, Any],
    after: dict[str, Any],
    also: Callable[[TransactWrite], None],
) -> bool:
    """Write the attributes that differ; False when one was no longer as it was read."""
    changed = [name for name in after if after[name] != before[name]]
    condition = reduce(and_, (unchanged(item, name) for name in changed))
    actions = [set_or_remove(name, after[name]) for name in changed]

    def build(writes: TransactWrite) -> None:
        writes.update(AppItem(item.app_id, item.item), actions, condition)
        also(writes)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return False
    return True


def unchanged(item: AppItem, name: str) -> Condition:
    """The attribute is as `item` was read with it."""
    # Not as this version would write it: a former one may have written less.
    seen, attribute = getattr(item, name), getattr(AppItem, name)
    condition: Condition = attribute.does_not_exist() if seen is None else attribute == seen
    return condition


def set_or_remove(name: str, value: object) -> Action:
    """The attribute gets this value, or goes when there is none."""
    attribute = getattr(AppItem, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def _load_signature(app_id: str, name: str) -> Signature | None:
    item = _find(app_id, f"signature#{name}")
    return signature_of(item.attribute_values) if item else None


def _find(app_id: str, name: str, *, consistent: bool = False) -> AppItem | None:
    try:
        return table.read(lambda: AppItem.get(app_id, name, consistent_read=consistent))
    except DoesNotExist:
        return None


def switches_of(fields: Mapping[str, Any]) -> Switches:
    """The switches of an app's item."""
    # A newer version may have written switches that this one does not know.
    return Switches(**{name: fields[name] for name in Switches.__slots__ if name in fields})


def _guard_fields(guard: Guard) -> dict[str, Any]:
    values = {name: getattr(guard, name) for name in Guard.__slots__}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}


def guard_of(fields: Mapping[str, Any]) -> Guard:
    """The guard of an app's item."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
        if name in Guard.__slots__
    }
    return Guard(**known)


def _events_fields(events: Events) -> dict[str, Any] | None:
    """None for an app that does not ask, so that its item is no larger."""
    if replace(events, secret=None) == Events():
        return None
    return {
        "url": events.url,
        "bus": events.bus,
        "types": None if events.types is None else list(events.types),
    }


def _events(fields: dict[str, Any]) -> Events:
    types = fields.get("types")
    return Events(
        url=fields.get("url"),
        bus=bool(fields.get("bus")),
        types=None if types is None else tuple(types),
    )


def _marketing_fields(cap: Cap) -> dict[str, Any]:
    return {"cap": {"count": cap.count, "days": cap.days}}


def marketing_cap(stored: Mapping[str, Any]) -> Cap | None:
    """The cap in the attribute `marketing`."""
    numbers = stored.get("cap")
    return Cap(int(numbers["count"]), int(numbers["days"])) if numbers else None


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


def signature_fields(signature: Signature) -> dict[str, Any]:
    """A signature as its item and its copy in the header hold it."""
    fields = {name: getattr(signature, name) for name in Signature.__slots__}
    return {**fields, "state": signature.state.value, "use": signature.use.value}


def signature_of(fields: Mapping[str, Any]) -> Signature:
    """A signature as this version, or a former one, wrote it."""
    version = fields.get("version")
    return Signature(
        name=str(fields["name"]),
        text=str(fields.get("text") or ""),
        short_id=str(fields["short_id"]),
        state=ReviewState(fields["state"]),
        version=1 if version is None else int(version),
        use=Use(fields.get("use") or Use.VERIFICATION_NOTIFICATION),
    )


def _integer(value: float | None) -> int | None:
    return None if value is None else int(value)
