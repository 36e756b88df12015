"""The minutes that a process has read: which it lacks, which are final, and their sums."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from signet.shield_counts import Counter, add

# A minute is closed for good when all who counted in it must have written.
_SETTLES = 5
_WINDOW = 10
# Two windows, and the minute that leaves the older one.
KEPT = 2 * _WINDOW + 1
DAY_MINUTES = 1_440
# BatchGetItem takes a hundred keys, and two others are read with them. A process begins with one
# window, for a person waits meanwhile, and reads the other one five seconds later.
_KEYS = 96
_FIRST_KEYS = _WINDOW + 2


@dataclass(slots=True)
class Sums:
    """Of closed minutes, as `View` wants them at `minute`, with a day folded up to `folded`."""

    minute: int
    folded: int
    before: Counter = field(default_factory=dict)
    nine: Counter = field(default_factory=dict)
    unfolded: Counter = field(default_factory=dict)


class Minutes:
    """Counters by minute, each the sum of those of `shards` items."""

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self._items: dict[int, dict[int, Counter]] = {}
        self._wholes: dict[int, Counter] = {}
        self._final: set[int] = set()
        self._sums: Sums | None = None

    def lacking(self, minute: int, folded: int) -> Iterator[tuple[int, int]]:
        """What there is to read, (minute, shard), newest first; a long gap takes several reads."""
        wanted = list(range(minute, minute - KEPT - 1, -1))
        if folded:
            wanted += range(max(folded, minute - DAY_MINUTES) + 1, minute - KEPT)
        wanted = [each for each in wanted if each not in self._final]
        most = _KEYS // self._shards if self._items else _FIRST_KEYS
        for each in wanted[:most]:
            yield from ((each, shard) for shard in range(self._shards))

    def merge(self, minute: int, shard: int, item: Mapping[str, int], *, current: int) -> None:
        """Take in what was read. It may be older than what is known, and counters only grow."""
        known = self._items.setdefault(minute, {}).setdefault(shard, {})
        news = {name: count for name, count in item.items() if count > known.get(name, 0)}
        if news:
            known.update(news)
            self._wholes.pop(minute, None)
            if minute < current - 1:
                self._sums = None

    def settle(self, read: Iterable[int], now: int, folded: int) -> None:
        """Note which of the minutes that were read will not change, and forget the oldest."""
        self._final |= {each for each in read if (each + 1) * 60 + _SETTLES <= now}
        minute = now // 60
        oldest = max(min(folded or minute, minute - KEPT), minute - DAY_MINUTES)
        for each in [each for each in self._items if each < oldest]:
            del self._items[each]
            self._wholes.pop(each, None)
        self._final = {each for each in self._final if each >= oldest}

    def is_final(self, minute: int) -> bool:
        """Whether the minute was read when it was closed for good."""
        return minute in self._final

    def first(self, otherwise: int) -> int:
        """The first minute in which anything was counted."""
        return min((minute for minute in self._items if self.whole(minute)), default=otherwise)

    def whole(self, minute: int) -> Counter:
        """All that is known of a minute."""
        shards = self._items.get(minute, {})
        if len(shards) == 1:
            return next(iter(shards.values()))
        if minute not in self._wholes:
            whole = self._wholes[minute] = {}
            for counter in shards.values():
                add(whole, counter)
        return self._wholes[minute]

    def sums(self, minute: int, folded: int) -> Sums:
        """The sums for a view at `minute`."""
        sums = self._sums
        if sums is None or sums.folded != folded or sums.minute not in (minute - 1, minute):
            sums = self._sums = self._summed(minute, folded)
        elif sums.minute != minute:
            self._move(sums, minute)
        return sums

    def _move(self, sums: Sums, minute: int) -> None:
        """A minute later; adding up twenty minutes anew takes longer."""
        newest, middle, oldest = (self.whole(minute - ago) for ago in (2, 11, KEPT))
        add(sums.nine, newest)
        add(sums.nine, middle, -1)
        add(sums.before, middle)
        add(sums.before, oldest, -1)
        if minute - 2 > sums.folded:
            add(sums.unfolded, newest)
        sums.minute = minute

    def _summed(self, minute: int, folded: int) -> Sums:
        sums = Sums(minute, folded)
        for closed in self._items:
            whole = self.whole(closed)
            if minute - 2 * _WINDOW <= closed < minute - _WINDOW:
                add(sums.before, whole)
            if minute - _WINDOW <= closed < minute - 1:
                add(sums.nine, whole)
            if folded < closed < minute - 1:
                add(sums.unfolded, whole)
        return sums
