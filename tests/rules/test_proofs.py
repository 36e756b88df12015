"""Proof of work: what solves it, and what does not."""

from hashlib import sha256
from itertools import count

import pytest

from signet import proofs
from signet.errors import BadParameter

TOKEN = "a-token"


def solved(token: str, bits: int) -> list[int]:
    """The work, done as docs/api.md says."""

    def zeros(part: int, n: int) -> bool:
        digest = sha256(f"{token}.{part}.{n}".encode()).digest()
        return "".join(f"{byte:08b}" for byte in digest).startswith("0" * bits)

    return [next(n for n in count() if zeros(part, n)) for part in range(proofs.PARTS)]


@pytest.mark.parametrize("bits", [1, 7, 8, 9])
def test_work_that_was_done_is_enough(bits: int) -> None:
    assert proofs.is_solved(TOKEN, bits, solved(TOKEN, bits))


def test_work_on_another_token_is_not() -> None:
    assert not proofs.is_solved("another", 8, solved(TOKEN, 8))


def test_work_with_one_part_left_out_is_not() -> None:
    counters = solved(TOKEN, 8)
    counters[7] += 1

    assert not proofs.is_solved(TOKEN, 8, counters) or counters == solved(TOKEN, 8)


def test_the_parts_cannot_change_places() -> None:
    counters = solved(TOKEN, 8)

    assert not proofs.is_solved(TOKEN, 8, counters[::-1])


def test_less_work_than_asked_for_is_not_enough() -> None:
    assert not proofs.is_solved(TOKEN, 20, solved(TOKEN, 8))


@pytest.mark.parametrize(
    "value",
    [None, "1", 5, [], [0] * 15, [0] * 17, [0] * 15 + [-1], [0] * 15 + [1.0], [0] * 15 + [True],
     [0] * 15 + ["1"], [0] * 15 + [2**53], [[0]] * 16, {"0": 1}],
)  # fmt: skip
def test_what_is_no_solution_is_said_so(value: object) -> None:
    with pytest.raises(BadParameter, match="16 whole numbers"):
        proofs.solution(value)


def test_a_solution_is_read_as_it_is() -> None:
    assert proofs.solution(list(range(16))) == list(range(16))
