"""Days as people in Beijing count them, whatever zone a time is given in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import days


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, 59, 999_999, tzinfo=UTC), "20261122"),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "20261123"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=days.ZONE), "20261123"),
        (datetime(2026, 11, 22, 8, 0, tzinfo=timezone(timedelta(hours=-8))), "20261123"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "20270101"),
        # China had summer time from 1986 to 1991; a sending service has not.
        (datetime(2026, 7, 1, 16, 0, tzinfo=UTC), "20260702"),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), "20280229"),
    ],
)
def test_a_day_begins_at_midnight_in_beijing(now: datetime, day: str) -> None:
    assert days.of(now) == day


def test_the_start_of_a_day_is_its_first_instant() -> None:
    start = days.start("20261122")

    assert start == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert days.of(start) == "20261122"
    assert days.of(start - timedelta(microseconds=1)) == "20261121"


@pytest.mark.parametrize(
    "day",
    [
        *("", "2026", "20261301", "20260229", "2026-11-22", "hello"),
        *("2026111", " 20261122", "20261122 ", "２０２６１１２２"),
    ],
)
def test_what_is_no_day_has_no_start(day: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        days.start(day)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_instant_lies_within_its_day(now: datetime) -> None:
    start = days.start(days.of(now))

    assert start <= now < start + timedelta(days=1)
