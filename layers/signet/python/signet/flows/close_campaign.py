"""Closing a cancelled campaign: what was begun of its messages, and is nobody's any more, ends.

no record                    nothing: it was never begun
queued after a refusal       expired, refunded
a sender died with it        unconfirmed
a sender is at it            not yet
it has its end               that is the row's outcome
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from signet.campaigns import Campaign, Outcome, Plan, Recipient, Row
from signet.flows.deliver import settle_lost_attempt
from signet.flows.deliver_campaign import OUTCOMES, message_of
from signet.messages import Message, MessageRef, State


@dataclass(frozen=True, slots=True)
class Book:
    """What is read and written: see the stores of these names, and `edge.plans`."""

    recipients: Callable[[str, int], Sequence[Recipient]]
    found: Callable[[Iterable[MessageRef]], list[Message]]
    expired: Callable[[Message, str, datetime], None]
    lost: Callable[[Message, str, datetime], None]
    note: Callable[..., None]


def close(
    campaign: Campaign, plan: Plan, rows: Sequence[Row], book: Book, *, now: datetime
) -> bool:
    """End the messages of these rows; False while a sender is at one of them."""
    run = campaign.run
    if run is None:
        return True
    refs: dict[MessageRef, Row] = {}
    for row in rows:
        recipient = book.recipients(run.plan_key, row.part)[row.row]
        refs[message_of(campaign, run, plan, row, recipient, now=now).ref] = row
    all_ended = True
    for message in book.found(refs):
        outcome = _ended(message, book, now)
        if outcome is None:
            all_ended = False
            continue
        row = refs[message.ref]
        noted: Mapping[Outcome, list[int]] = {outcome: [row.row]}
        price = plan.parts[row.part].price
        book.note(campaign.app_id, row, noted, price=price, now=int(now.timestamp()))
    return all_ended


def _ended(message: Message, book: Book, now: datetime) -> Outcome | None:
    if message.state is State.QUEUED:
        book.expired(message, "cancelled", now)
        return Outcome.FAILED
    if message.state is State.SENDING:
        is_lost = settle_lost_attempt(message, book.lost, now=now)
        return Outcome.UNCONFIRMED if is_lost else None
    return OUTCOMES[message.state]
