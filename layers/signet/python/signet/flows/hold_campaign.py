"""Holding a campaign whose time has come, and that cannot start: it waits for a person."""

import logging
from dataclasses import replace
from datetime import datetime

from signet.campaigns import Campaign, State, Why
from signet.store import campaigns as store
from signet.store.campaigns import Also

log = logging.getLogger(__name__)


def hold(campaign: Campaign, why: Why, *, also: Also = lambda _, __: None) -> None:
    """Pause what was not begun, with the reason, unless it is not as it was seen any more."""

    def change(before: Campaign) -> Campaign:
        if (before.state, before.version) != (State.SCHEDULED, campaign.version):
            return before
        return replace(before, state=State.PAUSED, why=why, due_at=None)

    store.change(campaign.app_id, campaign.campaign_id, change, also=also)
    log.warning("campaign_held", extra={"campaign_id": campaign.campaign_id, "why": why.value})


def hold_overdue(campaign: Campaign, *, now: datetime) -> None:
    """Hold what nobody has started in time: it was to be looked at (`due_at`) by now."""
    if campaign.due_at is not None and campaign.due_at <= now.timestamp():
        hold(campaign, Why.LATE)
