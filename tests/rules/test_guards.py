"""What may be set of an app's guard."""

from typing import Any

import pytest

from signet import guards
from signet.apps import Guard
from signet.errors import BadParameter


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"countries": ["86", "1"]}, {"countries": ("1", "86")}),
        ({"countries": []}, {"countries": ()}),
        ({"countries": [" 44 ", "44"]}, {"countries": ("44",)}),
        ({"allowed": ["+8613800138000", "+86138"]}, {"allowed": ("+86138", "+8613800138000")}),
        (
            {"servers": ["203.0.113.7", "2001:db8::/32"]},
            {"servers": ("2001:db8::/32", "203.0.113.7")},
        ),
        ({"work_bits": 8}, {"work_bits": 8}),
        ({"work_bits": 20, "allowed": []}, {"allowed": (), "work_bits": 20}),
        ({}, {}),
    ],
)
def test_lists_are_kept_in_order_and_without_repetition(
    given: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert guards.changes({"guard": given}) == changed


def test_nothing_is_changed_that_is_not_named() -> None:
    assert guards.changes({"name": "x"}) == {}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"countries": ["CN"]}, "'CN' is no country's dial code"),
        ({"countries": ["+86"]}, "dial code"),
        ({"countries": ["0"]}, "dial code"),
        ({"countries": ["٨٦"]}, "dial code"),
        ({"countries": "86"}, "guard.countries must be a list of strings"),
        ({"countries": [86]}, "guard.countries must be a list of strings"),
        ({"allowed": ["+86"]}, "no number or range"),
        ({"allowed": ["13800138000"]}, "no number or range"),
        ({"allowed": ["+8613800138000000"]}, "no number or range"),
        ({"allowed": [f"+86138{n:08d}" for n in range(301)]}, "more than 300"),
        ({"servers": ["example.com"]}, "no address or network"),
        ({"servers": ["0.0.0.0/0"]}, "no address or network"),
        ({"servers": [f"203.0.{n}.0/24" for n in range(51)]}, "more than 50"),
        ({"work_bits": 7}, "work_bits"),
        ({"work_bits": 21}, "work_bits"),
        ({"work_bits": "12"}, "work_bits"),
        ({"colour": 1}, "colour"),
        ([], "guard"),
    ],
)
def test_what_is_wrong_is_named(given: object, named: str) -> None:
    with pytest.raises(BadParameter, match=named.replace("(", r"\(")):
        guards.changes({"guard": given})


def test_a_guard_is_shown_as_it_can_be_set() -> None:
    guard = Guard(countries=("86", "998"), servers=("203.0.113.7",))

    assert guards.shown(guard) == {
        "countries": ["86", "998"],
        "allowed": [],
        "servers": ["203.0.113.7"],
        "work_bits": 12,
    }
    assert Guard(**guards.changes({"guard": guards.shown(guard)})) == guard


def test_only_the_mainland_is_open_at_first() -> None:
    assert Guard().countries == ("86",)
