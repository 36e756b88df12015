"""Quiet hours: which names are those of time zones."""

from functools import cache
from zoneinfo import available_timezones


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether it is the IANA name of a time zone."""
    return name in _zones()
