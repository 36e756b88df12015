"""Sweeping: what was recorded and never finished gets an end, and nothing is done twice."""

from dataclasses import replace
from typing import Any

import pytest

from signet.edge.queue import QueueUnavailable
from signet.flows.sweep import Records, sweep
from signet.limits import Kind
from signet.messages import Message, State
from tests.flows.fakes import FakeMessages, FakeQueue
from tests.store.build import SECONDS, after, new_message, new_send

MESSAGE = new_message(new_send())
AT = 60


class Sweep:
    """A sweep over the given messages, a minute after they were recorded."""

    def __init__(self, *messages: Message) -> None:
        self.messages = FakeMessages()
        self.queue = FakeQueue()
        for message in messages:
            self.messages.add(message)

    def run(self, *, at: int = AT, steps: int = 1_000) -> int:
        left = iter(range(steps))
        records = Records(
            shards=self.messages.shards,
            due=self.messages.due,
            postpone=self.messages.postpone,
            expired=self.messages.expired,
            lost=self.messages.lost,
            close=self.messages.close,
            enqueue=self.queue.enqueue,
            rescue=self.queue.rescue,
        )
        return sweep(records, now=after(at), may_go_on=lambda: next(left, None) is not None)


def test_a_message_that_was_never_queued_is_queued_and_looked_at_again_in_a_minute() -> None:
    sweeping = Sweep(MESSAGE)

    assert sweeping.run() == 1

    assert sweeping.queue.queued == [(MESSAGE.ref, Kind.VERIFICATION)]
    assert sweeping.messages.records[MESSAGE.ref].due_at == SECONDS + AT + 60


def test_a_message_is_postponed_before_it_is_queued() -> None:
    sweeping = Sweep(MESSAGE)
    sweeping.queue.fails_with = QueueUnavailable()

    assert sweeping.run() == 1

    assert sweeping.messages.events == ["postpone"]


def test_a_message_that_another_sweeper_took_is_not_queued() -> None:
    sweeping = Sweep(MESSAGE)
    sweeping.messages.claimed_by_another = True

    sweeping.run()

    assert sweeping.queue.queued == []


@pytest.mark.parametrize(("at", "expired"), [(599, False), (600, True), (3_600, True)])
def test_a_message_whose_code_expired_is_expired_not_queued(at: int, expired: bool) -> None:
    sweeping = Sweep(MESSAGE)

    sweeping.run(at=at)

    assert (sweeping.messages.state(MESSAGE.ref) is State.EXPIRED) is expired
    assert (sweeping.queue.queued == []) is expired


@pytest.mark.parametrize(
    ("lease", "state"),
    [(AT, State.UNCONFIRMED), (AT - 1, State.UNCONFIRMED), (AT + 1, State.SENDING)],
)
def test_a_message_held_too_long_is_unconfirmed_and_not_queued(lease: int, state: State) -> None:
    held = replace(MESSAGE, state=State.SENDING, attempt_id="attempt", lease_until=SECONDS + lease)
    sweeping = Sweep(held)

    sweeping.run()

    assert sweeping.messages.state(MESSAGE.ref) is state
    assert sweeping.queue.queued == []


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.SENDING}))
def test_a_message_that_owes_nothing_is_taken_off_the_list(state: State) -> None:
    sweeping = Sweep(replace(MESSAGE, state=state, attempts=1))

    sweeping.run()

    assert sweeping.messages.events == ["close"]
    assert sweeping.messages.state(MESSAGE.ref) is state


def test_a_code_that_an_earlier_message_brought_is_given_back() -> None:
    sweeping = Sweep(replace(MESSAGE, state=State.VERIFIED))

    sweeping.run()

    assert sweeping.messages.events == ["expired"]
    assert sweeping.messages.reasons[MESSAGE.ref] == "code used"


def test_a_notification_is_queued_again_as_what_it_is() -> None:
    notice = new_message(new_send(kind=Kind.NOTIFICATION))
    sweeping = Sweep(notice)

    sweeping.run()

    assert sweeping.queue.queued == [(notice.ref, Kind.NOTIFICATION)]


def test_a_sweep_stops_when_its_time_is_up_and_says_how_far_it_came() -> None:
    messages = [new_message(new_send()) for _ in range(5)]
    sweeping = Sweep(*messages)

    assert sweeping.run(steps=3) == 3

    assert [ref for ref, _ in sweeping.queue.queued] == [each.ref for each in messages[:3]]


def test_nothing_due_is_nothing_done() -> None:
    assert Sweep().run() == 0


UNHEARD = replace(
    MESSAGE, state=State.AWAITING_RECEIPT, rescue=True, attempts=1, expires_at=SECONDS + AT + 1
)


def test_a_rescue_that_the_queue_never_got_is_asked_for_again() -> None:
    sweeping = Sweep(UNHEARD)

    sweeping.run()

    assert (sweeping.queue.rescued, sweeping.queue.queued) == ([MESSAGE.ref], [])
    assert sweeping.messages.events == ["postpone"]


@pytest.mark.parametrize("changes", [{"rescue_id": "x"}, {"expires_at": SECONDS + AT}])
def test_a_rescue_that_is_over_or_useless_is_closed(changes: dict[str, Any]) -> None:
    sweeping = Sweep(replace(UNHEARD, **changes))

    sweeping.run()

    assert (sweeping.queue.rescued, sweeping.messages.events) == ([], ["close"])
