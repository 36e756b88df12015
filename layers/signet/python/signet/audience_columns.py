"""Columns of audience files: which one holds the numbers, and what the others are for."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from signet import phones, templates
from signet.audience_files import Record, Unusable
from signet.audiences import Consent, Encoding, Found, Wanted
from signet.errors import SignetError

MAX_COLUMNS = 50
_LONGEST_NAME = 100
# How many rows tell what a column holds, and how many of their cells must be numbers.
LOOKED_AT = 100
_MOST_OF_THEM = 0.8
# As `_plain` writes names; a name further ahead goes before one behind it.
_PHONE_NAMES = (
    *("手机号", "手机号码", "手机", "移动电话", "电话号码", "电话", "联系电话", "联系方式", "号码"),
    *("mobilephonenumber", "mobilephone", "mobilenumber", "mobile", "phonenumber", "phone"),
    *("cellphone", "cell", "telephone", "tel", "msisdn", "number"),
)
_ZONE_NAMES = ("timezone", "时区", "tz")
_BETWEEN = re.compile(r"[\s_\-.:：()（）]+")


class Columns(NamedTuple):
    """Where in a row things stand; `variables`: place and name of each."""

    names: tuple[str, ...]
    phone: int
    zone: int | None
    consent: int | None
    variables: tuple[tuple[int, str], ...]

    def found(self, encoding: Encoding) -> Found:
        """What there is to say of them."""
        used = {place for place, _ in self.variables} | {self.phone, self.zone, self.consent}
        return Found(
            encoding=encoding,
            columns=self.names,
            phone_column=self.names[self.phone],
            zone_column=None if self.zone is None else self.names[self.zone],
            unused=tuple(name for place, name in enumerate(self.names) if place not in used),
        )


def columns(header: Record, rows: Sequence[Record], wanted: Wanted) -> Columns:
    """The columns of a file with that header; `rows` are its first ones. Raises Unusable."""
    names = tuple(_name(cell) for cell in header.cells)
    if len(names) > MAX_COLUMNS:
        raise Unusable("many_columns", header.line)
    if any(_is_phone(cell) for cell in header.cells):
        raise Unusable("no_header", header.line)
    zone = _place(names, wanted.zone_column) if wanted.zone_column else _by_name(names, _ZONE_NAMES)
    consent = _consent(names, wanted.consent)
    phone = _phone(names, rows, wanted.phone_column, taken={zone, consent})
    taken = {phone, zone, consent}
    variables = [
        (place, name)
        for place, name in enumerate(names)
        if place not in taken and templates.is_variable(name) and names.index(name) == place
    ]
    return Columns(names, phone, zone, consent, tuple(variables))


def _consent(names: Sequence[str], consent: Consent | None) -> int | None:
    return _place(names, consent.column) if consent and consent.column else None


def _place(names: Sequence[str], wanted: str) -> int:
    """Where the column of that name is. Raises Unusable when that is nowhere, or not clear."""
    if names.count(wanted.strip()) != 1:
        raise Unusable("unknown_column")
    return names.index(wanted.strip())


def _phone(
    names: Sequence[str], rows: Sequence[Record], wanted: str | None, *, taken: set[int | None]
) -> int:
    if wanted:
        return _place(names, wanted)
    named = _by_name(names, _PHONE_NAMES)
    if named is not None:
        return named
    holding = [
        place for place in range(len(names)) if place not in taken and _holds_phones(rows, place)
    ]
    if not holding:
        raise Unusable("no_phone_column")
    if len(holding) > 1:
        raise Unusable("many_phone_columns")
    return holding[0]


def _by_name(names: Sequence[str], known: Sequence[str]) -> int | None:
    """The column whose name stands furthest ahead. Raises Unusable when two have it."""
    plain = [_plain(name) for name in names]
    wanted = next((name for name in known if name in plain), None)
    if wanted is None:
        return None
    if plain.count(wanted) > 1:
        raise Unusable("many_phone_columns" if known is _PHONE_NAMES else "unknown_column")
    return plain.index(wanted)


def _holds_phones(rows: Sequence[Record], place: int) -> bool:
    cells = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
    phones_in = sum(_is_phone(cell) for cell in cells)
    return bool(cells) and phones_in >= _MOST_OF_THEM * len(cells)


def _is_phone(cell: str) -> bool:
    try:
        phones.parse(cell)
    except SignetError:
        return False
    return True


def _name(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()[:_LONGEST_NAME]


def _plain(name: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", name).casefold())
