"""What sends run on in a deployment: words, limits, balance and queue."""

from signet.edge import queue
from signet.flows.send_message import Stores
from signet.store import apps, balances, deployment, mappings, phones, templates

STORES = Stores(
    signature=apps.signature,
    template=templates.in_use,
    vendor_template=mappings.for_active_carrier,
    price_overrides=lambda: deployment.settings().prices,
    accept=phones.accept,
    accept_again=phones.accept_again,
    find_payer=balances.find_payer,
    enqueue=queue.enqueue,
)
