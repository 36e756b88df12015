"""The ledger: it explains every balance to the unit, for good."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from signet import days
from signet.charges import Charge
from signet.errors import BadParameter, BalanceTooLow, Unavailable
from signet.store import balances, ledger, messages, table
from signet.store.balances import Account
from signet.store.ledger import Credit, Day, LedgerMismatch
from tests.store.build import (
    ACCOUNT,
    APP_ID,
    NOW,
    PRICE,
    SECONDS,
    TODAY,
    after,
    balance_item,
    give,
    held,
    ledger_items,
    new_charge,
    new_send,
    paid,
    put,
)

pytestmark = pytest.mark.usefixtures("tables")

THREE = Account(APP_ID, 3)
TOMORROW = "20261123"
# The first instant at which no clock can still be on NOW's day.
OVER = days.start(TOMORROW) + timedelta(hours=1)


def given(amount: int, *, at: int = SECONDS, note: str = "top-up") -> Credit:
    return Credit(amount, at, "operator:demo", note)


def open_account(amount: int, account: Account = ACCOUNT) -> None:
    """Give an app its first credit."""
    ledger.credit(account, given(amount), credit_id="opening")


def pay(charge: Charge) -> None:
    """Debit the charge, in a transaction of its own."""
    table.transact(lambda writes: balances.record_charge(writes, charge))


def spend(count: int, *, at: datetime = NOW) -> None:
    """Pay for so many messages."""
    for _ in range(count):
        pay(new_charge(day=days.of(at)))


def late_refund(day: str = TODAY) -> None:
    """A refund by a function whose clock is on that day."""
    charge = new_charge(day=day)
    table.transact(lambda writes: balances.record_refund(writes, charge))


def today(**sums: int) -> Day:
    return Day(TODAY, **sums)


# --- Credits ----------------------------------------------------------------------------------


def test_a_credit_is_in_the_balance_and_in_the_ledger() -> None:
    assert ledger.credit(ACCOUNT, given(5_000_000), credit_id="first") == 5_000_000

    assert held() == 5_000_000
    assert ledger_items() == {
        "credit#first": {
            "app_id": APP_ID,
            "entry": "credit#first",
            "amount": 5_000_000,
            "at": SECONDS,
            "by": "operator:demo",
            "note": "top-up",
        }
    }
    ledger.check(ACCOUNT)


def test_credits_add_up_and_are_listed_newest_first() -> None:
    for number, amount in enumerate([5, 7, -2, 1]):
        ledger.credit(ACCOUNT, given(amount, at=SECONDS + number), credit_id=str(number))

    assert held() == 11
    assert [credit.amount for credit in ledger.credits(APP_ID, limit=3)] == [1, -2, 7]
    assert ledger.list_days(ACCOUNT, since=TODAY) == [today(credited=11)]
    ledger.check(ACCOUNT)


@pytest.mark.parametrize("amount", [5, -5])
def test_the_same_credit_counts_once(amount: int) -> None:
    open_account(7)

    first = ledger.credit(ACCOUNT, given(amount), credit_id="again")
    repeated = [
        ledger.credit(ACCOUNT, given(amount, at=SECONDS + 9, note="x"), credit_id="again")
        for _ in range(3)
    ]

    assert [first, *repeated] == [7 + amount] * 4
    assert held() == 7 + amount
    ledger.check(ACCOUNT)


def test_a_repeated_credit_is_answered_with_the_balance_as_it_is_now() -> None:
    open_account(2 * PRICE)
    spend(1)

    assert ledger.credit(ACCOUNT, given(2 * PRICE), credit_id="opening") == PRICE


def test_a_credit_id_stands_for_one_amount() -> None:
    open_account(7)

    with pytest.raises(BadParameter, match="Idempotency-Key"):
        ledger.credit(ACCOUNT, given(8), credit_id="opening")

    assert held() == 7


def test_apps_do_not_share_credit_ids() -> None:
    open_account(7)

    assert ledger.credit(Account("other"), given(8), credit_id="opening") == 8
    assert (held(), held("other")) == (7, 8)


@pytest.mark.parametrize(("amount", "left"), [(-1, 6), (-7, 0)])
def test_a_correction_takes_out_what_there_is(amount: int, left: int) -> None:
    open_account(7)

    assert ledger.credit(ACCOUNT, given(amount), credit_id="correction") == left
    ledger.check(ACCOUNT)


def test_a_correction_never_takes_out_more_than_there_is() -> None:
    open_account(7)

    with pytest.raises(BalanceTooLow):
        ledger.credit(ACCOUNT, given(-8), credit_id="correction")

    assert (held(), set(ledger_items())) == (7, {"credit#opening"})
    with pytest.raises(BalanceTooLow):
        ledger.credit(Account("nobody"), given(-1), credit_id="correction")


@pytest.mark.parametrize("amount", [10, 1, 2, 3])
def test_a_credit_is_spread_evenly_over_all_items(amount: int) -> None:
    ledger.credit(THREE, given(amount), credit_id="first")

    parts = [balance_item(shard)["balance"] for shard in range(3)]
    assert sum(parts) == amount
    assert max(parts) - min(parts) <= 1
    ledger.check(THREE)


@pytest.mark.parametrize("items", [(9, 0, 0), (0, 0, 9), (3, 3, 3), (1, 7, 1)])
def test_a_correction_takes_from_all_items_whichever_holds_the_money(
    items: tuple[int, ...],
) -> None:
    give(*items)
    put("balances", pk=f"{APP_ID}#0", balance=items[0], **{f"t{TODAY}": 9})

    assert ledger.credit(THREE, given(-8), credit_id="correction") == 1

    assert sorted(balance_item(shard)["balance"] for shard in range(3)) == [0, 0, 1]
    ledger.check(THREE)


def test_a_correction_is_not_made_on_a_stale_look(monkeypatch: pytest.MonkeyPatch) -> None:
    open_account(2 * PRICE)
    real = balances.snapshot
    looks = []

    def outdated(account: Account) -> list[table.Item]:
        looks.append(account)
        seen = real(account)
        if len(looks) == 1:
            spend(1)
        return seen

    monkeypatch.setattr(balances, "snapshot", outdated)
    monkeypatch.setattr("time.sleep", lambda _: None)

    with pytest.raises(BalanceTooLow):
        ledger.credit(ACCOUNT, given(-2 * PRICE), credit_id="correction")

    assert held() == PRICE


# --- Closing a day ----------------------------------------------------------------------------


def test_a_day_that_is_over_moves_into_the_ledger_for_good() -> None:
    open_account(10 * PRICE)
    spend(3)
    late_refund()

    assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]

    assert ledger_items()[f"day#{TODAY}"] == {
        "app_id": APP_ID,
        "entry": f"day#{TODAY}",
        "charged": 3 * PRICE,
        "messages": 3,
        "refunded": PRICE,
        "refunds": 1,
        "credited": 10 * PRICE,
    }
    assert balance_item() == {"pk": f"{APP_ID}#0", "balance": 8 * PRICE}
    ledger.check(ACCOUNT)


@pytest.mark.parametrize(
    "now", [NOW, days.start(TOMORROW), OVER - timedelta(seconds=1), NOW - timedelta(days=3)]
)
def test_a_day_on_which_some_clock_may_still_be_stays_open(now: datetime) -> None:
    open_account(10 * PRICE)
    spend(1)

    assert ledger.close_days(ACCOUNT, now=now) == []
    assert balance_item()[f"n{TODAY}"] == 1


def test_closing_again_finds_nothing_to_close() -> None:
    open_account(10 * PRICE)
    ledger.close_days(ACCOUNT, now=OVER)
    before = (ledger_items(), balance_item())

    assert ledger.close_days(ACCOUNT, now=OVER) == []
    assert (ledger_items(), balance_item()) == before


def test_all_days_that_are_over_are_closed_each_by_itself() -> None:
    open_account(10 * PRICE)
    spend(1)
    spend(2, at=NOW + timedelta(days=1))
    spend(3, at=NOW + timedelta(days=2))

    assert ledger.close_days(ACCOUNT, now=OVER + timedelta(days=1)) == [TODAY, TOMORROW]

    assert {name for name in balance_item() if name.startswith("n")} == {"n20261124"}
    counts = [day.messages for day in ledger.list_days(ACCOUNT, since=TODAY)]
    assert counts == [1, 2, 3]
    ledger.check(ACCOUNT)


def test_several_items_are_closed_into_one_entry() -> None:
    open_account(9 * PRICE, THREE)
    for shard in (0, 0, 2):
        pay(new_charge(shard=shard))

    ledger.close_days(THREE, now=OVER)

    entry = ledger_items()[f"day#{TODAY}"]
    assert (entry["charged"], entry["messages"], entry["credited"]) == (3 * PRICE, 3, 9 * PRICE)
    assert [set(balance_item(shard)) for shard in range(3)] == [{"pk", "balance"}] * 3


def test_a_refund_that_comes_while_a_day_is_closed_is_closed_by_the_next_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_account(10 * PRICE)
    spend(2)
    late_refund()
    real = balances.snapshot

    def followed_by_a_refund(account: Account) -> list[table.Item]:
        monkeypatch.setattr(balances, "snapshot", real)
        seen = real(account)
        late_refund()
        return seen

    monkeypatch.setattr(balances, "snapshot", followed_by_a_refund)

    assert ledger.close_days(ACCOUNT, now=OVER) == []
    assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]

    assert ledger_items()[f"day#{TODAY}"]["refunds"] == 2
    ledger.check(ACCOUNT)


def test_the_first_refund_of_a_day_being_closed_is_kept_for_the_next_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_account(10 * PRICE)
    spend(2)
    real = balances.snapshot

    def followed_by_a_refund(account: Account) -> list[table.Item]:
        monkeypatch.setattr(balances, "snapshot", real)
        seen = real(account)
        late_refund()
        return seen

    monkeypatch.setattr(balances, "snapshot", followed_by_a_refund)

    assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]
    assert balance_item()[f"m{TODAY}"] == 1
    assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]

    assert ledger_items()[f"day#{TODAY}"]["refunds"] == 1
    ledger.check(ACCOUNT)


def test_two_closings_at_once_count_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    open_account(10 * PRICE)
    spend(2)
    real = balances.snapshot

    def followed_by_a_closing(account: Account) -> list[table.Item]:
        monkeypatch.setattr(balances, "snapshot", real)
        seen = real(account)
        assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]
        return seen

    monkeypatch.setattr(balances, "snapshot", followed_by_a_closing)

    assert ledger.close_days(ACCOUNT, now=OVER) == []
    assert ledger_items()[f"day#{TODAY}"]["messages"] == 2
    ledger.check(ACCOUNT)


def test_a_late_refund_reopens_a_closed_day_and_is_added_to_it() -> None:
    open_account(10 * PRICE)
    spend(2)
    ledger.close_days(ACCOUNT, now=OVER)

    late_refund()
    ledger.check(ACCOUNT)
    assert ledger.close_days(ACCOUNT, now=OVER) == [TODAY]

    entry = ledger_items()[f"day#{TODAY}"]
    assert (entry["messages"], entry["refunds"], held()) == (2, 1, 9 * PRICE)
    ledger.check(ACCOUNT)


def test_an_account_without_anything_has_nothing_to_close() -> None:
    assert ledger.close_days(ACCOUNT, now=OVER) == []
    assert ledger_items() == {}
    ledger.check(ACCOUNT)


def test_room_moved_between_items_under_a_cap_closes_to_what_was_charged() -> None:
    open_account(9 * PRICE, THREE)
    charge = new_charge(shards=3, cap_micros=2 * PRICE)
    for _ in range(2):
        pay(balances.find_payer(charge))

    ledger.close_days(THREE, now=OVER)

    assert ledger_items()[f"day#{TODAY}"]["charged"] == 2 * PRICE
    ledger.check(THREE)


# --- Looking at the books ---------------------------------------------------------------------


def test_open_and_closed_days_are_listed_together_oldest_first() -> None:
    open_account(10 * PRICE)
    spend(2)
    ledger.close_days(ACCOUNT, now=OVER)
    late_refund()
    spend(1, at=NOW + timedelta(days=2))

    assert ledger.list_days(ACCOUNT, since="20261001") == [
        today(charged=2 * PRICE, messages=2, refunded=PRICE, refunds=1, credited=10 * PRICE),
        Day("20261124", charged=PRICE, messages=1),
    ]
    assert [day.day for day in ledger.list_days(ACCOUNT, since=TOMORROW)] == ["20261124"]


@pytest.mark.parametrize("ask", ["list", "check"])
def test_a_day_closed_while_it_is_looked_at_counts_once(
    ask: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_account(10 * PRICE)
    spend(2)
    real = balances.snapshot

    def followed_by_a_closing(account: Account) -> list[table.Item]:
        monkeypatch.setattr(balances, "snapshot", real)
        seen = real(account)
        ledger.close_days(ACCOUNT, now=OVER)
        return seen

    monkeypatch.setattr(balances, "snapshot", followed_by_a_closing)

    if ask == "check":
        ledger.check(ACCOUNT)
    else:
        assert [day.messages for day in ledger.list_days(ACCOUNT, since=TODAY)] == [2]


@pytest.mark.parametrize("change", [1, -1, 10 * PRICE])
def test_a_balance_that_somebody_edited_is_a_mismatch(change: int) -> None:
    open_account(10 * PRICE)
    spend(1)
    item = balance_item()
    put("balances", **{**item, "balance": item["balance"] + change})

    with pytest.raises(LedgerMismatch, match=APP_ID):
        ledger.check(ACCOUNT)
    with pytest.raises(LedgerMismatch):
        ledger.close_days(ACCOUNT, now=OVER)


def test_a_counter_that_somebody_edited_is_a_mismatch() -> None:
    open_account(10 * PRICE)
    spend(1)
    put("balances", **{**balance_item(), f"c{TODAY}": 0})

    with pytest.raises(LedgerMismatch):
        ledger.check(ACCOUNT)


def test_a_closed_day_that_somebody_edited_is_a_mismatch() -> None:
    open_account(10 * PRICE)
    spend(1)
    ledger.close_days(ACCOUNT, now=OVER)
    put("ledger", **{**ledger_items()[f"day#{TODAY}"], "refunded": 1})

    with pytest.raises(LedgerMismatch):
        ledger.check(ACCOUNT)


def test_other_apps_are_other_books() -> None:
    open_account(10 * PRICE)
    open_account(3, Account("other"))
    put("balances", pk="other#0", balance=4)

    ledger.check(ACCOUNT)


def test_the_books_of_refused_and_ended_messages_add_up() -> None:
    open_account(10 * PRICE)
    for number in range(4):
        message = paid(new_send(str(number), at=60 * number))
        if number % 2:
            messages.expired(message, "expired", after(86_400 * 2))

    ledger.close_days(ACCOUNT, now=OVER + timedelta(days=30))

    ledger.check(ACCOUNT)
    assert held() == 8 * PRICE
    assert {name: entry.get("refunds") for name, entry in ledger_items().items()} == {
        "credit#opening": None,
        f"day#{TODAY}": 0,
        "day#20261124": 2,
    }


def test_books_that_never_stand_still_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    open_account(10 * PRICE)
    real, day = balances.snapshot, NOW

    def followed_by_a_closing(account: Account) -> list[table.Item]:
        nonlocal day
        day += timedelta(days=1)
        put("ledger", app_id=APP_ID, entry=f"day#{days.of(day)}", charged=1)
        return real(account)

    monkeypatch.setattr(balances, "snapshot", followed_by_a_closing)

    with pytest.raises(Unavailable):
        ledger.list_days(ACCOUNT, since=TODAY)


def test_what_changes_a_balance_is_the_sum_of_a_day() -> None:
    day = today(charged=5, refunded=2, credited=10, messages=3, refunds=1)

    assert day.change == 7
    assert replace(day, credited=0).change == -3
