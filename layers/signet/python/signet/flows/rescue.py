"""Rescuing a code of which nothing was heard: the same code once more, another way, unpaid.

Only for apps that want it, and only where the carrier that took it usually reports. One claim lets
it happen once; the carriers that follow in the route are asked, then those that can call.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signet.flows.asking import Handing, Routing, ask
from signet.flows.deliver import Records, RetryLater, code_of, new_claim, outgoing_message
from signet.limits import Channel
from signet.messages import RESCUE_AFTER, Claim, Message, MessageRef
from signet.routes import Hop
from signet.store.messages import NotClaimed
from signet.tries import MOST

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rescues:
    """What a rescue writes; `count_call` is False where a limit forbids one more call."""

    claim: Callable[[Message, Claim], None]
    told: Callable[..., None]
    close: Callable[[Message], None]
    count_call: Callable[[Message, int], bool]


def rescue(
    ref: MessageRef,
    routing: Routing,
    records: Records,
    rescues: Rescues,
    *,
    now: Callable[[], datetime],
) -> None:
    """Send the message's code once more, unless something was heard of it.

    Raises RetryLater when it is too early to tell, and UnknownMessage.
    """
    message = records.get(ref)
    if not message.wants_rescue:
        return
    seconds = int(now().timestamp())
    if seconds < message.sent_at + int(RESCUE_AFTER.total_seconds()):
        raise RetryLater(attempts=1)
    ways = routing.rescuers(message)
    code = code_of(message, records) if ways and message.expires_at > seconds else None
    if code is None:
        rescues.close(message)
        return
    attempt = new_claim(message.attempts)
    try:
        rescues.claim(message, attempt)
    except NotClaimed:
        return
    handings = {
        channel: _handing(message, channel, code, routing, records, now=now)
        for channel in {channel for _, channel in ways}
    }
    _send(attempt, ways, handings, rescues)


def _handing(
    message: Message,
    channel: Channel,
    code: str,
    routing: Routing,
    records: Records,
    *,
    now: Callable[[], datetime],
) -> Handing:
    outgoing = outgoing_message(replace(message, channel=channel), code, records)
    return Handing(message, outgoing, routing, now, is_rescue=True)


def _send(
    attempt: Claim,
    ways: Sequence[tuple[Hop, Channel]],
    handings: Mapping[Channel, Handing],
    rescues: Rescues,
) -> None:
    """Ask one after another, until one of them does not surely refuse."""
    for hop, channel in ways:
        handing = handings[channel]
        message = handing.message
        if attempt.number > MOST or not handing.routing.may_start():
            return
        if channel is Channel.VOICE and not rescues.count_call(message, handing.seconds):
            continue
        log.info("rescue", extra={"message_id": message.ref.message_id, "carrier": hop.carrier})
        answer = ask(hop, handing)
        rescues.told(message, attempt, answer.told)
        if not answer.refusal:
            return
        attempt = new_claim(attempt.number)
