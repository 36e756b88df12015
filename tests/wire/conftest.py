"""Phones, people and apps that no other test uses."""

from collections.abc import Callable, Iterator

import pytest

from local.stack import Stack
from tests.wire.people import Accounts, Person, open_app
from tests.wire.phone import Phone


@pytest.fixture(scope="session")
def seen() -> set[str]:
    """Every code, number, e-mail address, password and token that the wire tests saw: none of
    them may be in a log."""
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


@pytest.fixture
def new_person(new_phone: Callable[[], Phone]) -> Callable[[], Person]:
    """Makes somebody with a phone of their own."""
    return lambda: Person(new_phone())


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Person:
    """Somebody with a phone of their own."""
    return new_person()


@pytest.fixture(scope="session")
def accounts(stack: Stack, seen: set[str]) -> Accounts:
    """An app as it is made, that also lets people log in by a code."""
    return open_app(stack, seen, name="accounts", test_phone="+8618212340001", login_by_code=True)


@pytest.fixture(scope="session")
def codes_alone(stack: Stack, seen: set[str]) -> Accounts:
    """An app in which codes confirm without their number, and unproved numbers log nobody in."""
    return open_app(
        stack,
        seen,
        name="codes-alone",
        test_phone="+8618212340002",
        code_only=True,
        unverified_may_not_log_in=True,
    )


@pytest.fixture(scope="session")
def safe(stack: Stack, seen: set[str]) -> Accounts:
    """An app that tells nobody who has an account."""
    return open_app(
        stack,
        seen,
        name="safe-mode",
        test_phone="+8618212340003",
        safe_mode=True,
        login_by_code=True,
    )
