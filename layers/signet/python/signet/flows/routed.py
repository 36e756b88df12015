"""Which carriers a message goes through in a deployment, and what their answers count for."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from signet import health, phones, routes
from signet.carriers import Accepted
from signet.edge import settings
from signet.errors import Unavailable
from signet.health import Count
from signet.limits import Channel
from signet.messages import Message
from signet.routes import Hop, Wanted
from signet.store import callbacks, deployment
from signet.store.carrier_health import HEALTH
from signet.tries import Outcome, Try

log = logging.getLogger(__name__)


def hops(message: Message) -> list[Hop]:
    """The hops of the message's route, in the order in which they are asked now."""
    country = phones.dial_code(message.phone)
    return routes.ordered(
        _of_route(message), lambda carrier: HEALTH.share(carrier, country), draw=secrets.randbelow
    )


def rescuers(message: Message) -> list[tuple[Hop, Channel]]:
    """Who else could bring the message's code: carriers not asked yet, then voices."""
    by_text, calls = (hops(replace(message, channel=channel)) for channel in Channel)
    texts = [hop for hop in by_text if hop.carrier not in message.carriers]
    return [*((hop, Channel.SMS) for hop in texts), *((hop, Channel.VOICE) for hop in calls)]


def count(message: Message, told: Try) -> None:
    """Count a carrier's answer, where there is another carrier to choose."""
    if len(_of_route(message)) < 2 and not told.is_rescue:
        return
    country = phones.dial_code(message.phone)
    failed = told.outcome is not Outcome.ACCEPTED
    HEALTH.count(told.carrier, country, Count.FAILED if failed else Count.ACCEPTED, told.at)
    if told.milliseconds >= health.SLOW_MILLISECONDS and not failed:
        HEALTH.count(told.carrier, country, Count.SLOW, told.at)


def taken(message: Message, told: Try, accepted: Accepted) -> None:
    """Remember the carrier's id where its receipts will not name our message.

    The message is on its way: what cannot be remembered must not look like a failure to send.
    """
    if accepted.is_echoed:
        return
    try:
        callbacks.remember(
            told.carrier,
            accepted.carrier_message_id,
            message.ref,
            now=datetime.fromtimestamp(told.at, UTC),
        )
    except Unavailable:
        log.error("receipts_will_be_lost", extra={"message_id": message.ref.message_id})


def _of_route(message: Message) -> Sequence[Hop]:
    wanted = Wanted(message.ref.app_id, message.phone, message.kind, message.channel)
    return routes.hops(deployment.route_rules(), wanted, own=settings.value("SIGNET_CARRIER"))
