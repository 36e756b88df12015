"""Days, as the people who pay count them: message ids, caps, closings and lists agree on one."""

from datetime import datetime, timedelta, timezone

# LeanCloud's users read their bills in Beijing time, which knows no summer time.
ZONE = timezone(timedelta(hours=8))


def of(now: datetime) -> str:
    """The day of `now`, `yyyymmdd`."""
    return f"{now.astimezone(ZONE):%Y%m%d}"


def start(day: str) -> datetime:
    """The first instant of a day. Raises ValueError for what is no day."""
    found = datetime.strptime(day, "%Y%m%d").replace(tzinfo=ZONE)
    if of(found) != day:
        # strptime also takes 2026111 and digits of other scripts, which name no partition.
        raise ValueError(f"{day!r} is not yyyymmdd")
    return found
