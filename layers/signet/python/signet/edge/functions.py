"""Other functions of this deployment, called directly."""

import json
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws


class FunctionFailed(Exception):
    """The function could not be reached, or crashed: it has said nothing that can be passed on."""


@cache
def _client() -> aws.Client:
    # Shorter than the caller's own timeout; called once, for the caller's caller may try again.
    return aws.client("lambda", read_timeout=9, attempts=1)


def invoke_later(name: str, event: dict[str, Any]) -> None:
    """Have the function called `name` run for `event`, without waiting. Raises FunctionFailed."""
    try:
        _client().invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
    except (BotoCoreError, ClientError) as error:
        raise FunctionFailed(name) from error


def invoke(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """What the function called `name` returns for `event`. Raises FunctionFailed."""
    try:
        reply = _client().invoke(FunctionName=name, Payload=json.dumps(event))
        result: dict[str, Any] = json.loads(reply["Payload"].read())
    except (BotoCoreError, ClientError, ValueError) as error:
        raise FunctionFailed(name) from error
    if "FunctionError" in reply:
        raise FunctionFailed(name)
    return result
