"""What an owner says of a campaign: its fields, each checked, and how they change one.

{"name", "template", "sign"?, "audience_id", "variables"?: {}, "schedule"?: {"at"} or
 {"cron", "zone"?} or null, "pace"?: recipients a second or null, "stops"?: {"failures",
 "opt_outs", "window"}}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from signet import fields, timetables
from signet.campaigns import MAX_PACE, Campaign, Schedule, Stops
from signet.errors import BadParameter
from signet.fields import Body
from signet.templates import MAX_NAME, MAX_VARIABLES, RESERVED

PACE = 50
# Those that say what is said to whom: a plan is of them only.
CONTENT = frozenset({"template", "sign", "audience_id", "variables"})

_LONGEST_NAME, _LONGEST_WORD = 64, 128
_FIELDS = (*CONTENT, "name", "schedule", "pace", "stops")
# A name that everybody is called by may be given; the others are the service's own.
_NOT_OURS = frozenset(RESERVED) - {"name"}
_FAR = 4_102_444_800  # the year 2100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a campaign is to be; `sign` None: the app's default signature."""

    name: str
    template: str
    audience_id: str
    sign: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    pace: int | None = PACE
    stops: Stops = field(default_factory=Stops)


def parse(body: Body) -> Wanted:
    """A new campaign. Raises BadParameter."""
    needed = {"name": None, "template": None, "audience_id": None}
    return Wanted(**_given({**needed, **body}, Stops()))


def changed(before: Campaign, body: Body) -> Wanted:
    """The campaign with the fields that `body` names. Raises BadParameter."""
    content = before.content
    asked = Wanted(
        name=before.name,
        template=content.template,
        audience_id=content.audience_id,
        sign=content.signature,
        variables=content.variables,
        schedule=before.schedule,
        pace=before.pace,
        stops=before.stops,
    )
    return replace(asked, **_given(body, before.stops))


def _given(body: Body, stops: Stops) -> dict[str, Any]:
    """The fields that are there, as they are kept."""
    fields.only(body, _FIELDS)
    readers: dict[str, Callable[[], object]] = {
        "name": lambda: fields.text(body, "name", longest=_LONGEST_NAME),
        "template": lambda: fields.text(body, "template", longest=_LONGEST_WORD),
        "audience_id": lambda: fields.text(body, "audience_id", longest=_LONGEST_WORD),
        "sign": lambda: fields.text_or_none(body, "sign", longest=_LONGEST_WORD),
        "variables": lambda: _variables(body),
        "schedule": lambda: _schedule(body),
        "pace": lambda: fields.whole_or_none(body, "pace", least=1, most=MAX_PACE),
        "stops": lambda: _stops(body, stops),
    }
    return {name: read() for name, read in readers.items() if name in body}


def _variables(body: Body) -> dict[str, str]:
    found = fields.texts(body, "variables", most=MAX_VARIABLES, longest=_LONGEST_WORD)
    for name in found:
        if name in _NOT_OURS or len(name) > MAX_NAME:
            raise BadParameter(f"variables: {fields.short(name)} cannot be set.")
    if any(mark in value for value in found.values() for mark in "【】"):
        raise BadParameter("variables must not contain 【 or 】.")
    return found


def _schedule(body: Body) -> Schedule:
    if body["schedule"] is None:
        return Schedule()
    inner = fields.inner(body, "schedule")
    fields.only(inner, ("at", "cron", "zone"))
    if ("at" in inner) == ("cron" in inner):
        raise BadParameter("schedule has either at or cron.")
    if "at" in inner:
        return _once(inner)
    zone = fields.text_or_none(inner, "zone", longest=_LONGEST_WORD) or Schedule().zone
    timetables.check_zone(zone)
    cron = " ".join(fields.text(inner, "cron", longest=_LONGEST_WORD).upper().split())
    timetables.parse(cron)
    return Schedule(cron=cron, zone=zone)


def _once(inner: Body) -> Schedule:
    if "zone" in inner:
        raise BadParameter("schedule.at says its zone itself; zone goes with cron.")
    at = _instant(fields.text(inner, "at", longest=_LONGEST_WORD))
    if at is None or not 0 < at.timestamp() < _FAR:
        raise BadParameter("schedule.at must be an ISO time with its zone: 2026-12-01T10:00:00Z.")
    return Schedule(at=int(at.timestamp()))


def _instant(written: str) -> datetime | None:
    """The instant that an ISO time with its zone names; None when it is none."""
    try:
        at = datetime.fromisoformat(written)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _stops(body: Body, before: Stops) -> Stops:
    inner = fields.inner(body, "stops")
    bounds = {"failures": (1, 1_000), "opt_outs": (1, 1_000), "window": (100, 10_000)}
    fields.only(inner, bounds)
    return replace(
        before,
        **{
            name: fields.whole(inner, name, least=least, most=most)
            for name, (least, most) in bounds.items()
            if name in inner
        },
    )
