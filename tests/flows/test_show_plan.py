"""A campaign's plan as its owner sees it before anything is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signet.campaigns import Campaign, Part, Plan, Planned, Run, Schedule, State
from signet.curves import Hours
from signet.flows.show_plan import document
from tests.flows.test_plan_campaign import CAMPAIGN
from tests.store.build import NOW, SECONDS

OPEN = Hours(lambda zone, now: None, lambda zone, now: now + timedelta(hours=12))
EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
CLOSED = Hours(
    lambda zone, now: EVENING if now < EVENING else None, lambda zone, now: now + timedelta(hours=4)
)
PLAN = Plan(
    folder="plans/a/c1/3/r1/a1",
    zones=("86|Asia/Shanghai",),
    parts=(Part(0, 1_000, 1, 50_000, "e1"), Part(0, 1_000, 2, 100_000, "e2")),
    constants={},
    dropped={"no_consent": 3},
    expected_drops={"opted_out": 2, "capped": 1},
    samples=("【示例商城】张三，今天八折。回复TD退订",),
    expected_micros=149_850_000,
    planned_at=SECONDS - 60,
)
READY = replace(CAMPAIGN, planned=Planned("r1", "plans/a/c1/3/r1/a1/plan.json", 2_000, 150_000_000))


def test_all_there_is_to_know_before_it_starts() -> None:
    assert document(READY, PLAN, NOW, hours=OPEN) == {
        "state": "ready",
        "problem": None,
        "recipients": 2_000,
        "segments": 3_000,
        "cost_micros": 149_850_000,
        "reserve_micros": 150_000_000,
        "dropped": {"no_consent": 3},
        "expected_drops": {"opted_out": 2, "capped": 1},
        "samples": ["【示例商城】张三，今天八折。回复TD退订"],
        "planned_at": "2026-11-22T07:59:00Z",
        "starts_at": "2026-11-22T08:00:00Z",
        "finishes_at": "2026-11-22T08:00:40Z",
        "curve": [["2026-11-22T08:00:00Z", 2_000]],
        "waits": [],
        "assumed_pace": None,
    }


@pytest.mark.parametrize(
    ("planned", "shown"),
    [
        (None, ("none", None)),
        (Planned("r1"), ("making", None)),
        (Planned("r1", problem="nobody"), ("failed", "nobody")),
        (Planned("r1", "plans/gone/plan.json", 2, 9), ("failed", "plan_gone")),
    ],
)
def test_while_there_is_none_it_says_why(
    planned: Planned | None, shown: tuple[str, str | None]
) -> None:
    found = document(replace(CAMPAIGN, planned=planned), None, NOW, hours=OPEN)

    assert found == {"state": shown[0], "problem": shown[1]}


def test_who_waits_for_its_hours_is_named() -> None:
    found = document(READY, PLAN, NOW, hours=CLOSED)

    assert found["waits"] == [
        {"zone": "86|Asia/Shanghai", "recipients": 2_000, "opens_at": "2026-11-22T20:00:00Z"}
    ]
    assert found["finishes_at"] == "2026-11-22T20:00:40Z"


RUN = Run.first_step(
    PLAN,
    "plans/a/c1/3/r1/a1/plan.json",
    number=1,
    version=1,
    started_at=(SECONDS - 600) * 1000,
    shards=8,
    balance_shard=0,
    events=False,
)


@pytest.mark.parametrize(
    ("campaign", "starts_at", "shown"),
    [
        (READY, None, "2026-11-22T08:00:00Z"),
        (replace(READY, schedule=Schedule(at=SECONDS + 60)), None, "2026-11-22T08:01:00Z"),
        (replace(READY, schedule=Schedule(at=SECONDS - 60)), None, "2026-11-22T08:00:00Z"),
        (replace(READY, schedule=Schedule(cron="0 10 ? * MON *")), EVENING, "2026-11-22T20:00:00Z"),
        (replace(READY, state=State.RUNNING, run=RUN), None, "2026-11-22T07:50:00Z"),
    ],
    ids=["now", "at", "late", "cron", "running"],
)
def test_the_curve_begins_when_the_campaign_does(
    campaign: Campaign, starts_at: datetime | None, shown: str
) -> None:
    found = document(campaign, PLAN, NOW, hours=OPEN, starts_at=starts_at)

    assert found["starts_at"] == shown
    assert str(found["curve"]).startswith(f"[['{shown}'")


def test_a_campaign_without_a_pace_says_what_is_assumed() -> None:
    found = document(replace(READY, pace=None), PLAN, NOW, hours=OPEN)

    assert (found["assumed_pace"], found["finishes_at"]) == (500, "2026-11-22T08:00:04Z")
