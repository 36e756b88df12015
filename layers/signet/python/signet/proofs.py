"""Proof of work: what a computer does where a person would read a picture.

Work of b bits is sixteen counters n, one for each part p, with SHA-256 of `<token>.<p>.<n>` in
ASCII beginning with b zero bits: 16 * 2^b hashes on average, in which the luck of one part matters
little. It is checked with sixteen hashes and no memory. It makes sending dear for a machine that
asks often, and stops nobody who has one for hashing: budgets hold for those who did the work, too.
"""

from hashlib import sha256

from signet.errors import BadParameter

PARTS = 16
# For each part; 12 is a quarter of a second in a phone's browser.
LEAST_BITS, DEFAULT_BITS, MOST_BITS = 8, 12, 20
WORK_SECONDS = 300
# More of them while something of the app is locked, and for an address that is: 2 and 8 times.
ALERT_BITS, SUSPECT_BITS = 1, 3
# Nobody counts further before the challenge is over.
_MOST_COUNTED = 2**53
_DIGEST_BITS = 256


def harder(bits: int, more: int) -> int:
    """So many bits and more, but never more than a browser can do."""
    return min(bits + more, MOST_BITS)


def solution(value: object) -> list[int]:
    """The counters in a request. Raises BadParameter."""
    fits = isinstance(value, list) and len(value) == PARTS and all(map(_is_counter, value))
    if not isinstance(value, list) or not fits:
        raise BadParameter(f"solution must be {PARTS} whole numbers.")
    return value


def is_solved(token: str, bits: int, counters: list[int]) -> bool:
    """Whether each part's hash begins with so many zero bits."""
    hashes = (sha256(f"{token}.{part}.{n}".encode()).digest() for part, n in enumerate(counters))
    return all(int.from_bytes(digest) >> (_DIGEST_BITS - bits) == 0 for digest in hashes)


def _is_counter(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST_COUNTED
