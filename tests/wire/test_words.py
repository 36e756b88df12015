"""The guide's story: words are written, reviewed, and sent by the unmodified SDKs."""

import json
from collections.abc import Callable

from local.stack import Stack
from tests.wire import raw, sdks
from tests.wire.console import OPERATOR, call
from tests.wire.phone import Phone

OWNER = sdks.DEMO.master

# guide.zh.md, 使用模板; without the character that is twice in it by mistake.
ORDER_NOTICE = (
    "尊敬的用户，您的订单号：{{order_id}} 正在派送，"
    "请保持手机畅通，我们的快递员随时可能与您联系，感谢您的订阅。"
)
DELIVERED = (
    "【天天商城】尊敬的用户，您的订单号：7623432424540 正在派送，"
    "请保持手机畅通，我们的快递员随时可能与您联系，感谢您的订阅。"
)


def submit(stack: Stack, what: str, **fields: str) -> str:
    """Submit a version; its place in the review's paths."""
    made = call(stack, OWNER, "POST", f"/{what}s", fields)
    assert made["state"] == "pending"
    return f"/review/{sdks.DEMO.app_id}/{what}/{made['name']}/{made['version']}"


def publish(stack: Stack, what: str, **fields: str) -> None:
    """Submit a version as the owner and approve it as the operator."""
    place = submit(stack, what, **fields)
    assert call(stack, OPERATOR, "POST", f"{place}/approve", {})["in_use"] is True


def publish_the_guides_words(stack: Stack) -> None:
    publish(
        stack,
        "signature",
        name="sign_BuyBuyBuy",
        text="天天商城",
        use="verification_notification",
        owner_kind="company",
        proof="https://example.com/license.png",
    )
    publish(stack, "template", name="Order_Notice", kind="notification", text=ORDER_NOTICE)


def notice(phone: Phone) -> dict[str, str]:
    return {
        "template": "Order_Notice",
        "sign": "sign_BuyBuyBuy",
        "order_id": "7623432424540",
        "mobilePhoneNumber": phone.number.removeprefix("+86"),
    }


def test_the_guides_story(stack: Stack, new_phone: Callable[[], Phone]) -> None:
    publish_the_guides_words(stack)
    by_javascript, by_python = new_phone(), new_phone()
    before = call(stack, OWNER, "GET", "/balance")["balance_micros"]

    assert sdks.javascript(stack.url, ["requestSmsCode", notice(by_javascript)], master=True) == [
        {"value": {}}
    ]
    # What flask-leancloud-sms sends: the template's name in a list (wire.md 7.1).
    listed = {**notice(by_python), "template": ["Order_Notice"]}
    reply = raw.send(
        stack.url, "POST", "/1.1/requestSmsCode", headers=OWNER, body=json.dumps(listed)
    )

    assert (reply.status, reply.json) == (200, {})
    assert [one.wait_for(1)[0]["text"] for one in (by_javascript, by_python)] == [DELIVERED] * 2
    assert before - call(stack, OWNER, "GET", "/balance")["balance_micros"] == 2 * 50_000


def test_the_public_app_key_sends_no_notification(stack: Stack, phone: Phone) -> None:
    (refused,) = sdks.javascript(stack.url, ["requestSmsCode", notice(phone)])

    assert refused["code"] == 119
    assert phone.messages() == []


def test_a_code_comes_in_the_words_of_a_template(stack: Stack, phone: Phone) -> None:
    publish(
        stack,
        "template",
        name="Register",
        kind="verification",
        text="欢迎注册{{name}}应用！请使用验证码{{code}}来完成注册。"
        "该验证码将在{{ttl}}分钟后失效，请尽快使用。",
    )
    asked = {
        "mobilePhoneNumber": phone.number.removeprefix("+86"),
        "template": "Register",
        "code": "000000",
        "sign": "Signet",
    }

    assert sdks.javascript(stack.url, ["requestSmsCode", asked]) == [{"value": {}}]

    code = phone.code()
    assert phone.messages()[0]["text"] == (
        f"【示例商城】欢迎注册示例应用应用！请使用验证码{code}来完成注册。"
        "该验证码将在10分钟后失效，请尽快使用。"
    )
    verified = sdks.javascript(stack.url, ["verifySmsCode", code, asked["mobilePhoneNumber"]])
    assert verified == [{"value": {}}]


def test_words_that_nobody_approved_are_not_sent(stack: Stack, phone: Phone) -> None:
    submit(stack, "template", name="Waiting", kind="notification", text="您的快递已到驿站。")
    asked = {"mobilePhoneNumber": phone.number}

    (waiting, unknown, unsigned) = sdks.javascript(
        stack.url,
        ["requestSmsCode", {**asked, "template": "Waiting"}],
        ["requestSmsCode", {**asked, "template": "Nowhere"}],
        ["requestSmsCode", {**asked, "sign": "Nobody"}],
        master=True,
    )

    assert (waiting["code"], unknown["code"], unsigned["code"]) == (605, 604, 600)
    assert phone.messages() == []
