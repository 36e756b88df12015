"""What sends run on in a deployment: words, limits, balance and queue; and who asks for them."""

from datetime import datetime
from typing import Any

from signet import addresses, routes
from signet.edge import http, queue, settings
from signet.flows.send_message import Caller, Stores
from signet.flows.shielding import Shield
from signet.messages import Message
from signet.routes import Wanted
from signet.shield import Attempt, Lock
from signet.store import apps, balances, deployment, mappings, phones, shield, templates


def record_decision(
    app_id: str, lock: Lock, attempt: Attempt, *, now: datetime, **what: Any
) -> None:
    """Keep what the shield decided; `what` as `store.decisions.of` has it. Raises Unavailable."""
    from signet.store import decisions  # few sends need it, and all wait for a cold start

    made = decisions.of(lock, attempt, now=int(now.timestamp()), **what)
    decisions.record(app_id, made, now=now)


def held(message: Message, now: datetime) -> Message:
    """A new marketing message, with when it may be sent if that is not now."""
    from signet import marketing, quiet_hours  # zones, which few sends need
    from signet.store.marketing import window

    key = quiet_hours.zone_of(message.phone)
    opens = quiet_hours.opens_at(key, now, window=window())
    return marketing.held(message, opens) if opens else message


def carrier(wanted: Wanted) -> str | None:
    """Who carries most of such messages by the routes; None where no carrier can."""
    own = settings.value("SIGNET_CARRIER")
    return routes.leading(routes.hops(deployment.settings().routes, wanted, own=own))


STORES = Stores(
    signature=apps.signature,
    template=templates.in_use,
    carrier=carrier,
    vendor_template=mappings.find,
    price_overrides=lambda: deployment.settings().prices,
    accept=phones.accept,
    accept_again=phones.accept_again,
    find_payer=balances.find_payer,
    enqueue=queue.enqueue,
    held=held,
    shield=Shield(
        container=lambda app: shield.CONTAINERS.of(app.app_id, shards=app.balance_shards),
        enforces=lambda: deployment.settings().enforces,
        record=record_decision,
        flush_if_due=shield.CONTAINERS.flush_if_due,
    ),
)


def caller(call: http.Call, proved: http.Caller) -> Caller:
    """Who asks for a send, by the call that they have proved to be theirs."""
    app, authority = proved.app, proved.authority
    address = addresses.of_person(call.source_ip, call.headers, authority, app.guard.servers)
    return Caller(app, authority, call.request_id, call.idempotency, address)
