"""Waking campaigns: those that sleep until their hours begin, and those whose next step was lost.

Those that nobody started in time are held for a person.

The step that is queued has the campaign's token. If another one with it is on its way after all,
only one of them is recorded.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from signet.campaigns import Campaign, State
from signet.edge.campaign_queue import Step
from signet.edge.queue import QueueUnavailable
from signet.errors import Missing

log = logging.getLogger(__name__)

_AT_ONCE = 100


class Sleepers(NamedTuple):
    """What is looked at and queued; see `store.campaigns` and `edge.campaign_queue`.

    `hold(campaign, now)`: nobody started it in time."""

    due: Callable[..., list[tuple[str, str]]]
    get: Callable[[str, str], Campaign]
    put_step: Callable[[Step], None]
    hold: Callable[..., None]


def wake(sleepers: Sleepers, *, now: datetime) -> None:
    """Queue a step for each campaign that is due, the longest waiting first."""
    for app_id, campaign_id in sleepers.due(int(now.timestamp()), limit=_AT_ONCE):
        try:
            campaign = sleepers.get(app_id, campaign_id)
        except Missing:
            continue
        if campaign.state is State.SCHEDULED:
            sleepers.hold(campaign, now=now)
            continue
        if campaign.run is None:
            continue
        try:
            sleepers.put_step(Step(app_id, campaign_id, campaign.run.token))
        except QueueUnavailable:
            log.warning("queue_unavailable", extra={"campaign_id": campaign_id})
