"""Health: how carriers fare lately, and what part of their messages they keep.

Every call of a carrier counts into a slot of ten seconds, by carrier and country: accepted, failed
(refused for a reason of the carrier's own, or no answer), slow to answer; and a receipt that came
promptly counts into the slot in which its message was sent. From the last minute follows whether
the carrier ails:

    failing        at least 3 calls failed, and 3 in 10 of all
    slow answers   at least 5 calls, 3 in 10 of them took 3 s or longer
    late receipts  at least 10 messages old enough, of which fewer than half as many as usual had a
                   receipt within 20 s; only where receipts usually come that soon

Its share falls to 5 % at once, which keeps asking, and comes back in steps, five minutes apart.
There is at most one change in five minutes, so that shares do not flap: what fails hard meanwhile
is made good by the next carrier anyway. The share is a part of the carrier's weight in a route.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

SLOT = 10
# Slots that a judgement looks at: a minute for calls, and the receipts' minute before it.
SLOTS = 9
_CALLS = 6
SLOW_MILLISECONDS = 3_000
PROMPT_SECONDS = 20

FULL = 100
# Enough to see that a carrier is well again, and few people wait for it.
FLOOR = 5
_STEPS = (FLOOR, 25, 60, FULL)
CHANGE_SECONDS = 300

_LEAST_FAILURES = 3
_LEAST_CALLS = 5
_LEAST_SENT = 10
_BAD = 0.3
# What is usual is learned once a minute; a fifth of the new goes in.
USUAL_SECONDS = 60
_LEARNING = 0.2
# Below this percentage a carrier's receipts are no measure of its speed.
_USUALLY_PROMPT = 60


class Count(StrEnum):
    """What is counted; the values are names of attributes."""

    ACCEPTED = "a"
    FAILED = "f"
    SLOW = "s"
    PROMPT = "p"


class Reason(StrEnum):
    """Why a share changed, in words that the console knows."""

    FAILING = "failing"
    SLOW = "slow answers"
    LATE = "late receipts"
    RECOVERING = "recovering"


# Slot -> what was counted in it.
Counts = Mapping[int, Mapping[Count, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a carrier stands in a country (dial code). `share` in percent; times epoch seconds.

    `usual`: the percentage of its messages that usually have a receipt within 20 s; None while
    nobody knows, or it never reports.
    """

    carrier: str
    country: str
    share: int = FULL
    reason: str = ""
    changed_at: int = 0
    usual: int | None = None
    usual_at: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A share that fell or rose, as the console shows it."""

    at: int
    carrier: str
    country: str
    before: int
    after: int
    reason: str


def slot(seconds: int) -> int:
    """The slot that a time lies in."""
    return seconds // SLOT


def judge(standing: Standing, counts: Counts, now: int) -> Standing:
    """How the carrier stands after what was counted; the same when nothing changes."""
    ailment = _ailment(standing, counts, now)
    if now - standing.changed_at < CHANGE_SECONDS:
        return standing
    if ailment and standing.share > FLOOR:
        return replace(standing, share=FLOOR, reason=ailment.value, changed_at=now)
    if ailment is None and standing.share < FULL:
        after = next(step for step in _STEPS if step > standing.share)
        return replace(standing, share=after, reason=Reason.RECOVERING.value, changed_at=now)
    return _learned(standing, counts, now) if ailment is None else standing


def _ailment(standing: Standing, counts: Counts, now: int) -> Reason | None:
    last = slot(now)
    calls = _sum(counts, range(last - _CALLS, last + 1))
    made = calls[Count.ACCEPTED] + calls[Count.FAILED]
    if calls[Count.FAILED] >= max(_LEAST_FAILURES, _BAD * made):
        return Reason.FAILING
    if made >= _LEAST_CALLS and calls[Count.SLOW] >= _BAD * made:
        return Reason.SLOW
    prompt = _prompt_percent(counts, now)
    usual = standing.usual
    if prompt is None or usual is None or usual < _USUALLY_PROMPT:
        return None
    return Reason.LATE if prompt < usual / 2 else None


def _prompt_percent(counts: Counts, now: int) -> int | None:
    """Of the messages whose receipts should have come, the percentage whose did."""
    old_enough = slot(now - PROMPT_SECONDS)
    sums = _sum(counts, range(old_enough - 4, old_enough))
    sent = sums[Count.ACCEPTED]
    return None if sent < _LEAST_SENT else min(100, 100 * sums[Count.PROMPT] // sent)


def _learned(standing: Standing, counts: Counts, now: int) -> Standing:
    prompt = _prompt_percent(counts, now)
    if prompt is None or now - standing.usual_at < USUAL_SECONDS:
        return standing
    if standing.usual is None:
        # A carrier that never reports is not late.
        return replace(standing, usual=prompt, usual_at=now) if prompt else standing
    usual = round(standing.usual + _LEARNING * (prompt - standing.usual))
    return replace(standing, usual=usual, usual_at=now)


def _sum(counts: Counts, slots: range) -> Counter[Count]:
    total: Counter[Count] = Counter()
    for place in slots:
        total.update(counts.get(place, {}))
    return total
