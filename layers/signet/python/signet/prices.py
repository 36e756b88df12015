"""What a message costs: a price for each dial code, by segment, in millionths of a yuan.

The list is `prices.json`, with its source and date: the one LeanCloud published last (wire.md
16.2). An operator overrides it, dial code by dial code, and may add codes. A voice code costs the
same as an SMS. What has no price is not sent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from signet import phones
from signet.errors import BadParameter


@dataclass(frozen=True, slots=True)
class Price:
    """One row: `dial` is digits, as "86", `iso` ISO 3166-1 alpha-2, `micros` for one segment.

    Countries that share a dial code have a row each, with the same price.
    """

    dial: str
    iso: str
    zh: str
    en: str
    micros: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """The list as published: where it is from, its day (ISO 8601) and its rows by dial code."""

    currency: str
    source: str
    date: str
    prices: tuple[Price, ...]

    @property
    def by_dial(self) -> dict[str, int]:
        """Dial code -> micros for one segment."""
        return {price.dial: price.micros for price in self.prices}


@cache
def price_list() -> PriceList:
    """The published list; read once."""
    document = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    prices = tuple(Price(**row) for row in document.pop("prices"))
    return PriceList(**document, prices=prices)


@cache
def _published() -> Mapping[str, int]:
    return price_list().by_dial


def price_of(e164: str, segments: int, overrides: Mapping[str, int]) -> int:
    """Micros for a message of so many segments to an E.164 number, by its longest dial code.

    `overrides`: dial code -> micros for one segment, before the list. Raises BadParameter for a
    number without a price.
    """
    published, digits = _published(), e164.removeprefix("+")
    # The longest first: an operator may price 1876 apart from 1.
    for length in range(len(digits), 0, -1):
        dial = digits[:length]
        micros = overrides.get(dial, published.get(dial))
        if micros is not None:
            return segments * micros
    raise BadParameter(f"There is no price for numbers of +{phones.dial_code(e164)}.")
