"""Records: what is shown of a message that was sent, to people who must not see the number.

A record has no text: it could hold a code. Fields are those of the console API; amounts are
micro-yuan, times epoch seconds here and ISO-8601 in UTC outside.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime

from signet import days, fields, phones
from signet.codes import Purpose
from signet.errors import BadParameter, Missing
from signet.limits import Channel, Kind
from signet.messages import State
from signet.tries import Try

PAGE = 50
MAX_PAGE = 100
CSV_PAGE = 1_000

# Of a message id, as `messages.new_id` writes it; the last part is the sort key.
_ID = re.compile(r"([0-9]{8})-([0-9]{1,3})-([0-9a-f]{32})")
_SORT_KEY = re.compile(r"[0-9a-f]{32}")
_DAY = re.compile(r"[0-9]{8}")
_HIDDEN_DIGITS = "****"
# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"
# What the API and spreadsheets say of a code's purpose: the store's letters tell nobody anything.
_PURPOSES = {
    Purpose.SMS: "generic",
    Purpose.VERIFY: "verify_phone",
    Purpose.LOGIN: "login",
    Purpose.RESET: "reset_password",
    Purpose.CHANGE: "change_phone",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One message as it stands. `phone` is E.164 and masked by whoever shows it.

    `purpose` is its code's; what holds no code has none. `held_until`: marketing waits, or waited,
    for its hours. `report` (delivered or undelivered),
    `reported_at`, `report_reason` and `report_carrier` are of the receipt that counts, if any came.
    """

    message_id: str
    created_at: int
    phone: str
    kind: Kind
    purpose: Purpose | None
    channel: Channel
    template: str | None
    template_version: int | None
    signature: str
    state: State
    segments: int
    price_micros: int
    refunded: bool
    carrier: str | None = None
    carrier_message_id: str | None = None
    reason: str | None = None
    held_until: int | None = None
    attempts: int = 0
    queued_at: int | None = None
    claimed_at: int | None = None
    sent_at: int | None = None
    verified_at: int | None = None
    ended_at: int | None = None
    tries: tuple[Try, ...] = ()
    report: State | None = None
    reported_at: int | None = None
    report_reason: str | None = None
    report_carrier: str | None = None


# What everybody is shown, in this order; the rest is for the timeline.
SHOWN = tuple(field.name for field in fields_of(Record))[:17]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are asked for: those of a day, or those of a phone (E.164), newest first.

    `before` is the sort key of the last record that was shown already.
    """

    day: str | None
    phone: str | None
    state: State | None = None
    limit: int = PAGE
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the sort key to go on from; None when there are no more."""

    records: list[Record]
    cursor: str | None


def parse(query: Mapping[str, str]) -> Wanted:
    """What a query asks for. Raises BadParameter, naming the parameter, and PhoneInvalid."""
    day, phone = query.get("day"), query.get("phone")
    if bool(day) == bool(phone):
        raise BadParameter("Give either day or phone.")
    number = phones.parse(fields.restore_plus(phone)).e164 if phone else None
    return Wanted(
        day=_day(day) if day else None,
        phone=number,
        state=_state(query.get("state")),
        limit=fields.limit(query, default=PAGE, most=MAX_PAGE),
        before=_cursor(query.get("cursor")),
    )


def parse_export(query: Mapping[str, str]) -> Wanted:
    """What a query for CSV asks for: a day, all of it. Raises BadParameter."""
    if not query.get("day"):
        raise BadParameter("day is missing.")
    return Wanted(
        day=_day(query["day"]),
        phone=None,
        state=_state(query.get("state")),
        limit=CSV_PAGE,
        before=_cursor(query.get("cursor")),
    )


def place(message_id: str) -> tuple[str, int, str]:
    """Day, shard and sort key of a message. Raises Missing for what is no message id."""
    parts = _ID.fullmatch(message_id)
    if parts is None:
        raise Missing
    return parts[1], int(parts[2]), parts[3]


def mask(phone: str) -> str:
    """The number without the four digits before the last four."""
    return phone[:-8] + _HIDDEN_DIGITS + phone[-4:]


def iso(seconds: int) -> str:
    """Epoch seconds as the API writes them."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def shown(record: Record) -> dict[str, object]:
    """The record as JSON has it."""
    return {name: getattr(record, name) for name in SHOWN} | {
        "created_at": iso(record.created_at),
        "phone": mask(record.phone),
        "purpose": _PURPOSES[record.purpose] if record.purpose else None,
        "held_until": iso(record.held_until) if record.held_until else None,
    }


def csv_page(records: Iterable[Record], *, is_first: bool) -> str:
    """Records as CSV (RFC 4180), with names and a byte order mark if it is the first page.

    The mark tells Excel that this is UTF-8; pages in a row make one file.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    if is_first:
        text.write(BOM)
        writer.writerow(SHOWN)
    for record in records:
        writer.writerow(map(cell, shown(record).values()))
    return text.getvalue()


def cell(value: object) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _day(text: str) -> str:
    try:
        days.start(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise BadParameter("day must be a day such as 20261122.") from None
    return text


def _state(text: str | None) -> State | None:
    if not text:
        return None
    try:
        return State(text)
    except ValueError:
        raise BadParameter(f"state must be one of: {', '.join(_names())}.") from None


def _names() -> Iterator[str]:
    yield from (state.value for state in State)


def _cursor(text: str | None) -> str | None:
    if not text:
        return None
    if not _SORT_KEY.fullmatch(text):
        raise BadParameter("cursor must be the cursor of the page before.")
    return text
