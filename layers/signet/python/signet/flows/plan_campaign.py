"""The dry run of a campaign: who of its audience can be sent it, at what price, in which parts.

Parts are written first, then the plan that names them, then the campaign that names the plan; so
whatever dies in between leaves objects that nobody reads, and is done again as a whole. Each
attempt has a folder of its own: it overwrites nothing that a run may be reading.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple, Self

from signet import billing, phones, planning, prices, segments, templates
from signet.apps import Signature
from signet.audiences import Audience, AudienceRow, State
from signet.billing import Way
from signet.campaigns import Campaign, Content, Outcome, Plan, Planned, Recipient
from signet.errors import Missing
from signet.limits import Kind
from signet.planning import (
    Fit,
    Groups,
    LeftOut,
    Problem,
    Reach,
    Unplannable,
    Ways,
    Words,
)
from signet.routes import Wanted
from signet.templates import Template
from signet.vendor_templates import Ours, VendorTemplate

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """Which version of which campaign is planned; `run` is the planner's, as the campaign has it.

    `attempt` is of this call alone.
    """

    app_id: str
    campaign_id: str
    version: int
    run: str
    attempt: str

    @classmethod
    def parse(cls, event: Mapping[str, Any], *, attempt: str) -> Self:
        """The job of an event. Raises KeyError and ValueError."""
        app_id, campaign_id = str(event["app_id"]), str(event["campaign_id"])
        return cls(app_id, campaign_id, int(event["version"]), str(event["run"]), attempt)

    @property
    def folder(self) -> str:
        """Where its objects lie; see `edge.plans`."""
        place = (self.app_id, self.campaign_id, str(self.version), self.run, self.attempt)
        return f"plans/{'/'.join(place)}"


@dataclass(frozen=True, slots=True)
class Stores:
    """What a plan is made of and where it goes; see `store`, `edge.plans`, `quiet_hours`.

    `parts` are those of an audience; `carrier` and `vendor_template` as in `send_message.Stores`.
    `capped(app_id, phones, now)` are those that had as much marketing as the app allows.
    """

    campaign: Callable[[str, str], Campaign]
    change: Callable[[str, str, Callable[[Campaign], Campaign]], Campaign]
    reach: Callable[[str], Reach | None]
    template: Callable[[str, str], Template | None]
    template_text: Callable[[str, str, int], str]
    signature: Callable[[str, str], Signature | None]
    audience: Callable[[str, str], Audience]
    parts: Callable[[Audience], Iterator[Sequence[AudienceRow]]]
    zone_of: Callable[[str, str | None], str]
    carrier: Callable[[Wanted], str | None]
    vendor_template: Callable[[str, Ours], VendorTemplate | None]
    price_overrides: Callable[[], Mapping[str, int]]
    out_of: Callable[[str, Collection[str]], set[str]]
    capped: Callable[[str, Collection[str], datetime], set[str]]
    write_part: Callable[[str, int, Sequence[Recipient]], str]
    write_plan: Callable[[Plan], str]


@dataclass
class _Tally:
    """What is counted while rows come."""

    dropped: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    micros: int = 0
    samples: list[str] = field(default_factory=list)

    def count(self, fits: Sequence[Fit], lost: Mapping[Outcome, set[str]]) -> None:
        """Count what these cost without those that would be left out if they were sent now."""
        self.expected.update({outcome.value: len(phones) for outcome, phones in lost.items()})
        gone = set().union(*lost.values())
        self.micros += sum(fit.group.price for fit in fits if fit.recipient.phone not in gone)
        room = planning.SAMPLES - len(self.samples)
        self.samples += [fit.text for fit in fits[:room]]


def plan_campaign(job: Job, stores: Stores, *, abroad: segments.Rule, now: datetime) -> None:
    """Plan the campaign, and say so in it, or why there can be no plan.

    Nothing is said where somebody else plans it meanwhile, or has. Raises Unavailable, after which
    all of it is done again.
    """
    try:
        campaign = stores.campaign(job.app_id, job.campaign_id)
    except Missing:
        return
    if not _is_awaited(campaign, job):
        return
    try:
        plan = _plan(campaign, job, stores, abroad=abroad, now=now)
        made = Planned(job.run, stores.write_plan(plan), plan.rows, plan.micros)
    except Unplannable as unplannable:
        made = Planned(job.run, problem=unplannable.problem.value)
    _record(job, made, campaign.content, stores)
    ids = {"app_id": job.app_id, "campaign_id": job.campaign_id}
    log.info("planned", extra={**ids, "rows": made.rows, "problem": made.problem})


def _is_awaited(campaign: Campaign, job: Job) -> bool:
    return campaign.planned == Planned(job.run)


def _record(job: Job, made: Planned, content: Content, stores: Stores) -> None:
    """Say what became of it. A version with another time or pace can use it, too."""

    def change(seen: Campaign) -> Campaign:
        if not _is_awaited(seen, job):
            return seen
        overtaken = Planned(job.run, problem=Problem.OVERTAKEN.value)
        return replace(seen, planned=made if seen.content == content else overtaken)

    try:
        stores.change(job.app_id, job.campaign_id, change)
    except Missing:
        return


def _plan(
    campaign: Campaign, job: Job, stores: Stores, *, abroad: segments.Rule, now: datetime
) -> Plan:
    content, app_id = campaign.content, job.app_id
    words, fit = _fitting(content, app_id, stores, abroad=abroad)
    groups, tally = Groups(partial(stores.write_part, job.folder)), _Tally()
    for rows in _rows(content, app_id, stores):
        fits = _fits(rows, fit, tally)
        tally.count(fits, _lost(fits, content.kind, app_id, stores, now=now))
        for each in fits:
            groups.add(each)
    zones, parts = groups.close()
    if not parts:
        raise Unplannable(Problem.NOBODY)
    return Plan(
        folder=job.folder,
        zones=zones,
        parts=parts,
        constants=words.constants,
        dropped=dict(tally.dropped),
        expected_drops=dict(tally.expected),
        samples=tuple(tally.samples),
        expected_micros=tally.micros,
        planned_at=int(now.timestamp()),
    )


def _fitting(
    content: Content, app_id: str, stores: Stores, *, abroad: segments.Rule
) -> tuple[Words, Callable[[AudienceRow], Fit]]:
    """What is said to everybody, and how a row fits it. Raises Unplannable."""
    reach = planning.check(
        content,
        stores.reach(app_id),
        stores.template(app_id, content.template),
        stores.signature(app_id, content.signature),
    )
    stored = stores.template_text(app_id, content.template, content.template_version)
    text = templates.sent(stored, content.kind)
    words = planning.words(content, text, app_name=reach.name)
    ways = _ways(app_id, content, reach, stores, abroad=abroad)
    return words, lambda row: planning.fit(row, words, ways, reach)


def _ways(
    app_id: str, content: Content, reach: Reach, stores: Stores, *, abroad: segments.Rule
) -> Ways:
    """How texts go, looked up once for each country: one plan has one set of prices."""

    @cache
    def way(country: str) -> Way | None:
        carrier = stores.carrier(Wanted(app_id, f"+{country}", content.kind))
        if carrier is None:
            return None
        ours = Ours(carrier, content.template, content.template_version)
        return billing.way(
            carrier,
            is_mainland=country == str(phones.MAINLAND),
            abroad=abroad,
            plain_abroad=reach.switches.plain_text_abroad,
            theirs=lambda: stores.vendor_template(app_id, ours),
        )

    overrides = stores.price_overrides()
    return Ways(way, lambda phone, count: prices.price_of(phone, count, overrides), stores.zone_of)


def _rows(content: Content, app_id: str, stores: Stores) -> Iterator[Sequence[AudienceRow]]:
    """The audience's rows, part by part. Raises Unplannable when they are not there."""
    try:
        audience = stores.audience(app_id, content.audience_id)
        if audience.state is not State.READY:
            raise Unplannable(Problem.AUDIENCE_NOT_READY)
        yield from stores.parts(audience)
    except Missing:
        raise Unplannable(Problem.AUDIENCE_GONE) from None


def _fits(
    rows: Sequence[AudienceRow], fit: Callable[[AudienceRow], Fit], tally: _Tally
) -> list[Fit]:
    """Those rows that can be sent; the others are counted by reason."""
    found = []
    for row in rows:
        try:
            found.append(fit(row))
        except LeftOut as left:
            tally.dropped[left.reason.value] += 1
    return found


def _lost(
    fits: Sequence[Fit], kind: Kind, app_id: str, stores: Stores, *, now: datetime
) -> dict[Outcome, set[str]]:
    """Whom the rules of marketing would leave out, if it were sent now."""
    if kind is not Kind.MARKETING or not fits:
        return {}
    numbers = {fit.recipient.phone for fit in fits}
    out = stores.out_of(app_id, numbers)
    return {Outcome.OPTED_OUT: out, Outcome.CAPPED: stores.capped(app_id, numbers - out, now)}
