"""Campaigns as the console's API shows them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from signet import fields, records, timetables
from signet.acts import Act
from signet.campaigns import Campaign, Planned, Run, Schedule
from signet.fields import Body
from signet.flows import campaign_results, show_plan
from signet.store import campaigns as store

PAGE = 20
MAX_PAGE = 100


def listing(act: Act, query: Mapping[str, str]) -> Body:
    """An app's campaigns, newest first, each with the head of its plan. Raises BadParameter."""
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    found, cursor = store.listing(act.by, limit=limit, cursor=query.get("cursor"))
    return {"campaigns": [_shown(one) for one in found], "cursor": cursor}


def one(act: Act, campaign_id: str) -> Body:
    """A campaign with its whole plan. Raises Missing."""
    return document(store.get(act.by, campaign_id), now=act.at)


def document(campaign: Campaign, *, now: datetime) -> Body:
    """`{"campaign"}`, with the whole of its plan as it would go out, `now` or at its next time."""
    following = timetables.following(campaign.schedule, now=now)
    starts_at = datetime.fromtimestamp(following, UTC) if following else None
    plan = show_plan.of(campaign, now=now, starts_at=starts_at)
    return {"campaign": {**_shown(campaign), "plan": plan}}


def make_results(act: Act, campaign_id: str, call: Callable[[dict[str, Any]], None]) -> Body:
    """Have the results of its last run put into a file. Raises Missing, NoEffect, Unavailable."""
    return campaign_results.ask(store.get(act.by, campaign_id), call, now=act.at)


def results(act: Act, campaign_id: str, query: Mapping[str, str]) -> Body:
    """How far the file is, of the run that `run` names or of the last. Raises BadParameter."""
    campaign = store.get(act.by, campaign_id)
    last = campaign.run.number if campaign.run else 1
    number = fields.number(query, "run", default=last, most=last)
    return campaign_results.show(campaign, number, now=act.at)


def _shown(campaign: Campaign) -> dict[str, object]:
    content = campaign.content
    return {
        "id": campaign.campaign_id,
        "version": campaign.version,
        "name": campaign.name,
        "kind": content.kind.value,
        "state": campaign.state.value,
        "why": campaign.why.value if campaign.why else None,
        "template": content.template,
        "template_version": content.template_version,
        "sign": content.signature,
        "audience_id": content.audience_id,
        "variables": dict(content.variables),
        "schedule": _schedule(campaign.schedule),
        "pace": campaign.pace,
        "stops": asdict(campaign.stops),
        "plan": _plan(campaign.planned),
        "run": _run(campaign.run),
        "created_at": records.iso(campaign.created_at),
        "updated_at": records.iso(campaign.updated_at),
    }


def _schedule(schedule: Schedule) -> dict[str, object] | None:
    if schedule.cron:
        return {"cron": schedule.cron, "zone": schedule.zone}
    return {"at": records.iso(schedule.at)} if schedule.at else None


def _plan(planned: Planned | None) -> dict[str, object]:
    """The head of a plan: how far it is, how many it is for, what it reserves."""
    if planned is None:
        return {"state": "none", "problem": None}
    if planned.problem or not planned.key:
        return {"state": "failed" if planned.problem else "making", "problem": planned.problem}
    counts = {"recipients": planned.rows, "reserve_micros": planned.micros}
    return {"state": "ready", "problem": None, **counts}


def _run(run: Run | None) -> dict[str, object] | None:
    if run is None:
        return None
    finished = records.iso(run.finished_at) if run.finished_at else None
    started = records.iso(run.started_at // 1000)
    return {"number": run.number, "started_at": started, "finished_at": finished}
