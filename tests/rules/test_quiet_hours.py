"""When marketing may be sent, by the clock of whoever receives it."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from signet import quiet_hours
from signet.quiet_hours import Window

DATA: dict[str, Any] = json.loads(
    (Path(quiet_hours.__file__).with_suffix(".json")).read_text(encoding="utf-8")
)
CHINA, NEW_YORK, PARIS = "86|Asia/Shanghai", "1|America/New_York", "33|Europe/Paris"
# Of all that libphonenumber knows: every set of zones that a number may lie in.
EVERYWHERE = sorted({",".join(zones) for zones in TIMEZONE_DATA.values()})


def at(text: str, zone: str = "UTC") -> datetime:
    """A wall clock's time, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --- Which zone a number lies in --------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("+8618612345678", CHINA),
        ("+12025550123", NEW_YORK),
        ("+13105550123", "1|America/Los_Angeles"),
        ("+18085550123", "1|Pacific/Honolulu"),
        ("+14165550123", "1-CA|America/Toronto"),
        ("+12684641234", "1-AG|America/Antigua"),
        ("+33612345678", PARIS),
        ("+77011234567", "7-KZ|Asia/Almaty"),
        ("+821012345678", "82|Asia/Seoul"),
        ("+919876543210", "91|Asia/Kolkata"),
        ("+819012345678", "81|Asia/Tokyo"),
        ("+351912345678", "351|Atlantic/Azores,Europe/Lisbon"),
        ("+870773111632", "870|Etc/UTC"),
    ],
)
def test_a_number_tells_its_country_and_its_zones(phone: str, key: str) -> None:
    assert quiet_hours.zone_of(phone) == key


def test_a_number_that_may_be_anywhere_in_its_country_names_all_zones() -> None:
    zones = quiet_hours.zone_of("+79161234567").removeprefix("7|").split(",")

    assert {"Europe/Moscow", "Asia/Kamchatka"} <= set(zones)


@pytest.mark.parametrize(
    ("phone", "country"), [("+8618612345678", "86"), ("+12025550123", "1"), ("+79161234567", "7")]
)
def test_a_zone_that_is_named_goes_before_what_the_number_tells(phone: str, country: str) -> None:
    assert quiet_hours.zone_of(phone, "Europe/Berlin") == f"{country}|Europe/Berlin"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("America/New_York", True),
        ("UTC", True),
        ("", False),
        ("America", False),
        ("Asia/Atlantis", False),
        ("../../etc/passwd", False),
        ("Asia/Shanghai,UTC", False),
    ],
)
def test_zones_are_those_of_iana(name: str, known: bool) -> None:
    assert quiet_hours.is_zone(name) is known


# --- When it may be sent ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "now", "opens"),
    [
        (CHINA, at("2026-11-27T07:59:59", "Asia/Shanghai"), at("2026-11-27T00:00")),
        (CHINA, at("2026-11-27T08:00", "Asia/Shanghai"), None),
        (CHINA, at("2026-11-27T19:59:59", "Asia/Shanghai"), None),
        (CHINA, at("2026-11-27T20:00", "Asia/Shanghai"), at("2026-11-28T00:00")),
        (NEW_YORK, at("2026-11-27T20:59:59", "America/New_York"), None),
        (NEW_YORK, at("2026-11-27T21:00", "America/New_York"), at("2026-11-28T13:00")),
        ("82|Asia/Seoul", at("2026-11-27T20:30", "Asia/Seoul"), None),
        ("91|Asia/Kolkata", at("2026-11-27T09:00", "Asia/Kolkata"), at("2026-11-27T04:30")),
        ("49|Europe/Berlin", at("2026-11-27T20:00", "Europe/Berlin"), at("2026-11-28T07:00")),
        # A Saturday evening in Paris: Sunday is closed.
        (PARIS, at("2026-11-28T20:00", "Europe/Paris"), at("2026-11-30T07:30")),
        (PARIS, at("2026-11-29T12:00", "Europe/Paris"), at("2026-11-30T07:30")),
        # A night in which the clocks change, each way.
        (NEW_YORK, at("2026-03-08T01:00", "America/New_York"), at("2026-03-08T12:00")),
        (NEW_YORK, at("2026-11-01T01:00", "America/New_York"), at("2026-11-01T13:00")),
    ],
)
def test_it_waits_for_the_next_hours_of_the_law(
    key: str, now: datetime, opens: datetime | None
) -> None:
    assert quiet_hours.opens_at(key, now) == opens


@pytest.mark.parametrize(
    ("key", "now", "closes"),
    [
        (CHINA, at("2026-11-27T08:00", "Asia/Shanghai"), at("2026-11-27T12:00")),
        (NEW_YORK, at("2026-07-01T12:00", "America/New_York"), at("2026-07-02T01:00")),
        ("351|Atlantic/Azores,Europe/Lisbon", at("2026-11-27T12:00"), at("2026-11-27T20:00")),
    ],
)
def test_the_hours_end_when_the_first_of_its_zones_closes(
    key: str, now: datetime, closes: datetime
) -> None:
    assert quiet_hours.closes_at(key, now) == closes


def test_all_zones_of_a_number_must_be_open() -> None:
    key = "351|Atlantic/Azores,Europe/Lisbon"

    assert quiet_hours.opens_at(key, at("2026-11-27T08:30")) == at("2026-11-27T09:00")
    assert quiet_hours.opens_at(key, at("2026-11-27T19:59")) is None
    assert quiet_hours.opens_at(key, at("2026-11-27T20:00")) == at("2026-11-28T09:00")


def test_a_notification_has_no_hours() -> None:
    now = at("2026-11-27T03:00")

    assert quiet_hours.opens_at("", now) is None
    assert quiet_hours.closes_at("", now) > now + timedelta(days=365)


@given(st.sampled_from(EVERYWHERE), st.integers(1_767_225_600, 1_893_456_000))
def test_wherever_a_number_may_be_its_hours_come_within_a_day(zones: str, seconds: int) -> None:
    key, now = f"999|{zones}", datetime.fromtimestamp(seconds, UTC)
    opens = quiet_hours.opens_at(key, now) or now

    assert opens - now <= timedelta(hours=25)
    assert quiet_hours.opens_at(key, opens) is None
    assert opens < quiet_hours.closes_at(key, opens) <= opens + timedelta(hours=13)
    for zone in zones.split(","):
        assert 8 <= opens.astimezone(ZoneInfo(zone)).hour < 20


# --- Narrower hours ---------------------------------------------------------------------------

NARROW = Window(9 * 60, 19 * 60 + 30)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-27T08:00", "2026-11-27T09:00"),
        ("2026-11-27T09:00", None),
        ("2026-11-27T19:30", "2026-11-28T09:00"),
    ],
)
def test_a_deployment_narrows_the_hours(now: str, opens: str | None) -> None:
    found = quiet_hours.opens_at(CHINA, at(now, "Asia/Shanghai"), window=NARROW)

    assert found == (at(opens, "Asia/Shanghai") if opens else None)


def test_narrower_hours_end_earlier() -> None:
    now = at("2026-11-27T12:00", "Asia/Shanghai")
    assert quiet_hours.closes_at(CHINA, now, window=NARROW) == at("2026-11-27T11:30")


def test_hours_are_never_wider_than_the_law() -> None:
    window = Window(0, 24 * 60 - 1)
    assert quiet_hours.opens_at(CHINA, at("2026-11-27T07:59", "Asia/Shanghai"), window=window)


@pytest.mark.parametrize(
    ("key", "window", "now"),
    [
        (CHINA, Window(60, 120), at("2026-11-27T08:00", "Asia/Shanghai")),
        (quiet_hours.zone_of("+79161234567"), Window(600, 660), at("2026-11-27T06:30")),
    ],
)
def test_where_narrower_hours_leave_none_those_of_the_law_hold(
    key: str, window: Window, now: datetime
) -> None:
    assert quiet_hours.opens_at(key, now, window=window) is None
    assert quiet_hours.closes_at(key, now, window=window) > now
    assert quiet_hours.opens_at(key, now + timedelta(hours=14), window=window)


@pytest.mark.parametrize("text", ["9-19", "09:00-24:00", "19:30-09:00", "09:00-09:00", "x"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        Window.parse(text)


def test_hours_are_read_as_they_are_written() -> None:
    assert Window.parse("09:00-19:30") == NARROW
    assert Window.parse("") is None


# --- The data ---------------------------------------------------------------------------------


def test_every_country_has_hours_a_source_and_a_day() -> None:
    for rule in DATA["rules"].values():
        assert Window.parse(f"{rule['opens']}-{rule['closes']}")
        assert rule["source"].startswith("https://")
        assert rule["note"]
        assert date.fromisoformat(rule["date"]) >= date(2026, 11, 26)


def test_the_default_says_that_it_is_no_law() -> None:
    default = DATA["default"]

    assert (default["opens"], default["closes"], default["source"]) == ("08:00", "20:00", None)
    assert "Not a law" in default["note"]


def test_the_zones_that_the_data_names_are_zones() -> None:
    named = [rule["zone"] for rule in DATA["rules"].values() if "zone" in rule]
    assert named
    assert all(map(quiet_hours.is_zone, named))
