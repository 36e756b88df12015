"""What names a number and is not kept for good, removed at once: in the tables that expire.

Each function does one bounded piece, and says how many items it removed and where to go on; None
when there is nothing left. Whoever repeats a piece finds less. Failure mode: closed; an error
leaves the rest for the next call.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pynamodb.models import Model

from signet import days
from signet.store import apps, events, table
from signet.store.apps import AppItem
from signet.store.decisions import REMEMBER, SHARDS, DecisionItem
from signet.store.events import EventItem
from signet.store.messages import MessageItem
from signet.store.phones import PhoneItem

# How many were removed, and the place to go on from.
Piece = tuple[int, str | None]
_PAGE = 100


def app_after(app_id: str | None) -> str | None:
    """The app that comes next in the order of their ids; None after the last."""
    after = AppItem.listed_key > app_id if app_id else None
    found = apps.listed("apps", limit=1, after=after)
    return str(found[0].app_id) if found else None


def number(app_id: str, phone: str) -> int:
    """Its codes, guesses and limits, and how much marketing it was sent."""
    return _delete_all([PhoneItem(f"{app_id}#{phone}"), PhoneItem(f"{app_id}#cap#{phone}")])


def messages(app_id: str, phone: str) -> Piece:
    """A page of what was sent to it. The index may name some for a moment that are gone."""
    found = MessageItem.by_phone.query(f"{app_id}#{phone}", limit=_PAGE)
    items = table.read(lambda: list(found))
    removed = _delete_all(MessageItem(item.pk, item.sk) for item in items)
    # What the index alone still has is no reason to ask again.
    return removed, "more" if removed and len(items) == _PAGE else None


def decisions(app_id: str, phone: str, place: str | None, *, now: datetime) -> Piece:
    """A day of what the shield decided on it; the place is how many days ago."""
    ago = int(place or 0)
    day = days.of(now - timedelta(days=ago))
    found: list[DecisionItem] = []
    for shard in range(SHARDS):
        named = DecisionItem.query(
            f"{app_id}#d#{day}#{shard}", filter_condition=DecisionItem.phone == phone
        )
        found += table.read(partial(list, named))
    # A day more: what is to be deleted may be there for a while.
    following = str(ago + 1) if ago <= REMEMBER.days else None
    return _delete_all(found), following


def told(app_id: str, phone: str, place: str | None) -> Piece:
    """Some of the events that name it; the place is a shard and an event's id."""
    shard, _, after = (place or "0#").partition("#")
    pk = f"{app_id}#{shard}"
    request: dict[str, Any] = {
        "TableName": EventItem.Meta.table_name,
        "KeyConditionExpression": "pk = :pk",
        "FilterExpression": "contains(body, :phone)",
        "ProjectionExpression": "pk, sk",
        # As JSON has it: no other number begins or ends with it.
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":phone": {"S": f'"{phone}"'}},
    }
    if after:
        request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": after}}
    reply = table.read(lambda: table.CONNECTION.dispatch("Query", request))
    removed = _delete_all(EventItem(pk, item["sk"]["S"]) for item in reply["Items"])
    if "LastEvaluatedKey" in reply:
        return removed, f"{shard}#{reply['LastEvaluatedKey']['sk']['S']}"
    return removed, f"{int(shard) + 1}#" if int(shard) + 1 < events.SHARDS else None


def _delete_all(items: Iterable[Model]) -> int:
    return sum(map(_delete, items))


def _delete(item: Model) -> int:
    request = {
        "TableName": item.Meta.table_name,
        "Key": {
            name: value for name, value in item.to_dynamodb_dict().items() if name in ("pk", "sk")
        },
        "ReturnValues": "ALL_OLD",
    }
    reply = table.read(lambda: table.CONNECTION.dispatch("DeleteItem", request))
    return 1 if "Attributes" in reply else 0
