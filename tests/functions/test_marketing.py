"""One marketing SMS by requestSmsCode: its hours, its rules, and what its record says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signet.apps import App, Cap, Signature, TestPhone
from signet.audits import Entry
from signet.carriers import CarrierError
from signet.opt_outs import OptOut
from signet.store import apps, opt_out_items, opt_outs
from tests.conftest import DEMO_APP, WORLD
from tests.flows.fakes import FakeCarrier
from tests.functions.marketing import (
    COMPANY,
    Hands,
    advertise,
    put_words,
    recording_carrier,
    stopped_clock,
)
from tests.functions.service import APP_KEY, PHONE, Service
from tests.store import build
from tests.store.build import PRICE, dynamodb_table, message_items

MakeApp = Callable[..., App]

AD = "【天天商城】秋季新品到店，欢迎选购！回复TD退订"
CREDIT = 100_000_000


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return stopped_clock(monkeypatch)


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    return recording_carrier(monkeypatch)


@pytest.fixture
def company(deployment: Service, make_app: MakeApp, hands: Hands, carrier: FakeCarrier) -> Service:
    """A company's app with an approved marketing template and signature."""
    make_app(company=COMPANY.company)
    put_words()
    return deployment


def record() -> dict[str, Any]:
    """The one message there is."""
    (found,) = message_items()
    return found


def take_out(phone: str = PHONE) -> None:
    """Put the number on the app's list of opt-outs."""
    entry = Entry(at=build.NOW, actor="test", action="opt_out", subject="x")
    opt_outs.record_by_hand(DEMO_APP.app_id, phone, OptOut(is_out=True, at=1), entry)


def change(**changes: Any) -> None:
    """Change the app behind the functions' backs."""
    apps.change(DEMO_APP.app_id, lambda app: replace(app, **changes))


# --- In its hours, and outside them -----------------------------------------------------------


def test_in_its_hours_it_is_sent_at_once_and_says_how_to_opt_out(
    company: Service, carrier: FakeCarrier
) -> None:
    assert advertise(company).code == 0
    assert company.send() == []

    assert [(sent.phone, sent.text) for sent in carrier.handed] == [(PHONE, AD)]
    assert record()["state"] == "awaiting_receipt"
    assert "held_until" not in record()


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-11-25T20:00", "2026-11-26T08:00"),
        ("2026-11-25T23:59:59", "2026-11-26T08:00"),
        ("2026-11-26T07:59:59", "2026-11-26T08:00"),
    ],
)
def test_outside_its_hours_it_is_paid_and_held_and_sent_when_they_come(
    company: Service, hands: Hands, carrier: FakeCarrier, asked: str, opens: str
) -> None:
    hands.stand(asked)
    assert advertise(company).code == 0

    assert company.queued_in_bulk() == []
    assert build.held() == CREDIT - PRICE
    hands.stand(opens)
    opening = int(hands.now.timestamp())
    assert (record()["state"], record()["held_until"]) == ("queued", opening)
    assert record()["expires_at"] == opening + 12 * 3_600

    assert company.sweep() == 1
    assert company.send() == []

    assert [sent.text for sent in carrier.handed] == [AD]
    assert record()["state"] == "awaiting_receipt"


def test_before_its_hours_come_no_sweeper_looks_at_it(company: Service, hands: Hands) -> None:
    hands.stand("2026-11-25T21:00")
    advertise(company)

    hands.stand("2026-11-26T07:59:59")

    assert company.sweep() == 0
    assert company.queued_in_bulk() == []


def test_a_queue_that_is_late_finds_it_held_until_the_next_day(
    company: Service, hands: Hands, carrier: FakeCarrier
) -> None:
    hands.stand("2026-11-25T19:59:59")
    advertise(company)
    late = company.queued_in_bulk()
    hands.stand("2026-11-25T20:00")

    assert company.send(late) == []

    assert carrier.handed == []
    assert (record()["state"], record()["attempts"]) == ("queued", 0)
    assert company.sweep() == 0
    hands.stand("2026-11-26T08:00")
    assert company.sweep() == 1
    assert company.send() == []
    assert len(carrier.handed) == 1


def test_one_that_a_carrier_refused_in_the_evening_is_tried_again_in_the_morning(
    company: Service, hands: Hands, carrier: FakeCarrier
) -> None:
    hands.stand("2026-11-25T19:59:50")
    advertise(company)
    records = company.queued_in_bulk()
    carrier.fails_with = CarrierError("busy", retryable=True)
    assert company.send(records) == [records[0]["messageId"]]
    carrier.fails_with = None

    hands.stand("2026-11-25T20:00:05")
    assert company.send(records) == []
    hands.stand("2026-11-26T08:00")
    assert company.sweep() == 1
    assert company.send() == []

    assert len(carrier.handed) == 2
    assert record()["state"] == "awaiting_receipt"


def test_the_hours_are_those_of_where_the_number_is(
    company: Service, hands: Hands, carrier: FakeCarrier
) -> None:
    change(guard=WORLD, switches=replace(DEMO_APP.switches, international=True))
    hands.stand("2026-11-25T12:00")

    assert advertise(company, "+12025550123").code == 0

    assert company.queued_in_bulk() == []
    hands.stand("2026-11-25T08:00", "America/New_York")
    assert company.sweep() == 1
    assert company.send() == []
    assert [sent.phone for sent in carrier.handed] == ["+12025550123"]


def test_the_deployment_narrows_the_hours(
    company: Service, hands: Hands, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_QUIET_HOURS", "09:30-19:00")
    hands.stand("2026-11-25T08:30")
    advertise(company)

    hands.stand("2026-11-25T09:29:59")
    assert company.sweep() == 0
    hands.stand("2026-11-25T09:30")
    assert company.sweep() == 1
    assert company.send() == []

    assert len(carrier.handed) == 1


# --- What is true at the moment of sending ----------------------------------------------------


@pytest.mark.parametrize("asked", ["2026-11-25T12:00", "2026-11-25T22:00"])
@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (take_out, "opted out"),
        (lambda: change(company=None), "no company"),
        (lambda: change(switches=replace(DEMO_APP.switches, sms=False)), "sms off"),
    ],
)
def test_what_became_forbidden_meanwhile_is_not_sent_and_paid_back(
    company: Service,
    hands: Hands,
    carrier: FakeCarrier,
    asked: str,
    meanwhile: Callable[[], None],
    reason: str,
) -> None:
    hands.stand(asked)
    advertise(company)
    meanwhile()

    hands.stand("2026-11-26T10:00")
    if asked.endswith("22:00"):
        company.sweep()
    hands.stand("2026-11-25T12:00" if asked.endswith("12:00") else "2026-11-26T10:00")
    assert company.send() == []

    assert carrier.handed == []
    assert (record()["state"], record()["reason"]) == ("expired", reason)
    assert build.held() == CREDIT


def test_a_number_that_came_back_meanwhile_is_sent_to(
    company: Service, hands: Hands, carrier: FakeCarrier
) -> None:
    take_out()
    hands.stand("2026-11-25T22:00")
    advertise(company)
    entry = Entry(at=build.NOW, actor="test", action="opt_in", subject="x")
    opt_outs.record_by_hand(DEMO_APP.app_id, PHONE, OptOut(is_out=False, at=2), entry)

    hands.stand("2026-11-26T08:00")
    company.sweep()
    assert company.send() == []

    assert len(carrier.handed) == 1


def test_opt_outs_that_cannot_be_read_send_nothing_and_lose_nothing(
    company: Service, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    advertise(company)
    records = company.queued_in_bulk()
    with monkeypatch.context() as patch:
        patch.setattr(opt_out_items.OptOutItem.Meta, "table_name", "gone")
        patch.setattr(opt_out_items.OptOutItem, "_connection", None)
        assert company.send(records) == [records[0]["messageId"]]
    assert (carrier.handed, record()["state"]) == ([], "queued")

    assert company.send(records) == []
    assert len(carrier.handed) == 1


def test_an_opt_out_does_not_touch_notifications_and_codes(
    company: Service, carrier: FakeCarrier
) -> None:
    take_out()

    assert company.request().code == 0
    assert company.send() == []

    assert len(carrier.handed) == 1


# --- What is refused at once ------------------------------------------------------------------


def refusal(service: Service, **fields: Any) -> tuple[int, str]:
    """The refusal of a marketing SMS, which leaves nothing behind."""
    reply = advertise(service, **fields)
    assert message_items() == []
    assert build.held() == CREDIT
    return reply.code, reply.error


def test_an_app_without_a_company_may_not_send_it(company: Service) -> None:
    change(company=None)
    assert refusal(company) == (119, "Marketing needs the app to have a company.")


@pytest.mark.parametrize("sign", [None, "other"])
def test_it_needs_a_signature_that_is_approved_for_it(company: Service, sign: str | None) -> None:
    build.put_signature(DEMO_APP.app_id, Signature("other", "另一个", "s5"))

    code, error = refusal(company, sign=sign)

    assert code == 605
    assert "Marketing needs a signature approved for it" in error


def test_clients_may_not_send_it_with_the_app_key(company: Service) -> None:
    code, error = refusal(company, headers=APP_KEY)

    assert code == 119
    assert "master key" in error


def test_it_is_never_spoken(company: Service) -> None:
    code, error = refusal(company, smsType="voice")

    assert code == 1
    assert "voice" in error


def test_a_missing_variable_is_606_and_named(company: Service) -> None:
    put_words("{{who}}，新品到店！回复TD退订")

    code, error = refusal(company)

    assert code == 606
    assert "who" in error


def test_variables_and_a_way_out_that_nobody_wrote_are_sent_and_counted(
    company: Service, carrier: FakeCarrier
) -> None:
    put_words("{{who}}，" + "新" * 58 + "！")

    assert advertise(company, who="小东").code == 0
    assert company.send() == []

    (sent,) = carrier.handed
    assert sent.text == "【天天商城】小东，" + "新" * 58 + "！回复TD退订"
    assert record()["segments"] == 2


# --- The app's cap ----------------------------------------------------------------------------


def test_the_cap_holds_over_days_and_says_how_long_to_wait(company: Service, hands: Hands) -> None:
    change(marketing_cap=Cap(2, 7))
    for day in ("2026-11-01", "2026-11-03"):
        hands.stand(f"{day}T12:00")
        assert advertise(company).code == 0

    hands.stand("2026-11-05T12:00")
    reply = advertise(company)

    assert (reply.code, reply.headers["Retry-After"]) == (601, str(3 * 86_400))
    assert len(message_items()) == 2
    assert company.request(headers=APP_KEY).code == 0
    hands.stand("2026-11-08T12:00")
    assert advertise(company).code == 0


def test_without_a_cap_the_daily_limit_of_the_signature_holds(
    company: Service, hands: Hands
) -> None:
    for minute in range(15):
        hands.stand(f"2026-11-25T12:{2 * minute:02}")
        assert advertise(company).code == 0

    hands.stand("2026-11-25T12:40")
    assert advertise(company).code == 601


def test_to_a_test_phone_nothing_is_recorded_but_it_counts(company: Service) -> None:
    change(test_phone=TestPhone(PHONE, "246810"), marketing_cap=Cap(1, 7))

    assert advertise(company).code == 0

    assert message_items() == []
    (counted,) = (
        item for item in dynamodb_table("phones").scan()["Items"] if "#cap#" in item["pk"]
    )
    assert "k1" in counted
