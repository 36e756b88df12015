"""What a mainland carrier is handed in the place of our text, and what that costs."""

from dataclasses import replace

import pytest

from signet import segments
from signet.carriers import CarrierError, OutgoingMessage
from signet.carriers.mappings import VendorMessage, translated, vendor_message
from signet.errors import Unavailable
from signet.segments import Rule
from signet.vendor_templates import VendorTemplate, billed_text
from tests.carriers.contract import MESSAGE

FOUND = VendorTemplate(
    vendor_template="SMS_1",
    signatures={"Signet": "示例商城科技"},
    variables={"code": "code", "product": "name"},
    text="您的${product}验证码是${code}，请勿告诉他人。",
)


def refusal(found: VendorTemplate | None, message: OutgoingMessage = MESSAGE) -> str:
    with pytest.raises(CarrierError) as raised:
        vendor_message(message, found)
    assert not raised.value.retryable
    return raised.value.reason


def test_names_of_ours_become_the_vendors() -> None:
    assert vendor_message(MESSAGE, FOUND) == VendorMessage(
        template="SMS_1",
        signature="示例商城科技",
        variables={"code": "123456", "product": "示例应用"},
    )


def test_a_mapping_that_cannot_be_read_now_may_be_read_later() -> None:
    def find(message: OutgoingMessage) -> VendorTemplate | None:
        raise Unavailable

    with pytest.raises(CarrierError, match="mapping unreadable") as raised:
        translated(MESSAGE, find)

    assert raised.value.retryable


def test_the_mapping_is_looked_up_by_the_message() -> None:
    found = {MESSAGE.message_id: FOUND}

    assert translated(MESSAGE, lambda message: found[message.message_id]).template == "SMS_1"


def test_variables_that_the_vendors_template_spells_out_are_left_out() -> None:
    only_the_code = replace(FOUND, variables={"code": "code"})

    assert vendor_message(MESSAGE, only_the_code).variables == {"code": "123456"}


def test_a_template_without_a_mapping_is_named() -> None:
    assert refusal(None) == "no template mapping for the built-in text"
    message = replace(MESSAGE, template="Order_Notice", template_version=2)
    assert refusal(None, message) == "no template mapping for Order_Notice version 2"


def test_a_signature_without_a_mapping_is_named() -> None:
    message = replace(MESSAGE, signature="other")

    assert refusal(FOUND, message) == "no signature mapping for other"


def test_a_variable_that_the_message_lacks_is_named() -> None:
    found = replace(FOUND, variables={"code": "code", "order": "order_id"})

    assert refusal(found) == "no variable order_id for vendor template SMS_1"


def test_a_message_without_a_code_has_no_code_to_map() -> None:
    message = replace(MESSAGE, code=None, variables={"name": "示例应用"})

    assert refusal(FOUND, message) == "no variable code for vendor template SMS_1"


def test_values_by_position_are_in_the_order_of_numbers() -> None:
    variables = {str(position): f"value {position}" for position in (10, 2, 1, 3, 9, 8, 4, 5, 6, 7)}

    assert VendorMessage("1", "a", variables).by_position == [f"value {n}" for n in range(1, 11)]
    assert VendorMessage("1", "a", {}).by_position == []


@pytest.mark.parametrize("names", [("0", "1"), ("1", "3"), ("code",), ("1", "code"), ("01",)])
def test_positions_that_leave_a_gap_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(CarrierError, match="vendor template 7 are not numbered from 1") as raised:
        _ = VendorMessage("7", "a", dict.fromkeys(names, "x")).by_position

    assert not raised.value.retryable


# --- What is billed -----------------------------------------------------------------------------


def test_the_vendors_text_is_billed_with_the_vendors_signature() -> None:
    assert billed_text(FOUND, MESSAGE, code="000000") == (
        "【示例商城科技】您的示例应用验证码是000000，请勿告诉他人。"
    )


def test_positions_are_variables_as_well() -> None:
    found = replace(FOUND, variables={"1": "code", "2": "ttl"}, text="{1}是您的验证码，{2}分钟有效")

    assert billed_text(found, MESSAGE, code="000000") == (
        "【示例商城科技】000000是您的验证码，10分钟有效"
    )


@pytest.mark.parametrize(
    "found",
    [
        replace(FOUND, text=None),
        replace(FOUND, signatures={}),
        replace(FOUND, variables={"code": "code"}),
        replace(FOUND, variables={"code": "code", "product": "order_id"}),
    ],
)
def test_what_cannot_be_known_is_not_guessed(found: VendorTemplate) -> None:
    assert billed_text(found, MESSAGE, code="000000") is None


def test_a_value_that_looks_like_a_variable_stays_as_it_is() -> None:
    message = replace(MESSAGE, variables={"name": "${code}{1}"})

    assert billed_text(FOUND, message, code="000000") == (
        "【示例商城科技】您的${code}{1}验证码是000000，请勿告诉他人。"
    )


@pytest.mark.parametrize(("characters", "billed"), [(42, 1), (43, 2)])
def test_segments_follow_the_vendors_text_not_ours(characters: int, billed: int) -> None:
    message = replace(MESSAGE, variables={"name": "中" * characters})
    text = billed_text(FOUND, message, code="000000")

    assert text is not None
    assert len(text) == 28 + characters
    assert segments.count(text, mainland=True, abroad=Rule.GSM) == billed
