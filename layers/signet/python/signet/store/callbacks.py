"""Callbacks: what carriers called already, and which message is meant by a carrier's own id.

    pk  seen#<digest>                  sk -   a callback that was taken, for a day
    pk  sent#<carrier>#<its id>        sk -   app_id, message_id: for carriers that cannot name
                                              our message, for four days

Failure mode: closed; a callback that cannot be looked up is answered 503 and comes again.
"""

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist

from signet.messages import MessageRef
from signet.store import table
from signet.store.carriers import CarrierItem

_SEEN_FOR = timedelta(days=1)
# Receipts come within 72 hours, where they come at all.
_SENT_FOR = timedelta(days=4)
_ONLY = "-"
# DynamoDB's keys end at 2,048 bytes; no vendor's id comes near that.
_LONGEST_ID = 256


def was_taken(digest: str, now: datetime) -> bool:
    """Whether `mark_taken` was called for this digest within a day."""
    return _find(f"seen#{digest}", now) is not None


def mark_taken(digest: str, now: datetime) -> None:
    """Remember a callback of which everything was taken."""
    _save(CarrierItem(f"seen#{digest}", _ONLY), now + _SEEN_FOR)


def remember(carrier: str, carrier_message_id: str, ref: MessageRef, *, now: datetime) -> None:
    """Keep which message the carrier calls so, for receipts that name no other id."""
    item = CarrierItem(
        _sent(carrier, carrier_message_id), _ONLY, app_id=ref.app_id, message_id=ref.message_id
    )
    _save(item, now + _SENT_FOR)


def find(carrier: str, carrier_message_id: str, now: datetime) -> MessageRef | None:
    """The message that the carrier calls so; None if nobody remembers one (yet)."""
    item = _find(_sent(carrier, carrier_message_id), now)
    return MessageRef(str(item.app_id), str(item.message_id)) if item else None


def _sent(carrier: str, carrier_message_id: str) -> str:
    return f"sent#{carrier}#{carrier_message_id[:_LONGEST_ID]}"


def _save(item: CarrierItem, until: datetime) -> None:
    item.ttl = int(until.timestamp())
    table.read(item.save)


def _find(pk: str, now: datetime) -> CarrierItem | None:
    try:
        item = table.read(lambda: CarrierItem.get(pk, _ONLY, consistent_read=True))
    except DoesNotExist:
        return None
    # DynamoDB deletes late, by days.
    return item if int(item.ttl or 0) > now.timestamp() else None
