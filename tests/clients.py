"""AWS clients of a test's own, and how every other client and cache is forgotten."""

import botocore.session
from botocore.loaders import create_loader

from signet.carriers import end_user_messaging, sns
from signet.edge import (
    alarms,
    aws,
    bus,
    clock,
    functions,
    objects,
    plans,
    queue,
    schedules,
    secrets,
    streams,
    uploads,
)
from signet.store import apps, carrier_health, digests, shield, table

# The descriptions of services are files: reading them takes longer than most tests.
_LOADER = create_loader()


def session() -> botocore.session.Session:
    """A new session that knows every description that another one has read."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _LOADER)
    return made


def renew() -> None:
    """Drop what was made for the AWS of another test."""
    for cached in (
        aws.session,
        alarms._client,
        bus._client,
        clock._client,
        queue._client,
        schedules._client,
        plans.read,
        plans.recipients,
        functions._client,
        objects._client,
        streams._client,
        uploads._client,
        secrets._client,
        sns._client,
        end_user_messaging._client,
    ):
        cached.cache_clear()
    aws.session().register_component("data_loader", _LOADER)
    secrets._cached = secrets._carriers = None
    apps._cache.clear()
    digests.forget()
    shield.CONTAINERS.forget()
    carrier_health.HEALTH.forget()
    table.CONNECTION._client = None
