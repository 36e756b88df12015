"""Previews: what a template will look like on a phone in the mainland, and cost."""

import pytest

from signet import previews
from signet.previews import Preview


def preview(text: str, *, signature: str | None = "天天商城", **values: str) -> Preview | None:
    return previews.preview(
        text, values, app_name="示例应用", signature=signature, overrides={"86": 40_000}
    )


def test_a_preview_has_the_signature_in_front_and_the_values_in_it() -> None:
    assert preview("订单 {{order_id}} 已发货", order_id="7623432424540") == Preview(
        "【天天商城】订单 7623432424540 已发货", 26, 1, 40_000
    )


def test_what_the_service_fills_in_has_a_sample() -> None:
    found = preview("{{name}} {{code}} {{ttl}} {{sign}}")

    assert found is not None
    assert found.text == "【天天商城】示例应用 123456 10 天天商城"


def test_a_variable_without_a_value_shows_its_name() -> None:
    found = preview("订单 {{order_id}}")

    assert found is not None
    assert found.text == "【天天商城】订单 order_id"


def test_values_go_before_samples() -> None:
    found = preview("{{name}} {{code}}", name="天天", code="000000")

    assert found is not None
    assert found.text == "【天天商城】天天 000000"


def test_a_signature_that_is_not_chosen_takes_some_room() -> None:
    found = preview("订单已发货", signature=None)

    assert found is not None
    assert found.text == "【签名示例】订单已发货"


@pytest.mark.parametrize(("characters", "segments"), [(64, 1), (65, 2), (128, 2), (129, 3)])
def test_segments_and_price_are_the_mainlands(characters: int, segments: int) -> None:
    found = preview("好" * characters)

    assert found is not None
    assert (found.characters, found.segments) == (characters + 6, segments)
    assert found.price_micros == segments * 40_000


def test_a_text_that_is_too_long_has_neither_segments_nor_price() -> None:
    found = preview("好" * 395)

    assert found is not None
    assert (found.characters, found.segments, found.price_micros) == (401, None, None)


@pytest.mark.parametrize("text", ["{{name", "{{#if x}}", "}}", "{{> x}}"])
def test_what_is_no_template_yet_has_no_preview(text: str) -> None:
    assert preview(text) is None


def test_an_empty_text_is_only_the_signature() -> None:
    found = preview("")

    assert found is not None
    assert found.text == "【天天商城】"
