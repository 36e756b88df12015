"""An app that changes one URL: the unmodified SDKs against the local stack."""

from collections.abc import Callable
from datetime import datetime

import pytest

from local.stack import Stack
from tests.wire import sdks
from tests.wire.phone import Phone

Sdk = Callable[..., list[sdks.Outcome]]


def bare(phone: Phone) -> str:
    return phone.number.removeprefix("+86")


def test_javascript_sends_a_code_and_verifies_it_once(stack: Stack, phone: Phone) -> None:
    options = {"mobilePhoneNumber": bare(phone), "name": "天东商城", "op": "付款", "ttl": 5}
    assert sdks.javascript(stack.url, ["requestSmsCode", options]) == [{"value": {}}]

    code = phone.code()
    assert phone.messages()[0]["text"] == (
        f"【示例商城】您正在使用天东商城服务进行付款，您的验证码是 {code}，请在 5 分钟内完成验证。"
    )
    verify = ["verifySmsCode", code, bare(phone)]
    first, second = sdks.javascript(stack.url, verify, verify)
    assert first == {"value": {}}
    assert second["code"] == 603


def test_python_sends_a_code_and_verifies_it_once(stack: Stack, phone: Phone) -> None:
    # Its request prefixes +86 and its verify does not (wire.md 5.1).
    assert sdks.python(stack.url, ["request_sms_code", bare(phone)]) == [{"value": None}]

    verify = ["verify_sms_code", bare(phone), phone.code()]
    first, second = sdks.python(stack.url, verify, verify)
    assert first == {"value": True}
    assert second["code"] == 603


def test_javascript_sees_the_limit_and_how_long_it_lasts(stack: Stack, phone: Phone) -> None:
    ask = ["requestSmsCode", bare(phone)]

    first, second = sdks.javascript(stack.url, ask, ask)

    assert first == {"value": {}}
    assert (second["code"], second["message"]) == (1, "SMS request too fast(1 request per 10s).")
    assert 0 < second["retryAfter"] <= 60


def test_javascript_reads_the_servers_time(stack: Stack) -> None:
    (answer,) = sdks.javascript(stack.url, ["getServerDate"])

    assert datetime.fromisoformat(answer["value"]).tzinfo is not None


def test_python_reads_the_servers_time_without_credentials(stack: Stack) -> None:
    (answer,) = sdks.python(stack.url, ["get_server_time"])

    assert datetime.fromisoformat(answer["value"]).year >= 2026


@pytest.mark.parametrize("sdk", [sdks.javascript, sdks.python], ids=["javascript", "python"])
def test_a_base_url_with_a_trailing_slash_works(stack: Stack, phone: Phone, sdk: Sdk) -> None:
    name = "requestSmsCode" if sdk is sdks.javascript else "request_sms_code"

    (answer,) = sdk(f"{stack.url}/", [name, bare(phone)])

    assert "value" in answer
