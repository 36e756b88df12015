"""The sender: what becomes of a queue message."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from functions.sender import app as sender
from signet.carriers import CarrierError, OutcomeUnknown
from signet.carriers.end_user_messaging import EndUserMessaging
from signet.carriers.sns import Sns
from signet.edge import queue
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeCarrier
from tests.functions.service import MASTER_KEY, Service, event, put_template
from tests.store.build import client, dynamodb_table, message_items

Advance = Callable[[int], None]


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    """A carrier of the test's own in the place of the deployment's."""
    fake = FakeCarrier()
    monkeypatch.setattr(sender, "carrier", lambda _: fake)
    return fake


def state() -> str:
    """The state of the one message there is."""
    (record,) = message_items()
    return str(record["state"])


def test_a_recorded_message_is_sent_and_its_carrier_recorded(service: Service) -> None:
    service.request()

    assert service.send() == []

    (record,) = message_items()
    assert (record["state"], record["carrier"]) == ("awaiting_receipt", "sns")
    assert len(service.texts()) == 1


def test_a_notification_comes_through_the_bulk_queue_with_its_text(service: Service) -> None:
    put_template("订单 {{order_id}} 已发货")
    service.request(headers=MASTER_KEY, template="Order_Notice", order_id="7")

    assert service.queued() == []
    assert service.send(service.queued_in_bulk()) == []

    assert [text for _, text in service.texts()] == ["【示例商城】订单 7 已发货"]
    assert state() == "awaiting_receipt"


def test_a_notification_needs_no_code_and_no_key(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_template("已发货")
    service.request(headers=MASTER_KEY, template="Order_Notice")
    monkeypatch.setattr(sender, "records", replace(sender.records, keyring=gone, pin_key=gone))

    assert service.send() == []
    assert len(service.texts()) == 1


def gone(*_: object, **__: object) -> NoReturn:
    raise AssertionError


def test_a_template_whose_text_is_gone_is_not_claimed_and_tried_again(service: Service) -> None:
    put_template("已发货")
    service.request(headers=MASTER_KEY, template="Order_Notice")
    key = {"app_id": DEMO_APP.app_id, "item": "template-version#Order_Notice#000001"}
    dynamodb_table("apps").delete_item(Key=key)
    (record,) = service.queued_in_bulk()

    assert service.send([record]) == [record["messageId"]]
    assert (state(), service.texts()) == ("queued", [])

    put_template("已发货")
    assert service.send([record]) == []
    assert len(service.texts()) == 1


def test_the_record_says_when_the_queue_took_the_message_and_a_sender_claimed_it(
    service: Service,
) -> None:
    service.request()
    (record,) = service.queued()
    (before,) = message_items()
    sent = (int(before["created_at"]) + 2) * 1_000 + 999

    service.send([{**record, "attributes": {"SentTimestamp": str(sent)}}])

    (after,) = message_items()
    assert after["queued_at"] == int(before["created_at"]) + 2
    assert after["claimed_at"] >= before["created_at"]


def test_a_redelivered_queue_message_sends_nothing(service: Service) -> None:
    service.request()
    records = service.queued()

    assert service.send(records) == []
    assert service.send(records) == []

    assert len(service.texts()) == 1


def test_the_same_message_twice_in_a_batch_is_sent_once(service: Service) -> None:
    service.request()
    (record,) = service.queued()

    assert service.send([record, {**record, "messageId": "again"}]) == []

    assert len(service.texts()) == 1


def test_one_poisoned_message_does_not_keep_back_the_others(service: Service) -> None:
    service.request()
    service.request("+8618612345679")
    first, second = service.queued()
    poisoned = {**first, "messageId": "poisoned", "body": "{"}

    assert service.send([first, poisoned, second]) == ["poisoned"]

    assert len(service.texts()) == 2


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        "5",
        '"text"',
        "{}",
        '{"v": 2, "app_id": "signet-demo-app", "message_id": "20261122-3-00"}',
        '{"v": 1, "app_id": "signet-demo-app"}',
        '{"v": 1, "app_id": "signet-demo-app", "message_id": "20261122-3-00"}',
        '{"v": 1, "app_id": "signet-demo-app", "message_id": "nonsense"}',
        '{"v": 1, "app_id": null, "message_id": null}',
        json.dumps(event("sender")),
    ],
)
def test_what_cannot_be_read_or_found_fails_and_so_reaches_the_dead_letters(
    service: Service, body: str
) -> None:
    (record,) = event("sender")["Records"]

    assert service.send([{**record, "body": body}]) == [record["messageId"]]
    assert service.texts() == []


def test_a_poisoned_message_is_logged_without_its_body(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    (record,) = event("sender")["Records"]

    service.send([{**record, "body": '{"phone": "+8618612345678"'}])

    logged = "".join(str(record.__dict__) for record in caplog.records)
    assert "UnreadableBody" in logged
    assert "8612345678" not in logged


def test_a_body_of_the_version_before_is_read(service: Service) -> None:
    service.request()
    (record,) = service.queued()
    older = {**json.loads(record["body"]), "v": 0, "something": "else"}

    assert service.send([{**record, "body": json.dumps(older)}]) == []
    assert len(service.texts()) == 1


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (2, 15), (3, 30), (4, 30)])
def test_a_refusal_that_may_pass_comes_back_soon(
    service: Service,
    carrier: FakeCarrier,
    monkeypatch: pytest.MonkeyPatch,
    attempt: int,
    delay: int,
) -> None:
    delays: list[int] = []
    monkeypatch.setattr(queue, "delay", lambda url, handle, seconds: delays.append(seconds))
    service.request()
    records = service.queued()
    carrier.fails_with = CarrierError("Throttled", retryable=True)

    for _ in range(attempt):
        assert service.send(records) == [records[0]["messageId"]]

    assert delays[-1] == delay
    assert state() == "queued"


def test_a_refusal_that_may_pass_really_changes_the_visibility(
    service: Service, carrier: FakeCarrier
) -> None:
    service.request()
    carrier.fails_with = CarrierError("Throttled", retryable=True)

    assert len(service.send()) == 1

    waiting = client("sqs").get_queue_attributes(
        QueueUrl=service.codes_queue, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert waiting["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_the_fifth_refusal_is_the_last(service: Service, carrier: FakeCarrier) -> None:
    service.request()
    records = service.queued()
    carrier.fails_with = CarrierError("Throttled", retryable=True)

    for _ in range(4):
        assert len(service.send(records)) == 1
    assert service.send(records) == []

    assert (state(), len(carrier.handed)) == ("call_failed", 5)


@pytest.mark.parametrize(
    ("failure", "end"),
    [
        (CarrierError("OptedOut", retryable=False), "call_failed"),
        (OutcomeUnknown("ReadTimeoutError"), "unconfirmed"),
    ],
)
def test_a_final_or_unknown_outcome_is_done_and_never_sent_again(
    service: Service, carrier: FakeCarrier, failure: Exception, end: str
) -> None:
    service.request()
    records = service.queued()
    carrier.fails_with = failure

    assert service.send(records) == []
    carrier.fails_with = None
    assert service.send(records) == []

    assert (state(), len(carrier.handed)) == (end, 1)


def test_an_expired_code_is_not_sent(service: Service, advance: Advance) -> None:
    service.request(ttl=1)
    advance(60)

    assert service.send() == []

    assert (state(), service.texts()) == ("expired", [])


def test_a_replaced_code_is_not_sent(service: Service, advance: Advance) -> None:
    service.request()
    late = service.queued()
    advance(60)
    code = service.code()

    assert service.send(late) == []

    assert sorted(str(each["state"]) for each in message_items()) == [
        "awaiting_receipt",
        "expired",
    ]
    assert service.verify(code).code == 0


@pytest.mark.parametrize(
    ("setting", "kind"), [("sns", Sns), ("end-user-messaging", EndUserMessaging)]
)
def test_a_carrier_is_opened_by_its_name(setting: str, kind: type[Any]) -> None:
    assert isinstance(sender.carrier(setting), kind)


def test_the_sender_needs_no_table_of_apps(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.request()
    records = service.queued()
    dynamodb_table("apps").delete_item(Key={"app_id": DEMO_APP.app_id, "item": "app"})

    assert service.send(records) == []
    assert len(service.texts()) == 1
