"""The attack of benchmarks/attack.py in small: stopped in time, and nobody else is."""

from dataclasses import replace

import pytest

from benchmarks.attack import Outcome, Plan, bomb, replay

SEED = 201
SMALL = Plan(1 / 6, messages=2_000, honest=12, launching=300, behind_one=400)


@pytest.fixture(scope="module")
def solved() -> Outcome:
    """Somebody who solves every challenge, for ten minutes."""
    return replay(SMALL, SEED)


def refused(outcome: Outcome) -> dict[str, int]:
    """Honest people who were refused, by group."""
    return {group: tally.refused for group, tally in outcome.tallies.items() if tally.refused}


def test_an_attack_is_stopped_within_a_minute_though_every_challenge_is_solved(
    solved: Outcome,
) -> None:
    assert solved.stopped_seconds is not None
    assert solved.stopped_seconds < 60
    assert solved.avoided_percent > 95


def test_nobody_else_is_refused(solved: Outcome) -> None:
    assert solved.tallies["honest"].asked > 800
    assert refused(solved) == {}


def test_who_solves_nothing_gets_less() -> None:
    outcome = replay(replace(SMALL, solves=False), SEED)

    assert outcome.through < 60
    assert refused(outcome) == {}


def test_a_laundered_attack_is_stopped_within_ten_minutes() -> None:
    outcome = replay(replace(SMALL, hours=1 / 2, verified=0.6), SEED)

    assert outcome.stopped_seconds is not None
    assert outcome.stopped_seconds < 600
    assert outcome.avoided_percent > 70
    assert refused(outcome) == {}


def test_observing_refuses_nobody_and_tells_the_same_saving(solved: Outcome) -> None:
    outcome = replay(replace(SMALL, enforce=False), SEED)

    assert outcome.refused == pytest.approx(solved.refused, rel=0.03)


@pytest.mark.parametrize("one_address", [True, False])
def test_bombing_is_stopped(one_address: bool) -> None:
    outcome = bomb(one_address=one_address, seed=SEED, seconds=600)

    assert outcome.stopped_seconds is not None
    assert outcome.stopped_seconds < 180
    assert refused(outcome) == {}
