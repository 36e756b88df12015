"""What a send costs, what a refused one does not, and what comes back (wire.md 11 and 16)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.sender import app as sender
from signet.acts import Act
from signet.apps import App, TestPhone
from signet.carriers import CarrierError, OutcomeUnknown
from signet.codes import Purpose, Subject
from signet.edge import clock
from signet.flows import change_app
from signet.store import apps, ledger
from signet.store.balances import Account
from tests.conftest import DEMO_APP, WORLD
from tests.flows.fakes import FakeCarrier
from tests.functions.service import APP_KEY, MASTER_KEY, PHONE, Service, put_template, signed
from tests.store.build import (
    APP_ID,
    PRICE,
    balance_items,
    held,
    ledger_items,
    message_items,
    phone_item,
)

MakeApp = Callable[..., App]
Advance = Callable[[int], None]

ALL = 100_000_000
OTHER = "+8618612345679"


def number(place: int) -> str:
    """A number of its own for each of many sends."""
    return f"+86186{place:08d}"


def spent(shards: int = 1) -> int:
    """What the demo app's messages have cost; the books must add up."""
    ledger.check(Account(APP_ID, shards))
    prices = [int(record["price"]) for record in message_items() if "refunded" not in record]
    assert ALL - held() == sum(prices)
    return sum(prices)


# --- What is charged --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "segments", "price"),
    [
        ({}, 1, PRICE),
        ({"name": "商" * 60}, 2, 2 * PRICE),
        ({"template": "Order_Notice", "x": "商" * 200}, 4, 4 * PRICE),
        ({"number": "+12015550123"}, 1, 1_050_000),
        ({"number": "+12015550123", "name": "商" * 60}, 2, 2_100_000),
        ({"number": "+85251234567"}, 1, 700_000),
    ],
)
def test_a_send_costs_its_segments_at_the_price_of_its_country(
    deployment: Service, make_app: MakeApp, fields: dict[str, Any], segments: int, price: int
) -> None:
    make_app(guard=WORLD, switches={"international": True})
    put_template("{{x}}")

    assert deployment.request(headers=MASTER_KEY, **fields).code == 0

    (record,) = message_items()
    assert (record["segments"], record["price"], spent()) == (segments, price, price)


def test_a_number_in_a_country_without_a_price_is_refused_and_named(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(guard=WORLD, switches={"international": True})

    reply = deployment.request("+37060112345")

    assert reply.code == 1
    assert "+370" in reply.error
    assert spent() == 0


def test_a_test_phone_costs_nothing(deployment: Service, make_app: MakeApp) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"), credit_micros=0)

    assert deployment.request().code == 0
    assert (message_items(), balance_items()[0]["balance"]) == ([], 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"ttl": 31},
        {"number": "12"},
        {"sign": "nobody"},
        {"template": "nobody"},
        {"headers": {**APP_KEY, "X-LC-Key": "wrong"}},
        {"number": "+12015550123"},
        {"name": "https://evil.example"},
    ],
)
def test_a_refused_send_costs_nothing(service: Service, fields: dict[str, Any]) -> None:
    assert service.request(**fields).code != 0
    assert (spent(), phone_item()) == (0, {})


def test_copies_and_repetitions_cost_nothing(service: Service, advance: Advance) -> None:
    headers = {**signed(key="signet-demo-master", suffix=",master"), "Idempotency-Key": "order-1"}

    assert [service.request(headers=headers).code for _ in range(3)] == [0, 0, 0]
    assert service.request(headers=signed()).code == 1
    advance(3_600)
    assert service.request(headers=headers).code == 0

    assert spent() == PRICE


# --- 160 and 154 ------------------------------------------------------------------------------


def test_a_balance_that_is_too_low_is_160_and_changes_nothing(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(credit_micros=PRICE - 1)
    headers = {**MASTER_KEY, "Idempotency-Key": "order-1"}

    reply = deployment.request(headers=headers)

    assert (reply.status, reply.code, reply.error) == (400, 160, "余额不足。")
    assert "Retry-After" not in reply.headers
    assert (message_items(), phone_item(), held()) == ([], {}, PRICE - 1)
    assert deployment.queued() == []

    top_up(PRICE)
    assert deployment.request(headers=headers).code == 0


def top_up(amount: int) -> None:
    given = ledger.Credit(amount, 1_795_334_400, "operator:demo", "top-up")
    ledger.credit(Account(APP_ID), given, credit_id=str(amount))


def test_the_last_unit_pays_for_a_message(deployment: Service, make_app: MakeApp) -> None:
    make_app(credit_micros=2 * PRICE)

    answers = [deployment.request(number(place)).code for place in range(3)]

    assert answers == [0, 0, 160]
    assert held() == 0


def test_a_short_balance_still_pays_for_what_is_cheaper(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(guard=WORLD, switches={"international": True}, credit_micros=PRICE)

    assert deployment.request("+12015550123").code == 160
    assert deployment.request(headers=MASTER_KEY, name="商" * 60).code == 160
    assert deployment.request().code == 0


def test_a_broken_limit_is_named_before_an_empty_balance(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(credit_micros=PRICE)
    deployment.request()

    assert deployment.request().code == 1
    assert deployment.request(OTHER).code == 160


def test_an_app_without_a_balance_is_160(deployment: Service) -> None:
    """Such as one that an earlier version made."""
    apps.create(DEMO_APP)

    assert deployment.request().code == 160


@pytest.mark.parametrize("shards", [1, 10])
def test_a_daily_cap_is_154_until_the_next_day_in_beijing(
    deployment: Service, make_app: MakeApp, advance: Advance, shards: int
) -> None:
    make_app(daily_cap_micros=2 * PRICE, balance_shards=shards)

    answers = [deployment.request(number(place)) for place in range(3)]

    assert [reply.code for reply in answers] == [0, 0, 154]
    assert answers[2].error == "已达到应用设置的单日短信消费上限。"
    assert phone_item(Subject(APP_ID, Purpose.SMS, number(2))) == {}
    advance(86_400)
    assert deployment.request(number(2)).code == 0
    assert spent(shards) == 3 * PRICE


def test_a_cap_below_one_price_lets_nothing_pass(deployment: Service, make_app: MakeApp) -> None:
    make_app(daily_cap_micros=PRICE - 1)

    assert deployment.request().code == 154


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A lower cap, and more items, each when six messages of the day are sent.
        ({"balance_shards": 10, "daily_cap_micros": 20 * PRICE}, {"daily_cap_micros": 8 * PRICE}),
        ({"balance_shards": 1, "daily_cap_micros": 8 * PRICE}, {"balance_shards": 10}),
        ({"balance_shards": 2, "daily_cap_micros": 8 * PRICE}, {"balance_shards": 25}),
        ({"balance_shards": 10, "daily_cap_micros": None}, {"daily_cap_micros": 8 * PRICE}),
    ],
)
def test_a_cap_holds_to_the_unit_after_it_or_the_number_of_items_was_changed(
    deployment: Service, make_app: MakeApp, before: dict[str, Any], after: dict[str, Any]
) -> None:
    make_app(**before)
    for place in range(6):
        assert deployment.request(number(place)).code == 0

    act = Act("demo", "operator:demo", clock.now())
    if "balance_shards" in after:
        change_app.by_operator(act, APP_ID, after)
    else:
        change_app.by_owner(replace(act, by=APP_ID), after)

    answers = [deployment.request(number(6 + place)).code for place in range(5)]
    assert answers == [0, 0, 154, 154, 154]
    assert spent(max(before["balance_shards"], after.get("balance_shards", 0))) == 8 * PRICE


def test_money_in_many_items_is_found_wherever_it_lies(
    deployment: Service, make_app: MakeApp
) -> None:
    # All of it is in the first item, as after the number of items was raised.
    make_app(credit_micros=5 * PRICE, balance_shards=10)

    answers = [deployment.request(number(place)).code for place in range(7)]

    assert answers == [0, 0, 0, 0, 0, 160, 160]
    assert held() == 0


# --- Refunds ----------------------------------------------------------------------------------


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    """A carrier of the test's own in the place of the deployment's."""
    fake = FakeCarrier()
    monkeypatch.setattr(sender, "carrier", lambda _: fake)
    return fake


@pytest.mark.parametrize(
    ("failure", "paid"),
    [
        (None, PRICE),
        (CarrierError("OptedOut", retryable=False), 0),
        (CarrierError("NoSuchNumber", retryable=False, billable=True, bad_number=True), 0),
        (CarrierError("Throttled", retryable=True), PRICE),
        (OutcomeUnknown("ReadTimeoutError"), PRICE),
    ],
)
def test_only_a_final_refusal_is_paid_back(
    service: Service, carrier: FakeCarrier, failure: Exception | None, paid: int
) -> None:
    service.request()
    records = service.queued()
    carrier.fails_with = failure

    for _ in range(3):
        service.send(records)

    assert spent() == paid


def test_the_fifth_refusal_for_now_is_final_and_paid_back_once(
    service: Service, carrier: FakeCarrier
) -> None:
    service.request()
    records = service.queued()
    carrier.fails_with = CarrierError("Throttled", retryable=True)

    for _ in range(7):
        service.send(records)

    assert spent() == 0
    assert [record["state"] for record in message_items()] == ["call_failed"]


def test_a_message_nobody_sent_in_time_is_paid_back_once(
    service: Service, advance: Advance
) -> None:
    service.request()
    late = service.queued()
    advance(600)

    service.sweep()
    service.send(late * 2)
    service.sweep()

    assert [record["state"] for record in message_items()] == ["expired"]
    assert spent() == 0


def test_a_code_that_was_replaced_before_it_was_sent_is_paid_back(
    service: Service, advance: Advance
) -> None:
    service.request()
    late = service.queued()
    advance(60)
    service.request()

    service.send(late)
    service.send()

    assert spent() == PRICE
    assert len(service.texts()) == 1


def test_a_code_that_came_with_an_earlier_message_is_not_sent_again_and_paid_back(
    deployment: Service, make_app: MakeApp, advance: Advance
) -> None:
    make_app(switches={"resend_same_code": True})
    code = deployment.code()
    advance(60)
    deployment.request()

    assert deployment.verify(code).code == 0
    assert deployment.send() == []

    assert len(deployment.texts()) == 1
    assert spent() == PRICE
    assert sorted(str(record["state"]) for record in message_items()) == [
        "awaiting_receipt",
        "expired",
    ]


def test_a_refund_pays_for_the_next_message(
    deployment: Service, make_app: MakeApp, carrier: FakeCarrier
) -> None:
    make_app(credit_micros=PRICE)
    carrier.fails_with = CarrierError("OptedOut", retryable=False)
    deployment.request()
    assert deployment.request(OTHER).code == 160

    deployment.send()

    assert deployment.request(OTHER).code == 0


def test_a_refund_goes_back_under_another_day_when_that_has_come(
    service: Service, advance: Advance
) -> None:
    service.request()
    advance(3 * 86_400)
    service.sweep()

    service.close_days()
    advance(3 * 86_400)
    service.close_days()

    assert spent() == 0
    closed = [entry for name, entry in ledger_items().items() if name.startswith("day#")]
    assert sorted((entry["charged"], entry["refunded"]) for entry in closed) == [
        (0, PRICE),
        (PRICE, 0),
    ]
