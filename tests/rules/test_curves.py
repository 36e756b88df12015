"""Curves: every row in one minute, none outside its hours, the way a run goes."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signet import curves
from signet.campaigns import Part, Plan
from signet.curves import Curve, Hours, Stretch, Wait, curve

SHANGHAI, NEW_YORK, LONDON = "86|Asia/Shanghai", "1|America/New_York", "44|Europe/London"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # in Shanghai
MINUTE, HOUR = 60, 3_600


def is_open(key: str, at: datetime) -> bool:
    """From eight to twenty."""
    return 8 <= at.astimezone(ZoneInfo(key.partition("|")[2])).hour < 20


def opens_at(key: str, now: datetime) -> datetime | None:
    if is_open(key, now):
        return None
    local = now.astimezone(ZoneInfo(key.partition("|")[2]))
    day = local if local.hour < 8 else local + timedelta(days=1)
    return day.replace(hour=8, minute=0, second=0, microsecond=0).astimezone(UTC)


def closes_at(key: str, now: datetime) -> datetime:
    assert is_open(key, now)
    local = now.astimezone(ZoneInfo(key.partition("|")[2]))
    return local.replace(hour=20, minute=0, second=0, microsecond=0).astimezone(UTC)


HOURS = Hours(opens_at, closes_at)


def plan(rows: dict[str, int]) -> Plan:
    """A plan with so many rows in each zone, in parts of a thousand."""
    parts = [
        Part(zone, min(1_000, count - start), 1, 50_000, "etag")
        for zone, count in enumerate(rows.values())
        for start in range(0, count, 1_000)
    ]
    return Plan("", tuple(rows), tuple(parts), {}, {}, {}, (), 0, 0)


def drawn(rows: dict[str, int], *, pace: int | None = 50, start: datetime = NOON) -> Curve:
    return curve(plan(rows), pace=pace, start=start, hours=HOURS)


def at(offset: int) -> int:
    """So many seconds after noon."""
    return int(NOON.timestamp()) + offset


def test_a_plan_of_one_open_zone_goes_out_at_its_pace() -> None:
    found = drawn({SHANGHAI: 7_000})

    assert found.points == ((at(0), 3_000), (at(MINUTE), 3_000), (at(2 * MINUTE), 1_000))
    assert found.finishes_at == at(140)
    assert found.waits == ()


def test_a_start_within_a_minute_counts_in_it() -> None:
    found = drawn({SHANGHAI: 2_000}, start=NOON + timedelta(seconds=45))

    assert found.points == ((at(0), 750), (at(MINUTE), 1_250))


def test_without_a_pace_a_speed_is_assumed() -> None:
    assert drawn({SHANGHAI: 1_000_000}, pace=None).finishes_at == at(1_000_000 // curves.UNPACED)


def test_a_notification_knows_no_hours() -> None:
    night = NOON + timedelta(hours=12)

    found = drawn({"": 3_000}, start=night)

    assert (found.points, found.waits) == (((at(12 * HOUR), 3_000),), ())


def test_what_does_not_fit_into_the_day_waits_for_the_next_one() -> None:
    evening = NOON + timedelta(hours=7, minutes=57)

    found = list(curves.stretches(plan({SHANGHAI: 10_000}), pace=50, start=evening, hours=HOURS))

    # Two minutes, for the last one is left alone; twelve hours and a minute later the rest.
    begins = at(7 * HOUR + 57 * MINUTE)
    assert found == [
        Stretch(0, begins, begins + 120, 6_000),
        Stretch(0, at(20 * HOUR), at(20 * HOUR) + 80, 4_000),
    ]


def test_a_zone_is_not_begun_in_its_last_minute() -> None:
    found = drawn({SHANGHAI: 10}, start=NOON + timedelta(hours=7, minutes=59))

    assert found.points == ((at(20 * HOUR), 10),)
    assert found.waits == (Wait(SHANGHAI, 10, at(20 * HOUR)),)


def test_zones_that_are_closed_wait_while_others_go() -> None:
    found = drawn({NEW_YORK: 6_000, SHANGHAI: 3_000})

    # It is eleven in the evening there.
    morning = at(9 * HOUR)
    assert found.waits == (Wait(NEW_YORK, 6_000, morning),)
    assert found.points[0] == (at(0), 3_000)
    assert found.finishes_at == morning + 120


def test_the_first_zone_that_is_open_goes_first_also_when_it_opens_later() -> None:
    start = NOON + timedelta(hours=3, minutes=59)  # a minute before eight in London

    found = list(
        curves.stretches(plan({LONDON: 3_000, SHANGHAI: 6_000}), pace=50, start=start, hours=HOURS)
    )

    begins = at(4 * HOUR)
    assert found == [
        Stretch(1, begins - 60, begins, 3_000),
        Stretch(0, begins, begins + 60, 3_000),
        Stretch(1, begins + 60, begins + 120, 3_000),
    ]


def test_a_long_run_is_shown_in_points_that_are_evenly_apart() -> None:
    found = drawn({SHANGHAI: 1_000_000}, pace=10)

    times = [time for time, _ in found.points]
    assert len(times) <= curves.MOST_POINTS
    assert len({later - time for time, later in pairwise(times)}) == 1
    assert sum(rows for _, rows in found.points) == 1_000_000
    assert (NOON + timedelta(days=2)).timestamp() < (found.finishes_at or 0)


def test_a_zone_that_never_opens_has_no_end() -> None:
    never = Hours(lambda _, now: now + timedelta(days=1), lambda _, now: now)

    found = curve(plan({SHANGHAI: 10}), pace=1, start=NOON, hours=never)

    assert (found.points, found.finishes_at) == ((), None)


@pytest.mark.parametrize("seconds", [1, 59, 60, 61])
def test_hours_of_less_than_two_minutes_do_not_hang(seconds: int) -> None:
    short = Hours(
        lambda _, now: None if now.minute == now.second == 0 else _next_hour(now),
        lambda _, now: now + timedelta(seconds=seconds),
    )

    found = curve(plan({SHANGHAI: 3}), pace=1, start=NOON, hours=short)

    assert (found.finishes_at is not None) == (seconds > curves.LAST_MINUTE)


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


ZONES = st.dictionaries(
    st.sampled_from([SHANGHAI, NEW_YORK, LONDON, "91|Asia/Kolkata", "61|Australia/Sydney"]),
    st.integers(1, 60_000),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(ZONES, st.integers(1, 1_000) | st.none(), st.integers(0, 7 * 86_400))
def test_every_row_goes_out_once_within_its_hours(
    rows: dict[str, int], pace: int | None, offset: int
) -> None:
    start = NOON + timedelta(seconds=offset)
    found = list(curves.stretches(plan(rows), pace=pace, start=start, hours=HOURS))
    drawing = drawn(rows, pace=pace, start=start)

    zones = list(rows)
    gone: Counter[str] = Counter()
    for stretch in found:
        gone[zones[stretch.zone]] += stretch.rows
        begins, last = (
            datetime.fromtimestamp(time, UTC) for time in (stretch.begins, stretch.ends - 1)
        )
        assert is_open(zones[stretch.zone], begins)
        assert is_open(zones[stretch.zone], last)
        assert last < closes_at(zones[stretch.zone], begins) - timedelta(minutes=1)
        assert stretch.rows <= (pace or curves.UNPACED) * (stretch.ends - stretch.begins)
    assert gone == Counter(rows)
    assert sum(count for _, count in drawing.points) == sum(rows.values())
    assert len(drawing.points) <= curves.MOST_POINTS
    assert all(one.ends <= other.begins for one, other in pairwise(found))
    assert drawing.finishes_at == (found[-1].ends if found else None)
