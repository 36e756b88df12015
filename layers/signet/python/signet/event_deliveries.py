"""Deliveries: an event on its way to an app's endpoint and to the bus, and when it is tried again.

pending    → delivered   all that is owed was taken
pending    → given_up    the endpoint is gone (410), or a day has passed
either end → pending     the owner has it sent again: the same id, the same body
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from signet import events, records
from signet.events import Event

# Seconds after each try that failed; the last one goes on. The tick comes every minute.
RETRY_AFTER = (10, 60, 300, 900, 3_600, 7_200, 14_400)
GIVE_UP_AFTER = 86_400
# Whoever takes a delivery has it for so long; then somebody else may.
LEASE = 60
KEPT = 30 * 86_400
_GONE = "410"


class Target(StrEnum):
    """Where an event goes."""

    URL = "url"
    BUS = "bus"


class Standing(StrEnum):
    """See the table above."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that is owed to `owed`, and to `targets` in all. Times are epoch seconds.

    `since`: when the tries began; `due_at`: when it is tried next, None when it is not. `answer`
    is what came of the last one: an HTTP status, `bus`, or a word for what went wrong.
    """

    app_id: str
    event_id: str
    type: str
    body: str
    targets: frozenset[Target]
    owed: frozenset[Target]
    since: int
    due_at: int | None
    standing: Standing = Standing.PENDING
    attempts: int = 0
    answer: str | None = None
    answered_at: int | None = None

    @property
    def created_at(self) -> int:
        """When it happened."""
        return events.time_of(self.event_id)


def of(event: Event, targets: frozenset[Target], *, since: int, due_at: int) -> Delivery:
    """The delivery of a new event."""
    return Delivery(
        event.app_id,
        event.event_id,
        event.type.value,
        event.body,
        targets,
        targets,
        since,
        due_at,
    )


def is_taken(answer: str) -> bool:
    """Whether an endpoint that answered so has the event."""
    return len(answer) == 3 and answer.startswith("2")


def is_down(answer: str) -> bool:
    """Whether an endpoint that answered so takes nothing at all for now."""
    return not answer.isdecimal() or answer == "429" or answer.startswith("5")


def tried(delivery: Delivery, *, owed: frozenset[Target], answer: str, now: int) -> Delivery:
    """The delivery after a try that left this much owed."""
    after = replace(
        delivery, owed=owed, attempts=delivery.attempts + 1, answer=answer, answered_at=now
    )
    if not owed:
        return replace(after, standing=Standing.DELIVERED, due_at=None)
    due_at = now + RETRY_AFTER[min(delivery.attempts, len(RETRY_AFTER) - 1)]
    if answer == _GONE or due_at > delivery.since + GIVE_UP_AFTER:
        return replace(after, standing=Standing.GIVEN_UP, due_at=None)
    return replace(after, due_at=due_at)


def shown(delivery: Delivery) -> dict[str, object]:
    """The delivery as JSON has it; never with its body."""
    due_at, answered_at = delivery.due_at, delivery.answered_at
    return {
        "id": delivery.event_id,
        "type": delivery.type,
        "targets": sorted(target.value for target in delivery.targets),
        "state": delivery.standing.value,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "answered_at": records.iso(answered_at) if answered_at else None,
        "next_try_at": records.iso(due_at) if due_at else None,
        "created_at": records.iso(delivery.created_at),
    }


def again(delivery: Delivery, *, now: int) -> Delivery:
    """The delivery as an owner has it begin anew; the id and the body stay."""
    return replace(
        delivery,
        owed=delivery.targets,
        since=now,
        due_at=now,
        standing=Standing.PENDING,
        attempts=0,
    )
