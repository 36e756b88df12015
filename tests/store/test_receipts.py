"""What a receipt does to the record of a message, whatever was known of it before."""

import logging

import pytest

from signet.messages import Message, MessageRef, State
from signet.store import messages
from signet.store.messages import Heard, UnknownMessage
from signet.tries import Outcome, Try
from tests.store.build import (
    PHONE,
    PRICE,
    SECONDS,
    after,
    change_message,
    claim_of,
    give,
    held,
    message_item,
    new_send,
    paid,
    told,
)

CREDIT = 10 * PRICE
MINE = claim_of()
NO = "UNKNOWN-NUMBER"


@pytest.fixture(autouse=True)
def money(tables: object) -> None:
    give(CREDIT)


@pytest.fixture
def message() -> Message:
    """A message that is paid and queued."""
    return paid(new_send())


def claim(message: Message) -> Message:
    messages.claim(message, MINE, after(1))
    return messages.get(message.ref)


def accept(message: Message, carrier: str = "webhook") -> None:
    answer = told(carrier=carrier, at=2)
    messages.accepted(message, MINE, answer, carrier_message_id="vendor-1")


def refuse(message: Message, *, final: bool = True) -> None:
    messages.refused(message, MINE, told("no", at=2), final=final)


def receive(message: Message, *, delivered: bool, carrier: str = "webhook") -> Heard | None:
    return messages.reported(
        message.ref,
        delivered=delivered,
        reason="" if delivered else NO,
        at=SECONDS + 5,
        carrier=carrier,
    )


def state(message: Message) -> State:
    return messages.get(message.ref).state


@pytest.mark.parametrize("delivered", [True, False])
def test_a_receipt_says_what_became_of_a_message(message: Message, delivered: bool) -> None:
    accept(claim(message))

    heard = receive(message, delivered=delivered)

    word = "delivered" if delivered else "undelivered"
    item = message_item(message.ref)
    assert heard == Heard("webhook", PHONE, SECONDS + 2)
    assert item["state"] == item["report"] == word
    assert (item["report_reason"], item["report_carrier"]) == ("" if delivered else NO, "webhook")
    assert item["reported_at"] == SECONDS + 5
    assert "open" not in item
    assert held() == CREDIT - PRICE


def test_a_receipt_that_comes_before_the_carriers_answer_was_recorded_counts(
    message: Message,
) -> None:
    claimed = claim(message)

    heard = receive(message, delivered=True)
    accept(claimed)

    assert heard == Heard("webhook", PHONE, SECONDS + 1)
    assert state(message) is State.DELIVERED
    assert message_item(message.ref)["carrier_message_id"] == "vendor-1"


def test_a_receipt_ends_the_doubt_about_an_answer_that_never_came(message: Message) -> None:
    messages.unconfirmed(claim(message), MINE, told("timeout", outcome=Outcome.UNKNOWN, at=9))

    receive(message, delivered=False)

    assert state(message) is State.UNDELIVERED
    assert held() == CREDIT - PRICE


def test_a_yes_goes_before_a_no_in_either_order(message: Message) -> None:
    accept(claim(message))

    assert receive(message, delivered=False)
    assert receive(message, delivered=True, carrier="twilio")
    before = message_item(message.ref)
    assert receive(message, delivered=False) is None

    assert message_item(message.ref) == before
    assert before["state"] == before["report"] == "delivered"
    assert before["report_carrier"] == "twilio"


@pytest.mark.parametrize("delivered", [True, False])
def test_a_receipt_that_comes_twice_changes_nothing(message: Message, delivered: bool) -> None:
    accept(claim(message))
    receive(message, delivered=delivered)
    before = message_item(message.ref)

    assert receive(message, delivered=delivered, carrier="twilio") is None
    assert message_item(message.ref) == before


def test_of_a_message_whose_code_was_used_the_facts_are_kept(message: Message) -> None:
    accept(claim(message))
    messages.verified(message.ref, SECONDS + 3)

    assert receive(message, delivered=False)
    assert message_item(message.ref)["report"] == "undelivered"
    assert receive(message, delivered=True)
    assert receive(message, delivered=False) is None

    item = message_item(message.ref)
    assert (item["state"], item["report"]) == ("verified", "delivered")


def test_a_message_that_was_used_and_reported_is_not_paid_back(message: Message) -> None:
    claimed = claim(message)
    messages.verified(message.ref, SECONDS + 3)
    receive(message, delivered=True)

    refuse(claimed)

    assert state(message) is State.VERIFIED
    assert held() == CREDIT - PRICE


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("end", ["call_failed", "expired", "used"])
def test_what_was_paid_back_stays_as_it_is(
    message: Message, end: str, delivered: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if end == "expired":
        messages.expired(message, "expired", after(700))
    else:
        refuse(claim(message))
    if end == "used":
        messages.verified(message.ref, SECONDS + 3)
    before = message_item(message.ref)

    with caplog.at_level(logging.INFO):
        assert receive(message, delivered=delivered) is None

    assert message_item(message.ref) == before
    assert held() == CREDIT
    assert "receipt_changed_nothing" in caplog.messages
    assert PHONE not in str([vars(record) for record in caplog.records])


def test_a_message_that_nobody_was_handed_has_no_receipts(message: Message) -> None:
    before = message_item(message.ref)

    assert receive(message, delivered=True) is None
    assert receive(message, delivered=False) is None

    assert message_item(message.ref) == before


def test_a_code_that_an_earlier_message_brought_is_paid_back_whatever_comes(
    message: Message,
) -> None:
    messages.verified(message.ref, SECONDS + 3)
    assert receive(message, delivered=True) is None

    messages.expired(message, "code used", after(4))

    assert state(message) is State.EXPIRED
    assert held() == CREDIT


def test_what_a_carrier_delivered_though_it_had_refused_it_is_not_sent_again(
    message: Message,
) -> None:
    refuse(claim(message), final=False)

    assert receive(message, delivered=False) is None
    assert state(message) is State.QUEUED
    assert receive(message, delivered=True)

    with pytest.raises(messages.NotClaimed):
        messages.claim(message, claim_of("attempt-2", 2), after(9))


def test_the_delay_counts_from_when_the_same_carrier_got_it(message: Message) -> None:
    accept(claim(message), carrier="twilio")
    tried = [
        Try("webhook", Outcome.REFUSED, "busy", SECONDS + 1, 90),
        Try("twilio", Outcome.ACCEPTED, "", SECONDS + 2, 80),
        Try("webhook", Outcome.ACCEPTED, "", SECONDS + 22, 70, is_rescue=True),
    ]
    change_message(message.ref, **{f"try{n}": one.packed() for n, one in enumerate(tried, 1)})

    assert receive(message, delivered=True) == Heard("webhook", PHONE, SECONDS + 22)


def test_a_long_reason_is_cut(message: Message) -> None:
    accept(claim(message))

    messages.reported(message.ref, delivered=False, reason="x" * 999, at=SECONDS, carrier="sns")

    assert message_item(message.ref)["report_reason"] == "x" * 100


@pytest.mark.parametrize("message_id", ["", "no-id", f"20261122-3-{0:032x}"])
def test_a_message_that_is_not_recorded_is_unknown(message_id: str) -> None:
    with pytest.raises(UnknownMessage):
        receive_of(MessageRef("signet-demo-app", message_id))


def receive_of(ref: MessageRef) -> None:
    messages.reported(ref, delivered=True, reason="", at=SECONDS, carrier="webhook")
