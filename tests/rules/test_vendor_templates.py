"""Vendors' templates: what an operator may say of them."""

from typing import Any

import pytest

from signet import vendor_templates
from signet.errors import BadParameter
from signet.vendor_templates import Ours, VendorTemplate

BODY: dict[str, Any] = {
    "carrier": "alibaba",
    "template": "Order_Notice",
    "version": 2,
    "vendor_template": "SMS_1234",
    "signatures": {"sign_BuyBuyBuy": "天天商城"},
    "variables": {"order": "order_id"},
    "text": "您的订单 ${order} 已发货。",
}


def parse(*, for_all_apps: bool = False, **changes: Any) -> tuple[Ours, VendorTemplate]:
    return vendor_templates.parse(BODY | changes, for_all_apps=for_all_apps)


def test_a_mapping_says_what_stands_for_what() -> None:
    assert parse() == (
        Ours("alibaba", "Order_Notice", 2),
        VendorTemplate(
            vendor_template="SMS_1234",
            signatures={"sign_BuyBuyBuy": "天天商城"},
            variables={"order": "order_id"},
            text="您的订单 ${order} 已发货。",
        ),
    )


def test_a_mapping_is_shown_as_it_was_given() -> None:
    assert vendor_templates.shown(*parse()) == BODY


@pytest.mark.parametrize("template", [None, ""])
def test_the_built_in_text_has_no_version(template: str | None) -> None:
    ours, _ = parse(template=template, version=7)

    assert ours == Ours("alibaba", None, None)


def test_names_and_text_may_be_left_out() -> None:
    body = {"carrier": "tencent", "template": None, "vendor_template": "77"}

    assert vendor_templates.parse(body, for_all_apps=True) == (
        Ours("tencent"),
        VendorTemplate("77"),
    )


def test_only_the_built_in_text_is_mapped_for_all_apps() -> None:
    with pytest.raises(BadParameter, match="built-in"):
        parse(for_all_apps=True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"carrier": "sns"}, "carrier"),
        ({"carrier": None}, "carrier"),
        ({"carrier": ["alibaba"]}, "carrier"),
        ({"template": "a#b"}, "template"),
        ({"template": 5}, "template"),
        ({"version": None}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "2"}, "version"),
        ({"vendor_template": None}, "vendor_template"),
        ({"vendor_template": " "}, "vendor_template"),
        ({"vendor_template": "x" * 65}, "vendor_template"),
        ({"signatures": []}, "signatures"),
        ({"signatures": {"a": 5}}, "signatures"),
        ({"signatures": {"": "a"}}, "signatures"),
        ({"signatures": {"a": "x" * 65}}, "signatures"),
        ({"signatures": {"a": "\ud800"}}, "signatures"),
        ({"variables": {str(number): "a" for number in range(21)}}, "variables"),
        ({"text": 5}, "text"),
        ({"text": "x" * 1_001}, "text"),
        ({"vendor": "x"}, "vendor"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        parse(**changes)

    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("carrier", "mainland", "abroad"),
    [
        ("alibaba", True, False),
        ("tencent", True, True),
        ("sns", False, False),
        ("end-user-messaging", False, False),
        ("twilio", False, False),
        ("webhook", False, False),
        ("webhook-b", False, False),
    ],
)
def test_who_sends_templates_of_their_own_where(carrier: str, mainland: bool, abroad: bool) -> None:
    assert vendor_templates.sends_theirs(carrier, mainland=True) is mainland
    assert vendor_templates.sends_theirs(carrier, mainland=False) is abroad
