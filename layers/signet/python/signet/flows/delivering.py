"""What deliveries run on in a deployment: records, codes, keys and texts."""

from datetime import datetime

from signet.edge import secrets
from signet.flows.deliver import Records
from signet.flows.rescue import Rescues
from signet.marketing import Verdict
from signet.messages import Message
from signet.store import messages, phones, templates


def verdict(message: Message, now: datetime) -> Verdict:
    """What the rules say of a marketing message now. Raises Unavailable."""
    from signet.flows import marketing_rules  # zones, which senders of codes never need

    return marketing_rules.of_message(message, now)


RECORDS = Records(
    get=messages.get,
    claim=messages.claim,
    ask_next=messages.ask_next,
    accepted=messages.accepted,
    refused=messages.refused,
    unconfirmed=messages.unconfirmed,
    lost=messages.lost,
    expired=messages.expired,
    pin_key=phones.pin_key,
    keyring=secrets.keyring,
    verdict=verdict,
    hold=messages.hold,
    template_text=templates.text,
)
RESCUES = Rescues(
    claim=messages.claim_rescue,
    told=messages.told_of_rescue,
    close=messages.close,
    count_call=phones.count_call,
)
