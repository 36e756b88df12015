"""What can be made to go wrong at a virtual carrier: `POST /local/chaos`.

    drop             0..1  taken, and never heard of again
    undelivered      0..1  taken, and its receipt says that it did not arrive
    lose_receipts    0..1  arrives, and no receipt tells so
    duplicate        0..1  its receipt comes twice
    reorder          bool  receipts that are older news follow the last one
    delay_seconds    0..600  the message comes so much later, and its receipt with it
    receipt_seconds  0..600  the receipt comes so much later than that
    answer_seconds   0..60  the carrier thinks so long before it answers
    refuse           0..1  refused: not taken, and surely so
    reason           the code of a refusal, "refused" by default
    retryable        bool  a refusal that asks to be tried again later
    bad_number       bool  a refusal that is the number's fault
    fail             0..1  HTTP 500: nobody knows whether it was taken (it was not)
    hang_up          bool  a failure that closes the connection in the middle of its answer

Parts from 0 to 1 are chances, seconds are real ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn

_LONGEST = {"delay_seconds": 600, "receipt_seconds": 600, "answer_seconds": 60}
# What Signet records of an error (signet.carriers.webhook); never four digits in a row.
_REASON = re.compile(r"(?!.*\d{4})[A-Za-z][A-Za-z0-9_.:-]{0,79}")


class ChaosInvalid(Exception):
    """A knob that is none or cannot be turned so far; the text is for the person who tried."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """How a carrier misbehaves; at first it does not. The knobs are described above."""

    drop: float = 0
    undelivered: float = 0
    lose_receipts: float = 0
    duplicate: float = 0
    reorder: bool = False
    delay_seconds: float = 0
    receipt_seconds: float = 0
    answer_seconds: float = 0
    refuse: float = 0
    reason: str = "refused"
    retryable: bool = False
    bad_number: bool = False
    fail: float = 0
    hang_up: bool = False

    def shown(self) -> dict[str, Any]:
        """Every knob, as JSON has them."""
        return asdict(self)


def parse(body: Mapping[str, object]) -> Chaos:
    """The knobs that a body turns; the others are off. Raises ChaosInvalid, naming the knob."""
    names = [field.name for field in fields(Chaos)]
    unknown = next((name for name in body if name not in names), None)
    if unknown is not None:
        raise ChaosInvalid(f"There is no knob {unknown[:40]!r}: {', '.join(names)}.")
    for field in fields(Chaos):
        if field.name in body:
            _CHECKS[type(field.default)](field.name, body[field.name])
    given: dict[str, Any] = dict(body)
    return Chaos(**given)


def _check_number(name: str, value: object) -> None:
    most = _LONGEST.get(name, 1)
    # Not a bool, which is a number too; and NaN is in no range.
    if type(value) not in (int, float) or not 0 <= float(str(value)) <= most:
        _refuse(name, f"a number from 0 to {most}")


def _check_switch(name: str, value: object) -> None:
    if type(value) is not bool:
        _refuse(name, "true or false")


def _check_reason(name: str, value: object) -> None:
    if not (isinstance(value, str) and _REASON.fullmatch(value)):
        _refuse(name, "a code: a letter, then letters, digits and _ . : -, no four digits in a row")


def _refuse(name: str, wanted: str) -> NoReturn:
    raise ChaosInvalid(f"{name} must be {wanted}.")


_CHECKS: dict[type, Callable[[str, object], None]] = {
    int: _check_number,
    bool: _check_switch,
    str: _check_reason,
}
