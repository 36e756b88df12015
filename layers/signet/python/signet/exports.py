"""LeanCloud's export files: the objects in a stream of bytes, with the places between them.

    #filetype:JSON-streaming {"type":"Class","class":"_User"}      one object a line; lines that
    {"objectId": "…", …}                                           start with # are comments

    [{"objectId": "…", …},                                         or one array, laid out
     {"objectId": "…", …}]                                         in any way

Only the object at hand is held. Reading can begin again at any place between two objects. What is
broken is a record of its own and does not keep the others from being read: a line ends at its end
whatever it holds, and in an array reading goes on behind the first line of what is no object.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

# LeanCloud's objects have 128 kB at most; escaped, a character of three bytes takes six.
LONGEST = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
# What starts a file that is none of these, and what to say about it.
_FOREIGN = {
    b"\x1f\x8b": "The file is compressed: unpack it first.",
    b"PK\x03\x04": "The file is an archive: unpack it first.",
    b"\xff\xfe": "The file is UTF-16: save it as UTF-8.",
    b"\xfe\xff": "The file is UTF-16: save it as UTF-8.",
}
_SPACE = re.compile(rb"\s*")
_BETWEEN = re.compile(rb"[\s,\[\]]*")
_OUTSIDE = re.compile(rb'["{}]')
# A line cannot end inside a string.
_INSIDE = re.compile(rb'["\\\n]')
_LINE_END = re.compile(rb"\n")
_NO_OBJECT = re.compile(rb"[{\n]")


class NotAnExport(Exception):
    """The file as a whole cannot be read; the sentence says why."""


class Unreadable(Exception):
    """A record holds no object; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading can begin: between two objects, or at the start of the file.

    `offset` in bytes, `line` counted from 1; `in_array` is None until it is known.
    """

    offset: int = 0
    line: int = 1
    in_array: bool | None = None


BEGINNING = Place()


@dataclass(frozen=True, slots=True)
class Record:
    """Something that should be an object: where it starts, its text, and what is behind it."""

    start: Place
    end: Place
    text: bytes
    problem: str | None = None

    def fields(self) -> dict[str, Any]:
        """The object. Raises Unreadable."""
        if self.problem:
            raise Unreadable(self.problem)
        try:
            fields = json.loads(self.text.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            raise Unreadable("It is not UTF-8.") from None
        except (ValueError, RecursionError):
            raise Unreadable("It is not valid JSON.") from None
        if not isinstance(fields, dict):
            raise Unreadable("It is not a JSON object.")
        return fields


def records(chunks: Iterable[bytes], start: Place = BEGINNING) -> Iterator[Record]:
    """Every record of a file from `start` on; `chunks` are its bytes from there.

    Raises NotAnExport.
    """
    window = _Window(chunks, start)
    if start.in_array is None:
        _begin(window)
    return _elements(window) if window.place.in_array else _lines(window)


class _Window:
    """A part of the file, as large as the record at hand and a chunk."""

    def __init__(self, chunks: Iterable[bytes], start: Place) -> None:
        self.place = start
        self._chunks = iter(chunks)
        self._data = b""
        self._from = 0

    @property
    def size(self) -> int:
        """How many bytes are in view."""
        return len(self._data) - self._from

    def grow(self) -> bool:
        """Take another chunk into view; False at the end of the file."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._data, self._from = self._data[self._from :] + chunk, 0
        return True

    def starts_with(self, prefix: bytes) -> bool:
        """Whether that is what comes next."""
        while self.size < len(prefix) and self.grow():
            pass
        return self._data.startswith(prefix, self._from)

    def search(self, pattern: re.Pattern[bytes], at: int) -> int | None:
        """Where, in what is in view from `at` on, the pattern is found."""
        found = pattern.search(self._data, self._from + at)
        return found.start() - self._from if found else None

    def find(self, pattern: re.Pattern[bytes], at: int = 0) -> int | None:
        """The same in the rest of the file, as far as a record may reach."""
        while (found := self.search(pattern, at)) is None:
            at = max(at, self.size)
            if at > LONGEST or not self.grow():
                return None
        return found if found <= LONGEST else None

    def byte(self, at: int) -> int:
        """The byte there."""
        return self._data[self._from + at]

    def skip(self, pattern: re.Pattern[bytes]) -> bool:
        """Go past what matches; False at the end of the file."""
        while True:
            found = pattern.match(self._data, self._from)
            self.take(found.end() - self._from if found else 0)
            if self.size:
                return True
            if not self.grow():
                return False

    def take(self, count: int) -> bytes:
        """So many bytes, out of view from now on."""
        taken = self._data[self._from : self._from + count]
        self._from += len(taken)
        offset, line, in_array = self.place.offset, self.place.line, self.place.in_array
        self.place = Place(offset + len(taken), line + taken.count(b"\n"), in_array)
        return taken

    def record(self, count: int, problem: str | None = None) -> Record:
        """The record that is so long."""
        start = self.place
        text = self.take(count)
        return Record(start, self.place, text, problem)


def _begin(window: _Window) -> None:
    """Find out which of the formats it is."""
    for prefix, problem in _FOREIGN.items():
        if window.starts_with(prefix):
            raise NotAnExport(problem)
    if window.starts_with(_BOM):
        window.take(len(_BOM))
    in_array = window.skip(_SPACE) and window.starts_with(b"[")
    if in_array:
        window.take(1)
    window.place = Place(window.place.offset, window.place.line, in_array)


def _lines(window: _Window) -> Iterator[Record]:
    while window.skip(_SPACE):
        end = window.find(_LINE_END)
        if window.starts_with(b"#"):
            _drop_line(window, end)
        elif end is None and window.size > LONGEST:
            yield window.record(LONGEST, f"It is longer than {LONGEST // 1024} kB.")
            _drop_line(window, window.find(_LINE_END))
        else:
            yield window.record(window.size if end is None else end)


def _drop_line(window: _Window, end: int | None) -> None:
    while end is None and window.size > LONGEST:
        window.take(LONGEST)
        end = window.find(_LINE_END)
    window.take(window.size if end is None else end)


def _elements(window: _Window) -> Iterator[Record]:
    while window.skip(_BETWEEN):
        if window.starts_with(b"{"):
            yield _element(window)
        else:
            end = window.find(_NO_OBJECT)
            yield window.record(min(window.size, LONGEST) if end is None else end)


def _element(window: _Window) -> Record:
    depth = at = 0
    inside = False
    while (found := window.find(_INSIDE if inside else _OUTSIDE, at)) is not None:
        byte, at = window.byte(found), found + 1
        if byte == ord("\\"):
            at += 1
        elif byte == ord("\n"):
            return window.record(found, "A string in it does not end.")
        elif byte == ord('"'):
            inside = not inside
        else:
            depth += 1 if byte == ord("{") else -1
            if depth == 0:
                return window.record(at)
    end = window.search(_LINE_END, 0)
    whole = min(window.size, LONGEST)
    return window.record(
        whole if end is None or end > whole else end,
        f"It does not end within {LONGEST // 1024} kB.",
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
