"""The schedule that starts a campaign follows what its record says.

The record is written first. If its schedule cannot be put, the campaign goes back to being a
draft; if not even that can be written, its record says when somebody must look (`due_at`). One
that cannot be deleted calls for nothing once more, and is deleted then.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from signet import timetables
from signet.campaigns import Campaign, State
from signet.edge.schedules import Schedules
from signet.errors import BadParameter, Unavailable
from signet.store import campaigns as store

log = logging.getLogger(__name__)


def scheduled(campaign: Campaign, *, now: datetime) -> Campaign:
    """The campaign as it waits for its time. Raises BadParameter for a time that is none."""
    timetables.check(campaign.schedule, now=now)
    due_at = timetables.overdue_at(campaign.schedule, now=now)
    return replace(campaign, state=State.SCHEDULED, why=None, due_at=due_at)


def put(schedules: Schedules, campaign: Campaign) -> None:
    """Have it started at its time, or make it a draft again. Raises BadParameter, Unavailable."""
    try:
        schedules.put(campaign)
    except (BadParameter, Unavailable):
        store.change(campaign.app_id, campaign.campaign_id, _drafted(campaign))
        raise


def delete(schedules: Schedules, app_id: str, campaign_id: str) -> None:
    """Have it started no more."""
    try:
        schedules.delete(app_id, campaign_id)
    except Unavailable:
        log.warning("schedule_left", extra={"campaign_id": campaign_id})


def _drafted(seen: Campaign) -> Callable[[Campaign], Campaign]:
    def change(before: Campaign) -> Campaign:
        if (before.state, before.version) != (State.SCHEDULED, seen.version):
            return before
        return replace(before, state=State.DRAFT, due_at=None)

    return change
