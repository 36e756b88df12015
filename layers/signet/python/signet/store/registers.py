"""The shift registers of `limits`, as conditions and actions of one write."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from signet.limits import Limit
from signet.store.table import path


def within(checked: Iterable[Limit], now: int) -> Condition:
    """Every limit allows another event at `now`, in epoch seconds."""
    conditions = [
        path(limit.oldest).does_not_exist() | (path(limit.oldest) <= now - limit.seconds)
        for limit in checked
    ]
    all_of: Condition = conditions[0]
    for condition in conditions[1:]:
        all_of &= condition
    return all_of


def shift(register: str, depth: int, now: int) -> Iterator[Action]:
    """Note an event at `now` as the register's newest."""
    yield from _moved_on(register, depth)
    yield path(f"{register}1").set(now)


# Kept: every send makes a dozen of them, and they are always the same.
@lru_cache(maxsize=256)
def _moved_on(register: str, depth: int) -> tuple[Action, ...]:
    # All operands are read before any is written, so this moves every time one place on.
    return tuple(
        path(f"{register}{place}").set(path(f"{register}{place - 1}") | 0)
        for place in range(depth, 1, -1)
    )


def take_back(register: str, depth: int) -> Iterator[Action]:
    """Forget the register's newest event: it did not count after all."""
    for place in range(1, depth):
        yield path(f"{register}{place}").set(path(f"{register}{place + 1}") | 0)
    yield path(f"{register}{depth}").remove()
