"""Where an app's events go, and how each has fared, in the console's API."""

from typing import Any

import pytest

from functions.events import app as events_function
from signet.edge import functions
from signet.edge.functions import FunctionFailed
from signet.events import WANTED
from tests.functions.console_calls import Reply, call, owner
from tests.store.build import client as aws_client

URL = "https://example.com/hook"
OFF = {
    "url": None,
    "bus": False,
    "types": None,
    "has_secret": False,
    "former_secret_until": None,
}

pytestmark = pytest.mark.usefixtures("service", "stopped")


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the function that delivers was called with."""
    calls: list[dict[str, Any]] = []

    def invoke_later(name: str, event: dict[str, Any]) -> None:
        assert name == "notify-function"
        calls.append(event)

    monkeypatch.setattr(functions, "invoke_later", invoke_later)
    return calls


def events(method: str, path: str = "", body: object = None, **query: str) -> Reply:
    return call(
        method,
        f"/console/api/events{path}",
        body,
        headers=owner(),
        query=query,
        handler=events_function.handler,
    )


def put(**body: Any) -> dict[str, Any]:
    reply = events("PUT", body=body)
    assert reply.status == 200, reply
    return reply.body


def actions() -> list[tuple[str, str]]:
    items = aws_client("dynamodb").scan(TableName="apps")["Items"]
    trail = [item for item in items if "action" in item]
    return [(item["action"]["S"], item["subject"]["S"].partition(":")[0]) for item in trail]


def test_at_first_nothing_is_told() -> None:
    assert events("GET").body == OFF


def test_the_first_endpoint_brings_a_secret_that_is_shown_once() -> None:
    put_once = put(url=URL, types=["code.verified"])

    secret = put_once.pop("secret")
    assert secret.startswith("whsec_")
    assert put_once == {**OFF, "url": URL, "types": ["code.verified"], "has_secret": True}
    assert events("GET").body == put_once
    assert "secret" not in put(url=f"{URL}/2")
    assert actions() == [("change", "events"), ("change", "events")]


def test_a_new_secret_is_shown_once_and_the_former_signs_for_a_day() -> None:
    first = put(url=URL)["secret"]

    reply = events("POST", "/secret").body

    assert reply["secret"] != first
    assert reply["former_secret_until"]
    assert "secret" not in events("GET").body
    assert ("rotate-secret", "events") in actions()


def test_the_same_settings_again_are_no_change() -> None:
    put(bus=True)
    put(bus=True)

    assert actions() == [("change", "events")]


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://169.254.169.254/"},
        {"url": "http://example.com/"},
        {"url": "https://user:pass@example.com/"},
        {"types": ["message.read"]},
        {"secret": "mine"},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(body: dict[str, Any]) -> None:
    assert events("PUT", body=body).refusal == (400, 1)
    assert events("GET").body == OFF


def test_on_one_machine_an_endpoint_may_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_PRIVATE_WEBHOOKS", "on")

    assert put(url="http://10.0.0.1:9000/")["url"] == "http://10.0.0.1:9000/"


def test_every_type_can_be_asked_for() -> None:
    assert put(bus=True, types=list(WANTED))["types"] == list(WANTED)


# --- Trying it --------------------------------------------------------------------------------


def test_a_try_is_recorded_and_delivered_at_once(woken: list[dict[str, Any]]) -> None:
    put(url=URL)

    event_id = events("POST", "/test").body["id"]

    assert woken == [{"v": 1, "app_id": "signet-demo-app"}]
    (listed,) = events("GET", "/deliveries").body["items"]
    assert (listed["id"], listed["type"], listed["state"]) == (event_id, "ping", "pending")
    assert listed["next_try_at"] == listed["created_at"]
    assert ("ping", "event") in actions()


def test_a_try_without_anywhere_to_go_is_refused() -> None:
    assert events("POST", "/test").refusal == (400, 1)
    assert events("GET", "/deliveries").body == {"items": [], "cursor": None}


def test_when_nobody_can_be_woken_the_tick_finds_what_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(url=URL)

    def nobody(name: str, event: dict[str, Any]) -> None:
        raise FunctionFailed(name)

    monkeypatch.setattr(functions, "invoke_later", nobody)

    assert events("POST", "/test").status == 200
    assert len(events("GET", "/deliveries").body["items"]) == 1


# --- Deliveries -------------------------------------------------------------------------------


def test_deliveries_are_listed_a_page_at_a_time() -> None:
    put(url=URL)
    ids = {events("POST", "/test").body["id"] for _ in range(3)}

    first = events("GET", "/deliveries", limit="2").body
    rest = events("GET", "/deliveries", limit="2", cursor=first["cursor"]).body

    assert {one["id"] for one in [*first["items"], *rest["items"]]} == ids
    assert rest["cursor"] is None


def test_a_replay_is_due_now_with_its_tries_begun_anew(woken: list[dict[str, Any]]) -> None:
    put(url=URL)
    event_id = events("POST", "/test").body["id"]
    woken.clear()

    reply = events("POST", f"/deliveries/{event_id}/replay").body

    assert (reply["id"], reply["state"], reply["attempts"]) == (event_id, "pending", 0)
    assert woken == [{"v": 1, "app_id": "signet-demo-app"}]
    assert ("replay", "event") in actions()


@pytest.mark.parametrize("event_id", ["evt_" + "0" * 32, "x", "evt_%2e", "x" * 2_000])
def test_what_is_not_there_cannot_be_replayed(event_id: str) -> None:
    assert events("POST", f"/deliveries/{event_id}/replay").refusal == (404, 101)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"cursor": "x"}])
def test_a_list_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    assert events("GET", "/deliveries", **query).refusal == (400, 1)
