"""Codes by voice: the unmodified SDKs ask, and what somebody hears verifies."""

import re

from local.stack import Stack
from tests.wire import sdks
from tests.wire.phone import Phone

# Six digits one by one, then all of them again.
SAID = re.compile(r"验证码是：((?:\d，){5}\d)。重复一遍：\1。")


def heard(phone: Phone) -> str:
    """The code of the newest call, as somebody writes it down."""
    (call,) = phone.wait_for(1)
    said = SAID.search(call["text"])
    assert said, call
    code = said.group(1).replace("，", "")
    phone.seen.add(code)
    return code


def bare(phone: Phone) -> str:
    return phone.number.removeprefix("+86")


def test_javascript_asks_for_a_call_and_verifies_what_it_said(stack: Stack, phone: Phone) -> None:
    options = {"mobilePhoneNumber": bare(phone), "smsType": "voice", "name": "天东商城"}
    assert sdks.javascript(stack.url, ["requestSmsCode", options]) == [{"value": {}}]

    verify = ["verifySmsCode", heard(phone), bare(phone)]
    first, second = sdks.javascript(stack.url, verify, verify)

    assert phone.messages()[0]["text"].startswith("您好，您的天东商城验证码是：")
    assert first == {"value": {}}
    assert second["code"] == 603


def test_python_asks_for_a_call_and_verifies_what_it_said(stack: Stack, phone: Phone) -> None:
    ask = ["request_sms_code", bare(phone), "+86", "voice"]
    assert sdks.python(stack.url, ask) == [{"value": None}]

    (answer,) = sdks.python(stack.url, ["verify_sms_code", bare(phone), heard(phone)])

    assert answer == {"value": True}


def test_a_call_with_a_template_is_refused_in_words(stack: Stack, phone: Phone) -> None:
    options = {"mobilePhoneNumber": bare(phone), "smsType": "voice", "template": "Order_Notice"}

    (refused,) = sdks.javascript(stack.url, ["requestSmsCode", options])

    assert refused["code"] == 1
    assert "template" in refused["message"]
