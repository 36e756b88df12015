"""The Shield table in DynamoDB: the three operations of the shield's containers.

Counters are written in calls of their own: PynamoDB's models list their attributes, and these are
whatever is counted. Each call is tried once by us, and once more by the SDK.
"""

from collections.abc import Mapping
from typing import Any

from signet.edge import settings
from signet.errors import Unavailable
from signet.store import table
from signet.store.shield_items import Item

_TABLE = settings.value("SIGNET_SHIELD_TABLE")


class ShieldTable:
    """What a container needs, for one app, in DynamoDB."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id

    def read(self, keys: list[str], *, consistent: bool = False) -> dict[str, Item]:
        by_pk = {self._pk(key): key for key in keys}
        name = _TABLE
        wanted = {"Keys": [_key(pk) for pk in by_pk], "ConsistentRead": consistent}
        reply = _once("BatchGetItem", {"RequestItems": {name: wanted}})
        if reply.get("UnprocessedKeys"):
            # A minute that is missing from the reply would count as one without sends.
            raise Unavailable(retry_after=1)
        items = [table.python(raw) for raw in reply["Responses"].get(name, ())]
        return {by_pk[item["pk"]]: _content(item) for item in items}

    def add(self, key: str, deltas: Mapping[str, int], ttl: int) -> Item:
        names = {f"#{place}": name for place, name in enumerate(deltas)}
        values = {f":{place}": {"N": str(count)} for place, count in enumerate(deltas.values())}
        adds = ", ".join(f"#{place} :{place}" for place in range(len(deltas)))
        reply = _once(
            "UpdateItem",
            {
                "TableName": _TABLE,
                "Key": _key(self._pk(key)),
                "UpdateExpression": f"ADD {adds} SET #ttl = :ttl",
                "ExpressionAttributeNames": names | {"#ttl": "ttl"},
                "ExpressionAttributeValues": values | {":ttl": {"N": str(ttl)}},
                "ReturnValues": "ALL_NEW",
            },
        )
        return _content(table.python(reply["Attributes"]))

    def swap(self, key: str, item: Item, *, was: int) -> bool:
        request: dict[str, Any] = {
            "TableName": _TABLE,
            "Item": _key(self._pk(key)) | {name: _raw(value) for name, value in item.items()},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if was:
            request |= {
                "ConditionExpression": "f = :was",
                "ExpressionAttributeValues": {":was": {"N": str(was)}},
            }
        try:
            _once("PutItem", request)
        except table.ConditionFailed:
            return False
        return True

    def _pk(self, key: str) -> str:
        return f"{self._app_id}#{key}"


def _once(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    return table.once(lambda: table.CONNECTION.dispatch(operation, request))


def _key(pk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": "-"}}


def _content(item: table.Item) -> Item:
    return {name: value for name, value in item.items() if name not in ("pk", "sk", "ttl")}


def _raw(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {"M": {name: _raw(inner) for name, inner in value.items()}}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}
