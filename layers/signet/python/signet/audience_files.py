"""Audience files: CSV (RFC 4180) as people save it, from a stream of bytes to cells.

UTF-8, with a byte order mark or without, or GBK, read as gb18030, of which it is a part. Only the
line at hand is held. What is not surely understood makes the whole file unusable, with the line
that shows it: half of an audience would be worse than none.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from signet.audience_problems import Problem
from signet.audiences import Encoding

# In characters; a row that goes on over more lines than these is a quotation mark too many.
MAX_LINE = 64 * 1024
MAX_LINES = 50
# What starts a file that is none of these.
_FOREIGN = {
    b"\xff\xfe": "utf16",
    b"\xfe\xff": "utf16",
    b"PK\x03\x04": "no_csv",
    b"\x1f\x8b": "no_csv",
    b"\xd0\xcf\x11\xe0": "no_csv",
}
_BOM = b"\xef\xbb\xbf"
_DECODERS = {Encoding.UTF_8: "utf-8-sig", Encoding.GBK: "gb18030"}
# What UTF-8 writes in three bytes or four. GBK's pairs make such a sequence by rare accident.
_WIDE = re.compile("[\u0800-\U0010ffff]")


class Unusable(Exception):
    """The file as a whole cannot be used."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = Problem(problem, line)


class OtherEncoding(Exception):
    """It is not what it was taken for, and may be the next one."""


class Record(NamedTuple):
    """A row of cells, and the line that it begins on, counted from 1."""

    line: int
    cells: list[str]


class Bytes(io.RawIOBase):
    """Blocks of bytes as a file; `taken` counts what was read of them."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.taken = 0
        self._blocks = iter(blocks)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As io.RawIOBase has it."""
        if not self._rest:
            self._rest = next(self._blocks, b"")
        view = memoryview(buffer)
        some, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(some)] = some
        self.taken += len(some)
        return len(some)


def candidates(encoding: Encoding) -> tuple[Encoding, ...]:
    """What a file is taken for, in this order."""
    return (Encoding.UTF_8, Encoding.GBK) if encoding is Encoding.AUTO else (encoding,)


def records(raw: Bytes, encoding: Encoding, *, is_last: bool) -> Iterator[Record]:
    """The rows of a file, without those of which every cell is empty.

    Raises OtherEncoding, unless `is_last`, and Unusable.
    """
    buffered = io.BufferedReader(raw, 64 * 1024)
    beginning = buffered.peek(4)
    for prefix, problem in _FOREIGN.items():
        if beginning.startswith(prefix):
            raise Unusable(problem)
    lines = _Lines(buffered, encoding)
    try:
        yield from _rows(lines)
    except UnicodeDecodeError as error:
        if b"\0" in error.object:
            raise Unusable("binary") from error
        has_mark = beginning.startswith(_BOM)
        if is_last or has_mark or lines.were_wide or _is_broken(error):
            # In which line is not known: text is decoded by the block.
            raise Unusable("encoding") from error
        raise OtherEncoding from error


def _rows(lines: "_Lines") -> Iterator[Record]:
    reader = csv.reader(lines, strict=True)
    while True:
        line = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unusable("quotes", line) from error
        if any(cells):
            yield Record(line, cells)


def _is_broken(error: UnicodeDecodeError) -> bool:
    """Whether what stands before the bytes that are no UTF-8 surely is."""
    before = error.object[: error.start].decode("utf-8", "ignore")
    return bool(_WIDE.search(before))


class _Lines:
    """The lines of a text, none of them endless; `were_wide`: one was no ASCII."""

    def __init__(self, buffered: "io.BufferedReader[Bytes]", encoding: Encoding) -> None:
        self.number = 0
        self.were_wide = False
        self._row = 0
        self._text = io.TextIOWrapper(buffered, _DECODERS[encoding], newline="")

    def begin(self) -> int:
        """A row begins here; the number of its first line."""
        self._row = self.number + 1
        return self._row

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if "\0" in line:
            raise Unusable("binary", self.number)
        if len(line) > MAX_LINE:
            raise Unusable("long_line", self.number)
        if self.number - self._row >= MAX_LINES:
            raise Unusable("quotes", self._row)
        self.were_wide = self.were_wide or bool(_WIDE.search(line))
        return line
