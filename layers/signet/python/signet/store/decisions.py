"""What the shield decided, in the Shield table: every send that was not simply let through.

    pk  <app>#d#<yyyymmdd>#<0..7>   sk  time and chance, newest last

Apart from the counters, for most sends need none of this. Failure mode: a decision that cannot be
recorded is still made; whoever made it logs that.
"""

import heapq
import secrets
from collections import Counter as Sums
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from signet import days
from signet.edge import settings
from signet.shield import Attempt, Lock, Step
from signet.store import table

SHARDS = 8
REMEMBER = timedelta(days=60)
_BATCH = 100


class DecisionItem(table.Table):
    """A decision; all else in the Shield table is reached by plain calls."""

    class Meta:
        table_name = settings.value("SIGNET_SHIELD_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    at = NumberAttribute(null=True)
    step = UnicodeAttribute(null=True)
    enforced = BooleanAttribute(null=True)
    rule = UnicodeAttribute(null=True)
    node = UnicodeAttribute(null=True)
    sent = NumberAttribute(null=True)
    verified = NumberAttribute(null=True)
    threshold = NumberAttribute(null=True)
    window = NumberAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    price = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """A send that was not simply let through: what happened, by which lock, what it would cost.

    `enforced`: it was really stopped, and not only observed. `decision_id` is its place in the
    list of its day.
    """

    at: int
    step: Step
    enforced: bool
    rule: str
    node: str
    sent: int
    verified: int
    threshold: int
    window: int
    phone: str
    address: str | None
    price_micros: int
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Decisions, newest first, and where the next page begins."""

    decisions: Sequence[Decision]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a day's decisions of one kind come to: how many, and their prices in micros."""

    count: int
    price_micros: int


def of(
    lock: Lock, attempt: Attempt, *, step: Step, enforced: bool, price_micros: int, now: int
) -> Decision:
    """The decision on an attempt that met a lock."""
    return Decision(
        at=now,
        step=step,
        enforced=enforced,
        rule=lock.rule,
        node=lock.node,
        sent=lock.sent,
        verified=lock.verified,
        threshold=lock.threshold,
        window=lock.window,
        phone=attempt.phone,
        address=attempt.address,
        price_micros=price_micros,
    )


def record(app_id: str, made: Decision, *, now: datetime) -> None:
    """Keep a decision for sixty days. One write."""
    shard = secrets.randbelow(SHARDS)
    fields = asdict(made)
    del fields["decision_id"]
    item = DecisionItem(
        f"{app_id}#d#{days.of(now)}#{shard}",
        f"{made.at:010d}-{secrets.token_hex(8)}",
        ttl=int((now + REMEMBER).timestamp()),
        price=fields.pop("price_micros"),
        **{**fields, "step": made.step.value},
    )
    table.once(item.save)


def page(app_id: str, day: str, *, limit: int = 50, before: str | None = None) -> Page:
    """Decisions of a day, newest first; `before` is the cursor of the page before.

    A bad cursor names no decision, and lists those before where it would stand.
    """
    size = min(_BATCH, limit // SHARDS + 5)
    found = heapq.merge(
        *(_newest(f"{app_id}#d#{day}#{shard}", before, size=size) for shard in range(SHARDS)),
        key=lambda item: str(item.sk),
        reverse=True,
    )
    kept: list[Decision] = []
    for item in found:
        if len(kept) == limit:
            return Page(kept, kept[-1].decision_id)
        kept.append(_decision(item))
    return Page(kept, None)


def saved(app_id: str, day: str) -> dict[tuple[Step, bool], Saved]:
    """What a day's decisions come to, by step and whether it was enforced. Reads all of them."""
    counts: Sums[tuple[Step, bool]] = Sums()
    prices: Sums[tuple[Step, bool]] = Sums()
    for shard in range(SHARDS):
        for item in _newest(f"{app_id}#d#{day}#{shard}", None, size=1_000):
            kind = Step(item.step), bool(item.enforced)
            counts[kind] += 1
            prices[kind] += int(item.price or 0)
    return {kind: Saved(count, prices[kind]) for kind, count in counts.items()}


def _newest(pk: str, before: str | None, *, size: int) -> Iterator[DecisionItem]:
    """The decisions of one partition, read as they are asked for."""
    while True:
        read = table.read(partial(_query, pk, before, size))
        yield from read
        if len(read) < size:
            return
        before = str(read[-1].sk)


def _query(pk: str, before: str | None, size: int) -> list[DecisionItem]:
    older = DecisionItem.sk < before if before else None
    return list(DecisionItem.query(pk, older, scan_index_forward=False, limit=size))


def _decision(item: DecisionItem) -> Decision:
    return Decision(
        at=int(item.at or 0),
        step=Step(item.step),
        enforced=bool(item.enforced),
        rule=str(item.rule),
        node=str(item.node),
        sent=int(item.sent or 0),
        verified=int(item.verified or 0),
        threshold=int(item.threshold or 0),
        window=int(item.window or 0),
        phone=str(item.phone),
        address=item.address,
        price_micros=int(item.price or 0),
        decision_id=str(item.sk),
    )
