"""Balances: what is paid is recorded with what it pays for, and nothing is paid twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from signet.charges import Charge
from signet.errors import BalanceTooLow, DailyCapReached, TooFast, Unavailable
from signet.messages import Message
from signet.store import balances, messages, phones, table
from signet.store.balances import Account, Standing
from signet.store.phones import NotPaid
from tests.store.build import (
    ACCOUNT,
    APP_ID,
    NOW,
    PRICE,
    TODAY,
    after,
    balance_item,
    claim_of,
    give,
    held,
    ledger_items,
    message_item,
    message_items,
    new_charge,
    new_message,
    new_send,
    paid,
    phone_item,
    put,
    told,
)

pytestmark = pytest.mark.usefixtures("tables")

THREE = Account(APP_ID, 3)


def pay(charge: Charge) -> None:
    """Debit the charge, in a transaction of its own."""
    table.transact(lambda writes: balances.record_charge(writes, charge))


def returned(charge: Charge) -> None:
    """Refund the charge, in a transaction of its own."""
    table.transact(lambda writes: balances.record_refund(writes, charge))


# --- Debits -----------------------------------------------------------------------------------


def test_an_accepted_send_is_debited_and_counted_on_its_day() -> None:
    give(1_000_000)

    message = paid(new_send())

    assert balance_item() == {
        "pk": f"{APP_ID}#0",
        "balance": 1_000_000 - PRICE,
        f"c{TODAY}": PRICE,
        f"n{TODAY}": 1,
    }
    record = message_item(message.ref)
    assert (record["price"], record["balance_shard"], "refunded" in record) == (PRICE, 0, False)


def test_the_day_of_a_debit_is_beijings() -> None:
    give(1_000_000)

    # NOW is eight hours before midnight there.
    paid(new_send("first", at=8 * 3_600 - 60))
    paid(new_send("second", at=8 * 3_600))

    item = balance_item()
    assert (item["n20261122"], item["n20261123"]) == (1, 1)


@pytest.mark.parametrize(("micros", "left"), [(PRICE, 0), (PRICE - 1, 1)])
def test_the_last_unit_can_be_spent_and_none_more(micros: int, left: int) -> None:
    give(PRICE)

    pay(new_charge(micros))

    assert held() == left
    with pytest.raises(table.TransactionRefused):
        pay(new_charge(left + 1))
    assert held() == left


def test_a_send_that_is_not_paid_leaves_no_record_no_code_and_no_limit() -> None:
    give(PRICE - 1)

    with pytest.raises(NotPaid):
        paid(new_send(idempotency=("order-1", "digest")))

    assert (message_items(), phone_item(), held()) == ([], {}, PRICE - 1)
    give(PRICE)
    paid(new_send("second", idempotency=("order-1", "digest")))


def test_an_app_without_a_balance_pays_nothing_but_what_is_free() -> None:
    with pytest.raises(NotPaid):
        paid(new_send())
    with pytest.raises(BalanceTooLow):
        balances.find_payer(new_charge())

    paid(new_send("free"), micros=0)

    assert (held(), balance_item()[f"n{TODAY}"]) == (0, 1)


def test_a_broken_limit_is_named_before_a_short_balance_and_costs_nothing() -> None:
    give(PRICE)
    paid(new_send())

    with pytest.raises(TooFast):
        paid(new_send("second", at=1))

    assert held() == 0
    assert balance_item()[f"n{TODAY}"] == 1


def test_a_copy_of_an_accepted_request_is_not_charged_again() -> None:
    give(2 * PRICE)
    paid(new_send("same"))

    with pytest.raises(phones.AlreadyAccepted):
        paid(new_send("same", at=1))

    assert held() == PRICE


def test_a_copy_gets_its_answer_though_the_money_is_gone() -> None:
    give(PRICE)
    paid(new_send("same", idempotency=("order-1", "digest")))

    with pytest.raises(phones.AlreadyAccepted):
        paid(new_send("same", at=1))
    with pytest.raises(phones.AlreadyAccepted):
        paid(new_send("later", at=3_600, idempotency=("order-1", "digest")))


def test_a_code_sent_again_is_charged_again() -> None:
    give(2 * PRICE)
    send = new_send()
    message = paid(send)
    live = phones.pin_key(message, "k1")
    again = new_send("again", at=60)
    assert live is not None

    phones.accept_again(again, new_message(again, price=PRICE), new_charge(at=60), live)

    assert held() == 0


def test_a_code_sent_again_that_is_not_paid_leaves_the_code_as_it_was() -> None:
    give(PRICE)
    live = phones.pin_key(paid(new_send()), "k1")
    before = phone_item()
    again = new_send("again", at=60)
    assert live is not None

    with pytest.raises(NotPaid):
        phones.accept_again(again, new_message(again, price=PRICE), new_charge(at=60), live)

    assert phone_item() == before
    assert len(message_items()) == 1


# --- The daily cap ----------------------------------------------------------------------------


def test_a_cap_holds_to_the_unit_and_for_one_day() -> None:
    give(10 * PRICE)
    capped = new_charge(cap_micros=2 * PRICE + 1)
    pay(capped)
    pay(capped)

    with pytest.raises(table.TransactionRefused):
        pay(capped)
    with pytest.raises(DailyCapReached):
        balances.find_payer(capped)

    pay(replace(capped, day="20261123"))
    assert held() == 7 * PRICE


@pytest.mark.parametrize("cap", [0, PRICE - 1])
def test_a_cap_below_one_price_lets_nothing_pass(cap: int) -> None:
    give(10 * PRICE)

    with pytest.raises(table.TransactionRefused):
        pay(new_charge(cap_micros=cap))


def test_what_was_refunded_still_counts_for_the_cap() -> None:
    give(10 * PRICE)
    capped = new_charge(cap_micros=PRICE)
    pay(capped)
    returned(capped)

    with pytest.raises(DailyCapReached):
        balances.find_payer(capped)


# --- Several items ----------------------------------------------------------------------------


def sends(charge: Charge, *, at_most: int = 100) -> int:
    """Pay as a flow does, until it is refused; how often it was not."""
    for number in range(at_most):
        try:
            pay(charge)
        except table.TransactionRefused:
            try:
                charge = balances.find_payer(charge)
            except (BalanceTooLow, DailyCapReached):
                return number
            pay(charge)
    return at_most


@pytest.mark.parametrize("items", [(7, 0, 0), (0, 0, 7), (2, 2, 3), (3, 1, 3)])
def test_three_items_pay_as_much_as_one(items: tuple[int, ...]) -> None:
    give(*(part * PRICE for part in items))

    assert sends(new_charge(shards=3)) == 7
    assert held() == 0


def test_remainders_that_are_too_small_alone_are_gathered() -> None:
    give(PRICE // 2, PRICE // 4, PRICE // 4)

    found = balances.find_payer(new_charge(shards=3, shard=2))

    assert found.shard == 0
    pay(found)
    assert held() == 0


def test_no_remainder_is_gathered_in_vain() -> None:
    give(PRICE // 2, PRICE // 4, PRICE // 4 - 1)

    with pytest.raises(BalanceTooLow):
        balances.find_payer(new_charge(shards=3))

    assert [balance_item(shard)["balance"] for shard in range(3)] == [
        PRICE // 2,
        PRICE // 4,
        PRICE // 4 - 1,
    ]


@pytest.mark.parametrize("cap", [5 * PRICE, 5 * PRICE + PRICE // 2, PRICE, PRICE * 7 // 3])
def test_a_cap_split_over_three_items_is_the_same_cap(cap: int) -> None:
    give(*[10 * PRICE] * 3)

    assert sends(new_charge(shards=3, cap_micros=cap)) == cap // PRICE
    assert held() == 30 * PRICE - cap // PRICE * PRICE


def test_what_is_gathered_under_a_cap_keeps_the_count_of_the_day() -> None:
    give(PRICE, 0, 0)
    put("balances", pk=f"{APP_ID}#1", balance=PRICE, **{f"c{TODAY}": PRICE})

    # A third of the cap is less than a price, so all room must come together.
    assert sends(new_charge(shards=3, cap_micros=PRICE * 5 // 2)) == 1
    counted = [balance_item(shard).get(f"c{TODAY}", 0) for shard in range(3)]
    assert sum(counted) == 2 * PRICE


@pytest.mark.parametrize("seen", [lambda: give(PRICE), lambda: give(0), lambda: None])
def test_a_balance_is_what_its_items_hold_together(seen: Callable[[], None]) -> None:
    seen()

    assert balances.balance(ACCOUNT) == balances.balance(THREE) == held()


def test_raising_the_number_of_items_levels_money_and_room() -> None:
    give(10 * PRICE)
    for _ in range(4):
        pay(new_charge(cap_micros=6 * PRICE))

    balances.level(THREE, day=TODAY, cap_micros=6 * PRICE)

    assert [balance_item(shard)["balance"] for shard in range(3)] == [2 * PRICE] * 3
    assert sends(new_charge(shards=3, cap_micros=6 * PRICE)) == 2
    assert sum(balance_item(shard)[f"c{TODAY}"] for shard in range(3)) == 6 * PRICE


def test_a_lower_cap_holds_at_once_after_levelling() -> None:
    give(*[10 * PRICE] * 3)
    sends(new_charge(shards=3, cap_micros=9 * PRICE), at_most=5)

    balances.level(THREE, day=TODAY, cap_micros=6 * PRICE)

    assert sends(new_charge(shards=3, cap_micros=6 * PRICE)) == 1


def test_levelling_what_has_been_spent_beyond_a_lower_cap_leaves_no_room_anywhere() -> None:
    give(*[10 * PRICE] * 3)
    sends(new_charge(shards=3, cap_micros=9 * PRICE), at_most=8)

    balances.level(THREE, day=TODAY, cap_micros=6 * PRICE)

    for shard in range(3):
        with pytest.raises(table.TransactionRefused):
            pay(new_charge(1, shard=shard, shards=3, cap_micros=6 * PRICE))


# --- Raising the number of items --------------------------------------------------------------


def test_items_that_are_fewer_than_the_app_has_now_are_levelled_by_the_first_debit() -> None:
    give(9 * PRICE)

    found = balances.find_payer(new_charge(shards=3, shard=2))

    assert (found.shard, found.shards) == (2, 3)
    pay(found)
    assert [balance_item(shard)["balance"] // PRICE for shard in range(3)] == [3, 3, 2]


@pytest.mark.parametrize("remembered", [1, 2, 3])
def test_whoever_remembers_fewer_items_still_finds_all_the_money(remembered: int) -> None:
    give(9 * PRICE)
    balances.level(THREE)

    assert sends(new_charge(shards=remembered)) == 9
    assert held() == 0
    assert balances.balance(Account(APP_ID, remembered)) == 0


def test_whoever_remembers_fewer_items_is_not_let_debit_and_cannot_pass_the_cap() -> None:
    cap = 6 * PRICE
    give(30 * PRICE)
    old = new_charge(cap_micros=cap)
    for _ in range(4):
        pay(old)
    balances.level(THREE, day=TODAY, cap_micros=cap)

    with pytest.raises(table.TransactionRefused):
        pay(old)

    assert sends(old) == 2


def test_whoever_remembers_more_items_than_there_are_makes_them() -> None:
    cap = 6 * PRICE
    give(30 * PRICE)
    for _ in range(4):
        pay(new_charge(cap_micros=cap))

    with pytest.raises(table.TransactionRefused):
        pay(new_charge(shards=3, cap_micros=cap))

    assert sends(new_charge(shards=3, cap_micros=cap)) == 2
    assert sends(new_charge(cap_micros=cap)) == 0


def test_a_balance_of_one_item_is_marked_with_nothing() -> None:
    give(PRICE)
    balances.level(ACCOUNT)
    pay(balances.find_payer(new_charge()))

    assert "shards" not in balance_item()


def test_a_refund_to_an_item_of_before_is_found_afterwards() -> None:
    give(PRICE)
    message = paid(new_send())
    balances.level(THREE)

    messages.expired(message, "expired", after(600))

    assert balances.balance(ACCOUNT) == PRICE
    assert sends(new_charge(shards=3, shard=2)) == 1


def test_levelling_twice_changes_nothing_more() -> None:
    give(100, 0, 1)
    balances.level(THREE)
    before = [balance_item(shard) for shard in range(3)]

    balances.level(THREE)

    assert [balance_item(shard) for shard in range(3)] == before
    assert [item["balance"] for item in before] == [33, 34, 34]


def test_money_that_others_keep_moving_is_not_moved_on_a_stale_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(PRICE // 2, PRICE // 2)
    real = balances.snapshot

    def outdated(account: Account) -> list[table.Item]:
        seen = real(account)
        put("balances", pk=f"{APP_ID}#1", balance=balance_item(1)["balance"] - 1)
        return seen

    monkeypatch.setattr(balances, "snapshot", outdated)
    monkeypatch.setattr("time.sleep", lambda _: None)

    with pytest.raises(BalanceTooLow):
        balances.find_payer(new_charge(shards=2))

    assert held() < PRICE


def test_money_that_never_stands_still_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    give(PRICE, 0)
    real = balances.snapshot

    def outdated(account: Account) -> list[table.Item]:
        seen = real(account)
        first, second = (int(item["balance"]) for item in seen)
        give(second, first)
        return [{"balance": first - 1}, {"balance": second + 1}]

    monkeypatch.setattr(balances, "snapshot", outdated)
    monkeypatch.setattr("time.sleep", lambda _: None)

    with pytest.raises(Unavailable):
        balances.level(Account(APP_ID, 2))

    assert held() == PRICE


# --- Refunds ----------------------------------------------------------------------------------


def claimed(at: float = 0) -> Message:
    """A message that was paid for and is in a sender's hands."""
    message = paid(new_send(at=at))
    messages.claim(message, claim_of(), after(at))
    return message


def test_a_message_that_every_carrier_refused_is_refunded_with_its_last_word() -> None:
    give(PRICE)
    message = claimed()

    messages.refused(message, claim_of(), told("OptedOut", at=5), final=True)

    record = message_item(message.ref)
    assert (record["state"], record["refunded"]) == ("call_failed", 1)
    assert balance_item() == {
        "pk": f"{APP_ID}#0",
        "balance": PRICE,
        f"c{TODAY}": PRICE,
        f"n{TODAY}": 1,
        f"r{TODAY}": PRICE,
        f"m{TODAY}": 1,
    }


def test_a_message_that_was_never_handed_over_is_refunded() -> None:
    give(PRICE)
    message = paid(new_send())

    messages.expired(message, "expired", after(600))

    record = message_item(message.ref)
    assert (record["state"], record["refunded"], held()) == ("expired", 1, PRICE)


def test_a_refund_counts_on_the_day_it_is_given() -> None:
    give(PRICE)
    message = paid(new_send())

    messages.expired(message, "expired", NOW + timedelta(days=1))

    assert balance_item()["r20261123"] == PRICE
    assert balance_item()[f"c{TODAY}"] == PRICE


def test_a_refund_goes_to_the_item_that_paid() -> None:
    give(0, PRICE, 0)
    message = paid(new_send(), shard=1, shards=3)

    messages.expired(message, "expired", after(600))

    assert balance_item(1)["balance"] == PRICE


@pytest.mark.parametrize(
    "end",
    [
        lambda message: messages.unconfirmed(message, claim_of(), told("timeout", at=5)),
        lambda message: messages.accepted(message, claim_of(), told(at=5), carrier_message_id="x"),
        lambda message: messages.refused(message, claim_of(), told("Throttled", at=5), final=False),
    ],
    ids=["unconfirmed", "accepted", "to be tried again"],
)
def test_what_a_carrier_took_or_may_take_stays_charged(
    end: Callable[[Message], None],
) -> None:
    give(PRICE)
    message = claimed()

    end(message)

    assert held() == 0
    assert "refunded" not in message_item(message.ref)


def test_nothing_is_refunded_twice_however_often_it_is_said() -> None:
    give(PRICE)
    message = claimed()

    for attempt in ("attempt-1", "attempt-1", "attempt-2"):
        messages.refused(message, claim_of(attempt), told("OptedOut", at=5), final=True)
        messages.expired(message, "expired", after(600))

    assert held() == PRICE
    assert balance_item()[f"m{TODAY}"] == 1


def test_a_free_message_is_ended_without_a_refund() -> None:
    message = paid(new_send(), micros=0)

    messages.expired(message, "expired", after(600))

    assert message_item(message.ref)["state"] == "expired"
    assert "refunded" not in message_item(message.ref)
    assert f"m{TODAY}" not in balance_item()


def test_a_refund_that_cannot_be_written_leaves_the_message_unended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(PRICE)
    message = paid(new_send())
    monkeypatch.setattr(table, "transact", broken)

    with pytest.raises(Unavailable):
        messages.expired(message, "expired", after(600))

    assert message_item(message.ref)["state"] == "queued"
    assert held() == 0


def broken(_: object) -> None:
    raise Unavailable


# --- The alarm about a low balance ------------------------------------------------------------


def test_a_low_balance_is_noticed_once_and_told_once() -> None:
    give(PRICE)

    assert balances.notice_low(APP_ID, now=NOW)
    assert balances.standing(ACCOUNT) == Standing(PRICE, noticed_low=True)
    balances.told_low(APP_ID)

    for seconds in (0, 1, 299, 300, 86_400):
        assert not balances.notice_low(APP_ID, now=after(seconds))


@pytest.mark.parametrize(("later", "again"), [(0, False), (299, False), (300, True)])
def test_an_alarm_that_was_noticed_and_never_told_is_noticed_again(later: int, again: bool) -> None:
    give(PRICE)
    balances.notice_low(APP_ID, now=NOW)

    assert balances.notice_low(APP_ID, now=after(later)) is again


def test_of_two_who_find_an_alarm_lost_one_tells_it() -> None:
    give(PRICE)
    balances.notice_low(APP_ID, now=NOW)

    assert [balances.notice_low(APP_ID, now=after(300)) for _ in range(2)] == [True, False]


def test_a_balance_that_recovered_is_told_again_when_it_falls() -> None:
    give(PRICE)
    balances.notice_low(APP_ID, now=NOW)
    balances.told_low(APP_ID)

    balances.forget_low(APP_ID)

    assert balances.standing(ACCOUNT) == Standing(PRICE, noticed_low=False)
    assert balances.notice_low(APP_ID, now=after(1))


def test_an_alarm_told_after_the_balance_recovered_does_not_silence_the_next() -> None:
    give(PRICE)
    balances.notice_low(APP_ID, now=NOW)
    balances.forget_low(APP_ID)

    balances.told_low(APP_ID)

    assert balances.notice_low(APP_ID, now=after(1))


def test_the_alarm_touches_no_money_and_money_no_alarm() -> None:
    give(2 * PRICE)
    balances.notice_low(APP_ID, now=NOW)
    pay(new_charge())
    balances.level(ACCOUNT)

    assert balances.standing(ACCOUNT) == Standing(PRICE, noticed_low=True)
    assert ledger_items() == {}
