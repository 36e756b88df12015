"""The rules of marketing at the moment of sending, on the records of a deployment."""

from datetime import datetime

from signet import marketing, quiet_hours
from signet.marketing import Verdict
from signet.messages import Message
from signet.store import marketing as apps_marketing
from signet.store import opt_outs


def verdict(app_id: str, phone: str, key: str, now: datetime) -> Verdict:
    """What becomes now of a marketing message to the number, whose hours `key` names.

    Raises Unavailable: what cannot be looked up is not sent.
    """
    facts = apps_marketing.facts(app_id)
    return marketing.verdict(facts, key, is_out=lambda: opt_outs.is_out(app_id, phone), now=now)


def of_message(message: Message, now: datetime) -> Verdict:
    """The same of a recorded message, by the zone that its number tells."""
    key = quiet_hours.zone_of(message.phone)
    return verdict(message.ref.app_id, message.phone, key, now)
