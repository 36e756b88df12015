"""A campaign's time has come: EventBridge calls, once or twice, in time or late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.campaign import app as campaign_function
from signet.apps import App
from signet.campaigns import Campaign, Run, State, Why
from signet.edge import clock, plans
from signet.edge.schedules import Schedules
from signet.errors import Missing, Unavailable
from signet.flows import start_campaign
from signet.store import apps, balances
from signet.store import campaigns as store
from tests.functions import campaigning
from tests.functions.campaigning import (
    COMPANY,
    MICROS,
    balance,
    edit,
    fire,
    plan,
    ready,
    shown,
    steer,
    steps,
    trail,
)
from tests.functions.service import Service, event, put_template
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, dynamodb_table

HOURLY = {"cron": "0 * * * ? *", "zone": "UTC"}


@pytest.fixture(autouse=True)
def furnished(
    make_app: Callable[..., App], deployment: Service, advance: Callable[[int], None]
) -> None:
    """The demo app, of a company, with words and an audience; the time moves when told to."""
    make_app(company=COMPANY)
    campaigning.furnish()


def iso(seconds: float) -> str:
    at = clock.now() + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def scheduled(schedule: dict[str, str] | None = None) -> str:
    """A campaign that waits, unless it says otherwise for two minutes; its id."""
    campaign_id = ready(schedule=schedule or {"at": iso(120)})
    assert steer(campaign_id, "schedule")["state"] == "scheduled"
    return campaign_id


def to_the_hour(advance: Callable[[int], None], *, minutes: int = 0) -> str:
    """Move the clock to so many minutes after the next full hour; that hour."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    advance(int((hour - now).total_seconds()) + 1 + minutes * 60)
    return f"{hour:%Y-%m-%dT%H:%M:%SZ}"


def finish(campaign_id: str) -> None:
    """End its run and have it wait again, as the last step of a run by cron does."""

    def ended(before: Campaign) -> Campaign:
        assert isinstance(before.run, Run)
        run = replace(before.run, settled=True, finished_at=before.run.started_at // 1000 + 5)
        return replace(before, state=State.SCHEDULED, run=run)

    store.change(APP_ID, campaign_id, ended)


def state(campaign_id: str) -> tuple[str, str | None]:
    found = shown(campaign_id)
    return found["state"], found["why"]


def test_in_time_it_starts_and_pays(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    before = balance()["balance"]
    advance(121)

    fire(campaign_id)

    assert state(campaign_id) == ("running", None)
    assert balance()["balance"] == before - MICROS
    assert len(steps()) == 1
    assert ("schedule", "start", None) in trail()


def test_called_twice_it_starts_once(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    advance(121)
    fire(campaign_id)
    paid, run = balance(), shown(campaign_id)["run"]

    fire(campaign_id)

    assert (balance(), shown(campaign_id)["run"]) == (paid, run)
    assert len(steps()) == 1


def test_called_twice_at_once_it_starts_once(
    advance: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = scheduled()
    advance(121)
    begin = start_campaign.begin

    def second(*args: Any, **named: Any) -> Campaign:
        monkeypatch.setattr(start_campaign, "begin", begin)
        fire(campaign_id)
        return begin(*args, **named)

    monkeypatch.setattr(start_campaign, "begin", second)
    fire(campaign_id)

    assert state(campaign_id) == ("running", None)
    assert len(steps()) == 1
    assert balance()["balance"] == 100_000_000 - MICROS


def test_a_campaign_that_was_paused_since_is_not_started_by_a_second_call(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled()
    advance(121)
    fire(campaign_id)
    steer(campaign_id, "pause")

    fire(campaign_id)

    assert state(campaign_id) == ("paused", "by_hand")
    assert "skip" not in [action for _, action, _ in trail()]


@pytest.mark.parametrize(("late", "expected"), [(30 * 60 - 2, "running"), (30 * 60 + 2, "paused")])
def test_more_than_half_an_hour_late_it_waits_for_a_person(
    advance: Callable[[int], None], late: int, expected: str
) -> None:
    campaign_id = scheduled()
    advance(120 + late)

    # Whatever the call says of its time: the campaign knows it.
    fire(campaign_id)

    assert state(campaign_id)[0] == expected


def test_a_late_one_costs_nothing_until_it_is_resumed(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    advance(3600)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "late")
    assert balance()["balance"] == 100_000_000
    assert ("schedule", "pause", "late") in trail()

    assert steer(campaign_id, "resume")["run"]["number"] == 1
    assert balance()["balance"] == 100_000_000 - MICROS


def change_app(**changes: Any) -> None:
    apps.change(APP_ID, lambda app: replace(app, **changes))


def test_without_the_money_it_waits_and_begins_when_there_is_some(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled()
    dynamodb_table("balances").put_item(Item={"pk": f"{APP_ID}#0", "balance": MICROS - 1})
    advance(121)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "balance")
    assert campaigning.campaigns("POST", f"/{campaign_id}/resume", {}).refusal == (400, 160)

    dynamodb_table("balances").put_item(Item={"pk": f"{APP_ID}#0", "balance": MICROS})
    assert steer(campaign_id, "resume")["state"] == "running"
    assert balance()["balance"] == 0


def test_over_the_days_cap_it_waits(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    change_app(daily_cap_micros=MICROS - 1)
    advance(121)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "daily_cap")


def test_without_a_company_it_waits(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    change_app(company=None)
    advance(121)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "no_company")


def test_while_the_app_sends_nothing_it_waits(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    apps.change(APP_ID, lambda app: replace(app, switches=replace(app.switches, sms=False)))
    advance(121)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "sms_off")


def test_without_approved_words_it_waits(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled()
    put_template("x", name="Member_Sale", kind="marketing", state="rejected")
    advance(121)
    fire(campaign_id)
    assert state(campaign_id) == ("paused", "not_approved")


def test_without_its_plan_it_waits_and_can_be_planned_again(
    advance: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = scheduled()
    advance(121)

    def gone(key: str) -> None:
        raise Missing(key)

    with monkeypatch.context() as patched:
        patched.setattr(plans, "read", gone)
        fire(campaign_id)
    assert state(campaign_id) == ("paused", "plan_gone")

    plan(campaign_id)
    assert steer(campaign_id, "resume")["state"] == "running"


def test_a_plan_of_a_month_ago_is_gone(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled(HOURLY)
    advance(28 * 86_400)
    fire(campaign_id, scheduled_at=to_the_hour(advance))
    assert state(campaign_id) == ("paused", "plan_gone")


def test_an_earlier_version_starts_nothing_and_the_right_schedule_is_put_again(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled({"at": iso(3600)})
    edit(campaign_id, name="黑五")
    Schedules(CONTEXT.invoked_function_arn).delete(APP_ID, campaign_id)

    fire(campaign_id, version=1)

    assert state(campaign_id) == ("scheduled", None)
    (put,) = campaigning.schedules().values()
    assert '"version": 2' in put["Target"]["Input"]


@pytest.mark.parametrize("end", ["cancel", "draft"])
def test_a_call_for_what_does_not_wait_deletes_its_schedule(
    end: str, advance: Callable[[int], None]
) -> None:
    campaign_id = scheduled(HOURLY)
    left = store.get(APP_ID, campaign_id)
    steer(campaign_id, "cancel") if end == "cancel" else edit(campaign_id, schedule=None)
    Schedules(CONTEXT.invoked_function_arn).put(left)

    fire(campaign_id, scheduled_at=to_the_hour(advance))

    assert campaigning.schedules() == {}
    assert shown(campaign_id)["run"] is None


def test_a_call_for_what_is_not_there_deletes_its_schedule() -> None:
    assert campaign_function.handler(event("campaign-due"), CONTEXT) == {"seen": 1}
    assert campaigning.schedules() == {}


def test_a_start_that_cannot_be_recorded_is_tried_again_by_lambda(
    advance: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = scheduled()
    advance(121)

    def fail(*_: Any, **__: Any) -> Campaign:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(store, "change", fail)
        with pytest.raises(Unavailable):
            fire(campaign_id)
    assert state(campaign_id) == ("scheduled", None)

    fire(campaign_id)
    assert state(campaign_id) == ("running", None)


# --- by cron ------------------------------------------------------------------------------


def test_each_time_of_a_cron_is_a_run_of_its_own(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled(HOURLY)
    for number in (1, 2):
        fire(campaign_id, scheduled_at=to_the_hour(advance))
        assert shown(campaign_id)["run"]["number"] == number
        finish(campaign_id)
    assert balance()["balance"] == 100_000_000 - 2 * MICROS


def test_the_same_time_again_is_no_other_run_even_when_the_first_is_over(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled(HOURLY)
    hour = to_the_hour(advance)
    fire(campaign_id, scheduled_at=hour)
    finish(campaign_id)
    advance(60)

    fire(campaign_id, scheduled_at=hour)

    assert state(campaign_id) == ("scheduled", None)
    assert shown(campaign_id)["run"]["number"] == 1


def test_a_call_that_does_not_say_its_time_is_for_the_last_one(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled(HOURLY)
    to_the_hour(advance)
    fire(campaign_id, scheduled_at="<aws.scheduler.scheduled-time>")
    finish(campaign_id)
    advance(60)
    fire(campaign_id, scheduled_at="<aws.scheduler.scheduled-time>")
    assert shown(campaign_id)["run"]["number"] == 1


def test_a_time_before_it_was_scheduled_is_not_its_own(advance: Callable[[int], None]) -> None:
    hour = to_the_hour(advance)
    advance(1)
    campaign_id = scheduled(HOURLY)
    fire(campaign_id, scheduled_at=hour)
    assert state(campaign_id) == ("scheduled", None)


def test_a_late_time_of_a_cron_waits_for_a_person(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled(HOURLY)
    fire(campaign_id, scheduled_at=to_the_hour(advance, minutes=31))
    assert state(campaign_id) == ("paused", "late")


@pytest.mark.parametrize("act", [None, "pause"])
def test_while_the_run_before_goes_on_a_time_is_left_out_and_noted(
    act: str | None, advance: Callable[[int], None]
) -> None:
    campaign_id = scheduled(HOURLY)
    fire(campaign_id, scheduled_at=to_the_hour(advance))
    if act:
        steer(campaign_id, act)

    fire(campaign_id, scheduled_at=to_the_hour(advance))

    assert shown(campaign_id)["run"]["number"] == 1
    assert ("schedule", "skip", "The run before is not over.") in trail()


def test_a_run_is_not_begun_before_the_money_of_the_last_is_back(
    advance: Callable[[int], None],
) -> None:
    campaign_id = scheduled(HOURLY)
    fire(campaign_id, scheduled_at=to_the_hour(advance))
    store.change(APP_ID, campaign_id, lambda one: replace(one, state=State.SCHEDULED))

    fire(campaign_id, scheduled_at=to_the_hour(advance))

    assert shown(campaign_id)["run"]["number"] == 1
    assert ("schedule", "skip", "The run before is not over.") in trail()
    assert campaigning.campaigns("POST", f"/{campaign_id}/start", {}).refusal == (400, 305)


def test_what_was_held_can_wait_for_its_next_time_instead(advance: Callable[[int], None]) -> None:
    campaign_id = scheduled(HOURLY)
    fire(campaign_id, scheduled_at=to_the_hour(advance, minutes=31))

    assert steer(campaign_id, "schedule")["state"] == "scheduled"
    fire(campaign_id, scheduled_at=to_the_hour(advance))
    assert state(campaign_id) == ("running", None)


# --- nobody calls -------------------------------------------------------------------------


def test_what_nobody_started_is_found_and_held(
    advance: Callable[[int], None], deployment: Service
) -> None:
    campaign_id = scheduled()
    advance(120 + 31 * 60 - 2)
    assert store.due(int(clock.now().timestamp()), limit=5) == []
    deployment.sweep()
    assert state(campaign_id) == ("scheduled", None)

    advance(4)
    assert store.due(int(clock.now().timestamp()), limit=5) == [(APP_ID, campaign_id)]
    deployment.sweep()

    assert state(campaign_id) == ("paused", Why.LATE)
    assert store.due(int(clock.now().timestamp()), limit=5) == []


def test_the_balance_pays_from_whichever_item_can(advance: Callable[[int], None]) -> None:
    change_app(balance_shards=2)
    for shard, held in enumerate((MICROS - 1, MICROS + 1)):
        item = {"pk": f"{APP_ID}#{shard}", "balance": held, "shards": 2}
        dynamodb_table("balances").put_item(Item=item)
    campaign_id = scheduled()
    advance(121)

    fire(campaign_id)

    assert state(campaign_id) == ("running", None)
    assert store.get(APP_ID, campaign_id).run
    assert balances.balance(balances.Account(APP_ID, 2)) == MICROS
