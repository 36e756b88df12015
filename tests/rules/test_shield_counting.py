"""A send is counted where it may matter, and a mark tells where that was."""

from dataclasses import replace

import pytest

from signet import shield_counting as counting
from signet import shield_tree as tree
from signet.shield import Attempt
from signet.shield_counts import DAY, View
from signet.shield_tree import APP, Level

NOON = 20_700 * DAY + DAY // 2
PHONE, HOME = "+998993941234", "7f0c33a1d2"
RANGE, COUNTRY = "t99899394", "c998"
CODE = Attempt(PHONE, HOME)


def test_notifications_count_for_ranges_only_and_have_no_mark() -> None:
    nodes, mark = counting.counted(View(NOON), Attempt(PHONE, HOME, verifies=False))

    assert mark == ""
    assert {tree.level(node) for node in nodes} == {
        Level.MILLION,
        Level.TEN_THOUSAND,
        Level.HUNDRED,
        Level.NUMBER,
    }


@pytest.mark.parametrize("address", [HOME, None])
@pytest.mark.parametrize("busy", [False, True])
def test_a_mark_tells_exactly_the_nodes_that_were_counted(address: str | None, busy: bool) -> None:
    view = View(NOON, nine={f"s{node}": 900 for node in ("m998993", "b7f")} if busy else {})
    view = replace(view, nine={**view.nine, **{f"v{n[1:]}": 900 for n in view.nine}})

    nodes, mark = counting.counted(view, Attempt(PHONE, address))

    assert sorted(counting.marked(PHONE, mark)) == sorted(nodes)
    assert len(mark) <= 20
    assert nodes[:2] == [APP, COUNTRY]


@pytest.mark.parametrize("mark", ["", "?", "x1", " "])
def test_what_is_no_mark_counts_nowhere(mark: str) -> None:
    assert counting.marked(PHONE, mark) == []


def test_quiet_apps_are_counted_to_the_number() -> None:
    nodes, _ = counting.counted(View(NOON), CODE)

    assert f"n{PHONE[1:]}" in nodes
    assert f"i{HOME}" in nodes


def test_honest_traffic_grows_nothing_below_a_million_numbers() -> None:
    counter = {f"s{node}": 600 for node in (COUNTRY, "m998993", "b7f", APP)}
    counter |= {f"v{node}": 480 for node in (COUNTRY, "m998993", "b7f", APP)}
    counter |= {f"s{COUNTRY}": 20_000, f"v{COUNTRY}": 16_000}

    nodes, _ = counting.counted(View(NOON, nine=counter), CODE)

    assert nodes == [APP, COUNTRY, "b7f", "m998993"]


def test_an_excess_is_followed_down() -> None:
    counter = {f"s{node}": 200 for node in (COUNTRY, "m998993", "b7f")}

    nodes, _ = counting.counted(View(NOON, nine=counter), CODE)

    assert {RANGE, f"i{HOME}"} <= set(nodes)


def test_the_nodes_of_a_minute_are_bounded() -> None:
    full = {f"sn{place}": 1 for place in range(counting.ROOM)}
    attack = {f"s{COUNTRY}": 9_000}

    nodes, _ = counting.counted(View(NOON, nine=attack, current=full), CODE)

    assert nodes == [APP, COUNTRY, "b7f"]
