"""Files of audiences: cells as people save them, and a clear word on what is none."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import audience_files
from signet.audience_files import Bytes, OtherEncoding, Record, Unusable
from signet.audiences import Encoding

TABLE = "手机号,姓名\r\n13800138000,张三\r\n"
CELLS = [["手机号", "姓名"], ["13800138000", "张三"]]


def pieces(text: bytes, size: int = 7) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def read(text: bytes, encoding: Encoding = Encoding.AUTO) -> list[Record]:
    """The rows, by the first encoding that fits."""
    *first, last = audience_files.candidates(encoding)
    for candidate in first:
        try:
            return list(audience_files.records(Bytes(pieces(text)), candidate, is_last=False))
        except OtherEncoding:
            continue
    return list(audience_files.records(Bytes(pieces(text)), last, is_last=True))


def cells(text: bytes, encoding: Encoding = Encoding.AUTO) -> list[list[str]]:
    return [record.cells for record in read(text, encoding)]


def problem(text: bytes, encoding: Encoding = Encoding.AUTO) -> tuple[str, int | None]:
    with pytest.raises(Unusable) as raised:
        read(text, encoding)
    return raised.value.problem.key, raised.value.problem.line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert cells(TABLE.encode(encoding)) == CELLS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_systems_end_them(end: str) -> None:
    assert cells(TABLE.replace("\r\n", end).encode()) == CELLS


def test_a_file_that_turns_out_to_be_gbk_late_is_read_as_such() -> None:
    text = "phone,name\n" + "13800138000,zhang\n" * 20_000 + "13800138001,张三\n"
    assert cells(text.encode("gbk"))[-1] == ["13800138001", "张三"]


def test_what_was_utf_8_so_far_is_broken_and_not_taken_for_gbk() -> None:
    broken = "手机号,姓名\n13800138000,".encode() + b"\xff\xff\n"
    assert problem(broken) == ("encoding", None)
    late = TABLE.encode() + b"13800138001,x\n" * 20_000 + b"13800138000,\xd5\xc5\n"
    assert problem(late)[0] == "encoding"
    assert problem(b"\xef\xbb\xbfphone,name\n1,\xd5\xc5\n")[0] == "encoding"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TABLE.encode("gbk"), Encoding.UTF_8),
        (b"phone\n\xff\xff\n", Encoding.GBK),
        (b"phone\n\xff\xff\n", Encoding.AUTO),
    ],
)
def test_another_encoding_than_was_named_is_said(text: bytes, encoding: Encoding) -> None:
    assert problem(text, encoding)[0] == "encoding"


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (TABLE.encode("utf-16"), "utf16"),
        (TABLE.encode("utf-16-be"), "binary"),
        (workbook(), "no_csv"),
        (gzip.compress(TABLE.encode()), "no_csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no_csv"),
        (b"phone\n1380013\x008000\n", "binary"),
    ],
    ids=["UTF-16", "UTF-16 without a mark", "workbook", "gzip", "old workbook", "NUL"],
)
def test_what_is_no_csv_is_said(text: bytes, key: str) -> None:
    assert problem(text)[0] == key


def test_cells_hold_commas_quotes_and_line_ends() -> None:
    text = 'phone,words\n13800138000,"a, ""b""\nc"\n13800138001,d\n'
    assert read(text.encode()) == [
        Record(1, ["phone", "words"]),
        Record(2, ["13800138000", 'a, "b"\nc']),
        Record(4, ["13800138001", "d"]),
    ]


def test_rows_without_anything_in_them_are_none() -> None:
    assert cells(b"phone,a\n\n,\n1,2\n\n") == [["phone", "a"], ["1", "2"]]
    assert cells(b"") == cells(b"\n\n\n") == []


@pytest.mark.parametrize(
    "rest",
    ['"no end', '"no end' + "\nx" * 10_000, '"' + "x,\n" * 200_000, '"a"b,c\n', '"\n",' * 100],
    ids=["file ends", "lines go on", "much goes on", "behind it", "on and on"],
)
def test_a_quotation_mark_too_many_is_told_with_its_line(rest: str) -> None:
    assert problem(f"phone,a\n1,2\n{rest}".encode()) == ("quotes", 3)


def test_a_line_without_an_end_fills_no_memory() -> None:
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        yield b"phone\n"
        while True:
            asked += 1
            yield b"1" * 10_000

    with pytest.raises(Unusable) as raised:
        list(audience_files.records(Bytes(endless()), Encoding.UTF_8, is_last=True))
    assert raised.value.problem.key == "long_line"
    assert asked < 40


def test_it_is_known_how_much_was_read() -> None:
    raw = Bytes(pieces(TABLE.encode()))
    list(audience_files.records(raw, Encoding.UTF_8, is_last=True))
    assert raw.taken == len(TABLE.encode())


@given(st.binary(max_size=300) | st.text('13,"\n\r \0手机号phone=', max_size=60).map(str.encode))
def test_any_bytes_are_rows_or_a_problem(text: bytes) -> None:
    try:
        found = read(text)
    except Unusable as unusable:
        said = unusable.problem.text("en"), unusable.problem.text("zh")
    else:
        said = ("", "")
        assert all(any(record.cells) for record in found)
    assert all(said) or said == ("", "")


texts = st.text(
    st.characters(blacklist_categories=("Cs", "Co", "Cn"), blacklist_characters="\0\r\n\ufeff"),
    max_size=8,
)


@given(st.lists(st.lists(texts, min_size=2, max_size=3), max_size=5), st.sampled_from(Encoding))
def test_what_was_written_is_read(rows: list[list[str]], encoding: Encoding) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    written = "".join(f"{line}\r\n" for line in lines)
    codec = "gb18030" if encoding is Encoding.GBK else "utf-8"
    named = Encoding.UTF_8 if encoding is Encoding.AUTO else encoding
    assert cells(written.encode(codec), named) == [row for row in rows if any(row)]
