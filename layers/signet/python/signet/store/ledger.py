"""The ledger: how a balance came to what it is, for good.

    app_id, entry
    credit#<id>    one credit: amount (negative for a correction), at, by, note
    day#<day>      a closed day: charged, messages, refunded, refunds, credited

The days that are not closed are counters in the items of the balance; both together explain it
to the unit, also when the records of the messages have long expired (review.md 2.4). Amounts are
whole micros. Failure mode: closed; money that cannot be written down is not given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet import charges, days
from signet.edge import settings
from signet.errors import BadParameter, BalanceTooLow, Unavailable
from signet.store import balances, table
from signet.store.balances import Account, BalanceItem
from signet.store.table import path

# A day's counters are closed when no clock can still be on that day.
CLOSE_AFTER = timedelta(hours=1)
# The letters of the counters in `store.balances`, and what they count.
_COUNTERS = {"c": "charged", "n": "messages", "r": "refunded", "m": "refunds", "t": "credited"}


class LedgerItem(table.Table):
    """An item of the Ledger table."""

    class Meta:
        table_name = settings.value("SIGNET_LEDGER_TABLE")

    app_id = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    amount = NumberAttribute(null=True)
    at = NumberAttribute(null=True)
    by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    charged = NumberAttribute(null=True)
    messages = NumberAttribute(null=True)
    refunded = NumberAttribute(null=True)
    refunds = NumberAttribute(null=True)
    credited = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Day:
    """An app's money on one day; amounts in micros."""

    day: str
    charged: int = 0
    messages: int = 0
    refunded: int = 0
    refunds: int = 0
    credited: int = 0

    @property
    def change(self) -> int:
        """What the day did to the balance."""
        return self.credited - self.charged + self.refunded


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that somebody put into a balance, or took out of it; `at` in epoch seconds."""

    amount: int
    at: int
    by: str
    note: str


class LedgerMismatch(Exception):
    """Credits, charges and refunds do not add up to the balance: somebody must look."""


def record_opening(writes: TransactWrite, app_id: str, amount: int, *, now: datetime) -> None:
    """Add the first credit of a new app to a transaction."""
    day = days.of(now)
    item = balances.item_of(app_id, 0)
    actions: list[Action] = [BalanceItem.balance.set(amount), *balances.count(day, t=amount)]
    writes.update(item, actions, BalanceItem.pk.does_not_exist())
    writes.save(
        _credit_item(app_id, "opening", Credit(amount, int(now.timestamp()), "signet", "opening"))
    )


def credit(account: Account, given: Credit, *, credit_id: str) -> int:
    """Put money into a balance, or take it out; the balance after it.

    The same `credit_id` counts once. Raises BalanceTooLow for a correction of more than there is,
    and BadParameter when the id was used for another amount.
    """
    item = _credit_item(account.app_id, credit_id, given)
    day = days.of(datetime.fromtimestamp(given.at, days.ZONE))
    for _ in range(balances.ROUNDS):
        # Looked for first: a correction that was made already may be more than what is left.
        if _is_given(item):
            return balances.balance(account)
        seen = balances.snapshot(account)
        total = balances.total_of(seen)
        if total + given.amount < 0:
            raise BalanceTooLow
        try:
            table.transact(lambda writes: _spread(writes, account, item, seen, day))  # noqa: B023
        except table.TransactionRefused:
            table.pause()
            continue
        return total + given.amount
    raise Unavailable(retry_after=1)


def credits(app_id: str, *, limit: int) -> list[Credit]:
    """The credits of an app, newest first."""
    found = table.read(
        lambda: list(LedgerItem.query(app_id, LedgerItem.entry.startswith("credit#")))
    )
    given = [Credit(int(item.amount), int(item.at), str(item.by), str(item.note)) for item in found]
    return sorted(given, key=lambda one: one.at, reverse=True)[:limit]


def list_days(account: Account, *, since: str) -> list[Day]:
    """The app's days from `since` (yyyymmdd) on, oldest first; days without anything left out."""
    closed, seen = _books(account, since=since)
    found = [*closed, *_open_days(seen)]
    names = sorted({one.day for one in found if one.day >= since})
    return [_sum(name, [one for one in found if one.day == name]) for name in names]


def close_days(account: Account, *, now: datetime) -> list[str]:
    """Move the counters of days that are over into the ledger, for good; which days.

    Raises LedgerMismatch when the ledger no longer explains the balance.
    """
    last = days.of(now - CLOSE_AFTER)
    seen = balances.snapshot(account)
    over = [day.day for day in _open_days(seen) if day.day < last]
    closed = [day for day in over if _close(account, day, seen)]
    if closed:
        check(account)
    return closed


def check(account: Account) -> None:
    """Recompute the balance from the ledger. Raises LedgerMismatch."""
    closed, seen = _books(account)
    explained = sum(day.change for day in [*closed, *_open_days(seen)])
    held = balances.total_of(seen)
    if explained != held:
        raise LedgerMismatch(f"{account.app_id}: {held} held, {explained} explained")


def _books(account: Account, *, since: str = "") -> tuple[list[Day], list[table.Item]]:
    """The closed days from `since` on and the items of the balance, as they stood together."""
    closed = _closed_days(account, since=since)
    for _ in range(balances.ROUNDS):
        seen = balances.snapshot(account)
        still = _closed_days(account, since=since)
        # A day that is closed between the two reads would be counted twice, or not at all.
        if still == closed:
            return closed, seen
        closed = still
    raise Unavailable(retry_after=1)


def _is_given(entry: LedgerItem) -> bool:
    """Whether the credit is in the ledger. Raises BadParameter when it is of another amount."""
    try:
        found = table.read(lambda: LedgerItem.get(entry.app_id, entry.entry, consistent_read=True))
    except DoesNotExist:
        return False
    if int(found.amount) != int(entry.amount):
        raise BadParameter("This Idempotency-Key was used for another request.")
    return True


def _spread(
    writes: TransactWrite,
    account: Account,
    entry: LedgerItem,
    seen: Sequence[table.Item],
    day: str,
) -> None:
    """Add a credit to a transaction, evenly over all items."""
    amount = int(entry.amount)
    writes.save(entry, condition=LedgerItem.entry.does_not_exist())
    total = amount + balances.total_of(seen)
    for shard, item in enumerate(seen):
        part = charges.share(amount, shard, len(seen))
        held = item.get("balance", 0)
        if amount >= 0:
            actions: list[Action] = [BalanceItem.balance.set((BalanceItem.balance | 0) + part)]
            writes.update(
                balances.item_of(account.app_id, shard), [*actions, *balances.count(day, t=part)]
            )
            continue
        # Taking out levels the items, so that none of them goes below zero.
        level = charges.share(total, shard, len(seen))
        actions = [BalanceItem.balance.set(level), *balances.count(day, t=part)]
        writes.update(
            balances.item_of(account.app_id, shard), actions, balances.equals("balance", held)
        )


def _close(account: Account, day: str, seen: Sequence[table.Item]) -> bool:
    total = _sum(day, [one for one in _open_days(seen) if one.day == day])

    def build(writes: TransactWrite) -> None:
        ledger: list[Action] = [
            path(name).set((path(name) | 0) + getattr(total, name)) for name in _COUNTERS.values()
        ]
        writes.update(LedgerItem(account.app_id, f"day#{day}"), ledger)
        for shard, item in enumerate(seen):
            names = [f"{letter}{day}" for letter in _COUNTERS if f"{letter}{day}" in item]
            if names:
                unchanged = reduce(and_, (path(name) == item[name] for name in names))
                removed: list[Action] = [path(name).remove() for name in names]
                writes.update(balances.item_of(account.app_id, shard), removed, unchanged)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return False  # somebody closed it too, or a late refund came: the next closing sees
    return True


def _open_days(seen: Sequence[table.Item]) -> list[Day]:
    """What the items count for days that are not closed, one `Day` for each of them."""
    names = sorted({name[1:] for item in seen for name in item if _is_counter(name)})
    return [
        Day(name, **{
            field: sum(item.get(f"{letter}{name}", 0) for item in seen)
            for letter, field in _COUNTERS.items()
        })
        for name in names
    ]  # fmt: skip


def _is_counter(name: str) -> bool:
    return name[0] in _COUNTERS and len(name) == 9 and name[1:].isdigit()


def _closed_days(account: Account, *, since: str = "") -> list[Day]:
    found = table.read(
        lambda: list(
            LedgerItem.query(
                account.app_id, LedgerItem.entry >= f"day#{since}", consistent_read=True
            )
        )
    )
    return [
        Day(
            str(item.entry).removeprefix("day#"),
            **{field: int(getattr(item, field) or 0) for field in _COUNTERS.values()},
        )
        for item in found
    ]


def _sum(day: str, parts: Sequence[Day]) -> Day:
    return Day(day, **{
        field: sum(getattr(part, field) for part in parts) for field in _COUNTERS.values()
    })  # fmt: skip


def _credit_item(app_id: str, credit_id: str, given: Credit) -> LedgerItem:
    return LedgerItem(
        app_id,
        f"credit#{credit_id}",
        amount=given.amount,
        at=given.at,
        by=given.by,
        note=given.note,
    )
