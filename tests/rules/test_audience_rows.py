"""Rows of audiences: who can be sent to, and why somebody cannot."""

import random

import pytest

from signet import audience_columns
from signet.audience_files import Record
from signet.audience_rows import Check, Refused, Row, Seen, moment
from signet.audiences import Consent, Reason, Wanted

HEADER = ["手机号", "name", "amount", "时区", "agreed"]
NOW = 1_800_000_000


@pytest.fixture
def check() -> Check:
    wanted = Wanted(consent=Consent("agreed", column="agreed"))
    columns = audience_columns.columns(Record(1, HEADER), [], wanted)
    return Check(columns, {"Asia/Tokyo"}.__contains__, Seen(), NOW)


def refused(check: Check, cells: list[str]) -> tuple[Reason, str]:
    with pytest.raises(Refused) as raised:
        check.row(7, cells)
    return raised.value.reason, raised.value.value


def test_a_row_is_a_number_and_what_is_said_to_it(check: Check) -> None:
    cells = [" 138-0013-8000 ", " 张三 ", "", "Asia/Tokyo", "2026-05-01 08:00"]
    row = check.row(7, cells)
    assert row == Row(7, "+8613800138000", {"name": "张三"}, "Asia/Tokyo", 1_777_593_600)


def test_an_empty_cell_is_no_value_no_zone_and_no_consent(check: Check) -> None:
    assert check.row(7, ["13800138000", "", "", "", ""]) == Row(7, "+8613800138000", {}, None, None)


@pytest.mark.parametrize(
    ("cells", "reason", "value"),
    [
        (["1380013800", "a", "1", "", ""], "invalid", "1380013800"),
        (["", "a", "1", "", ""], "invalid", ""),
        (["1.38E+10", "a", "1", "", ""], "invalid", "1.38E+10"),
        (["+1 555", "a", "1", "", ""], "invalid", "+1 555"),
        (["010-62510000", "a", "1", "", ""], "invalid", "010-62510000"),
        (["=1+1", "a", "1", "", ""], "formula", "=1+1"),
        (["+cmd|'/c calc'!A0", "a", "1", "", ""], "formula", "+cmd|'/c calc'!A0"),
        (["13800138000", "=HYPERLINK(1)", "1", "", ""], "formula", "=HYPERLINK(1)"),
        (["13800138000", "a", "-1", "", ""], "formula", "-1"),
        (["13800138000", "a", "+1", "", ""], "formula", "+1"),
        (["13800138000", "@SUM(1)", "1", "", ""], "formula", "@SUM(1)"),
        (["13800138000", "\t=1", "1", "", ""], "formula", "\t=1"),
        (["13800138000", "\r=1", "1", "", ""], "formula", "\r=1"),
        (["13800138000", "  =1", "1", "", ""], "formula", "  =1"),
        (["13800138000", "a", "1", "", "=1"], "formula", "=1"),
        (["13800138000", "【别家】", "1", "", ""], "brackets", "【别家】"),
        (["13800138000", "a\nb", "1", "", ""], "control", "a\nb"),
        (["13800138000", "a\u202eb", "1", "", ""], "control", "a\u202eb"),
        (["13800138000", "x" * 401, "1", "", ""], "long_value", "x" * 401),
        (["13800138000", "a", "1", "Asia/Nowhere", ""], "zone", "Asia/Nowhere"),
        (["13800138000", "a"], "cells", "13800138000"),
        (["13800138000", "a", "1", "", "", "more"], "cells", "13800138000"),
        (["13800138000"], "cells", "13800138000"),
    ],
)
def test_a_row_is_left_out_for_a_reason(
    check: Check, cells: list[str], reason: str, value: str
) -> None:
    assert refused(check, cells) == (reason, value)
    # It does not keep a good row with that number out.
    assert check.row(8, ["13800138000", "a", "1", "", ""]).line == 8


@pytest.mark.parametrize("cell", ["\t13800138000", "+8613800138000", "+86 (138) 0013-8000"])
def test_a_number_is_no_formula_in_its_own_column(check: Check, cell: str) -> None:
    assert check.row(7, [cell, "a", "1", "", ""]).phone == "+8613800138000"


def test_a_number_is_there_once_however_it_is_written(check: Check) -> None:
    check.row(7, ["13800138000", "a", "1", "", ""])
    again = ["+86 138 0013 8000", "b", "2", "", ""]
    assert refused(check, again) == (Reason.DUPLICATE, "+8613800138000")


def test_wide_blanks_and_signs_of_all_scripts_are_words(check: Check) -> None:
    said = "O'Neil & Söhne　“张”😀"
    assert check.row(7, ["13800138000", said, "", "", ""]).variables == {"name": said}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-01", 1_777_564_800),
        ("2026/05/01 08:00", 1_777_593_600),
        ("2026-05-01T00:00:00Z", 1_777_593_600),
        ("2026-05-01T08:00:00+08:00", 1_777_593_600),
        ("yes", None),
        ("", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, at: int | None) -> None:
    assert moment(text) == at


def test_nobody_agreed_in_the_future(check: Check) -> None:
    assert check.row(7, ["13800138000", "", "", "", "2099-01-01"]).agreed_at is None


def test_numbers_that_were_there_are_known_exactly() -> None:
    chance = random.Random(7)
    numbers = [f"+{chance.randrange(10**6, 10**15)}" for _ in range(20_000)]
    near = [f"+86138{number:08}" for number in range(20_000)]
    seen, expected = Seen(), set[str]()
    for phone in [*numbers, *near, *numbers[:500], *near[::7]]:
        assert seen.add(phone) is (phone not in expected)
        expected.add(phone)
