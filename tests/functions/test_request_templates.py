"""POST /1.1/requestSmsCode with a template: what is sent, and what is refused (wire.md 7.1)."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signet.apps import App, ReviewState, Signature, Use
from tests.conftest import DEMO_APP
from tests.functions.service import APP_KEY, MASTER_KEY, PHONE, Service, code_in, put_template
from tests.store import build
from tests.store.build import held, message_items, phone_item

MakeApp = Callable[..., App]
Advance = Callable[[int], None]

GUIDE = (
    "尊敬的{{name}}用户：您的订单 {{order_id}} 已经发货，"
    "请您保持手机畅通，我们的快递小哥将随时与您联系。"
)
SHOP = Signature("sign_BuyBuyBuy", "天天商城", "s2")


@pytest.fixture
def shop(service: Service) -> Service:
    """The demo app with the signature and the template of the guide."""
    build.put_signature(DEMO_APP.app_id, SHOP)
    put_template(GUIDE)
    return service


def notify(service: Service, **fields: Any) -> int:
    """Send the template with the master key; the reply's code."""
    asked = {"headers": MASTER_KEY, "template": "Order_Notice", "order_id": "7623432424540"}
    return service.request(**(asked | fields)).code


def last_text(service: Service) -> str:
    """Deliver what is queued; the text that arrived last."""
    assert service.send() == []
    return service.texts()[-1][1]


# --- What is sent -----------------------------------------------------------------------------


def test_the_text_on_the_phone_is_the_signature_and_the_rendered_template(shop: Service) -> None:
    assert notify(shop, sign="sign_BuyBuyBuy") == 0

    assert shop.queued() == []
    assert shop.send() == []
    assert shop.texts() == [
        (
            PHONE,
            "【天天商城】尊敬的示例应用用户：您的订单 7623432424540 已经发货，"
            "请您保持手机畅通，我们的快递小哥将随时与您联系。",
        )
    ]


@pytest.mark.parametrize("template", ["Order_Notice", ["Order_Notice"], " Order_Notice "])
def test_the_one_element_array_of_a_flask_project_is_understood(
    shop: Service, template: object
) -> None:
    assert notify(shop, template=template) == 0
    assert "7623432424540" in last_text(shop)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("A&B<1>\"'", "A&B<1>\"'"),
        (7623432424540, "7623432424540"),
        (3.0, "3"),
        (True, "true"),
        (" 张　三 ", "张　三"),
        ("{{name}}", "{{name}}"),
        ("", ""),
    ],
)
def test_a_value_arrives_as_it_is(shop: Service, value: object, shown: str) -> None:
    put_template("《{{order_id}}》《{{{order_id}}}》")

    assert notify(shop, order_id=value) == 0

    assert last_text(shop) == f"【示例商城】《{shown}》《{shown}》"


def test_blocks_are_rendered_by_handlebars(shop: Service) -> None:
    put_template("订单{{#if order_id}} {{order_id}}{{else}}s{{/if}} 已发货")

    assert notify(shop) == 0

    assert last_text(shop) == "【示例商城】订单 7623432424540 已发货"


def test_a_verification_by_a_template_carries_a_code_that_verifies(shop: Service) -> None:
    put_template("{{name}}：验证码 {{code}}，{{ttl}} 分钟内有效", kind="verification")

    assert shop.request(template="Order_Notice", ttl=5, name="天东").code == 0

    text = last_text(shop)
    assert text == f"【示例商城】天东：验证码 {code_in(text)}，5 分钟内有效"
    assert shop.verify(code_in(text)).code == 0


def test_a_notification_makes_no_code_and_leaves_a_live_one_alone(
    shop: Service, advance: Advance
) -> None:
    code = shop.code()
    before = {name: value for name, value in phone_item().items() if name.startswith("ps")}
    advance(60)

    assert notify(shop) == 0
    last_text(shop)

    after = {name: value for name, value in phone_item().items() if name.startswith("ps")}
    assert after == before
    assert shop.verify(code).code == 0


def test_a_number_that_only_got_notifications_has_nothing_to_guess(shop: Service) -> None:
    notify(shop, order_id="123456")
    last_text(shop)

    assert shop.verify("123456").code == 603
    assert not {name for name in phone_item() if name.startswith(("ps", "f"))}


def test_what_the_service_fills_in_cannot_be_set_by_a_field_of_that_name(shop: Service) -> None:
    put_template("{{sign}}/{{template}}/{{name}}/{{ttl}}/{{code}}/{{x}}", kind="verification")

    assert notify(shop, sign="sign_BuyBuyBuy", code="999999", ttl=7, name="天东", x="1") == 0

    text = last_text(shop)
    assert text == f"【天天商城】天天商城/Order_Notice/天东/7/{code_in(text)}/1"
    assert "999999" not in text


def test_a_version_that_was_asked_for_is_sent_though_a_newer_one_is_in_use(shop: Service) -> None:
    notify(shop)
    put_template("新的 {{order_id}}", version=2)

    assert last_text(shop).endswith("随时与您联系。")
    assert notify(shop, number="+8618612345679") == 0
    assert last_text(shop) == "【示例商城】新的 7623432424540"


def test_the_record_names_template_version_and_variables_but_no_text(shop: Service) -> None:
    notify(shop, sign="sign_BuyBuyBuy")

    (record,) = message_items()

    assert (record["template"], record["template_version"], record["kind"]) == (
        "Order_Notice",
        1,
        "notification",
    )
    assert json.loads(record["variables"]) == {
        "order_id": "7623432424540",
        "name": "示例应用",
        "ttl": "10",
        "sign": "天天商城",
        "template": "Order_Notice",
    }
    assert "快递" not in str(record)


def test_a_notification_is_not_sent_after_half_a_day(shop: Service, advance: Advance) -> None:
    notify(shop)
    late = shop.queued_in_bulk()
    advance(12 * 3_600)

    assert shop.send(late) == []

    assert shop.texts() == []
    assert [record["state"] for record in message_items()] == ["expired"]
    assert held() == 100_000_000


# --- Limits -----------------------------------------------------------------------------------


def test_fifteen_notifications_a_day_beside_ten_codes(shop: Service, advance: Advance) -> None:
    for _ in range(15):
        assert notify(shop) == 0
        advance(60)
    assert notify(shop) == 601

    for _ in range(10):
        assert shop.request().code == 0
        advance(60)
    assert shop.request().code == 601

    assert notify(shop, sign="sign_BuyBuyBuy") == 0


def test_a_code_and_a_notification_keep_a_minute_between_them(
    shop: Service, advance: Advance
) -> None:
    assert shop.request().code == 0
    advance(9)
    assert notify(shop) == 1
    advance(50)
    assert notify(shop) == 601
    advance(1)
    assert notify(shop) == 0


def test_a_copy_of_a_notification_gets_the_first_answer(shop: Service) -> None:
    headers = {**MASTER_KEY, "Idempotency-Key": "order-7623432424540"}

    assert [notify(shop, headers=headers) for _ in range(3)] == [0, 0, 0]
    assert len(message_items()) == 1


# --- Refusals ---------------------------------------------------------------------------------


def refused(shop: Service, **fields: Any) -> tuple[int, str]:
    """The refusal of a notification that leaves no trace."""
    before = (phone_item(), held())
    asked: dict[str, Any] = {"headers": MASTER_KEY, "template": "Order_Notice", "order_id": "1"}
    reply = shop.request(**(asked | fields))
    assert (reply.status, message_items(), phone_item(), held()) == (400, [], *before)
    return reply.code, reply.error


@pytest.mark.parametrize("name", ["nobody", ["nobody"], "order_notice", "签名", "Signet", "app"])
def test_a_template_nobody_made_is_604(shop: Service, name: object) -> None:
    assert refused(shop, template=name) == (604, "SMS template not found.")


@pytest.mark.parametrize("state", ["draft", "pending", "rejected"])
def test_a_template_that_is_not_approved_is_605(shop: Service, state: str) -> None:
    put_template("x", name="New", state=state)

    assert refused(shop, template="New") == (605, "SMS template not verified.")


@pytest.mark.parametrize("fields", [{"order_id": None}, {"order_id": None, "orderId": "1"}])
def test_a_missing_variable_is_606_and_named(shop: Service, fields: dict[str, Any]) -> None:
    code, error = refused(shop, **fields)

    assert code == 606
    assert "order_id" in error


@pytest.mark.parametrize(
    "value", ["【银行】", "a】", "【", "a\nb", "a\u202eb", "\ud800", ["x"], {}]
)
def test_a_value_no_text_may_hold_is_refused_by_its_name(shop: Service, value: object) -> None:
    code, error = refused(shop, order_id=value)

    assert code == 1
    assert "order_id" in error


@pytest.mark.parametrize("name", [["a", "b"], [], True, "x" * 300, "\ud800", "a\nb"])
def test_what_is_no_name_of_a_template_is_refused_by_its_field(shop: Service, name: object) -> None:
    code, error = refused(shop, template=name)

    assert code == 1
    assert "template" in error


def test_a_text_that_becomes_too_long_is_refused_with_its_length(shop: Service) -> None:
    code, error = refused(shop, order_id="商" * 390)

    assert code == 1
    assert "400" in error


@pytest.mark.parametrize("state", sorted(set(ReviewState) - {ReviewState.APPROVED}))
def test_a_signature_that_is_not_approved_is_605(shop: Service, state: ReviewState) -> None:
    build.put_signature(DEMO_APP.app_id, replace(SHOP, state=state))

    assert refused(shop, sign="sign_BuyBuyBuy") == (605, "SMS sign not verified")


def test_a_signature_nobody_made_is_600(shop: Service) -> None:
    assert refused(shop, sign="nobody")[0] == 600


def test_a_signature_for_marketing_only_is_605_and_says_why(shop: Service) -> None:
    build.put_signature(DEMO_APP.app_id, replace(SHOP, use=Use.MARKETING))

    code, error = refused(shop, sign="sign_BuyBuyBuy")

    assert code == 605
    assert "marketing" in error
    assert shop.request(sign="sign_BuyBuyBuy").code == 605


# --- What a client may send -------------------------------------------------------------------


def test_a_notification_needs_the_master_key_and_a_code_does_not(shop: Service) -> None:
    put_template("{{name}} {{code}}", name="Login", kind="verification")

    code, error = refused(shop, headers=APP_KEY)

    assert code == 119
    assert "master key" in error
    assert shop.request(template="Login").code == 0


def test_an_app_may_open_notifications_to_its_clients(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(switches={"bulk_needs_master_key": False})
    put_template(GUIDE)

    assert notify(deployment, headers=APP_KEY) == 0
    assert "7623432424540" in last_text(deployment)


@pytest.mark.parametrize(
    "value", ["https://evil.example", "evil.example", "101.202.103.204", "123456", "商" * 21]
)
def test_a_clients_value_is_neither_link_code_nor_long_text(
    deployment: Service, make_app: MakeApp, value: str
) -> None:
    make_app(switches={"bulk_needs_master_key": False})
    put_template(GUIDE)

    code, error = refused(deployment, headers=APP_KEY, order_id=value)

    assert code == 1
    assert "order_id" in error
    assert "master key" in error
    assert notify(deployment, order_id=value) == 0


def test_a_clients_value_in_a_verification_is_looked_at_too(shop: Service) -> None:
    put_template("{{code}} {{x}}", kind="verification")

    assert refused(shop, headers=APP_KEY, x="evil.example")[0] == 1
    assert refused(shop, headers=APP_KEY, x="123456")[0] == 1
    assert notify(shop, headers=APP_KEY, x="张三") == 0


@pytest.mark.parametrize("template", [None, "Order_Notice"])
def test_where_a_captcha_is_forced_a_client_is_608_and_the_master_key_is_not(
    deployment: Service, make_app: MakeApp, template: str | None
) -> None:
    make_app(switches={"force_captcha": True, "bulk_needs_master_key": False})
    put_template(GUIDE)

    assert refused(deployment, headers=APP_KEY, template=template) == (
        608,
        "Missing validate token.",
    )
    assert refused(deployment, headers=APP_KEY, template=template, validate_token="x")[0] == 608
    assert notify(deployment, template=template) == 0


@pytest.mark.parametrize("switch", ["sms", "generic_sms"])
def test_a_switch_that_is_off_is_119_for_the_master_key_too(
    deployment: Service, make_app: MakeApp, switch: str
) -> None:
    make_app(switches={switch: False})
    put_template(GUIDE)

    assert refused(deployment)[0] == 119


def test_a_template_of_another_app_is_604(deployment: Service, make_app: MakeApp) -> None:
    make_app()
    make_app(app_id="another-app")
    put_template(GUIDE)

    assert notify(deployment, headers={**MASTER_KEY, "X-LC-Id": "another-app"}) == 604
