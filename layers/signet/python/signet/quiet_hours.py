"""Quiet hours: when marketing may be sent, by the clock of whoever receives it.

The hours are `quiet_hours.json`, by country, each with its source and the day somebody looked. A
number's zones are libphonenumber's; where it does not tell which one, all of them must be open.
A key names both, the country and the zones: `86|Asia/Shanghai`, `7|Europe/Moscow,Asia/Omsk,…`;
"" is that of messages without hours. Zones, and the data of numbers, load with the first key.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from signet import phones

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
# Within so many days every number has hours, whatever its weekdays and zones.
_HORIZON = timedelta(days=8)
# In the +1 countries every number lies in an area, mobile or not; libphonenumber says so of fixed
# ones only, and of the others that they may be anywhere from Bermuda to Guam.
_BY_AREA = 1
_NOWHERE = "Etc/Unknown"


class Window(NamedTuple):
    """Hours of a day, in minutes since midnight; `closes` is the first minute that is closed."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> "Window | None":
        """The window of a text such as "09:00-19:30"; None of "". Raises ValueError."""
        if not text:
            return None
        found = _WINDOW.fullmatch(text)
        if found is None:
            raise ValueError(f"not hours such as 09:00-19:30: {text}")
        hour, minute, last_hour, last_minute = map(int, found.groups())
        window = cls(hour * 60 + minute, last_hour * 60 + last_minute)
        if window.opens >= window.closes:
            raise ValueError(f"these hours close before they open: {text}")
        return window


class _Clock(NamedTuple):
    """One zone of a key, with the hours and days that hold in it."""

    zone: ZoneInfo
    window: Window
    days: tuple[int, ...]

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        opens, closes = self.window
        return local.isoweekday() in self.days and opens <= minute < closes

    def opening(self, now: datetime) -> datetime:
        """The first instant after `now` at which it opens."""
        return next(
            opens
            for day in self._days_from(now)
            if (opens := self._at(day, self.window.opens)) > now and self.is_open(opens)
        )

    def closing(self, now: datetime) -> datetime:
        """The end of the open window that `now` is in."""
        return self._at(now.astimezone(self.zone).date(), self.window.closes)

    def _days_from(self, now: datetime) -> Iterator[date]:
        day = now.astimezone(self.zone).date()
        while True:
            yield day
            day += timedelta(days=1)

    def _at(self, day: date, minute: int) -> datetime:
        local = datetime.combine(day, time(minute // 60, minute % 60), self.zone)
        return local.astimezone(UTC)


def zone_of(e164: str, zone: str | None = None) -> str:
    """The key of a number; `zone`, an IANA name, says where it is whatever the number says."""
    dial = phones.dial_code(e164)
    fixed = _rules().get(dial, {}).get("zone")
    if fixed:
        return f"{dial}|{zone or fixed}"
    import phonenumbers

    number = phonenumbers.parse(e164)
    country = _country(dial, phonenumbers.region_code_for_number(number))
    zones = zone or _rules().get(country, {}).get("zone") or ",".join(_zones(number))
    return f"{country}|{zones}"


def is_zone(name: str) -> bool:
    """Whether this is the IANA name of a zone."""
    return name in _all_zones()


def opens_at(key: str, now: datetime, *, window: Window | None = None) -> datetime | None:
    """None if it may be sent now; else the next instant at which it may.

    `window` narrows the hours of each zone. Where it leaves a number no hour at all, the hours of
    the law hold without it: what waits for an hour that never comes would be lost.
    """
    if not key:
        return None
    opens = _first_open(_clocks(key, window), now) or _first_open(_clocks(key, None), now)
    if opens is None:
        raise ValueError(f"never open: {key}")
    return None if opens == now else opens


def closes_at(key: str, now: datetime, *, window: Window | None = None) -> datetime:
    """The end of the open window that `now` is in, which `opens_at` says; never, of ""."""
    if not key:
        return datetime.max.replace(tzinfo=UTC)
    clocks = _clocks(key, window)
    if not _are_open(clocks, now):
        clocks = _clocks(key, None)
    return min(clock.closing(now) for clock in clocks)


def _first_open(clocks: tuple[_Clock, ...], now: datetime) -> datetime | None:
    """The first instant from `now` at which all are open; None if there is none that soon."""
    at = now
    while clocks and not _are_open(clocks, at):
        at = max(at if clock.is_open(at) else clock.opening(at) for clock in clocks)
        if at - now > _HORIZON:
            return None
    return at if clocks else None


def _are_open(clocks: tuple[_Clock, ...], now: datetime) -> bool:
    return bool(clocks) and all(clock.is_open(now) for clock in clocks)


@lru_cache(maxsize=1024)
def _clocks(key: str, window: Window | None) -> tuple[_Clock, ...]:
    """The clocks of a key; none where the window leaves no hour."""
    country, _, zones = key.partition("|")
    rule = _rules().get(country, _data()["default"])
    hours = Window.parse(f"{rule['opens']}-{rule['closes']}") or Window(0, 0)
    if window:
        hours = Window(max(hours.opens, window.opens), min(hours.closes, window.closes))
    if hours.opens >= hours.closes:
        return ()
    days = tuple(rule.get("days", _EVERY_DAY))
    return tuple(_Clock(ZoneInfo(zone), hours, days) for zone in zones.split(","))


def _country(dial: str, region: str | None) -> str:
    """The dial code, with the region's own name where it is not the code's main one."""
    import phonenumbers

    main = phonenumbers.region_code_for_country_code(int(dial))
    return dial if region == main else f"{dial}-{region or 'ZZ'}"


def _zones(number: Any) -> tuple[str, ...]:
    """Where the number may be; UTC where nobody knows, as of satellite phones."""
    from phonenumbers import timezone

    by_area = number.country_code == _BY_AREA
    everywhere = timezone.time_zones_for_number
    find = timezone.time_zones_for_geographical_number if by_area else everywhere
    zones: tuple[str, ...] = find(number)
    return ("Etc/UTC",) if zones == (_NOWHERE,) else zones


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _rules() -> Mapping[str, Mapping[str, Any]]:
    rules: Mapping[str, Mapping[str, Any]] = _data()["rules"]
    return rules


@cache
def _data() -> Mapping[str, Any]:
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data
