"""Ten thousand random orders of what can happen to a message, against what must come of it.

What happens is drawn one thing at a time: requests and sweeps, claims and the carriers' answers to
them, receipts, verification, all of them more than once and late. What must come of it is said by
a few facts (`Known`) and not by an order of writes.

The store's own functions do it, on moto's table. What they make of one and the same content of the
tables is always the same, so it is done once and kept: ten thousand orders share their beginnings.
The last test lets some orders through without that.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from signet.messages import Claim, Message
from signet.store import messages
from signet.store.messages import NotClaimed
from signet.tries import Outcome
from tests.store.build import PRICE, SECONDS, after, claim_of, give, new_send, paid, told
from tests.store.emptied import resources

__all__ = ["resources"]

CREDIT = 5 * PRICE
ORDERS = 10_000
TABLES = ("messages", "balances")
Tables = str
Act = Callable[[Message, Claim], None]


@dataclass
class Known:
    """What is known of a message, in whatever order it became known."""

    attempts: int = 0
    under_way: bool = False  # claimed, and no answer yet
    queued: bool = True
    taken: bool = False
    doubtful: bool = False
    receipt: str | None = None
    used: bool = False
    paid_back: str | None = None

    @property
    def state(self) -> str:
        """How the record must stand."""
        if self.used:
            return "verified"
        if self.paid_back or self.receipt:
            return self.paid_back or str(self.receipt)
        if self.taken:
            return "awaiting_receipt"
        if self.doubtful:
            return "unconfirmed"
        return "queued" if self.queued else "sending"

    @property
    def held(self) -> int:
        """What must be left of the credit."""
        return CREDIT - (0 if self.paid_back else PRICE)

    @property
    def is_open(self) -> bool:
        """Whether nothing has come of it."""
        return not (self.used or self.receipt or self.paid_back)


class World:
    """The tables, what is done to them, and what came of it each time."""

    def __init__(self) -> None:
        self._backend = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        for table in self._backend.tables.values():
            table.items.clear()
        give(CREDIT)
        self.message = paid(new_send())
        self.start = self.tables()
        self.kept: dict[tuple[Tables, str], Tables] = {}
        self.done = 0

    def tables(self) -> Tables:
        """All that the tables hold of the message and its money."""
        found = [list(self._backend.tables[name].all_items()) for name in TABLES]
        return json.dumps([one.to_json()["Attributes"] for (one,) in found])

    def put_back(self, tables: Tables) -> None:
        """Let the tables hold that."""
        for name, item in zip(TABLES, json.loads(tables), strict=True):
            self._backend.tables[name].items.clear()
            self._backend.put_item(name, item)

    def after(self, tables: Tables, act: str, *, keep: bool = True) -> Tables:
        """What the tables hold once `act` was done to them as they stood."""
        if not keep or (tables, act) not in self.kept:
            self.put_back(tables)
            ACTS[act](self.message, attempt(tables))
            self.done += 1
            self.kept[tables, act] = self.tables()
        return self.kept[tables, act]


def attempt(tables: Tables) -> Claim:
    """The attempt that is under way, or was last."""
    message = json.loads(tables)[0]
    return claim_of(message.get("attempt_id", {}).get("S", ""), int(message["attempts"]["N"]))


def claim(message: Message, last: Claim) -> None:
    number = last.number + 1
    with suppress(NotClaimed):
        messages.claim(message, claim_of(f"attempt-{number}", number), after(1))


def accept(message: Message, attempt: Claim) -> None:
    answer = told(carrier="webhook", at=2)
    messages.accepted(message, attempt, answer, carrier_message_id="v1")


def refuse(*, final: bool) -> Act:
    def act(message: Message, attempt: Claim) -> None:
        messages.refused(message, attempt, told("no", at=2), final=final)

    return act


def doubt(message: Message, attempt: Claim) -> None:
    answer = told("timeout", outcome=Outcome.UNKNOWN, at=3)
    messages.unconfirmed(message, attempt, answer)


def report(*, delivered: bool) -> Act:
    def act(message: Message, _: Claim) -> None:
        messages.reported(
            message.ref, delivered=delivered, reason="x", at=SECONDS + 5, carrier="webhook"
        )

    return act


ACTS: dict[str, Act] = {
    "claim": claim,
    "accept": accept,
    "refuse": refuse(final=True),
    "refuse for now": refuse(final=False),
    "doubt": doubt,
    "expire": lambda message, _: messages.expired(message, "expired", after(700)),
    "delivered": report(delivered=True),
    "undelivered": report(delivered=False),
    "use": lambda message, _: messages.verified(message.ref, SECONDS + 4),
}


class Orders(RuleBasedStateMachine):
    """A message to which things happen, and what is known of it."""

    world: World
    keeps = True

    def __init__(self) -> None:
        super().__init__()
        self.tables = self.world.start
        self.known = Known()

    def _do(self, act: str) -> None:
        self.tables = self.world.after(self.tables, act, keep=self.keeps)
        message, balance = json.loads(self.tables)
        known = self.known
        assert message["state"]["S"] == known.state, act
        assert int(balance["balance"]["N"]) == known.held, act
        assert ("refunded" in message) is (known.paid_back is not None)
        assert message.get("report", {}).get("S") == known.receipt

    @rule()
    def claimed(self) -> None:
        known = self.known
        if known.queued and known.is_open:
            known.attempts += 1
            known.queued, known.under_way = False, True
        self._do("claim")

    @rule()
    def sent(self) -> None:
        """The carrier took it; told late, or twice."""
        known = self.known
        if known.attempts and not known.queued and not known.paid_back:
            known.under_way, known.taken = False, True
            self._do("accept")

    @rule()
    def refused(self) -> None:
        self._refuse("refuse", final=True)

    @rule()
    def refused_for_now(self) -> None:
        self._refuse("refuse for now", final=False)

    def _refuse(self, act: str, *, final: bool) -> None:
        known = self.known
        if not known.under_way:
            return  # an attempt has one answer
        known.under_way = False
        # Who was given up, and charged, is not asked again.
        is_late = known.doubtful and not known.used
        if known.receipt is None and not is_late:
            if final or known.used:
                known.paid_back, known.used = "call_failed", False
            else:
                known.queued = True
        self._do(act)

    @rule()
    def unknown(self) -> None:
        """No answer came; it may still come. The sweeper says so, too, of a sender that died."""
        known = self.known
        if known.attempts == 0:
            return
        if known.under_way and known.is_open:
            known.doubtful = True
        self._do("doubt")

    @rule()
    def expired(self) -> None:
        known = self.known
        was_sent = known.used and known.attempts > 0
        if known.queued and not was_sent and known.paid_back is None and known.receipt is None:
            known.paid_back, known.used, known.queued = "expired", False, False
        self._do("expire")

    @rule()
    def delivered(self) -> None:
        if self._hears:
            self.known.receipt = "delivered"
        self._do("delivered")

    @rule()
    def undelivered(self) -> None:
        known = self.known
        waits_for_another = known.queued and not known.used
        if self._hears and known.receipt is None and not waits_for_another:
            known.receipt = "undelivered"
        self._do("undelivered")

    @property
    def _hears(self) -> bool:
        """Of what nobody was handed, or was paid back, there is nothing to hear."""
        return self.known.attempts > 0 and self.known.paid_back is None

    @rule()
    def on_its_way(self) -> None:
        """Says nothing: the flow does not come as far as the store."""

    @rule()
    def used(self) -> None:
        self.known.used = True
        self._do("use")


@pytest.fixture
def world(resources: object) -> World:
    """A message that is paid and queued."""
    return World()


def run(world: World, *, orders: int, keeps: bool) -> None:
    class Run(Orders):
        pass

    Run.world, Run.keeps = world, keeps
    run_state_machine_as_test(
        Run,
        settings=settings(
            max_examples=orders,
            stateful_step_count=9,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_ten_thousand_orders_end_in_the_right_state_and_charge(world: World) -> None:
    run(world, orders=ORDERS, keeps=True)

    assert world.done > 100


def test_so_do_orders_of_which_nothing_is_kept(world: World) -> None:
    run(world, orders=150, keeps=False)
