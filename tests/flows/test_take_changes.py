"""From changes of messages to events that are recorded once and delivered app by app."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from signet.apps import App, Events
from signet.edge.functions import FunctionFailed
from signet.events import Change, Event
from signet.flows.take_changes import Outbox, take_changes
from signet.messages import State
from tests.conftest import DEMO_APP
from tests.rules.test_events import AT, NOW, SENDING, SENT

ASKING = replace(DEMO_APP, app_id="asking", events=Events(url="https://example.com/"))
VERIFIED_ONLY = replace(
    DEMO_APP, app_id="verified-only", events=Events(bus=True, types=("code.verified",))
)
SILENT = replace(DEMO_APP, app_id="silent")


@dataclass
class FakeOutbox:
    """Keeps what is recorded and who is woken for what."""

    recorded: dict[str, Event] = field(default_factory=dict)
    woken: list[tuple[str, list[str]]] = field(default_factory=list)
    nobody_wakes: bool = False
    fails_after: int = 1_000

    def record(self, app: App, event: Event, *, now: datetime, taken: bool = False) -> bool:
        assert taken
        if len(self.recorded) >= self.fails_after:
            raise FunctionFailed("a crash between two writes")
        is_new = event.event_id not in self.recorded
        self.recorded[event.event_id] = event
        return is_new

    def wake(self, app_id: str, event_ids: Sequence[str]) -> None:
        if self.nobody_wakes:
            raise FunctionFailed("notify")
        self.woken.append((app_id, list(event_ids)))

    @property
    def outbox(self) -> Outbox:
        known = {app.app_id: app for app in (ASKING, VERIFIED_ONLY, SILENT)}
        return Outbox(known.get, self.record, self.wake)

    def take(self, *changes: Change) -> int:
        return take_changes(changes, self.outbox, now=NOW)

    @property
    def types(self) -> list[str]:
        return [event.type.value for event in self.recorded.values()]


def sent(app: App, number: int = 0, **more: Any) -> Change:
    message_id = f"20261122-3-{number:032x}"
    before, after = replace(SENDING, message_id=message_id), replace(SENT, message_id=message_id)
    return Change(app.app_id, before, replace(after, **more), AT)


def test_one_run_is_woken_for_each_app_with_its_own_events() -> None:
    fake = FakeOutbox()

    assert fake.take(sent(ASKING, 1), sent(VERIFIED_ONLY, 2), sent(ASKING, 3)) == 2
    ((app_id, event_ids),) = fake.woken
    assert (app_id, event_ids) == ("asking", list(fake.recorded))


def test_a_change_may_be_two_events() -> None:
    fake = FakeOutbox()

    fake.take(sent(ASKING, state=State.VERIFIED))

    assert fake.types == ["message.sent", "code.verified"]


def test_an_app_is_told_only_of_what_it_wants() -> None:
    fake = FakeOutbox()

    fake.take(sent(VERIFIED_ONLY, state=State.VERIFIED), sent(SILENT))

    assert fake.types == ["code.verified"]


def test_a_change_of_an_app_that_is_gone_is_nobodys_business() -> None:
    fake = FakeOutbox()

    assert fake.take(Change("gone", SENDING, SENT, AT)) == 0


def test_a_repetition_records_nothing_new_and_wakes_nobody() -> None:
    fake = FakeOutbox()
    fake.take(sent(ASKING))
    fake.woken.clear()

    assert fake.take(sent(ASKING)) == 0
    assert fake.woken == []


def test_after_a_crash_in_the_middle_a_repetition_completes_it() -> None:
    fake = FakeOutbox(fails_after=1)
    changes = sent(ASKING, 1), sent(ASKING, 2)
    try:
        fake.take(*changes)
    except FunctionFailed:
        fake.fails_after = 1_000

    fake.take(*changes)

    assert len(fake.recorded) == 2


def test_when_nobody_can_be_woken_the_events_are_there_and_due_later() -> None:
    fake = FakeOutbox(nobody_wakes=True)

    assert fake.take(sent(ASKING)) == 1
    assert fake.types == ["message.sent"]
