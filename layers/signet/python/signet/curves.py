"""Curves: how many of a plan go out in which minute, by its pace and by the hours of its zones.

As a run does it: of the zones that are open it takes the first of the plan that has anybody left,
until nobody is, until it closes, or until one before it opens; where none is open it waits. A zone
is left alone in its last minute, for what is released then may come too late.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from math import ceil, floor
from typing import NamedTuple

from signet.campaigns import Plan

# What a run without a pace is taken to do, in recipients a second.
UNPACED = 500
LAST_MINUTE = 60
MOST_POINTS = 240
_MINUTE = 60
# Whoever is to wait for longer is not shown an end.
_HORIZON = 400 * 86_400


class Hours(NamedTuple):
    """When a zone opens (None: it is open) and closes; see `quiet_hours`."""

    opens_at: Callable[[str, datetime], datetime | None]
    closes_at: Callable[[str, datetime], datetime]


class Stretch(NamedTuple):
    """Rows of one zone that go out in a row. Times are epoch seconds, `ends` is not part of it."""

    zone: int
    begins: int
    ends: int
    rows: int


class Wait(NamedTuple):
    """Rows that cannot go out at the start, by their zone's key; and when they can."""

    zone: str
    rows: int
    opens_at: int


class Curve(NamedTuple):
    """How a plan goes out. Points are (first minute, rows), evenly apart; times epoch seconds.

    `finishes_at` is None where that is more than a year away.
    """

    points: tuple[tuple[int, int], ...]
    finishes_at: int | None
    waits: tuple[Wait, ...]


def curve(plan: Plan, *, pace: int | None, start: datetime, hours: Hours) -> Curve:
    """How the whole plan goes out, if it starts then."""
    begins, rows = ceil(start.timestamp()), _rows(plan)
    found = list(stretches(plan, pace=pace, start=start, hours=hours))
    is_whole = sum(stretch.rows for stretch in found) == plan.rows
    opens = {zone: _window(plan.zones[zone], begins, hours)[0] for zone in rows}
    return Curve(
        points=_compressed(_by_minute(found, pace or UNPACED)),
        finishes_at=found[-1].ends if found and is_whole else None,
        waits=tuple(
            Wait(plan.zones[zone], rows[zone], opens[zone]) for zone in rows if opens[zone] > begins
        ),
    )


def stretches(plan: Plan, *, pace: int | None, start: datetime, hours: Hours) -> Iterator[Stretch]:
    """What goes out, zone by zone, in order of time; it ends where nobody would wait for more."""
    speed, left, now = pace or UNPACED, _rows(plan), ceil(start.timestamp())
    windows = dict.fromkeys(left, (now, now))
    last = now + _HORIZON
    while left and now < last:
        for zone in left:
            if windows[zone][1] <= now:
                windows[zone] = _window(plan.zones[zone], now, hours)
        open_now = [zone for zone in left if windows[zone][0] <= now]
        if not open_now:
            now = min(windows[zone][0] for zone in left)
            continue
        zone = open_now[0]
        until = min(windows[zone][1], *(windows[each][0] for each in left if each < zone), last)
        rows = min(left[zone], speed * (until - now))
        ends = now + ceil(rows / speed)
        yield Stretch(zone, now, ends, rows)
        now = ends
        left[zone] -= rows
        if not left[zone]:
            del left[zone]


def _rows(plan: Plan) -> dict[int, int]:
    """How many rows each zone has, in the plan's order."""
    counts: dict[int, int] = {}
    for part in plan.parts:
        counts[part.zone] = counts.get(part.zone, 0) + part.rows
    return counts


def _window(zone: str, now: int, hours: Hours) -> tuple[int, int]:
    """When the zone can be taken next, now or later, and until when."""
    last = now + _HORIZON
    while zone and now < last:
        opens = hours.opens_at(zone, _time(now))
        begins = ceil(opens.timestamp()) if opens else now
        closes = floor(hours.closes_at(zone, _time(begins)).timestamp())
        if closes - LAST_MINUTE > begins:
            return begins, closes - LAST_MINUTE
        now = max(closes, begins + 1)
    return now, last


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _by_minute(found: list[Stretch], speed: int) -> dict[int, int]:
    """Rows by the beginning of their minute."""
    minutes: dict[int, int] = {}
    for stretch in found:
        said = 0
        for minute in range(stretch.begins - stretch.begins % _MINUTE, stretch.ends, _MINUTE):
            gone = min(stretch.rows, speed * (minute + _MINUTE - stretch.begins))
            minutes[minute] = minutes.get(minute, 0) + gone - said
            said = gone
    return minutes


def _compressed(minutes: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """The same in points that are evenly apart, so many minutes that there are not too many."""
    if not minutes:
        return ()
    first, last = min(minutes), max(minutes)
    step = _MINUTE * ceil(((last - first) // _MINUTE + 1) / MOST_POINTS)
    points = dict.fromkeys(range(first, last + 1, step), 0)
    for minute, rows in minutes.items():
        points[first + (minute - first) // step * step] += rows
    return tuple(points.items())
