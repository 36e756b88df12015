"""What owners and operators may set of an app's guard: countries, numbers, servers, work."""

import re
from collections.abc import Callable
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from signet import addresses, fields, proofs
from signet.apps import Guard
from signet.errors import BadParameter
from signet.fields import Body

# A range is at least a country and some digits more: a whole country is opened, not allowed.
_RANGE = re.compile(r"\+[1-9][0-9]{4,14}")
_MOST = {"countries": 250, "allowed": 300, "servers": 50}


def changes(body: Body) -> dict[str, Any]:
    """The fields of `guard` that a request names. Raises BadParameter, naming the field."""
    if "guard" not in body:
        return {}
    given = fields.inner(body, "guard")
    fields.only(given, Guard.__slots__)
    changed: dict[str, Any] = {}
    for name, fits in _FITS.items():
        if name in given:
            changed[name] = _texts(given[name], name, fits)
    if "work_bits" in given:
        changed["work_bits"] = fields.whole(
            given, "work_bits", least=proofs.LEAST_BITS, most=proofs.MOST_BITS
        )
    return changed


def shown(guard: Guard) -> dict[str, object]:
    """A guard as JSON has it."""
    values = {name: getattr(guard, name) for name in Guard.__slots__}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}


def _texts(value: object, name: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """A list of texts, each once and in order."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadParameter(f"guard.{name} must be a list of strings.")
    texts = sorted({one.strip() for one in value})
    if len(texts) > _MOST[name]:
        raise BadParameter(f"guard.{name} holds more than {_MOST[name]} entries.")
    wrong = next((one for one in texts if not fits(one)), None)
    if wrong is not None:
        raise BadParameter(f"guard.{name}: {wrong[:50]!r} {_WRONG[name]}.")
    return tuple(texts)


def _is_dial_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) in COUNTRY_CODE_TO_REGION_CODE


_FITS: dict[str, Callable[[str], bool]] = {
    "countries": _is_dial_code,
    "allowed": lambda text: _RANGE.fullmatch(text) is not None,
    "servers": addresses.is_network,
}
_WRONG = {
    "countries": "is no country's dial code, such as 86",
    "allowed": "is no number or range, such as +8613800138000 or +861380013",
    "servers": "is no address or network, such as 203.0.113.7 or 203.0.113.0/24",
}
