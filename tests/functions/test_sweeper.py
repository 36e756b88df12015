"""The sweeper: what it does with a message in each state."""

from collections.abc import Callable

import pytest

from signet.messages import State
from signet.store.table import Item
from tests.functions.service import Service
from tests.store.build import client, dynamodb_table, message_items

Advance = Callable[[int], None]


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
    change(state=state.value)
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


def test_nothing_to_do_is_done_quickly(service: Service) -> None:
    assert service.sweep() == 0
