"""The wire by hand: paths, bodies, methods and headers as SDKs and attackers write them."""

import json

import pytest

from local.stack import Stack
from tests.wire import raw
from tests.wire.phone import Phone

AUTH = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}
SDK_HEADERS = {
    "content-type",
    "x-lc-id",
    "x-lc-key",
    "x-lc-sign",
    "x-lc-ua",
    "x-lc-session",
    "x-lc-prod",
    "x-lc-hook-key",
}
JSON = {"Content-Type": "application/json"} | AUTH


def post(stack: Stack, target: str, body: object = None, **headers: str) -> raw.Reply:
    """POST with the demo app's credentials."""
    text = body if isinstance(body, str) else json.dumps(body)
    return raw.send(stack.url, "POST", target, headers=JSON | headers, body=text)


@pytest.mark.parametrize(
    "slashes", ["//1.1/requestSmsCode", "/1.1//requestSmsCode", "///1.1///requestSmsCode"]
)
def test_doubled_slashes_are_one(stack: Stack, phone: Phone, slashes: str) -> None:
    reply = post(stack, slashes, {"mobilePhoneNumber": phone.number})

    assert (reply.status, reply.text) == (200, "{}")


def test_a_trailing_question_mark_is_nothing(stack: Stack, phone: Phone) -> None:
    assert post(stack, "/1.1/requestSmsCode?", {"mobilePhoneNumber": phone.number}).text == "{}"


@pytest.mark.parametrize(
    "target",
    [
        "/1.1/verifySmsCode/../requestSmsCode",
        "/1.1/verifySmsCode/%2e%2e/requestSmsCode",
        "/1.1/verifySmsCode/..%2frequestSmsCode",
        "/1.1/verifySmsCode/%252e%252e%252frequestSmsCode",
        "/1.1/./requestSmsCode",
        "/1.1/x/../requestSmsCode",
        "/../1.1/requestSmsCode",
        "/1.1/verifySmsCode/..",
        "/1.1/verifySmsCode/..%5crequestSmsCode",
        "//..//1.1/requestSmsCode",
    ],
)
def test_a_dot_segment_is_nowhere(stack: Stack, phone: Phone, target: str) -> None:
    reply = post(stack, target, {"mobilePhoneNumber": phone.number})

    assert (reply.status, reply.json["code"]) == (404, 1)
    assert phone.messages() == []


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/1.1/nothing"),
        ("POST", "/1.1/date"),
        ("GET", "/1.1/requestSmsCode"),
        ("PUT", "/1.1/verifySmsCode/123456"),
        ("DELETE", "/1.1/classes/Todo/1"),
        ("POST", "/1.1/verifySmsCode/"),
        ("GET", "/1.1"),
        ("PATCH", "/"),
    ],
)
def test_what_is_not_a_route_is_404_in_shape(stack: Stack, method: str, target: str) -> None:
    reply = raw.send(stack.url, method, target, headers=JSON, body="{}")

    assert reply.status == 404
    assert reply.json["code"] == 1
    assert reply.json["error"]
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("body", ["null", "", "{}"])
def test_null_and_empty_bodies_are_empty_objects(stack: Stack, body: str) -> None:
    assert post(stack, "/1.1/requestSmsCode", body).json["code"] == 212


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "1", "nul", "\ufeff{}x"])
def test_what_is_no_json_object_is_107(stack: Stack, body: str) -> None:
    assert post(stack, "/1.1/requestSmsCode", body).json["code"] == 107


def test_the_date_needs_no_credentials_and_forgives_a_body(stack: Stack) -> None:
    reply = raw.send(
        stack.url, "GET", "/1.1/date?", headers={"Content-Type": "application/json"}, body="null"
    )

    assert (reply.status, reply.json["__type"]) == (200, "Date")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-LC-Id": "signet-demo-app"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Key": "wrong"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key,master"},
        {"X-LC-Id": "nobody", "X-LC-Key": "signet-demo-key"},
        {"X-LC-Id": "signet-demo-app", "X-LC-Sign": "x"},
    ],
)
def test_without_proof_there_is_401(stack: Stack, headers: dict[str, str]) -> None:
    reply = raw.send(stack.url, "POST", "/1.1/requestSmsCode", headers=headers, body="{}")

    assert (reply.status, reply.json) == (401, {"code": 401, "error": "Unauthorized."})
    assert reply.headers["content-type"].startswith("application/json")


def test_a_preflight_allows_what_the_sdks_send(stack: Stack) -> None:
    for target in ("/1.1/requestSmsCode", "/1.1/verifySmsCode/123456", "/1.1/date", "/1.1/x/y"):
        reply = raw.send(
            stack.url,
            "OPTIONS",
            target,
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,x-lc-id,x-lc-sign,x-lc-ua",
            },
        )
        allowed = reply.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
        assert reply.status == 200
        assert set(allowed) >= SDK_HEADERS
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "POST" in reply.headers["access-control-allow-methods"]
        assert reply.headers["access-control-max-age"] == "86400"


def test_a_raw_plus_in_the_query_is_the_number_it_was(stack: Stack, phone: Phone) -> None:
    post(stack, "/1.1/requestSmsCode", {"mobilePhoneNumber": phone.number})
    code = phone.code()

    # PHP, django-leancloud-sms and Flask-Leancloud-Sms write it so (wire.md 7.2).
    reply = post(stack, f"/1.1/verifySmsCode/{code}?mobilePhoneNumber={phone.number}", "null")

    assert (reply.status, reply.text) == (200, "{}")


def test_the_text_plain_form_carries_method_and_credentials(stack: Stack, phone: Phone) -> None:
    fields = {"_ApplicationId": "signet-demo-app", "_ApplicationKey": "signet-demo-key"}
    text = {"Content-Type": "text/plain;charset=utf-8"}
    body = json.dumps(fields | {"_method": "POST", "mobilePhoneNumber": phone.number})

    reply = raw.send(stack.url, "POST", "/1.1/requestSmsCode", headers=text, body=body)

    assert (reply.status, reply.text) == (200, "{}")


def test_a_number_gets_one_code_a_minute_and_a_new_one_after_it(stack: Stack, phone: Phone) -> None:
    ask = {"mobilePhoneNumber": phone.number}
    assert post(stack, "/1.1/requestSmsCode", ask).status == 200
    old = phone.code()
    refused = post(stack, "/1.1/requestSmsCode", ask)
    assert refused.json["code"] == 1
    assert refused.headers["retry-after"] == str(refused.json["retry_after"])

    raw.send(
        stack.url,
        "POST",
        "/local/clock",
        headers={"Content-Type": "application/json"},
        body='{"advance_seconds": 61}',
    )

    assert post(stack, "/1.1/requestSmsCode", ask).status == 200
    new = phone.code(2)
    assert old == new or post(stack, f"/1.1/verifySmsCode/{old}", ask).json["code"] == 603
    assert post(stack, f"/1.1/verifySmsCode/{new}", ask).text == "{}"


def test_the_test_phone_takes_its_code_and_is_never_written_to(stack: Stack) -> None:
    ask = {"mobilePhoneNumber": "+8618200008888"}

    assert post(stack, "/1.1/requestSmsCode", ask).text == "{}"
    assert post(stack, "/1.1/verifySmsCode/246810", ask).text == "{}"
    assert post(stack, "/1.1/verifySmsCode/246810", ask).text == "{}"
    assert post(stack, "/1.1/verifySmsCode/246811", ask).json["code"] == 603
    reply = raw.send(stack.url, "GET", "/local/messages?phone=+8618200008888")
    assert reply.json == []
