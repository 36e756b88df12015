"""Codes by voice: who can be called, what is said, what it costs, and how often."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from signet.apps import App, Signature, TestPhone
from signet.carriers import opening
from signet.limits import Channel
from signet.store import apps
from tests.conftest import WORLD
from tests.flows.fakes import FakeCarrier
from tests.functions.service import PHONE, Reply, Service, put_template, wrong
from tests.functions.test_account_secrecy import recorded
from tests.store.build import PRICE, held, message_items, put, put_signature

MakeApp = Callable[..., App]
Advance = Callable[[int], None]
AMERICAN, GERMAN = "+12015550123", "+4915123456789"


@pytest.fixture(autouse=True)
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    """The deployment's own gateway, which calls everywhere."""
    fake = FakeCarrier()
    monkeypatch.setenv("SIGNET_CARRIER", "webhook")
    monkeypatch.setattr(opening, "carrier", lambda name, find: fake)
    return fake


def route(*rules: dict[str, Any]) -> None:
    """Put routes into the deployment's settings."""
    common = {"country": None, "kind": None, "app_id": None, "channel": "voice"}
    stored = [{**common, **rule} for rule in rules]
    put("apps", app_id="#deployment", item="settings", routes=json.dumps(stored))


def hop(carrier: str) -> dict[str, Any]:
    return {"carrier": carrier, "weight": 100, "sender": None}


def call(service: Service, number: str = PHONE, **fields: Any) -> Reply:
    return service.request(number, smsType="voice", **fields)


def spoken(carrier: FakeCarrier) -> str:
    """The digits of the last call, as somebody writes them down."""
    said = carrier.handed[-1].text
    first, second = said.split("：")[1:3] if "：" in said else said.split(": ")[1:3]
    digits = ["".join(filter(str.isdigit, half)) for half in (first, second)]
    assert digits[0] == digits[1]
    return digits[0]


def test_the_code_that_is_said_is_the_one_that_verifies(
    service: Service, carrier: FakeCarrier
) -> None:
    assert call(service, name="天东商城").code == 0
    assert service.send() == []

    (handed,) = carrier.handed
    assert handed.channel is Channel.VOICE
    assert handed.text.startswith("您好，您的天东商城验证码是：")
    code = spoken(carrier)
    assert service.verify(wrong(code)).code == 603
    assert service.verify(code).code == 0
    assert service.verify(code).code == 603


def test_numbers_abroad_are_called_in_english(
    deployment: Service, make_app: MakeApp, carrier: FakeCarrier
) -> None:
    make_app(switches={"international": True}, guard=WORLD)

    assert call(deployment, AMERICAN, name="Shop").code == 0
    assert deployment.send() == []

    assert carrier.handed[0].text.startswith("Hello. Your Shop verification code is: ")
    assert deployment.verify(spoken(carrier), AMERICAN).code == 0


def test_a_call_is_recorded_as_one_and_costs_as_much_as_a_text(service: Service) -> None:
    before = held()

    assert call(service, name="商" * 20, op="付" * 20).code == 0

    (record,) = message_items()
    assert (record["channel"], record["segments"], record["price"]) == ("voice", 1, PRICE)
    assert before - held() == PRICE


@pytest.mark.parametrize(
    ("own", "number", "answer"),
    [
        ("sns", PHONE, 1),
        ("end-user-messaging", PHONE, 1),
        ("twilio", PHONE, 1),
        ("alibaba", PHONE, 0),
        ("tencent", PHONE, 0),
        ("webhook", PHONE, 0),
        ("sns", AMERICAN, 1),
        ("alibaba", AMERICAN, 1),
        ("tencent", AMERICAN, 1),
        ("twilio", AMERICAN, 0),
        ("end-user-messaging", AMERICAN, 0),
        ("webhook", AMERICAN, 0),
    ],
)
def test_who_can_be_called_follows_from_the_carrier(
    deployment: Service,
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    number: str,
    answer: int,
) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", own)
    make_app(switches={"international": True}, guard=WORLD)

    reply = call(deployment, number)

    assert reply.code == answer
    assert answer == 0 or "No carrier of this server calls numbers of +" in reply.error


def test_a_call_that_nobody_can_make_counts_and_costs_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", "sns")
    before = held()

    assert call(service).code == 1

    assert (message_items(), held()) == ([], before)
    assert service.request().code == 0


def test_a_route_of_calls_opens_the_countries_that_its_carriers_call(
    deployment: Service, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", "sns")
    make_app(switches={"international": True}, guard=WORLD)
    route(
        {"country": "86", "hops": [hop("tencent")]},
        {"country": "49", "hops": [hop("alibaba"), hop("twilio")]},
    )

    assert call(deployment).code == 0
    assert call(deployment, GERMAN).code == 0
    assert call(deployment, AMERICAN).code == 1


def test_a_route_of_texts_makes_no_calls(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_CARRIER", "sns")
    route({"channel": "sms", "hops": [hop("tencent")]})

    assert call(service).code == 1


@pytest.mark.parametrize("template", ["Login", "Order_Notice", "missing"])
def test_a_call_takes_no_template(service: Service, template: str) -> None:
    put_template("验证码 {{code}}", name="Login", kind="verification")
    put_template("已发货", name="Order_Notice")

    reply = call(service, template=template)

    assert (reply.code, message_items()) == (1, [])
    assert "template" in reply.error


def test_calls_obey_the_limits_of_texts_and_their_own(service: Service, advance: Advance) -> None:
    assert call(service).code == 0
    assert call(service).code == 1

    advance(20)
    too_soon = call(service)
    assert (too_soon.code, too_soon.headers["Retry-After"]) == (601, "40")

    advance(40)
    assert call(service).code == 0
    advance(60)
    assert call(service).code == 0
    advance(60)
    fourth_in_an_hour = call(service)
    assert (fourth_in_an_hour.code, fourth_in_an_hour.headers["Retry-After"]) == (601, "3420")
    assert service.request().code == 0


def test_a_second_call_within_half_a_minute_is_601_in_another_name_too(
    service: Service, advance: Advance
) -> None:
    put_signature("signet-demo-app", Signature("Second", "天东商城", "s2"))
    assert call(service).code == 0

    advance(12)
    reply = call(service, sign="Second")

    assert (reply.code, reply.headers["Retry-After"]) == (601, "18")
    advance(18)
    assert call(service, sign="Second").code == 0


def test_a_test_phone_is_not_called_and_its_limits_hold(
    deployment: Service, make_app: MakeApp, advance: Advance
) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"))

    assert call(deployment).code == 0
    assert (deployment.queued(), message_items()) == ([], [])
    assert deployment.verify("246810").code == 0

    advance(29)
    assert call(deployment).code == 601


def test_a_text_and_a_call_bring_the_same_code_where_the_app_wants_that(
    deployment: Service, make_app: MakeApp, advance: Advance, carrier: FakeCarrier
) -> None:
    make_app(switches={"resend_same_code": True})
    deployment.request()
    deployment.send()
    advance(60)

    assert call(deployment).code == 0
    assert deployment.send() == []

    text, heard = carrier.handed
    assert spoken(carrier) == text.code == heard.code


def test_the_international_switch_and_the_countries_hold_for_calls(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app()
    assert "International" in call(deployment, AMERICAN).error

    make_app(app_id="other-app", switches={"international": True})
    headers = {"X-LC-Id": "other-app", "X-LC-Key": "signet-demo-key"}
    assert "guard.countries" in call(deployment, AMERICAN, headers=headers).error


def test_a_route_costs_a_request_no_further_call_to_aws(service: Service) -> None:
    def asked(number: str, channel: str) -> list[str]:
        apps.forget()
        with recorded() as calls:
            assert service.request(number, smsType=channel).code == 0
        return [name for name, _ in calls]

    asked("+8618612345670", "sms")  # the first one reads what the shield has counted
    before = asked("+8618612345671", "sms")
    hops = [hop("webhook"), hop("webhook-b")]
    route({"channel": "sms", "country": "86", "hops": hops}, {"hops": hops})

    assert asked("+8618612345672", "sms") == before
    assert asked("+8618612345673", "voice") == before
