"""Campaigns in the console's API: written, planned, timed, started, paused, ended."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from signet.apps import App, ReviewState, Signature, Use
from signet.campaigns import State
from signet.edge import campaign_queue, functions, schedules
from signet.edge.functions import FunctionFailed
from signet.edge.queue import QueueUnavailable
from signet.store import apps
from signet.store import campaigns as store
from tests.functions import campaigning
from tests.functions.campaigning import (
    AUDIENCE,
    BODY,
    COMPANY,
    MICROS,
    ROWS,
    balance,
    campaigns,
    create,
    edit,
    plan,
    ready,
    shown,
    steer,
    steps,
    trail,
)
from tests.functions.service import put_template
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, dynamodb_table, put_signature

NOTICE = {"template": "Order_Notice", "sign": None}
SOON = {"at": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}
DAILY = {"cron": "0 10 * * ? *", "zone": "Asia/Shanghai"}


@pytest.fixture(autouse=True)
def furnished(make_app: Callable[..., App], deployment: Any, stopped: None) -> None:
    """The demo app, of a company, with words and an audience; the time stands still."""
    make_app(company=COMPANY)
    campaigning.furnish()


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the planner was called with."""
    calls: list[dict[str, Any]] = []

    def invoke_later(name: str, event: dict[str, Any]) -> None:
        assert name == "planner-function"
        calls.append(event)

    monkeypatch.setattr(functions, "invoke_later", invoke_later)
    return calls


@pytest.fixture
def scheduler_down(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have EventBridge Scheduler answer with an error from now on."""

    def fail(code: str = "InternalServerException") -> None:
        class Failing:
            def __getattr__(self, name: str) -> Callable[..., Any]:
                def refuse(**_: Any) -> None:
                    raise ClientError({"Error": {"Code": code, "Message": "no"}}, name)

                return refuse

        monkeypatch.setattr(schedules, "_client", Failing)

    return fail


def refused(method: str, path: str = "", body: object = None) -> tuple[int, int, str]:
    reply = campaigns(method, path, body)
    return (*reply.refusal, str(reply.body["error"]))


def record(campaign_id: str) -> Any:
    return store.get(APP_ID, campaign_id)


# --- written ------------------------------------------------------------------------------


def test_a_new_campaign_is_a_draft_with_what_is_approved() -> None:
    made = create(variables={"name": "您"}, schedule=DAILY, pace=None, stops={"failures": 20})

    assert made == {
        "id": made["id"],
        "version": 1,
        "name": "会员日",
        "kind": "marketing",
        "state": "draft",
        "why": None,
        "template": "Member_Sale",
        "template_version": 2,
        "sign": "promo",
        "audience_id": AUDIENCE,
        "variables": {"name": "您"},
        "schedule": DAILY,
        "pace": None,
        "stops": {"failures": 20, "opt_outs": 10, "window": 1000},
        "plan": {"state": "none", "problem": None},
        "run": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert shown(made["id"]) == made
    assert trail() == [(f"owner:{APP_ID}", "create", None)]


def test_a_notification_is_signed_by_the_default_and_needs_no_company() -> None:
    apps.change(APP_ID, without_company)
    made = create(**NOTICE)
    assert (made["kind"], made["sign"]) == ("notification", "Signet")
    assert refused("POST", "", BODY)[:2] == (400, 1)


def without_company(app: App) -> App:
    return replace(app, company=None)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"template": "Nothing"}, 400, 604),
        ({"template": "Waiting"}, 400, 605),
        ({"template": "Code"}, 400, 1),
        ({"sign": "nobody"}, 400, 600),
        ({"sign": None}, 400, 605),
        ({"sign": "Signet"}, 400, 605),
        ({"sign": "pending"}, 400, 605),
        ({**NOTICE, "sign": "promo"}, 400, 605),
        ({"audience_id": "other"}, 404, 101),
        ({"variables": {"colour": "red"}}, 400, 1),
        ({"pace": 0}, 400, 1),
        ({"colour": "red"}, 400, 1),
    ],
)
def test_what_is_not_approved_or_not_there_makes_no_campaign(
    change: dict[str, Any], status: int, code: int
) -> None:
    put_template("{{name}}，回复TD退订", name="Waiting", kind="marketing", state="pending")
    pending = Signature("pending", "待审", "s3", state=ReviewState.PENDING, use=Use.MARKETING)
    put_signature(APP_ID, pending)

    assert refused("POST", "", {**BODY, **change})[:2] == (status, code)
    assert campaigns("GET").body == {"campaigns": [], "cursor": None}


def test_campaigns_are_listed_newest_first_page_by_page(advance: Callable[[int], None]) -> None:
    made = []
    for _ in range(3):
        made.append(create()["id"])
        advance(1)

    first = campaigns("GET", query={"limit": "2"}).body
    second = campaigns("GET", query={"limit": "2", "cursor": first["cursor"]}).body

    ids = [one["id"] for one in first["campaigns"] + second["campaigns"]]
    assert ids == made[::-1]
    assert second["cursor"] is None
    assert campaigns("GET", query={"limit": "0"}).refusal == (400, 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_campaign_that_is_not_there_is_missing(method: str) -> None:
    assert refused(method, "/nothing", {})[:2] == (404, 101)


@pytest.mark.parametrize("act", ["plan", "schedule", "start", "pause", "resume", "cancel"])
def test_nothing_is_done_with_a_campaign_that_is_not_there(act: str) -> None:
    assert refused("POST", f"/nothing/{act}", {})[:2] == (404, 101)


def test_a_draft_can_be_deleted_and_nothing_else() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")
    assert refused("DELETE", f"/{campaign_id}")[:2] == (400, 305)
    other = create()["id"]

    assert campaigns("DELETE", f"/{other}").body == {}
    assert refused("GET", f"/{other}")[:2] == (404, 101)
    assert (f"owner:{APP_ID}", "delete", None) in trail()


# --- changed ------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"name": "黑五"}, {"pace": 9}, {"stops": {"failures": 9}}])
def test_what_is_not_said_to_anybody_keeps_the_plan_and_the_time(change: dict[str, Any]) -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")

    changed = edit(campaign_id, **change)

    assert (changed["version"], changed["state"]) == (2, "scheduled")
    assert changed["plan"]["state"] == "ready"
    assert '"version": 2' in campaigning.schedules()[campaign_id]["Target"]["Input"]


def test_another_content_drops_the_plan_and_the_time() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")

    changed = edit(campaign_id, variables={"name": "您"})

    assert (changed["version"], changed["state"]) == (2, "draft")
    assert changed["plan"]["state"] == "none"
    assert campaigning.schedules() == {}
    assert record(campaign_id).due_at is None


def test_the_same_content_said_again_changes_no_plan() -> None:
    campaign_id = ready()
    assert edit(campaign_id, **BODY)["plan"]["state"] == "ready"


def test_a_newer_version_of_the_template_comes_with_the_next_change_of_content() -> None:
    campaign_id = ready()
    put_template("{{name}}，新品上架，回复TD退订", name="Member_Sale", kind="marketing", version=3)

    assert edit(campaign_id, name="黑五")["template_version"] == 2
    changed = edit(campaign_id, template="Member_Sale")
    assert (changed["template_version"], changed["plan"]["state"]) == (3, "none")


def test_another_time_puts_the_schedule_off_and_none_takes_it_away() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")

    edit(campaign_id, schedule=DAILY)
    (schedule,) = campaigning.schedules().values()
    assert schedule["ScheduleExpression"] == "cron(0 10 * * ? *)"

    assert edit(campaign_id, schedule=None)["state"] == "draft"
    assert campaigning.schedules() == {}


def test_a_scheduled_campaign_is_not_put_into_the_past() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")

    past = {"schedule": {"at": "2026-01-01T00:00:00Z"}}
    assert refused("PUT", f"/{campaign_id}", past)[:2] == (400, 1)
    assert shown(campaign_id)["version"] == 1


def test_what_runs_is_not_changed() -> None:
    campaign_id = ready()
    steer(campaign_id, "start")
    assert refused("PUT", f"/{campaign_id}", {"name": "x"})[:2] == (400, 305)


def test_a_change_that_eventbridge_does_not_take_makes_a_draft_again(
    scheduler_down: Callable[..., None],
) -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")
    scheduler_down()

    assert refused("PUT", f"/{campaign_id}", {"name": "x"})[:2] == (503, 1)

    assert (shown(campaign_id)["state"], shown(campaign_id)["name"]) == ("draft", "x")


# --- planned ------------------------------------------------------------------------------


def test_planning_calls_the_planner_and_says_so(asked: list[dict[str, Any]]) -> None:
    campaign_id = create()["id"]

    reply = campaigns("POST", f"/{campaign_id}/plan", {})

    assert (reply.status, reply.body["campaign"]["plan"]["state"]) == (202, "making")
    planned = record(campaign_id).planned
    assert asked == [
        {
            "v": 1,
            "task": "plan",
            "app_id": APP_ID,
            "campaign_id": campaign_id,
            "version": 1,
            "run": planned.run,
        }
    ]
    assert (f"owner:{APP_ID}", "plan", None) in trail()


def test_planning_again_is_another_run_of_the_planner(asked: list[dict[str, Any]]) -> None:
    campaign_id = ready()
    campaigns("POST", f"/{campaign_id}/plan", {})
    campaigns("POST", f"/{campaign_id}/plan", {})
    assert asked[0]["run"] != asked[1]["run"]
    assert record(campaign_id).planned.run == asked[1]["run"]


def test_a_planner_that_cannot_be_called_is_called_when_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign_id = create()["id"]

    def fail(name: str, event: dict[str, Any]) -> None:
        raise FunctionFailed(name)

    with monkeypatch.context() as patched:
        patched.setattr(functions, "invoke_later", fail)
        assert refused("POST", f"/{campaign_id}/plan", {})[:2] == (503, 1)
    assert campaigns("POST", f"/{campaign_id}/plan", {}).status == 202


def test_what_is_scheduled_is_not_planned_anew() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")
    assert refused("POST", f"/{campaign_id}/plan", {})[:2] == (400, 305)


# --- timed --------------------------------------------------------------------------------


def test_a_time_becomes_a_schedule_that_calls_this_function_once() -> None:
    campaign_id = ready(schedule={"at": "2099-12-01T10:00:00+08:00"})
    plan(campaign_id, at=datetime(2099, 11, 20, tzinfo=UTC))

    assert steer(campaign_id, "schedule")["state"] == "scheduled"

    (schedule,) = campaigning.schedules().values()
    assert schedule["ScheduleExpression"] == "at(2099-12-01T02:00:00)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert target["Arn"] == CONTEXT.invoked_function_arn
    assert target["RoleArn"] == "arn:aws:iam::123456789012:role/schedules"
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
    assert target["DeadLetterConfig"]["Arn"].endswith(":dead-letters")
    assert '"scheduled_at": "<aws.scheduler.scheduled-time>"' in target["Input"]
    assert record(campaign_id).due_at == int(datetime(2099, 12, 1, 2, 31, tzinfo=UTC).timestamp())
    assert (f"owner:{APP_ID}", "schedule", None) in trail()


def test_a_cron_becomes_a_schedule_that_stays() -> None:
    steer(ready(schedule=DAILY), "schedule")

    (schedule,) = campaigning.schedules().values()
    assert schedule["ScheduleExpression"] == "cron(0 10 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Shanghai"
    assert schedule["ActionAfterCompletion"] == "NONE"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 1),
        ({"schedule": {"at": "2026-01-01T00:00:00Z"}}, 1),
        ({"schedule": {"cron": "0 10 * * ? 2025"}}, 1),
    ],
)
def test_without_a_time_to_come_nothing_is_scheduled(change: dict[str, Any], code: int) -> None:
    campaign_id = ready(**change)
    assert refused("POST", f"/{campaign_id}/schedule", {})[:2] == (400, code)
    assert shown(campaign_id)["state"] == "draft"
    assert campaigning.schedules() == {}


def test_without_a_plan_nothing_is_scheduled_or_started() -> None:
    campaign_id = create(schedule=SOON)["id"]
    for act in ("schedule", "start"):
        assert refused("POST", f"/{campaign_id}/{act}", {})[:2] == (400, 305)


def test_a_plan_that_will_be_gone_by_then_is_not_scheduled() -> None:
    later = datetime.now(UTC) + timedelta(days=29)
    campaign_id = ready(schedule={"at": f"{later:%Y-%m-%dT%H:%M:%SZ}"})
    status, code, error = refused("POST", f"/{campaign_id}/schedule", {})
    assert (status, code) == (400, 305)
    assert "plan it again" in error


def test_scheduling_needs_the_balance_for_all_of_it() -> None:
    campaign_id = ready(schedule=SOON)
    dynamodb_table("balances").put_item(Item={"pk": f"{APP_ID}#0", "balance": MICROS - 1})

    assert refused("POST", f"/{campaign_id}/schedule", {})[:2] == (400, 160)
    assert campaigning.schedules() == {}


@pytest.mark.parametrize(
    ("code", "status"), [("InternalServerException", 503), ("ValidationException", 400)]
)
def test_a_schedule_that_cannot_be_put_leaves_a_draft(
    scheduler_down: Callable[..., None], code: str, status: int
) -> None:
    campaign_id = ready(schedule=SOON)
    scheduler_down(code)

    assert refused("POST", f"/{campaign_id}/schedule", {})[:2] == (status, 1)

    assert shown(campaign_id)["state"] == "draft"
    assert record(campaign_id).due_at is None


# --- started ------------------------------------------------------------------------------


def test_a_start_pays_for_all_and_queues_the_first_step() -> None:
    campaign_id = ready()
    before = balance()["balance"]

    started = steer(campaign_id, "start")

    assert (started["state"], started["run"]["number"]) == ("running", 1)
    paid = balance()
    assert paid["balance"] == before - MICROS
    day = record(campaign_id).run.day
    assert (paid[f"c{day}"], paid[f"n{day}"]) == (MICROS, ROWS)
    run = record(campaign_id).run
    assert (run.reserved, run.places, run.balance_shard) == (MICROS, ((0, 0),), 0)
    assert steps() == [
        {"v": 1, "app_id": APP_ID, "campaign_id": campaign_id, "step": run.token},
    ]
    assert (f"owner:{APP_ID}", "start", None) in trail()


def test_a_started_campaign_is_due_for_the_sweeper_if_the_queue_does_not_take_its_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign_id = ready()

    def fail(step: Any, *, delay: int = 0) -> None:
        raise QueueUnavailable

    monkeypatch.setattr(campaign_queue, "put_step", fail)
    assert steer(campaign_id, "start")["state"] == "running"

    started = record(campaign_id)
    assert started.due_at == started.run.started_at // 1000 + 30
    assert store.due(started.due_at, limit=5) == [(APP_ID, campaign_id)]


def test_a_start_without_the_money_changes_nothing() -> None:
    campaign_id = ready()
    dynamodb_table("balances").put_item(Item={"pk": f"{APP_ID}#0", "balance": MICROS - 1})

    assert refused("POST", f"/{campaign_id}/start", {})[:2] == (400, 160)

    assert shown(campaign_id)["state"] == "draft"
    assert balance() == {"balance": MICROS - 1}
    assert steps() == []


def test_a_start_over_the_days_cap_changes_nothing() -> None:
    apps.change(APP_ID, lambda app: replace(app, daily_cap_micros=MICROS - 1))
    campaign_id = ready()
    assert refused("POST", f"/{campaign_id}/start", {})[:2] == (400, 154)
    assert shown(campaign_id)["state"] == "draft"


def test_a_balance_in_several_items_pays_from_all_of_them() -> None:
    apps.change(APP_ID, lambda app: replace(app, balance_shards=3))
    for shard in range(3):
        item = {"pk": f"{APP_ID}#{shard}", "balance": MICROS // 3, "shards": 3}
        dynamodb_table("balances").put_item(Item=item)
    campaign_id = ready()

    assert steer(campaign_id, "start")["state"] == "running"

    items = dynamodb_table("balances").scan()["Items"]
    assert sum(int(item["balance"]) for item in items) == 0
    paying = record(campaign_id).run.balance_shard
    (payer,) = [item for item in items if f"n{record(campaign_id).run.day}" in item]
    assert payer["pk"] == f"{APP_ID}#{paying}"


def silenced(app: App) -> App:
    return replace(app, switches=replace(app.switches, sms=False))


@pytest.mark.parametrize(("change", "code"), [(without_company, 1), (silenced, 119)])
def test_an_app_that_may_not_send_starts_nothing(change: Callable[[App], App], code: int) -> None:
    campaign_id = ready(schedule=SOON)
    apps.change(APP_ID, change)
    for act in ("schedule", "start"):
        assert refused("POST", f"/{campaign_id}/{act}", {})[:2] == (400, code)
    assert shown(campaign_id)["state"] == "draft"


def test_words_that_are_not_approved_any_more_start_nothing() -> None:
    campaign_id = ready()
    put_template("x", name="Member_Sale", kind="marketing", state="rejected")
    assert refused("POST", f"/{campaign_id}/start", {})[:2] == (400, 605)


def test_a_started_campaign_is_not_started_again() -> None:
    campaign_id = ready()
    steer(campaign_id, "start")
    paid = balance()

    assert refused("POST", f"/{campaign_id}/start", {})[:2] == (400, 305)
    assert balance() == paid


def test_a_scheduled_campaign_that_is_started_has_no_time_any_more() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")
    assert steer(campaign_id, "start")["state"] == "running"
    assert campaigning.schedules() == {}


def test_a_draft_that_is_started_by_hand_is_sent_once_whatever_its_cron_said() -> None:
    campaign_id = ready(schedule=DAILY)
    assert steer(campaign_id, "start")["schedule"] is None


# --- paused, resumed, cancelled -----------------------------------------------------------


def test_a_pause_holds_at_once_and_a_second_one_changes_nothing() -> None:
    campaign_id = ready()
    steer(campaign_id, "start")

    paused = steer(campaign_id, "pause")

    assert (paused["state"], paused["why"]) == ("paused", "by_hand")
    assert steer(campaign_id, "pause") == paused
    assert [action for _, action, _ in trail()].count("pause") == 1
    assert record(campaign_id).due_at is None


def test_a_resumed_run_goes_on_with_another_token_and_no_other_money() -> None:
    campaign_id = ready()
    steer(campaign_id, "start")
    first, paid = record(campaign_id).run, balance()
    steer(campaign_id, "pause")
    steps()

    resumed = steer(campaign_id, "resume")

    assert (resumed["state"], resumed["why"], resumed["run"]["number"]) == ("running", None, 1)
    run = record(campaign_id).run
    assert run.token != first.token
    assert (run.started_at, run.reserved) == (first.started_at, first.reserved)
    assert [one["step"] for one in steps()] == [run.token]
    assert balance() == paid


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_a_draft_is_neither_paused_nor_resumed(act: str) -> None:
    campaign_id = ready()
    assert refused("POST", f"/{campaign_id}/{act}", {})[:2] == (400, 305)


def test_a_cancelled_run_is_due_to_be_settled_and_keeps_what_it_was() -> None:
    campaign_id = ready()
    steer(campaign_id, "start")

    assert steer(campaign_id, "cancel")["state"] == "cancelled"

    ended = record(campaign_id)
    assert ended.due_at == ended.run.started_at // 1000 + 60
    assert ended.run.reserved == MICROS
    for act in ("cancel", "start", "pause", "resume", "schedule", "plan"):
        assert refused("POST", f"/{campaign_id}/{act}", {})[:2] == (400, 305)


def test_a_scheduled_campaign_that_is_cancelled_has_no_schedule() -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")

    steer(campaign_id, "cancel")

    assert campaigning.schedules() == {}
    assert record(campaign_id).due_at is None


def test_a_schedule_that_cannot_be_deleted_keeps_nobody_from_cancelling(
    scheduler_down: Callable[..., None],
) -> None:
    campaign_id = ready(schedule=SOON)
    steer(campaign_id, "schedule")
    scheduler_down()
    assert steer(campaign_id, "cancel")["state"] == State.CANCELLED


def test_each_act_is_in_the_trail_with_its_version() -> None:
    campaign_id = ready(schedule=SOON)
    edit(campaign_id, name="黑五")
    for act in ("schedule", "start", "pause", "resume", "cancel"):
        steer(campaign_id, act)

    assert sorted(action for _, action, _ in trail()) == [
        *("cancel", "create", "edit", "pause", "resume", "schedule", "start"),
    ]
    items = [one for one in dynamodb_table("apps").scan()["Items"] if "action" in one]
    items = [one for one in items if one["subject"].startswith("campaign:")]
    assert {one["subject"] for one in items} == {"campaign:会员日", "campaign:黑五"}
    assert {int(one["version"]) for one in items} == {1, 2}
