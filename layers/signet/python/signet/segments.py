"""How many SMS a text is sent and billed as, and what each of them holds.

Within the mainland LeanCloud's rule holds: every character counts as one, the signature included;
up to 70 are one SMS, longer texts take 67 each (wire.md 16.1). Abroad the deployment chooses
between that rule and what GSM networks do (3GPP TS 23.038 and 23.040):

- A text of only the characters below takes one septet for each, two for an escaped one: 160
  septets in a lone SMS, 153 in each of several, since 7 go to the header that joins them.
- Any other character turns the whole text into UCS-2: 70 units of 16 bits, 67 in each of several.
- An escape pair and a surrogate pair stay together. The unit that does not fit is left empty, so
  a text may need one SMS more than its length divided by 153 or 67.

Where an app allows it, a text abroad is put into plain words of the first kind, if that saves an
SMS: a typographic quote for a plain one, a letter without the accent that GSM-7 lacks.
"""

import unicodedata
from collections.abc import Callable
from enum import StrEnum

from signet.errors import BadParameter

MAX_CHARACTERS = 400

# 3GPP TS 23.038, 6.2.1: the GSM 7 bit default alphabet, by its rows of sixteen codes.
# Code 0x1B is the escape to the next table. Shift tables of single languages are not used.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
# 3GPP TS 23.038, 6.2.1.1: the extension table; each of these is an escape and a code.
_ESCAPED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _ESCAPED

# What means the same in GSM-7. Spaces, wide forms and accents follow from Unicode's own tables.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′‹›`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{"…": "...", "【": "[", "】": "]"},
        **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i"},
        **{"œ": "oe", "Œ": "OE", "￡": "£", "￥": "¥"},
    }
)
# "！" to "～" are "!" to "~", but wide.
_WIDE = range(0xFF01, 0xFF5F)


class Rule(StrEnum):
    """How texts to numbers outside the mainland are counted: a choice of the deployment."""

    LEANCLOUD = "leancloud"
    GSM = "gsm"


def count(text: str, *, mainland: bool, abroad: Rule) -> int:
    """Segments of the whole text, signature included. Raises BadParameter over 400 characters."""
    return len(split(text, mainland=mainland, abroad=abroad))


def split(text: str, *, mainland: bool, abroad: Rule) -> list[str]:
    """The text of each segment; an empty text is one empty segment.

    Raises BadParameter over 400 characters, whatever the rule.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadParameter(f"The message is {len(text)} characters long; {MAX_CHARACTERS} at most.")
    if mainland or abroad is Rule.LEANCLOUD:
        return _pack(text, lambda _: 1, alone=70, joined=67)
    if _GSM.issuperset(text):
        return _pack(text, _septets, alone=160, joined=153)
    return _pack(text, _utf16_units, alone=70, joined=67)


def plain(text: str) -> str:
    """The text in GSM-7's characters, where that takes fewer SMS abroad; else as it is.

    What is neither in GSM-7 nor alike to something in it keeps the whole text as it is: nothing
    is left out.
    """
    said = "".join(map(_alike, unicodedata.normalize("NFC", text)))
    if max(len(text), len(said)) > MAX_CHARACTERS or not _GSM.issuperset(said):
        return text
    as_it_is, as_said = (count(each, mainland=False, abroad=Rule.GSM) for each in (text, said))
    return said if as_said < as_it_is else text


def _alike(character: str) -> str:
    """What GSM-7 says in the place of a character; the character where it says nothing."""
    if character in _GSM:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    if ord(character) in _WIDE:
        character = chr(ord(character) - _WIDE.start + ord("!"))
    alike = character.translate(_ALIKE)
    apart = unicodedata.normalize("NFD", alike)
    base, marks = apart[:1], apart[1:]
    # A letter without its accents; ≠ without its stroke would be the contrary.
    is_letter = base.isascii() and base.isalpha()
    return base if marks and is_letter and all(map(unicodedata.combining, marks)) else alike


def _septets(character: str) -> int:
    return 2 if character in _ESCAPED else 1


def _utf16_units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _pack(text: str, size: Callable[[str], int], *, alone: int, joined: int) -> list[str]:
    """Fill segments one after another; a character never lies in two of them."""
    sizes = [size(character) for character in text]
    if sum(sizes) <= alone:
        return [text]
    parts, start, used = [], 0, 0
    for position, needed in enumerate(sizes):
        if used + needed > joined:
            parts.append(text[start:position])
            start, used = position, 0
        used += needed
    return [*parts, text[start:]]
