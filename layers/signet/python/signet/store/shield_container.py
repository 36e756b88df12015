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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from signet.errors import Unavailable
from signet.shield import Attempt, Board, Lock, Step, Verdict, counted, judge, marked
from signet.shield_counts import DAY, Counter, Counts, Profile, View, add
from signet.shield_tree import Level, level

Item = Mapping[str, Any]


@dataclass(slots=True)
class _Sums:
    """Of closed minutes, as `View` wants them at `minute`."""

    minute: int
    before: Counter = field(default_factory=dict)
    nine: Counter = field(default_factory=dict)
    unfolded: Counter = field(default_factory=dict)


READ_EVERY = 5
WRITE_AFTER, WRITE_COUNT, WRITE_ANYWAY_AFTER = 5, 4, 20
# What was read longer ago than this says nothing about what goes on.
TOO_OLD = 60
# A minute is closed for good when all who counted in it must have written.
_SETTLES = 5
_KEPT_MINUTES = 21
_FOLD_AFTER = 10
_DAY_MINUTES = 1_440
# BatchGetItem takes a hundred keys; an update expression 4 kB.
_KEYS = 96
_ATTRIBUTES = 120
MAX_SHARDS = 4
# A bombed app has a lock for each number of a list; what has none is judged by its counts anew.
MAX_LOCKS = 200
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
        self._shards = min(shards, MAX_SHARDS)
        self._shard = int(chance * self._shards)
        self._fold_after = _FOLD_AFTER * 60 * (1 + chance * self._shards % 1)
        self._minutes: dict[int, dict[int, Counter]] = {}
        self._wholes: dict[int, Counter] = {}
        self._final: set[int] = set()
        self._own: Counter = {}
        self._events = 0
        self._profile, self._day_version = Profile(), 0
        self._board, self._board_version = Board(), 0
        self._unwritten: dict[str, Lock] = {}
        self._asked_at = self._seen_at = self._day_at = self._locked_at = -DAY
        self._wrote_at = -DAY
        self._sums: _Sums | None = None

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

    def judge(self, attempt: Attempt, now: int, allowed: tuple[str, ...] = ()) -> Verdict:
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
        sums = self._sums
        if sums is None or sums.minute != minute:
            sums = self._sums = self._moved(sums, minute)
        last, current = self._whole(minute - 1), self._whole(minute)
        return View(
            now,
            before=sums.before,
            nine=sums.nine,
            last=last,
            current=current,
            own=self._own,
            unfolded=sums.unfolded,
            profile=self._profile,
        )

    def _moved(self, sums: _Sums | None, minute: int) -> _Sums:
        """The sums a minute later, or from scratch."""
        if sums is None or sums.minute != minute - 1:
            return self._summed(minute)
        newest, middle, oldest = (self._whole(minute - ago) for ago in (2, 11, 21))
        add(sums.nine, newest)
        add(sums.nine, middle, -1)
        add(sums.before, middle)
        add(sums.before, oldest, -1)
        if minute - 2 > self._profile.folded:
            add(sums.unfolded, newest)
        sums.minute = minute
        return sums

    def _summed(self, minute: int) -> _Sums:
        sums = _Sums(minute)
        for closed in self._minutes:
            if minute - 20 <= closed < minute - 10:
                add(sums.before, self._whole(closed))
            if minute - 10 <= closed < minute - 1:
                add(sums.nine, self._whole(closed))
            if self._profile.folded < closed < minute - 1:
                add(sums.unfolded, self._whole(closed))
        return sums

    def _whole(self, minute: int) -> Counter:
        shards = self._minutes.get(minute, {})
        if len(shards) == 1:
            return next(iter(shards.values()))
        if minute not in self._wholes:
            whole = self._wholes[minute] = {}
            for counter in shards.values():
                add(whole, counter)
        return self._wholes[minute]

    # --- Reading ------------------------------------------------------------------------------

    def _read(self, now: int) -> None:
        wanted = list(self._lacking(now))
        keys = {_minute_key(minute, shard): (minute, shard) for minute, shard in wanted}
        others = ["locks", *(["day"] if self._wants_day(now) else [])]
        found = self._table.read([*others, *keys])
        self._seen_at = now
        for key, (minute, shard) in keys.items():
            self._merge(minute, shard, found.get(key, {}), now)
        self._settle({minute for minute, _ in wanted}, now)
        self._take_board(found.get("locks", {}))
        if "day" in others:
            self._day_at = now
            self._take_profile(found.get("day", {}), now)

    def _lacking(self, now: int) -> Iterator[tuple[int, int]]:
        """What there is to read, newest minutes first; a long gap takes several reads."""
        minute = now // 60
        lacking = list(range(minute, minute - _KEPT_MINUTES - 1, -1))
        if self._profile.folded:
            oldest = max(self._profile.folded, minute - _DAY_MINUTES)
            lacking += range(oldest + 1, minute - _KEPT_MINUTES)
        lacking = [each for each in lacking if each not in self._final]
        for each in lacking[: _KEYS // self._shards]:
            yield from ((each, shard) for shard in range(self._shards))

    def _wants_day(self, now: int) -> bool:
        return now - self._day_at >= 60 or self._is_fold_due(now)

    def _merge(self, minute: int, shard: int, item: Item, now: int) -> None:
        known = self._minutes.setdefault(minute, {}).setdefault(shard, {})
        # A read may be older than the answer to our own write; counters only grow.
        news = {name: count for name, count in item.items() if count > known.get(name, 0)}
        if news:
            known.update(news)
            self._wholes.pop(minute, None)
            self._sums = self._sums if minute >= now // 60 - 1 else None

    def _settle(self, read: set[int], now: int) -> None:
        minute = now // 60
        self._final |= {each for each in read if (each + 1) * 60 + _SETTLES <= now}
        oldest = min(self._profile.folded or minute, minute - _KEPT_MINUTES)
        oldest = max(oldest, minute - _DAY_MINUTES)
        for each in [each for each in self._minutes if each < oldest]:
            del self._minutes[each]
            self._wholes.pop(each, None)
        self._final = {each for each in self._final if each >= oldest}

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
            self._merge(minute, self._shard, item, now)

    def _next_to_fold(self, now: int) -> int:
        return max(self._profile.folded, now // 60 - _DAY_MINUTES) + 1

    def _is_fold_due(self, now: int) -> bool:
        following = self._next_to_fold(now)
        return following in self._final and now - following * 60 >= self._fold_after

    def _fold(self, now: int) -> None:
        """Put closed minutes into the day. Whoever comes second finds it done."""
        self._wrote_at = now
        closed: list[tuple[int, Counter]] = []
        # Not the last one: a view counts it apart.
        for minute in range(self._next_to_fold(now), now // 60 - 1):
            if minute not in self._final:
                break
            closed.append((minute, self._whole(minute)))
        profile = self._profile.folding(closed)
        try:
            if self._table.swap("day", profile_item(profile), was=self._day_version):
                self._profile, self._sums = profile, None
                self._day_version = profile.folded
        except Unavailable:
            return

    def _take_profile(self, item: Item, now: int) -> None:
        if not item and not self._profile.folded:
            # The first day of its app begins with the first minute in which anything is.
            counted = (minute for minute in self._minutes if self._whole(minute))
            self._profile = Profile(min(counted, default=now // 60) - 1)
        elif item and int(item["f"]) > self._day_version:
            self._profile = _unpacked(item)
            self._day_version = self._profile.folded
        else:
            return
        self._sums = None

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
    return stronger or (lock.step is known.step and lock.until > known.until + _SETTLES)


# --- Items --------------------------------------------------------------------------------------


def _minute_key(minute: int, shard: int) -> str:
    return f"m#{minute}#{shard}"


def tidied(board: Board, now: int) -> Board:
    """The board without what has ended; of too many locks, the widest and longest."""
    locks = [lock for lock in board.locks.values() if lock.until > now]
    if len(locks) > MAX_LOCKS:
        locks.sort(key=lambda lock: (len(Level) - list(Level).index(level(lock.node)), lock.until))
        locks = locks[-MAX_LOCKS:]
    lifted = {node: lift for node, lift in board.lifted.items() if lift[0] > now}
    return Board({lock.node: lock for lock in locks}, lifted)


def board_item(board: Board, version: int) -> Item:
    """The item of the locks."""
    locks = {
        lock.node: {
            "step": lock.step.value,
            "rule": lock.rule,
            "sent": lock.sent,
            "verified": lock.verified,
            "threshold": lock.threshold,
            "window": lock.window,
            "since": lock.since,
            "until": lock.until,
        }
        for lock in board.locks.values()
    }
    lifted = {node: {"until": until, "by": by} for node, (until, by) in board.lifted.items()}
    return {"f": version, "locks": locks, "lifted": lifted}


def board_of(item: Item) -> Board:
    """What the item of the locks says."""
    locks = {
        node: Lock(node=node, **{**lock, "step": Step(lock["step"])})
        for node, lock in item.get("locks", {}).items()
    }
    lifted = {
        node: (int(lift["until"]), str(lift["by"])) for node, lift in item.get("lifted", {}).items()
    }
    return Board(locks, lifted)


def profile_item(profile: Profile) -> Item:
    texts = [
        " ".join(f"{node}:{counts.sent:.0f}:{counts.verified:.0f}" for node, counts in day.items())
        for day in (profile.today, profile.yesterday)
    ]
    return {"f": profile.folded, "t": texts[0], "y": texts[1]}


def _unpacked(item: Item) -> Profile:
    days = []
    for text in (str(item["t"]), str(item["y"])):
        parts = [part.split(":") for part in text.split()]
        days.append({node: Counts(int(sent), int(verified)) for node, sent, verified in parts})
    return Profile(int(item["f"]), *days)
