"""An app is told of its messages by signed requests and on the bus; others are told nothing."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
import pytest
from standardwebhooks import Webhook

from local.stack import Stack
from tests.carriers.vendor import Vendor, serving
from tests.wire import raw
from tests.wire.console import call
from tests.wire.people import Accounts, open_app
from tests.wire.phone import Phone
from tests.wire.sdks import DEMO

Json = dict[str, Any]
LIMIT = 30


class Asking:
    """An app with an endpoint on this machine, and what it was told there."""

    def __init__(self, accounts: Accounts, endpoint: Vendor) -> None:
        self.accounts, self.endpoint = accounts, endpoint
        self.app_id = accounts.keys.app_id
        settings = self.console("PUT", "/events", {"url": endpoint.url, "bus": True})
        self.receiver = Webhook(settings["secret"])

    def console(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.accounts.stack, self.accounts.keys.master, method, path, body)

    def post(self, path: str, number: str) -> None:
        reply = self.accounts.call("POST", path, {"mobilePhoneNumber": number})
        assert reply.status == 200, reply.text

    def told(self, *types: str) -> list[Json]:
        """What has arrived once these types have, each verified."""
        return wait(self._events, lambda found: {e["type"] for e in found} >= set(types))

    def _events(self) -> list[Json]:
        return [self.receiver.verify(one.body, one.headers) for one in self.endpoint.calls]

    def delivery(self, event_id: str, state: str) -> Json:
        """The delivery once it has come to a state."""

        def found() -> Json:
            listed = self.console("GET", "/events/deliveries?limit=100")["items"]
            return next((one for one in listed if one["id"] == event_id), {})

        return wait(found, lambda one: one.get("state") == state)


T = TypeVar("T")


def wait(look: Callable[[], T], is_there: Callable[[T], bool]) -> T:
    """What there is to see once it is there; fails when it does not come."""
    deadline = time.monotonic() + LIMIT
    while not is_there(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def app(stack: Stack, seen: set[str], endpoint: Vendor) -> Asking:
    made = open_app(stack, seen, name="events", test_phone="+8618212340004")
    return Asking(made, endpoint)


@pytest.fixture
def listening(stack: Stack) -> Iterator[Callable[[], list[Json]]]:
    """What is on the bus, by a rule with a queue."""
    sqs = boto3.client("sqs", endpoint_url=stack.aws_endpoint)
    rules = boto3.client("events", endpoint_url=stack.aws_endpoint)
    bus = stack.outputs["EventBusName"]
    url = sqs.create_queue(QueueName="listening")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["signet"]})
    rules.put_rule(Name="everything", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["QueueArn"]}
    rules.put_targets(Rule="everything", EventBusName=bus, Targets=[target])
    heard: list[Json] = []

    def hear() -> list[Json]:
        reply = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        heard.extend(json.loads(message["Body"]) for message in reply.get("Messages", []))
        return heard

    yield hear
    rules.remove_targets(Rule="everything", EventBusName=bus, Ids=["queue"])
    rules.delete_rule(Name="everything", EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)


def test_an_app_is_told_that_its_code_was_sent_and_used(
    app: Asking, phone: Phone, listening: Callable[[], list[Json]]
) -> None:
    app.post("requestSmsCode", phone.number)
    app.post(f"verifySmsCode/{phone.code()}", phone.number)

    events = app.told("message.sent", "code.verified")

    (verified,) = [event for event in events if event["type"] == "code.verified"]
    assert verified["data"]["phone"] == phone.number
    assert (verified["app_id"], verified["data"]["state"]) == (app.app_id, "verified")
    assert not phone.seen & set(json.dumps(events).split('"')) - {phone.number}
    on_bus = wait(listening, lambda heard: len(heard) >= 2)
    assert {(one["detail-type"], one["detail"]["id"]) for one in on_bus} == {
        (event["type"], event["id"]) for event in events
    }


def test_an_app_that_did_not_ask_is_told_nothing(stack: Stack, app: Asking, phone: Phone) -> None:
    body = json.dumps({"mobilePhoneNumber": phone.number})
    raw.send(stack.url, "POST", "/1.1/requestSmsCode", headers=DEMO.client, body=body)
    phone.code()
    app.console("POST", "/events/test", {})

    app.told("ping")

    stored = boto3.client("dynamodb", endpoint_url=stack.aws_endpoint).scan(
        TableName=stack.resources["Events"]
    )["Items"]
    told = {item["pk"]["S"].rpartition("#")[0] for item in stored}
    assert app.app_id in told
    assert DEMO.app_id not in told


def test_what_an_endpoint_did_not_take_is_sent_again_from_the_console(app: Asking) -> None:
    app.endpoint.status = 410
    event_id = app.console("POST", "/events/test", {})["id"]
    assert app.delivery(event_id, "given_up")["answer"] == "410"

    app.endpoint.status = 200
    again = app.console("POST", f"/events/deliveries/{event_id}/replay", {})

    assert (again["state"], again["attempts"]) == ("pending", 0)
    assert app.delivery(event_id, "delivered")["answer"] == "200"
    tried = [one for one in app.endpoint.calls if one.headers["webhook-id"] == event_id]
    assert len(tried) == 2
    assert tried[0].body == tried[1].body


def test_the_tick_tries_again_what_an_endpoint_did_not_take(app: Asking, stack: Stack) -> None:
    app.endpoint.status = 500
    event_id = app.console("POST", "/events/test", {})["id"]
    wait(
        lambda: app.delivery(event_id, "pending"),
        lambda one: one["answer"] == "500",
    )
    app.endpoint.status = 200

    moved = raw.send(
        stack.url,
        "POST",
        "/local/clock",
        headers={"Content-Type": "application/json"},
        body='{"advance_seconds": 70}',
    )

    assert moved.status == 200
    assert app.delivery(event_id, "delivered")["attempts"] == 2
