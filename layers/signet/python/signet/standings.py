"""How the limits of one number stand, for those who look at it or lift them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from signet.limits import GUESSES, OF_APP, VOICE, Limit, of_signature

# Attributes of a number's item: `s1c10` is the tenth last send by signature s1.
_OF_SIGNATURE = re.compile(r"(?P<id>s\d+)[bcd]\d+")
_REGISTER = re.compile(r"(?:s\d+[bcd]|[avf])\d+")


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a limit is used up; `signature_id` is of those that each signature has.

    `wait`: seconds until it allows another event, 0 if it does now.
    """

    limit: Limit
    signature_id: str | None
    used: int
    wait: int

    @property
    def shown(self) -> dict[str, object]:
        """The standing as JSON has it."""
        return {
            "limit": self.limit.name,
            "signature": self.signature_id,
            "used": self.used,
            "allowed": self.limit.count,
            "seconds": self.limit.seconds,
            "wait_seconds": self.wait,
        }


def of(item: Mapping[str, object], now: int) -> list[Standing]:
    """What is used up of each limit that has been touched in a number's item."""
    found = (_OF_SIGNATURE.fullmatch(name) for name in item)
    signatures = sorted({one["id"] for one in found if one})
    limits: list[tuple[Limit, str | None]] = [(OF_APP, None)]
    limits += [(limit, one) for one in signatures for limit in of_signature(one)]
    limits += [(limit, None) for limit in (*VOICE, GUESSES)]
    standings = [
        Standing(limit, signature, _used(limit, item, now), limit.wait(item, now))
        for limit, signature in limits
    ]
    return [one for one in standings if one.used]


def registers(item: Mapping[str, object]) -> list[str]:
    """The attributes of a number's item that its limits are decided by."""
    return sorted(name for name in item if _REGISTER.fullmatch(name))


def _used(limit: Limit, item: Mapping[str, object], now: int) -> int:
    times = (item.get(f"{limit.register}{place}") for place in range(1, limit.count + 1))
    return sum(isinstance(at, int) and at > now - limit.seconds for at in times)
