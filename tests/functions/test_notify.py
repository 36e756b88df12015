"""The function that tells apps: from the stream to a signed request, until that is taken."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from standardwebhooks import Webhook

from functions.notify import app as notify_function
from signet import standard_webhooks
from signet.apps import App, Events, Key
from signet.edge import bus, functions
from signet.edge.functions import FunctionFailed
from signet.store import events as store
from tests.carriers.vendor import Vendor, serving
from tests.conftest import DEMO_APP
from tests.functions.service import Service, event
from tests.store.build import client

SECRET = standard_webhooks.secret(b"k" * 32)
Advance = Callable[[int], None]


@dataclass
class Notify:
    """The function, its calls of itself, and how much time each has."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    nobody_wakes: bool = False
    milliseconds: int = 60_000

    def invoke_later(self, name: str, asked: dict[str, Any]) -> None:
        if self.nobody_wakes:
            raise FunctionFailed(name)
        self.calls.append(json.loads(json.dumps(asked)))

    def run(self, asked: dict[str, Any]) -> int:
        context = SimpleNamespace(
            function_name="notify", get_remaining_time_in_millis=lambda: self.milliseconds
        )
        return notify_function.handler(asked, context)["seen"]

    def stream(self, *changes: dict[str, Any]) -> int:
        return self.run({"Records": list(changes) or event("notify")["Records"]})

    def tick(self) -> int:
        return self.run(event("sweeper"))

    def work(self) -> int:
        """Let it run for all its calls of itself; how many events were taken."""
        calls, self.calls = self.calls, []
        return sum(map(self.run, calls))


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Notify:
    made = Notify()
    monkeypatch.setattr(functions, "invoke_later", made.invoke_later)
    monkeypatch.setenv("SIGNET_PRIVATE_WEBHOOKS", "on")
    return made


@pytest.fixture
def endpoint() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture
def asking(make_app: Callable[..., App], endpoint: Vendor, advance: Advance) -> App:
    """The demo app, which asks for everything at its endpoint."""
    return make_app(events=Events(url=endpoint.url, secret=Key(SECRET)))


def bodies(endpoint: Vendor) -> list[dict[str, Any]]:
    """What arrived, each verified by another implementation."""
    receiver = Webhook(SECRET)
    return [receiver.verify(call.body, call.headers) for call in endpoint.calls]


def listed() -> list[tuple[str, str, int, str | None]]:
    items = client("dynamodb").scan(TableName="events")["Items"]
    return [
        (
            item["type"]["S"],
            item["standing"]["S"],
            int(item["attempts"]["N"]),
            item.get("answer", {}).get("S"),
        )
        for item in items
    ]


@pytest.mark.usefixtures("asking")
def test_a_change_in_the_stream_reaches_the_endpoint_signed(
    notify: Notify, endpoint: Vendor
) -> None:
    assert notify.stream() == 1
    assert endpoint.calls == [], "the stream waits for no endpoint"
    assert notify.work() == 1

    (body,) = bodies(endpoint)
    assert (body["type"], body["data"]["phone"]) == ("message.sent", "+8618612345678")
    assert endpoint.calls[0].headers["webhook-id"] == body["id"]
    assert listed() == [("message.sent", "delivered", 1, "200")]


@pytest.mark.usefixtures("asking")
def test_a_stream_that_repeats_tells_nothing_twice(notify: Notify, endpoint: Vendor) -> None:
    notify.stream()
    notify.work()

    assert (notify.stream(), notify.work()) == (0, 0)
    assert len(endpoint.calls) == 1


@pytest.mark.usefixtures("asking")
def test_a_record_that_cannot_be_read_keeps_nobody_waiting(
    notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    (good,) = event("notify")["Records"]
    broken = {**good, "dynamodb": {**good["dynamodb"], "NewImage": {"pk": {"S": "x"}}}}

    assert notify.stream(broken, good) == 1
    assert "unreadable_change" in caplog.text


@pytest.mark.usefixtures("asking")
def test_what_was_not_taken_is_tried_again_by_the_tick(
    notify: Notify, endpoint: Vendor, advance: Advance
) -> None:
    endpoint.status = 503
    notify.stream()
    notify.work()
    assert listed() == [("message.sent", "pending", 1, "503")]

    assert notify.tick() == 0, "not yet"
    advance(60)
    endpoint.status = 200
    assert notify.tick() == 1
    assert notify.work() == 1

    first, second = endpoint.calls
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.usefixtures("asking")
def test_when_nobody_could_be_woken_the_tick_delivers(
    notify: Notify, endpoint: Vendor, advance: Advance
) -> None:
    notify.nobody_wakes = True
    notify.stream()
    advance(60)
    assert notify.tick() == 0

    notify.nobody_wakes = False
    assert notify.tick() == 1
    assert notify.work() == 1


@pytest.mark.usefixtures("asking")
def test_an_app_that_asks_no_more_is_told_no_more(
    notify: Notify, endpoint: Vendor, advance: Advance
) -> None:
    notify.stream()
    from signet.store import apps

    apps.change(DEMO_APP.app_id, lambda app: replace(app, events=Events()))
    advance(60)

    assert (notify.work(), notify.tick()) == (0, 0)
    assert endpoint.calls == []


def test_a_dead_endpoint_of_one_app_delays_no_other(
    make_app: Callable[..., App], notify: Notify, endpoint: Vendor, advance: Advance
) -> None:
    with serving() as dead:
        url = dead.url
    make_app(events=Events(url=url, secret=Key(SECRET)))
    make_app(app_id="another", events=Events(url=endpoint.url, secret=Key(SECRET)))
    (one,) = event("notify")["Records"]
    other = json.loads(json.dumps(one).replace("signet-demo-app#", "another#"))

    notify.stream(one, other)

    assert [asked["app_id"] for asked in notify.calls] == ["signet-demo-app", "another"]
    assert [notify.run(asked) for asked in notify.calls] == [0, 1]
    assert [body["app_id"] for body in bodies(endpoint)] == ["another"]


def test_an_app_with_a_bus_has_its_events_there(
    make_app: Callable[..., App],
    notify: Notify,
    advance: Advance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_app(events=Events(bus=True))
    asked: list[dict[str, Any]] = []
    real = bus._client()

    def put_events(**request: Any) -> Any:
        asked.extend(request["Entries"])
        return real.put_events(**request)

    monkeypatch.setattr(bus, "_client", lambda: SimpleNamespace(put_events=put_events))
    notify.stream()

    assert notify.work() == 1
    (entry,) = asked
    assert (entry["Source"], entry["DetailType"]) == ("signet", "message.sent")
    assert entry["EventBusName"] == "signet-test"
    assert json.loads(entry["Detail"])["data"]["carrier"] == "sns"
    assert listed() == [("message.sent", "delivered", 1, "bus")]


def test_a_bus_that_takes_nothing_is_tried_again(
    make_app: Callable[..., App],
    notify: Notify,
    advance: Advance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_app(events=Events(bus=True))
    refused = {"Entries": [{"ErrorCode": "ThrottlingException"}]}
    monkeypatch.setattr(bus, "_client", lambda: SimpleNamespace(put_events=lambda **_: refused))
    notify.stream()

    assert notify.work() == 0
    assert listed() == [("message.sent", "pending", 1, "bus_ThrottlingException")]


@pytest.mark.usefixtures("asking")
def test_replies_and_opt_outs_are_told_by_the_next_tick(
    notify: Notify, endpoint: Vendor, advance: Advance
) -> None:
    from signet.edge import clock

    number: dict[str, Any] = {"phone": "+8618612345678", "at": clock.now(), "now": clock.now()}
    store.record_reply(DEMO_APP.app_id, reply_id="1", text="TD", carrier="sns", **number)
    store.record_opt_out(DEMO_APP.app_id, added=True, source="reply", **number)

    assert notify.tick() == 1
    assert notify.work() == 2
    assert {body["type"] for body in bodies(endpoint)} == {"reply.received", "opt_out.added"}


def test_only_messages_of_an_app_that_asks_are_marked_for_the_stream(
    make_app: Callable[..., App], deployment: Service
) -> None:
    make_app()
    make_app(app_id="asking", events=Events(bus=True))

    deployment.request()
    deployment.request(headers={"X-LC-Id": "asking", "X-LC-Key": "signet-demo-key"})

    items = client("dynamodb").scan(TableName="messages")["Items"]
    marks = {item["pk"]["S"].partition("#")[0]: item.get("events") for item in items}
    assert marks == {"signet-demo-app": None, "asking": {"S": "1"}}


@pytest.mark.usefixtures("asking")
def test_no_log_has_a_number(
    notify: Notify, endpoint: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.status = 500
    caplog.set_level(logging.INFO)

    notify.stream()
    notify.work()

    assert "18612345678" not in caplog.text


def test_an_event_of_another_version_is_refused(notify: Notify) -> None:
    with pytest.raises(ValueError, match="version"):
        notify.run({"v": 2, "app_id": "signet-demo-app"})
