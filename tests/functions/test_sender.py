"""The sender: what becomes of a queue message."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from functions.sender import app as sender
from functions.sweeper import app as sweeper
from signet import health
from signet.carriers import CarrierError, OutcomeUnknown
from signet.carriers.end_user_messaging import EndUserMessaging
from signet.carriers.sns import Sns
from signet.edge import clock, queue
from signet.edge.queue import Job, QueueUnavailable
from signet.flows import routed
from signet.limits import Channel
from signet.messages import MessageRef
from signet.routes import Hop, Rule
from signet.store import apps, carrier_health, deployment
from signet.store import messages as messages_store
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeCarrier
from tests.functions.service import MASTER_KEY, Service, event, put_template
from tests.gateway import CONTEXT
from tests.store.build import (
    balance_item,
    client,
    dynamodb_table,
    message_items,
    new_message,
    new_send,
)

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


# --- Routes, health and rescue ------------------------------------------------------------------

SECOND = "webhook"


class Carriers:
    """Two carriers of the test's own, by name."""

    def __init__(self) -> None:
        self.first = FakeCarrier(name="sns", reports_within=timedelta(minutes=1))
        self.second = FakeCarrier(name=SECOND)

    def open(self, name: str) -> FakeCarrier:
        return {"sns": self.first, SECOND: self.second}[name]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, service: Service) -> Carriers:
    """A route of two carriers, the second of which stands by."""
    carriers = Carriers()
    monkeypatch.setattr(sender, "carrier", carriers.open)
    rule = Rule((Hop("sns", 100), Hop(SECOND, 0, "ACME")))
    deployment.set_routes([rule], by="demo", now=clock.now())
    return carriers


def down() -> CarrierError:
    return CarrierError("Down", retryable=False)


def test_a_refused_message_goes_out_by_the_next_carrier_of_its_route(
    service: Service, two: Carriers
) -> None:
    two.first.fails_with = down()
    service.request()

    assert service.send() == []

    (record,) = message_items()
    assert (record["state"], record["carrier"]) == ("awaiting_receipt", SECOND)
    assert [one.sender for one in two.second.handed] == ["ACME"]
    tries = messages_store.tries(SimpleNamespace(**{f"try{n}": None for n in range(1, 7)} | record))
    assert [(one.carrier, one.reason) for one in tries] == [("sns", "Down"), (SECOND, "")]


def test_a_carrier_that_fails_is_asked_less_and_the_console_can_tell(
    service: Service, two: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.first.fails_with = down()
    monkeypatch.setattr(carrier_health.HEALTH, "flush_seconds", 0)
    for number in range(8):
        service.request(f"+86186123456{number:02d}")
    assert service.send() == []

    (change,), _ = carrier_health.changes(limit=5)
    assert (change.carrier, change.country, change.after) == ("sns", "86", health.FLOOR)
    assert len(two.second.handed) == 8
    assert len(two.first.handed) < 8


def test_with_one_carrier_nothing_is_counted(service: Service, carrier: FakeCarrier) -> None:
    carrier.fails_with = down()
    for number in range(8):
        service.request(f"+86186123456{number:02d}")
    service.send()

    assert client("dynamodb").scan(TableName="carriers")["Items"] == []


def test_the_poisoned_one_of_ten_is_alone_in_coming_back(service: Service, two: Carriers) -> None:
    for number in range(9):
        service.request(f"+86186123456{number:02d}")
    records = service.queued()
    poisoned = {**records[0], "messageId": "poisoned", "body": '{"v": 1}'}

    assert service.send([*records[:4], poisoned, *records[4:]]) == ["poisoned"]

    assert len(two.first.handed) == 9
    assert {str(each["state"]) for each in message_items()} == {"awaiting_receipt"}


def test_what_a_slow_batch_has_no_time_for_is_queued_afresh(
    service: Service, two: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.request()
    service.request("+8618612345679")
    records = service.queued()
    put: list[tuple[str, str, int]] = []
    monkeypatch.setattr(
        queue, "put_body", lambda _, text, app_id, delay=0: put.append((text, app_id, delay))
    )
    two.first.on_submit = lambda: monkeypatch.setattr(sender, "_began", time.monotonic() - 9)

    assert service.send(records) == []

    assert len(two.first.handed) == 1
    assert put == [(records[1]["body"], DEMO_APP.app_id, 1)]


def rescuing() -> None:
    changed = apps.change(
        DEMO_APP.app_id,
        lambda app: replace(app, switches=replace(app.switches, rescue=True)),
    )
    assert changed.switches.rescue


def test_a_code_nobody_hears_of_is_sent_once_more_and_not_charged_again(
    service: Service, two: Carriers, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[tuple[Job, int]] = []
    rescuing()
    (record,) = requested(service)
    monkeypatch.setattr(queue, "put", lambda url, job, delay=0: put.append((job, delay)))
    service.send([record])
    spent = balance_item()["balance"]
    assert put == [(Job(message_ref(), is_rescue=True), 20)]

    advance(20)
    rescue = {**record, "body": queue.body(put[0][0])}
    assert service.send([rescue]) == []
    assert service.send([rescue]) == []

    assert len(two.second.handed) == 1
    assert two.second.handed[0].code == two.first.handed[0].code
    assert balance_item()["balance"] == spent
    (item,) = message_items()
    assert (item["state"], item["carrier"]) == ("awaiting_receipt", "sns")
    assert "open" not in item


def test_a_call_nobody_hears_of_is_rescued_by_the_carriers_of_texts_too(two: Carriers) -> None:
    texts, calls = Rule((Hop("sns"),)), Rule((Hop(SECOND),), channel=Channel.VOICE)
    deployment.set_routes([texts, calls], by="demo", now=clock.now())
    called = replace(new_message(new_send()), channel=Channel.VOICE, carriers=(SECOND,))

    ways = routed.rescuers(called)

    assert [(hop.carrier, channel) for hop, channel in ways] == [
        ("sns", Channel.SMS),
        (SECOND, Channel.VOICE),
    ]


def test_a_rescue_before_its_time_comes_back(
    service: Service, two: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "delay", lambda *_: None)
    rescuing()
    (record,) = requested(service)
    service.send([record])

    rescue = {**record, "body": queue.body(Job(message_ref(), is_rescue=True))}

    assert service.send([rescue]) == [record["messageId"]]
    assert two.second.handed == []


def test_a_code_that_was_used_is_not_sent_once_more(
    service: Service, two: Carriers, advance: Advance
) -> None:
    rescuing()
    (record,) = requested(service)
    service.send([record])
    code = two.first.handed[0].code or ""
    assert service.verify(code).code == 0

    advance(20)
    rescue = {**record, "body": queue.body(Job(message_ref(), is_rescue=True))}

    assert service.send([rescue]) == []
    assert two.second.handed == []


def test_a_rescue_the_queue_lost_is_found_by_the_sweeper(
    service: Service, two: Carriers, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise QueueUnavailable

    rescuing()
    (record,) = requested(service)
    with monkeypatch.context() as patch:
        patch.setattr(queue, "put", full)
        assert service.send([record]) == []
    advance(81)

    sweeper.handler({}, CONTEXT)
    assert service.send() == []

    assert len(two.second.handed) == 1


def requested(service: Service) -> list[dict[str, Any]]:
    service.request()
    return service.queued()


def message_ref() -> MessageRef:
    (item,) = message_items()
    _, day, shard = str(item["pk"]).rsplit("#", 2)
    return MessageRef(DEMO_APP.app_id, f"{day}-{shard}-{item['sk']}")
