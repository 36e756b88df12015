"""The virtual carriers behave as gateways do, and misbehave as they are told."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.carriers import NAMES, key
from local.phones import Phones
from local.signing import signed
from signet.carriers import CarrierError, OutcomeUnknown
from tests.local.gateways import AHEAD, PHONE, World, outgoing, until, world

BASE = "/restapis/abc/live/_user_request_"
BODY = {
    "v": 1,
    "message_id": "20261126-0-one",
    "app_id": "signet-demo-app",
    "phone": PHONE,
    "kind": "verification",
    "text": "Your code is 331380.",
}


@pytest.fixture
def carriers() -> Iterator[World]:
    """Both virtual carriers, calm."""
    with world(BASE) as made:
        yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """The same for tests that get nothing through."""
    with world(BASE) as made:
        yield made


def post(
    world: World, body: bytes, *, secret: bytes, at: float = 0, **changed: str
) -> httpx.Response:
    """A signed request as a stranger may make it, `at` so many seconds from now."""
    headers = signed(secret, body, id="20261126-0-one", timestamp=int(time.time() + at))
    return httpx.post(
        f"{world.url}/local/carriers/webhook", content=body, headers=headers | changed
    )


def test_a_message_reaches_its_phone_and_says_by_whom(carriers: World) -> None:
    taken = carriers.send("20261126-0-one", "webhook-b")
    (message,) = carriers.arrived()
    assert taken == "v-20261126-0-one"
    assert (message.to, message.text) == (PHONE, "【示例商城】您的验证码是 331380。")
    assert (message.carrier, message.channel, message.kind) == ("webhook-b", "sms", "verification")
    assert (message.app_id, message.message_id) == ("signet-demo-app", "20261126-0-one")


def test_a_call_is_known_as_one(carriers: World) -> None:
    body = json.dumps(BODY | {"channel": "voice", "sender": "95011"}).encode()
    assert post(carriers, body, secret=key(NAMES[0])).status_code == 200
    (message,) = carriers.arrived()
    assert (message.channel, message.sender) == ("voice", "95011")


@pytest.mark.parametrize(
    ("secret", "at", "changed"),
    [
        (key(NAMES[1]), 0, {}),
        (key(NAMES[0]), -301, {}),
        (key(NAMES[0]), 310, {}),
        (key(NAMES[0]), 0, {"webhook-id": "another"}),
        (key(NAMES[0]), 0, {"webhook-signature": "v1,"}),
        (key(NAMES[0]), 0, {"webhook-signature": ""}),
        (key(NAMES[0]), 0, {"webhook-timestamp": "now"}),
        (key(NAMES[0]), 0, {"webhook-timestamp": ""}),
    ],
)
def test_what_signet_did_not_sign_is_refused(
    shared: World, secret: bytes, at: float, changed: dict[str, str]
) -> None:
    reply = post(shared, json.dumps(BODY).encode(), secret=secret, at=at, **changed)
    assert (reply.status_code, reply.json()) == (401, {"error": "bad_signature"})
    assert shared.phones.messages() == []


def test_a_request_without_a_signature_is_refused(shared: World) -> None:
    reply = httpx.post(f"{shared.url}/local/carriers/webhook", json=BODY)
    assert reply.status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"v":1}', json.dumps(BODY | {"v": 2}).encode()]
)
def test_a_signed_request_that_is_no_message_is_refused(shared: World, body: bytes) -> None:
    assert post(shared, body, secret=key(NAMES[0])).status_code == 400


def test_a_receipt_is_signed_by_signets_clock(carriers: World) -> None:
    carriers.send()
    (receipt,) = carriers.receipts()
    (heard,) = carriers.api.heard
    assert heard.path == f"{BASE}/carriers/webhook/receipts"
    assert heard.is_signed_by("webhook")
    in_signets_time = time.time() + AHEAD.total_seconds()
    assert abs(int(heard.headers["webhook-timestamp"]) - in_signets_time) < 60
    assert abs(receipt.pop("at") - in_signets_time) < 60
    assert receipt == {
        "app_id": "signet-demo-app",
        "message_id": "20261126-0-one",
        "state": "delivered",
    }


def test_receipts_of_one_moment_come_together(carriers: World) -> None:
    for number in range(20):
        carriers.send(f"20261126-0-{number}")
    carriers.receipts(20)
    assert len(carriers.api.heard) < 20


def test_receipts_that_the_api_could_not_take_come_again_under_their_id(carriers: World) -> None:
    carriers.api.answers = [500, 429]
    carriers.send()
    until(lambda: len(carriers.api.heard) == 3)
    assert len({heard.headers["webhook-id"] for heard in carriers.api.heard}) == 1
    assert len({heard.body for heard in carriers.api.heard}) == 1


def test_receipts_that_the_api_refuses_do_not_come_again(carriers: World) -> None:
    carriers.api.answers = [403]
    carriers.send("20261126-0-one")
    carriers.receipts()
    carriers.send("20261126-0-two")
    assert [one["message_id"] for one in carriers.receipts(2)] == [
        "20261126-0-one",
        "20261126-0-two",
    ]


def test_what_is_dropped_was_accepted_and_is_never_heard_of(carriers: World) -> None:
    carriers.chaos(drop=1)
    assert carriers.send("20261126-0-lost") == "v-20261126-0-lost"
    carriers.chaos()
    carriers.send("20261126-0-found")
    assert [one["message_id"] for one in carriers.receipts()] == ["20261126-0-found"]
    assert [one.message_id for one in carriers.arrived()] == ["20261126-0-found"]


def test_what_does_not_arrive_is_told_so(carriers: World) -> None:
    carriers.chaos(undelivered=1)
    carriers.send()
    (receipt,) = carriers.receipts()
    assert (receipt["state"], receipt["reason"]) == ("undelivered", "absent")
    assert carriers.phones.messages() == []


def test_a_message_can_arrive_without_a_receipt(carriers: World) -> None:
    carriers.chaos(lose_receipts=1)
    carriers.send("20261126-0-quiet")
    carriers.chaos()
    carriers.send("20261126-0-told")
    assert len(carriers.arrived(2)) == 2
    assert [one["message_id"] for one in carriers.receipts()] == ["20261126-0-told"]


def test_a_receipt_can_come_twice(carriers: World) -> None:
    carriers.chaos(duplicate=1)
    carriers.send()
    first, second = carriers.receipts(2)
    assert first == second
    assert len(carriers.arrived()) == 1


def test_a_receipt_can_come_after_a_newer_one(carriers: World) -> None:
    carriers.chaos(reorder=True)
    carriers.send()
    last, late = carriers.receipts(2)
    assert (last["state"], late["state"]) == ("delivered", "sent")
    assert late["at"] <= last["at"]


def test_a_message_can_come_late(carriers: World) -> None:
    carriers.chaos(delay_seconds=1)
    carriers.send()
    assert carriers.phones.messages() == []
    (message,) = carriers.arrived()
    assert message.sent_at < message.arrived_at


def test_a_receipt_can_come_later_than_its_message(carriers: World) -> None:
    carriers.chaos(receipt_seconds=1)
    carriers.send()
    carriers.arrived()
    assert carriers.api.receipts() == []
    assert len(carriers.receipts()) == 1


@pytest.mark.parametrize(
    ("knobs", "meaning"),
    [
        ({}, ("refused", False, False)),
        ({"reason": "daily_limit"}, ("daily_limit", False, False)),
        ({"retryable": True}, ("refused", True, False)),
        ({"bad_number": True}, ("refused", False, True)),
    ],
)
def test_a_refusal_means_to_signet_what_was_chosen(
    carriers: World, knobs: dict[str, Any], meaning: tuple[str, bool, bool]
) -> None:
    carriers.chaos(refuse=1, **knobs)
    with pytest.raises(CarrierError) as refused:
        carriers.send()
    error = refused.value
    assert (error.reason, error.retryable, error.bad_number) == meaning
    assert carriers.phones.messages() == []


@pytest.mark.parametrize("hang_up", [False, True])
def test_after_a_failure_nobody_knows_the_outcome(carriers: World, hang_up: bool) -> None:
    carriers.chaos(fail=1, hang_up=hang_up)
    with pytest.raises(OutcomeUnknown):
        carriers.send()
    assert carriers.phones.messages() == []


def test_whoever_does_not_wait_for_a_slow_answer_does_not_know_that_it_arrived(
    carriers: World,
) -> None:
    carriers.chaos(answer_seconds=1)
    with pytest.raises(OutcomeUnknown):
        carriers.webhook(read_timeout=0.2).submit(outgoing())
    assert len(carriers.arrived()) == 1


def test_one_carriers_chaos_is_not_the_others(carriers: World) -> None:
    reply = carriers.chaos(refuse=1)
    assert reply.json()["webhook"]["refuse"] == 1
    assert reply.json()["webhook-b"]["refuse"] == 0
    carriers.send(name="webhook-b")
    assert len(carriers.arrived()) == 1


def test_what_a_request_does_not_name_is_off_again(carriers: World) -> None:
    carriers.chaos(refuse=0.5, delay_seconds=2.5, reorder=True)
    assert (
        carriers.chaos(drop=0.25).json()["webhook"] | {"drop": 0}
        == carriers.chaos().json()["webhook"]
    )


def test_all_chaos_can_be_ended_at_once(carriers: World) -> None:
    carriers.chaos(refuse=1)
    httpx.delete(f"{carriers.url}/local/chaos")
    shown = httpx.get(f"{carriers.url}/local/carriers").json()
    assert [(one["name"], one["calm"]) for one in shown] == [("webhook", True), ("webhook-b", True)]


def test_a_carrier_tells_what_came_of_each_request(carriers: World) -> None:
    carriers.chaos(refuse=1)
    with pytest.raises(CarrierError):
        carriers.send("20261126-0-one")
    carriers.chaos()
    carriers.send("20261126-0-two")
    (shown, _) = httpx.get(f"{carriers.url}/local/carriers").json()
    assert shown["outcomes"] == {"refused": 1, "delivered": 1}
    second, first = httpx.get(f"{carriers.url}/local/carriers/webhook").json()
    assert (first["message_id"], first["outcome"]) == ("20261126-0-one", "refused")
    assert first["came"] <= first["answered"] <= second["came"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "Malformed json object"),
        (b"[]", 400, "Malformed json object"),
        (b"{", 400, "Malformed json object"),
        (b"{}", 400, "carrier must be webhook or webhook-b."),
        (b'{"carrier":"sns"}', 400, "carrier must be webhook or webhook-b."),
        (b'{"carrier":["webhook"]}', 400, "carrier must be"),
        (b'{"carrier":"webhook","drops":1}', 400, "There is no knob 'drops': drop,"),
        (b'{"carrier":"webhook","drop":1.1}', 400, "drop must be a number from 0 to 1."),
        (b'{"carrier":"webhook","drop":-0.1}', 400, "drop must be a number"),
        (b'{"carrier":"webhook","drop":NaN}', 400, "drop must be a number"),
        (b'{"carrier":"webhook","drop":true}', 400, "drop must be a number"),
        (b'{"carrier":"webhook","drop":"1"}', 400, "drop must be a number"),
        (b'{"carrier":"webhook","drop":null}', 400, "drop must be a number"),
        (b'{"carrier":"webhook","reorder":1}', 400, "reorder must be true or false."),
        (b'{"carrier":"webhook","delay_seconds":601}', 400, "from 0 to 600."),
        (b'{"carrier":"webhook","answer_seconds":61}', 400, "from 0 to 60."),
        (b'{"carrier":"webhook","answer_seconds":1e999}', 400, "from 0 to 60."),
        (b'{"carrier":"webhook","reason":""}', 400, "reason must be a code"),
        (b'{"carrier":"webhook","reason":"two words"}', 400, "reason must be a code"),
        (b'{"carrier":"webhook","reason":"e12345"}', 400, "reason must be a code"),
    ],
)
def test_chaos_that_cannot_be_is_refused_and_changes_nothing(
    shared: World, body: bytes, status: int, said: str
) -> None:
    shared.chaos(refuse=0.5)
    reply = httpx.post(f"{shared.url}/local/chaos", content=body)
    assert reply.status_code == status
    assert said in reply.json()["error"]
    assert isinstance(reply.json()["code"], int)
    kept = httpx.get(f"{shared.url}/local/chaos").json()["webhook"]
    assert (kept["refuse"], kept["drop"]) == (0.5, 0)


def test_a_reply_goes_back_the_way_the_last_message_came(carriers: World) -> None:
    carriers.send(name="webhook-b")
    carriers.arrived()
    reply = httpx.post(f"{carriers.url}/local/replies", json={"from": PHONE, "text": "TD"})
    assert reply.json()["carrier"] == "webhook-b"
    until(lambda: any(heard.path.endswith("/replies") for heard in carriers.api.heard))
    (heard,) = [heard for heard in carriers.api.heard if heard.path.endswith("/replies")]
    assert heard.path == f"{BASE}/carriers/webhook-b/replies"
    assert heard.is_signed_by("webhook-b")
    (passed,) = heard.content["replies"]
    assert passed.pop("id") == reply.json()["id"]
    assert passed == {"from": PHONE, "text": "TD", "app_id": "signet-demo-app"}


def test_a_stranger_can_write_too(carriers: World) -> None:
    reply = httpx.post(f"{carriers.url}/local/replies", json={"from": PHONE, "text": "START"})
    assert reply.status_code == 200
    assert "app_id" not in carriers.api.heard[0].content["replies"][0]


def test_a_reply_that_signet_does_not_take_is_told_so(carriers: World) -> None:
    carriers.api.answers = [403]
    reply = httpx.post(f"{carriers.url}/local/replies", json={"from": PHONE, "text": "TD"})
    assert (reply.status_code, reply.json()["code"]) == (502, 1)
    assert "HTTP 403" in reply.json()["error"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", 107),
        (b"", 107),
        (b"{}", 127),
        (b'{"from":"18612345678","text":"TD"}', 127),
        (b'{"from":5,"text":"TD"}', 127),
        (b'{"from":"+8618612345678"}', 1),
        (b'{"from":"+8618612345678","text":" "}', 1),
        (b'{"from":"+8618612345678","text":["TD"]}', 1),
    ],
)
def test_a_reply_that_is_none_goes_nowhere(shared: World, body: bytes, code: int) -> None:
    reply = httpx.post(f"{shared.url}/local/replies", content=body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert shared.api.heard == []


def test_phones_that_are_kept_are_there_after_a_restart(carriers: World, tmp_path: Path) -> None:
    carriers.send()
    (message,) = carriers.arrived()
    file = tmp_path / "phones.jsonl"
    Phones(file).receive(message)
    again = Phones(file)
    again.receive(message)
    assert again.messages() == Phones(file).messages() == [message, message]
