"""Showing a campaign's plan: what it will cost, whom it leaves out, and when it goes out."""

from datetime import UTC, datetime
from functools import partial

from signet import curves, quiet_hours, records
from signet.campaigns import Campaign, Plan, State
from signet.curves import Curve, Hours
from signet.edge import plans
from signet.errors import Missing
from signet.fields import Body
from signet.store import marketing

# A plan is named, and is not there: the bucket forgets after a month.
GONE = "plan_gone"


def of(campaign: Campaign, *, now: datetime, starts_at: datetime | None = None) -> Body:
    """The plan of a campaign as it stands; see `document`. Raises Unavailable."""
    window = marketing.window()
    hours = Hours(
        partial(quiet_hours.opens_at, window=window), partial(quiet_hours.closes_at, window=window)
    )
    return document(campaign, _named(campaign), now, hours=hours, starts_at=starts_at)


def _named(campaign: Campaign) -> Plan | None:
    """The plan that the campaign names, if it is there."""
    key = campaign.planned.key if campaign.planned else None
    try:
        return plans.read(key) if key else None
    except Missing:
        return None


def document(
    campaign: Campaign,
    plan: Plan | None,
    now: datetime,
    *,
    hours: Hours,
    starts_at: datetime | None = None,
) -> Body:
    """The plan as JSON has it: its state, and all of it once it is ready.

    `plan` is what the campaign names, None if that is nothing or gone. `starts_at`: when the next
    run begins, where its schedule does not say so by itself (a cron); else that time, or now.
    `assumed_pace` is what the curve takes a campaign without a pace to go at.
    """
    state, problem = _state(campaign, plan)
    shown: dict[str, object] = {"state": state, "problem": problem}
    if plan is None or state != "ready":
        return shown
    start = _start(campaign, now, starts_at)
    curve = curves.curve(plan, pace=campaign.pace, start=start, hours=hours)
    return {**shown, **_counts(plan), **_times(curve, start), "assumed_pace": _assumed(campaign)}


def _state(campaign: Campaign, plan: Plan | None) -> tuple[str, str | None]:
    planned = campaign.planned
    if planned is None:
        return "none", None
    if planned.problem:
        return "failed", planned.problem
    if planned.key is None:
        return "making", None
    return ("ready", None) if plan else ("failed", GONE)


def _start(campaign: Campaign, now: datetime, starts_at: datetime | None) -> datetime:
    """When it began, or when it will: not before now."""
    run = campaign.run
    if run and campaign.state in (State.RUNNING, State.PAUSED, State.FINISHED):
        return datetime.fromtimestamp(run.started_at / 1000, UTC)
    if starts_at is None and campaign.schedule.at is not None:
        starts_at = datetime.fromtimestamp(campaign.schedule.at, UTC)
    return max(now, starts_at) if starts_at else now


def _counts(plan: Plan) -> dict[str, object]:
    return {
        "recipients": plan.rows,
        "segments": plan.segments,
        "cost_micros": plan.expected_micros,
        "reserve_micros": plan.micros,
        "dropped": dict(plan.dropped),
        "expected_drops": dict(plan.expected_drops),
        "samples": list(plan.samples),
        "planned_at": records.iso(plan.planned_at),
    }


def _times(curve: Curve, start: datetime) -> dict[str, object]:
    finishes_at = curve.finishes_at
    return {
        "starts_at": records.iso(int(start.timestamp())),
        "finishes_at": None if finishes_at is None else records.iso(finishes_at),
        "curve": [[records.iso(minute), rows] for minute, rows in curve.points],
        "waits": [
            {"zone": wait.zone, "recipients": wait.rows, "opens_at": records.iso(wait.opens_at)}
            for wait in curve.waits
        ],
    }


def _assumed(campaign: Campaign) -> int | None:
    return curves.UNPACED if campaign.pace is None else None
