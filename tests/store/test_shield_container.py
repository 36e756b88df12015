"""Containers keep counts apart, and agree in the end; whatever fails, nothing is let through."""

import random
from dataclasses import replace

import pytest

from signet.errors import Unavailable
from signet.shield import Attempt, Step, Verdict
from signet.store.shield_container import TOO_OLD, Container
from signet.store.shield_items import MAX_LOCKS, tidied
from tests.store.shield_fakes import NOON, Table, sent

HOME = "7f0c33a1d2"
RANGE = "t99899394"


def attempt(place: int = 0, *, solved: bool = True) -> Attempt:
    """Somebody else each time, in the attacked range."""
    return Attempt(f"+99899394{place * 7919 % 10_000:04d}", f"{place:010x}", solved=solved)


def container(table: Table, *, chance: float = 0.0, shards: int = 1) -> Container:
    return Container("app", table, chance=chance, shards=shards)


def ask(served: Container, place: int, now: int) -> Verdict:
    """What `request` does."""
    verdict = served.judge(attempt(place), now)
    if verdict.step is Step.ALLOW:
        sent(served, attempt(place), now)
    served.flush_if_due(now)
    return verdict


# --- Reading and writing ----------------------------------------------------------------------


def test_own_counts_are_seen_at_once() -> None:
    served = container(Table())
    served.look(NOON)
    sent(served, attempt(), NOON)

    assert served.look(NOON).recent("c998").sent == 1


def test_a_container_reads_every_five_seconds_and_never_more() -> None:
    table = Table()
    served = container(table)
    for second in range(11):
        served.look(NOON + second)

    assert len(table.asked) == 3


def test_each_closed_minute_is_read_once() -> None:
    table = Table()
    served = container(table)
    served.look(NOON)
    served.look(NOON + 5)
    table.asked.clear()
    served.look(NOON + 30)

    assert table.asked == [["locks", f"m#{NOON // 60}#0"]]


def test_a_cold_container_reads_a_window_in_one_call_and_the_one_before_in_the_next() -> None:
    table = Table()
    cold = container(table)
    cold.look(NOON)

    (first,) = table.asked
    assert {"locks", "day", f"m#{NOON // 60}#0", f"m#{NOON // 60 - 11}#0"} <= set(first)
    assert len(first) == 14

    cold.look(NOON + 5)
    assert {f"m#{NOON // 60 - 12}#0", f"m#{NOON // 60 - 21}#0"} <= set(table.asked[1])


@pytest.mark.parametrize("shards", [1, 4, 64])
def test_no_read_asks_for_more_than_a_hundred_items(shards: int) -> None:
    table = Table()
    table.items["day"] = {"f": NOON // 60 - 600, "t": "", "y": ""}
    served = container(table, shards=shards)
    for second in range(0, 300, 5):
        served.look(NOON + second)

    assert max(map(len, table.asked)) <= 100


@pytest.mark.parametrize(
    ("sends", "after", "is_due"), [(3, 19, False), (1, 20, True), (4, 4, False), (4, 5, True)]
)
def test_counts_are_written_a_few_at_a_time(sends: int, after: int, is_due: bool) -> None:
    served = container(Table())
    served.look(NOON)
    sent(served, attempt(), NOON)
    served.flush_if_due(NOON)
    for place in range(sends):
        sent(served, attempt(place), NOON)

    assert served.is_due(NOON + after) is is_due


def test_a_write_tells_what_the_others_have_written() -> None:
    table = Table()
    one, other = container(table), container(table)
    for each in (one, other):
        each.look(NOON)
        sent(each, attempt(), NOON)
        each.flush_if_due(NOON)

    assert other.look(NOON + 1).recent("c998").sent == 2
    assert len(table.asked) == 2


@pytest.mark.parametrize("shards", [1, 4])
def test_containers_converge(shards: int) -> None:
    table, chance = Table(), random.Random(7)
    served = [container(table, chance=chance.random(), shards=shards) for _ in range(6)]
    for second in range(120):
        each = chance.choice(served)
        each.look(NOON + second)
        sent(each, Attempt("+8613800138000", HOME), NOON + second)
        each.flush_if_due(NOON + second)
    for each in served:
        each.flush_if_due(NOON + 150)

    assert {each.look(NOON + 160).recent("c86").sent for each in served} == {120}
    assert table.total("sc86") == 120


def test_a_verification_counts_where_its_send_did_without_a_read() -> None:
    table = Table()
    request, verify = container(table), container(table)
    request.look(NOON)
    mark = sent(request, attempt(3), NOON)
    request.flush_if_due(NOON)
    table.asked.clear()

    verify.count_verified(attempt(3).phone, mark)
    verify.flush_if_due(NOON + 20)

    assert table.asked == []
    item = table.items[f"m#{NOON // 60}#0"]
    assert {name[1:] for name in item if name[0] == "v"} == {
        name[1:] for name in item if name[0] == "s"
    }


def test_a_long_list_of_counts_is_written_in_parts() -> None:
    table = Table()
    served = container(table)
    served.look(NOON)
    for place in range(100):
        sent(served, attempt(place), NOON)
    for round_ in range(20):
        served.flush_if_due(NOON + 5 * round_)

    assert table.total("sc998") == 100
    assert table.writes >= 2


def test_what_an_old_container_knows_slides_out_of_its_window() -> None:
    table = Table()
    served = container(table)
    for place in range(8):
        ask(served, place, NOON + place)
    served.flush_if_due(NOON + 30)
    sent = [served.look(NOON + 60 * minute).recent(RANGE).sent for minute in range(14)]

    assert sent[0] == sent[10] == 8
    assert sent[11] == 0
    fresh = container(table)
    assert fresh.look(NOON + 600).recent(RANGE) == served.look(NOON + 600).recent(RANGE)


def test_sums_that_move_with_time_are_those_from_scratch() -> None:
    table, chance = Table(), random.Random(3)
    old = container(table)
    for second in range(0, 3_600, 7):
        old.look(NOON + second)
        sent(old, attempt(chance.randrange(40)), NOON + second)
        old.flush_if_due(NOON + second)
    old.flush_if_due(NOON + 3_630)
    new, now = container(table), NOON + 3_640
    new.look(now - 5)
    mine, fresh = old.look(now), new.look(now)

    for node in ("a", "c998", "m998993", RANGE):
        assert mine.recent(node) == fresh.recent(node)
        assert mine.recent(node, waits=True) == fresh.recent(node, waits=True)
        assert mine.sent_before(node) == fresh.sent_before(node)
        assert mine.day(node) == fresh.day(node)


# --- Failures ---------------------------------------------------------------------------------


def test_a_view_that_is_too_old_judges_nothing() -> None:
    table = Table()
    served = container(table)
    served.look(NOON)
    table.down = True

    assert served.look(NOON + TOO_OLD)
    with pytest.raises(Unavailable):
        served.look(NOON + TOO_OLD + 1)


def test_a_container_that_never_read_judges_nothing() -> None:
    table = Table()
    table.down = True
    served = container(table)

    for second in (0, 1, 5):
        with pytest.raises(Unavailable):
            served.judge(attempt(), NOON + second)
    table.down = False
    assert served.judge(attempt(), NOON + 10).step is Step.ALLOW


def test_a_write_that_fails_is_made_up_for() -> None:
    table = Table()
    served = container(table)
    served.look(NOON)
    table.down = True
    for place in range(9):
        sent(served, attempt(place), NOON)
        served.flush_if_due(NOON)
    table.down = False
    served.flush_if_due(NOON + 4)
    assert table.total("sc998") == 0
    served.flush_if_due(NOON + 5)

    assert table.total("sc998") == 9


def test_a_reply_that_is_lost_counts_one_update_twice() -> None:
    table = Table()
    served = container(table)
    served.look(NOON)
    sent(served, attempt(), NOON)
    table.deaf = True
    served.flush_if_due(NOON)
    table.deaf = False
    served.flush_if_due(NOON + 20)

    assert table.total("sc998") == 2


# --- Locks ------------------------------------------------------------------------------------


def attacked(table: Table, *, count: int = 25) -> Container:
    """A container that has seen an attack."""
    served = container(table)
    for place in range(count):
        ask(served, place, NOON + place)
    return served


def test_what_one_container_locks_another_refuses() -> None:
    table = Table()
    attacked(table)

    verdict = container(table).judge(attempt(77), NOON + 26)

    assert verdict.lock
    assert (verdict.step, verdict.lock.node, verdict.write) == (Step.REFUSE, RANGE, False)


def test_stopped_sends_are_attempts_and_not_sends() -> None:
    table = Table()
    served = attacked(table, count=60)
    served.flush_if_due(NOON + 90)

    assert table.total(f"s{RANGE}") == 20
    assert table.total(f"t{RANGE}") == 40


def test_a_lock_that_cannot_be_written_holds_here_and_is_written_later() -> None:
    table = Table()
    served = attacked(table, count=19)
    table.down = True
    for place in range(19, 23):
        ask(served, place, NOON + place)
    assert served.judge(attempt(30), NOON + 24).step is Step.REFUSE
    assert "locks" not in table.items
    table.down = False
    served.flush_if_due(NOON + 40)

    assert RANGE in table.items["locks"]["locks"]


def test_two_containers_that_lock_at_once_lose_no_lock() -> None:
    table = Table()
    one, other = container(table), container(table)
    numbers = {one: "+99899394", other: "+99890123"}
    for place in range(30):
        for each, prefix in numbers.items():
            asked = replace(attempt(place), phone=f"{prefix}{place * 7919 % 10_000:04d}")
            if each.judge(asked, NOON + place).step is Step.ALLOW:
                sent(each, asked, NOON + place)
            each.flush_if_due(NOON + place)

    assert set(table.items["locks"]["locks"]) == {"t99899394", "t99890123"}


def test_a_container_does_not_lock_again_what_was_lifted_meanwhile() -> None:
    table = Table()
    served = attacked(table)
    item = table.items["locks"]
    lifted = {RANGE: {"until": NOON + 3_600, "by": "operator"}}
    table.items["locks"] = {"f": item["f"] + 1, "locks": {}, "lifted": lifted}

    assert served.judge(attempt(99), NOON + 31).step is Step.ALLOW
    assert table.items["locks"]["locks"] == {}


def test_a_lock_lasts_as_long_as_the_attack_and_a_little() -> None:
    table = Table()
    served = attacked(table)
    for second in range(30, 3_600, 5):
        assert ask(served, second, NOON + second).step is Step.REFUSE

    assert ask(served, 1, NOON + 3_600 + 601).step is Step.ALLOW


def test_of_too_many_locks_the_widest_are_kept() -> None:
    board = attacked(Table()).board(NOON)
    lock = board.locks[RANGE]
    numbers = {f"n{place}": replace(lock, node=f"n{place}") for place in range(MAX_LOCKS + 50)}

    kept = tidied(replace(board, locks={**board.locks, **numbers}), NOON).locks

    assert len(kept) == MAX_LOCKS
    assert RANGE in kept


# --- Days -------------------------------------------------------------------------------------


def live(table: Table, seconds: int, *, start: int = NOON, chance: float = 0.0) -> Container:
    """A container that sends once every ten seconds."""
    served = container(table, chance=chance)
    for second in range(start, start + seconds, 10):
        served.look(second)
        sent(served, Attempt("+8613800138000", None), second)
        served.flush_if_due(second)
    served.flush_if_due(start + seconds + 9)
    return served


def test_minutes_are_folded_into_the_day() -> None:
    table = Table()
    served = live(table, 1_800)
    now = NOON + 1_800

    assert table.items["day"]["f"] > NOON // 60 + 9
    assert served.look(now).day("c86").sent == 180
    assert container(table).look(now).profile.counts("c86", now).sent > 0


def test_a_new_apps_day_begins_with_its_first_request() -> None:
    table = Table()
    del table.items["day"]
    for minute in range(0, 30, 3):
        asked = container(table)
        asked.look(NOON + 60 * minute)
        sent(asked, Attempt("+8613800138000", None), NOON + 60 * minute)
        for second in (1, 26):
            asked.flush_if_due(NOON + 60 * minute + second)

    later = container(table)
    for second in (0, 5):
        later.look(NOON + 2_400 + second)
    assert later.look(NOON + 2_405).day("c86").sent == 10


def test_a_fold_happens_once_whoever_does_it() -> None:
    table = Table()
    served = [container(table, chance=place / 5) for place in range(5)]
    for second in range(0, 3_600, 2):
        each = served[second // 2 % 5]
        each.look(NOON + second)
        sent(each, Attempt("+8613800138000", None), NOON + second)
        each.flush_if_due(NOON + second)
    for each in served:
        each.flush_if_due(NOON + 3_625)

    now = NOON + 3_660
    for each in (*served, container(table)):
        each.look(now - 6)
        assert each.look(now).day("c86").sent == 1_800


def test_a_quiet_night_is_caught_up_with() -> None:
    table = Table()
    live(table, 1_800)
    later = NOON + 1_800 + 6 * 3_600

    served = live(table, 600, start=later)

    assert served.look(later + 600).day("c86").sent == 240


def test_a_fold_that_crashes_before_its_write_is_done_again() -> None:
    table = Table()
    table.down = False
    live(table, 590)
    folded = table.items.get("day")
    served = container(table)
    served.look(NOON + 700)
    table.down = True
    served.flush_if_due(NOON + 720)
    table.down = False

    assert table.items.get("day") == folded
    assert live(table, 600, start=NOON + 730).look(NOON + 1_340).day("c86").sent == 119
