"""Receipts, the carrier's answer and the code's use, all at once: one state, one charge."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from signet.messages import Message
from signet.opt_outs import OptOut
from signet.store import messages, opt_outs
from signet.tries import Outcome
from tests.store.build import (
    PHONE,
    PRICE,
    SUBJECT,
    claim_of,
    give,
    held,
    message_item,
    new_send,
    paid,
    told,
)

THREADS = 12
ROUNDS = 30
CREDIT = 1_000 * PRICE
MINE = claim_of()
APPS = (f"receipts-{number}" for number in itertools.count())

Act = Callable[[Message], object]


@pytest.fixture(scope="module")
def pool(module_emulated: Any) -> Iterator[ThreadPoolExecutor]:
    """Threads over the tables of the module; the client that they share is made before them."""
    claimed()
    with ThreadPoolExecutor(THREADS) as running:
        yield running


def at_once(pool: ThreadPoolExecutor, acts: Sequence[Callable[[], object]]) -> None:
    """Do all of it at the same time; what raises fails the test."""
    barrier = Barrier(len(acts))

    def act(one: Callable[[], object]) -> None:
        barrier.wait(30)
        one()

    for done in [pool.submit(act, one) for one in acts]:
        done.result(60)


def claimed() -> Message:
    """A message of an app of its own that a sender has taken."""
    app_id = next(APPS)
    give(CREDIT, app_id=app_id)
    now = datetime.now(UTC)
    send = replace(new_send(subject=replace(SUBJECT, app_id=app_id)), now=now)
    message = paid(send)
    messages.claim(message, MINE, now)
    return messages.get(message.ref)


def report(*, delivered: bool, carrier: str = "webhook") -> Act:
    return lambda message: messages.reported(
        message.ref, delivered=delivered, reason="x", at=message.created_at, carrier=carrier
    )


def accept(message: Message) -> None:
    messages.accepted(message, MINE, told(carrier="webhook"), carrier_message_id="v1")


def use(message: Message) -> None:
    messages.verified(message.ref, message.created_at)


def refuse(message: Message) -> None:
    messages.refused(message, MINE, told("no"), final=True)


def lose(message: Message) -> None:
    messages.unconfirmed(message, MINE, told("timeout", outcome=Outcome.UNKNOWN))


YES, NO = report(delivered=True), report(delivered=False)
OTHERS_NO = report(delivered=False, carrier="twilio")


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([accept, YES, NO, YES, OTHERS_NO, NO], "delivered"),
        ([accept, NO, OTHERS_NO, NO], "undelivered"),
        ([accept, lose, YES, NO, NO], "delivered"),
        ([accept, YES, NO, use, OTHERS_NO, use], "verified"),
        ([accept, accept, use], "verified"),
        ([accept, lose], "awaiting_receipt"),
    ],
)
def test_whatever_comes_at_once_ends_in_one_state_and_one_charge(
    pool: ThreadPoolExecutor, acts: list[Act], state: str
) -> None:
    chance = random.Random(20270112)
    for _ in range(ROUNDS):
        message = claimed()
        shuffled = chance.sample(acts, len(acts))

        at_once(pool, [partial(act, message) for act in shuffled])

        item = message_item(message.ref)
        assert item["state"] == state
        said = {YES: "delivered", NO: "undelivered"}
        best = next((word for act, word in said.items() if act in acts), None)
        assert item.get("report") == best
        assert "refunded" not in item
        assert held(message.ref.app_id) == CREDIT - PRICE


def test_a_refusal_and_receipts_at_once_pay_back_once_or_not_at_all(
    pool: ThreadPoolExecutor,
) -> None:
    for _ in range(ROUNDS):
        message = claimed()

        at_once(pool, [partial(act, message) for act in (refuse, YES, NO, refuse)])

        item = message_item(message.ref)
        paid_back = item["state"] == "call_failed"
        assert item["state"] in ("call_failed", "delivered")
        assert ("refunded" in item, "report" in item) == (paid_back, not paid_back)
        assert held(message.ref.app_id) == CREDIT - (0 if paid_back else PRICE)


def test_words_at_once_count_by_their_time(pool: ThreadPoolExecutor) -> None:
    chance = random.Random(20270112)
    for _ in range(ROUNDS):
        app_id = next(APPS)
        said = [
            OptOut(bool(number % 3), at=1_000 + number, carrier="webhook", reply_id=str(number))
            for number in range(6)
        ]
        twice = chance.sample([*said, *said], 12)

        at_once(pool, [partial(opt_outs.record_reply, app_id, PHONE, one) for one in twice])

        assert opt_outs.is_out(app_id, PHONE)
        assert len(opt_outs.history(app_id, PHONE)) == 6
