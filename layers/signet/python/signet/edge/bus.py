"""The deployment's event bus, on which other parts of an AWS account listen.

Failure mode: what the bus did not take is tried again later, by whoever owes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings

SOURCE = "signet"
# Of one call, by EventBridge.
MOST = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """What rules of the bus see: a `detail-type`, and JSON as the `detail`."""

    type: str
    body: str


@cache
def _client() -> aws.Client:
    return aws.client("events", read_timeout=5, attempts=2)


def put(entries: Sequence[Entry]) -> list[str | None]:
    """Put at most `MOST` entries on the bus; for each None, or the code of its failure."""
    bus = settings.value("SIGNET_EVENT_BUS")
    asked = [
        {"Source": SOURCE, "DetailType": each.type, "Detail": each.body, "EventBusName": bus}
        for each in entries
    ]
    try:
        answers: list[dict[str, Any]] = _client().put_events(Entries=asked)["Entries"]
    except (BotoCoreError, ClientError):
        return ["unavailable"] * len(entries)
    return [each.get("ErrorCode") for each in answers]
