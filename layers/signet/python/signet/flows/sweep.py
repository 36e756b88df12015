"""Sweeping: finish what was recorded and never finished.

    queued, too late            → expired, refunded
    queued, still useful        → queued again, looked at again a minute later
    sending, lease over         → unconfirmed
    verified, never sent        → expired, refunded
    awaits a receipt and rescue → its rescue queued, looked at again a minute later
    anything else               → taken out of the list of open messages

Every step is conditional, so two sweepers at once do nothing twice that matters: a message
queued twice is claimed once.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from signet.edge.queue import QueueUnavailable
from signet.flows.deliver import settle_lost_attempt
from signet.limits import Kind
from signet.messages import DUE_AGAIN_AFTER, Message, MessageRef, State

log = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Records:
    """What a sweep reads and writes; see `store.messages` and `edge.queue`."""

    shards: Callable[[], range]
    due: Callable[..., Iterator[Message]]
    postpone: Callable[[Message, datetime], bool]
    expired: Callable[[Message, str, datetime], None]
    lost: Callable[[Message, str, datetime], None]
    close: Callable[[Message], None]
    enqueue: Callable[[MessageRef, Kind], None]
    rescue: Callable[[MessageRef], None]


def sweep(records: Records, *, now: datetime, may_go_on: Callable[[], bool]) -> int:
    """Look at every message that is due, oldest first, while `may_go_on`; how many were."""
    seen = 0
    for shard in records.shards():
        for message in records.due(shard, now, limit=BATCH):
            if not may_go_on():
                log.warning("sweep_cut_short", extra={"seen": seen})
                return seen
            _settle(message, records, now)
            seen += 1
    return seen


def _settle(message: Message, records: Records, now: datetime) -> None:
    if message.state is State.SENDING:
        settle_lost_attempt(message, records.lost, now=now)
    elif message.was_used_unsent:
        records.expired(message, "code used", now)
    elif not (message.state is State.QUEUED or message.wants_rescue):
        records.close(message)
    elif message.expires_at <= now.timestamp():
        _give_up(message, records, now)
    elif records.postpone(message, now + DUE_AGAIN_AFTER):
        _enqueue(message, records)


def _give_up(message: Message, records: Records, now: datetime) -> None:
    if message.wants_rescue:
        records.close(message)
    else:
        records.expired(message, "expired", now)


def _enqueue(message: Message, records: Records) -> None:
    try:
        if message.wants_rescue:
            records.rescue(message.ref)
        else:
            records.enqueue(message.ref, message.kind)
    except QueueUnavailable:
        log.warning("queue_unavailable", extra={"message_id": message.ref.message_id})
