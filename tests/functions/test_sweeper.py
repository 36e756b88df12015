"""The sweeper: what it does with a message in each state, and how it keeps the books."""

from collections.abc import Callable

import pytest

from signet.apps import App
from signet.messages import State
from signet.store import ledger
from signet.store.balances import Account
from signet.store.table import Item
from tests.conftest import DEMO_APP
from tests.functions.service import MASTER_KEY, Service, put_template
from tests.store.build import (
    PRICE,
    balance_item,
    client,
    dynamodb_table,
    ledger_items,
    message_items,
    put,
)

Advance = Callable[[int], None]
MakeApp = Callable[..., App]


@pytest.fixture
def lost(service: Service) -> Service:
    """A deployment with one message that was recorded and whose queue message was lost."""
    service.request()
    for record in service.queued():
        client("sqs").delete_message(
            QueueUrl=service.codes_queue, ReceiptHandle=record["receiptHandle"]
        )
    return service


def change(**values: object) -> None:
    """Change the one record there is, past the store."""
    (record,) = message_items()
    dynamodb_table("messages").update_item(
        Key={"pk": record["pk"], "sk": record["sk"]},
        AttributeUpdates={name: {"Value": value} for name, value in values.items()},
    )


def record() -> Item:
    (found,) = message_items()
    return found


def test_a_fresh_message_is_left_alone(lost: Service, advance: Advance) -> None:
    advance(5)

    assert lost.sweep() == 0
    assert lost.queued() == []


def test_a_lost_message_is_queued_again_and_arrives(lost: Service, advance: Advance) -> None:
    advance(61)

    assert lost.sweep() == 1
    assert lost.send() == []

    assert len(lost.texts()) == 1
    assert record()["state"] == "awaiting_receipt"


def test_a_message_is_queued_again_once_a_minute_at_most(lost: Service, advance: Advance) -> None:
    advance(61)

    assert [lost.sweep() for _ in range(3)] == [1, 0, 0]
    assert len(lost.queued()) == 1


def test_a_message_queued_twice_is_sent_once(service: Service, advance: Advance) -> None:
    service.request()
    advance(61)
    service.sweep()

    records = service.queued()
    assert len(records) == 2
    assert service.send(records) == []

    assert len(service.texts()) == 1


def test_a_message_whose_code_expired_is_expired(lost: Service, advance: Advance) -> None:
    advance(601)

    assert lost.sweep() == 1

    assert (record()["state"], "open" in record()) == ("expired", False)
    assert lost.queued() == []


@pytest.mark.parametrize(("lease", "state"), [(0, "unconfirmed"), (2**31, "sending")])
def test_a_message_whose_sender_died_is_unconfirmed_after_its_lease(
    lost: Service, advance: Advance, lease: int, state: str
) -> None:
    change(state="sending", attempt_id="attempt", lease_until=lease)
    advance(61)

    lost.sweep()

    assert (record()["state"], lost.queued()) == (state, [])


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.SENDING}))
def test_a_message_at_its_end_leaves_the_list(
    lost: Service, advance: Advance, state: State
) -> None:
    change(state=state.value, attempts=1)
    advance(61)

    assert [lost.sweep(), lost.sweep()] == [1, 0]
    assert (record()["state"], "open" in record()) == (state, False)


def test_a_queue_that_refuses_is_asked_again_a_minute_later(
    lost: Service, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(61)
    with monkeypatch.context() as patch:
        patch.setenv("SIGNET_CODES_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/gone")
        assert lost.sweep() == 1
    advance(61)

    assert lost.sweep() == 1
    assert len(lost.queued()) == 1


def test_a_lost_notification_is_queued_where_it_belongs(service: Service, advance: Advance) -> None:
    put_template("已发货")
    service.request(headers=MASTER_KEY, template="Order_Notice")
    for lost_record in service.queued_in_bulk():
        client("sqs").delete_message(
            QueueUrl=service.bulk_queue, ReceiptHandle=lost_record["receiptHandle"]
        )
    advance(61)

    assert service.sweep() == 1

    assert service.queued() == []
    assert len(service.queued_in_bulk()) == 1


# --- Low balances -----------------------------------------------------------------------------

LOW = 2 * PRICE


@pytest.fixture
def watched(deployment: Service, make_app: MakeApp) -> Service:
    """An app that wants to hear of a balance of less than two messages, and has two."""
    make_app(credit_micros=LOW, low_balance_micros=LOW)
    return deployment


def spend(service: Service, place: int = 0) -> None:
    """Send a message for good."""
    assert service.request(f"+86186{place:08d}").code == 0
    assert service.send() == []


def top_up(amount: int, credit_id: str = "top-up") -> None:
    given = ledger.Credit(amount, 1_795_334_400, "operator:demo", "top-up")
    ledger.credit(Account(DEMO_APP.app_id), given, credit_id=credit_id)


def test_a_low_balance_is_told_once_however_long_it_lasts(
    watched: Service, advance: Advance
) -> None:
    watched.sweep()
    assert watched.alarms() == []

    for place in range(2):
        spend(watched, place)
        watched.sweep()
        advance(3_600)
        watched.sweep()

    ((subject, text),) = watched.alarms()
    assert subject == "Signet: balance of signet-demo-app is low"
    assert "0.05" in text
    assert "0.10" in text


def test_a_balance_that_was_filled_up_is_told_of_at_its_next_fall(
    watched: Service, advance: Advance
) -> None:
    spend(watched)
    watched.sweep()
    top_up(PRICE)
    watched.sweep()
    assert len(watched.alarms()) == 1

    spend(watched, 1)
    watched.sweep()

    assert len(watched.alarms()) == 2


def test_an_alarm_that_the_topic_refused_is_told_when_it_takes_it(
    watched: Service, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(watched)
    with monkeypatch.context() as patch:
        patch.setenv("SIGNET_ALARM_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:gone")
        watched.sweep()
    watched.sweep()
    assert watched.alarms() == []
    advance(300)

    watched.sweep()

    assert len(watched.alarms()) == 1


def test_a_deployment_without_a_topic_is_told_nothing_and_works(
    watched: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNET_ALARM_TOPIC_ARN", "")
    spend(watched)

    watched.sweep()

    assert watched.alarms() == []


# --- Closing days -----------------------------------------------------------------------------


def test_days_that_are_over_are_closed_and_the_balance_stays_explained(
    service: Service, advance: Advance
) -> None:
    spend(service)
    service.close_days()
    assert set(ledger_items()) == {"credit#opening"}
    advance(2 * 86_400)

    service.close_days()
    service.close_days()

    (day,) = (entry for name, entry in ledger_items().items() if name.startswith("day#"))
    assert (day["charged"], day["messages"], day["credited"]) == (PRICE, 1, 100_000_000)
    assert balance_item() == {"pk": "signet-demo-app#0", "balance": 100_000_000 - PRICE}
    assert service.alarms() == []


def test_a_balance_that_somebody_edited_is_an_alarm_and_closes_the_others_days(
    deployment: Service, make_app: MakeApp, advance: Advance, caplog: pytest.LogCaptureFixture
) -> None:
    for app_id in ("app-one-one", "app-two-two"):
        make_app(app_id=app_id)
    put("balances", **{**balance_item(0, "app-one-one"), "balance": 1})
    advance(2 * 86_400)

    deployment.close_days()

    ((subject, text),) = deployment.alarms()
    assert subject == "Signet: a ledger does not add up"
    assert text == "app-one-one: 1 held, 100000000 explained"
    assert "ledger_mismatch" in [line.message for line in caplog.records]
    assert len(ledger_items("app-two-two")) == 2


def test_nothing_to_do_is_done_quickly(service: Service) -> None:
    assert service.sweep() == 0
