"""Whether SMS pumping or bombing is going on, before a message is charged.

Counts of sends that nobody verified, by app, country, range of numbers, number and address, are
held against budgets for ten minutes and for a day (docs/decisions/0023-the-shield.md). What is
over its budget is locked for a while: first a challenge has to be solved, then everything is
refused. A solved challenge is evidence, not proof: solved sends count like all others.

    rule            | a node is over its budget when, in ten minutes,
    ----------------+------------------------------------------------------------------------
    share           | so many sends are unverified, and their share is beyond what is usual
    day             | the same within a day, with three times the budget
    burst           | addresses: so many were sent that nearly nobody had the time to verify
    concentration   | narrow ranges: so many are unverified, at whatever share, and a good part of
                    |   the country's sends goes there

The narrowest node that is over its budget is locked, and what it explains is not counted against
the wider ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import sqrt

from signet import shield_tree as tree
from signet.shield_counts import WINDOW, Counts, View, without
from signet.shield_tree import APP, BUDGETS, Budget, Level

LOCK_SECONDS = 600
# A lock with less than this left is extended while attempts go on. What many honest people share
# is judged anew after an hour: they go on, too, and while they are refused nothing is learned.
_EXTEND_BELOW = 300
_SHARED = frozenset({Level.ADDRESS, Level.MILLION, Level.COUNTRY, Level.APP})
_LONGEST_SHARED = 3_600
# Nor are a country or an app closed all day for what happened in the morning.
_NO_DAY_REFUSED = frozenset({Level.COUNTRY, Level.APP})
LIFTED_SECONDS = 3_600
_DAY_FACTOR = 3
# A budget is never less than so many times what the node sends in ten minutes of a usual day.
_USUAL = {"challenge": 2, "refuse": 4}
# And never less than so many times what it sent in the ten minutes before the last ten: where a
# carrier stops delivering, everybody asks again, but that is all.
_BEFORE = {"challenge": 1.0, "refuse": 1.5}
# Unverified sends of a range at whatever share: its budget times this, and its part of the country.
_CONCENTRATED, _CONCENTRATED_PART = 1.2, 0.05
_CONCENTRATED_LEVELS = (Level.TEN_THOUSAND, Level.HUNDRED)
# Where whole countries have few ranges, a good part of the country means nothing.
_LEAST_DIGITS_BEFORE = 3
_BURSTS = {"challenge": (60, 0.85), "refuse": (150, 0.9)}


class Step(StrEnum):
    """What happens to a send."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A send that is asked for.

    `address`: what `shield_tree.address_key` makes of the caller's; None for those who send for
    others. `verifies`: it holds a code, so it will be verified or not. `solved`: a challenge was.
    """

    phone: str
    address: str | None
    verifies: bool = True
    solved: bool = False

    @property
    def nodes(self) -> list[str]:
        """What it counts for, narrowest first."""
        numbers = tree.number_nodes(self.phone)
        if not self.verifies:
            return list(reversed(numbers[1:]))
        address = [tree.address_nodes(self.address)[1]] if self.address else []
        return [*reversed(numbers[2:]), *address, *reversed(numbers[:2]), APP]


@dataclass(frozen=True, slots=True)
class Lock:
    """A node that is closed until then, or open to those who solve a challenge.

    `rule` and what it saw: sends, verifications, and the budget within `window` seconds.
    """

    node: str
    step: Step
    rule: str
    sent: int
    verified: int
    threshold: int
    window: int
    since: int
    until: int

    @property
    def unverified(self) -> int:
        """What was held against the budget."""
        return max(0, self.sent - self.verified)


@dataclass(frozen=True, slots=True)
class Board:
    """What is locked; what somebody lifted: node -> until when it is left alone, and by whom."""

    locks: Mapping[str, Lock] = field(default_factory=dict)
    lifted: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def lock_of(self, node: str, now: int) -> Lock | None:
        """The lock that holds at `now`."""
        lock = self.locks.get(node)
        return lock if lock and lock.until > now else None

    def is_lifted(self, node: str, now: int) -> bool:
        """Whether the node is to be left alone."""
        return node in self.lifted and self.lifted[node][0] > now

    def apart(self, now: int) -> list[str]:
        """The nodes that are dealt with, so that wider ones do not answer for them."""
        locked = [node for node, lock in self.locks.items() if lock.until > now]
        return locked + [node for node, (until, _) in self.lifted.items() if until > now]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a send, and why: the lock that it met, for all but ALLOW.

    `write`: the lock is new, or has changed, and is to be written.
    """

    step: Step
    lock: Lock | None = None
    write: bool = False
    retry_after: int = 0


_ALLOWED = Verdict(Step.ALLOW)


def judge(view: View, board: Board, attempt: Attempt, allowed: Sequence[str] = ()) -> Verdict:
    """What happens to `attempt`; `allowed`: numbers and ranges in E.164 that are never stopped."""
    if tree.is_listed(attempt.phone, allowed):
        return _ALLOWED
    nodes = [node for node in attempt.nodes if not board.is_lifted(node, view.now)]
    for node in nodes:
        lock = board.lock_of(node, view.now)
        if lock and lock.step is Step.REFUSE:
            return _stopped(view, board, lock)
    nodes = [node for node in nodes if _is_worth_a_look(view, board, node)]
    for step in (Step.REFUSE,) if attempt.solved else (Step.REFUSE, Step.CHALLENGE):
        for node in nodes:
            if verdict := _met(view, board, node, step):
                return verdict
    return _ALLOWED


def _is_worth_a_look(view: View, board: Board, node: str) -> bool:
    """Whether a node is locked, or has used up a budget; most have not, and cost no more."""
    budget = BUDGETS[tree.level(node)].challenge
    return (
        node in board.locks
        or view.recent(node).unverified >= budget
        or view.day(node).unverified >= _DAY_FACTOR * budget
    )


def _met(view: View, board: Board, node: str, step: Step) -> Verdict | None:
    lock = board.lock_of(node, view.now)
    if lock and lock.step is step:
        return _stopped(view, board, lock)
    if found := _over(view, board, node, step):
        return _verdict(view, found, write=True)
    return None


def _stopped(view: View, board: Board, lock: Lock) -> Verdict:
    extended = _extended(view, board, lock)
    return _verdict(view, extended, write=extended is not lock)


def _verdict(view: View, lock: Lock, *, write: bool) -> Verdict:
    return Verdict(lock.step, lock, write, max(1, lock.until - view.now))


def _extended(view: View, board: Board, lock: Lock) -> Lock:
    """The lock, for longer if attempts go on as they would in an attack."""
    if lock.until - view.now >= _EXTEND_BELOW:
        return lock
    kind = tree.level(lock.node)
    left = view.tries(lock.node)
    if lock.step is Step.CHALLENGE:
        # Who solved it went on, and is counted there.
        left -= round(view.recent(lock.node).sent)
    going_on = left >= BUDGETS[kind].challenge + 2 * view.usual_sent(lock.node)
    if not (going_on or (lock.step is Step.CHALLENGE and _over(view, board, lock.node, lock.step))):
        return lock
    until = view.now + LOCK_SECONDS
    if kind in _SHARED:
        until = min(until, lock.since + _LONGEST_SHARED)
    return replace(lock, until=until) if until > lock.until else lock


def _over(view: View, board: Board, node: str, step: Step) -> Lock | None:
    """The lock that a node should have, by the first rule that it breaks."""
    for rule in (_share, _burst, _concentration, _day):
        if found := rule(view, board, node, step):
            return found
    return None


def _share(view: View, board: Board, node: str, step: Step) -> Lock | None:
    budget = BUDGETS[tree.level(node)]
    counts = view.recent(node, waits=budget.waits)
    threshold = _threshold(view, node, step)
    if counts.unverified < threshold:
        return None
    counts = without(counts, node, board.apart(view.now), view, day=False)
    if counts.unverified < threshold or excess(view, node, counts, budget) <= 0:
        return None
    return _lock(view, node, step, "share", counts, threshold, WINDOW)


def _day(view: View, board: Board, node: str, step: Step) -> Lock | None:
    kind = tree.level(node)
    if step is Step.REFUSE and kind in _NO_DAY_REFUSED:
        return None
    budget = BUDGETS[kind]
    counts = view.day(node, waits=budget.waits)
    threshold = _DAY_FACTOR * budget.of(step)
    if counts.unverified < threshold:
        return None
    counts = without(counts, node, board.apart(view.now), view, day=True)
    if counts.unverified < threshold or excess(view, node, counts, budget) <= 0:
        return None
    return _lock(view, node, step, "day", counts, threshold, 86_400)


def _burst(view: View, board: Board, node: str, step: Step) -> Lock | None:
    if tree.level(node) is not Level.ADDRESS:
        return None
    threshold, share = _BURSTS[step.value]
    counts = view.recent(node)
    if counts.unverified < threshold or _beyond(counts, share, 3) <= 0:
        return None
    return _lock(view, node, step, "burst", counts, threshold, WINDOW)


def _concentration(view: View, board: Board, node: str, step: Step) -> Lock | None:
    if not _may_concentrate(node):
        return None
    threshold = _CONCENTRATED * _threshold(view, node, step)
    counts = view.recent(node)
    if counts.unverified < threshold or not is_concentrated(view, node, counts):
        return None
    return _lock(view, node, step, "concentration", counts, threshold, WINDOW)


def _may_concentrate(node: str) -> bool:
    before = len(node) - 1 - len(tree.dial_code(node[1:]))
    return tree.level(node) in _CONCENTRATED_LEVELS and before >= _LEAST_DIGITS_BEFORE


def is_concentrated(view: View, node: str, counts: Counts) -> bool:
    """Whether a good part of what its country sends goes to a node."""
    country = tree.country_of(node) or APP
    return counts.sent >= _CONCENTRATED_PART * view.recent(country).sent


def _threshold(view: View, node: str, step: Step) -> int:
    budget = BUDGETS[tree.level(node)].of(step)
    usual = _USUAL[step.value] * view.usual_sent(node)
    before = _BEFORE[step.value] * view.sent_before(node)
    return max(budget, round(usual), round(before))


def excess(view: View, node: str, counts: Counts, budget: Budget) -> float:
    """Unverified sends beyond the usual share, its margin, and chance."""
    usual = view.usual_share(node)
    return _beyond(counts, usual + budget.margin * (1 - usual), budget.sigmas)


def _beyond(counts: Counts, share: float, sigmas: float) -> float:
    chance = sigmas * sqrt(share * (1 - share) * counts.sent)
    return counts.unverified - share * counts.sent - chance


def _lock(
    view: View, node: str, step: Step, rule: str, counts: Counts, threshold: float, window: int
) -> Lock:
    return Lock(
        node=node,
        step=step,
        rule=rule,
        sent=round(counts.sent),
        verified=round(counts.verified),
        threshold=round(threshold),
        window=window,
        since=view.now,
        until=view.now + LOCK_SECONDS,
    )
