"""Columns of audiences: the numbers are found, and nobody is guessed who may be somebody else."""

import pytest

from signet import audience_columns
from signet.audience_columns import Columns
from signet.audience_files import Record, Unusable
from signet.audiences import Consent, Encoding, Wanted

ANY = Wanted()
ROWS = [
    ["张三", "13800138000", "1"],
    ["李四", "+86 138 0013 8001", "2"],
    ["王五", "13800138002", "3"],
]


def columns(header: list[str], rows: list[list[str]] = ROWS, *, wanted: Wanted = ANY) -> Columns:
    records = [Record(line, cells) for line, cells in enumerate(rows, 2)]
    return audience_columns.columns(Record(1, header), records, wanted)


def problem(header: list[str], rows: list[list[str]] = ROWS, *, wanted: Wanted = ANY) -> str:
    with pytest.raises(Unusable) as raised:
        columns(header, rows, wanted=wanted)
    return raised.value.problem.key


@pytest.mark.parametrize(
    "name",
    [
        *(
            "手机号",
            "手机",
            "电话",
            "号码",
            "联系电话",
            "手机号码",
            " 手机号 ",
            "phone",
            "Phone Number",
        ),
        *("mobile", "MOBILE", "mobilePhoneNumber", "mobile_phone", "tel", "Tel.", "ｐｈｏｎｅ"),
    ],
)
def test_the_column_of_numbers_is_known_by_its_name(name: str) -> None:
    assert columns(["a", "b", name]).phone == 2


def test_a_name_that_says_more_goes_before_one_that_says_less() -> None:
    assert columns(["电话", "手机号", "b"]).phone == 1


def test_a_column_of_numbers_without_such_a_name_is_known_by_what_it_holds() -> None:
    assert columns(["a", "b", "c"]).phone == 1


def test_some_cells_may_hold_no_number_but_not_many() -> None:
    most = [["x", "13800138000"]] * 4
    assert columns(["a", "b"], [*most, ["x", "?"], ["x", ""]]).phone == 1
    assert problem(["a", "b"], [*most, ["x", "?"], ["x", "?"]]) == "no_phone_column"


def test_two_columns_that_hold_numbers_are_not_chosen_from() -> None:
    rows = [["13800138000", "13900139000"]]
    assert problem(["own", "referrer"], rows) == "many_phone_columns"
    assert problem(["手机号", "手机号"], rows) == "many_phone_columns"
    assert columns(["own", "referrer"], rows, wanted=Wanted(phone_column="own")).phone == 0


def test_a_named_column_must_be_there_once() -> None:
    assert columns(["a", "phone", "b"], wanted=Wanted(phone_column="b")).phone == 2
    assert problem(["a", "phone", "b"], wanted=Wanted(phone_column="c")) == "unknown_column"
    assert problem(["a", "a", "phone"], wanted=Wanted(phone_column="a")) == "unknown_column"
    assert problem(["a", "phone", "b"], wanted=Wanted(zone_column="c")) == "unknown_column"
    stated = Consent("c", column="c")
    assert problem(["a", "phone", "b"], wanted=Wanted(consent=stated)) == "unknown_column"


def test_nothing_that_holds_numbers_is_no_audience() -> None:
    assert problem(["a", "b", "c"], [["x", "y", "z"]]) == "no_phone_column"


def test_a_file_without_names_of_columns_is_not_one_with_a_row_less() -> None:
    assert problem(["张三", "13800138000", "1"]) == "no_header"


def test_columns_have_an_end() -> None:
    assert problem([f"c{number}" for number in range(51)]) == "many_columns"


@pytest.mark.parametrize("name", ["timezone", "Time Zone", "时区", "time_zone", "tz"])
def test_the_column_of_zones_is_known_by_its_name(name: str) -> None:
    assert columns(["phone", "a", name]).zone == 2
    assert columns(["phone", name, "b"], wanted=Wanted(zone_column="b")).zone == 2


def test_columns_are_variables_and_those_that_cannot_be_are_told() -> None:
    header = [
        "phone",
        "姓名",
        "name",
        "order no",
        "code",
        "1st",
        "",
        "姓名",
        "tz",
        "同意时间",
        "a" * 33,
    ]
    found = columns(header, wanted=Wanted(consent=Consent("同意时间", column="同意时间")))
    assert found.variables == ((1, "姓名"), (2, "name"))
    told = found.found(Encoding.GBK)
    assert told.columns == tuple(header)
    assert (told.phone_column, told.zone_column) == ("phone", "tz")
    assert set(told.unused) == {"order no", "code", "1st", "", "姓名", "a" * 33}
