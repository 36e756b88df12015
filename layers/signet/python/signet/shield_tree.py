"""What the shield counts by: the tree of numbers, addresses, and the app as a whole.

    node            | what it stands for
    ----------------+---------------------------------------------------------------------
    a               | the app
    c998            | a country, by its dial code
    m998993         | a million numbers: all that differ in the last six digits only
    t99899394       | ten thousand numbers
    h9989939412     | a hundred numbers
    n998993941234   | a number
    b7f             | one of 256 buckets of addresses
    i7f0c33a1d2     | an address: an IPv4 address, or the /64 of an IPv6 one

Of a country with short numbers, levels that would be the country itself are left out. Addresses
are counted by a digest in which the app takes part; the first two digits of it are the bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

_KEY_LENGTH = 10
_BUCKET_LENGTH = 2


class Level(StrEnum):
    """How much a node stands for; its name begins with this letter."""

    APP = "a"
    COUNTRY = "c"
    MILLION = "m"
    TEN_THOUSAND = "t"
    HUNDRED = "h"
    NUMBER = "n"
    BUCKET = "b"
    ADDRESS = "i"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many unverified sends of one node in ten minutes call for a challenge, for a refusal.

    `margin`: how much of what usually is verified may fail before the share counts as unusual.
    `sigmas`: how far beyond chance. `waits`: codes sent within the last minute are not judged
    yet, for they may still be typed.
    """

    challenge: int
    refuse: int
    margin: float
    sigmas: float
    waits: bool = False

    def of(self, step: str) -> int:
        """The budget whose end is that step."""
        return self.refuse if step == "refuse" else self.challenge


# Tuned with benchmarks/attack.py, seeds 1 to 20 (docs/decisions/0023-the-shield.md). The wide
# ones have wide margins: a carrier that delivers nothing for a while must not close a country.
BUDGETS = {
    Level.NUMBER: Budget(3, 6, 0.15, 2),
    Level.HUNDRED: Budget(6, 12, 0.15, 2),
    Level.TEN_THOUSAND: Budget(10, 20, 0.15, 2),
    Level.ADDRESS: Budget(10, 30, 0.3, 3, waits=True),
    Level.MILLION: Budget(40, 80, 0.25, 3),
    Level.COUNTRY: Budget(200, 400, 0.5, 3, waits=True),
    Level.APP: Budget(1_000, 4_000, 0.5, 3, waits=True),
}
APP = Level.APP.value
# Widest first, with how many digits each leaves out.
_CUT = {Level.MILLION: 6, Level.TEN_THOUSAND: 4, Level.HUNDRED: 2}
_LEVELS = {each.value: each for each in Level}
_DEPTH = {level: depth for depth, level in enumerate(Level)}
_NUMBERS = frozenset({*_CUT, Level.COUNTRY, Level.NUMBER})
_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def level(node: str) -> Level:
    """What the node stands for."""
    return _LEVELS[node[0]]


def dial_code(e164: str) -> str:
    """The digits of the country code. E.164: no code is the beginning of another."""
    digits = e164.removeprefix("+")
    return next((digits[:size] for size in (1, 2, 3) if digits[:size] in _CODES), digits[:3])


def number_nodes(e164: str) -> tuple[str, ...]:
    """The nodes that a number belongs to, from its country to itself."""
    digits, code = e164.removeprefix("+"), dial_code(e164)
    kept = [(kind, digits[:-cut]) for kind, cut in _CUT.items()]
    ranges = [f"{kind.value}{prefix}" for kind, prefix in kept if len(prefix) > len(code)]
    return (f"c{code}", *ranges, f"n{digits}")


def address_nodes(key: str) -> tuple[str, str]:
    """The nodes of an address: its bucket, and itself."""
    return f"b{key[:_BUCKET_LENGTH]}", f"i{key}"


def country_of(node: str) -> str | None:
    """The node of the country that a range or number lies in."""
    return f"c{dial_code(node[1:])}" if level(node) in _NUMBERS else None


def address_key(app_id: str, address: str) -> str:
    """What an app's caller is counted by."""
    text = f"{app_id}|{_network(address)}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_LENGTH]


def is_below(node: str, above: str) -> bool:
    """Whether whatever counts for `node` counts for the wider `above`, too."""
    own, other = level(node), level(above)
    if _DEPTH[own] <= _DEPTH[other]:
        return False
    if other is Level.APP:
        return True
    if own is Level.ADDRESS:
        return other is Level.BUCKET and node[1:].startswith(above[1:])
    return own in _NUMBERS and other in _NUMBERS and node[1:].startswith(above[1:])


def is_listed(e164: str, listed: Sequence[str]) -> bool:
    """Whether a number is one of these E.164 numbers, or in one of these ranges."""
    return any(prefix and e164.startswith(prefix) for prefix in listed)


def _network(address: str) -> str:
    """An IPv4 address as it is; the /64 of an IPv6 one, which is what a subscriber gets."""
    if ":" not in address:
        return address
    # A cold start with an IPv4 caller does not wait for it.
    from ipaddress import IPv6Address

    try:
        found = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{int(found) >> 64:x}::/64"
