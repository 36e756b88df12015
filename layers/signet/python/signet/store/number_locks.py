"""What keeps one number from sending and from guessing, seen and lifted in the console."""

from functools import partial

from pynamodb.transactions import TransactWrite

from signet import standings
from signet.audits import Entry
from signet.errors import Missing
from signet.standings import Standing
from signet.store import audits, table
from signet.store.phones import PhoneItem
from signet.store.table import Item, path


def standing(app_id: str, phone: str, *, now: int) -> list[Standing]:
    """How the limits of a number stand, those that are touched; `now` in epoch seconds."""
    return standings.of(_item(app_id, phone), now)


def lift(app_id: str, phone: str, entry: Entry, *, was_locked_out: bool) -> None:
    """Forget what a number has sent and guessed, with an entry in the trail.

    A code that lives goes on, and its own five guesses stay counted. Raises Missing when there
    is nothing to forget, unless its user was locked out: that is an entry, too.
    """
    names = standings.registers(_item(app_id, phone))
    if not (names or was_locked_out):
        raise Missing("Nothing is counted for this number.")
    table.transact(partial(_forget, app_id, phone, names, entry))


def _forget(app_id: str, phone: str, names: list[str], entry: Entry, writes: TransactWrite) -> None:
    if names:
        writes.update(PhoneItem(_pk(app_id, phone)), [path(name).remove() for name in names])
    audits.record(writes, app_id, entry)


def _item(app_id: str, phone: str) -> Item:
    (item,) = table.snapshot([PhoneItem(_pk(app_id, phone))])
    return item


def _pk(app_id: str, phone: str) -> str:
    return f"{app_id}#{phone}"
