"""Keeping the books: every app is looked at, one that is broken keeps none waiting."""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from signet.apps import App
from signet.errors import Unavailable
from signet.flows.keep_books import Books, close_days, watch_balances
from signet.store.balances import Account, Standing
from signet.store.ledger import LedgerMismatch
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeTopic
from tests.store.build import NOW

LOW = 2_000_000
WATCHED = replace(DEMO_APP, low_balance_micros=LOW)


@dataclass
class FakeBooks:
    """Apps with their balances; each notices a low one as the store would."""

    apps: list[App] = field(default_factory=lambda: [WATCHED])
    held: dict[str, int] = field(default_factory=dict)
    to_close: dict[str, list[str] | Exception] = field(default_factory=dict)
    closed: list[Account] = field(default_factory=list)
    noticed: dict[str, datetime] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    topic: FakeTopic = field(default_factory=FakeTopic)
    now: datetime = NOW
    has_time: bool = True

    def standing(self, account: Account) -> Standing:
        if account.app_id in self.busy:
            raise Unavailable
        return Standing(self.held.get(account.app_id, 0), account.app_id in self.noticed)

    def close(self, account: Account, *, now: datetime) -> list[str]:
        assert now == self.now
        self.closed.append(account)
        found = self.to_close.get(account.app_id, [])
        if isinstance(found, Exception):
            raise found
        return found

    def notice(self, app_id: str, *, now: datetime) -> bool:
        at = self.noticed.get(app_id)
        lost = at is not None and app_id not in self.told and now - at >= timedelta(minutes=5)
        if at is not None and not lost:
            return False
        self.noticed[app_id] = now
        return True

    def forget(self, app_id: str) -> None:
        self.noticed.pop(app_id, None)
        self.told.discard(app_id)

    def watch(self, held: int | None = None, *, later: int = 60) -> list[str]:
        """Look at the balances a while later; the subjects told since the test began."""
        if held is not None:
            self.held[WATCHED.app_id] = held
        watch_balances(self._books, now=self.now, may_go_on=lambda: self.has_time)
        self.now += timedelta(seconds=later)
        return [subject for subject, _ in self.topic.told]

    def close_days(self) -> None:
        close_days(self._books, now=self.now)

    @property
    def _books(self) -> Books:
        return Books(
            apps=lambda: self.apps,
            standing=self.standing,
            close_days=self.close,
            notice_low=self.notice,
            told_low=self.told.add,
            forget_low=self.forget,
            tell=self.topic.tell,
        )


def app(number: int, *, shards: int = 1) -> App:
    return replace(WATCHED, app_id=f"app-{number}", balance_shards=shards)


# --- Low balances -----------------------------------------------------------------------------


def test_a_balance_that_falls_is_told_once() -> None:
    books = FakeBooks()

    assert books.watch(LOW) == []
    assert [len(books.watch(held)) for held in (LOW - 1, LOW - 2, 0, 0)] == [1, 1, 1, 1]


def test_a_watch_without_time_left_tells_in_the_next_minute() -> None:
    books = FakeBooks(has_time=False)
    assert books.watch(0) == []

    books.has_time = True
    assert len(books.watch(0)) == 1


def test_the_alarm_says_in_both_languages_whose_balance_is_how_low() -> None:
    books = FakeBooks()

    books.watch(1_234_567)

    ((subject, text),) = books.topic.told
    assert subject == "Signet: balance of signet-demo-app is low"
    assert subject.isascii()
    assert "示例应用 (signet-demo-app) is 1.23, below 2.00" in text
    assert "示例应用（signet-demo-app）的余额为 1.23 元，低于 2.00 元" in text


@pytest.mark.parametrize("held", [LOW, LOW + 1])
def test_a_balance_that_recovered_is_told_again_at_the_next_crossing(held: int) -> None:
    books = FakeBooks()
    books.watch(LOW - 1)
    books.watch(held)

    assert len(books.watch(LOW - 1)) == 2
    assert len(books.watch(LOW - 1)) == 2


def test_a_limit_that_is_lowered_below_the_balance_is_a_recovery() -> None:
    books = FakeBooks()
    books.watch(LOW - 1)
    books.apps = [replace(WATCHED, low_balance_micros=1)]
    books.watch()
    books.apps = [WATCHED]

    assert len(books.watch()) == 2


def test_an_alarm_that_the_topic_refuses_is_told_some_minutes_later() -> None:
    books = FakeBooks()
    books.topic.refuses = True
    books.watch(0)
    books.topic.refuses = False

    told = [len(books.watch()) for _ in range(8)]

    assert told == [0, 0, 0, 0, 1, 1, 1, 1]


def test_an_app_that_asks_for_no_alarm_gets_none_and_is_not_read() -> None:
    books = FakeBooks(apps=[DEMO_APP], busy={DEMO_APP.app_id})

    assert books.watch(0) == []


@pytest.mark.parametrize("hinder", ["busy", "refused"])
def test_one_app_that_cannot_be_watched_or_told_of_hides_no_other(hinder: str) -> None:
    books = FakeBooks(apps=[app(1), app(2), app(3)], held={"app-2": 5})
    if hinder == "busy":
        books.busy = {"app-1"}
        assert books.watch() == [f"Signet: balance of app-{n} is low" for n in (2, 3)]
    else:
        books.topic.refuses = True
        books.watch()
        assert set(books.noticed) == {"app-1", "app-2", "app-3"}


# --- Closing days -----------------------------------------------------------------------------


def test_every_app_is_closed_with_all_the_items_of_its_balance() -> None:
    books = FakeBooks(apps=[app(1), app(2, shards=10)])

    books.close_days()

    assert books.closed == [Account("app-1", 1), Account("app-2", 10)]


def test_what_was_closed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    books = FakeBooks(apps=[app(1), app(2)], to_close={"app-2": ["20261121", "20261122"]})

    with caplog.at_level(logging.INFO):
        books.close_days()

    (line,) = caplog.records
    assert (line.message, line.__dict__["app_id"]) == ("days_closed", "app-2")
    assert line.__dict__["days"] == ["20261121", "20261122"]


def test_books_that_do_not_add_up_are_an_alarm_and_an_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mismatch = LedgerMismatch("app-1: 5 held, 6 explained")
    books = FakeBooks(apps=[app(1)], to_close={"app-1": mismatch})

    books.close_days()

    assert books.topic.told == [("Signet: a ledger does not add up", str(mismatch))]
    assert [(line.levelname, line.message) for line in caplog.records] == [
        ("ERROR", "ledger_mismatch")
    ]


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("trouble", [LedgerMismatch("x"), Unavailable()], ids=str)
def test_one_app_in_trouble_keeps_no_other_waiting(trouble: Exception, refuses: bool) -> None:
    books = FakeBooks(apps=[app(1), app(2)], to_close={"app-1": trouble})
    books.topic.refuses = refuses

    books.close_days()

    assert [account.app_id for account in books.closed] == ["app-1", "app-2"]
