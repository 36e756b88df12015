"""Random interleavings of sign-ups, changes and removals, call by call, some of them cut off.

Each operation runs in a thread of its own and stops before every call to DynamoDB, until it is
told to go on. So one of them is under way at any moment, as the emulator needs it, and which comes
next, or dies there, is drawn by Hypothesis.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from signet import users
from signet.errors import SignetError
from signet.store import phones, table
from signet.store import users as store
from signet.store.users import UserChanged, Write
from signet.users import User
from tests.races import accounts
from tests.store.build import APP_ID, NOW, new_send
from tests.store.emptied import resources

__all__ = ["resources"]

PHONES = [f"+861861234567{digit}" for digit in range(3)]
NAMES = ["a", "b", "c"]
EXPECTED = (SignetError, UserChanged)


class Cut(BaseException):
    """The process that did this is gone."""


class Operation:
    """Something that is done in steps, each of which waits for `go_on`."""

    current: "Operation | None" = None

    def __init__(self, act: Callable[[], object]) -> None:
        self.done = False
        self.failed: BaseException | None = None
        self._cut = False
        self._go = threading.Event()
        self._stopped = threading.Event()
        self._act = act
        self._thread = threading.Thread(target=self._run, daemon=True)

    def go_on(self, *, cut: bool = False) -> None:
        """Let the next call be made, or never; returns when the one after it is reached."""
        self._cut = cut
        self._stopped.clear()
        Operation.current = self
        if self._thread.is_alive():
            self._go.set()
        else:
            self._thread.start()
        assert self._stopped.wait(30)
        Operation.current = None

    def pause(self) -> None:
        """Before a call: wait until it may be made."""
        self._stopped.set()
        self._go.wait()
        self._go.clear()
        if self._cut:
            raise Cut

    def _run(self) -> None:
        try:
            self._act()
        except (*EXPECTED, Cut):
            pass  # refused, or gone
        except BaseException as error:  # noqa: BLE001 (told by the machine, whatever it is)
            self.failed = error
        self.done = True
        self._stopped.set()


def before_call(**_: object) -> None:
    """Botocore's hook."""
    if Operation.current:
        Operation.current.pause()


class Interleavings(RuleBasedStateMachine):
    """Users, and operations on them that are under way."""

    def __init__(self) -> None:
        super().__init__()
        for each in dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables.values():
            each.items.clear()
        self.running: list[Operation] = []
        self.ids: list[str] = []
        self.sends = 0
        for name, phone in zip(NAMES[:2], PHONES[:2], strict=True):
            store.create(self._new(name, phone))

    def _start(self, act: Callable[[], object]) -> None:
        operation = Operation(act)
        self.running.append(operation)
        self._go_on(operation)

    def _new(self, name: str, phone: str) -> User:
        at = users.milliseconds(NOW)
        user = User(APP_ID, users.new_id(NOW), at, at, username=name, phone=phone)
        self.ids.append(user.object_id)
        return user

    @rule(name=st.sampled_from(NAMES), phone=st.sampled_from(PHONES))
    def sign_up(self, name: str, phone: str) -> None:
        user = self._new(name, phone)
        self._start(lambda: store.create(user))

    @rule(name=st.sampled_from(NAMES), phone=st.sampled_from(PHONES))
    def sign_up_with_a_code(self, name: str, phone: str) -> None:
        user = self._new(name, phone)
        self.sends += 1
        send = new_send(f"request-{self.sends}", at=self.sends * 100)
        self._start(lambda: phones.accept(send, None, joined=Write(None, user)))

    @rule(which=st.integers(0, 2), phone=st.sampled_from([*PHONES, None]))
    def change_number(self, which: int, phone: str | None) -> None:
        object_id = self.ids[which % len(self.ids)]
        self._start(
            lambda: store.change(APP_ID, object_id, lambda user: replace(user, phone=phone))
        )

    @rule(which=st.integers(0, 2), name=st.sampled_from(NAMES))
    def rename(self, which: int, name: str) -> None:
        object_id = self.ids[which % len(self.ids)]
        self._start(
            lambda: store.change(APP_ID, object_id, lambda user: replace(user, username=name))
        )

    @rule(which=st.integers(0, 9))
    def remove(self, which: int) -> None:
        object_id = self.ids[which % len(self.ids)]
        self._start(lambda: store.delete(APP_ID, object_id))

    @precondition(lambda self: self.running)
    @rule(steps=st.lists(st.integers(0, 9), min_size=2, max_size=12))
    def step(self, steps: list[int]) -> None:
        for which in steps:
            if self.running:
                self._go_on(self.running[which % len(self.running)])

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 9))
    def cut_off(self, which: int) -> None:
        self._go_on(self.running[which % len(self.running)], cut=True)

    def _go_on(self, operation: Operation, *, cut: bool = False) -> None:
        operation.go_on(cut=cut)
        if operation.done:
            self.running.remove(operation)
        if operation.failed:
            raise operation.failed
        # Nothing changes but by a call that was let through.
        accounts.check(APP_ID)

    def teardown(self) -> None:
        while self.running:
            self._go_on(self.running[0])


@pytest.mark.usefixtures("resources")
def test_no_interleaving_leaves_two_owners_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pause(attempt: int = 1) -> None:
        """Whoever is in its way goes on by itself here."""

    monkeypatch.setattr(table, "pause", no_pause)
    events: Any = table.CONNECTION.client.meta.events
    events.register("before-call", before_call)
    case = Interleavings.TestCase
    case.settings = settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
