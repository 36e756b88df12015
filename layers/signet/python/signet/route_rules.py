"""Rules of routes as an operator writes them: what they may say, and nothing else."""

import re
from collections.abc import Sequence

from signet import fields
from signet.errors import BadParameter
from signet.fields import Body
from signet.limits import Channel, Kind
from signet.routes import FULL_WEIGHT, Hop, Rule, family

_DIAL = re.compile(r"[1-9][0-9]{0,2}")
_SENDER = re.compile(r"[\w+.: /-]{1,64}", re.ASCII)
_FIELDS = ("country", "kind", "app_id", "channel", "hops")
_HOP_FIELDS = ("carrier", "weight", "sender")
_MOST_RULES, _MOST_HOPS = 100, 6


def parse(body: Body, *, usable: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that an operator writes. Raises BadParameter, naming the field."""
    fields.only(body, ("rules",))
    given = body.get("rules")
    if not isinstance(given, list) or len(given) > _MOST_RULES:
        raise BadParameter(f"rules must be a list of at most {_MOST_RULES}.")
    rules = tuple(_rule(one, usable) for one in given)
    places = {(rule.country, rule.kind, rule.app_id, rule.channel) for rule in rules}
    if len(places) < len(rules):
        raise BadParameter("rules has two for the same country, kind, app and channel.")
    return rules


def _rule(given: object, usable: Sequence[str]) -> Rule:
    if not isinstance(given, dict):
        raise BadParameter("Each of rules must be an object.")
    fields.only(given, _FIELDS)
    kind = fields.text_or_none(given, "kind", longest=20)
    channel = fields.text_or_none(given, "channel", longest=10) or Channel.SMS.value
    country = fields.text_or_none(given, "country", longest=4)
    if kind is not None and kind not in list(Kind):
        raise BadParameter(f"kind must be null or one of: {', '.join(Kind)}.")
    if channel not in list(Channel):
        raise BadParameter("channel must be sms or voice.")
    if country is not None and not _DIAL.fullmatch(country):
        raise BadParameter('country must be null or a dial code such as "86".')
    return Rule(
        hops=_hops(given, usable),
        country=country,
        kind=Kind(kind) if kind else None,
        app_id=fields.text_or_none(given, "app_id", longest=64),
        channel=Channel(channel),
    )


def _hops(given: Body, usable: Sequence[str]) -> tuple[Hop, ...]:
    listed = given.get("hops")
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST_HOPS:
        raise BadParameter(f"hops must be a list of 1 to {_MOST_HOPS}.")
    hops = tuple(_hop(one, usable) for one in listed)
    if len({hop.carrier for hop in hops}) < len(hops):
        raise BadParameter("hops names a carrier twice.")
    if not any(hop.weight for hop in hops):
        raise BadParameter("hops needs one of weight 1 or more.")
    return hops


def _hop(given: object, usable: Sequence[str]) -> Hop:
    if not isinstance(given, dict):
        raise BadParameter("Each of hops must be an object.")
    fields.only(given, _HOP_FIELDS)
    carrier = fields.text(given, "carrier", longest=32)
    if family(carrier) not in usable:
        raise BadParameter(f"carrier must be one that this deployment uses: {', '.join(usable)}.")
    sender = fields.text_or_none(given, "sender", longest=64)
    if sender is not None and not _SENDER.fullmatch(sender):
        raise BadParameter("sender must be a number, a sender id or a pool.")
    weight = FULL_WEIGHT
    if "weight" in given:
        weight = fields.whole(given, "weight", least=0, most=FULL_WEIGHT)
    return Hop(carrier, weight, sender)
