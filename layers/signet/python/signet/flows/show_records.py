"""Showing records in the console: a page of them, one with its timeline, a day as CSV."""

from collections.abc import Mapping
from datetime import datetime

from signet import advice, records, timelines
from signet.fields import Body
from signet.flows import change_app
from signet.store import records as store


def listing(app_id: str, query: Mapping[str, str], *, now: datetime) -> Body:
    """Records of a day or of a phone, newest first. Raises BadParameter, PhoneInvalid, Missing."""
    page = store.find(change_app.get(app_id), records.parse(query), now=now)
    return {"items": [records.shown(one) for one in page.records], "cursor": page.cursor}


def one(app_id: str, message_id: str, *, now: datetime) -> Body:
    """A record with what became of it, step by step, and what to do. Raises Missing."""
    record = store.get(app_id, message_id, now=now)
    return {
        **records.shown(record),
        "timeline": [event.shown for event in timelines.of(record)],
        "advice": advice.of(record, now=int(now.timestamp())),
    }


def export(app_id: str, query: Mapping[str, str], *, now: datetime) -> tuple[str, str | None]:
    """A page of a day as CSV, and the cursor of the next one. Raises BadParameter, Missing."""
    wanted = records.parse_export(query)
    page = store.find(change_app.get(app_id), wanted, now=now)
    return records.csv_page(page.records, is_first=wanted.before is None), page.cursor
