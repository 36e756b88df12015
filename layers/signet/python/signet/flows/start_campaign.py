"""Starting a campaign: whether it may, and its run with the money for all of it in one write.

Once that is written the run goes on by itself: its first step is queued, and if the queue does
not take it, the sweeper finds the campaign due.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from signet import charges, days
from signet.apps import App, ReviewState, Use
from signet.audits import Entry
from signet.campaigns import Campaign, Content, Plan, Planned, Run, Schedule, State, Why
from signet.charges import Charge
from signet.edge import campaign_queue, plans
from signet.edge.campaign_queue import Step
from signet.edge.queue import QueueUnavailable
from signet.errors import (
    BadParameter,
    FeatureDisabled,
    Missing,
    NoEffect,
    SignetError,
    TemplateNotVerified,
    Unavailable,
)
from signet.limits import Kind
from signet.store import apps, balances, campaign_charges, templates
from signet.store import campaigns as store
from signet.store.campaigns import Overtaken

log = logging.getLogger(__name__)

# The parts of a plan are there for thirty days (template.yaml), and a run may take two.
PLAN_LASTS = timedelta(days=28)
# When the sweeper looks whether a step was queued.
STEP_IS_DUE = 30
# Each round that fails is one that somebody else's send won.
_ROUNDS = 30

_REFUSALS: dict[Why, SignetError] = {
    Why.SMS_OFF: FeatureDisabled("The app's switch sms is off."),
    Why.NO_COMPANY: BadParameter("Marketing is for apps of a company only: set the app's company."),
    Why.NOT_APPROVED: TemplateNotVerified("Its template or signature is not approved any more."),
    Why.PLAN_GONE: NoEffect("Its plan is not there any more: plan it again."),
}


def refusal(why: Why) -> SignetError:
    """What a person is told who wants to start what is kept back by `why`."""
    return _REFUSALS[why]


def ready(campaign: Campaign) -> Planned:
    """How it is planned. Raises NoEffect while it is not, BadParameter for a plan of nobody."""
    planned = campaign.planned
    if planned is None or not (planned.key or planned.problem):
        raise NoEffect("It must be planned first: POST …/plan.")
    if planned.problem or not planned.rows:
        raise BadParameter("Its plan has nobody who could be sent it.")
    return planned


def obstacle(app: App, campaign: Campaign, *, at: datetime) -> Why | None:
    """What keeps it from being sent at that time, but for the money."""
    if not app.switches.sms:
        return Why.SMS_OFF
    content = campaign.content
    if content.kind is Kind.MARKETING and not app.company:
        return Why.NO_COMPANY
    if not _is_approved(app.app_id, content):
        return Why.NOT_APPROVED
    return None if plan(campaign, at=at) else Why.PLAN_GONE


def plan(campaign: Campaign, *, at: datetime) -> Plan | None:
    """Its plan, if it will still be there at that time. Raises Unavailable."""
    key = campaign.planned.key if campaign.planned else None
    try:
        found = plans.read(key) if key else None
    except Missing:
        return None
    oldest = at.timestamp() - PLAN_LASTS.total_seconds()
    return found if found and found.planned_at > oldest else None


def begin(app: App, campaign: Campaign, entry: Entry, *, now: datetime) -> Campaign:
    """The campaign, running, with its whole plan paid.

    Raises BalanceTooLow and DailyCapReached, NoEffect when it is not as it was seen any more, and
    Unavailable.
    """
    found = plan(campaign, at=now)
    if found is None:
        raise refusal(Why.PLAN_GONE)
    charge = _charge(app, campaign, found, now)
    run = _run(app, campaign, found, now)
    for _ in range(_ROUNDS):
        run = replace(run, balance_shard=charge.shard)
        try:
            started = _record(campaign, run, charge, entry)
        except Overtaken:
            charge = balances.find_payer(charge)
            continue
        queue_step(started)
        return started
    raise Unavailable(retry_after=1)


def queue_step(campaign: Campaign) -> None:
    """Queue the step that may go on; if that fails, the sweeper does it."""
    if campaign.run is None:
        raise ValueError("nothing runs")
    try:
        campaign_queue.put_step(Step(campaign.app_id, campaign.campaign_id, campaign.run.token))
    except QueueUnavailable:
        log.warning("queue_unavailable", extra={"campaign_id": campaign.campaign_id})


def is_over(campaign: Campaign) -> bool:
    """Whether nothing of an earlier run is left to do: all is sent, and the rest paid back."""
    return campaign.run is None or campaign.run.settled


def _is_approved(app_id: str, content: Content) -> bool:
    template = templates.in_use(app_id, content.template)
    signature = apps.signature(app_id, content.signature)
    wants_marketing = content.kind is Kind.MARKETING
    return (
        template is not None
        and template.state is ReviewState.APPROVED
        and signature is not None
        and signature.state is ReviewState.APPROVED
        and (signature.use is Use.MARKETING) is wants_marketing
    )


def _run(app: App, campaign: Campaign, found: Plan, now: datetime) -> Run:
    return Run.first_step(
        found,
        ready(campaign).key or "",
        number=campaign.run.number + 1 if campaign.run else 1,
        version=campaign.version,
        started_at=int(now.timestamp() * 1000),
        shards=app.message_shards,
        balance_shard=0,
        events=app.events.asked,
    )


def _charge(app: App, campaign: Campaign, found: Plan, now: datetime) -> Charge:
    return Charge(
        app_id=app.app_id,
        micros=found.micros,
        day=days.of(now),
        shard=charges.first_choice(campaign.campaign_id, app.balance_shards),
        shards=app.balance_shards,
        cap_micros=app.daily_cap_micros,
        messages=found.rows,
    )


def _record(seen: Campaign, run: Run, charge: Charge, entry: Entry) -> Campaign:
    """Write the run, the debit and the trail together. Raises NoEffect and Overtaken."""

    def started(before: Campaign) -> Campaign:
        same = (before.state, before.version, before.planned, before.run)
        if same != (seen.state, seen.version, seen.planned, seen.run):
            raise NoEffect("The campaign was changed meanwhile.")
        running = replace(before, state=State.RUNNING, why=None, run=run)
        # Of a draft nobody has said that its time counts.
        schedule = Schedule() if before.state is State.DRAFT else before.schedule
        due_at = run.started_at // 1000 + STEP_IS_DUE
        return replace(running, schedule=schedule, due_at=due_at)

    paid = campaign_charges.paid(charge, entry)
    return store.change(seen.app_id, seen.campaign_id, started, also=paid)
