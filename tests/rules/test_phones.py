"""Which spellings are one number, and which numbers cannot receive an SMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import phones
from signet.errors import PhoneInvalid, PhoneMissing

MOBILE = "+8618612345678"

mainland_mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    "written",
    [
        "18612345678",
        "+8618612345678",
        "8618612345678",
        "008618612345678",
        "+86 186 1234 5678",
        "+86-186-1234-5678",
        "186.1234.5678",
        "18612345678  ",
        "18612345678\n",
        "１８６１２３４５６７８",
        "＋８６１８６１２３４５６７８",
        18612345678,
        8618612345678,
    ],
)
def test_every_spelling_of_a_mainland_mobile_is_one_number(written: object) -> None:
    assert phones.parse(written).e164 == MOBILE


def test_a_leading_space_is_a_plus_that_a_query_string_decoded() -> None:
    assert phones.parse(" 8618612345678").e164 == MOBILE


def test_the_spelling_of_the_caller_is_kept_for_echoing() -> None:
    assert phones.parse("186 1234 5678").written == "186 1234 5678"


@pytest.mark.parametrize(
    ("written", "country_code"),
    [
        ("+12015550123", 1),
        ("+447400123456", 44),
        ("+819012345678", 81),
        ("+821020000000", 82),
        ("+6581234567", 65),
        ("+85251234567", 852),
        ("+886912345678", 886),
        ("+4915123456789", 49),
        ("+33612345678", 33),
        ("+918123456789", 91),
        ("+5511961234567", 55),
        ("+61412345678", 61),
        ("+85366123456", 853),
    ],
)
def test_a_mobile_abroad_keeps_its_country(written: str, country_code: int) -> None:
    phone = phones.parse(written)

    assert (phone.e164, phone.country_code, phone.is_mainland) == (written, country_code, False)


def test_hong_kong_macao_and_taiwan_are_not_mainland_numbers() -> None:
    assert not any(
        phones.parse(number).is_mainland
        for number in ("+85251234567", "+85366123456", "+886912345678")
    )


def test_a_bare_number_is_read_in_the_given_region() -> None:
    assert phones.parse("2015550123", region="US").e164 == "+12015550123"


def test_a_number_with_its_country_ignores_the_region() -> None:
    assert phones.parse(MOBILE, region="US").e164 == MOBILE


@pytest.mark.parametrize("absent", [None, ""])
def test_a_missing_number_is_212(absent: object) -> None:
    with pytest.raises(PhoneMissing) as refused:
        phones.parse(absent)
    assert refused.value.code == 212


@pytest.mark.parametrize(
    "written",
    [
        "1861234567",
        "186123456789",
        "28612345678",
        "12612345678",
        "+86",
        "+",
        "0",
        "   ",
        "hello",
        "186-CALL-NOW1",
        "+1-800-FLOWERS",
        "18612345678 ext. 5",
        "18612345678;ext=5",
        "tel:+8618612345678",
        "+8618612345678,+8618612345679",
        "+86186123456789012345678901234567890",
        "-18612345678",
        "1" * 5_000,
        True,
        False,
        18612345678.0,
        [MOBILE],
        {"number": MOBILE},
        -18612345678,
        0,
    ],
    ids=lambda value: str(value)[:24] or "empty",
)
def test_what_is_no_number_is_127(written: object) -> None:
    with pytest.raises(PhoneInvalid) as refused:
        phones.parse(written)
    assert refused.value.code == 127


@pytest.mark.parametrize(
    ("what", "written"),
    [
        ("Beijing landline", "010-12345678"),
        ("Beijing landline", "+861012345678"),
        ("toll-free in China", "4000000000"),
        ("London landline", "+442079460958"),
        ("Tokyo landline", "+81312345678"),
        ("toll-free in the US", "+18002345678"),
        ("premium in the US", "+19002345678"),
        ("premium in Britain", "+449012345678"),
        ("personal number in Britain, dearer than premium", "+447012345678"),
        ("premium in Japan", "+81990123456"),
        ("shared cost in France", "+33891123456"),
        ("pager in Britain", "+447640123456"),
        ("international premium", "+979123456789"),
        ("a country code nobody has", "+9991234567"),
    ],
)
def test_a_number_that_cannot_or_should_not_be_texted_is_127(what: str, written: str) -> None:
    with pytest.raises(PhoneInvalid):
        phones.parse(written)


@given(mainland_mobiles)
def test_the_canonical_form_is_its_own_canonical_form(number: str) -> None:
    once = phones.parse(number).e164

    assert once == f"+86{number}"
    assert phones.parse(once).e164 == once


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        phone = phones.parse(text)
    except (PhoneInvalid, PhoneMissing):
        return
    assert phone.e164.startswith("+")
    assert phone.e164[1:].isascii()
    assert phone.e164[1:].isdigit()
