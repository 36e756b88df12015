"""Health: who loses share, how soon, and that shares do not flap."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signet import health
from signet.health import CHANGE_SECONDS, FLOOR, Count, Reason, Standing

START = 1_795_334_400
WELL = Standing("alibaba", "86")


@dataclass
class Days:
    """A carrier's minutes, second by second; it is judged every five, as senders do."""

    standing: Standing = WELL
    now: int = START
    counts: dict[int, dict[Count, int]] = field(default_factory=dict)
    shares: list[tuple[int, int]] = field(default_factory=list)

    def count(self, what: Count, at: int | None = None, number: int = 1) -> None:
        slot = self.counts.setdefault(health.slot(self.now if at is None else at), {})
        slot[what] = slot.get(what, 0) + number

    def run(self, seconds: int, each: Callable[["Days"], None]) -> None:
        for _ in range(seconds):
            each(self)
            self.now += 1
            if self.now % 5 == 0:
                judged = health.judge(self.standing, self.counts, self.now)
                if judged.share != self.standing.share:
                    self.shares.append((self.now, judged.share))
                self.standing = judged


def well(days: Days) -> None:
    days.count(Count.ACCEPTED)
    days.count(Count.PROMPT, at=days.now - 4)


def failing(days: Days) -> None:
    days.count(Count.FAILED)


def slow(days: Days) -> None:
    days.count(Count.ACCEPTED)
    days.count(Count.SLOW)
    days.count(Count.PROMPT, at=days.now - 4)


def late(days: Days) -> None:
    days.count(Count.ACCEPTED)
    days.count(Count.PROMPT, at=days.now - 90)  # nobody looks there any more


def unheard(days: Days) -> None:
    days.count(Count.ACCEPTED)


@pytest.mark.parametrize(
    ("ails", "reason"),
    [(failing, Reason.FAILING), (slow, Reason.SLOW), (unheard, Reason.LATE)],
)
def test_a_carrier_that_ails_loses_its_share_within_a_minute(
    ails: Callable[[Days], None], reason: Reason
) -> None:
    days = Days()
    days.run(180, well)
    assert days.shares == []
    fell = days.now

    days.run(60, ails)

    ((at, share),) = days.shares
    assert at - fell <= 60
    assert (share, days.standing.reason) == (FLOOR, reason)


def test_a_carrier_that_never_reports_is_not_late() -> None:
    days = Days()

    days.run(3_600, unheard)

    assert days.shares == []


def test_a_carrier_whose_receipts_always_take_their_time_is_not_late() -> None:
    days = Days()

    def leisurely(days: Days) -> None:
        days.count(Count.ACCEPTED)
        if days.now % 3 == 0:
            days.count(Count.PROMPT, at=days.now - 4)

    days.run(3_600, leisurely)

    assert days.shares == []


def test_share_comes_back_in_steps_five_minutes_apart() -> None:
    days = Days()
    days.run(60, failing)

    days.run(3_600, well)

    times = [at for at, _ in days.shares]
    assert [share for _, share in days.shares] == [FLOOR, 25, 60, 100]
    assert all(after - at >= CHANGE_SECONDS for at, after in pairwise(times))
    assert times[-1] - times[0] < 1_000


def test_a_carrier_without_messages_gets_its_share_back_too() -> None:
    days = Days()
    days.run(60, failing)

    days.run(1_200, lambda _: None)

    assert days.standing.share == 100


def test_a_carrier_that_goes_on_failing_stays_down() -> None:
    days = Days()

    days.run(3_600, failing)

    assert [share for _, share in days.shares] == [FLOOR]


def test_a_few_failures_are_no_reason() -> None:
    days = Days()

    def mostly(days: Days) -> None:
        failing(days) if days.now % 5 == 0 else well(days)

    days.run(1_800, mostly)

    assert days.shares == []


def test_two_failures_are_too_few_to_tell() -> None:
    days = Days()
    days.count(Count.FAILED, number=2)

    days.run(60, lambda _: None)

    assert days.shares == []


@settings(max_examples=60)
@given(st.lists(st.sampled_from([well, failing, slow, late, unheard]), max_size=80), st.randoms())
def test_whatever_happens_there_is_one_change_in_five_minutes(
    moods: list[Callable[[Days], None]], chance: random.Random
) -> None:
    days = Days()
    for mood in moods:
        days.run(chance.randrange(1, 90), mood)

    times = [at for at, _ in days.shares]
    assert all(after - at >= CHANGE_SECONDS for at, after in pairwise(times))
    assert all(FLOOR <= share <= 100 for _, share in days.shares)


def test_what_is_usual_is_learned_slowly_and_not_from_bad_times() -> None:
    days = Days()
    days.run(180, well)
    assert days.standing.usual == 100

    days.run(400, unheard)

    assert days.standing.usual
    assert days.standing.usual > 90
