"""Releases: which rows of a running campaign go out now, and how its last ones fared.

A run releases its plan's rows zone by zone while their hours are on, at its pace, and never more
than ten seconds of that ahead of what has an outcome. `flows.run_campaign` takes the steps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signet import quiet_hours
from signet.campaigns import Campaign, Outcome, Place, Plan, Row, Run
from signet.marketing import Facts

# Seconds of its pace that a run is ahead of what has an outcome, and that a step lasts.
AHEAD, STEP = 10, 5
# Without a pace, rows: as many as one invocation queues in good time.
_SLICE, _MOST_AHEAD = 2_000, 4_000
# No zone is begun in the last seconds of its hours: what is queued has to be sent in them.
MARGIN = 60
_RECENT = 64
# Parts beyond those under way that a step looks at: after a rewind many of them are complete.
_READ_AHEAD = 80

# The rows of a part by what became of them; a row has one outcome.
Work = Mapping[Outcome, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Heard:
    """How many of a part's messages arrived, did not, and were answered by an opt-out."""

    delivered: int = 0
    undelivered: int = 0
    replied_out: int = 0


@dataclass(frozen=True, slots=True)
class Look:
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
        return sum(1 for _ in open_rows(self))

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


def window(
    run: Run, plan: Plan, size: int, works: Mapping[int, Work], heards: Mapping[int, Heard]
) -> tuple[int, int, int]:
    """Of about the last `size` that were sent: how many those are, failures, and opt-outs."""
    forgiven = {number: before for number, *before in run.forgiven}
    sent = failures = opt_outs = 0
    for number in run.recent:
        of_part = counts(works.get(number, {}), heards.get(number, Heard()))
        sent, failures, opt_outs = (
            total + count - before
            for total, count, before in zip(
                (sent, failures, opt_outs), of_part, forgiven.get(number, (0, 0, 0)), strict=True
            )
        )
        if sent >= size:
            break
    return sent, failures, opt_outs


def counts(work: Work, heard: Heard) -> tuple[int, int, int]:
    """How many of a part were sent, failures, and opt-outs."""
    sent = sum(len(rows) for outcome, rows in work.items() if outcome.is_paid)
    return sent, len(work.get(Outcome.FAILED, ())) + heard.undelivered, heard.replied_out


def under_way(run: Run, plan: Plan) -> list[range]:
    """Of each zone, the parts that are under way, and some beyond: whose outcomes are asked for."""
    ahead = max(3, _READ_AHEAD // len(run.places))
    return [
        range(first, min(place.part + 1 + ahead, parts.stop))
        for first, place, parts in zip(run.firsts, run.places, plan.groups(), strict=True)
    ]


def looked_at(
    campaign: Campaign, run: Run, plan: Plan, works: Mapping[int, Work], now: datetime
) -> Look:
    """A run with these outcomes of the parts that are under way."""
    firsts = first_open(under_way(run, plan), plan, works)
    complete = sum(
        plan.parts[n].rows
        for first, parts in zip(firsts, plan.groups(), strict=True)
        for n in range(parts.start, first)
    )
    found = complete + sum(noted(works[n]) for n in works if n >= firsts[plan.parts[n].zone])
    run = replace(run, firsts=firsts)
    if found > run.noted:
        run = replace(run, noted=found, noted_at=int(now.timestamp()), rewound=0)
    return Look(campaign, run, plan, works, now)


def first_open(begun: Iterable[range], plan: Plan, works: Mapping[int, Work]) -> tuple[int, ...]:
    """Of each of these ranges the first part of which a row has no outcome, or its end."""
    return tuple(
        next((n for n in parts if noted(works[n]) < plan.parts[n].rows), parts.stop)
        for parts in begun
    )


def opens_at(look: Look, zone: int, facts: Facts) -> datetime | None:
    """When the zone may be begun; None for now."""
    key = look.plan.zones[zone]
    opens = quiet_hours.opens_at(key, look.now, window=facts.window)
    if opens is None and key:
        closes = quiet_hours.closes_at(key, look.now, window=facts.window)
        if (closes - look.now).total_seconds() <= MARGIN:
            return quiet_hours.opens_at(key, closes, window=facts.window)
    return opens


def unreleased(run: Run, plan: Plan) -> list[int]:
    """The zones with rows that were not released."""
    places = zip(run.places, plan.groups(), strict=True)
    return [zone for zone, (place, parts) in enumerate(places) if place.part < parts.stop]


def cut(look: Look, zones: set[int]) -> tuple[list[Row], Run]:
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


def _of_part(look: Look, place: Place, most: int) -> tuple[list[Row], Place]:
    """Up to so many rows of a part that have no outcome, and the place after them."""
    size, done = look.plan.parts[place.part].rows, _rows_with_outcome(look.works[place.part])
    left = [row for row in range(place.row, size) if row not in done]
    taken = left[:most]
    end = taken[-1] + 1 if len(left) > most else size
    names = (look.campaign.campaign_id, look.run.number, place.part)
    after = Place(place.part, end) if end < size else Place(place.part + 1, 0)
    return [Row(*names, row) for row in taken], after


def _budget(look: Look) -> int:
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


def open_rows(look: Look) -> Iterator[Row]:
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


def noted(work: Work) -> int:
    return sum(map(len, work.values()))
