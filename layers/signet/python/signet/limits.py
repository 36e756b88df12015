"""Sending limits A to E and the guess budget, as shift registers over sliding windows.

A register `x` of depth n keeps the times of the last n accepted events in the attributes
`x1` (newest) … `xn`. "Fewer than n events in the last w seconds" is then exactly
"`xn` is missing or at most now - w", which one conditional write can decide and shift without
a read (review.md 6.3). Sources: wire.md 12.1 for A to E, design.md 5.1 for guesses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from signet.errors import (
    AccountLocked,
    CodeInvalid,
    SignetError,
    TooFast,
    TooFrequent,
    TooManyAttempts,
)

DAY = 86_400


class Kind(StrEnum):
    """What a message is for; each kind has its own daily limit and rules of content."""

    VERIFICATION = "verification"
    NOTIFICATION = "notification"
    MARKETING = "marketing"


class Channel(StrEnum):
    """How a message reaches the phone."""

    SMS = "sms"
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` events of `register` in any `seconds`; breaking it raises `error`."""

    name: str
    register: str
    count: int
    seconds: int
    error: type[SignetError]

    @property
    def oldest(self) -> str:
        """The attribute that decides: the time of the event `count` events ago."""
        return f"{self.register}{self.count}"

    def wait(self, item: Mapping[str, object], now: int) -> int:
        """Seconds until this limit allows another event; 0 when it does already."""
        oldest = item.get(self.oldest)
        return max(0, oldest + self.seconds - now) if isinstance(oldest, int) else 0


OF_APP = Limit("A", "a", 1, 10, TooFast)
VOICE = (
    Limit("E", "v", 1, 30, TooFrequent),
    Limit("E", "v", 3, 3_600, TooFrequent),
    Limit("E", "v", 5, DAY, TooFrequent),
)
GUESSES = Limit("guesses", "f", 20, DAY, CodeInvalid)
# Of one id from one address to the console (review.md 4.15).
SIGN_INS = Limit("sign-ins", "t", 10, 900, TooManyAttempts)
# More than six failed logins of one user in a quarter of an hour lock it (wire.md 12.4).
LOGIN_FAILURES = Limit("login failures", "l", 7, 900, AccountLocked)
# Of codes without a number, from one address; and of an app in an hour, which is a counter.
CODE_ONLY = Limit("codes without a number", "o", 10, 900, TooManyAttempts)
CODE_ONLY_AN_HOUR = 100


@lru_cache(maxsize=256)
def of_signature(short_id: str) -> tuple[Limit, Limit, Limit]:
    """Limits B, C and D, which each signature has."""
    return (
        Limit("B", f"{short_id}b", 1, 60, TooFrequent),
        Limit("C", f"{short_id}c", 10, DAY, TooFrequent),
        Limit("D", f"{short_id}d", 15, DAY, TooFrequent),
    )


def for_send(kind: Kind, channel: Channel, signature_id: str) -> tuple[Limit, ...]:
    """The limits of one send, in the order in which a refusal names them."""
    minute, verifications, others = of_signature(signature_id)
    daily = verifications if kind is Kind.VERIFICATION else others
    return (
        OF_APP,
        minute,
        daily,
        *(VOICE if channel is Channel.VOICE else ()),
    )


def registers(limits: Iterable[Limit]) -> dict[str, int]:
    """Register name -> depth, for the registers that `limits` read."""
    depths: dict[str, int] = {}
    for limit in limits:
        depths[limit.register] = max(limit.count, depths.get(limit.register, 0))
    return depths


def first_broken(
    limits: Iterable[Limit], item: Mapping[str, object], now: int
) -> SignetError | None:
    """The error of the first limit that refuses, with the longest wait of all broken ones.

    The caller is told the first broken limit's code, but a wait after which the send is really
    allowed.
    """
    waits = [(limit, wait) for limit in limits if (wait := limit.wait(item, now)) > 0]
    if not waits:
        return None
    return waits[0][0].error(retry_after=max(wait for _, wait in waits))
