"""The Shield table: what is counted of each app, its locks, and what was decided.

    pk                          | holds
    ----------------------------+-----------------------------------------------------------------
    <app>#m#<minute>#<shard>    | what was counted in a minute; see store/shield_container.py
    <app>#day                   | the day in short
    <app>#locks                 | what is locked, and what was lifted
    <app>#d#<yyyymmdd>#<0..7>   | decisions: sk is their time and chance, newest last

The sort key is "-" but for decisions. Failure mode: closed, as far as the container says; a
decision that cannot be recorded is the caller's to log.
"""

import heapq
import random
import secrets
from collections import Counter as Sums
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from signet import days
from signet.errors import Unavailable
from signet.shield import LIFTED_SECONDS, Attempt, Board, Lock, Step
from signet.store import table
from signet.store.shield_container import MAX_SHARDS, Container, Operations
from signet.store.shield_items import board_item, board_of, tidied
from signet.store.shield_table import ShieldItem, ShieldTable

_SHARDS = 8
_REMEMBER = timedelta(days=60)
_BATCH = 100
_ROUNDS = 8
# Of how many apps a process keeps counters.
_KEPT = 500


# --- Counters -----------------------------------------------------------------------------------


class Containers:
    """The counters of every app that this process has served lately."""

    def __init__(
        self, operations: Callable[[str], Operations], chance: Callable[[], float] = random.random
    ) -> None:
        self._operations, self._chance = operations, chance
        self._of: dict[str, Container] = {}

    def of(self, app_id: str, *, shards: int = 1) -> Container:
        """The counters of an app. Whoever asks names the same `shards`; when they are raised, a
        process begins anew, for it has read too little.
        """
        found = self._of.pop(app_id, None)
        if found is None or found.shards != min(shards, MAX_SHARDS):
            found = Container(
                app_id, self._operations(app_id), shards=shards, chance=self._chance()
            )
        # The last used is the last; what is dropped has long been written, or nearly nothing.
        self._of[app_id] = found
        if len(self._of) > _KEPT:
            del self._of[next(iter(self._of))]
        return found

    def flush_if_due(self, now: int) -> None:
        """Write for the app that was served last, or else for one that waits. One call at most."""
        for container in reversed(list(self._of.values())):
            if container.is_due(now):
                container.flush_if_due(now)
                return

    def forget(self) -> None:
        """Drop everything, as a new process would."""
        self._of.clear()


CONTAINERS = Containers(ShieldTable)


# --- Locks --------------------------------------------------------------------------------------


def locks(app_id: str, *, now: int) -> Board:
    """What is locked at `now`, and what was lifted."""
    return tidied(_board(app_id)[0], now)


def lift(app_id: str, node: str, *, by: str, now: int) -> bool:
    """Lift the lock of a node and leave the node alone for an hour; False if it is not locked."""
    for _ in range(_ROUNDS):
        board, version = _board(app_id)
        board = tidied(board, now)
        if node not in board.locks:
            return False
        left = {name: lock for name, lock in board.locks.items() if name != node}
        lifted = {**board.lifted, node: (now + LIFTED_SECONDS, by)}
        item = board_item(Board(left, lifted), version + 1)
        if ShieldTable(app_id).swap("locks", item, was=version):
            return True
        table.pause()
    raise Unavailable(retry_after=1)


def _board(app_id: str) -> tuple[Board, int]:
    item = ShieldTable(app_id).read(["locks"], consistent=True).get("locks", {})
    return board_of(item), int(item.get("f", 0))


# --- Decisions ----------------------------------------------------------------------------------


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


def decision(
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


def record_decision(app_id: str, made: Decision, *, now: datetime) -> None:
    """Keep a decision for sixty days. One write."""
    shard = secrets.randbelow(_SHARDS)
    fields = asdict(made)
    del fields["decision_id"]
    item = ShieldItem(
        f"{app_id}#d#{days.of(now)}#{shard}",
        f"{made.at:010d}-{secrets.token_hex(8)}",
        ttl=int((now + _REMEMBER).timestamp()),
        price=fields.pop("price_micros"),
        **{**fields, "step": made.step.value},
    )
    table.once(item.save)


def decisions(app_id: str, day: str, *, limit: int = 50, before: str | None = None) -> Page:
    """Decisions of a day, newest first; `before` is the cursor of the page before.

    A bad cursor names no decision, and lists those before where it would stand.
    """
    size = min(_BATCH, limit // _SHARDS + 5)
    found = heapq.merge(
        *(_newest(f"{app_id}#d#{day}#{shard}", before, size=size) for shard in range(_SHARDS)),
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
    for shard in range(_SHARDS):
        for item in _newest(f"{app_id}#d#{day}#{shard}", None, size=1_000):
            kind = Step(item.step), bool(item.enforced)
            counts[kind] += 1
            prices[kind] += int(item.price or 0)
    return {kind: Saved(count, prices[kind]) for kind, count in counts.items()}


def _newest(pk: str, before: str | None, *, size: int) -> Iterator[ShieldItem]:
    """The decisions of one partition, read as they are asked for."""
    while True:
        read = table.read(partial(_query, pk, before, size))
        yield from read
        if len(read) < size:
            return
        before = str(read[-1].sk)


def _query(pk: str, before: str | None, size: int) -> list[ShieldItem]:
    older = ShieldItem.sk < before if before else None
    return list(ShieldItem.query(pk, older, scan_index_forward=False, limit=size))


def _decision(item: ShieldItem) -> Decision:
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
