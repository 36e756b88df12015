"""What is billed: our text or the carrier's own, in which characters, as how many SMS."""

import pytest

from signet import billing
from signet.billing import Said, Way
from signet.codes import Purpose
from signet.errors import BadParameter, TemplateNotRendered
from signet.segments import Rule
from signet.vendor_templates import VendorTemplate

THEIRS = VendorTemplate("SMS_1", {"Shop": "S"}, {"who": "name"}, "Dear ${who}, " + "x" * 60)


def said(text: str | None = "{{name}}，今日特价 回复TD退订", **variables: str) -> Said:
    return Said("Shop", "示例商城", text, {"name": "张三", **variables})


def mainland(theirs: VendorTemplate | None = None, *, carrier: str = "alibaba") -> Way:
    return billing.way(
        carrier, is_mainland=True, abroad=Rule.GSM, plain_abroad=True, theirs=lambda: theirs
    )


def test_our_own_text_counts_where_nothing_of_the_carriers_is_on_file() -> None:
    counted = billing.count(said(), mainland())

    assert counted == ("【示例商城】张三，今日特价 回复TD退订", 1, False)


def test_the_carriers_own_text_counts_while_ours_is_what_is_said() -> None:
    counted = billing.count(said(), mainland(THEIRS))

    assert counted.text == "【示例商城】张三，今日特价 回复TD退订"
    assert counted.segments == 2


def test_what_a_carrier_does_not_send_is_not_asked_for() -> None:
    def never() -> VendorTemplate | None:
        raise AssertionError

    way = billing.way("webhook", is_mainland=True, abroad=Rule.GSM, plain_abroad=True, theirs=never)

    assert way.theirs is None


@pytest.mark.parametrize(("plain", "segments"), [(True, 1), (False, 2)])
def test_abroad_a_text_may_go_in_plain_characters(plain: bool, segments: int) -> None:
    way = billing.way(
        "twilio", is_mainland=False, abroad=Rule.GSM, plain_abroad=plain, theirs=lambda: None
    )
    words = Said("Shop", "Shop", "“{{name}}” — " + "sale " * 15, {"name": "Bob"})

    counted = billing.count(words, way)

    assert (counted.plain, counted.segments) == (plain, segments)
    assert counted.text.startswith('[Shop]"Bob" -' if plain else "【Shop】“Bob” —")


@pytest.mark.parametrize(
    ("purpose", "printed"), [(Purpose.SMS, "【示例商城】000000"), (None, "【示例商城】")]
)
def test_only_what_holds_a_code_is_counted_with_one(purpose: Purpose | None, printed: str) -> None:
    words = said("{{code}}")._replace(purpose=purpose)

    assert billing.count(words, mainland()).text == printed


def test_a_text_that_cannot_be_made_is_refused_whatever_the_carrier_sends() -> None:
    with pytest.raises(TemplateNotRendered):
        billing.count(said("{{gift}}"), mainland(THEIRS))


def test_a_text_of_more_than_four_hundred_characters_is_refused() -> None:
    with pytest.raises(BadParameter, match="400 at most"):
        billing.count(said("好" * 395), mainland())
