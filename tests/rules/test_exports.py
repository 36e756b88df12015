"""Export files: every object is found, in any layout, chunk by chunk, from any place on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import exports
from signet.exports import BEGINNING, NotAnExport, Place, Record, Unreadable, records

HEADER = b'#filetype:JSON-streaming {"type":"Class","class":"_User"}\n'

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
objects = st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=6)


def in_lines(found: list[dict[str, Any]], *, header: bytes = b"", end: str = "\n") -> bytes:
    return header + "".join(json.dumps(one) + end for one in found).encode()


def in_pieces(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def fields(record: Record) -> dict[str, Any] | str:
    """The object, or why there is none."""
    try:
        return record.fields()
    except Unreadable as problem:
        return str(problem)


def read(text: bytes, *, size: int = 7, start: Place = BEGINNING) -> list[dict[str, Any] | str]:
    return [fields(record) for record in records(in_pieces(text[start.offset :], size), start)]


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[dict[str, Any]]]:
    """A file in one of the layouts, and what is in it."""
    found = draw(objects)
    layout = draw(st.sampled_from(["lines", "header", "array", "pretty", "windows"]))
    match layout:
        case "lines":
            return in_lines(found), found
        case "header":
            return HEADER + b"\n" + in_lines(found, end="\n\n"), found
        case "windows":
            return b"\xef\xbb\xbf" + in_lines(found, end="\r\n"), found
        case "array":
            return json.dumps(found, ensure_ascii=draw(st.booleans())).encode("utf-8"), found
    return json.dumps(found, indent=2).encode(), found


@given(files(), st.integers(1, 200))
def test_every_object_is_found_in_any_layout_and_any_chunks(
    file: tuple[bytes, list[dict[str, Any]]], size: int
) -> None:
    text, found = file

    assert read(text, size=size) == found


@given(files(), st.integers(1, 50))
def test_reading_begins_again_behind_any_object(
    file: tuple[bytes, list[dict[str, Any]]], size: int
) -> None:
    text, found = file

    for done, record in enumerate(records([text]), 1):
        assert read(text, size=size, start=record.end) == found[done:]


@given(files())
def test_a_record_knows_its_offset_and_its_line(file: tuple[bytes, list[dict[str, Any]]]) -> None:
    text, _ = file

    for record in records(in_pieces(text, 5)):
        assert text[record.start.offset : record.end.offset] == record.text
        assert record.start.line == text[: record.start.offset].count(b"\n") + 1


@given(st.binary(max_size=300), st.sampled_from([b"", b"[", b'[{"a":1},', b'{"a":1}\n']))
def test_no_file_is_read_differently_in_other_chunks(noise: bytes, before: bytes) -> None:
    text = before + noise
    try:
        whole = list(records([text]))
    except NotAnExport:
        return

    assert list(records(in_pieces(text, 1))) == whole
    assert list(records(in_pieces(text, 64))) == whole


NOT_JSON, NO_OBJECT = "It is not valid JSON.", "It is not a JSON object."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":1}\n{"b":\n{"c":3}\n', [{"a": 1}, NOT_JSON, {"c": 3}]),
        (b'{"a":1}\n{"b":"x\n{"c":3}', [{"a": 1}, NOT_JSON, {"c": 3}]),
        (b'{"a":1}\n"b":2}\n{"c":3}\n', [{"a": 1}, NOT_JSON, {"c": 3}]),
        (b'{"a":1}\n[1]\n7\n{"c":3}\n', [{"a": 1}, NO_OBJECT, NO_OBJECT, {"c": 3}]),
        (b'{"a":1}\n{"b":"\xff"}\n{"c":3}', [{"a": 1}, "It is not UTF-8.", {"c": 3}]),
        (b'{"a":NaN}\n{"c":3}', [NOT_JSON, {"c": 3}]),
        (b'{"a":' + b"9" * 5000 + b'}\n{"c":3}', [NOT_JSON, {"c": 3}]),
        (b'{"a":' + b"[" * 90_000 + b'\n{"c":3}', [NOT_JSON, {"c": 3}]),
        (b'[{"a":1},{"b":},{"c":3}]', [{"a": 1}, NOT_JSON, {"c": 3}]),
        (b'[{"a":1},\n{"b":"x},\n{"c":3}]', [{"a": 1}, "A string in it does not end.", {"c": 3}]),
        (b'[{"a":1}, 7, {"c":3}]', [{"a": 1}, NOT_JSON, {"c": 3}]),
        (b'[{"a":1},{"c":3}', [{"a": 1}, {"c": 3}]),
        (b'{"a":1}\n{"b":', [{"a": 1}, NOT_JSON]),
        (b'{"a":1}\n# a comment\n{"c":3}', [{"a": 1}, {"c": 3}]),
        (HEADER, []),
        (b"", []),
        (b" \n ", []),
        (b"[]", []),
    ],
)
def test_what_is_broken_does_not_stop_the_rest(text: bytes, expected: list[object]) -> None:
    assert read(text) == expected


def test_an_object_that_never_ends_costs_itself_only() -> None:
    rest = b",\n".join(b'{"n":%d}' % n for n in range(100_000))
    found = read(b'[{"n":-1},\n{"a":{\n' + rest + b"]", size=100_000)

    assert found[:3] == [{"n": -1}, "It does not end within 1024 kB.", {"n": 0}]
    assert found[-1] == {"n": 99_999}
    assert len(found) == 100_002


def test_a_line_that_is_too_long_costs_itself_only() -> None:
    long = b'{"a":"' + b"x" * (3 * exports.LONGEST) + b'"}'

    found = read(b'{"n":1}\n' + long + b'\n{"n":2}\n', size=100_000)

    assert found == [{"n": 1}, "It is longer than 1024 kB.", {"n": 2}]


@pytest.mark.parametrize(
    "text",
    [b"\x1f\x8b\x08\x00", b"PK\x03\x04", '{"a":1}'.encode("utf-16"), b"\xfe\xff\x00{"],
)
def test_a_file_that_is_no_text_in_utf_8_is_named(text: bytes) -> None:
    with pytest.raises(NotAnExport, match="The file is"):
        read(text)
