"""Campaigns of the demo app: what they need, how they are called, and what then happened."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.campaign import app as campaign_function
from signet.apps import Signature, Use
from signet.audiences import Audience, State, Wanted
from signet.audits import Entry
from signet.campaigns import Part, Plan, Planned, Recipient
from signet.edge import clock, plans
from signet.store import audiences
from signet.store import campaigns as store
from tests.functions.console_calls import Reply, call, owner
from tests.functions.service import put_template
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, client, dynamodb_table, put_signature

COMPANY = "示例科技有限公司"
AUDIENCE = "a1"
TEXT = "{{name}}，会员日全场八折，回复TD退订"
BODY: dict[str, Any] = {
    "name": "会员日",
    "template": "Member_Sale",
    "sign": "promo",
    "audience_id": AUDIENCE,
}
# Of a plan for three people.
ROWS, MICROS = 3, 150_000


def furnish() -> None:
    """What a marketing campaign and a notification need: words, and an audience."""
    put_signature(APP_ID, Signature("promo", "示例商城", "s2", use=Use.MARKETING))
    put_template(TEXT, name="Member_Sale", kind="marketing", version=2)
    put_template("订单 {{order_id}} 已发货", name="Order_Notice")
    put_template("验证码 {{code}}", name="Code", kind="verification")
    now = int(clock.now().timestamp())
    audience = Audience(APP_ID, AUDIENCE, "会员", State.READY, Wanted(), now, now)
    audiences.create(audience, Entry(clock.now(), "nobody", "create_audience", "audience"))


def campaigns(
    method: str, path: str = "", body: object = None, query: Mapping[str, str] | None = None
) -> Reply:
    """Call the API of campaigns as the demo app's owner."""
    return call(
        method,
        f"/console/api/campaigns{path}",
        body,
        headers=owner(),
        query=query or {},
        handler=campaign_function.handler,
    )


def create(**changes: Any) -> dict[str, Any]:
    """A new campaign, as its document."""
    reply = campaigns("POST", body={**BODY, **changes})
    assert reply.status == 201, reply
    return dict(reply.body["campaign"])


def edit(campaign_id: str, **changes: Any) -> dict[str, Any]:
    reply = campaigns("PUT", f"/{campaign_id}", changes)
    assert reply.status == 200, reply
    return dict(reply.body["campaign"])


def steer(campaign_id: str, act: str) -> dict[str, Any]:
    """Do something with a campaign that can be done; its document after it."""
    reply = campaigns("POST", f"/{campaign_id}/{act}", {})
    assert reply.status == 200, reply
    return dict(reply.body["campaign"])


def shown(campaign_id: str) -> dict[str, Any]:
    reply = campaigns("GET", f"/{campaign_id}")
    assert reply.status == 200, reply
    return dict(reply.body["campaign"])


def plan(campaign_id: str, *, at: datetime | None = None) -> None:
    """Plan it for three people, as the planner does; perhaps long ago."""
    people = [Recipient(f"+861861234567{n}", {"name": f"会员{n}"}) for n in range(ROWS)]
    folder = f"plans/{APP_ID}/{campaign_id}/1/r1"
    etag = plans.write_part(folder, 0, people)
    found = Plan(
        folder=folder,
        zones=("86|Asia/Shanghai",),
        parts=(Part(zone=0, rows=ROWS, segments=1, price=MICROS // ROWS, etag=etag),),
        constants={},
        dropped={},
        expected_drops={},
        samples=(),
        expected_micros=MICROS,
        planned_at=int((at or clock.now()).timestamp()),
    )
    planned = Planned("r1", plans.write(found), ROWS, MICROS)
    store.change(APP_ID, campaign_id, lambda before: replace(before, planned=planned))


def ready(**changes: Any) -> str:
    """A campaign that is planned; its id."""
    campaign_id = str(create(**changes)["id"])
    plan(campaign_id)
    return campaign_id


def fire(campaign_id: str, version: int = 1, scheduled_at: str = "") -> None:
    """Call the function as EventBridge Scheduler does."""
    event = {
        "v": 1,
        "app_id": APP_ID,
        "campaign_id": campaign_id,
        "version": version,
        "scheduled_at": scheduled_at or f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
    }
    assert campaign_function.handler(event, CONTEXT) == {"seen": 1}


def schedules() -> dict[str, dict[str, Any]]:
    """EventBridge's schedules of the group, by their campaign's id."""
    scheduler = client("scheduler")
    found = {}
    for one in scheduler.list_schedules(GroupName="schedules")["Schedules"]:
        whole = scheduler.get_schedule(GroupName="schedules", Name=one["Name"])
        found[json.loads(whole["Target"]["Input"])["campaign_id"]] = whole
    return found


def balance() -> dict[str, int]:
    """The demo app's balance item, without its key."""
    item = dynamodb_table("balances").get_item(Key={"pk": f"{APP_ID}#0"})["Item"]
    return {name: int(value) for name, value in item.items() if name != "pk"}


def trail() -> list[tuple[str, str, str | None]]:
    """(actor, action, comment) of what the trail says of campaigns, in no order."""
    items = dynamodb_table("apps").scan()["Items"]
    entries = [one for one in items if str(one.get("subject", "")).startswith("campaign:")]
    return [(one["actor"], one["action"], one.get("comment")) for one in entries]


def steps() -> list[dict[str, Any]]:
    """The steps that wait in the bulk queue, which is emptied."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="bulk")["QueueUrl"]
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for one in got:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return [json.loads(one["Body"]) for one in got]
