"""What must hold of the users of an app at any instant, whatever was cut off or ran at once."""

from collections import Counter
from typing import Any

import boto3

from signet.store import users as store


def items(app_id: str) -> dict[str, dict[str, Any]]:
    """The items of an app in the Users table, by their keys without the app."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="users")
    prefix = f"{app_id}#"
    return {
        item["pk"]["S"].removeprefix(prefix): item
        for page in pages
        for item in page["Items"]
        if item["pk"]["S"].startswith(prefix)
    }


def check(app_id: str) -> None:
    """Every claim has its owner, every user all its claims, and no number is two users'."""
    held = items(app_id)
    ids = [key.removeprefix("user#") for key in held if key.startswith("user#")]
    users = {object_id: store.get(app_id, object_id) for object_id in ids}
    owned = {key: item["owner"]["S"] for key, item in held.items() if not key.startswith("user#")}
    wanted = {
        claim: object_id for object_id, user in users.items() if user for claim in user.claims
    }
    assert owned == wanted
    numbers = Counter(user.phone for user in users.values() if user and user.phone)
    assert all(count == 1 for count in numbers.values()), numbers
