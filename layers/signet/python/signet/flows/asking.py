"""Asking a carrier to take a message: once, timed, and told to whom it concerns."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signet.carriers import (
    Accepted,
    Carrier,
    CarrierError,
    CredentialsInvalid,
    OutcomeUnknown,
    OutgoingMessage,
)
from signet.edge.settings import SettingMissing
from signet.errors import Unavailable
from signet.limits import Channel
from signet.messages import Message, MessageRef
from signet.routes import Hop
from signet.tries import Outcome, Try

log = logging.getLogger(__name__)

# Before anything was sent: another carrier may do, and this one once somebody has mended it.
_NOT_OPENED = (CredentialsInvalid, SettingMissing, Unavailable)


@dataclass(frozen=True, slots=True)
class Routing:
    """Which carriers there are for a message, and who hears of their answers.

    `hops` and `rescuers` are in the order in which they are asked. `may_start`: whether there is
    time for one more call. `taken`: a carrier took a message, under its own id. `rescue_later`: the
    code will be sent once more if nothing is heard of it. `seconds`: of a clock that only runs on.
    """

    hops: Callable[[Message], Sequence[Hop]]
    rescuers: Callable[[Message], Sequence[tuple[Hop, Channel]]]
    open: Callable[[str], Carrier]
    may_start: Callable[[], bool]
    count: Callable[[Message, Try], None]
    taken: Callable[[Message, Try, Accepted], None]
    rescue_later: Callable[[MessageRef], None]
    seconds: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Handing:
    """One message that is being handed over; `is_rescue` as in `Try`."""

    message: Message
    outgoing: OutgoingMessage
    routing: Routing
    now: Callable[[], datetime]
    is_rescue: bool = False

    @property
    def seconds(self) -> int:
        """What time it is now, in epoch seconds."""
        return int(self.now().timestamp())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: taken, refused, or (neither) nobody knows."""

    told: Try
    taken: Accepted | None = None
    refusal: CarrierError | None = None
    awaits_rescue: bool = False


def ask(hop: Hop, handing: Handing) -> Answer:
    """Hand the message to a carrier, once."""
    message, routing = handing.message, handing.routing
    start = routing.seconds()
    taken: Accepted | None = None
    failure: Exception | None = None
    reports = False
    try:
        carrier = routing.open(hop.carrier)
        reports = carrier.reports_within is not None
        taken = carrier.submit(replace(handing.outgoing, sender=hop.sender))
    except _NOT_OPENED:
        failure = CarrierError("credentials unreadable", retryable=True, asked=False)
    except (CarrierError, OutcomeUnknown) as error:
        failure = error
    told = Try(
        carrier=hop.carrier,
        outcome=_outcome(failure),
        reason=str(failure or ""),
        at=handing.seconds,
        milliseconds=int((routing.seconds() - start) * 1000),
        channel=handing.outgoing.channel,
        is_rescue=handing.is_rescue,
    )
    _tell(message, told, failure, routing)
    refusal = failure if isinstance(failure, CarrierError) else None
    if taken is None:
        return Answer(told, refusal=refusal)
    routing.taken(message, told, taken)
    awaits_rescue = message.rescue and reports and not handing.is_rescue
    if awaits_rescue:
        routing.rescue_later(message.ref)
    return Answer(told, taken, awaits_rescue=awaits_rescue)


def _outcome(failure: Exception | None) -> Outcome:
    if failure is None:
        return Outcome.ACCEPTED
    return Outcome.REFUSED if isinstance(failure, CarrierError) else Outcome.UNKNOWN


def _tell(message: Message, told: Try, failure: Exception | None, routing: Routing) -> None:
    fields = {
        "message_id": message.ref.message_id,
        "carrier": told.carrier,
        "milliseconds": told.milliseconds,
    }
    match told.outcome:
        case Outcome.ACCEPTED:
            log.info("accepted", extra=fields)
        case Outcome.REFUSED:
            log.warning("carrier_refused", extra={**fields, "reason": told.reason})
        case Outcome.UNKNOWN:
            log.error("outcome_unknown", extra={**fields, "reason": told.reason})
    if not (isinstance(failure, CarrierError) and failure.tells_nothing_of_carrier):
        routing.count(message, told)
