"""What the planner's dry runs and results run on in a deployment."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from signet import quiet_hours, routes
from signet.edge import audience_parts, clock, plans, settings
from signet.flows import campaign_results, plan_campaign
from signet.flows.plan_campaign import Job
from signet.routes import Wanted
from signet.segments import Rule
from signet.store import (
    audiences,
    campaign_parts,
    campaigns,
    deployment,
    frequency,
    mappings,
    marketing,
    opt_outs,
    planning,
    records,
    templates,
)


def _carrier(wanted: Wanted) -> str | None:
    own = settings.value("SIGNET_CARRIER")
    return routes.leading(routes.hops(deployment.route_rules(), wanted, own=own))


def _capped(app_id: str, phones: Collection[str], now: datetime) -> set[str]:
    cap = marketing.facts(app_id).cap
    return frequency.capped(app_id, phones, cap, now=now) if cap else set()


_PLANS = plan_campaign.Stores(
    campaign=campaigns.get,
    change=campaigns.change,
    reach=planning.reach,
    template=planning.template,
    template_text=templates.text,
    signature=planning.signature,
    audience=audiences.get,
    parts=audience_parts.parts,
    zone_of=quiet_hours.zone_of,
    carrier=_carrier,
    vendor_template=mappings.find,
    price_overrides=planning.prices,
    out_of=opt_outs.out_of,
    capped=_capped,
    write_part=plans.write_part,
    write_plan=plans.write,
)


def plan(event: Mapping[str, Any]) -> None:
    """Plan the campaign of an event. Raises Unavailable."""
    job = Job.parse(event, attempt=secrets.token_hex(4))
    abroad = Rule(settings.value("SIGNET_SEGMENTS_ABROAD"))
    plan_campaign.plan_campaign(job, _PLANS, abroad=abroad, now=clock.now())


def results(event: Mapping[str, Any]) -> None:
    """Make the results of an event's run. Raises Unavailable."""
    now = clock.now()
    book = campaign_results.Book(
        campaign=campaigns.get,
        plan=plans.read,
        recipients=plans.recipients,
        works=campaign_parts.works,
        records=partial(records.of_ids, now=now),
    )
    campaign_results.make(
        str(event["app_id"]), str(event["campaign_id"]), int(event["run"]), book, now=now
    )
