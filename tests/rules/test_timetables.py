"""Cron expressions as EventBridge reads them, and when something is due or overdue by them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from signet import timetables
from signet.campaigns import LATE, Schedule
from signet.errors import BadParameter

# A Friday.
NOW = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)


def instant(written: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).timestamp())


def every(cron: str, zone: str = "UTC") -> Schedule:
    return Schedule(cron=cron, zone=zone)


# The first six are of AWS's page: see `signet.timetables`.
NEXT = [
    ("0 10 * * ? *", "2026-11-27 10:00", "2026-11-26 10:00"),
    ("15 12 * * ? *", "2026-11-27 12:15", "2026-11-26 12:15"),
    ("0 18 ? * MON-FRI *", "2026-11-27 18:00", "2026-11-26 18:00"),
    ("0 8 1 * ? *", "2026-12-01 08:00", "2026-11-01 08:00"),
    ("0/15 * * * ? *", "2026-11-27 01:45", "2026-11-27 01:30"),
    ("0/10 * ? * MON-FRI *", "2026-11-27 01:40", "2026-11-27 01:30"),
    ("15 10 ? * 6L 2019-2030", "2026-11-27 10:15", "2026-10-30 10:15"),
    ("0 9 ? * MON#1 *", "2026-12-07 09:00", "2026-11-02 09:00"),
    ("0 9 ? * 2#5 *", "2026-11-30 09:00", "2026-08-31 09:00"),
    ("0 9 ? * L *", "2026-11-28 09:00", "2026-11-21 09:00"),
    ("0 9 L * ? *", "2026-11-30 09:00", "2026-10-31 09:00"),
    # The 31st of October is a Saturday.
    ("0 9 LW * ? *", "2026-11-30 09:00", "2026-10-30 09:00"),
    # The 1st of November is a Sunday, and the 31st of October another month's.
    ("0 9 1W * ? *", "2026-12-01 09:00", "2026-11-02 09:00"),
    ("0 9 28W * ? *", "2026-11-27 09:00", "2026-10-28 09:00"),
    ("0 9 31W * ? *", "2026-12-31 09:00", "2026-10-30 09:00"),
    ("0 9 29 2 ? *", "2028-02-29 09:00", "2024-02-29 09:00"),
    ("0 9 1,15 JAN,JUL ? *", "2027-01-01 09:00", "2026-07-15 09:00"),
    ("5 0 ? * SAT,SUN *", "2026-11-28 00:05", "2026-11-22 00:05"),
    ("0 9 1/10 * ? *", "2026-12-01 09:00", "2026-11-21 09:00"),
]


@pytest.mark.parametrize(("cron", "following", "latest"), NEXT)
def test_a_cron_falls_on_these_times(cron: str, following: str, latest: str) -> None:
    assert timetables.following(every(cron), now=NOW) == instant(following)
    assert timetables.latest(every(cron), now=NOW) == instant(latest)


def test_a_cron_is_read_in_its_zone() -> None:
    shanghai = every("0 10 ? * MON *", "Asia/Shanghai")
    assert timetables.following(shanghai, now=NOW) == instant("2026-11-30 02:00")
    # It is Friday there already, and Thursday in New York.
    now = datetime(2026, 11, 27, 3, tzinfo=UTC)
    new_york = every("0 22 ? * THU *", "America/New_York")
    assert timetables.latest(new_york, now=now) == instant("2026-11-27 03:00")
    assert timetables.latest(new_york, now=now - timedelta(seconds=1)) == instant(
        "2026-11-20 03:00"
    )


def test_a_cron_keeps_to_the_clock_on_the_wall_when_that_is_set() -> None:
    daily = every("30 8 * * ? *", "America/New_York")
    before = datetime(2026, 10, 31, 20, tzinfo=UTC)
    assert timetables.following(daily, now=before) == instant("2026-11-01 13:30")
    assert timetables.latest(daily, now=before) == instant("2026-10-31 12:30")


def test_a_year_that_is_over_leaves_nothing_to_come() -> None:
    past = every("0 10 * * ? 2025")
    assert timetables.following(past, now=NOW) is None
    assert timetables.overdue_at(past, now=NOW) is None
    with pytest.raises(BadParameter, match="yet to come"):
        timetables.check(past, now=NOW)


@pytest.mark.parametrize(
    "cron",
    [
        *("", "0 10 * * ?", "0 10 * * ? * *", "* * * * * *", "0 10 ? * ? *", "0 10 1 * MON *"),
        *("60 10 * * ? *", "0 24 * * ? *", "0 10 0 * ? *", "0 10 32 * ? *", "0 10 32W * ? *"),
        *("0 10 * 13 ? *", "0 10 ? * 0 *", "0 10 ? * 8 *", "0 10 ? * MON#6 *", "0 10 ? * XXXL *"),
        *(
            "0 10 * * ? 1969",
            "0 10 * * ? 2200",
            "5-1 10 * * ? *",
            "0/00 10 * * ? *",
            "a 10 * * ? *",
        ),
        *("-5 10 * * ? *", "0 10 W * ? *", "0 10 ? * # *", "0,, 10 * * ? *", "0 10 ? * L-1 *"),
        *(
            "0 10 * JANUARY ? *",
            "0 10 * MON ? *",
            "rate(5 minutes)",
            "0 10 * * ? * ; x",
            "? 1 * * ? *",
        ),
    ],
)
def test_what_eventbridge_would_not_take_is_refused(cron: str) -> None:
    with pytest.raises(BadParameter, match="cron"):
        timetables.parse(cron)


def test_small_letters_are_as_good() -> None:
    assert timetables.parse("0 10 ? jan mon-fri *") == timetables.parse("0 10 ? JAN MON-FRI *")


@pytest.mark.parametrize("name", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_a_zone_is_known(name: str) -> None:
    timetables.check_zone(name)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Asia", "\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(BadParameter, match="zone"):
        timetables.check_zone(name)


@pytest.mark.parametrize("ahead", [-3600, 0, 9])
def test_a_time_that_is_over_or_too_near_is_refused(ahead: int) -> None:
    with pytest.raises(BadParameter, match="10 seconds"):
        timetables.check(Schedule(at=int(NOW.timestamp()) + ahead), now=NOW)


def test_a_time_ahead_is_taken_and_no_time_is_not() -> None:
    timetables.check(Schedule(at=int(NOW.timestamp()) + 10), now=NOW)
    timetables.check(every("0 10 * * ? *"), now=NOW)
    with pytest.raises(BadParameter, match="schedule"):
        timetables.check(Schedule(), now=NOW)


def test_somebody_looks_when_a_start_is_later_than_any_that_is_made() -> None:
    at = int(NOW.timestamp()) + 120
    assert timetables.overdue_at(Schedule(at=at), now=NOW) == at + LATE + 60
    daily = timetables.overdue_at(every("0 10 * * ? *"), now=NOW)
    assert daily == instant("2026-11-27 10:00") + LATE + 60
