"""Runs calls of the unmodified Python SDK, one JSON line each from stdin, and answers each with
what an app would see: {"value": …}, or {"code": …, "message": …} if it raised LeanCloudError, or
{"raised": …} if it raised anything else.

LEANCLOUD_API_SERVER=<url> python python_sdk.py <app id> <app key> <master key>
A line is ["cloud.verify_sms_code", …arguments]; "user = leancloud.User" keeps the value for later
lines, "user.save" calls a method of it, and {"$": "user"} is an argument.
Runs in a venv of its own; nothing of Signet is imported.
"""

import json
import sys
from functools import reduce
from typing import Any

import leancloud
from leancloud import client, cloud

APP_ID, APP_KEY, MASTER_KEY = sys.argv[1:]


def as_master() -> None:
    """From now on every call is made with the master key, as by an app's server."""
    leancloud.init(APP_ID, APP_KEY, MASTER_KEY)


def as_client() -> None:
    """From now on every call is made with the app key."""
    leancloud.init(APP_ID, APP_KEY)


def nobody() -> None:
    """Nobody is logged in; the SDK's own `logout` deletes what its next call looks for."""
    leancloud.User.set_current(None)


kept: dict[str, Any] = {
    "leancloud": leancloud,
    "cloud": cloud,
    "client": client,
    "as_master": as_master,
    "as_client": as_client,
    "nobody": nobody,
}


def seen(value: Any) -> Any:
    """The value as JSON; of an object its fields, its id and its session."""
    if isinstance(value, list):
        return [seen(element) for element in value]
    if isinstance(value, leancloud.Object):
        fields = {name: seen(field) for name, field in value._attributes.items()}
        token = getattr(value, "session_token", None)
        return {**fields, "objectId": value.id, "sessionToken": token}
    return value if isinstance(value, str | int | float | dict | None) else str(value)


def given(argument: Any) -> Any:
    """The argument, or the kept value that it names, also in a list."""
    if isinstance(argument, list):
        return [given(element) for element in argument]
    named = isinstance(argument, dict) and "$" in argument
    return kept[argument["$"]] if named else argument


def run(expression: str, arguments: list[Any]) -> Any:
    """What the call returned."""
    name, _, path = expression.rpartition(" = ")
    first, *steps = path.split(".")
    member = reduce(getattr, steps, kept[first])
    result = member(*map(given, arguments)) if callable(member) else member
    if name:
        kept[name] = result
    return seen(result)


def outcome(expression: str, *arguments: Any) -> dict[str, Any]:
    """What the call returned or raised."""
    try:
        return {"value": run(expression, list(arguments))}
    except leancloud.LeanCloudError as error:
        return {"code": error.code, "message": error.error}
    except Exception as error:  # noqa: BLE001 (whatever it raises, it did not say yes)
        return {"raised": type(error).__name__, "message": str(error)}


as_client()
for line in sys.stdin:
    sys.stdout.write(json.dumps(outcome(*json.loads(line))) + "\n")
    sys.stdout.flush()
