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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from signet import campaigns, days, quiet_hours, timetables
from signet.campaigns import Campaign, Outcome, Place, Plan, Row, Run, State, Why
from signet.charges import Charge
from signet.edge.campaign_queue import Step
from signet.edge.queue import QueueUnavailable
from signet.errors import Missing
from signet.limits import Kind
from signet.marketing import Facts
from signet.store.campaign_parts import Heard, Work
from signet.store.campaigns import Overtaken

log = logging.getLogger(__name__)

# Seconds of its pace that a run is ahead of what has an outcome, and that a step lasts.
AHEAD, STEP = 10, 5
# Without a pace, rows: as many as one invocation queues in good time.
_SLICE, _MOST_AHEAD = 2_000, 4_000
# No zone is begun in the last seconds of its hours: what is queued has to be sent in them.
MARGIN = 60
# A queue message that nobody finished comes back after 120 s; what has no outcome then is lost.
_LOST_AFTER = 150
_MOST_REWINDS = 5
# The sweeper takes a step for lost this much after it was due.
_GRACE = 60
# A share of a few means nothing: a tenth of the window must have been sent.
_LEAST_OF_WINDOW = 10
_RECENT = 64
# Parts beyond those under way that a step looks at: after a rewind many of them are complete.
_READ_AHEAD = 80


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


@dataclass(frozen=True, slots=True)
class _Look:
    """A running campaign, looked at: its run as far as outcomes are known, and these.

    `works` are those of the parts that are under way, and of some beyond.
    """

    campaign: Campaign
    run: Run
    plan: Plan
    works: Mapping[int, Work]
    now: datetime

    @property
    def seconds(self) -> int:
        """What time it is, in epoch seconds."""
        return int(self.now.timestamp())

    @property
    def outstanding(self) -> int:
        """How many rows were released and have no outcome."""
        return sum(1 for _ in _open_rows(self))

    @property
    def quiet_for(self) -> int:
        """For how many seconds nothing was released, and nothing had an outcome."""
        return self.seconds - max(self.run.noted_at, self.run.released_at)

    @property
    def is_released(self) -> bool:
        """Whether every row was queued."""
        groups = self.plan.groups()
        return all(
            place.part >= parts.stop for place, parts in zip(self.run.places, groups, strict=True)
        )


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
    look = _look(campaign, run, plan, book, now)
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
    firsts = tuple(
        next((n for n in parts if _noted(found[n]) < plan.parts[n].rows), parts.stop)
        for parts in begun
    )
    left = [n for n in numbers if 0 < _noted(found[n]) < plan.parts[n].rows]
    heard = heards(campaign.app_id, campaign.campaign_id, run.number, left)
    return replace(
        run,
        token=campaigns.new_token(),
        places=tuple(Place(first, 0) for first in firsts),
        firsts=firsts,
        recent=(),
        forgiven=tuple((n, *_counts(found[n], heard[n])) for n in left),
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


def window(
    run: Run, plan: Plan, size: int, works: Mapping[int, Work], heards: Mapping[int, Heard]
) -> tuple[int, int, int]:
    """Of about the last `size` that were sent: how many those are, failures, and opt-outs."""
    forgiven = {number: counts for number, *counts in run.forgiven}
    sent = failures = opt_outs = 0
    for number in run.recent:
        counts = _counts(works.get(number, {}), heards.get(number, Heard()))
        sent, failures, opt_outs = (
            total + count - before
            for total, count, before in zip(
                (sent, failures, opt_outs), counts, forgiven.get(number, (0, 0, 0)), strict=True
            )
        )
        if sent >= size:
            break
    return sent, failures, opt_outs


def _counts(work: Work, heard: Heard) -> tuple[int, int, int]:
    """How many of a part were sent, failures, and opt-outs."""
    sent = sum(len(rows) for outcome, rows in work.items() if outcome.is_paid)
    return sent, len(work.get(Outcome.FAILED, ())) + heard.undelivered, heard.replied_out


def _look(campaign: Campaign, run: Run, plan: Plan, book: Book, now: datetime) -> _Look:
    ahead = max(3, _READ_AHEAD // len(run.places))
    under_way = [
        range(first, min(place.part + 1 + ahead, parts.stop))
        for first, place, parts in zip(run.firsts, run.places, plan.groups(), strict=True)
    ]
    numbers = [number for parts in under_way for number in parts]
    works = book.works(campaign.app_id, campaign.campaign_id, run.number, numbers)
    firsts = tuple(
        next((n for n in parts if _noted(works[n]) < plan.parts[n].rows), parts.stop)
        for parts in under_way
    )
    complete = sum(
        plan.parts[n].rows
        for first, parts in zip(firsts, plan.groups(), strict=True)
        for n in range(parts.start, first)
    )
    noted = complete + sum(_noted(works[n]) for n in works if n >= firsts[plan.parts[n].zone])
    run = replace(run, firsts=firsts)
    if noted > run.noted:
        run = replace(run, noted=noted, noted_at=int(now.timestamp()), rewound=0)
    return _Look(campaign, run, plan, works, now)


def _go_on(look: _Look, book: Book) -> None:
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
    open_zones = {zone for zone in range(len(look.plan.zones)) if _opens(look, zone, facts) is None}
    rows, run = _slice(look, open_zones)
    if rows:
        book.put_deliveries(campaign.app_id, rows)
        _record(look, replace(run, released_at=look.seconds), book, delay=_pace_delay(campaign))
    elif run != look.run or open_zones & set(_unreleased(look.run, look.plan)):
        # Past rows that have an outcome, or as far ahead as it may be.
        _record(look, run, book, delay=1)
    else:
        opens = [_opens(look, zone, facts) for zone in _unreleased(look.run, look.plan)]
        soonest = min(int(at.timestamp()) for at in opens if at)
        _record(look, run, book, delay=max(1, soonest - look.seconds))


def _why_not(campaign: Campaign, facts: Facts) -> Why | None:
    """Why the app may not send the campaign any more."""
    if not facts.sms:
        return Why.SMS_OFF
    if campaign.content.kind is Kind.MARKETING and not facts.company:
        return Why.NO_COMPANY
    return None


def _too_much(look: _Look, book: Book) -> Why | None:
    """Whether too much of what was sent last failed, or ended in an opt-out."""
    campaign, run, stops = look.campaign, look.run, look.campaign.stops
    if not run.recent:
        return None
    place = (campaign.app_id, campaign.campaign_id, run.number, run.recent)
    sent, failures, opt_outs = window(
        run, look.plan, stops.window, book.works(*place), book.heards(*place)
    )
    if sent * _LEAST_OF_WINDOW < stops.window:
        return None
    if failures * 1000 >= stops.failures * sent:
        return Why.FAILURES
    return Why.OPT_OUTS if opt_outs * 1000 >= stops.opt_outs * sent else None


def _opens(look: _Look, zone: int, facts: Facts) -> datetime | None:
    """When the zone may be begun; None for now."""
    key = look.plan.zones[zone]
    opens = quiet_hours.opens_at(key, look.now, window=facts.window)
    if opens is None and key:
        closes = quiet_hours.closes_at(key, look.now, window=facts.window)
        if (closes - look.now).total_seconds() <= MARGIN:
            return quiet_hours.opens_at(key, closes, window=facts.window)
    return opens


def _unreleased(run: Run, plan: Plan) -> list[int]:
    """The zones with rows that were not released."""
    places = zip(run.places, plan.groups(), strict=True)
    return [zone for zone, (place, parts) in enumerate(places) if place.part < parts.stop]


def _slice(look: _Look, zones: set[int]) -> tuple[list[Row], Run]:
    """The rows to release now, of zones whose hours are on, and the run beyond them."""
    rows: list[Row] = []
    places, recent = list(look.run.places), list(look.run.recent)
    budget = _budget(look)
    for zone, parts in enumerate(look.plan.groups()):
        if zone not in zones:
            continue
        while len(rows) < budget and places[zone].part < parts.stop:
            number = places[zone].part
            if number not in look.works:
                break
            found, places[zone] = _of_part(look, places[zone], budget - len(rows))
            rows += found
            if found:
                recent = [number, *(each for each in recent if each != number)]
    kept = _enough(recent, look.plan, look.campaign.stops.window)
    return rows, replace(look.run, places=tuple(places), recent=kept)


def _of_part(look: _Look, place: Place, most: int) -> tuple[list[Row], Place]:
    """Up to so many rows of a part that have no outcome, and the place after them."""
    size, done = look.plan.parts[place.part].rows, _rows_with_outcome(look.works[place.part])
    left = [row for row in range(place.row, size) if row not in done]
    taken = left[:most]
    end = taken[-1] + 1 if len(left) > most else size
    names = (look.campaign.campaign_id, look.run.number, place.part)
    after = Place(place.part, end) if end < size else Place(place.part + 1, 0)
    return [Row(*names, row) for row in taken], after


def _budget(look: _Look) -> int:
    """How many rows a step may release: by the time since the last, and by what is outstanding."""
    pace, outstanding = look.campaign.pace, look.outstanding
    if pace is None:
        return max(0, min(_SLICE, _MOST_AHEAD - outstanding))
    since = look.seconds - look.run.released_at
    return max(0, min(pace * min(since, AHEAD), pace * AHEAD - outstanding))


def _enough(recent: Sequence[int], plan: Plan, size: int) -> tuple[int, ...]:
    """The newest of these parts, as many as the window can ask for."""
    kept: list[int] = []
    rows = 0
    for number in recent[:_RECENT]:
        kept.append(number)
        rows += plan.parts[number].rows
        if rows >= 2 * size:
            break
    return tuple(kept)


def _rewind(look: _Look, book: Book) -> None:
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


def _end_cancelled(look: _Look, book: Book) -> None:
    """End what was begun, once nobody is at it, and pay back the rest."""
    if book.close(look.campaign, look.plan, list(_open_rows(look))):
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


def _end(look: _Look, book: Book) -> None:
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


def _record(look: _Look, run: Run, book: Book, *, delay: int) -> None:
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


def _open_rows(look: _Look) -> Iterator[Row]:
    """The rows that were released and have no outcome."""
    names = (look.campaign.campaign_id, look.run.number)
    for first, place in zip(look.run.firsts, look.run.places, strict=True):
        for number in range(first, place.part + 1):
            if number not in look.works:
                continue
            size = look.plan.parts[number].rows if number < place.part else place.row
            done = _rows_with_outcome(look.works[number])
            yield from (Row(*names, number, row) for row in range(size) if row not in done)


def _rows_with_outcome(work: Work) -> frozenset[int]:
    return frozenset().union(*work.values())


def _noted(work: Work) -> int:
    return sum(map(len, work.values()))
