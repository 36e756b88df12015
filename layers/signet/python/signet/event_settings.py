"""What an owner says about events: where they go, which are wanted; and how that is shown."""

from dataclasses import replace
from datetime import datetime, timedelta

from signet import events, fields, records
from signet.apps import Events, Key
from signet.endpoints import LONGEST, Endpoint
from signet.errors import BadParameter
from signet.fields import Body

# A former secret signs beside the new one for so long.
OVERLAP = timedelta(days=1)


def parse(body: Body, *, private: bool) -> Events:
    """The settings in `{"url", "bus", "types"}`, without a secret. Raises BadParameter.

    Each may be missing: no endpoint, no bus, all types.
    """
    fields.only(body, ("url", "bus", "types"))
    url = fields.text_or_none(body, "url", longest=LONGEST)
    if url is not None:
        Endpoint.parse(url, private=private)
    return Events(url=url, bus=fields.flag(body, "bus", default=False), types=_types(body))


def changed(before: Events, wanted: Events, drawn: str) -> Events:
    """The settings as wanted; an endpoint without a secret gets the drawn one."""
    secret = before.secret or (Key(drawn) if wanted.url else None)
    return replace(wanted, secret=secret)


def rotated(before: Events, drawn: str, *, now: datetime) -> Events:
    """The settings with a new secret; the one before signs beside it for a day."""
    former = before.secret.current if before.secret else None
    return replace(before, secret=Key(drawn, former, now + OVERLAP if former else None))


def shown(settings: Events, *, now: datetime) -> dict[str, object]:
    """The settings as JSON has them; never with a secret."""
    secret = settings.secret
    until = secret.previous_until if secret else None
    return {
        "url": settings.url,
        "bus": settings.bus,
        "types": None if settings.types is None else list(settings.types),
        "has_secret": secret is not None,
        "former_secret_until": (
            records.iso(int(until.timestamp())) if until and until > now else None
        ),
    }


def _types(body: Body) -> tuple[str, ...] | None:
    given = body.get("types")
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        raise BadParameter("types must be a list of types of events, or null for all.")
    for each in given:
        if each not in events.WANTED:
            name = fields.short(each) if isinstance(each, str) else "One of types"
            raise BadParameter(f"{name} is not a type of event.")
    return tuple(kind for kind in events.WANTED if kind in given)
