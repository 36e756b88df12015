"""What a message costs, by the last price list that LeanCloud published."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.errors import BadParameter
from signet.prices import price_list, price_of

# wire.md 16.2, the column 2019-12 CNY: dial code, country, yuan for one segment.
PUBLISHED = """
    1 CA 1.05   1 US 1.05   7 KZ 0.98   7 RU 0.98   27 ZA 0.28  30 GR 0.56  33 FR 0.7   34 ES 0.77
    39 IT 0.77  40 RO 0.63  44 GB 0.35  49 DE 0.77  52 MX 0.42  54 AR 0.63  55 BR 0.49  57 CO 0.42
    58 VE 0.42  60 MY 0.35  61 AU 0.49  62 ID 0.7   63 PH 0.42  64 NZ 0.91  65 SG 0.42  66 TH 0.28
    81 JP 0.7   82 KR 0.42  86 CN 0.05  90 TR 0.28  91 IN 0.14  92 PK 0.49  95 MM 0.91  351 PT 0.42
    852 HK 0.7  853 MO 0.28 855 KH 0.98 856 LA 0.7  886 TW 0.49 960 MV 0.21 966 SA 0.7  971 AE 0.28
    974 QA 0.56 977 NP 0.91 998 UZ 0.98
"""
ROWS = [
    (dial, iso, int(Decimal(yuan) * 1_000_000))
    for dial, iso, yuan in re.findall(r"(\d+) ([A-Z]{2}) ([\d.]+)", PUBLISHED)
]
DIALS = sorted({dial for dial, _, _ in ROWS})


def test_the_list_is_the_published_one_row_by_row() -> None:
    assert [(row.dial, row.iso, row.micros) for row in price_list().prices] == ROWS
    assert len(ROWS) == 43


def test_the_list_says_where_it_is_from_and_of_when() -> None:
    assert (price_list().currency, price_list().date) == ("CNY", "2019-12-11")
    assert "avoscloud-doc" in price_list().source


def test_every_country_has_a_name_of_its_own_in_both_languages() -> None:
    rows = price_list().prices

    assert len({row.zh for row in rows}) == len({row.en for row in rows}) == len(rows)
    assert all(row.zh and row.en.isascii() for row in rows)


def test_countries_with_one_dial_code_cost_the_same() -> None:
    assert len(DIALS) == len({(dial, micros) for dial, _, micros in ROWS}) == 41


@pytest.mark.parametrize(("dial", "iso", "micros"), ROWS)
def test_a_number_costs_its_countrys_price_for_each_segment(
    dial: str, iso: str, micros: int
) -> None:
    assert price_of(f"+{dial}1234567", 1, {}) == micros, iso
    assert price_of(f"+{dial}1234567", 6, {}) == 6 * micros, iso


# guide.zh.md, 短信服务覆盖区域: what LeanCloud said it reaches.
COVERED = """86 886 852 853  1  55  44 33 49 39 380 7 34  82 81  91 60 65 66 84 62  61 64"""


def test_all_that_the_guide_covers_has_a_price_but_ukraine_and_vietnam() -> None:
    assert set(COVERED.split()) - set(DIALS) == {"380", "84"}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+380501234567", "380"),
        ("+84901234567", "84"),
        ("+8801712345678", "880"),
        ("+35312345678", "353"),
        ("+9991234567", "999"),
    ],
)
def test_a_number_without_a_price_is_refused_and_its_country_named(
    number: str, country: str
) -> None:
    with pytest.raises(BadParameter) as refusal:
        price_of(number, 1, {})

    assert refusal.value.sentence("en") == f"There is no price for numbers of +{country}."


def test_an_operators_price_comes_before_the_list() -> None:
    assert price_of("+8618612345678", 2, {"86": 45_000}) == 90_000
    assert price_of("+14155550123", 1, {"86": 45_000}) == 1_050_000
    assert price_of("+8618612345678", 1, {"86": 0}) == 0


def test_an_operator_may_add_a_country() -> None:
    assert price_of("+380501234567", 2, {"380": 600_000}) == 1_200_000


def test_a_longer_dial_code_comes_before_a_shorter_one() -> None:
    overrides = {"1876": 2_000_000}

    assert price_of("+18765550123", 1, overrides) == 2_000_000
    assert price_of("+14155550123", 1, overrides) == 1_050_000


@given(
    dial=st.sampled_from(DIALS),
    rest=st.text("0123456789", min_size=4, max_size=11),
    segments=st.integers(1, 12),
    overrides=st.dictionaries(st.sampled_from(DIALS), st.integers(0, 10**7)),
)
def test_a_price_is_whole_micros_and_grows_by_the_segment(
    dial: str, rest: str, segments: int, overrides: dict[str, int]
) -> None:
    one = price_of(f"+{dial}{rest}", 1, overrides)

    assert type(one) is int
    assert one == overrides.get(dial, price_list().by_dial[dial])
    assert price_of(f"+{dial}{rest}", segments, overrides) == segments * one
