"""Keeping the books: close days that are over, and tell when a balance runs low.

Both look at every app, one at a time, and leave a state from which the next run goes on; an app
whose books do not add up is reported and does not keep the others waiting.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from signet.apps import App
from signet.edge.alarms import NotTold
from signet.errors import Unavailable
from signet.store.balances import Account, Standing
from signet.store.ledger import LedgerMismatch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Books:
    """What is read and written; see `store.apps`, `store.balances` and `edge.alarms`."""

    apps: Callable[[], Iterable[App]]
    standing: Callable[[Account], Standing]
    close_days: Callable[..., list[str]]
    notice_low: Callable[..., bool]
    told_low: Callable[[str], None]
    forget_low: Callable[[str], None]
    tell: Callable[[str, str], None]


def close_days(books: Books, *, now: datetime) -> None:
    """Close every app's days that are over."""
    for app in books.apps():
        try:
            closed = books.close_days(Account(app.app_id, app.balance_shards), now=now)
        except LedgerMismatch as error:
            log.error("ledger_mismatch", extra={"app_id": app.app_id, "reason": str(error)})
            _tell(books, "Signet: a ledger does not add up", str(error))
        except Unavailable:
            log.warning("days_not_closed", extra={"app_id": app.app_id})
        else:
            if closed:
                log.info("days_closed", extra={"app_id": app.app_id, "days": closed})


def watch_balances(books: Books, *, now: datetime, may_go_on: Callable[[], bool]) -> None:
    """Tell about each balance that has fallen below what its app asked for, once per crossing."""
    for app in books.apps():
        if app.low_balance_micros is None:
            continue
        if not may_go_on():
            log.warning("watch_cut_short", extra={"app_id": app.app_id})
            return
        try:
            _watch(app, app.low_balance_micros, books, now)
        except Unavailable:
            log.warning("balance_not_watched", extra={"app_id": app.app_id})


def _watch(app: App, limit: int, books: Books, now: datetime) -> None:
    standing = books.standing(Account(app.app_id, app.balance_shards))
    if standing.micros >= limit:
        if standing.noticed_low:
            books.forget_low(app.app_id)
    elif books.notice_low(app.app_id, now=now) and _tell_low(app, standing.micros, limit, books):
        # What was not told is noticed again in a few minutes.
        books.told_low(app.app_id)


def _tell_low(app: App, held: int, limit: int, books: Books) -> bool:
    sentence = (
        f"The balance of {app.name} ({app.app_id}) is {_yuan(held)}, below {_yuan(limit)}.\n"
        f"应用 {app.name}（{app.app_id}）的余额为 {_yuan(held)} 元，低于 {_yuan(limit)} 元。"
    )
    return _tell(books, f"Signet: balance of {app.app_id} is low", sentence)


def _tell(books: Books, subject: str, sentence: str) -> bool:
    try:
        books.tell(subject, sentence)
    except NotTold:
        log.warning("alarm_not_told", extra={"subject": subject})
        return False
    return True


def _yuan(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000 // 10_000:02d}"
