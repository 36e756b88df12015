"""How often a number was sent an app's marketing: an item of the table Phones for each of both.

    pk  <app>#cap#<E.164>    k1 … kn: times of the last messages, newest first, as `limits` has
                             registers; i1 … in: their ids; ttl

An item of its own, since the number's is forgotten a day after its last send. Failure mode:
closed; what cannot be counted is not sent.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet.apps import Cap
from signet.limits import Limit
from signet.store import table
from signet.store.phones import PhoneItem
from signet.store.registers import shift, within
from signet.store.table import path

# What DynamoDB takes in one BatchGetItem.
_AT_ONCE = 100


def count(app_id: str, phone: str, cap: Cap, message_id: str, *, now: datetime) -> bool:
    """Count a marketing message to the number (E.164); False when its cap is reached.

    The same message again counts once, and is True.
    """
    limit, seconds = cap.limit, int(now.timestamp())
    condition = within([limit], seconds) & _is_new(limit, message_id)
    try:
        table.update(_item(app_id, phone), _actions(limit, message_id, seconds), condition)
    except table.ConditionFailed as failed:
        return message_id in _ids(failed.before)
    return True


def capped(app_id: str, phones: Collection[str], cap: Cap, *, now: datetime) -> set[str]:
    """Those of the numbers that have had their share by now."""
    limit, seconds = cap.limit, int(now.timestamp())
    return {
        str(item["pk"]).rpartition("#")[2]
        for item in _read(app_id, sorted(set(phones)))
        if limit.wait(item, seconds) > 0
    }


def join(writes: TransactWrite, phone: tuple[str, str], limit: Limit, name: str, now: int) -> None:
    """Add to a transaction that (app id, number) is sent the message of that name or id."""
    writes.update(
        _item(*phone), _actions(limit, name, now), within([limit], now), return_values="ALL_OLD"
    )


def _item(app_id: str, phone: str) -> PhoneItem:
    return PhoneItem(f"{app_id}#cap#{phone}")


def _actions(limit: Limit, message_id: str, now: int) -> list[Action]:
    return [
        *shift(limit.register, limit.count, now),
        *_shift_ids(limit.count, message_id),
        path("ttl").set(now + limit.seconds),
    ]


def _shift_ids(depth: int, message_id: str) -> Iterator[Action]:
    for place in range(depth, 1, -1):
        yield path(f"i{place}").set(path(f"i{place - 1}") | "")
    yield path("i1").set(message_id)


def _is_new(limit: Limit, message_id: str) -> Condition:
    condition: Condition = path("i1") != message_id
    for place in range(2, limit.count + 1):
        condition &= path(f"i{place}") != message_id
    return condition


def _ids(item: table.Item) -> set[object]:
    return {value for name, value in item.items() if name.startswith("i")}


def _read(app_id: str, phones: list[str]) -> Iterator[table.Item]:
    for start in range(0, len(phones), _AT_ONCE):
        some = phones[start : start + _AT_ONCE]
        keys = [_item(app_id, phone).to_dynamodb_dict() for phone in some]
        yield from table.items(PhoneItem, keys)
