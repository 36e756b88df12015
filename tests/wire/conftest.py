"""Phones that no other test uses."""

from collections.abc import Callable, Iterator

import pytest

from local.stack import Stack
from tests.wire.phone import Phone


@pytest.fixture(scope="session")
def seen() -> set[str]:
    """Every code and number that the wire tests saw: none of them may be in a log."""
    return set()


@pytest.fixture(scope="session")
def _numbers() -> Iterator[str]:
    return (f"+86186{number:08d}" for number in range(12_345_000, 12_346_000))


@pytest.fixture
def new_phone(stack: Stack, seen: set[str], _numbers: Iterator[str]) -> Callable[[], Phone]:
    """Makes a phone with a fresh number."""
    return lambda: Phone(stack, next(_numbers), seen)


@pytest.fixture
def phone(new_phone: Callable[[], Phone]) -> Phone:
    """A phone with a fresh number."""
    return new_phone()
