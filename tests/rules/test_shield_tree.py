"""What a number and an address count for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import shield_tree as tree
from signet.shield_tree import BUDGETS, Level


@pytest.mark.parametrize(
    ("phone", "nodes"),
    [
        (
            "+998993941234",
            ("c998", "m998993", "t99899394", "h9989939412", "n998993941234"),
        ),
        ("+8613800138000", ("c86", "m8613800", "t861380013", "h86138001380", "n8613800138000")),
        ("+12125550123", ("c1", "m12125", "t1212555", "h121255501", "n12125550123")),
        # Six digits: without them it is the country.
        ("+298211234", ("c298", "t29821", "h2982112", "n298211234")),
        ("+6834002", ("c683", "h68340", "n6834002")),
    ],
)
def test_a_number_counts_for_its_country_and_ever_smaller_ranges(
    phone: str, nodes: tuple[str, ...]
) -> None:
    assert tree.number_nodes(phone) == nodes


def test_every_range_is_below_those_before_it() -> None:
    nodes = ("a", *tree.number_nodes("+998993941234"))

    for place, node in enumerate(nodes):
        assert all(tree.is_below(node, wider) for wider in nodes[:place])
        assert not any(tree.is_below(wider, node) for wider in nodes[: place + 1])


@pytest.mark.parametrize(
    ("node", "above"),
    [
        ("t99899394", "m998901"),
        ("i7f0c33a1d2", "c998"),
        ("n998993941234", "b99"),
        ("i7f0c33a1d2", "b00"),
        ("c998", "c99"),
    ],
)
def test_other_nodes_have_nothing_to_do_with_each_other(node: str, above: str) -> None:
    assert not tree.is_below(node, above)


def test_an_address_is_below_its_bucket_and_the_app() -> None:
    bucket, address = tree.address_nodes("7f0c33a1d2")

    assert (bucket, address) == ("b7f", "i7f0c33a1d2")
    assert tree.is_below(address, bucket)
    assert tree.is_below(address, "a")
    assert tree.is_below(bucket, "a")


def test_nobody_is_known_by_the_same_key_in_another_app() -> None:
    assert tree.address_key("one", "203.0.113.7") != tree.address_key("two", "203.0.113.7")


@pytest.mark.parametrize(
    ("listed", "is_listed"),
    [
        (["+998993941234"], True),
        (["+8613", "+99899"], True),
        (["+99890"], False),
        ([""], False),
        ([], False),
    ],
)
def test_a_list_holds_numbers_and_ranges(listed: list[str], is_listed: bool) -> None:
    assert tree.is_listed("+998993941234", listed) is is_listed


@given(st.integers(min_value=10**6, max_value=10**15 - 1))
def test_no_number_is_without_a_country_and_itself(digits: int) -> None:
    nodes = tree.number_nodes(f"+{digits}")

    assert nodes[0][0] == "c"
    assert nodes[-1] == f"n{digits}"
    assert len(nodes) <= 5
    assert len(set(nodes)) == len(nodes)
    assert {tree.country_of(node) for node in nodes} == {nodes[0]}


def test_narrow_budgets_are_smaller_than_wide_ones() -> None:
    numbers = [
        BUDGETS[level]
        for level in (
            Level.NUMBER,
            Level.HUNDRED,
            Level.TEN_THOUSAND,
            Level.MILLION,
            Level.COUNTRY,
            Level.APP,
        )
    ]

    assert all(budget.challenge < budget.refuse for budget in BUDGETS.values())
    assert numbers == sorted(numbers, key=lambda budget: budget.refuse)
