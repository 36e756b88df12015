"""The shield's counters as one process keeps them: what it read, and what it has to write.

It needs three operations of a table and no more, so that a test, and benchmarks/attack.py, can
give it another one. Per app:

    key                   | item                                          | how it is written
    ----------------------+-----------------------------------------------+------------------------
    m#<minute>#<shard>    | a counter (shield_counts)                     | ADD
    day                   | f: the last minute in it; t, y: today's and   | replaced, if f is as
                          |   yesterday's counts of nodes, as text        |   it was
    locks                 | f: how often it was written; locks; lifted    | the same

A process reads every five seconds at most, and only when asked to: the current minute, the locks,
each closed minute once, and the day every minute. It writes its own counts in one update, which
answers with what all others have written. A count whose reply is lost is written twice, now or
by the SDK's own retry: a counter may err by one update, upwards. No write waits for another.

Failure mode: closed. Whoever has seen nothing for a minute judges nothing and raises Unavailable.
Counts that cannot be written are kept for the next time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from signet.errors import Unavailable
from signet.shield import Attempt, Board, Lock, Step, Verdict, judge
from signet.shield_counting import counted, marked
from signet.shield_counts import DAY, Counter, Profile, View, add
from signet.store.shield_items import Item, board_item, board_of, profile_item, profile_of, tidied
from signet.store.shield_minutes import DAY_MINUTES, Minutes

READ_EVERY = 5
# Half as often, and a failing carrier is seen so late that a launch is refused, not challenged
# (benchmarks/attack.py).
WRITE_AFTER, WRITE_COUNT, WRITE_ANYWAY_AFTER = 5, 4, 20
# What was read longer ago than this says nothing about what goes on.
TOO_OLD = 60
_DAY_EVERY = 60
_FOLD_AFTER = 600
# Somebody else's lock that ends so much later or earlier is the same one.
_SAME = 5
# An update expression has 4 kB, and 300 operators.
_ATTRIBUTES = 120
MAX_SHARDS = 4
_TTL = DAY + 3_600


class Operations(Protocol):
    """What a container needs of a table. Each is one call, and raises Unavailable."""

    def read(self, keys: list[str]) -> dict[str, Item]:
        """The items of these keys that there are."""
        ...

    def add(self, key: str, deltas: Mapping[str, int], ttl: int) -> Item:
        """Add the numbers to an item, and tell what it holds then."""
        ...

    def swap(self, key: str, item: Item, *, was: int) -> bool:
        """Replace an item whose `f` is `was`, or 0 if there is none; False when it is another."""
        ...


class Container:
    """The counters of one app, as one process knows them."""

    def __init__(self, app_id: str, table: Operations, *, shards: int = 1, chance: float = 0.0):
        """`chance`, of 0 to 1, chooses the shard to write to, and spreads who folds a day."""
        self.app_id = app_id
        self._table = table
        self.shards = min(shards, MAX_SHARDS)
        self._shard = int(chance * self.shards)
        self._fold_after = _FOLD_AFTER * (1 + chance * self.shards % 1)
        self._minutes = Minutes(self.shards)
        self._own: Counter = {}
        self._events = 0
        self._profile, self._day_version = Profile(), 0
        self._board, self._board_version = Board(), 0
        self._unwritten: dict[str, Lock] = {}
        self._asked_at = self._seen_at = self._day_at = self._locked_at = -DAY
        self._wrote_at = -DAY

    # --- What is known ------------------------------------------------------------------------

    def look(self, now: int) -> View:
        """What is known at `now`; one read, if the last was long enough ago. Raises Unavailable."""
        if now - self._asked_at >= READ_EVERY:
            self._asked_at = now
            try:
                self._read(now)
            except Unavailable:
                if now - self._seen_at > TOO_OLD:
                    raise
        if now - self._seen_at > TOO_OLD:
            raise Unavailable(retry_after=READ_EVERY)
        return self._view(now)

    def board(self, now: int) -> Board:
        """The locks and what was lifted, as known at `now`."""
        if not self._unwritten:
            return self._board
        return replace(self._board, locks={**self._board.locks, **self._unwritten})

    def judge(self, attempt: Attempt, now: int, allowed: Sequence[str] = ()) -> Verdict:
        """The verdict on a send; its lock is made, the attempt counted. Raises Unavailable."""
        verdict = judge(self.look(now), self.board(now), attempt, allowed)
        if verdict.lock:
            add(self._own, {f"t{verdict.lock.node}": 1})
            self._events += 1
            if verdict.write:
                self._unwritten[verdict.lock.node] = verdict.lock
                self._write_locks(now)
        return verdict

    def _view(self, now: int) -> View:
        minute = now // 60
        sums = self._minutes.sums(minute, self._profile.folded)
        return View(
            now,
            before=sums.before,
            nine=sums.nine,
            last=self._minutes.whole(minute - 1),
            current=self._minutes.whole(minute),
            own=self._own,
            unfolded=sums.unfolded,
            profile=self._profile,
        )

    # --- Reading ------------------------------------------------------------------------------

    def _read(self, now: int) -> None:
        current, folded = now // 60, self._profile.folded
        wanted = list(self._minutes.lacking(current, folded))
        keys = {_minute_key(minute, shard): (minute, shard) for minute, shard in wanted}
        others = ["locks", *(["day"] if self._wants_day(now) else [])]
        found = self._table.read([*others, *keys])
        self._seen_at = now
        for key, (minute, shard) in keys.items():
            self._minutes.merge(minute, shard, found.get(key, {}), current=current)
        self._minutes.settle({minute for minute, _ in wanted}, now, folded)
        self._take_board(found.get("locks", {}))
        if "day" in others:
            self._day_at = now
            self._take_profile(found.get("day", {}), now)

    def _wants_day(self, now: int) -> bool:
        return now - self._day_at >= _DAY_EVERY or self._is_fold_due(now)

    # --- Writing ------------------------------------------------------------------------------

    def place(self, attempt: Attempt, now: int) -> tuple[list[str], str]:
        """Where a send counts if it is accepted, and its mark, which its verification brings."""
        return counted(self._view(now), attempt)

    def count_sent(self, nodes: list[str]) -> None:
        """Count a send that was accepted."""
        self._count("s", nodes)

    def count_verified(self, e164: str, mark: str) -> None:
        """Count the verification of the send with this mark."""
        self._count("v", marked(e164, mark))

    def _count(self, what: str, nodes: list[str]) -> None:
        add(self._own, {f"{what}{node}": 1 for node in nodes})
        self._events += bool(nodes)

    def is_due(self, now: int) -> bool:
        """Whether there is something to write, and it is time to."""
        since = now - self._wrote_at
        waits = self._events >= WRITE_COUNT or since >= WRITE_ANYWAY_AFTER
        wants = bool(self._unwritten) or (bool(self._own) and waits) or self._is_fold_due(now)
        return wants and since >= WRITE_AFTER

    def flush_if_due(self, now: int) -> None:
        """Write what is to be written, in one call at most. What fails is for the next time."""
        if not self.is_due(now):
            return
        if self._unwritten:
            self._write_locks(now)
        elif self._is_fold_due(now):
            self._fold(now)
        else:
            self._flush(now)

    def _flush(self, now: int) -> None:
        minute, self._wrote_at = now // 60, now
        chunk = dict(list(self._own.items())[:_ATTRIBUTES])
        try:
            item = self._table.add(_minute_key(minute, self._shard), chunk, now + _TTL)
        except Unavailable:
            return
        for name, count in chunk.items():
            self._own[name] -= count
            if not self._own[name]:
                del self._own[name]
        self._events = len(self._own)
        if self._day_at > 0:
            # `verify` only writes, and would remember minutes that it never looks at.
            self._minutes.merge(minute, self._shard, item, current=minute)

    def _next_to_fold(self, now: int) -> int:
        return max(self._profile.folded, now // 60 - DAY_MINUTES) + 1

    def _is_fold_due(self, now: int) -> bool:
        if self._day_at > 0 and not self._day_version:
            # A new app's day begins before there is anything to put into it, or the first minutes
            # would be forgotten by the time somebody does.
            return True
        following = self._next_to_fold(now)
        return self._minutes.is_final(following) and now - following * 60 >= self._fold_after

    def _fold(self, now: int) -> None:
        """Put closed minutes into the day. Whoever comes second finds it done."""
        self._wrote_at = now
        closed: list[tuple[int, Counter]] = []
        # Not the last one: a view counts it apart.
        for minute in range(self._next_to_fold(now), now // 60 - 1):
            if not self._minutes.is_final(minute):
                break
            closed.append((minute, self._minutes.whole(minute)))
        profile = self._profile.folding(closed)
        try:
            if self._table.swap("day", profile_item(profile), was=self._day_version):
                self._profile, self._day_version = profile, profile.folded
        except Unavailable:
            return

    def _take_profile(self, item: Item, now: int) -> None:
        if item and int(item["f"]) > self._day_version:
            self._profile = profile_of(item)
            self._day_version = self._profile.folded
        elif not item and not self._profile.folded:
            # The first day of an app begins with the first minute in which anything is.
            self._profile = Profile(self._minutes.first(otherwise=now // 60) - 1)

    # --- Locks --------------------------------------------------------------------------------

    def _write_locks(self, now: int) -> None:
        if now - self._locked_at < WRITE_AFTER:
            return
        self._locked_at = self._wrote_at = now
        board = tidied(self.board(now), now)
        try:
            written = self._table.swap(
                "locks", board_item(board, self._board_version + 1), was=self._board_version
            )
        except Unavailable:
            return
        if written:
            self._board, self._board_version = board, self._board_version + 1
            self._unwritten.clear()

    def _take_board(self, item: Item) -> None:
        version = int(item.get("f", 0))
        if version < self._board_version:
            return
        self._board, self._board_version = board_of(item), version
        # What somebody else locked, or lifted, meanwhile, is theirs.
        self._unwritten = {
            node: lock
            for node, lock in self._unwritten.items()
            if node not in self._board.lifted and _is_news(lock, self._board.locks.get(node))
        }


def _is_news(lock: Lock, known: Lock | None) -> bool:
    if known is None:
        return True
    stronger = lock.step is Step.REFUSE and known.step is Step.CHALLENGE
    return stronger or (lock.step is known.step and lock.until > known.until + _SAME)


def _minute_key(minute: int, shard: int) -> str:
    return f"m#{minute}#{shard}"
