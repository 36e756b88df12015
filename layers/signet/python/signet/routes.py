"""Routes: which carriers may send a message, in which order, and how much each gets.

Operators write rules for countries (by dial code), kinds, apps and channels. Of those that fit a
message the most precise counts: one for its app before one for its country, and that before one
for its kind. Where none fits, the deployment's own carrier sends.

A rule lists hops. The first is drawn by weight; the others stand by in their order, for when a
carrier surely did not take the message. A hop of weight 0 only stands by.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from signet import phones
from signet.limits import Channel, Kind

# The carriers in AWS, and those outside it, which need credentials.
AWS = ("sns", "end-user-messaging")
OUTSIDE = ("alibaba", "tencent", "twilio", "webhook")
# What `OtherCarriers` in template.yaml opens beside the deployment's own carrier.
_OTHERS = {"none": (), "aws": AWS, "outside": OUTSIDE, "all": (*AWS, *OUTSIDE)}

_WEBHOOK = "webhook"
FULL_WEIGHT = 100


class Hop(NamedTuple):
    """A carrier of a rule: its part of the messages, and whom they come from (None: its own)."""

    carrier: str
    weight: int = FULL_WEIGHT
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Which hops there are for what; None fits everything. `country` is a dial code ("86")."""

    hops: tuple[Hop, ...]
    country: str | None = None
    kind: Kind | None = None
    app_id: str | None = None
    channel: Channel = Channel.SMS

    @property
    def precision(self) -> int:
        """How precise the rule is: the higher of two that fit counts."""
        return 4 * bool(self.app_id) + 2 * bool(self.country) + bool(self.kind)

    def fits(self, wanted: "Wanted") -> bool:
        """Whether the rule is about this message."""
        return (
            self.channel is wanted.channel
            and self.kind in (None, wanted.kind)
            and self.app_id in (None, wanted.app_id)
            and (self.country is None or self.country == phones.dial_code(wanted.phone))
        )


class Wanted(NamedTuple):
    """What is to be routed; `phone` is E.164."""

    app_id: str
    phone: str
    kind: Kind
    channel: Channel = Channel.SMS


def family(carrier: str) -> str:
    """The carrier's kind: several gateways of one's own (webhook-b) are all `webhook`."""
    name = carrier.removeprefix(f"{_WEBHOOK}-")
    is_name = name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 16
    return _WEBHOOK if is_name and name != carrier else carrier


def usable(own: str, others: str) -> tuple[str, ...]:
    """The carriers that this deployment can use: its own first, then what `OtherCarriers` opens."""
    return tuple(dict.fromkeys((own, *_OTHERS[others])))


def speaks(carrier: str, phone: str) -> bool:
    """Whether the carrier makes voice calls to an E.164 number.

    The mainland's carriers call the mainland; AWS and Twilio do not, and call elsewhere.
    """
    in_mainland = phones.dial_code(phone) == str(phones.MAINLAND)
    match family(carrier):
        case "alibaba" | "tencent":
            return in_mainland
        case "twilio" | "end-user-messaging":
            return not in_mainland
        case "webhook":
            return True
    return False


def hops(rules: Sequence[Rule], wanted: Wanted, *, own: str) -> tuple[Hop, ...]:
    """The hops of the most precise rule that fits, or the deployment's own carrier.

    Of a voice call only those that can make it: none, where there is no such carrier.
    """
    best = _best([rule for rule in rules if rule.fits(wanted)], own)
    if wanted.channel is Channel.VOICE:
        return tuple(hop for hop in best.hops if speaks(hop.carrier, wanted.phone))
    return best.hops


def leading(hops: Sequence[Hop]) -> str | None:
    """The carrier that gets most of such messages; None where there are no hops."""
    first = max(hops, key=lambda hop: hop.weight, default=None)
    return first.carrier if first else None


def by_country(
    rules: Sequence[Rule], *, app_id: str, kind: Kind | None, own: str
) -> dict[str | None, list[str]]:
    """The carriers that the texts of a kind of an app may go by: dial code -> names.

    The mainland is always told; None is every country that is not.
    """
    fitting = [
        rule
        for rule in rules
        if rule.channel is Channel.SMS
        and rule.kind in (None, kind)
        and rule.app_id in (None, app_id)
    ]
    found: dict[str | None, list[str]] = {}
    for country in (None, str(phones.MAINLAND), *(rule.country for rule in fitting)):
        best = _best([rule for rule in fitting if rule.country in (None, country)], own)
        found[country] = [hop.carrier for hop in best.hops]
    return found


def ordered(
    hops: Sequence[Hop], share: Callable[[str], int], *, draw: Callable[[int], int]
) -> list[Hop]:
    """The hops in the order in which they are tried.

    `share(carrier)` is the part of its weight, in percent, that a carrier has kept in health;
    `draw(n)` gives a number below n. What an ailing carrier loses goes to the others by weight,
    or, where they only stand by, to the next one.
    """
    if len(hops) < 2:
        return list(hops)
    first = _drawn(hops, [hop.weight for hop in hops], draw)
    if draw(100) >= share(first.carrier):
        first = _other(hops, first, share, draw)
    return [first, *(hop for hop in hops if hop is not first)]


def shown(rule: Rule) -> dict[str, Any]:
    """A rule as JSON has it, here and in the table."""
    return asdict(rule) | {"hops": [hop._asdict() for hop in rule.hops]}


def read(stored: Mapping[str, Any]) -> Rule:
    """A rule as `shown` wrote it."""
    hops = (Hop(hop["carrier"], int(hop["weight"]), hop["sender"]) for hop in stored["hops"])
    return Rule(
        hops=tuple(hops),
        country=stored["country"],
        kind=Kind(stored["kind"]) if stored["kind"] else None,
        app_id=stored["app_id"],
        channel=Channel(stored["channel"]),
    )


def _best(fitting: Sequence[Rule], own: str) -> Rule:
    if not fitting:
        return Rule((Hop(own),))
    return max(fitting, key=lambda rule: rule.precision)


def _drawn(hops: Sequence[Hop], weights: Sequence[int], draw: Callable[[int], int]) -> Hop:
    place = draw(max(1, sum(weights)))
    for hop, weight in zip(hops, weights, strict=True):
        if place < weight:
            return hop
        place -= weight
    return hops[0]


def _other(
    hops: Sequence[Hop], ailing: Hop, share: Callable[[str], int], draw: Callable[[int], int]
) -> Hop:
    """Who steps in: the healthy by weight, else the one that has kept most, else nobody."""
    others = [hop for hop in hops if hop is not ailing]
    best = max(share(hop.carrier) for hop in others)
    if best <= share(ailing.carrier):
        return ailing
    able = [hop for hop in others if share(hop.carrier) == best]
    return _drawn(able, [hop.weight for hop in able], draw)
