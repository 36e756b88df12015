"""When campaigns are due: at an instant, or by a cron expression as EventBridge Scheduler reads it.

    minutes  hours  day of month  month  day of week  year
    0-59     0-23   1-31          1-12   1-7          1970-2199     numbers; SUN is 1
    , - * /  , - * / , - * ? / L W , - * / , - * ? L #  , - * /     and what else may stand there

One of the two days must be `?`. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from signet.campaigns import LATE, Schedule
from signet.errors import BadParameter

# A start must lie so many seconds ahead, so that EventBridge has heard of it before.
LEAD = 10
# Nothing comes of a start for so long after it was late: whoever was to start it never did.
_SILENCE = LATE + 60
# The 29th of February can be eight years away.
_LONGEST = timedelta(days=8 * 366)
_DAY = timedelta(days=1)

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS = (
    ("minutes", range(60), ()),
    ("hours", range(24), ()),
    ("the day of the month", range(1, 32), ()),
    ("the month", range(1, 13), _MONTHS),
    ("the day of the week", range(1, 8), _WEEKDAYS),
    ("the year", range(1970, 2200), ()),
)
_RANGE = re.compile(r"(?:(\*)|([0-9A-Z]{1,4})(?:-([0-9A-Z]{1,4}))?)(?:/([0-9]{1,4}))?")
_LAST_WEEKDAY = re.compile(r"([1-7]|[A-Z]{3})L")
_NTH_WEEKDAY = re.compile(r"([1-7]|[A-Z]{3})#([1-5])")
_NEAREST = re.compile(r"([0-9]{1,2})W")


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression: sets of numbers, and the days as they are written, () for `?`."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: tuple[str, ...]
    months: frozenset[int]
    weekdays: tuple[str, ...]
    years: frozenset[int]

    def falls_on(self, day: date) -> bool:
        """Whether it is a day on which something is due."""
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.days:
            return any(_is_day(item, day) for item in self.days)
        return any(_is_weekday(item, day) for item in self.weekdays)


def parse(text: str) -> Cron:
    """What stands in EventBridge's parentheses. Raises BadParameter."""
    written = text.upper().split()
    if len(written) != len(_FIELDS):
        raise BadParameter("cron must have six fields: minutes hours day month weekday year.")
    minutes, hours, day, month, weekday, year = written
    if (day == "?") == (weekday == "?"):
        raise BadParameter("cron: one of the two days must be ?, and only one.")
    found = Cron(
        minutes=_numbers(0, minutes),
        hours=_numbers(1, hours),
        days=() if day == "?" else tuple(day.split(",")),
        months=_numbers(3, month),
        weekdays=() if weekday == "?" else tuple(weekday.split(",")),
        years=_numbers(5, year),
    )
    _check_days(found)
    return found


def check_zone(name: str) -> None:
    """Raise BadParameter unless it is a time zone's name, such as Asia/Shanghai."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadParameter("zone must be the name of a time zone, such as Asia/Shanghai.") from None


def check(schedule: Schedule, *, now: datetime) -> None:
    """Raise BadParameter unless there is a time, and it is yet to come."""
    if schedule.at is None and schedule.cron is None:
        raise BadParameter("Say first when it is to start: schedule.")
    if schedule.at is not None and schedule.at < now.timestamp() + LEAD:
        raise BadParameter(f"schedule.at must be {LEAD} seconds away at least.")
    if following(schedule, now=now) is None:
        raise BadParameter("schedule.cron names no time that is yet to come.")


def following(schedule: Schedule, *, now: datetime) -> int | None:
    """The next start after `now`, in epoch seconds; None when none is to come."""
    if schedule.cron is None:
        return schedule.at if schedule.at and schedule.at > now.timestamp() else None
    after = (at for at in _moments(schedule, now, _DAY) if at > now)
    return _seconds(next(after, None))


def latest(schedule: Schedule, *, now: datetime) -> int | None:
    """The last start up to `now`, in epoch seconds; None when there was none."""
    if schedule.cron is None:
        return schedule.at if schedule.at and schedule.at <= now.timestamp() else None
    before = (at for at in _moments(schedule, now, -_DAY) if at <= now)
    return _seconds(next(before, None))


def overdue_at(schedule: Schedule, *, now: datetime) -> int | None:
    """When the next start is so late that nobody will make it any more, in epoch seconds."""
    due = following(schedule, now=now)
    return None if due is None else due + _SILENCE


def _moments(schedule: Schedule, now: datetime, step: timedelta) -> Iterator[datetime]:
    """The starts of today and of the days that follow, or went before, in that order."""
    cron, zone = parse(schedule.cron or ""), ZoneInfo(schedule.zone)
    backwards = step < timedelta()
    # A day on the other side of midnight may hold the next one where the clock is set back.
    day = now.astimezone(zone).date() - step
    for _ in range(_LONGEST.days):
        if cron.falls_on(day):
            for hour in sorted(cron.hours, reverse=backwards):
                for minute in sorted(cron.minutes, reverse=backwards):
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    yield local.astimezone(UTC)
        day += step


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _numbers(place: int, written: str) -> frozenset[int]:
    """The numbers that a field stands for. Raises BadParameter."""
    return frozenset(number for item in written.split(",") for number in _range(place, item))


def _range(place: int, item: str) -> range:
    name, known, _ = _FIELDS[place]
    found = _RANGE.fullmatch(item)
    if found is None:
        raise BadParameter(f"cron: {name} cannot be that.")
    every, first, last, step = found.groups()
    start = known[0] if every else _number(place, first)
    end = known[-1] if every or (step and not last) else _number(place, last or first)
    if start > end or (step and not int(step)):
        raise BadParameter(f"cron: {name} cannot be that.")
    return range(start, end + 1, int(step or 1))


def _number(place: int, written: str) -> int:
    name, known, names = _FIELDS[place]
    number = known[0] + names.index(written) if written in names else -1
    if written.isdecimal():
        number = int(written)
    if number not in known:
        raise BadParameter(f"cron: {name} cannot be that.")
    return number


def _check_days(cron: Cron) -> None:
    """Any day shows whether what is written can be read."""
    for item in cron.days:
        _is_day(item, date(2024, 2, 1))
    for item in cron.weekdays:
        _is_weekday(item, date(2024, 2, 1))


def _is_day(item: str, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if item == "L":
        return day.day == last
    if item == "LW":
        return day == _weekday_near(day.replace(day=last))
    if near := _NEAREST.fullmatch(item):
        wanted = _number(2, near[1])
        return wanted <= last and day == _weekday_near(day.replace(day=wanted))
    return day.day in _range(2, item)


def _is_weekday(item: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if item == "L":
        return weekday == len(_WEEKDAYS)
    if found := _LAST_WEEKDAY.fullmatch(item):
        ends = (day + 7 * _DAY).month != day.month
        return weekday == _number(4, found[1]) and ends
    if found := _NTH_WEEKDAY.fullmatch(item):
        return weekday == _number(4, found[1]) and (day.day + 6) // 7 == int(found[2])
    return weekday in _range(4, item)


def _weekday_near(day: date) -> date:
    """The day from Monday to Friday that is nearest, in the same month."""
    if day.isoweekday() == 6:
        return day - _DAY if day.day > 1 else day + 2 * _DAY
    if day.isoweekday() == 7:
        is_last = (day + _DAY).month != day.month
        return day - 2 * _DAY if is_last else day + _DAY
    return day
