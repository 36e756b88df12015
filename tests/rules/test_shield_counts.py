"""Windows, a day in short, and what is usual."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.shield_counts import (
    DAY,
    NOTHING,
    PROFILE_SIZE,
    Counter,
    Counts,
    Profile,
    View,
    add,
)

NOON = 20_700 * DAY + DAY // 2
MINUTE = NOON // 60
C, T = "c998", "t99899394"

counters = st.dictionaries(
    st.sampled_from([f"{what}{node}" for what in "sv" for node in (C, T, "a", "b7f")]),
    st.integers(min_value=0, max_value=50),
)


def sends(count: int, verified: int = 0, node: str = C) -> Counter:
    return {f"s{node}": count, f"v{node}": verified}


def test_a_window_is_the_sum_of_its_parts() -> None:
    view = View(NOON, nine=sends(5, 4), last=sends(3, 2), current=sends(2, 1), own=sends(1))

    assert view.recent(C) == Counts(11, 7)
    assert view.recent(C).unverified == 4
    assert view.recent(T) == NOTHING


@pytest.mark.parametrize(("second", "sent"), [(0, 5), (30, 7), (59, 5 + 4 * 59 / 60)])
def test_codes_of_the_last_minute_may_still_be_typed(second: int, sent: float) -> None:
    quiet = View(NOON + second, nine=sends(5), unfolded=sends(5), last=sends(4))
    view = replace(quiet, current=sends(9), own=sends(9))

    assert view.recent(C, waits=True).sent == pytest.approx(sent)
    assert view.day(C, waits=True).sent == pytest.approx(sent)


def test_more_verifications_than_sends_are_no_debt() -> None:
    assert Counts(2, 5).unverified == 0
    assert Counts(2, 5).less(Counts(3, 1)) == Counts(0, 4)


def test_attempts_on_a_lock_are_no_sends() -> None:
    view = View(NOON, nine={f"t{T}": 3}, last={f"t{T}": 1}, current={f"t{T}": 1}, own={f"t{T}": 1})

    assert view.tries(T) == 6
    assert view.recent(T) == NOTHING


def test_a_day_is_today_and_what_is_left_of_yesterday() -> None:
    profile = Profile(MINUTE, {C: Counts(100, 60)}, {C: Counts(80, 40)})

    assert View(NOON, profile=profile).day(C) == Counts(140, 80)


@pytest.mark.parametrize(("days_later", "sent"), [(0, 140), (1, 50), (2, 0)])
def test_what_was_folded_grows_old_by_itself(days_later: int, sent: int) -> None:
    profile = Profile(MINUTE, {C: Counts(100, 60)}, {C: Counts(80, 40)})

    assert View(NOON + days_later * DAY, profile=profile).day(C).sent == sent


def test_minutes_that_are_not_folded_belong_to_the_day() -> None:
    profile = Profile(MINUTE - 10, {C: Counts(100, 60)})
    view = View(NOON, unfolded=sends(7, 5), last=sends(3), current=sends(2), profile=profile)

    assert view.day(C) == Counts(112, 65)


def test_folding_again_changes_nothing() -> None:
    minutes = [(MINUTE + place, sends(place + 1)) for place in range(5)]
    once = Profile(MINUTE - 1).folding(minutes)

    assert once.today[C] == Counts(15, 0)
    assert once.folding(minutes) == once


@given(st.lists(counters, min_size=1, max_size=30), st.integers(min_value=1, max_value=29))
def test_it_does_not_matter_who_folds_what(found: list[Counter], cut: int) -> None:
    minutes = [(MINUTE + place, counter) for place, counter in enumerate(found)]

    whole = Profile(MINUTE - 1).folding(minutes)

    assert Profile(MINUTE - 1).folding(minutes[:cut]).folding(minutes) == whole
    for node in (C, T, "a"):
        assert whole.today.get(node, NOTHING).sent == sum(m.get(f"s{node}", 0) for m in found)
        assert whole.today.get(node, NOTHING).verified == sum(m.get(f"v{node}", 0) for m in found)


def test_midnight_makes_today_yesterday() -> None:
    midnight = MINUTE // 1_440 * 1_440
    profile = Profile(midnight - 2).folding(
        [(midnight - 1, sends(5)), (midnight, sends(7)), (midnight + 1, sends(1))]
    )

    assert profile.yesterday == {C: Counts(5, 0)}
    assert profile.today == {C: Counts(8, 0)}


def test_a_day_without_a_send_is_forgotten() -> None:
    profile = Profile(MINUTE - 1).folding([(MINUTE, sends(5)), (MINUTE + 2 * 1_440, sends(1))])

    assert profile.yesterday == {}


def test_of_many_nodes_the_suspicious_and_all_countries_are_kept() -> None:
    many: Counter = {f"st9989{place:04d}": 1 + (place > 900) for place in range(1_000)}
    many |= {f"sc{place}": 1 for place in (1, 44, 86)} | {"sa": 1}

    profile = Profile(MINUTE - 1).folding([(MINUTE, many)])

    assert len(profile.today) == PROFILE_SIZE + 4
    assert {"c1", "c44", "c86", "a", "t99890999"} <= profile.today.keys()


def test_buckets_of_addresses_are_not_kept() -> None:
    assert Profile(1).folding([(2, {"sb7f": 5})]).today == {}


@pytest.mark.parametrize(
    ("known", "share"),
    [
        (NOTHING, 0.3),
        (Counts(10_000, 8_000), 0.2),
        (Counts(10_000, 9_990), 0.1),
        (Counts(10_000, 0), 0.6),
        (Counts(20, 20), 0.15),
    ],
)
def test_what_is_usual_is_learned_within_reason(known: Counts, share: float) -> None:
    view = View(NOON, profile=Profile(MINUTE, {C: known}))

    assert view.usual_share(T) == pytest.approx(share, abs=0.001)


def test_the_last_minutes_do_not_make_an_attack_usual() -> None:
    view = View(NOON, nine=sends(5_000), unfolded=sends(5_000), last=sends(500))

    assert view.usual_share(C) == pytest.approx(0.3)


@given(st.lists(counters, max_size=6))
def test_counters_may_be_added_in_any_order(found: list[Counter]) -> None:
    forward: Counter = {}
    backward: Counter = {}
    for counter in found:
        add(forward, counter)
    for counter in reversed(found):
        add(backward, counter)

    assert forward == backward


def test_what_was_added_can_be_taken_away() -> None:
    counter = sends(5, 3)
    add(counter, sends(2, 1))
    add(counter, sends(2, 1), -1)

    assert counter == sends(5, 3)
