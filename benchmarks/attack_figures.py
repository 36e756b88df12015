"""What the attacks came to over several seeds, as figures with their budgets."""

import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from benchmarks.attack import HOUR, Outcome, Plan, bomb, replay
from benchmarks.attack_world import Tally
from benchmarks.figures import Figure, say

# The budgets were tuned with seeds 1 to 20.
SEEDS = (101, 102, 103, 104, 105)
_QUICK_SEEDS = (101,)
# An attack is stopped in time within so many messages or so many seconds.
_MESSAGES, _SECONDS = 30, 60
_LAUNDERED_SECONDS = 600
_AVOIDED, _LAUNDERED_AVOIDED = 95, 70
_HONEST = 0.5

_CROWD = Plan(1)
_FEW = Plan(1, honest=8, launching=0, behind_one=0)
PLANS = {
    "1 h, all solved": _CROWD,
    "3 h, all solved": Plan(3, honest=15, launching=3_000, behind_one=0),
    "24 h, all solved": Plan(24, honest=4, launching=3_000, behind_one=0),
    "1 h, none solved": Plan(1, solves=False, honest=8, launching=0, behind_one=0),
    "3 h, none solved": Plan(3, solves=False, honest=8, launching=0, behind_one=0),
    "24 h, none solved": Plan(24, solves=False, honest=2, launching=0, behind_one=0),
    "1 h, laundered": Plan(1, verified=0.6, behind_one=0),
    "3 h, laundered": Plan(3, verified=0.6, honest=8, launching=0, behind_one=0),
    "24 h, laundered": Plan(24, verified=0.6, honest=2, launching=0, behind_one=0),
    "1 h, its app launches there": Plan(1, behind_one=0, launches_in_attacked_app=True),
    "1 h, observed": Plan(1, enforce=False, honest=8, launching=0, behind_one=0),
}
# Smaller crowds, and no attack that takes longer.
_QUICK_PLANS = {
    "1 h, all solved": Plan(1, honest=10, launching=1_000, behind_one=1_500),
    "1 h, laundered": Plan(1, verified=0.6, honest=8, launching=0, behind_one=0),
    "1 h, observed": PLANS["1 h, observed"],
}


def measure(*, quick: bool = False) -> list[Figure]:
    """Every attack with every seed: what it got, and what honest people met."""
    seeds = _QUICK_SEEDS if quick else SEEDS
    plans = _QUICK_PLANS if quick else PLANS
    say(f"SMS pumping, {len(plans)} attacks, seeds {seeds} …")
    runs: list[Callable[[int], Outcome]] = [partial(replay, plan) for plan in plans.values()]
    runs += [partial(_bombed, one) for one in (True, False)]
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        jobs = [[pool.submit(run, seed) for seed in seeds] for run in runs]
        found = [[job.result() for job in each] for each in jobs]
    attacks = dict(zip(plans, found, strict=False))
    return [
        *(figure for name, outcomes in attacks.items() for figure in _attack(name, outcomes)),
        *_bombing("one address, many numbers", found[-2]),
        *_bombing("one number, many addresses", found[-1]),
        *_honest([each for outcomes in attacks.values() for each in outcomes]),
        _observed(attacks["1 h, observed"]),
    ]


def _bombed(one_address: bool, seed: int) -> Outcome:
    return bomb(one_address=one_address, seed=seed)


def _attack(name: str, outcomes: Sequence[Outcome]) -> list[Figure]:
    name = f"shield: {name}"
    messages = [_or_all(outcome.stopped_after, outcome) for outcome in outcomes]
    seconds = [_or_ever(outcome.stopped_seconds) for outcome in outcomes]
    avoided = [outcome.avoided_percent for outcome in outcomes]
    laundered = name.endswith("laundered")
    least = _LAUNDERED_AVOIDED if laundered else _AVOIDED
    found = [
        Figure(f"{name}: messages before the block, median", statistics.median(messages), ""),
        Figure(f"{name}: messages before the block, worst", max(messages), ""),
        Figure(f"{name}: time to the block, median", statistics.median(seconds), "s"),
        Figure(
            f"{name}: time to the block, worst",
            max(seconds),
            "s",
            _LAUNDERED_SECONDS if laundered else None,
        ),
        Figure(f"{name}: cost avoided, worst", min(avoided), "%", least, "higher"),
    ]
    if not laundered:
        late = max(
            min(sent / _MESSAGES, waited / _SECONDS)
            for sent, waited in zip(messages, seconds, strict=True)
        )
        found.append(Figure(f"{name}: of 30 messages or 60 s, worst", late, "x", 1))
    return found


def _bombing(name: str, outcomes: Sequence[Outcome]) -> list[Figure]:
    messages = [_or_all(outcome.stopped_after, outcome) for outcome in outcomes]
    seconds = [_or_ever(outcome.stopped_seconds) for outcome in outcomes]
    return [
        Figure(f"shield: bombing, {name}: messages before the block, worst", max(messages), ""),
        Figure(f"shield: bombing, {name}: time to the block, worst", max(seconds), "s", 180),
    ]


def _honest(outcomes: Sequence[Outcome]) -> list[Figure]:
    groups = {
        "honest": "all",
        "in the country": "in the attacked country and app",
        "launching": "launching there",
        "one address": "5,000 behind one address",
        "server": "through servers",
    }
    return [figure for group, what in groups.items() for figure in _group(outcomes, group, what)]


def _group(outcomes: Sequence[Outcome], group: str, what: str) -> Iterable[Figure]:
    tallies = [outcome.tallies[group] for outcome in outcomes if group in outcome.tallies]
    whole = Tally()
    for tally in tallies:
        whole += tally
    name = f"shield: honest requests, {what}"
    yield Figure(f"{name}: refused", whole.refused_percent, "%", _HONEST)
    if group in ("honest", "launching"):
        worst = max(tally.refused_percent for tally in tallies)
        yield Figure(f"{name}: refused, worst attack", worst, "%", _HONEST)
    yield Figure(f"{name}: challenged", whole.challenged_percent, "%")


def _observed(outcomes: Sequence[Outcome]) -> Figure:
    """What observing says would have been saved, beside what enforcing saves."""
    enforced = [replay(_FEW, seed) for seed, _ in zip(SEEDS, outcomes, strict=False)]
    ratios = [
        abs(seen.refused / max(1, done.refused) - 1)
        for seen, done in zip(outcomes, enforced, strict=True)
    ]
    return Figure("shield: observed saving off the enforced one, worst", 100 * max(ratios), "%", 3)


def _or_all(messages: int | None, outcome: Outcome) -> int:
    return outcome.through if messages is None else messages


def _or_ever(seconds: float | None) -> float:
    return float(HOUR * 24) if seconds is None else seconds
