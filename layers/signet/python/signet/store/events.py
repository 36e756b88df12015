"""Events: what apps are told, and how far each has come, for thirty days.

    pk  <app>#<0..3>   sk  the event's id, which begins with its time
    due  pk, due_at: present while something is owed

An app's list is spread, so that no partition takes a write for every message of it
(review.md 5.1), and merged by the ids. An event is recorded once, whatever repeats it; whoever
takes one to deliver it writes a later `due_at` first, so two rarely deliver the same, and what
nobody finished is due again by itself. Failure mode: closed; the stream repeats, the tick returns.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet import event_deliveries, events
from signet.apps import App, Events
from signet.edge import settings
from signet.errors import Missing
from signet.event_deliveries import KEPT, LEASE, Delivery, Standing, Target
from signet.events import Event
from signet.store import apps, cursors, table

SHARDS = 4
Also = Callable[[TransactWrite], None]
_PREFIX = "evt_"


class _Due(GlobalSecondaryIndex["EventItem"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    pk = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class EventItem(table.Table):
    """An item of the Events table."""

    class Meta:
        table_name = settings.value("SIGNET_EVENTS_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    due_at = NumberAttribute(null=True)
    due = _Due()

    type = UnicodeAttribute(null=True)
    body = UnicodeAttribute(null=True)
    # Names of targets, with blanks between.
    targets = UnicodeAttribute(null=True)
    owed = UnicodeAttribute(null=True)
    standing = UnicodeAttribute(null=True)
    attempts = NumberAttribute(null=True)
    since = NumberAttribute(null=True)
    answer = UnicodeAttribute(null=True)
    answered_at = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


def record(app: App, event: Event, *, now: datetime, taken: bool = False) -> bool:
    """Record an event that the app wants; False where it was recorded before.

    It is due at once, unless it is `taken`: by whoever records it, who delivers it within a lease.
    """
    return _record(_new(app.events, event, now, LEASE if taken else 0))


def create(app: App, event: Event, *, now: datetime, also: Also) -> None:
    """Record an event that is due at once, together with what `also` adds."""
    delivery = _new(app.events, event, now, 0)

    def build(writes: TransactWrite) -> None:
        writes.update(_item(delivery), _first(delivery), EventItem.pk.does_not_exist())
        also(writes)

    table.transact(build)


def record_reply(
    app_id: str, *, reply_id: str, phone: str, text: str, carrier: str, at: datetime, now: datetime
) -> bool:
    """Tell the app of a reply, if it wants to know, within a minute. False: it does not, or did.

    `reply_id` is the carrier's own, and `at` when it came: the same if the carrier repeats it.
    """
    event = events.reply(app_id, reply_id=reply_id, phone=phone, text=text, carrier=carrier, at=at)
    return _record_if_wanted(event, now)


def record_opt_out(
    app_id: str, *, phone: str, added: bool, source: str, at: datetime, now: datetime
) -> bool:
    """Tell the app that a number left, or came back to, its marketing; as `record_reply` does."""
    event = events.opt_out(app_id, phone=phone, added=added, source=source, at=at)
    return _record_if_wanted(event, now)


def fresh(app_id: str, event_ids: Iterable[str], now: datetime) -> list[Delivery]:
    """Those of these new events (≤ 100) that nobody else has begun to deliver."""
    return [
        delivery
        for delivery in _get_many(app_id, event_ids)
        if delivery.attempts == 0 and delivery.due_at and delivery.due_at > now.timestamp()
    ]


def due(app_id: str, now: datetime, *, limit: int) -> list[Delivery]:
    """Deliveries of the app that are due (≤ 100), the oldest of each shard."""
    seconds, share = int(now.timestamp()), limit // SHARDS
    keys = [key for shard in range(SHARDS) for key in _due_of(app_id, shard, seconds, share)]
    found = _get_many(app_id, keys)
    return [each for each in found if each.due_at is not None and each.due_at <= seconds]


def has_due(app_id: str, now: datetime) -> bool:
    """Whether something of the app is due."""
    seconds = int(now.timestamp())
    return any(_due_of(app_id, shard, seconds, 1) for shard in range(SHARDS))


def claim(delivery: Delivery, now: datetime) -> Delivery | None:
    """The delivery, for whoever asked first to deliver it within a lease; None for all others."""
    due_at = int(now.timestamp()) + LEASE
    try:
        after = table.update(
            _item(delivery), [EventItem.due_at.set(due_at)], EventItem.due_at == delivery.due_at
        )
    except table.ConditionFailed:
        return None
    return _delivery(EventItem(**_known(after)))


def finish(before: Delivery, after: Delivery) -> None:
    """Record what came of a try, unless the lease was over and somebody else has gone on."""
    try:
        table.update(_item(after), _state(after), EventItem.due_at == before.due_at)
    except table.ConditionFailed:
        return


def get(app_id: str, event_id: str) -> Delivery:
    """An event of the app. Raises Missing."""
    if not events.is_id(event_id):
        raise Missing
    try:
        item = table.read(
            lambda: EventItem.get(_pk(app_id, event_id), event_id, consistent_read=True)
        )
    except DoesNotExist:
        raise Missing from None
    return _delivery(item)


def begin_again(before: Delivery, after: Delivery, *, also: Also) -> bool:
    """Record a replay with what `also` adds; False when the delivery went on since it was read."""
    same = EventItem.due_at == before.due_at if before.due_at else EventItem.due_at.does_not_exist()

    def build(writes: TransactWrite) -> None:
        writes.update(_item(after), _state(after), EventItem.pk.exists() & same)
        also(writes)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return False
    return True


def page(
    app_id: str, *, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Delivery], str | None]:
    """An app's events, newest first, and the cursor of the next page. Raises BadParameter."""
    before = cursors.unpack(cursor, prefix=_PREFIX) if cursor else None
    found = heapq.merge(
        *(_newest(app_id, shard, before, limit) for shard in range(SHARDS)),
        key=lambda item: str(item.sk),
        reverse=True,
    )
    # DynamoDB deletes late, by days.
    kept = [item for item in found if int(item.ttl or 0) > now.timestamp()]
    more = cursors.pack(str(kept[limit - 1].sk)) if len(kept) > limit else None
    return [_delivery(item) for item in kept[:limit]], more


def _record_if_wanted(event: Event, now: datetime) -> bool:
    wanted = apps.events(event.app_id)
    if not wanted.wants(event.type.value):
        return False
    return _record(_new(wanted, event, now, 0))


def _record(delivery: Delivery) -> bool:
    try:
        table.update(_item(delivery), _first(delivery), EventItem.pk.does_not_exist())
    except table.ConditionFailed:
        return False
    return True


def _new(wanted: Events, event: Event, now: datetime, lease: int) -> Delivery:
    targets = {
        *([Target.URL] if wanted.url else []),
        *([Target.BUS] if wanted.bus else []),
    }
    since = int(now.timestamp())
    return event_deliveries.of(event, frozenset(targets), since=since, due_at=since + lease)


def _newest(app_id: str, shard: int, before: str | None, limit: int) -> Sequence[EventItem]:
    older = EventItem.sk < before if before else None
    # One more than wanted tells whether there is a next page.
    found = EventItem.query(
        f"{app_id}#{shard}", older, scan_index_forward=False, limit=limit + 1, consistent_read=True
    )
    return table.read(lambda: list(found))


def _due_of(app_id: str, shard: int, seconds: int, limit: int) -> list[str]:
    found = EventItem.due.query(f"{app_id}#{shard}", EventItem.due_at <= seconds, limit=limit)
    return [str(key.sk) for key in table.read(lambda: list(found))]


def _get_many(app_id: str, event_ids: Iterable[str]) -> list[Delivery]:
    keys = [(_pk(app_id, each), each) for each in event_ids]
    found = table.read(lambda: list(EventItem.batch_get(keys, consistent_read=True)))
    return sorted(map(_delivery, found), key=lambda delivery: delivery.event_id)


def _item(delivery: Delivery) -> EventItem:
    return EventItem(_pk(delivery.app_id, delivery.event_id), delivery.event_id)


def _pk(app_id: str, event_id: str) -> str:
    # The last digit is one of a hash.
    return f"{app_id}#{int(event_id[-1], 16) % SHARDS}"


def _first(delivery: Delivery) -> list[Action]:
    return [
        EventItem.type.set(delivery.type),
        EventItem.body.set(delivery.body),
        EventItem.targets.set(_joined(delivery.targets)),
        EventItem.ttl.set(delivery.since + KEPT),
        *_state(delivery),
    ]


def _state(delivery: Delivery) -> list[Action]:
    """What changes of a delivery."""
    facts = {
        "owed": _joined(delivery.owed) or None,
        "standing": delivery.standing.value,
        "attempts": delivery.attempts,
        "since": delivery.since,
        "due_at": delivery.due_at,
        "answer": delivery.answer,
        "answered_at": delivery.answered_at,
    }
    return list(_actions(facts))


def _actions(facts: Mapping[str, object]) -> Iterator[Action]:
    for name, value in facts.items():
        attribute = getattr(EventItem, name)
        yield attribute.remove() if value is None else attribute.set(value)


def _joined(targets: Iterable[Target]) -> str:
    return " ".join(sorted(target.value for target in targets))


def _split(text: str | None) -> frozenset[Target]:
    return frozenset(map(Target, (text or "").split()))


def _known(fields: table.Item) -> table.Item:
    return {name: value for name, value in fields.items() if name in EventItem.get_attributes()}


def _delivery(item: EventItem) -> Delivery:
    return Delivery(
        app_id=str(item.pk).rpartition("#")[0],
        event_id=str(item.sk),
        type=str(item.type),
        body=str(item.body),
        targets=_split(item.targets),
        owed=_split(item.owed),
        since=int(item.since or 0),
        due_at=None if item.due_at is None else int(item.due_at),
        standing=Standing(item.standing),
        attempts=int(item.attempts or 0),
        answer=item.answer,
        answered_at=None if item.answered_at is None else int(item.answered_at),
    )
