"""When an event is tried again, and when no more."""

from dataclasses import replace
from itertools import pairwise

import pytest

from signet import event_deliveries
from signet.event_deliveries import Delivery, Standing, Target

AT = 1_795_334_400
URL, BUS = frozenset({Target.URL}), frozenset({Target.BUS})
NOTHING: frozenset[Target] = frozenset()
NEW = Delivery("app", f"evt_{AT:08x}{'0' * 24}", "ping", "{}", URL, URL, since=AT, due_at=AT)


def failed(delivery: Delivery, *, now: int, answer: str = "503") -> Delivery:
    return event_deliveries.tried(delivery, owed=URL, answer=answer, now=now)


def until_the_end() -> list[int]:
    """The seconds after which a dead endpoint is tried, each at once when it is due."""
    delivery, tries = NEW, []
    while delivery.due_at is not None:
        tries.append(delivery.due_at - AT)
        delivery = failed(delivery, now=delivery.due_at)
    assert delivery.standing is Standing.GIVEN_UP
    return tries


def test_a_dead_endpoint_is_tried_for_a_day_ever_more_seldom() -> None:
    tries = until_the_end()

    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert pauses == [10, 60, 300, 900, 3600, 7200, *[14400] * 5]
    assert tries[-1] <= 86_400 < tries[-1] + 14_400


def test_what_was_taken_is_done() -> None:
    done = event_deliveries.tried(NEW, owed=NOTHING, answer="204", now=AT + 1)

    assert (done.standing, done.due_at, done.attempts) == (Standing.DELIVERED, None, 1)
    assert (done.answer, done.answered_at) == ("204", AT + 1)


def test_an_endpoint_that_is_gone_is_not_tried_again() -> None:
    assert failed(NEW, now=AT, answer="410").standing is Standing.GIVEN_UP


def test_a_replay_begins_anew_with_the_same_id_and_body() -> None:
    given_up = failed(replace(NEW, attempts=11, body='{"a":1}'), now=AT, answer="410")

    again = event_deliveries.again(given_up, now=AT + 90_000)

    assert (again.event_id, again.body) == (NEW.event_id, '{"a":1}')
    assert (again.due_at, again.attempts, again.owed) == (AT + 90_000, 0, URL)
    assert failed(again, now=AT + 90_000).due_at == AT + 90_010


@pytest.mark.parametrize(("answer", "taken"), [
    *(("200", True), ("201", True), ("204", True), ("299", True)),
    *(("301", False), ("302", False), ("404", False), ("410", False), ("500", False)),
    *(("timeout", False), ("not_public", False), ("2", False)),
])  # fmt: skip
def test_only_2xx_is_an_acceptance(answer: str, taken: bool) -> None:
    assert event_deliveries.is_taken(answer) is taken


def test_what_is_shown_says_when_it_is_tried_next_and_nothing_of_the_body() -> None:
    assert event_deliveries.shown(failed(NEW, now=AT + 1)) == {
        "id": NEW.event_id,
        "type": "ping",
        "targets": ["url"],
        "state": "pending",
        "attempts": 1,
        "answer": "503",
        "answered_at": "2026-11-22T08:00:01Z",
        "next_try_at": "2026-11-22T08:00:11Z",
        "created_at": "2026-11-22T08:00:00Z",
    }
