"""Audit trails in the Apps table: `audit#<time>-<chance>` beside what they tell about.

An entry is written in the transaction that does what it tells, if that writes anything. Failure
mode: closed.
"""

from datetime import UTC, datetime
from secrets import token_hex

from pynamodb.transactions import TransactWrite

from signet.audits import Entry
from signet.store import apps, table
from signet.store.apps import AppItem

_PREFIX = "audit#"


def record(writes: TransactWrite, app_id: str, entry: Entry) -> None:
    """Add an entry to a transaction."""
    milliseconds = int(entry.at.timestamp() * 1000)
    item = AppItem(
        app_id,
        f"{_PREFIX}{milliseconds:014d}-{token_hex(4)}",
        at=milliseconds,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        version=entry.version,
        reasons=list(entry.reasons) or None,
        comment=entry.comment,
    )
    writes.save(item)


def add(app_id: str, entry: Entry) -> None:
    """Record what changes nothing that is stored."""
    table.transact(lambda writes: record(writes, app_id, entry))


def entries(
    app_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Entry], str | None]:
    """An app's trail, newest first, at most `limit` entries, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    items, following = apps.page(app_id, _PREFIX, limit=limit, cursor=cursor, backwards=True)
    return [_entry(item) for item in items], following


def _entry(item: AppItem) -> Entry:
    return Entry(
        at=datetime.fromtimestamp(item.at / 1000, UTC),
        actor=str(item.actor),
        action=str(item.action),
        subject=str(item.subject),
        version=None if item.version is None else int(item.version),
        reasons=tuple(item.reasons or ()),
        comment=item.comment,
    )
