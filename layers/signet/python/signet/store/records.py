"""Records of messages for those who read them: by day, by phone, and one with all it says.

A day of an app lies in several partitions, which are merged by their sort keys; so the sort key
alone is the cursor (review.md 5.2). A phone's are found by the index `by_phone`. There is no
index by state: a state is looked for among the records of a day, with a bound to the work of one
call, so a page may be short, or empty, and still have a next one. Reads are eventually
consistent. Failure mode: closed.
"""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from signet import records
from signet.apps import App
from signet.codes import Purpose
from signet.errors import Missing
from signet.limits import Channel, Kind
from signet.messages import State
from signet.records import Page, Record, Wanted
from signet.store import messages, table
from signet.store.messages import MessageItem
from signet.tries import MOST

# How many records one call looks at to find those of a state.
LOOKED_AT = 2_000
_BATCH = 100
_ATTRIBUTES = [
    *("pk", "sk", "app_phone", "kind", "purpose", "channel"),
    *("template", "template_version", "signature"),
    *("state", "segments", "price", "refunded", "carrier", "carrier_message_id", "reason"),
    "held_until",
    *("attempts", "created_at", "queued_at", "claimed_at", "sent_at", "verified_at", "ended_at"),
    *(f"try{number}" for number in range(1, MOST + 1)),
    *("report", "reported_at", "report_reason", "report_carrier", "ttl"),
]


def find(app: App, wanted: Wanted, *, now: datetime) -> Page:
    """The records that are wanted, newest first."""
    found = _of_phone(app, wanted) if wanted.phone else _of_day(app, wanted)
    kept: list[Record] = []
    last: MessageItem | None = None
    for looked_at, item in enumerate(found, start=1):
        if len(kept) == wanted.limit or looked_at > max(LOOKED_AT, wanted.limit):
            return Page(kept, str(last.sk) if last else None)
        last = item
        if _is_wanted(item, wanted, now):
            kept.append(record_of(item))
    return Page(kept, None)


def get(app_id: str, message_id: str, *, now: datetime) -> Record:
    """The record of one message of the app. Raises Missing."""
    key = _key(app_id, message_id)
    try:
        item = table.read(lambda: MessageItem.get(*key, attributes_to_get=_ATTRIBUTES))
    except DoesNotExist:
        raise Missing from None
    if _is_forgotten(item, now):
        raise Missing
    return record_of(item)


def of_ids(app_id: str, message_ids: Iterable[str], *, now: datetime) -> dict[str, Record]:
    """The records of these messages of the app as they are now, by their ids."""
    places = {_key(app_id, message_id): message_id for message_id in message_ids}
    items = table.read(
        lambda: list(
            MessageItem.batch_get(list(places), attributes_to_get=_ATTRIBUTES, consistent_read=True)
        )
    )
    return {
        places[str(item.pk), str(item.sk)]: record_of(item)
        for item in items
        if not _is_forgotten(item, now)
    }


def _key(app_id: str, message_id: str) -> tuple[str, str]:
    day, shard, sort_key = records.place(message_id)
    return f"{app_id}#{day}#{shard}", sort_key


def _is_wanted(item: MessageItem, wanted: Wanted, now: datetime) -> bool:
    return not _is_forgotten(item, now) and wanted.state in (None, item.state)


def _is_forgotten(item: MessageItem, now: datetime) -> bool:
    """DynamoDB deletes late, by days."""
    return int(item.ttl or 0) <= now.timestamp()


def _of_day(app: App, wanted: Wanted) -> Iterator[MessageItem]:
    # Each partition has its share of what is wanted, and a little more, for chance is not even.
    size = min(_BATCH, wanted.limit // app.message_shards + 5)
    partitions = [
        _newest(f"{app.app_id}#{wanted.day}#{shard}", wanted.before, size=size)
        for shard in range(app.message_shards)
    ]
    return heapq.merge(*partitions, key=lambda item: str(item.sk), reverse=True)


def _newest(pk: str, before: str | None, *, size: int) -> Iterator[MessageItem]:
    """The records of one partition, read as they are asked for."""
    while True:
        read = table.read(lambda: list(_query(pk, before, size)))  # noqa: B023
        yield from read
        if len(read) < size:
            return
        before = str(read[-1].sk)


def _query(pk: str, before: str | None, size: int) -> Iterable[MessageItem]:
    return MessageItem.query(
        pk,
        _older_than(before),
        scan_index_forward=False,
        limit=size,
        attributes_to_get=_ATTRIBUTES,
    )


def _of_phone(app: App, wanted: Wanted) -> Iterator[MessageItem]:
    before, size = wanted.before, min(_BATCH, wanted.limit + 1)
    while True:
        listed = table.read(
            lambda: list(
                MessageItem.by_phone.query(
                    f"{app.app_id}#{wanted.phone}",
                    _older_than(before),  # noqa: B023
                    scan_index_forward=False,
                    limit=size,
                )
            )
        )
        # The index may still know a record that is gone.
        yield from sorted(_items(listed), key=lambda item: str(item.sk), reverse=True)
        if len(listed) < size:
            return
        before = str(listed[-1].sk)


def _items(listed: list[MessageItem]) -> list[MessageItem]:
    keys = [(str(item.pk), str(item.sk)) for item in listed]
    return table.read(lambda: list(MessageItem.batch_get(keys, attributes_to_get=_ATTRIBUTES)))


def _older_than(sort_key: str | None) -> Condition | None:
    return MessageItem.sk < sort_key if sort_key else None


def record_of(item: MessageItem) -> Record:
    """What an item of the table says."""
    _, day, shard = str(item.pk).rsplit("#", 2)
    return Record(
        message_id=f"{day}-{shard}-{item.sk}",
        created_at=int(item.created_at),
        phone=str(item.app_phone).rpartition("#")[2],
        kind=Kind(item.kind),
        purpose=Purpose(item.purpose) if item.purpose else None,
        channel=Channel(item.channel),
        template=item.template,
        template_version=_int(item.template_version),
        signature=str(item.signature),
        state=State(item.state),
        segments=int(item.segments),
        price_micros=int(item.price or 0),
        refunded=bool(item.refunded),
        carrier=item.carrier,
        carrier_message_id=item.carrier_message_id,
        reason=item.reason,
        held_until=_int(item.held_until),
        attempts=int(item.attempts or 0),
        queued_at=_int(item.queued_at),
        claimed_at=_int(item.claimed_at),
        sent_at=_int(item.sent_at),
        verified_at=_int(item.verified_at),
        ended_at=_int(item.ended_at),
        tries=tuple(messages.tries(item)),
        report=State(item.report) if item.report else None,
        reported_at=_int(item.reported_at),
        report_reason=item.report_reason,
        report_carrier=item.report_carrier,
    )


def _int(value: float | None) -> int | None:
    return None if value is None else int(value)
