"""Charges: what a send costs an app, and which of its balance items pays.

An app's balance lies in one item, or in several for an app that sends fast. A debit goes to one
of them; when that one is short although the sum suffices, the remainders are gathered in the
first (review.md 2.3). The daily cap is split among the items in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from signet.errors import BalanceTooLow, DailyCapReached

# What a new app may spend before anybody pays: 5 yuan (wire.md 16.1).
FREE_CREDIT_MICROS = 5_000_000
MAX_SHARDS = 64


@dataclass(frozen=True, slots=True)
class Charge:
    """The price of one send, or of so many `messages`, in micros; one item pays it, on one day."""

    app_id: str
    micros: int
    day: str
    shard: int = 0
    shards: int = 1
    cap_micros: int | None = None
    messages: int = 1

    @property
    def cap_share(self) -> int | None:
        """What this item may pay on one day."""
        return None if self.cap_micros is None else share(self.cap_micros, self.shard, self.shards)


@dataclass(frozen=True, slots=True)
class Purse:
    """One balance item as it stood: what it holds and what it paid on the charge's day."""

    shard: int
    micros: int
    spent: int


def share(amount: int, shard: int, shards: int) -> int:
    """The part of `amount` that falls to one item; the parts add up to the whole."""
    return amount * (shard + 1) // shards - amount * shard // shards


def first_choice(message_id: str, shards: int) -> int:
    """The item that pays for a message unless it is short."""
    return int.from_bytes(sha256(message_id.encode()).digest()[4:8]) % shards


def payer(charge: Charge, purses: Sequence[Purse]) -> Charge | None:
    """The same charge to an item that can pay it, or None when none can alone.

    Raises DailyCapReached or BalanceTooLow when all of them together cannot.
    """
    able = [purse.shard for purse in purses if _pays(replace(charge, shard=purse.shard), purse)]
    if able:
        # Whoever finds its item short looks at all; each goes on with another one.
        return replace(charge, shard=able[charge.shard % len(able)])
    spent = sum(purse.spent for purse in purses)
    if charge.cap_micros is not None and spent + charge.micros > charge.cap_micros:
        raise DailyCapReached
    if sum(purse.micros for purse in purses) < charge.micros:
        raise BalanceTooLow
    return None


def gathered(charge: Charge, purses: Sequence[Purse]) -> list[Purse]:
    """The items with all money, and all room under the cap, moved to the first one."""
    spent = {purse.shard: _full(charge, purse.shard) for purse in purses[1:]}
    first = Purse(
        shard=purses[0].shard,
        micros=sum(purse.micros for purse in purses),
        spent=sum(purse.spent for purse in purses) - sum(spent.values()),
    )
    return [first, *(Purse(purse.shard, 0, spent[purse.shard]) for purse in purses[1:])]


def levelled(charge: Charge, purses: Sequence[Purse]) -> list[Purse]:
    """The items with all money, and all room under the cap, shared evenly.

    For after the number of items or the cap was changed: no item may keep more room, or less,
    than its part of what is left, or together they would pay more than the cap.
    """
    held = sum(purse.micros for purse in purses)
    cap = charge.cap_micros or 0
    left = cap - sum(purse.spent for purse in purses)
    return [
        Purse(
            shard=purse.shard,
            micros=share(held, purse.shard, charge.shards),
            spent=share(cap, purse.shard, charge.shards) - share(left, purse.shard, charge.shards),
        )
        for purse in purses
    ]


def _pays(charge: Charge, purse: Purse) -> bool:
    room = charge.cap_share is None or purse.spent + charge.micros <= charge.cap_share
    return room and purse.micros >= charge.micros


def _full(charge: Charge, shard: int) -> int:
    return replace(charge, shard=shard).cap_share or 0
