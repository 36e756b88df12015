"""Delivering messages of campaigns: the rules of this moment, the record, claimed, the carriers.

    the campaign does not run now                 nothing: it is released again when it goes on
    its row has an outcome                        nothing
    outside the hours of its zone                 nothing: it is released again when they begin
    opted out, or its app's cap is reached        that is its outcome; what was begun of it, and
                                                  not handed over, ends
    no carrier carries it                         the same
    else                                          recorded and handed over, once

The record is made under an id that follows from campaign, run and number, so whatever is queued
twice, or killed between two steps, finds what was begun, and goes on as for any other message.
What becomes of the rows of one invocation is noted at its end; a row of which nothing was noted
is released again, and finds its record.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signet import campaigns, marketing
from signet.campaigns import Campaign, Outcome, Plan, Recipient, Row, Run, Why
from signet.edge.campaign_queue import Delivery
from signet.errors import Missing
from signet.flows.asking import Routing
from signet.flows.deliver import Records, deliver
from signet.limits import Channel, Kind
from signet.marketing import OPTED_OUT, Cap, Facts, Hold, Verdict
from signet.messages import NOTIFICATION_LIFE, Message, MessageRef, State
from signet.releases import Work
from signet.store.messages import AlreadyRecorded, UnknownMessage

log = logging.getLogger(__name__)

# A pause takes effect within five seconds (design.md 5), in the middle of a batch, too.
_FRESH_SECONDS = 2.0
# What a row came to whose message is in that state.
OUTCOMES = {
    State.AWAITING_RECEIPT: Outcome.SENT,
    State.DELIVERED: Outcome.SENT,
    State.UNDELIVERED: Outcome.SENT,
    State.VERIFIED: Outcome.SENT,
    State.UNCONFIRMED: Outcome.UNCONFIRMED,
    State.CALL_FAILED: Outcome.FAILED,
    State.EXPIRED: Outcome.FAILED,
}


class _NoCarrier(Exception):
    """Nobody carries the message; nothing of it is recorded."""


@dataclass(frozen=True, slots=True)
class Book:
    """What campaigns' deliveries read and write; see the stores of these names, and `edge.plans`.

    `is_out(app_id, phone)`, `count(app_id, phone, cap, message_id, now=…)`; `pause` is
    `run_campaign.pause`.
    """

    campaign: Callable[[str, str], Campaign]
    plan: Callable[[str], Plan]
    recipients: Callable[[str, int], Sequence[Recipient]]
    works: Callable[[str, str, int, Iterable[int]], Mapping[int, Work]]
    note: Callable[..., None]
    facts: Callable[[str], Facts]
    is_out: Callable[[str, str], bool]
    count: Callable[..., bool]
    record_claimed: Callable[..., None]
    pause: Callable[[Campaign, Why], None]


class Batch:
    """The campaigns' messages of one invocation: what they share is read once."""

    def __init__(
        self, book: Book, routing: Routing, records: Records, *, now: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._routing = routing
        self._records = records
        self._now = now
        self._campaigns: dict[tuple[str, ...], tuple[float, Campaign | None]] = {}
        self._works: dict[tuple[str, Row], Work] = {}
        self._outcomes: dict[tuple[str, Row, int], dict[Outcome, set[int]]] = {}

    def deliver(self, delivery: Delivery, *, queued_at: int | None = None) -> None:
        """Send the message of a row, or note why not. Raises RetryLater as `deliver` does."""
        campaign = self._running(delivery)
        if campaign is None or campaign.run is None or self._has_outcome(delivery):
            return
        row = delivery.row
        try:
            plan = self._book.plan(campaign.run.plan_key)
            recipient = self._book.recipients(campaign.run.plan_key, row.part)[row.row]
        except Missing:
            # Thirty days old, or not what was planned.
            self._book.pause(campaign, Why.PLAN_GONE)
            self._campaigns.clear()
            return
        message = message_of(campaign, campaign.run, plan, row, recipient, now=self._now())
        outcome: Outcome | None = None
        verdict: Verdict = None
        if campaign.content.kind is Kind.MARKETING:
            zone = plan.zones[plan.parts[row.part].zone]
            facts = self._book.facts(campaign.app_id)
            verdict = self._verdict(facts, zone, message)
            if isinstance(verdict, Hold) or (verdict and verdict.reason != OPTED_OUT):
                return
            outcome = Outcome.OPTED_OUT if verdict else self._over_the_cap(message, facts.cap)
        if outcome is None or self._is_recorded(message.ref):
            outcome = self._sent(message, verdict, queued_at)
        if outcome:
            place = (*_place(delivery), message.price)
            self._outcomes.setdefault(place, {}).setdefault(outcome, set()).add(row.row)

    def note(self) -> None:
        """Note what became of the rows."""
        seconds = int(self._now().timestamp())
        for (app_id, part, price), outcomes in self._outcomes.items():
            self._book.note(app_id, part, outcomes, price=price, now=seconds)
        self._outcomes.clear()

    def _running(self, delivery: Delivery) -> Campaign | None:
        """The campaign, if the run that wants this message goes on."""
        campaign = self._campaign(delivery.app_id, delivery.row.campaign_id)
        if campaign is None or campaign.run is None:
            return None
        goes_on = campaign.state is campaigns.State.RUNNING
        return campaign if goes_on and campaign.run.number == delivery.row.run else None

    def _campaign(self, *key: str) -> Campaign | None:
        """The campaign, as it was two seconds ago at most: carriers take their time."""
        seconds = self._routing.seconds()
        read_at, campaign = self._campaigns.get(key, (0.0, None))
        if key not in self._campaigns or seconds - read_at > _FRESH_SECONDS:
            try:
                campaign = self._book.campaign(*key)
            except Missing:
                campaign = None
            self._campaigns[key] = (seconds, campaign)
        return campaign

    def _has_outcome(self, delivery: Delivery) -> bool:
        place, row = _place(delivery), delivery.row
        if place not in self._works:
            found = self._book.works(delivery.app_id, row.campaign_id, row.run, [row.part])
            self._works[place] = found[row.part]
        return any(row.row in rows for rows in self._works[place].values())

    def _verdict(self, facts: Facts, zone: str, message: Message) -> Verdict:
        def is_out() -> bool:
            return self._book.is_out(message.ref.app_id, message.phone)

        return marketing.verdict(facts, zone, is_out=is_out, now=self._now())

    def _over_the_cap(self, message: Message, cap: Cap | None) -> Outcome | None:
        if cap is None:
            return None
        app_id, message_id = message.ref.app_id, message.ref.message_id
        is_within = self._book.count(app_id, message.phone, cap, message_id, now=self._now())
        return None if is_within else Outcome.CAPPED

    def _is_recorded(self, ref: MessageRef) -> bool:
        """Whether it was begun before: then it goes on, whatever the rules say now."""
        try:
            self._records.get(ref)
        except UnknownMessage:
            return False
        return True

    def _sent(self, message: Message, verdict: Verdict, queued_at: int | None) -> Outcome | None:
        """What came of sending it, or of having sent it; None while somebody else is at it.

        By the verdict ends what was begun, and not handed over yet.
        """
        ref, routing, now = message.ref, self._routing, self._now
        fresh = replace(
            self._records,
            get=lambda _: message,
            claim=self._book.record_claimed,
            expired=_never_begun,
            verdict=lambda *_: None,
        )
        begun = replace(
            self._records,
            get=lambda ref: replace(self._records.get(ref), variables=message.variables),
            verdict=lambda *_: verdict,
        )
        try:
            first = begun if verdict else fresh
            state = deliver(ref, routing, first, now=now, queued_at=queued_at)
        except AlreadyRecorded:
            state = deliver(ref, routing, begun, now=now)
        except _NoCarrier:
            return Outcome.NO_CARRIER
        return OUTCOMES.get(state) if state else None


def message_of(
    campaign: Campaign, run: Run, plan: Plan, row: Row, recipient: Recipient, *, now: datetime
) -> Message:
    """The message to one recipient, as nobody has sent it yet."""
    content, part = campaign.content, plan.parts[row.part]
    seconds = int(now.timestamp())
    return Message(
        ref=MessageRef(campaign.app_id, campaigns.message_id(campaign, run, recipient.phone)),
        phone=recipient.phone,
        kind=content.kind,
        channel=Channel.SMS,
        purpose=None,
        signature=content.signature,
        signature_text=content.signature_text,
        created_at=seconds,
        expires_at=seconds + int(NOTIFICATION_LIFE.total_seconds()),
        nonce_tag=None,
        segments=part.segments,
        price=part.price,
        balance_shard=run.balance_shard,
        template=content.template,
        template_version=content.template_version,
        variables={**plan.constants, **recipient.variables},
        events=run.events,
        plain=part.plain,
        campaign=row.packed(),
    )


def _never_begun(*_: object) -> None:
    raise _NoCarrier


def _place(delivery: Delivery) -> tuple[str, Row]:
    return delivery.app_id, delivery.row._replace(row=0)
