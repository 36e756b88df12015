"""Roles: what one of a function's stories asks, and nothing more."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import boto3
import pytest

from signet import days
from signet.apps import Events
from signet.store import apps, deployment, users
from tests.artifacts.asking import Json, answer, event, granted_to, taken
from tests.artifacts.conftest import Start
from tests.artifacts.gateway import Grant
from tests.conftest import DEMO_APP, record_app
from tests.functions import campaigning
from tests.gateway import rest_event

APP_ID, PHONE = "signet-demo-app", "+8618612345678"
OWNER = {"X-LC-Id": APP_ID, "X-LC-Key": "signet-demo-master,master"}
OPERATOR = {"Authorization": f"Basic {b64encode(b'demo:signet-demo-operator').decode()}"}
NOTICE = {"name": "Notice", "kind": "notification", "text": "您的订单 {{order_id}} 已经发货。"}
SHOP = {
    "name": "shop",
    "text": "天天商城",
    "use": "verification_notification",
    "owner_kind": "company",
    "proof": "https://example.com/licence",
}

Call = Callable[..., Json]


@pytest.fixture
def operator(aws: SimpleNamespace) -> None:
    deployment.add_operator("demo", "signet-demo-operator", "signet", now=datetime.now(UTC))


def calls_of(function: Any) -> Call:
    """A function that calls the built one, and gives the body of a success."""

    def call(
        who: dict[str, str], method: str, path: str, body: object = None, **query: str
    ) -> Json:
        text = None if body is None else json.dumps(body)
        asked = rest_event(
            f"/console/api{path}", text, method=method, headers=who, query=query or None
        )
        status, answered = answer(function.invoke(asked))
        assert status in {200, 201, 202}, (method, path, answered)
        return answered

    return call


def used(asked: set[Grant]) -> set[Grant]:
    """The actions and resources, whichever attributes were asked for."""
    return plain(taken(asked))


def plain(grants: set[Grant]) -> set[Grant]:
    """The same of grants."""
    return {(action.split(" ")[0], target) for action, target in grants}


@pytest.mark.usefixtures("operator")
def test_review_uses_all_of_its_role(start: Start, aws: SimpleNamespace) -> None:
    aws.asked.clear()
    with start("ReviewFunction") as function:
        call = calls_of(function)
        call(OWNER, "POST", "/templates/lint", {"kind": NOTICE["kind"], "text": NOTICE["text"]})
        call(OWNER, "POST", "/templates", {**NOTICE, "submit": False})
        call(OWNER, "PUT", "/templates/Notice/1", {**NOTICE, "submit": False})
        call(OWNER, "POST", "/templates/Notice/1/submit", {})
        (waiting,) = call(OPERATOR, "GET", "/review")["items"]
        call(OPERATOR, "POST", f"/review/{APP_ID}/template/Notice/1/approve", {})
        call(OWNER, "POST", "/templates", {**NOTICE, "name": "Other", "submit": False})
        call(OWNER, "DELETE", "/templates/Other/1")
        call(OWNER, "POST", "/signatures", SHOP)
        call(OPERATOR, "POST", f"/review/{APP_ID}/signature/shop/1/approve", {})
        call(OWNER, "PUT", "/signatures/shop/default", {})
        listed = call(OWNER, "GET", "/signatures")
        call(OPERATOR, "GET", "/audit", app_id=APP_ID)
    assert waiting["name"] == "Notice"
    assert listed["default"] == "shop"
    assert used(aws.asked) == granted_to("ReviewFunction")


@pytest.mark.usefixtures("operator")
def test_the_console_uses_all_of_its_role(start: Start, aws: SimpleNamespace) -> None:
    with start("RequestFunction") as request:
        assert answer(request.invoke(event("request"))) == (200, {})
    aws.asked.clear()
    mapping = {"carrier": "alibaba", "template": None, "vendor_template": "SMS_1"}
    with start("ConsoleFunction") as function:
        call = calls_of(function)
        call({}, "POST", "/session", {"operator": "demo", "key": "signet-demo-operator"})
        made = call(OPERATOR, "POST", "/apps", {"name": "天天商城"})
        call(OPERATOR, "GET", "/apps")
        place = f"/apps/{made['app_id']}"
        call(OPERATOR, "PATCH", place, {"balance_shards": 2})
        left = call(OPERATOR, "POST", f"{place}/credits", {"amount_micros": 5, "note": "一"})
        call(OPERATOR, "GET", f"{place}/balance")
        call(OPERATOR, "PUT", f"{place}/mappings", mapping)
        call(OPERATOR, "DELETE", f"{place}/mappings", carrier="alibaba")
        call(OPERATOR, "POST", "/operators", {"id": "second"})
        call(OPERATOR, "DELETE", "/operators/second")
        call(OPERATOR, "GET", "/operators")
        call(OPERATOR, "PUT", "/settings", {"auto_approve": True})
        call(OPERATOR, "GET", "/carriers/health")
        (record,) = call(OWNER, "GET", "/records", day=days.of(datetime.now(UTC)))["items"]
        (same,) = call(OWNER, "GET", "/records", phone=PHONE)["items"]
        call(OWNER, "GET", f"/records/{record['message_id']}")
    assert left["balance_micros"] == 5_000_005
    assert same == record
    assert used(aws.asked) == granted_to("ConsoleFunction")


def test_the_importer_uses_all_of_its_role(start: Start, aws: SimpleNamespace) -> None:
    key = event("importer")["key"]
    lines = [{"objectId": "u1", "username": "same"}, {"objectId": "u2", "username": "same"}]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    boto3.client("s3").put_object(Bucket=aws.physical["Imports"], Key=key, Body=body)
    be_callable(aws.physical["ImporterFunction"])
    aws.asked.clear()
    with start("ImporterFunction", seconds=60) as function:
        assert function.invoke(event("importer")) == {"seen": 2}
        assert function.invoke({**event("importer"), "continues": True}) == {"seen": 2}
    assert users.get(APP_ID, "u1")
    assert used(aws.asked) == granted_to("ImporterFunction")


def test_notify_uses_all_of_its_role_that_its_trigger_does_not(
    start: Start, aws: SimpleNamespace
) -> None:
    record_app(replace(DEMO_APP, app_id="asking", events=Events(bus=True)))
    stream = json.loads(json.dumps(event("notify")).replace(APP_ID, "asking"))
    be_callable(aws.physical["NotifyFunction"])
    aws.asked.clear()
    with start("NotifyFunction", seconds=60) as function:
        assert function.invoke(stream) == {"seen": 1}
        (recorded,) = boto3.client("dynamodb").scan(TableName=aws.physical["Events"])["Items"]
        asked = {"v": 1, "app_id": "asking", "event_ids": [recorded["sk"]["S"]]}
        assert function.invoke(asked) == {"seen": 1}
        assert function.invoke(event("sweeper")) == {"seen": 0}
    triggers = {
        *((f"dynamodb:{name}", "Messages.StreamArn") for name in STREAM_READS),
        ("dynamodb:ListStreams", "${Messages.Arn}/stream/*"),
        ("sqs:SendMessage", "ImportsDeadLetters.Arn"),
    }
    assert used(aws.asked) == granted_to("NotifyFunction") - triggers


STREAM_READS = ("DescribeStream", "GetRecords", "GetShardIterator")


def test_the_console_of_events_uses_all_of_its_role(start: Start, aws: SimpleNamespace) -> None:
    be_callable(aws.physical["NotifyFunction"])
    with start("EventsFunction") as function:
        call = calls_of(function)
        call(OWNER, "PUT", "/events", {"bus": True})
        event_id = call(OWNER, "POST", "/events/test", {})["id"]
        call(OWNER, "POST", f"/events/deliveries/{event_id}/replay", {})
        (listed,) = call(OWNER, "GET", "/events/deliveries")["items"]
    assert listed["id"] == event_id
    assert used(aws.asked) == granted_to("EventsFunction")


# What only audiences need.
OF_AUDIENCES = ("${Audiences.Arn}/uploads/*", "${Audiences.Arn}/audiences/*")


def test_campaigns_use_all_of_their_role(start: Start, aws: SimpleNamespace) -> None:
    apps.change(APP_ID, lambda app: replace(app, company=campaigning.COMPANY))
    campaigning.furnish()
    be_callable(aws.physical["PlannerFunction"])
    aws.asked.clear()
    with start("CampaignFunction") as function:
        call = calls_of(function)
        other = call(OWNER, "POST", "/campaigns", campaigning.BODY)["campaign"]["id"]
        call(OWNER, "DELETE", f"/campaigns/{other}")
        new = {**campaigning.BODY, "schedule": {"cron": "0 10 * * ? *"}}
        campaign_id = call(OWNER, "POST", "/campaigns", new)["campaign"]["id"]
        place = f"/campaigns/{campaign_id}"
        call(OWNER, "POST", f"{place}/plan", {})
        campaigning.plan(campaign_id)
        call(OWNER, "POST", f"{place}/schedule", {})
        call(OWNER, "PUT", place, {"pace": 9})
        (listed,) = call(OWNER, "GET", "/campaigns")["campaigns"]
        call(OWNER, "POST", f"{place}/start", {})
        call(OWNER, "GET", f"{place}/progress")
        call(OWNER, "POST", f"{place}/pause", {})
        call(OWNER, "POST", f"{place}/resume", {})
        call(OWNER, "POST", f"{place}/results", {})
        made = call(OWNER, "GET", f"{place}/results")
        call(OWNER, "POST", f"{place}/cancel", {})
    assert made == {"state": "making"}
    assert (listed["version"], listed["state"]) == (2, "scheduled")
    unasked = {
        ("iam:PassRole to scheduler.amazonaws.com", "ScheduleRole.Arn"),
        # Only for the first cookie of a deployment.
        ("dynamodb:UpdateItem of app_id item session_key in #deployment", "Apps.Arn"),
    }
    granted = {grant for grant in granted_to("CampaignFunction") if grant[1] not in OF_AUDIENCES}
    assert used(aws.asked) == granted - unasked


# Owners use these, by what CampaignFunction signs for them.
SIGNED = {
    ("s3:PutObject", "${Audiences.Arn}/uploads/*"),
    ("s3:GetObject", "${Audiences.Arn}/audiences/*"),
}


def test_audiences_use_all_of_both_roles(start: Start, aws: SimpleNamespace) -> None:
    be_callable(aws.physical["PlannerFunction"])
    aws.asked.clear()
    with start("CampaignFunction") as function, start("PlannerFunction") as planner:
        call = calls_of(function)
        stated = {"name": "会员", "consent": {"how": "注册时勾选"}}
        made = call(OWNER, "POST", "/audiences", stated)
        place = f"/audiences/{made['audience']['id']}"
        boto3.client("s3").put_object(
            Bucket=aws.physical["Audiences"],
            Key=call(OWNER, "POST", f"{place}/upload", {})["upload"]["fields"]["key"],
            Body=b"phone\n13800138000\n1\n",
        )
        call(OWNER, "POST", f"{place}/read", {})
        asked = taken(aws.asked)
        task = {**event("planner"), "audience_id": made["audience"]["id"]}
        assert planner.invoke(task) is None
        assert used(aws.asked) <= plain(granted_to("PlannerFunction"))
        (listed,) = call(OWNER, "GET", "/audiences")["audiences"]
        assert call(OWNER, "GET", place)["audience"] == listed
        call(OWNER, "GET", f"{place}/report")
        call(OWNER, "DELETE", place)
        # A browser's cookie needs the key of sessions, which is drawn when there is none.
        cookie = {"Cookie": "signet_session=eyJ2IjoxfQ.00"}
        browsing = rest_event("/console/api/audiences", None, method="GET", headers=cookie)
        assert answer(function.invoke(browsing))[0] == 401
    assert (listed["state"], listed["valid"], listed["no_consent"]) == ("ready", 1, 0)
    of_campaign = used(asked | aws.asked)
    assert of_campaign <= plain(granted_to("CampaignFunction"))
    granted = {grant for grant in granted_to("CampaignFunction") if grant[1] in OF_AUDIENCES}
    assert {grant for grant in of_campaign if grant[1] in OF_AUDIENCES} == granted - SIGNED


def be_callable(name: str) -> None:
    """Let there be a function of that name."""
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return {}")
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/importer",
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )


def test_accounts_use_their_role_and_nothing_more(start: Start, aws: SimpleNamespace) -> None:
    switches = replace(DEMO_APP.switches, login_by_code=True, code_only=True)
    record_app(replace(DEMO_APP, app_id="signet-accounts", switches=switches))
    client = {"X-LC-Id": "signet-accounts", "X-LC-Key": "signet-demo-key"}
    master = {**client, "X-LC-Key": "signet-demo-master,master"}
    aws.asked.clear()
    with start("AccountFunction") as function:

        def call(who: dict[str, str], method: str, path: str, body: object = None) -> Json:
            asked = rest_event(f"/1.1/{path}", json.dumps(body), method=method, headers=who)
            return answer(function.invoke(asked))[1]

        name = {"username": "hjiang", "password": "x"}
        made = call(client, "POST", "users", {**name, "mobilePhoneNumber": PHONE})
        mine = {**client, "X-LC-Session": made["sessionToken"]}
        again = call(client, "POST", "login", name)
        guessed = call(client, "POST", "verifyMobilePhone/000000")
        typed = call(client, "POST", "verifyMobilePhone/000000", {"mobilePhoneNumber": PHONE})
        found = call(master, "GET", "users")
        changed = call(mine, "PUT", f"users/{made['objectId']}", {"username": "other"})
        removed = call(mine, "DELETE", f"users/{made['objectId']}")
    assert again["sessionToken"] == made["sessionToken"]
    assert (guessed["code"], typed["code"]) == (603, 603)
    assert [user["username"] for user in found["results"]] == ["hjiang"]
    assert changed["objectId"] == made["objectId"]
    assert removed == {}
    unused = {
        # Only where an item of the balance is short, and where a code was right.
        ("dynamodb:GetItem", "Balances.Arn"),
        ("dynamodb:UpdateItem", "Messages.Arn"),
        # Only with a captcha, and once a process has counted for some seconds.
        ("dynamodb:PutItem", "Challenges.Arn"),
        ("dynamodb:PutItem", "Shield.Arn"),
        ("dynamodb:UpdateItem", "Shield.Arn"),
    }
    assert used(aws.asked) == granted_to("AccountFunction") - unused
