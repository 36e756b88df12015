"""What the shield knows: counts of sends and verifications by node, recent and of a day.

A counter maps names to numbers: `s` and a node for sends, `v` for verifications, `t` for attempts
while it was locked. Every counter is a sum of others, so that any number of processes may add to
it in any order. Minutes are epoch minutes, times epoch seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from signet.shield_tree import APP, Level, country_of, is_below, level

Counter = dict[str, int]

WINDOW = 600
DAY = 86_400
_DAY_MINUTES = 1_440
# How many nodes a day's profile keeps, beside app and countries.
PROFILE_SIZE = 300
# What is believed of a country before anything is known of it, and how firmly.
_PRIOR, _PRIOR_WEIGHT = 0.3, 20
_LEAST, _MOST = 0.1, 0.6


def add(counter: Counter, other: Mapping[str, int], times: int = 1) -> None:
    """Add `other` to `counter`, or take it away with -1."""
    for name, count in other.items():
        counter[name] = counter.get(name, 0) + times * count


class Counts(NamedTuple):
    """Of one node within one window."""

    sent: float
    verified: float

    @property
    def unverified(self) -> float:
        """Sends without a verification; more verifications than sends are none."""
        return max(0.0, self.sent - self.verified)

    def less(self, other: "Counts") -> "Counts":
        """What is left without those of another node."""
        return Counts(max(0.0, self.sent - other.sent), max(0.0, self.verified - other.verified))


NOTHING = Counts(0, 0)


@dataclass(frozen=True, slots=True)
class Profile:
    """A day in short: what was counted today and yesterday, up to the minute `folded`, inclusive.

    The nodes that matter: app and countries, and those with the most unverified sends.
    """

    folded: int = 0
    today: Mapping[str, Counts] = field(default_factory=dict)
    yesterday: Mapping[str, Counts] = field(default_factory=dict)

    def counts(self, node: str, now: int) -> Counts:
        """Of the last 24 hours: today's, and of yesterday's as much as is left of today."""
        if node not in self.today and node not in self.yesterday:
            return NOTHING
        today = self._of(node, 0, now)
        yesterday = self._of(node, 1, now)
        rest = 1 - now % DAY / DAY
        return Counts(
            today.sent + rest * yesterday.sent, today.verified + rest * yesterday.verified
        )

    def folding(self, minutes: Iterable[tuple[int, Counter]]) -> "Profile":
        """The profile with further minutes, in order; those it has already are left out."""
        folded, today, yesterday = self.folded, dict(self.today), self.yesterday
        for minute, counter in minutes:
            if minute <= folded:
                continue
            passed = minute // _DAY_MINUTES - folded // _DAY_MINUTES
            if passed:
                yesterday, today = (today if passed == 1 else {}), {}
            folded = minute
            _fold(today, counter)
        return Profile(folded, _pruned(today), yesterday)

    def _of(self, node: str, days_ago: int, now: int) -> Counts:
        # Nothing may have been folded since midnight.
        behind = days_ago - (now // DAY - self.folded // _DAY_MINUTES)
        if behind == 0:
            return self.today.get(node, NOTHING)
        return self.yesterday.get(node, NOTHING) if behind == 1 else NOTHING


@dataclass(frozen=True, slots=True)
class View:
    """What one process knows at `now`.

    `before`: the ten minutes before those. `nine`: nine closed minutes, summed, that `last`
    follows, and then `current`. `own`: what this process has counted and not written yet.
    `unfolded`: the closed minutes that are not in the profile yet, without `last`.
    """

    now: int
    before: Mapping[str, int] = field(default_factory=dict)
    nine: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)
    current: Mapping[str, int] = field(default_factory=dict)
    own: Mapping[str, int] = field(default_factory=dict)
    unfolded: Mapping[str, int] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)

    def recent(self, node: str, *, waits: bool = False) -> Counts:
        """Of ten minutes, or little more; with `waits`, only sends of a minute ago and older."""
        sent = self.nine.get(f"s{node}", 0) + self._fresh(node, waits=waits)
        return Counts(sent, self.nine.get(f"v{node}", 0) + self._verified(node))

    def day(self, node: str, *, waits: bool = False) -> Counts:
        """Of the last 24 hours; the same with `waits`."""
        known = self.profile.counts(node, self.now)
        sent = known.sent + self.unfolded.get(f"s{node}", 0)
        verified = known.verified + self.unfolded.get(f"v{node}", 0)
        return Counts(sent + self._fresh(node, waits=waits), verified + self._verified(node))

    def sent_before(self, node: str) -> int:
        """Sends in the ten minutes before the last ten."""
        return self.before.get(f"s{node}", 0)

    def tries(self, node: str) -> int:
        """Attempts on a locked node in the last ten minutes."""
        name = f"t{node}"
        known = (self.nine, self.last, self.current, self.own)
        return sum(counter.get(name, 0) for counter in known)

    def _fresh(self, node: str, *, waits: bool) -> float:
        name = f"s{node}"
        last = self.last.get(name, 0)
        if waits:
            # Sends are taken to be spread evenly over their minute.
            return last * (self.now % 60) / 60
        return last + self.current.get(name, 0) + self.own.get(name, 0)

    def _verified(self, node: str) -> int:
        name = f"v{node}"
        return self.last.get(name, 0) + self.current.get(name, 0) + self.own.get(name, 0)

    def usual_sent(self, node: str) -> float:
        """Sends of the node in ten minutes of an average day, as the profile knows it."""
        return self.profile.counts(node, self.now).sent * WINDOW / DAY

    def usual_share(self, node: str) -> float:
        """The share of sends that is usually not verified, where the node is.

        Learned from the day, not from the last minutes: an attack is not to become the rule.
        """
        country = country_of(node)
        known = self.profile.counts(country or APP, self.now)
        share = (_PRIOR * _PRIOR_WEIGHT + known.unverified) / (_PRIOR_WEIGHT + known.sent)
        return min(max(share, _LEAST), _MOST)


def without(counts: Counts, node: str, apart: Iterable[str], view: View, *, day: bool) -> Counts:
    """The counts of a node less those of the nodes below it that are dealt with already."""
    for other in _topmost(node, apart):
        counts = counts.less(view.day(other) if day else view.recent(other))
    return counts


def size(*counters: Mapping[str, int]) -> int:
    """How many attributes these counters have, at most."""
    return sum(map(len, counters))


def _topmost(node: str, apart: Iterable[str]) -> Iterator[str]:
    # A country counts by number and the app by both: what an address sent is in some range, too.
    below = [other for other in apart if is_below(other, node)]
    if level(node) is Level.APP:
        below = [other for other in below if country_of(other)]
    for other in below:
        if not any(is_below(other, higher) for higher in below):
            yield other


def _fold(today: dict[str, Counts], counter: Counter) -> None:
    for node in {name[1:] for name in counter if name[0] in "sv"}:
        # Buckets only show where to look closer, and that at once.
        if level(node) is not Level.BUCKET:
            known = today.get(node, NOTHING)
            today[node] = Counts(
                known.sent + counter.get(f"s{node}", 0),
                known.verified + counter.get(f"v{node}", 0),
            )


def _pruned(today: Mapping[str, Counts]) -> dict[str, Counts]:
    if len(today) <= PROFILE_SIZE:
        return dict(today)
    kept = {node: counts for node, counts in today.items() if level(node) in ("a", "c")}
    others = [node for node in today if node not in kept]
    others.sort(key=lambda node: (-today[node].unverified, node))
    return kept | {node: today[node] for node in others[:PROFILE_SIZE]}
