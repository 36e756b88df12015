"""Forget every AWS client and cache, so that a test gets its own."""

from signet.carriers import end_user_messaging, sns
from signet.edge import alarms, aws, clock, functions, queue, secrets
from signet.store import apps, table


def renew() -> None:
    """Drop what was made for the AWS of another test."""
    for cached in (
        aws.session,
        alarms._client,
        clock._client,
        queue._client,
        functions._client,
        secrets._client,
        sns._client,
        end_user_messaging._client,
    ):
        cached.cache_clear()
    secrets._cached = secrets._carriers = None
    apps._cache.clear()
    table.CONNECTION._client = None
