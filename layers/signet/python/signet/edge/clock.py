"""What time it is: the one clock, which the local stack can move."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache

from signet.edge import aws, settings

_CACHE_SECONDS = 0.2


def now() -> datetime:
    """The current time, aware, in UTC."""
    table = settings.value("SIGNET_CLOCK_TABLE")
    real = datetime.now(UTC)
    return real + _offset(table, int(time.monotonic() / _CACHE_SECONDS)) if table else real


@cache
def _client() -> aws.Client:
    return aws.client("dynamodb")


_last: tuple[int, timedelta] = (-1, timedelta())


def _offset(table: str, tick: int) -> timedelta:
    global _last
    if _last[0] != tick:
        reply = _client().get_item(TableName=table, Key={"id": {"S": "clock"}})
        seconds = reply.get("Item", {}).get("offset_seconds", {}).get("N", "0")
        _last = (tick, timedelta(seconds=int(seconds)))
    return _last[1]
