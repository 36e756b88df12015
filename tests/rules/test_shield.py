"""What the shield stops, and what it lets alone."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import shield
from signet import shield_tree as tree
from signet.shield import LOCK_SECONDS, Attempt, Board, Lock, Step, Verdict
from signet.shield_counts import DAY, Counter, Counts, Profile, View, add
from signet.shield_tree import APP, BUDGETS, Level

NOON = 20_700 * DAY + DAY // 2
MINUTE = NOON // 60
PHONE, NEIGHBOUR, ELSEWHERE = "+998993941234", "+998993949999", "+998901112233"
RANGE, COUNTRY = "t99899394", "c998"
HOME, OTHER = "7f0c33a1d2", "00ffffffff"
CODE = Attempt(PHONE, HOME)


def traffic(phones: Iterable[str], *, verified: float = 0.0, address: str | None = None) -> Counter:
    """A send to each of the phones, counted everywhere; `verified` of them, the first ones."""
    counter: Counter = {}
    asked = list(phones)
    for place, phone in enumerate(asked):
        nodes = [APP, *tree.number_nodes(phone), *(tree.address_nodes(address) if address else ())]
        add(counter, {f"s{node}": 1 for node in nodes})
        if place < verified * len(asked):
            add(counter, {f"v{node}": 1 for node in nodes})
    return counter


def ten_thousand(count: int, prefix: str = "+99899394") -> list[str]:
    """So many numbers of one range, far apart."""
    return [f"{prefix}{place * 7919 % 10_000:04d}" for place in range(count)]


def anywhere(count: int) -> list[str]:
    """So many numbers of a country, as people have them."""
    return [f"+99890{place * 7_368_787 % 10_000_000:07d}" for place in range(count)]


def judged(
    counter: Counter, attempt: Attempt = CODE, *, board: Board | None = None, now: int = NOON
) -> Verdict:
    """The verdict when all that has happened some minutes ago."""
    view = View(now, nine=counter, unfolded=counter)
    return shield.judge(view, board or Board(), attempt)


def locked(node: str = RANGE, step: Step = Step.REFUSE, *, left: int = LOCK_SECONDS) -> Lock:
    return Lock(node, step, "share", 20, 0, 20, 600, NOON - 60, NOON + left)


def board(*locks: Lock) -> Board:
    return Board({lock.node: lock for lock in locks})


# --- The ladder -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "step"),
    [
        (0, Step.ALLOW),
        (9, Step.ALLOW),
        (10, Step.CHALLENGE),
        (19, Step.CHALLENGE),
        (20, Step.REFUSE),
        (500, Step.REFUSE),
    ],
)
def test_a_range_that_nobody_verifies_is_challenged_and_then_refused(sent: int, step: Step) -> None:
    assert judged(traffic(ten_thousand(sent))).step is step


def test_a_verdict_says_by_what_rule_and_counts() -> None:
    verdict = judged(traffic(ten_thousand(25), verified=0.08))

    assert verdict.lock == Lock(
        node=RANGE,
        step=Step.REFUSE,
        rule="share",
        sent=25,
        verified=2,
        threshold=20,
        window=600,
        since=NOON,
        until=NOON + LOCK_SECONDS,
    )
    assert verdict.write
    assert verdict.retry_after == LOCK_SECONDS
    assert verdict.lock.unverified == 23


def test_a_solved_challenge_lets_through_until_the_budget_is_spent() -> None:
    solved = replace(CODE, solved=True)

    assert judged(traffic(ten_thousand(19)), solved).step is Step.ALLOW
    assert judged(traffic(ten_thousand(20)), solved).step is Step.REFUSE


def test_the_neighbours_of_a_range_are_let_alone() -> None:
    assert judged(traffic(ten_thousand(150)), Attempt(ELSEWHERE, OTHER)).step is Step.ALLOW


@pytest.mark.parametrize(
    ("count", "level"),
    [(6, Level.NUMBER), (12, Level.HUNDRED), (20, Level.TEN_THOUSAND), (80, Level.MILLION)],
)
def test_each_size_of_range_has_its_budget(count: int, level: Level) -> None:
    spread = {
        Level.NUMBER: [PHONE] * count,
        Level.HUNDRED: [f"{PHONE[:-2]}{place:02d}" for place in range(count)],
        Level.TEN_THOUSAND: ten_thousand(count),
        Level.MILLION: [f"{PHONE[:-6]}{place * 9_973:06d}" for place in range(count)],
    }
    asked = replace(CODE, phone=spread[level][-1])

    assert judged(traffic(spread[level][:-1]), asked).step is not Step.REFUSE
    lock = judged(traffic(spread[level]), asked).lock
    assert lock is not None
    assert (tree.level(lock.node), lock.step) == (level, Step.REFUSE)


def test_a_country_under_attack_is_refused_when_it_is_all_of_it() -> None:
    lock = judged(traffic(anywhere(420)), Attempt("+998901230000", OTHER)).lock

    assert lock is not None
    assert (lock.node, lock.step) == (COUNTRY, Step.REFUSE)


# --- The narrowest wins -----------------------------------------------------------------------


def test_the_narrowest_range_over_its_budget_is_locked() -> None:
    lock = judged(traffic(ten_thousand(5_000))).lock

    assert lock is not None
    assert tree.level(lock.node) in (Level.HUNDRED, Level.TEN_THOUSAND)


def test_what_a_locked_range_explains_closes_nothing_wider() -> None:
    counter = traffic(ten_thousand(2_000))
    asked = Attempt(ELSEWHERE, OTHER)

    assert judged(counter, asked).step is Step.REFUSE
    assert judged(counter, asked, board=board(locked())).step is Step.ALLOW


def test_two_locks_one_in_the_other_are_subtracted_once() -> None:
    counter = traffic([*ten_thousand(200), *anywhere(450)])
    both = board(locked(), locked("h9989939412"))

    lock = judged(counter, Attempt(ELSEWHERE, OTHER), board=both).lock

    assert lock is not None
    assert (lock.node, lock.unverified) == (COUNTRY, 450)


# --- Honest people ----------------------------------------------------------------------------


@given(
    st.integers(min_value=0, max_value=6_000),
    st.floats(min_value=0.62, max_value=1.0),
    st.booleans(),
)
def test_usual_conversion_at_any_volume_locks_nothing(
    count: int, verified: float, knows: bool
) -> None:
    node_counts = {node: (count, int(count * verified)) for node in (APP, COUNTRY)}
    node_counts |= {"m998901": (count // 10, int(count // 10 * verified))}
    counter = {f"s{node}": sent for node, (sent, _) in node_counts.items()}
    counter |= {f"v{node}": done for node, (_, done) in node_counts.items()}
    usual = {COUNTRY: Counts(10_000, 10_000 * verified)} if knows else {}
    view = View(NOON, nine=counter, unfolded=counter, profile=Profile(MINUTE - 20, usual))

    assert shield.judge(view, Board(), Attempt("+998901234567", OTHER)).step is Step.ALLOW


@given(st.integers(min_value=0, max_value=5_000), st.floats(min_value=0.6, max_value=1.0))
def test_thousands_behind_one_address_are_no_excess(count: int, verified: float) -> None:
    nodes = tree.address_nodes(HOME)
    counter = {f"s{node}": count for node in nodes}
    counter |= {f"v{node}": int(count * verified) for node in nodes}

    assert judged(counter).step is Step.ALLOW


def test_codes_that_were_just_sent_do_not_close_a_country_or_an_address() -> None:
    launch = traffic(anywhere(900), address=HOME)
    view = View(NOON, current={name: n for name, n in launch.items() if name[1] in "aci"})

    assert shield.judge(view, Board(), Attempt(ELSEWHERE, OTHER)).step is Step.ALLOW


def test_a_carrier_that_stops_delivering_does_not_close_a_country() -> None:
    before, after = traffic(anywhere(700), verified=0.7), traffic(anywhere(1_000), verified=0.1)
    view = View(NOON, before=before, nine=after, unfolded=after)
    narrow = {f"{what}{node}" for what in "sv" for node in (COUNTRY, APP)}
    wide = replace(
        view,
        before={name: n for name, n in before.items() if name in narrow},
        nine={name: n for name, n in after.items() if name in narrow},
        unfolded={},
    )

    assert shield.judge(wide, Board(), Attempt(ELSEWHERE, OTHER)).step is not Step.REFUSE


def test_a_busy_country_may_have_more_unverified_than_a_quiet_one() -> None:
    counter = {f"s{COUNTRY}": 800, f"v{COUNTRY}": 100}
    busy = Profile(MINUTE - 20, {COUNTRY: Counts(144 * 200, 144 * 150)})
    quiet, used = View(NOON, nine=counter), View(NOON, nine=counter, profile=busy)
    asked = Attempt(ELSEWHERE, OTHER)

    assert shield.judge(quiet, Board(), asked).step is Step.REFUSE
    assert shield.judge(used, Board(), asked).step is Step.CHALLENGE


# --- Addresses --------------------------------------------------------------------------------


def test_one_address_that_asks_for_many_numbers_is_refused() -> None:
    counter = traffic(anywhere(31), address=HOME)

    lock = judged(counter, Attempt("+8613800138000", HOME)).lock

    assert lock is not None
    assert (lock.node, lock.step) == (f"i{HOME}", Step.REFUSE)
    assert judged(counter, Attempt("+8613800138000", OTHER)).step is Step.ALLOW


def test_a_burst_from_one_address_is_seen_before_anybody_could_type() -> None:
    burst = {name: n for name, n in traffic(anywhere(200), address=HOME).items() if "i" in name}
    view = View(NOON, current=burst)

    lock = shield.judge(view, Board(), Attempt("+8613800138000", HOME)).lock

    assert lock is not None
    assert (lock.rule, lock.step) == ("burst", Step.REFUSE)


def test_who_sends_for_others_has_no_address() -> None:
    counter = {name: n for name, n in traffic(anywhere(300), address=HOME).items() if "i" in name}

    assert judged(counter, Attempt(ELSEWHERE, HOME)).step is Step.REFUSE
    assert judged(counter, Attempt(ELSEWHERE, None)).step is Step.ALLOW


# --- Laundering, and days ---------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "step"), [(40, Step.CHALLENGE), (80, Step.REFUSE)])
def test_a_range_with_a_good_part_of_its_country_is_stopped_though_it_converts(
    sent: int, step: Step
) -> None:
    verdict = judged(traffic(ten_thousand(sent), verified=0.6))

    assert verdict.lock
    assert (verdict.lock.rule, verdict.step) == ("concentration", step)


def test_a_range_with_its_fair_part_of_a_busy_country_is_let_alone() -> None:
    counter = traffic(ten_thousand(80), verified=0.6)
    add(counter, {f"s{COUNTRY}": 5_000, f"v{COUNTRY}": 4_000})

    assert judged(counter, Attempt(NEIGHBOUR, OTHER)).step is Step.ALLOW


def test_where_a_country_has_few_ranges_a_good_part_of_it_means_nothing() -> None:
    faroese = [f"+298{place * 7919 % 10_000 + 210_000}" for place in range(80)]

    assert judged(traffic(faroese, verified=0.6), Attempt("+298219999", OTHER)).step is Step.ALLOW


@pytest.mark.parametrize(
    ("sent", "step"), [(29, Step.ALLOW), (30, Step.CHALLENGE), (60, Step.REFUSE)]
)
def test_a_slow_attack_is_stopped_by_its_day(sent: int, step: Step) -> None:
    profile = Profile(MINUTE, {RANGE: Counts(sent, 0)})

    verdict = shield.judge(View(NOON, profile=profile), Board(), CODE)

    assert verdict.step is step
    assert verdict.lock is None or verdict.lock.rule == "day"


# --- Locks ------------------------------------------------------------------------------------


def test_a_lock_holds_for_its_time_whatever_is_counted() -> None:
    lock = locked(left=90)

    assert judged({}, board=board(lock)) == Verdict(Step.REFUSE, lock, False, 90)
    assert judged({}, board=board(locked(left=0))).step is Step.ALLOW


def test_a_lock_that_asks_for_a_challenge_lets_solvers_through() -> None:
    asks = board(locked(step=Step.CHALLENGE))

    assert judged({}, board=asks).step is Step.CHALLENGE
    assert judged({}, replace(CODE, solved=True), board=asks).step is Step.ALLOW


def test_a_challenge_becomes_a_refusal_when_solved_ones_spend_the_budget() -> None:
    asks = board(locked(step=Step.CHALLENGE))

    verdict = judged(traffic(ten_thousand(20)), replace(CODE, solved=True), board=asks)

    assert (verdict.step, verdict.write) == (Step.REFUSE, True)


@pytest.mark.parametrize(
    ("tries", "left", "is_extended"), [(10, 299, True), (9, 299, False), (500, 301, False)]
)
def test_a_lock_is_extended_while_the_attack_goes_on(
    tries: int, left: int, is_extended: bool
) -> None:
    verdict = judged({f"t{RANGE}": tries}, board=board(locked(left=left)))

    assert verdict.write is is_extended
    assert verdict.lock
    assert verdict.lock.until == NOON + (LOCK_SECONDS if is_extended else left)


def test_what_many_share_is_judged_anew_after_an_hour() -> None:
    hour_old = replace(locked(COUNTRY, left=60), since=NOON - 3_540)
    range_ = replace(locked(left=60), since=NOON - 3_540)
    tries = {f"t{COUNTRY}": 5_000, f"t{RANGE}": 5_000}

    assert judged(tries, board=board(hour_old)).lock == hour_old
    assert judged(tries, board=board(range_)).write


def test_the_usual_traffic_of_a_country_does_not_extend_its_lock() -> None:
    lock = locked(COUNTRY, left=60)
    profile = Profile(MINUTE - 20, {COUNTRY: Counts(144 * 300, 144 * 240)})
    asked = Attempt(ELSEWHERE, OTHER)

    for tries, is_extended in ((700, False), (900, True)):
        view = View(NOON, nine={f"t{COUNTRY}": tries}, profile=profile)
        assert shield.judge(view, board(lock), asked).write is is_extended


def test_a_country_is_not_closed_all_day() -> None:
    bad_day = Profile(MINUTE, {COUNTRY: Counts(9_000, 900)})

    verdict = shield.judge(View(NOON, profile=bad_day), Board(), Attempt(ELSEWHERE, OTHER))

    assert verdict.step is Step.CHALLENGE


def test_honest_people_who_solve_do_not_extend_a_challenge() -> None:
    went_on = traffic(ten_thousand(50), verified=0.7) | {f"t{RANGE}": 55}
    add(went_on, {f"s{COUNTRY}": 5_000, f"v{COUNTRY}": 4_000})
    lock = locked(step=Step.CHALLENGE, left=100)

    assert judged(went_on, Attempt(NEIGHBOUR, OTHER), board=board(lock)).lock == lock


def test_what_was_lifted_is_left_alone_and_explains_what_it_sent() -> None:
    counter = traffic(ten_thousand(900))
    lifted = Board({}, {RANGE: (NOON + 1, "operator"), "m998993": (NOON + 1, "operator")})
    asked = Attempt(NEIGHBOUR, OTHER)
    narrow = {name: n for name, n in counter.items() if name[1] not in "hn"}

    assert judged(narrow, asked).step is Step.REFUSE
    assert judged(narrow, asked, board=lifted).step is Step.ALLOW
    assert judged(narrow, asked, board=lifted, now=NOON + 1).step is Step.REFUSE


def test_the_allow_list_is_never_stopped() -> None:
    view = View(NOON, nine=traffic(ten_thousand(900)))

    assert shield.judge(view, board(locked()), CODE, ["+9989939"]).step is Step.ALLOW
    assert shield.judge(view, board(locked()), CODE, ["+99890"]).step is Step.REFUSE


# --- Notifications ----------------------------------------------------------------------------


def test_notifications_are_not_judged_by_country_address_or_app() -> None:
    wide = board(locked(COUNTRY), locked(APP), locked(f"i{HOME}"))
    notification = Attempt(PHONE, HOME, verifies=False)

    assert judged({}, notification, board=wide).step is Step.ALLOW
    assert judged({}, notification, board=board(locked())).step is Step.REFUSE


def test_a_budget_is_reached_before_a_wider_one() -> None:
    assert BUDGETS[Level.TEN_THOUSAND].refuse < BUDGETS[Level.MILLION].challenge
