"""Campaigns on the local stack start when Signet's clock says so, each time once."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest

from local import seed
from local.stack import Stack
from tests.wire.test_audiences import post, read

FILE = "phone,name\n+8618612340099,张三\n".encode()
HOUR = 3600
PATIENCE = 60


class Owner:
    """The demo app's owner, with an audience of one."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        headers = {"X-LC-Id": seed.APP_ID, "X-LC-Key": f"{seed.MASTER_KEY},master"}
        url = f"{stack.url}/console/api"
        self.api = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
        new = {"name": "会员", "consent": {"how": "注册时勾选"}}
        made = self.api.post("/audiences", json=new).json()
        assert post(made["upload"], FILE, origin=stack.url).status_code == 204
        self.audience_id = read(self.api, made["audience"]["id"])["id"]

    def scheduled(self, schedule: dict[str, str]) -> str:
        """A campaign that waits; its id."""
        body = {
            "name": "会员日",
            "template": seed.MARKETING_TEMPLATE,
            "sign": seed.MARKETING_SIGNATURE,
            "audience_id": self.audience_id,
            "schedule": schedule,
        }
        made = self.api.post("/campaigns", json=body)
        assert made.status_code == 201, made.text
        campaign_id = str(made.json()["campaign"]["id"])
        assert self.api.post(f"/campaigns/{campaign_id}/plan", json={}).status_code == 202
        wait(lambda: self.shown(campaign_id)["plan"]["state"] != "making")
        assert self.shown(campaign_id)["plan"]["recipients"] == 1
        reply = self.api.post(f"/campaigns/{campaign_id}/schedule", json={})
        assert reply.status_code == 200, reply.text
        return campaign_id

    def shown(self, campaign_id: str) -> Any:
        return self.api.get(f"/campaigns/{campaign_id}").json()["campaign"]

    def pass_time(self, seconds: int) -> datetime:
        """Move Signet's clock; its time."""
        moved = httpx.post(
            f"{self.stack.url}/local/clock",
            json={"advance_seconds": seconds},
            timeout=120,
            trust_env=False,
        )
        return datetime.fromisoformat(moved.json()["now"])

    def schedules(self) -> list[str]:
        """The names of EventBridge's schedules."""
        group = self.stack.resources["ScheduleGroup"]
        client: Any = boto3.client
        endpoint = self.stack.aws_endpoint
        scheduler = client("scheduler", endpoint_url=endpoint, region_name="us-east-1")
        found = scheduler.list_schedules(GroupName=group)["Schedules"]
        return [one["Name"] for one in found]


@pytest.fixture
def owner(stack: Stack) -> Iterator[Owner]:
    """Somebody who ends what they began."""
    owner = Owner(stack)
    yield owner
    for one in owner.api.get("/campaigns").json()["campaigns"]:
        owner.api.post(f"/campaigns/{one['id']}/cancel", json={})
    owner.api.close()


def at(now: datetime, seconds: float) -> dict[str, str]:
    return {"at": f"{(now + timedelta(seconds=seconds)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def wait(is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_campaign_starts_by_itself_when_its_time_comes(owner: Owner) -> None:
    campaign_id = owner.scheduled(at(owner.pass_time(0), 25))
    assert owner.shown(campaign_id)["state"] == "scheduled"

    wait(lambda: owner.shown(campaign_id)["run"] is not None)

    assert owner.shown(campaign_id)["run"]["number"] == 1
    wait(lambda: owner.schedules() == [])


def test_a_clock_that_is_moved_past_its_time_starts_it_before_it_answers(owner: Owner) -> None:
    campaign_id = owner.scheduled(at(owner.pass_time(0), HOUR))
    owner.pass_time(HOUR - 60)
    assert owner.shown(campaign_id)["state"] == "scheduled"

    owner.pass_time(70)

    assert owner.shown(campaign_id)["run"]["number"] == 1
    assert owner.schedules() == []


def test_a_clock_that_is_moved_far_past_its_time_has_it_held_as_late(owner: Owner) -> None:
    campaign_id = owner.scheduled(at(owner.pass_time(0), HOUR))

    owner.pass_time(2 * HOUR)

    shown = owner.shown(campaign_id)
    assert (shown["state"], shown["why"], shown["run"]) == ("paused", "late", None)


def test_a_cron_starts_it_at_its_time_in_its_zone_once(owner: Owner) -> None:
    soon = (owner.pass_time(0) + timedelta(hours=1)).astimezone(UTC) + timedelta(hours=8)
    cron = {"cron": f"{soon.minute} {soon.hour} * * ? *", "zone": "Asia/Shanghai"}
    campaign_id = owner.scheduled(cron)

    owner.pass_time(HOUR + 5)

    assert owner.shown(campaign_id)["run"]["number"] == 1
    owner.pass_time(5)
    assert owner.shown(campaign_id)["run"]["number"] == 1
    assert len(owner.schedules()) == 1


def test_what_was_cancelled_does_not_start(owner: Owner) -> None:
    campaign_id = owner.scheduled(at(owner.pass_time(0), 600))
    owner.api.post(f"/campaigns/{campaign_id}/cancel", json={})

    owner.pass_time(700)

    shown = owner.shown(campaign_id)
    assert (shown["state"], shown["run"]) == ("cancelled", None)
