"""What deliveries run on in a deployment: records, codes, keys and texts."""

from signet.edge import secrets
from signet.flows.deliver import Records
from signet.flows.rescue import Rescues
from signet.store import messages, phones, templates

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
    template_text=templates.text,
)
RESCUES = Rescues(
    claim=messages.claim_rescue,
    told=messages.told_of_rescue,
    close=messages.close,
    count_call=phones.count_call,
)
