"""Rows of audience files: who can be sent to, with what, and why somebody cannot."""

import re
from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from signet import phones
from signet.audience_columns import Columns
from signet.audiences import Reason
from signet.campaigns import MAX_ROWS
from signet.errors import SignetError
from signet.records import FORMULA
from signet.send_requests import MAX_VALUE, may_be_shown

# Twice as many slots as rows, and some: a look-up takes one or two steps.
_SLOTS = 1 << MAX_ROWS.bit_length() + 1
# 2^64 divided by the golden ratio: multiplying spreads what differs in its last digits only.
_SPREAD = 0x9E3779B97F4A7C15
_SIGNED_NUMBER = re.compile(r"\+[0-9 ().\-]*")
_SHANGHAI = timezone(timedelta(hours=8))
_YEARS = (1990, 2100)


class Refused(Exception):
    """A row that is left out; `value` is the cell that is to blame, or the number."""

    def __init__(self, reason: Reason, value: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value


class Row(NamedTuple):
    """A row that is used: E.164, variables, zone and when this person agreed (epoch seconds), if
    the file says so.
    """

    line: int
    phone: str
    variables: dict[str, str]
    zone: str | None
    agreed_at: int | None


class Seen:
    """Which numbers were there already: exactly, and in 16 MB however many they are."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _SLOTS))

    def add(self, phone: str) -> bool:
        """Whether a number (E.164) is new."""
        digits = int(phone[1:])
        place = (digits * _SPREAD >> 40) % _SLOTS
        while self._slots[place]:
            if self._slots[place] == digits:
                return False
            place = (place + 1) % _SLOTS
        self._slots[place] = digits
        return True


class Check(NamedTuple):
    """What rows are held against."""

    columns: Columns
    is_zone: Callable[[str], bool]
    seen: Seen
    now: int

    def row(self, line: int, cells: list[str]) -> Row:
        """The row of these cells. Raises Refused."""
        columns = self.columns
        if len(cells) != len(columns.names):
            raise Refused(Reason.CELLS, cells[columns.phone] if columns.phone < len(cells) else "")
        for place, cell in enumerate(cells):
            if place != columns.phone and cell.lstrip(" ").startswith(FORMULA):
                raise Refused(Reason.FORMULA, cell)
        phone = _phone(cells[columns.phone])
        variables = {name: cells[place].strip() for place, name in columns.variables}
        for value in variables.values():
            _check(value)
        zone = self._zone(cells)
        if not self.seen.add(phone):
            raise Refused(Reason.DUPLICATE, phone)
        given = {name: value for name, value in variables.items() if value}
        return Row(line, phone, given, zone, self._agreed_at(cells))

    def _zone(self, cells: list[str]) -> str | None:
        if self.columns.zone is None:
            return None
        name = cells[self.columns.zone].strip()
        if name and not self.is_zone(name):
            raise Refused(Reason.ZONE, name)
        return name or None

    def _agreed_at(self, cells: list[str]) -> int | None:
        if self.columns.consent is None:
            return None
        at = moment(cells[self.columns.consent])
        return at if at is not None and at <= self.now else None


def moment(text: str) -> int | None:
    """A time as people write it into files, in epoch seconds; without a zone it is Shanghai's.

    >>> moment("2026/05/01 08:00") == moment("2026-05-01T00:00:00Z")
    True
    """
    try:
        parsed = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return None
    if not _YEARS[0] <= parsed.year < _YEARS[1]:
        return None
    known = parsed if parsed.tzinfo else parsed.replace(tzinfo=_SHANGHAI)
    return int(known.astimezone(UTC).timestamp())


def _phone(cell: str) -> str:
    try:
        return phones.parse(cell).e164
    except SignetError:
        is_formula = cell.startswith(FORMULA) and not _SIGNED_NUMBER.fullmatch(cell)
        raise Refused(Reason.FORMULA if is_formula else Reason.INVALID, cell) from None


def _check(value: str) -> None:
    if len(value) > MAX_VALUE:
        raise Refused(Reason.LONG_VALUE, value)
    if "【" in value or "】" in value:
        raise Refused(Reason.BRACKETS, value)
    if not value.isprintable() and not all(map(may_be_shown, value)):
        raise Refused(Reason.CONTROL, value)
