"""Running a campaign: step by step, each of which releases a little and says which may follow.

    another step may go on, or none               nothing
    the app may not send it any more, its plan is gone, too much fails → paused
    rows are left and their hours are on          a few are queued, at most ten seconds of the pace
                                                  ahead of what has an outcome
    rows are left, no hours are on                asleep until they begin
    all are queued                                waits for their outcomes; what has none for long
                                                  is queued once more, and finds its record
    all have an outcome                           finished, and paid back what was not used
    it was cancelled                              the same, once nobody is at it any more

A step is recorded after what it released, under the condition that it is the one that may go on.
What dies in between releases the same rows again, which the records make harmless; what dies
before the next step is queued is woken by the sweeper, by `due_at`. Of two steps with one token
one is recorded, and the other's successor is nobody's.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from signet import campaigns, days, releases, timetables
from signet.campaigns import Campaign, Place, Plan, Row, Run, State, Why
from signet.charges import Charge
from signet.edge.campaign_queue import Step
from signet.edge.queue import QueueUnavailable
from signet.errors import Missing
from signet.limits import Kind
from signet.marketing import Facts
from signet.releases import STEP, Heard, Look, Work
from signet.store.campaigns import Overtaken

log = logging.getLogger(__name__)

# A queue message that nobody finished comes back after 120 s; what has no outcome then is lost.
_LOST_AFTER = 150
_MOST_REWINDS = 5
# The sweeper takes a step for lost this much after it was due.
_GRACE = 60
# A share of a few means nothing: a tenth of the window must have been sent.
_LEAST_OF_WINDOW = 10


@dataclass(frozen=True, slots=True)
class Book:
    """What steps read and write; see the stores of these names, and `edge.campaign_queue`.

    `paid(app id, campaign id, run, parts=…)` is rows and micros. `pay_back(writes, charge)` joins
    the transaction that ends a run. `close(campaign, plan, rows)` ends what was begun of these
    rows, see `flows.close_campaign`; False while one is being sent.
    """

    campaign: Callable[[str, str], Campaign]
    change: Callable[..., Campaign]
    record_step: Callable[[Campaign, Campaign], None]
    plan: Callable[[str], Plan]
    works: Callable[[str, str, int, Iterable[int]], Mapping[int, Work]]
    heards: Callable[[str, str, int, Iterable[int]], Mapping[int, Heard]]
    facts: Callable[[str], Facts]
    put_deliveries: Callable[[str, Sequence[Row]], None]
    put_step: Callable[..., None]
    paid: Callable[..., tuple[int, int]]
    pay_back: Callable[[Any, Charge], None]
    close: Callable[[Campaign, Plan, Sequence[Row]], bool]


def step(asked: Step, book: Book, *, now: datetime) -> None:
    """Bring a run one step on, and queue the next. Raises QueueUnavailable and Unavailable."""
    try:
        campaign = book.campaign(asked.app_id, asked.campaign_id)
    except Missing:
        return
    run = campaign.run
    if run is None or run.token != asked.token or run.settled:
        return
    try:
        plan = book.plan(run.plan_key)
    except Missing:
        _end_without_plan(campaign, run, book, now)
        return
    numbers = [number for parts in releases.under_way(run, plan) for number in parts]
    works = book.works(campaign.app_id, campaign.campaign_id, run.number, numbers)
    look = releases.looked_at(campaign, run, plan, works, now)
    if campaign.state is State.CANCELLED:
        _end_cancelled(look, book)
    elif campaign.state is State.RUNNING:
        _go_on(look, book)


def rewound(
    campaign: Campaign,
    run: Run,
    plan: Plan,
    works: Callable[[str, str, int, Iterable[int]], Mapping[int, Work]],
    heards: Callable[[str, str, int, Iterable[int]], Mapping[int, Heard]],
) -> Run:
    """The run as it goes on after a pause: from the first row of each zone without an outcome.

    What failed so far was looked at by whoever resumes it, and pauses it no second time.
    """
    groups = plan.groups()
    begun = [
        range(parts.start, min(place.part + 1, parts.stop))
        for place, parts in zip(run.places, groups, strict=True)
    ]
    numbers = [number for parts in begun for number in parts]
    found = works(campaign.app_id, campaign.campaign_id, run.number, numbers)
    firsts = releases.first_open(begun, plan, found)
    left = [n for n in numbers if 0 < releases.noted(found[n]) < plan.parts[n].rows]
    heard = heards(campaign.app_id, campaign.campaign_id, run.number, left)
    return replace(
        run,
        token=campaigns.new_token(),
        places=tuple(Place(first, 0) for first in firsts),
        firsts=firsts,
        recent=(),
        forgiven=tuple((n, *releases.counts(found[n], heard[n])) for n in left),
        rewound=0,
    )


def pause(campaign: Campaign, why: Why, change: Callable[..., Campaign]) -> None:
    """Pause a campaign by `store.campaigns.change`, unless its run is another one by now."""
    number = campaign.run.number if campaign.run else None

    def paused(seen: Campaign) -> Campaign:
        is_same = seen.run is not None and seen.run.number == number
        if seen.state is not State.RUNNING or not is_same:
            return seen
        return replace(seen, state=State.PAUSED, why=why, due_at=None)

    change(campaign.app_id, campaign.campaign_id, paused)
    log.warning("campaign_paused", extra={"campaign_id": campaign.campaign_id, "reason": why.value})


def _go_on(look: Look, book: Book) -> None:
    campaign = look.campaign
    facts = book.facts(campaign.app_id)
    why = _why_not(campaign, facts) or _too_much(look, book)
    if why:
        pause(campaign, why, book.change)
        return
    if look.run.noted >= look.plan.rows:
        _end(look, book)
        return
    if look.outstanding and look.quiet_for > _LOST_AFTER:
        _rewind(look, book)
        return
    if look.is_released:
        _record(look, look.run, book, delay=2 if look.quiet_for < 30 else 10)
        return
    left = releases.unreleased(look.run, look.plan)
    opens = {zone: releases.opens_at(look, zone, facts) for zone in left}
    open_zones = {zone for zone, at in opens.items() if at is None}
    rows, run = releases.cut(look, open_zones)
    if rows:
        book.put_deliveries(campaign.app_id, rows)
        _record(look, replace(run, released_at=look.seconds), book, delay=_pace_delay(campaign))
    elif open_zones:
        # Past rows that have an outcome, or as far ahead as it may be.
        _record(look, run, book, delay=1)
    else:
        soonest = min(int(at.timestamp()) for at in opens.values() if at)
        _record(look, run, book, delay=max(1, soonest - look.seconds))


def _why_not(campaign: Campaign, facts: Facts) -> Why | None:
    """Why the app may not send the campaign any more."""
    if not facts.sms:
        return Why.SMS_OFF
    if campaign.content.kind is Kind.MARKETING and not facts.company:
        return Why.NO_COMPANY
    return None


def _too_much(look: Look, book: Book) -> Why | None:
    """Whether too much of what was sent last failed, or ended in an opt-out."""
    campaign, run, stops = look.campaign, look.run, look.campaign.stops
    if not run.recent:
        return None
    place = (campaign.app_id, campaign.campaign_id, run.number, run.recent)
    sent, failures, opt_outs = releases.window(
        run, look.plan, stops.window, book.works(*place), book.heards(*place)
    )
    if sent * _LEAST_OF_WINDOW < stops.window:
        return None
    if failures * 1000 >= stops.failures * sent:
        return Why.FAILURES
    return Why.OPT_OUTS if opt_outs * 1000 >= stops.opt_outs * sent else None


def _rewind(look: Look, book: Book) -> None:
    """Release anew what nobody seems to be at."""
    run = look.run
    if run.rewound >= _MOST_REWINDS:
        pause(look.campaign, Why.STUCK, book.change)
        return
    log.warning("campaign_rewound", extra={"campaign_id": look.campaign.campaign_id})
    places = tuple(
        min(place, Place(first, 0)) for place, first in zip(run.places, run.firsts, strict=True)
    )
    anew = replace(run, places=places, rewound=run.rewound + 1, noted_at=look.seconds)
    _record(look, anew, book, delay=1)


def _end_cancelled(look: Look, book: Book) -> None:
    """End what was begun, once nobody is at it, and pay back the rest."""
    if book.close(look.campaign, look.plan, list(releases.open_rows(look))):
        _end(look, book)
        return
    due_at = look.seconds + _GRACE

    def later(seen: Campaign) -> Campaign:
        return replace(seen, due_at=due_at)

    book.change(look.campaign.app_id, look.campaign.campaign_id, later)


def _end_without_plan(campaign: Campaign, run: Run, book: Book, now: datetime) -> None:
    """Pause what has nothing to send, thirty days after it was planned, or end it for good."""
    if campaign.state is State.RUNNING:
        pause(campaign, Why.PLAN_GONE, book.change)
    elif campaign.state is State.CANCELLED:
        # Whatever was under way when it was paused is long over.
        _settle(campaign, run, book, now)


def _end(look: Look, book: Book) -> None:
    _settle(look.campaign, look.run, book, look.now)


def _settle(campaign: Campaign, run: Run, book: Book, now: datetime) -> None:
    """End the run, and pay back what was reserved for rows that were not sent."""
    place = (campaign.app_id, campaign.campaign_id, run.number)
    rows, micros = book.paid(*place, parts=run.parts)
    rest = Charge(
        app_id=campaign.app_id,
        micros=run.reserved - micros,
        day=days.of(now),
        shard=run.balance_shard,
        messages=run.rows - rows,
    )

    def ended(seen: Campaign) -> Campaign:
        if seen.run is None or seen.run.settled or seen.run.number != run.number:
            return seen
        if seen.state is not campaign.state:
            raise Overtaken
        last = replace(run, token=seen.run.token, settled=True, finished_at=int(now.timestamp()))
        after = _state_after(seen)
        due_at = None
        if after is State.SCHEDULED:
            due_at = timetables.overdue_at(seen.schedule, now=now)
        return replace(seen, run=last, state=after, due_at=due_at)

    def pay_back(writes: Any, _: Campaign) -> None:
        if rest.messages:
            book.pay_back(writes, rest)

    book.change(campaign.app_id, campaign.campaign_id, ended, also=pay_back)
    log.info("campaign_ended", extra={"campaign_id": campaign.campaign_id})


def _state_after(campaign: Campaign) -> State:
    if campaign.state is State.CANCELLED:
        return State.CANCELLED
    return State.SCHEDULED if campaign.schedule.cron else State.FINISHED


def _record(look: Look, run: Run, book: Book, *, delay: int) -> None:
    """Record the step, then queue the next one, unless that is so late that the sweeper does."""
    after = replace(run, token=campaigns.new_token())
    is_soon = delay <= _GRACE
    due_at = look.seconds + delay + (_GRACE if is_soon else 0)
    campaign = look.campaign
    try:
        book.record_step(campaign, replace(campaign, run=after, due_at=due_at))
    except Overtaken:
        return
    if is_soon:
        try:
            following = Step(campaign.app_id, campaign.campaign_id, after.token)
            book.put_step(following, delay=delay)
        except QueueUnavailable:
            log.warning("queue_unavailable", extra={"campaign_id": campaign.campaign_id})


def _pace_delay(campaign: Campaign) -> int:
    return 0 if campaign.pace is None else STEP
