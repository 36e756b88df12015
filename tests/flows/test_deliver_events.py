"""Delivering: to whom, how often, until when, and what a dead endpoint does not keep back."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from signet import event_deliveries, standard_webhooks
from signet.apps import App, Events, Key
from signet.edge.bus import Entry
from signet.event_deliveries import LEASE, Delivery, Standing, Target
from signet.flows.deliver_events import AT_ONCE, Run, Ways, deliver_due, deliver_new
from tests.conftest import DEMO_APP

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECONDS = int(START.timestamp())
SECRET, FORMER = (standard_webhooks.secret(one * 32) for one in (b"k", b"f"))
APP = replace(DEMO_APP, events=Events(url="https://example.com/", secret=Key(SECRET)))


@dataclass
class World:
    """Events in memory, an endpoint and a bus that answer as told, and a clock."""

    now: datetime = START
    answer: str = "200"
    bus_answer: str | None = None
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    posts: list[tuple[str, str, str]] = field(default_factory=list)
    keys: list[Sequence[bytes]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    chunks_left: int = 1_000
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, number: int = 1, *, targets: Iterable[Target] = (Target.URL,)) -> list[str]:
        """Record so many events that somebody has taken."""
        new = [f"evt_{SECONDS:08x}{len(self.deliveries) + n:024x}" for n in range(number)]
        owed = frozenset(targets)
        for each in new:
            self.deliveries[each] = Delivery(
                *(APP.app_id, each, "message.sent", f'{{"id":"{each}"}}', owed, owed),
                since=self.seconds,
                due_at=self.seconds + LEASE,
            )
        return new

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def fresh(self, app_id: str, event_ids: Iterable[str], now: datetime) -> list[Delivery]:
        found = [self.deliveries[each] for each in event_ids]
        return [each for each in found if each.attempts == 0 and (each.due_at or 0) > self.seconds]

    def due(self, app_id: str, now: datetime, *, limit: int) -> list[Delivery]:
        found = self.deliveries.values()
        return [each for each in found if (each.due_at or 10**12) <= self.seconds][:limit]

    def claim(self, delivery: Delivery, now: datetime) -> Delivery | None:
        if self.deliveries[delivery.event_id] != delivery:
            return None
        return self.set(replace(delivery, due_at=self.seconds + LEASE))

    def finish(self, before: Delivery, after: Delivery) -> None:
        assert self.deliveries[before.event_id] == before
        self.set(after)

    def set(self, delivery: Delivery) -> Delivery:
        self.deliveries[delivery.event_id] = delivery
        return delivery

    def post(self, url: str, keys: Sequence[bytes], event_id: str, body: str) -> str:
        with self._lock:
            self.posts.append((url, event_id, body))
            self.keys.append(keys)
        return self.answer

    def put(self, entries: Sequence[Entry]) -> list[str | None]:
        self.entries += entries
        return [self.bus_answer] * len(entries)

    def may_go_on(self) -> bool:
        self.chunks_left -= 1
        return self.chunks_left > 0

    @property
    def ways(self) -> Ways:
        return Ways(self.fresh, self.due, self.claim, self.finish, self.post, self.put)

    @property
    def run(self) -> Run:
        return Run(lambda: self.now, self.may_go_on)

    def deliver_new(self, ids: Sequence[str], app: App = APP) -> int:
        return deliver_new(app, ids, self.ways, self.run)

    def deliver_due(self, app: App = APP) -> int:
        return deliver_due(app, self.ways, self.run)

    def one(self) -> Delivery:
        (found,) = self.deliveries.values()
        return found


def test_a_new_event_is_posted_and_done() -> None:
    world = World()
    (event_id,) = world.add()

    assert world.deliver_new([event_id]) == 1
    assert world.posts == [("https://example.com/", event_id, f'{{"id":"{event_id}"}}')]
    assert (world.one().standing, world.one().answer) == (Standing.DELIVERED, "200")


def test_it_is_signed_with_every_secret_that_is_valid() -> None:
    world = World()
    rotated = Key(SECRET, FORMER, START + timedelta(hours=1))
    app = replace(APP, events=replace(APP.events, secret=rotated))

    world.deliver_new(world.add(), app)
    world.wait(7_200)
    world.deliver_new(world.add(), app)

    assert world.keys == [[b"k" * 32, b"f" * 32], [b"k" * 32]]


def test_retries_have_the_same_id_and_body_and_end_after_a_day() -> None:
    world = World(answer="503")
    world.deliver_new(world.add())

    for _ in range(26 * 60):
        world.wait(60)
        world.deliver_due()

    assert len(set(world.posts)) == 1
    assert len(world.posts) == 12
    assert world.one().standing is Standing.GIVEN_UP
    assert (world.one().answered_at or 0) - SECONDS <= 86_400


def test_an_endpoint_that_comes_back_gets_what_it_missed() -> None:
    world = World(answer="timeout")
    world.deliver_new(world.add(20))
    world.answer = "200"

    world.wait(60)
    delivered = world.deliver_due()

    assert delivered == 20
    assert {each.standing for each in world.deliveries.values()} == {Standing.DELIVERED}


@pytest.mark.parametrize("answer", ["timeout", "connection", "not_public", "503", "429"])
def test_an_endpoint_that_is_down_is_called_a_handful_of_times_in_a_run(answer: str) -> None:
    world = World(answer=answer)

    world.deliver_new(world.add(50))

    assert len(world.posts) == AT_ONCE
    standing = {(each.attempts, each.answer, each.due_at) for each in world.deliveries.values()}
    assert standing == {(1, answer, SECONDS + 10)}


def test_an_endpoint_that_refuses_some_is_not_down() -> None:
    world = World(answer="400")

    world.deliver_new(world.add(50))

    assert len(world.posts) == 50


def test_a_run_stops_when_its_time_is_over_and_the_next_goes_on() -> None:
    world = World(chunks_left=2)
    world.deliver_new(world.add(50))
    assert len(world.posts) == 2 * AT_ONCE

    world.wait(LEASE)
    world.chunks_left = 1_000
    world.deliver_due()

    assert len(world.posts) == len({event_id for _, event_id, _ in world.posts}) == 50


def test_what_waited_too_long_for_its_run_is_left_to_those_who_look_for_what_is_due() -> None:
    world = World()
    ids = world.add()
    world.wait(LEASE)

    assert world.deliver_new(ids) == 0
    assert world.deliver_due() == 1


def test_more_than_one_look_is_delivered_in_one_run() -> None:
    world = World()
    world.add(200)
    world.wait(LEASE)

    assert world.deliver_due() == 200


def test_what_another_run_took_is_not_delivered_twice() -> None:
    world = World()
    world.add(3)
    world.wait(LEASE)
    seen = world.due(APP.app_id, world.now, limit=10)
    world.claim(seen[0], world.now)

    ways = replace(world.ways, due=lambda *_, **__: seen)
    assert deliver_due(APP, ways, world.run) == 2


def test_an_endpoint_that_is_gone_is_left_alone() -> None:
    world = World(answer="410")
    world.deliver_new(world.add())

    assert world.one().standing is Standing.GIVEN_UP


def test_an_app_without_an_endpoint_any_more_says_so() -> None:
    world = World()

    world.deliver_new(world.add(), replace(APP, events=Events(bus=True)))

    assert (world.one().answer, world.one().attempts, world.posts) == ("no_url", 1, [])


# --- The bus ----------------------------------------------------------------------------------

BOTH = (Target.URL, Target.BUS)


def test_the_bus_gets_type_and_body() -> None:
    world = World()
    (event_id,) = world.add(targets=[Target.BUS])

    world.deliver_new([event_id])

    assert world.entries == [Entry("message.sent", f'{{"id":"{event_id}"}}')]
    assert (world.posts, world.one().answer) == ([], "bus")
    assert world.one().standing is Standing.DELIVERED


def test_what_the_bus_did_not_take_is_put_there_again_and_not_posted_again() -> None:
    world = World(bus_answer="ThrottlingException")
    world.deliver_new(world.add(targets=BOTH))
    assert world.one().owed == frozenset({Target.BUS})
    assert world.one().answer == "bus_ThrottlingException"

    world.bus_answer = None
    world.wait(60)
    world.deliver_due()

    assert (len(world.entries), len(world.posts)) == (2, 1)
    assert world.one().standing is Standing.DELIVERED


def test_what_the_endpoint_did_not_take_is_not_put_on_the_bus_again() -> None:
    world = World(answer="500")
    world.deliver_new(world.add(targets=BOTH))
    world.answer = "200"

    world.wait(60)
    world.deliver_due()

    assert (len(world.entries), len(world.posts)) == (1, 2)


def test_a_dead_endpoint_does_not_keep_events_from_the_bus() -> None:
    world = World(answer="timeout")

    world.deliver_new(world.add(50, targets=BOTH))

    assert len(world.entries) == 50


def test_a_replay_goes_to_all_again() -> None:
    world = World()
    world.deliver_new(world.add(targets=BOTH))
    world.set(event_deliveries.again(world.one(), now=SECONDS))

    world.deliver_due()

    assert (len(world.entries), len(world.posts)) == (2, 2)
    assert len(set(world.posts)) == 1
