"""What a campaign has done so far, for those who watch it."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signet import quiet_hours, releases
from signet.acts import Act
from signet.campaigns import Campaign, Outcome, Plan, Run, State
from signet.edge import plans
from signet.fields import Body
from signet.quiet_hours import Window
from signet.records import iso
from signet.releases import Heard, Work
from signet.store import campaign_parts, campaigns

_SENT = (Outcome.SENT, Outcome.UNCONFIRMED)
_DROPPED = (Outcome.OPTED_OUT, Outcome.CAPPED, Outcome.NO_CARRIER)


@dataclass(frozen=True, slots=True)
class Stores:
    """What is read; see `store.campaign_parts` and `edge.plans`."""

    plan: Callable[[str], Plan]
    works: Callable[[str, str, int, Iterable[int]], Mapping[int, Work]]
    heards: Callable[[str, str, int, Iterable[int]], Mapping[int, Heard]]


STORES = Stores(plans.read, campaign_parts.works, campaign_parts.heards)


def of(act: Act, campaign_id: str, *, window: Window | None) -> Body:
    """`{"progress"}` of an owner's campaign, null before its first run. Raises Missing."""
    campaign = campaigns.get(act.by, campaign_id)
    if campaign.run is None:
        return {"progress": None}
    return {"progress": progress(campaign, campaign.run, now=act.at, window=window)}


def progress(
    campaign: Campaign,
    run: Run,
    *,
    now: datetime,
    window: Window | None,
    stores: Stores = STORES,
) -> dict[str, Any]:
    """How far a run is, as docs/api.md has it. Raises Missing when its plan is gone."""
    plan = stores.plan(run.plan_key)
    parts = range(len(plan.parts))
    place = (campaign.app_id, campaign.campaign_id, run.number, parts)
    works, heards = stores.works(*place), stores.heards(*place)
    counts: Counter[Outcome] = Counter()
    for work in works.values():
        counts.update({outcome: len(rows) for outcome, rows in work.items()})
    noted = sum(counts.values())
    sent = sum(counts[outcome] for outcome in _SENT)
    waiting = _waiting(works, plan, now, window)
    return {
        "state": campaign.state.value,
        "why": campaign.why.value if campaign.why else None,
        "run": run.number,
        "recipients": plan.rows,
        "released": max(noted, _released(run, plan)),
        "sent": sent,
        "delivered": sum(heard.delivered for heard in heards.values()),
        "undelivered": sum(heard.undelivered for heard in heards.values()),
        "failed": counts[Outcome.FAILED],
        "unconfirmed": counts[Outcome.UNCONFIRMED],
        "dropped": {outcome.value: counts[outcome] for outcome in _DROPPED if counts[outcome]},
        "replied_out": sum(heard.replied_out for heard in heards.values()),
        "cost_micros": _cost(works, plan),
        "waiting": waiting,
        "finishes_at": None if waiting else _finishes_at(campaign, run, plan.rows - noted, now),
        "window": _window(campaign, run, plan, works, heards),
        "started_at": iso(run.started_at // 1000),
        "finished_at": iso(run.finished_at) if run.finished_at else None,
    }


def _released(run: Run, plan: Plan) -> int:
    released = 0
    for parts, place in zip(plan.groups(), run.places, strict=True):
        released += place.row
        released += sum(plan.parts[number].rows for number in range(parts.start, place.part))
    return released


def _cost(works: Mapping[int, Work], plan: Plan) -> int:
    return sum(
        plan.parts[number].price * sum(len(work.get(outcome, ())) for outcome in _SENT)
        for number, work in works.items()
    )


def _waiting(
    works: Mapping[int, Work], plan: Plan, now: datetime, window: Window | None
) -> list[dict[str, Any]]:
    """Whose hours are not on, and when they begin."""
    found = []
    for zone, parts in zip(plan.zones, plan.groups(), strict=True):
        left = sum(
            plan.parts[number].rows - sum(len(rows) for rows in works[number].values())
            for number in parts
        )
        opens = quiet_hours.opens_at(zone, now, window=window) if left else None
        if opens:
            opens_at = iso(int(opens.timestamp()))
            found.append({"zone": zone, "recipients": left, "opens_at": opens_at})
    return found


def _finishes_at(campaign: Campaign, run: Run, left: int, now: datetime) -> str | None:
    """When it will be done, by its pace, or as fast as it has been so far; None if it rests."""
    seconds = int(now.timestamp())
    so_far = run.noted / max(1, seconds - run.started_at // 1000)
    rate = campaign.pace or so_far
    if campaign.state is not State.RUNNING or not rate:
        return None
    return iso(seconds + math.ceil(left / rate))


def _window(
    campaign: Campaign,
    run: Run,
    plan: Plan,
    works: Mapping[int, Work],
    heards: Mapping[int, Heard],
) -> dict[str, int]:
    sent, failures, opt_outs = releases.window(run, plan, campaign.stops.window, works, heards)
    of = max(1, sent)
    return {
        "sent": sent,
        "failures": failures * 1000 // of,
        "opt_outs": opt_outs * 1000 // of,
    }
