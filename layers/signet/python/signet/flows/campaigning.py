"""What runs of campaigns run on in a deployment: campaigns, plans, rules, queue and balance."""

from collections.abc import Sequence
from typing import Any

from signet.campaigns import Campaign, Plan, Row
from signet.edge import campaign_queue, clock, plans
from signet.flows import close_campaign, deliver_campaign, delivering, run_campaign
from signet.flows.asking import Routing
from signet.store import (
    balances,
    campaign_parts,
    campaigns,
    frequency,
    marketing,
    messages,
    opt_outs,
)

_DELIVERIES = deliver_campaign.Book(
    campaign=campaigns.get,
    plan=plans.read,
    recipients=plans.recipients,
    works=campaign_parts.works,
    note=campaign_parts.note,
    facts=marketing.facts,
    is_out=opt_outs.is_out,
    count=frequency.count,
    record_claimed=messages.record_claimed,
    pause=lambda campaign, why: run_campaign.pause(campaign, why, campaigns.change),
)
_CLOSING = close_campaign.Book(
    recipients=plans.recipients,
    found=messages.found,
    expired=messages.expired,
    lost=messages.lost,
    note=campaign_parts.note,
)


def _close(campaign: Campaign, plan: Plan, rows: Sequence[Row]) -> bool:
    return close_campaign.close(campaign, plan, rows, _CLOSING, now=clock.now())


STEPS = run_campaign.Book(
    campaign=campaigns.get,
    change=campaigns.change,
    record_step=campaigns.record_step,
    plan=plans.read,
    works=campaign_parts.works,
    heards=campaign_parts.heards,
    facts=marketing.facts,
    put_deliveries=campaign_queue.put_deliveries,
    put_step=campaign_queue.put_step,
    paid=campaign_parts.paid,
    pay_back=balances.record_refund,
    close=_close,
)


class Work:
    """What one invocation of a sender does for campaigns."""

    def __init__(self, routing: Routing) -> None:
        self._batch = deliver_campaign.Batch(
            _DELIVERIES, routing, delivering.RECORDS, now=clock.now
        )

    def take(self, fields: dict[str, Any], *, queued_at: int | None) -> None:
        """Do what a queue body asks for. Raises UnreadableBody, and RetryLater."""
        asked = campaign_queue.parse(fields)
        if isinstance(asked, campaign_queue.Step):
            run_campaign.step(asked, STEPS, now=clock.now())
        else:
            self._batch.deliver(asked, queued_at=queued_at)

    def note(self) -> None:
        """Note what became of the rows, at the end."""
        self._batch.note()
