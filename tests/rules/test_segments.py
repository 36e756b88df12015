"""How many SMS a text is billed as, by the guide's rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import segments
from signet.errors import BadParameter


@pytest.mark.parametrize(
    ("characters", "billed"),
    [(0, 1), (1, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (400, 6)],
)
def test_seventy_characters_are_one_message_then_each_holds_sixty_seven(
    characters: int, billed: int
) -> None:
    assert segments.count("中" * characters) == billed
    assert segments.count("a" * characters) == billed


def test_more_than_four_hundred_characters_are_refused() -> None:
    with pytest.raises(BadParameter, match="401 characters"):
        segments.count("中" * 401)


@given(st.integers(0, 399))
def test_a_longer_text_never_costs_less(characters: int) -> None:
    assert segments.count("x" * characters) <= segments.count("x" * (characters + 1))
