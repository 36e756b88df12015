"""A campaign's time has come: EventBridge Scheduler calls, at least once, perhaps late.

campaign          | what happens
------------------+----------------------------------------------------------------------
scheduled         | it starts; or is held for a person: late, unpayable, not approved, …
of another version| its schedule is put again: a change of it was interrupted
running, paused   | by cron: left out, and the trail says so; else nothing, it was started
anything else     | nothing, and its schedule is deleted
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from signet import audits as trail
from signet import timetables
from signet.audits import Entry
from signet.campaigns import LATE, Campaign, State, Why
from signet.edge.schedules import Schedules
from signet.errors import BalanceTooLow, DailyCapReached, Missing, NoEffect
from signet.flows import change_app, hold_campaign, start_campaign, time_campaign
from signet.store import audits
from signet.store import campaigns as store

log = logging.getLogger(__name__)

_HELD = {BalanceTooLow: Why.BALANCE, DailyCapReached: Why.DAILY_CAP}


class Due(NamedTuple):
    """What EventBridge says: which version of which campaign, and when it was to start."""

    app_id: str
    campaign_id: str
    version: int
    scheduled_at: str

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Due":
        """The due start in an event."""
        return cls(
            str(event["app_id"]),
            str(event["campaign_id"]),
            int(event["version"]),
            str(event.get("scheduled_at")),
        )


def fire(due: Due, schedules: Schedules, *, now: datetime) -> None:
    """Start what is due, or hold it. Raises Unavailable, after which the same can be tried."""
    try:
        campaign = store.get(due.app_id, due.campaign_id)
    except Missing:
        _tell(due, "gone")
        time_campaign.delete(schedules, due.app_id, due.campaign_id)
        return
    if campaign.state is not State.SCHEDULED:
        _leave_out(campaign, due, schedules, now=now)
    elif campaign.version != due.version:
        _tell(due, "another_version")
        schedules.put(campaign)
    else:
        _start(campaign, due, now=now)


def _start(campaign: Campaign, due: Due, *, now: datetime) -> None:
    at = _time(campaign, due, now)
    if at is None or _is_past(campaign, at):
        _tell(due, "done_before")
        return
    if not start_campaign.is_over(campaign):
        _record_left_out(campaign, now=now)
        return
    app = change_app.get(campaign.app_id)
    why = Why.LATE if now.timestamp() - at > LATE else None
    why = why or start_campaign.obstacle(app, campaign, at=now)
    if why:
        _hold(campaign, why, now=now)
        return
    try:
        start_campaign.begin(app, campaign, _entry(campaign, "start", now), now=now)
    except (BalanceTooLow, DailyCapReached) as unpaid:
        _hold(campaign, _HELD[type(unpaid)], now=now)
    except NoEffect:
        _tell(due, "somebody_was_first")


def _time(campaign: Campaign, due: Due, now: datetime) -> int | None:
    """When it was to start: as EventBridge says, or else as its schedule does."""
    if campaign.schedule.at:
        return campaign.schedule.at
    try:
        return int(datetime.fromisoformat(due.scheduled_at).timestamp())
    except ValueError:
        return timetables.latest(campaign.schedule, now=now)


def _is_past(campaign: Campaign, at: int) -> bool:
    """Whether a run was of this time already, or the time is of an earlier schedule."""
    if campaign.schedule.cron is None:
        return False
    run = campaign.run
    return at < campaign.updated_at or (run is not None and at * 1000 <= run.started_at)


def _leave_out(campaign: Campaign, due: Due, schedules: Schedules, *, now: datetime) -> None:
    _tell(due, campaign.state)
    if campaign.state not in (State.RUNNING, State.PAUSED):
        time_campaign.delete(schedules, campaign.app_id, campaign.campaign_id)
        return
    at = _time(campaign, due, now)
    if campaign.schedule.cron and at is not None and not _is_past(campaign, at):
        _record_left_out(campaign, now=now)


def _record_left_out(campaign: Campaign, *, now: datetime) -> None:
    entry = _entry(campaign, "skip", now, comment="The run before is not over.")
    audits.add(campaign.app_id, entry)


def _hold(campaign: Campaign, why: Why, *, now: datetime) -> None:
    also = store.trailed(lambda after: _entry(after, "pause", now, comment=why.value))
    hold_campaign.hold(campaign, why, also=also)


def _entry(campaign: Campaign, action: str, now: datetime, *, comment: str | None = None) -> Entry:
    return Entry(
        at=now,
        actor=trail.SCHEDULE,
        action=action,
        subject=f"campaign:{campaign.name}",
        version=campaign.version,
        comment=comment,
    )


def _tell(due: Due, why: str) -> None:
    """What is said in the log of a call that started nothing."""
    fields = {"campaign_id": due.campaign_id, "version": due.version, "why": why}
    log.info("campaign_not_started", extra=fields)
