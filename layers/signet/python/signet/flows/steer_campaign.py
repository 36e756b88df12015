"""What an owner does with a campaign: plan, schedule, start, pause, resume, cancel.

Each is one conditional write with its entry in the trail; what else must happen follows it, and
happens later by itself if it cannot now.
"""

from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import Any

from signet.acts import Act
from signet.apps import App
from signet.campaigns import Campaign, Planned, State, Why
from signet.edge import plans
from signet.edge.functions import FunctionFailed
from signet.edge.schedules import Schedules
from signet.errors import BalanceTooLow, NoEffect, Unavailable
from signet.fields import Body
from signet.flows import (
    change_app,
    run_campaign,
    show_campaign,
    start_campaign,
    time_campaign,
)
from signet.flows.edit_campaign import entry
from signet.store import balances, campaign_parts
from signet.store import campaigns as store
from signet.store.balances import Account

# When the sweeper has a cancelled run's last money paid back: what was under way is over by then.
_SETTLED_AFTER = 60

Plan = Callable[[dict[str, Any]], None]
Change = Callable[[Campaign], Campaign]


def plan(act: Act, campaign_id: str, call: Plan) -> Body:
    """Have it planned, and what was planned before forgotten. Raises Missing, NoEffect."""
    planned = Planned(run=token_hex(8))

    def change(before: Campaign) -> Campaign:
        _check_idle(before)
        return replace(before, planned=planned)

    after = _change(act, campaign_id, "plan", change)
    event = {
        "v": 1,
        "task": "plan",
        "app_id": act.by,
        "campaign_id": campaign_id,
        "version": after.version,
        "run": planned.run,
    }
    try:
        call(event)
    except FunctionFailed as error:
        # It says that it is being planned; to ask again begins again.
        raise Unavailable(retry_after=1) from error
    return show_campaign.document(after, now=act.at)


def schedule(act: Act, campaign_id: str, schedules: Schedules) -> Body:
    """Have it started at its time. Raises BadParameter, Missing, NoEffect, BalanceTooLow."""
    app = change_app.get(act.by)

    def change(before: Campaign) -> Campaign:
        _check_idle(before)
        after = replace(before, updated_at=int(act.at.timestamp()))
        after = time_campaign.scheduled(after, now=act.at)
        _check_startable(app, after, act)
        return after

    after = _change(act, campaign_id, "schedule", change)
    time_campaign.put(schedules, after)
    return show_campaign.document(after, now=act.at)


def start(act: Act, campaign_id: str, schedules: Schedules) -> Body:
    """Start it now. Raises Missing, NoEffect, BadParameter, BalanceTooLow, DailyCapReached."""
    seen = store.get(act.by, campaign_id)
    if seen.state not in (State.DRAFT, State.SCHEDULED):
        raise NoEffect(f"A campaign that is {seen.state} cannot be started.")
    started = _start(act, seen)
    if seen.state is State.SCHEDULED and not seen.schedule.cron:
        time_campaign.delete(schedules, act.by, campaign_id)
    return show_campaign.document(started, now=act.at)


def pause(act: Act, campaign_id: str) -> Body:
    """Stop it until it is resumed; senders look before each batch. Raises Missing, NoEffect."""

    def change(before: Campaign) -> Campaign:
        if before.state is State.PAUSED:
            return before
        if before.state is not State.RUNNING:
            raise NoEffect("Only what is running can be paused.")
        return replace(before, state=State.PAUSED, why=Why.BY_HAND, due_at=None)

    return show_campaign.document(_change(act, campaign_id, "pause", change), now=act.at)


def resume(act: Act, campaign_id: str) -> Body:
    """Go on with its run, or begin the one that was held.

    Raises Missing, NoEffect, BadParameter, BalanceTooLow and DailyCapReached.
    """
    seen = store.get(act.by, campaign_id)
    if seen.state is not State.PAUSED:
        raise NoEffect("Only what is paused can be resumed.")
    resumed = _start(act, seen) if _is_idle(seen) else _go_on(act, seen)
    return show_campaign.document(resumed, now=act.at)


def cancel(act: Act, campaign_id: str, schedules: Schedules) -> Body:
    """End it; what its run has not used is paid back. Raises Missing and NoEffect."""

    def change(before: Campaign) -> Campaign:
        if before.state in (State.FINISHED, State.CANCELLED):
            raise NoEffect(f"The campaign is {before.state} already.")
        is_over = start_campaign.is_over(before)
        due_at = None if is_over else int(act.at.timestamp()) + _SETTLED_AFTER
        return replace(before, state=State.CANCELLED, why=None, due_at=due_at)

    after = _change(act, campaign_id, "cancel", change)
    time_campaign.delete(schedules, act.by, campaign_id)
    return show_campaign.document(after, now=act.at)


def _start(act: Act, seen: Campaign) -> Campaign:
    start_campaign.ready(seen)
    if not start_campaign.is_over(seen):
        raise NoEffect("Its last run is being settled; try again in a minute.")
    app = change_app.get(act.by)
    if why := start_campaign.obstacle(app, seen, at=act.at):
        raise start_campaign.refusal(why)
    return start_campaign.begin(app, seen, entry(act, "start", seen), now=act.at)


def _go_on(act: Act, seen: Campaign) -> Campaign:
    app = change_app.get(act.by)
    if why := start_campaign.obstacle(app, seen, at=act.at):
        raise start_campaign.refusal(why)

    def change(before: Campaign) -> Campaign:
        if before.state is not State.PAUSED or before.run is None or before.run != seen.run:
            raise NoEffect("The campaign was changed meanwhile.")
        found = plans.read(before.run.plan_key)
        run = run_campaign.rewound(
            before, before.run, found, campaign_parts.works, campaign_parts.heards
        )
        due_at = int(act.at.timestamp()) + start_campaign.STEP_IS_DUE
        return replace(before, state=State.RUNNING, why=None, run=run, due_at=due_at)

    resumed = _change(act, seen.campaign_id, "resume", change)
    start_campaign.queue_step(resumed)
    return resumed


def _check_startable(app: App, campaign: Campaign, act: Act) -> None:
    """What would keep it from starting at its time, as far as one can know now."""
    planned = start_campaign.ready(campaign)
    starts = act.at
    if campaign.schedule.at:
        starts = act.at.fromtimestamp(campaign.schedule.at, act.at.tzinfo)
    if why := start_campaign.obstacle(app, campaign, at=starts):
        raise start_campaign.refusal(why)
    if balances.balance(Account(app.app_id, app.balance_shards)) < planned.micros:
        raise BalanceTooLow


def _is_idle(campaign: Campaign) -> bool:
    """Whether no run of it is under way, nor held in the middle."""
    run = campaign.run
    return campaign.state is State.DRAFT or (
        campaign.state is State.PAUSED and (run is None or run.finished_at is not None)
    )


def _check_idle(campaign: Campaign) -> None:
    if not _is_idle(campaign):
        raise NoEffect(f"This cannot be done with a campaign that is {campaign.state}.")


def _change(act: Act, campaign_id: str, action: str, change: Change) -> Campaign:
    also = store.trailed(lambda after: entry(act, action, after))
    return store.change(act.by, campaign_id, change, also=also)
