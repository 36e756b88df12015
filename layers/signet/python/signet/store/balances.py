"""Balances: what an app may still spend, in one item or in several for an app that sends fast.

    pk              | attributes
    ----------------+----------------------------------------------------------------
    <app>#<shard>   | balance; shards: in how many items the balance lies, if more than one;
                    |   and for each day that is not closed, summed over this item: c<day>
                    |   charged, n<day> messages, r<day> refunded, m<day> refunds, t<day> credited
    <app>#0         | low: when a low balance was noticed, low_told: its alarm went out

Amounts are whole micros. A debit or refund is part of the transaction that records what it is
for, so credits - charges + refunds = balance at any instant, whatever crashes (design.md 5.4).
The number of items is only raised. It is the app's, but the items know it first: whoever
remembers another one is not let debit, looks, and goes on with theirs.
Failure mode: closed; what cannot be paid is not sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet import charges
from signet.charges import Charge, Purse
from signet.edge import settings
from signet.errors import Unavailable
from signet.store import table
from signet.store.table import path

# An alarm that was noticed and not told for so long was lost with its process.
_TELL_AGAIN_SECONDS = 300
# Each round that fails is one that somebody else won.
ROUNDS = 40


class BalanceItem(table.Table):
    """An item of the Balances table; a day's counters are reached by `path`."""

    class Meta:
        table_name = settings.value("SIGNET_BALANCES_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(null=True)
    shards = NumberAttribute(null=True)
    low = NumberAttribute(null=True)
    low_told = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose balance: the app, and in how many items it lies, or is to lie."""

    app_id: str
    shards: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What a balance holds, in micros, and whether that was noticed to be low."""

    micros: int
    noticed_low: bool


def record_charge(writes: TransactWrite, charge: Charge) -> None:
    """Add the debit to a transaction.

    It refuses when its item is short, at its cap, or one of another number than the charge says.
    """
    spent = path(f"c{charge.day}")
    condition: Condition = BalanceItem.balance >= charge.micros
    if not charge.micros:
        condition |= BalanceItem.balance.does_not_exist()
    if charge.cap_share is not None:
        room = charge.cap_share - charge.micros
        unspent: Condition = spent <= room
        condition &= unspent | spent.does_not_exist() if room >= 0 else unspent
    condition &= _is_one_of(charge.shards)
    actions: list[Action] = [
        BalanceItem.balance.set((BalanceItem.balance | 0) - charge.micros),
        *count(charge.day, c=charge.micros, n=charge.messages),
    ]
    writes.update(item_of(charge.app_id, charge.shard), actions, condition)


def record_refund(writes: TransactWrite, charge: Charge) -> None:
    """Add the return of a charge to a transaction; `charge.day` is the day of the refund."""
    actions: list[Action] = [
        BalanceItem.balance.set((BalanceItem.balance | 0) + charge.micros),
        *count(charge.day, r=charge.micros, m=charge.messages),
    ]
    writes.update(item_of(charge.app_id, charge.shard), actions)


def find_payer(charge: Charge) -> Charge:
    """The same charge to an item that can pay it, with all remainders gathered if need be.

    Raises DailyCapReached or BalanceTooLow, and Unavailable while others keep moving the money.
    """
    account = Account(charge.app_id, charge.shards)
    for _ in range(ROUNDS):
        seen = snapshot(account)
        charge = replace(charge, shard=charge.shard % len(seen), shards=len(seen))
        purses = _purses(seen, charge.day)
        found = charges.payer(charge, purses)
        if _shards_of(seen) != len(seen):
            after = charges.levelled(charge, purses)
        elif found:
            return found
        else:
            after = charges.gathered(charge, purses)
        if not _move(charge, purses, after):
            table.pause()
        elif found := charges.payer(charge, after):
            return found
    raise Unavailable(retry_after=1)


def balance(account: Account) -> int:
    """What the app may still spend, in micros."""
    return standing(account).micros


def standing(account: Account) -> Standing:
    """What the app may still spend, and whether an alarm about it is out."""
    seen = snapshot(account)
    return Standing(total_of(seen), "low" in seen[0])


def level(account: Account, *, day: str = "", cap_micros: int | None = None) -> None:
    """Share money, and room under the cap of `day`, evenly among the items.

    To be called after their number or the cap was changed. Raises Unavailable while others keep
    moving the money.
    """
    for _ in range(ROUNDS):
        seen = snapshot(account)
        charge = Charge(account.app_id, 0, day, shards=len(seen), cap_micros=cap_micros)
        purses = _purses(seen, day)
        if _move(charge, purses, charges.levelled(charge, purses)):
            return
        table.pause()
    raise Unavailable(retry_after=1)


def notice_low(app_id: str, *, now: datetime) -> bool:
    """Claim the alarm about a low balance; False when it was told, or is being told."""
    seconds = _seconds(now)
    unclaimed = BalanceItem.low.does_not_exist()
    lost = BalanceItem.low_told.does_not_exist() & (
        BalanceItem.low <= seconds - _TELL_AGAIN_SECONDS
    )
    try:
        table.update(item_of(app_id, 0), [BalanceItem.low.set(seconds)], unclaimed | lost)
    except table.ConditionFailed:
        return False
    return True


def told_low(app_id: str) -> None:
    """Note that the alarm about a low balance went out."""
    _update_if_there(app_id, [BalanceItem.low_told.set(1)])


def forget_low(app_id: str) -> None:
    """Note that the balance is no longer low, so that the next crossing is told again."""
    _update_if_there(app_id, [BalanceItem.low.remove(), BalanceItem.low_told.remove()])


def _update_if_there(app_id: str, actions: Sequence[Action]) -> None:
    try:
        table.update(item_of(app_id, 0), actions, BalanceItem.low.exists())
    except table.ConditionFailed:
        return


def _purses(seen: Sequence[table.Item], day: str) -> list[Purse]:
    return [
        Purse(shard, item.get("balance", 0), item.get(f"c{day}", 0))
        for shard, item in enumerate(seen)
    ]


def snapshot(account: Account) -> list[table.Item]:
    """All items of a balance at one instant: money on its way between two is never missed.

    They are more than the account says when their number has been raised since.
    """
    shards = account.shards
    while True:
        seen = table.snapshot([item_of(account.app_id, shard) for shard in range(shards)])
        if _shards_of(seen) <= shards:
            return seen
        shards = _shards_of(seen)


def _shards_of(seen: Sequence[table.Item]) -> int:
    return int(seen[0].get("shards", 1))


def _is_one_of(shards: int) -> Condition:
    known: Condition = BalanceItem.shards == shards
    return known | BalanceItem.shards.does_not_exist() if shards == 1 else known


def total_of(seen: Sequence[table.Item]) -> int:
    """What the items hold together."""
    return sum(int(item.get("balance", 0)) for item in seen)


def _move(charge: Charge, seen: Sequence[Purse], after: Sequence[Purse]) -> bool:
    """Bring the items from one state to another; False when one was not as it was seen."""
    spent = path(f"c{charge.day}")

    def build(writes: TransactWrite) -> None:
        for old, new in zip(seen, after, strict=True):
            as_seen = equals("balance", old.micros)
            actions: list[Action] = [BalanceItem.balance.set(new.micros)]
            if charge.shards > 1:
                actions.append(BalanceItem.shards.set(charge.shards))
            if charge.cap_micros is not None:
                as_seen &= equals(f"c{charge.day}", old.spent)
                actions.append(spent.set(new.spent))
            writes.update(item_of(charge.app_id, old.shard), actions, as_seen)

    try:
        table.transact(build)
    except table.TransactionRefused:
        return False
    return True


def count(day: str, **sums: int) -> Iterator[Action]:
    """Add to a day's counters, named by their letters."""
    for letter, amount in sums.items():
        counter = path(f"{letter}{day}")
        yield counter.set((counter | 0) + amount)


def equals(name: str, value: int) -> Condition:
    """The attribute is as it was seen; absent and zero are the same."""
    found: Condition = path(name) == value
    return found | path(name).does_not_exist() if value == 0 else found


def item_of(app_id: str, shard: int) -> BalanceItem:
    """The item of that number, with nothing but its key."""
    return BalanceItem(f"{app_id}#{shard}")


def _seconds(now: datetime) -> int:
    return int(now.timestamp())
