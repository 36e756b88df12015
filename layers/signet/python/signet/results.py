"""Results of a run: a line for everybody of its plan, with what became of the message, or why none.

Where they lie: `results/<app>/<campaign>/<run>.csv`, and beside it, as `.json`, how far they are.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from signet.campaigns import Campaign, Outcome, Recipient, Run, State
from signet.messages import State as MessageState
from signet.records import BOM, Record, cell, iso

COLUMNS = (
    *("phone", "state", "reason", "carrier", "segments", "price_micros"),
    *("sent_at", "delivered_at", "message_id"),
)
# A planner that says nothing for so long, in seconds, has failed three times.
STALE = 50 * 60


class Stage(StrEnum):
    """How far results are."""

    NONE = "none"
    MAKING = "making"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the results of a run are since `at` (epoch seconds); `rows` of them, once ready."""

    stage: Stage
    at: int
    rows: int = 0

    def seen(self, now: int) -> "Standing":
        """The same, as whoever looks now may take it: what was given up is none."""
        is_lost = self.stage is Stage.MAKING and now - self.at > STALE
        return Standing(Stage.NONE, now) if is_lost else self


def key(app_id: str, campaign_id: str, run: int) -> str:
    """The object that holds the results."""
    return f"results/{app_id}/{campaign_id}/{run}.csv"


def standing_key(app_id: str, campaign_id: str, run: int) -> str:
    """The object that says how far they are."""
    return f"results/{app_id}/{campaign_id}/{run}.json"


def header() -> bytes:
    """The beginning of the file; the mark tells spreadsheets that this is UTF-8."""
    return f"{BOM}{_csv([COLUMNS])}".encode()


def lines(
    campaign: Campaign,
    run: Run,
    recipients: Iterable[tuple[str, Recipient]],
    records: Mapping[str, Record],
    outcomes: Mapping[int, Outcome],
) -> bytes:
    """The lines of a part: of each row message id and recipient, its record and its outcome."""
    return _csv(
        (
            recipient.phone,
            *_told(campaign, run, records.get(message_id), outcomes.get(row)),
            message_id,
        )
        for row, (message_id, recipient) in enumerate(recipients)
    ).encode()


def _told(
    campaign: Campaign, run: Run, record: Record | None, outcome: Outcome | None
) -> tuple[object, ...]:
    """What is said of a row between its number and its message's id."""
    if record:
        return _of_record(record)
    nothing = (None,) * (len(COLUMNS) - 4)
    if outcome is None:
        return ("not_sent", _why_not(campaign, run), *nothing)
    # Records are forgotten after two months; who was left out never had one.
    return (outcome.value, "record_gone" if outcome.is_paid else None, *nothing)


def _of_record(record: Record) -> tuple[object, ...]:
    delivered_at = record.reported_at if record.report is MessageState.DELIVERED else None
    return (
        record.state.value,
        record.report_reason if record.report is MessageState.UNDELIVERED else record.reason,
        record.carrier,
        record.segments,
        0 if record.refunded else record.price_micros,
        record.sent_at and iso(record.sent_at),
        delivered_at and iso(delivered_at),
    )


def _why_not(campaign: Campaign, run: Run) -> str:
    """Why there is neither a record nor an outcome of a row."""
    if run.finished_at is not None or campaign.state is State.CANCELLED:
        return "cancelled"
    return "paused" if campaign.state is State.PAUSED else "waiting"


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([map(cell, row) for row in rows])
    return text.getvalue()
