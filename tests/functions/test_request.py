"""POST /1.1/requestSmsCode: each answer that its docstring names, and what then happened."""

import base64
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.request import app as request_function
from signet.apps import App, Guard, Key, ReviewState, Signature, TestPhone
from signet.store import apps
from tests.conftest import DEMO_APP, WORLD
from tests.functions.service import (
    APP_KEY,
    MASTER_KEY,
    PHONE,
    Service,
    event,
    http_event,
    put_template,
    serve,
    signed,
    wrong,
)
from tests.store import build
from tests.store.build import client

MakeApp = Callable[..., App]
Advance = Callable[[int], None]


# --- 200 --------------------------------------------------------------------------------------


def test_the_event_of_the_repository_is_answered_with_an_empty_object(service: Service) -> None:
    reply = serve(request_function.handler, event("request"))

    assert (reply.status, reply.text) == (200, "{}")


def test_a_code_that_was_asked_for_reaches_the_phone_in_the_guides_words(service: Service) -> None:
    assert service.request("18612345678", name="天东商城", op="付款", ttl=5).code == 0

    assert service.send() == []

    ((number, text),) = service.texts()
    assert number == PHONE
    assert text.startswith("【示例商城】您正在使用天东商城服务进行付款，您的验证码是 ")
    assert text.endswith("，请在 5 分钟内完成验证。")


def test_the_queue_carries_nothing_personal(service: Service) -> None:
    service.request(name="天东商城")

    (record,) = service.queued()

    body = json.loads(record["body"])
    assert set(body) == {"v", "app_id", "message_id"}
    assert (body["v"], body["app_id"]) == (1, "signet-demo-app")


@pytest.mark.parametrize(
    "headers",
    [
        APP_KEY,
        MASTER_KEY,
        {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-master"},
        {name.upper(): value for name, value in APP_KEY.items()},
        {name.lower(): value for name, value in APP_KEY.items()},
        {
            "X-AVOSCloud-Application-Id": "signet-demo-app",
            "X-AVOSCloud-Application-Key": "signet-demo-key",
        },
        {
            "X-Uluru-Application-Id": "signet-demo-app",
            "X-Uluru-Application-Key": "signet-demo-key",
        },
        {"X-Uluru-Application-Id": "signet-demo-app", "X-Uluru-Master-Key": "signet-demo-master"},
        signed(),
        signed("1795334400"),
        signed("1389085779854"),
        signed(key="signet-demo-master", suffix=",master"),
        {**APP_KEY, "X-LC-Session": "0", "X-LC-Prod": "", "X-LC-UA": "x"},
    ],
)
def test_every_form_of_credentials_is_accepted(service: Service, headers: dict[str, str]) -> None:
    assert service.request(headers=headers).code == 0


def test_a_previous_key_is_accepted_until_its_date(deployment: Service, make_app: MakeApp) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    yesterday = tomorrow - timedelta(days=2)
    make_app(
        app_key=Key("new", "old", tomorrow), master_key=Key("new-master", "old-master", yesterday)
    )

    def answer(key: str, number: str) -> int:
        return deployment.request(
            number, headers={"X-LC-Id": "signet-demo-app", "X-LC-Key": key}
        ).code

    assert answer("new", "18612345671") == answer("old", "18612345672") == 0
    assert answer("new-master,master", "18612345673") == 0
    assert answer("old-master,master", "18612345674") == 401


@pytest.mark.parametrize(
    "spelling", ["18612345678", "+8618612345678", 18612345678, "186 1234 5678"]
)
def test_every_spelling_of_a_number_is_the_same_number(service: Service, spelling: object) -> None:
    assert service.request(spelling).code == 0
    assert service.request(PHONE).code == 1


def test_the_text_plain_form_carries_method_and_credentials(service: Service) -> None:
    fields = {
        "_method": "POST",
        "_ApplicationId": "signet-demo-app",
        "_ApplicationKey": "signet-demo-key",
        "_ClientVersion": "js0.5.1",
        "mobilePhoneNumber": PHONE,
    }

    reply = service.request(
        headers={"Content-Type": "text/plain;charset=UTF-8"}, raw=json.dumps(fields)
    )

    assert reply.code == 0


def test_credentials_in_the_body_count_in_text_plain_only(service: Service) -> None:
    fields = {
        "_ApplicationId": "signet-demo-app",
        "_ApplicationKey": "signet-demo-key",
        "mobilePhoneNumber": PHONE,
    }

    assert service.request(headers={}, raw=json.dumps(fields)).code == 401


@pytest.mark.parametrize("content_type", ["Text/Plain", "TEXT/PLAIN; charset=utf-8"])
def test_a_content_type_is_read_in_any_case(service: Service, content_type: str) -> None:
    fields = {
        "_ApplicationId": "signet-demo-app",
        "_ApplicationKey": "signet-demo-key",
        "mobilePhoneNumber": PHONE,
    }

    reply = service.request(headers={"Content-Type": content_type}, raw=json.dumps(fields))

    assert reply.code == 0


def test_the_credentials_of_a_header_win_over_those_of_a_body(service: Service) -> None:
    fields = {"_ApplicationId": "signet-demo-app", "_ApplicationKey": "wrong"}

    reply = service.request(
        headers={**APP_KEY, "Content-Type": "text/plain"},
        raw=json.dumps({**fields, "mobilePhoneNumber": PHONE}),
    )

    assert reply.code == 0


def test_a_body_in_base64_is_read(service: Service) -> None:
    body = base64.b64encode(json.dumps({"mobilePhoneNumber": PHONE}).encode()).decode()

    reply = serve(
        request_function.handler,
        http_event("request", headers=APP_KEY, raw=body, base64=True),
    )

    assert reply.code == 0


@pytest.mark.parametrize(
    "path", ["//1.1/requestSmsCode", "/1.1//requestSmsCode", "///1.1/requestSmsCode"]
)
def test_doubled_slashes_are_one(service: Service, path: str) -> None:
    assert service.request(path=path).code == 0


def test_a_flask_project_of_2015_is_understood(service: Service) -> None:
    assert service.request("2015550123", countryCode="US").error == (
        "International SMS is disabled, please enable it in console."
    )
    assert service.request("18612345678", countryCode="CN").code == 0


def test_fields_nobody_knows_are_ignored(service: Service) -> None:
    assert service.request(validateToken="x", __type="x", whatever={"a": [1]}).code == 0


def test_a_test_phone_is_answered_yes_and_sent_nothing(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"))

    assert deployment.request().code == 0
    assert deployment.request().code == 1
    assert deployment.queued() == []


def test_a_queue_that_refuses_is_not_the_callers_concern(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_CODES_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/gone")

    assert service.request().code == 0


# --- Copies and repetitions -------------------------------------------------------------------


def test_an_identical_copy_of_a_signed_request_gets_the_first_answer(service: Service) -> None:
    headers = signed()

    assert [service.request(headers=headers).code for _ in range(3)] == [0, 0, 0]
    assert len(service.queued()) == 1


def test_a_copy_ten_seconds_later_is_just_another_request(
    service: Service, advance: Advance
) -> None:
    service.request(headers=signed())
    advance(11)

    assert service.request(headers=signed()).code == 601


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signed("1795334400123"), signed("1795334400124")),
        (signed("1795334400"), signed("1795334400")),
        (APP_KEY, APP_KEY),
    ],
    ids=["another millisecond", "signed to the second", "by key"],
)
def test_what_cannot_be_told_from_a_second_request_is_one(
    service: Service, first: dict[str, str], second: dict[str, str]
) -> None:
    service.request(headers=first)

    assert service.request(headers=second).code == 1


def test_another_body_under_the_same_signature_is_another_request(service: Service) -> None:
    service.request(headers=signed(), ttl=5)

    assert service.request(headers=signed(), ttl=6).code == 1


def test_a_repeated_idempotency_key_gets_the_first_answer(
    service: Service, advance: Advance
) -> None:
    headers = {**MASTER_KEY, "Idempotency-Key": "order-1"}
    service.request(headers=headers)
    advance(3_600)

    assert service.request(headers=headers).code == 0
    assert len(service.queued()) == 1


def test_an_idempotency_key_with_another_request_is_refused_by_name(
    service: Service, advance: Advance
) -> None:
    headers = {**MASTER_KEY, "Idempotency-Key": "order-1"}
    service.request(headers=headers)
    advance(60)

    reply = service.request(headers=headers, ttl=5)

    assert reply.code == 1
    assert "Idempotency-Key" in reply.error


def test_an_idempotency_key_is_at_most_255_characters(service: Service) -> None:
    assert service.request(headers={**MASTER_KEY, "Idempotency-Key": "x" * 256}).code == 1
    assert service.request(headers={**MASTER_KEY, "Idempotency-Key": "x" * 255}).code == 0


def test_a_live_code_is_sent_again_where_the_app_wants_it(
    deployment: Service, make_app: MakeApp, advance: Advance
) -> None:
    make_app(switches={"resend_same_code": True})
    first = deployment.code()
    advance(60)

    second = deployment.code(ttl=30)

    assert first == second
    # Nine minutes are left, less the moment that the test takes.
    assert re.search("请在 [89] 分钟内完成验证。$", deployment.texts()[-1][1])


def test_a_new_request_makes_a_new_code_and_the_old_one_dies(
    service: Service, advance: Advance
) -> None:
    first = service.code()
    advance(60)
    second = service.code()

    assert first != second
    assert service.verify(first).code == 603
    assert service.verify(second).code == 0


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-LC-Id": "signet-demo-app"},
        {"X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "nobody", "X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Key": "wrong"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key,master"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Sign": "wrong"},
        signed(key="wrong"),
        {"X-LC-Id": "app", "X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "x" * 3_000, "X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "signet-demo-app#", "X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "应用", "X-LC-Key": "密钥"},
    ],
    ids=lambda headers: str(headers)[:60],
)
def test_without_valid_credentials_the_answer_is_401(
    service: Service, headers: dict[str, str]
) -> None:
    reply = service.request(headers=headers)

    assert (reply.status, reply.text) == (401, '{"code":401,"error":"Unauthorized."}')


@pytest.mark.parametrize(
    "raw", ["{", "[]", '"text"', "5", "true", "{} {}", "mobilePhoneNumber=186", "[" * 100_000]
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_that_is_no_json_object_is_107(
    service: Service, raw: str, content_type: str
) -> None:
    reply = service.request(headers={**APP_KEY, "Content-Type": content_type}, raw=raw)

    assert (reply.status, reply.code) == (400, 107)


@pytest.mark.parametrize("raw", ["", "null", "{}", "  ", '{"mobilePhoneNumber": null}'])
def test_an_empty_body_misses_the_number(service: Service, raw: str) -> None:
    assert service.request(raw=raw).code == 212


def test_no_body_at_all_misses_the_number(service: Service) -> None:
    missing = http_event("request", headers=APP_KEY, raw=None)

    assert serve(request_function.handler, missing).code == 212


@pytest.mark.parametrize("number", ["12", "hello", "010-12345678", True, ["18612345678"], {}])
def test_what_is_no_number_is_127(service: Service, number: object) -> None:
    reply = service.request(number)

    assert (reply.code, reply.error) == (127, "无效的手机号码。")


@pytest.mark.parametrize(
    ("later", "code", "wait"), [(0, 1, 60), (9, 1, 51), (12, 601, 48), (57, 601, 3)]
)
def test_a_broken_limit_says_how_long_to_wait(
    service: Service, advance: Advance, later: int, code: int, wait: int
) -> None:
    service.request()
    advance(later)

    reply = service.request()

    assert reply.code == code
    assert reply.headers["Retry-After"] == str(wait)
    assert json.loads(reply.text)["retry_after"] == wait


def test_a_refused_request_changes_nothing_and_queues_nothing(service: Service) -> None:
    code = service.code()

    assert service.request().code == 1

    assert service.queued() == []
    assert service.verify(code).code == 0


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"ttl": 31}, "ttl"),
        ({"ttl": -1e300}, "ttl"),
        ({"name": "https://evil.example"}, "name"),
        ({"op": "123456"}, "op"),
        ({"name": "商" * 21}, "name"),
        ({"name": "【银行】"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"sign": True}, "sign"),
        ({"sign": "x" * 3_000}, "sign"),
        ({"smsType": "mms"}, "smsType"),
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(
    service: Service, fields: dict[str, Any], names: str
) -> None:
    reply = service.request(**fields)

    assert (reply.status, reply.code) == (400, 1)
    assert names in reply.error


def test_the_master_key_may_send_what_a_client_may_not(service: Service) -> None:
    fields: dict[str, Any] = {"name": "shop.example/pay?id=123456", "op": "付" * 30}

    assert service.request(**fields).code == 1
    assert service.request(headers=MASTER_KEY, **fields).code == 0


@pytest.mark.parametrize("switch", ["sms", "generic_sms"])
def test_a_switch_that_is_off_is_119(deployment: Service, make_app: MakeApp, switch: str) -> None:
    make_app(switches={switch: False})

    assert deployment.request().code == 119


def test_a_number_abroad_needs_the_international_switch(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app()
    make_app(app_id="signet-abroad", guard=WORLD, switches={"international": True})
    abroad = {**APP_KEY, "X-LC-Id": "signet-abroad"}

    refused = deployment.request("+12015550123")

    assert (refused.code, refused.error) == (
        1,
        "International SMS is disabled, please enable it in console.",
    )
    assert deployment.request("+12015550123", headers=abroad).code == 0


def test_a_country_is_open_when_the_app_says_so(deployment: Service, make_app: MakeApp) -> None:
    make_app(guard=Guard(countries=("1",)), switches={"international": True})

    assert deployment.request("+12015550123").code == 0
    closed = deployment.request("+85251234567")
    assert (closed.code, closed.error) == (1, "This app does not send to +852 (guard.countries).")
    assert deployment.request("+8618612345678").code == 1


@pytest.mark.parametrize("name", ["nobody", "app", "signature#Signet", "签名"])
def test_an_unknown_signature_is_600(service: Service, name: str) -> None:
    reply = service.request(sign=name)

    assert (reply.code, reply.error) == (600, "短信签名无效。")


@pytest.mark.parametrize("state", sorted(set(ReviewState) - {ReviewState.APPROVED}))
def test_a_signature_that_is_not_approved_is_605(service: Service, state: ReviewState) -> None:
    build.put_signature(DEMO_APP.app_id, Signature("Second", "第二商城", "s2", state))

    assert service.request(sign="Second").code == 605


def test_an_app_without_a_default_signature_is_605(deployment: Service, make_app: MakeApp) -> None:
    make_app(default_signature=None)

    reply = deployment.request()

    assert (reply.code, reply.error) == (605, "SMS sign not verified")


def test_an_approved_signature_is_in_front_of_the_text(service: Service) -> None:
    build.put_signature(DEMO_APP.app_id, Signature("Second", "第二商城", "s2"))

    service.code(sign="Second")

    assert service.texts()[0][1].startswith("【第二商城】")


@pytest.mark.parametrize("agent", ["AVOS Cloud python-sdk/2.1.9", "AVOS Cloud python-3.0.2 SDK"])
def test_a_python_call_without_sms_type_is_a_traversed_verification_and_refused(
    service: Service, agent: str
) -> None:
    traversed = json.dumps({"mobilePhoneNumber": PHONE})

    assert service.request(headers={**APP_KEY, "User-Agent": agent}, raw=traversed).code == 1
    assert service.request(headers={**APP_KEY, "User-Agent": agent}).code == 0


def test_errors_are_in_english_where_the_deployment_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_ERROR_LANGUAGE", "en")

    assert service.request("12").error == "The mobile phone number was invalid."


def test_apps_do_not_share_limits(deployment: Service, make_app: MakeApp) -> None:
    make_app()
    make_app(app_id="another-app")

    assert deployment.request().code == 0
    assert deployment.request(headers={**APP_KEY, "X-LC-Id": "another-app"}).code == 0


# --- When something breaks --------------------------------------------------------------------


def test_what_nobody_expected_is_500_and_tells_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_function, "send_message", broken)

    reply = service.request()

    assert reply.status == 500
    assert json.loads(reply.text) == {
        "code": 1,
        "error": "Internal server error. No information available.",
    }
    assert "secret" not in reply.text


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("secret")


def test_a_table_that_is_gone_is_500_in_shape(service: Service) -> None:
    dynamodb = client("dynamodb")
    saved = dynamodb.describe_table(TableName="phones")["Table"]
    dynamodb.delete_table(TableName="phones")
    try:
        assert service.request().status == 500
    finally:
        dynamodb.create_table(
            TableName="phones",
            KeySchema=saved["KeySchema"],
            AttributeDefinitions=saved["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.mark.parametrize("raw", ["not base64", "////", "gA=="])
def test_a_body_that_is_no_text_is_refused_in_shape(service: Service, raw: str) -> None:
    reply = serve(
        request_function.handler, http_event("request", headers=APP_KEY, raw=raw, base64=True)
    )

    assert reply.status >= 400


def test_the_log_of_a_send_holds_neither_number_code_nor_key(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "signet"):
        code = service.code()
        service.request()
        service.request("12345678")
        service.verify(wrong(code))
        service.verify(code)

    logged = "".join(str(record.__dict__) for record in caplog.records)
    assert "accepted" in logged
    for secret in (code, wrong(code), PHONE[3:], "signet-demo-key", "验证码"):
        assert secret not in logged


# --- Abroad -----------------------------------------------------------------------------------


def test_a_text_abroad_arrives_in_the_plain_characters_that_it_was_priced_by(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(
        switches={"international": True, "plain_text_abroad": True},
        guard=WORLD,
        default_signature=Signature("Signet", "Signet", "s1"),
    )
    put_template(
        "“{{name}}” : n’hésitez pas, votre code est {{code}} — à bientôt, merci de votre visite…",
        name="Login",
        kind="verification",
    )

    code = deployment.code(number="+447400123456", template="Login", name="Café")

    (record,) = build.message_items()
    assert (record["segments"], record["price"]) == (1, 350_000)
    assert deployment.texts() == [
        (
            "+447400123456",
            f'[Signet]"Café" : n\'hésitez pas, votre code est {code} - à bientot,'
            " merci de votre visite...",
        )
    ]
    assert deployment.verify(code, "+447400123456").code == 0


@pytest.mark.parametrize(("number", "dial"), [("+380501234567", "380"), ("+84901234567", "84")])
def test_a_number_abroad_needs_the_switch_its_country_and_a_price(
    deployment: Service, make_app: MakeApp, number: str, dial: str
) -> None:
    def answer(app_id: str, **changes: Any) -> str:
        make_app(app_id=app_id, **changes)
        headers = {"X-LC-Id": app_id, "X-LC-Key": "signet-demo-key"}
        reply = deployment.request(number, headers=headers)
        return reply.error if reply.code else ""

    on, opened = {"international": True}, Guard(countries=("86", dial))
    assert "International SMS is disabled" in answer("app-without-switch", guard=opened)
    assert f"+{dial} (guard.countries)" in answer("app-without-country", switches=on)
    assert answer("app-without-price", switches=on, guard=opened) == (
        f"There is no price for numbers of +{dial}."
    )

    build.put("apps", app_id="#deployment", item="settings", prices=json.dumps({dial: 500_000}))
    apps.forget()
    assert answer("app-with-price", switches=on, guard=opened) == ""
