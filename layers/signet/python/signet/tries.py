"""Tries: what each carrier answered for a message, as its record keeps it, in order.

A record has an attribute `try1`, `try2` … for each call of a carrier, so that writing one twice,
after a lost reply, changes nothing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from signet.limits import Channel

# A message is given up after so many refusals; one more call is for a rescue.
MOST = 6


class Outcome(StrEnum):
    """What came of a call."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Try:
    """One call of a carrier: when it ended (epoch seconds), and how long it took.

    `reason` is the vendor's code, or ours for what brought no answer; "" for an acceptance.
    `is_rescue`: the same code, sent once more because nothing was heard of the first.
    """

    carrier: str
    outcome: Outcome
    reason: str
    at: int
    milliseconds: int
    channel: Channel = Channel.SMS
    is_rescue: bool = False

    def packed(self) -> str:
        """As the record has it."""
        flags = self.channel.value[0] + ("r" if self.is_rescue else "")
        return json.dumps(
            [self.carrier, self.outcome.value, self.reason, self.at, self.milliseconds, flags],
            separators=(",", ":"),
        )

    @classmethod
    def unpacked(cls, text: str) -> "Try":
        """What `packed` wrote."""
        carrier, outcome, reason, at, milliseconds, flags = json.loads(text)
        return cls(
            carrier,
            Outcome(outcome),
            reason,
            at,
            milliseconds,
            channel=Channel.VOICE if flags[0] == "v" else Channel.SMS,
            is_rescue="r" in flags,
        )


def kept(attribute: Callable[[str], str | None]) -> Iterator[Try]:
    """The tries of a record, in order, by its attributes' names."""
    packed = (attribute(f"try{number}") for number in range(1, MOST + 1))
    return (Try.unpacked(text) for text in packed if text)
