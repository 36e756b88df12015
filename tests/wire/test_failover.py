"""Two virtual carriers, one of which ails: every message arrives once, and soon.

Each test has a stack of its own: how carriers fare is remembered for minutes, and would send
other tests' messages another way.
"""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.wire import console
from tests.wire.people import open_app
from tests.wire.routing import Carriers, ask, wait_until
from tests.wire.sdks import Keys

MANY = 1_000
PEOPLE = 8
# From a carrier's sure refusal to the next one's acceptance, in 95 of 100 cases.
FAILOVER_SECONDS = 2.0
SHARE_FALLS_WITHIN = 60
MONEY_MICROS = 1_000_000_000


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack in which nobody has sent yet."""
    with Stack(work_dir=tmp_path) as running:
        yield running


@pytest.fixture
def keys(own_stack: Stack) -> Keys:
    """An app with money enough."""
    found = open_app(own_stack, set(), name="failover", test_phone="+8618212340009").keys
    credit = {"amount_micros": MONEY_MICROS, "note": "tests"}
    headers = console.OPERATOR | {"Idempotency-Key": "failover"}
    console.call(own_stack, headers, "POST", f"/apps/{found.app_id}/credits", credit)
    return found


@pytest.fixture
def carriers(own_stack: Stack) -> Carriers:
    """Its two virtual carriers."""
    return Carriers(own_stack)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Connections for several threads."""
    with httpx.Client(timeout=60, trust_env=False) as made:
        yield made


@dataclass
class Stream:
    """Codes for one number after another."""

    carriers: Carriers
    keys: Keys
    client: httpx.Client
    count: int = 0

    def run(self, seconds: float) -> None:
        """Send ten a second at most, and wait until all have arrived."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ask(self.client, self.carriers.stack, self.keys, self.count)
            self.count += 1
            time.sleep(0.1)
        wait_until(lambda: len(self.carriers.messages()) >= self.count, 60)


@pytest.fixture
def stream(carriers: Carriers, keys: Keys, client: httpx.Client) -> Stream:
    """A stream of codes in the test's stack."""
    return Stream(carriers, keys, client)


def test_a_text_that_a_route_sends_by_sns_is_on_its_phone_too(
    own_stack: Stack, keys: Keys, carriers: Carriers, client: httpx.Client
) -> None:
    carriers.route(sns=100)
    ask(client, own_stack, keys, 1)
    wait_until(lambda: len(carriers.messages()) == 1, 60)
    (message,) = carriers.messages()
    assert (message["carrier"], message["kind"], message["segments"]) == ("sns", "verification", 1)
    assert message["to"] == "+8619900000001"
    assert carriers.handled("webhook") == []


def test_a_thousand_messages_arrive_once_by_the_next_carrier_while_the_first_refuses_all(
    own_stack: Stack, keys: Keys, carriers: Carriers, client: httpx.Client
) -> None:
    carriers.route(webhook=100, webhook_b=0)
    carriers.chaos("webhook", refuse=1, reason="daily_limit")

    with ThreadPoolExecutor(PEOPLE) as people:
        list(people.map(lambda number: ask(client, own_stack, keys, number), range(MANY)))
    wait_until(lambda: len(carriers.messages()) >= MANY, 120)

    messages = carriers.messages()
    assert {message["carrier"] for message in messages} == {"webhook-b"}
    assert Counter(message["to"] for message in messages).most_common(1)[0][1] == 1
    assert len({message["message_id"] for message in messages}) == len(messages) == MANY
    waits = _failovers(carriers)
    assert len(waits) >= 3, "the first carrier was hardly asked"
    assert waits[int(len(waits) * 0.95)] <= FAILOVER_SECONDS


def _failovers(carriers: Carriers) -> list[float]:
    """Seconds between a refusal by the first carrier and the second's acceptance, sorted."""
    refused = {one.message_id: one.answered for one in carriers.handled("webhook")}
    taken = {one.message_id: one.answered for one in carriers.handled("webhook-b")}
    assert refused.keys() <= taken.keys()
    return sorted(taken[message_id] - answered for message_id, answered in refused.items())


def test_a_slow_carrier_loses_its_share_within_a_minute_and_keeps_it_lost(
    carriers: Carriers, stream: Stream
) -> None:
    carriers.route(webhook=50, webhook_b=50)
    carriers.chaos("webhook", answer_seconds=4)

    change = _fallen(carriers, stream)

    assert (change["carrier"], change["reason"]) == ("webhook", "slow answers")
    assert (change["from"], change["to"]) == (100, 5)
    _is_hardly_asked(carriers, stream)
    for _ in range(4):
        carriers.pass_time(60)
        stream.run(3)
    assert _most_in_five_minutes(carriers) < 2
    messages = carriers.messages()
    assert len({message["message_id"] for message in messages}) == len(messages) == stream.count


def test_a_carrier_whose_receipts_come_late_loses_its_share_within_a_minute(
    carriers: Carriers, stream: Stream
) -> None:
    carriers.route(webhook=50, webhook_b=50)
    stream.run(32)  # until it is known how soon its receipts usually come
    assert carriers.changes() == []
    carriers.chaos("webhook", receipt_seconds=300)

    change = _fallen(carriers, stream)

    assert (change["carrier"], change["reason"]) == ("webhook", "late receipts")
    _is_hardly_asked(carriers, stream)


def _fallen(carriers: Carriers, stream: Stream) -> dict[str, Any]:
    """The one change of a share, which must come within a minute of messages."""
    begun = int(time.time())
    while not carriers.changes():
        assert time.time() - begun < 2 * SHARE_FALLS_WITHIN, "no share has changed"
        stream.run(3)
    (change,) = carriers.changes()
    fell = datetime.fromisoformat(change["at"]).timestamp()
    assert fell - begun <= SHARE_FALLS_WITHIN
    return change


def _is_hardly_asked(carriers: Carriers, stream: Stream) -> None:
    """Of the next messages the first carrier gets few; senders know what changed in seconds."""
    stream.run(6)
    before = len(carriers.handled("webhook")), len(carriers.handled("webhook-b"))
    stream.run(8)
    first = len(carriers.handled("webhook")) - before[0]
    others = len(carriers.handled("webhook-b")) - before[1]
    assert first <= 0.25 * (first + others)


def _most_in_five_minutes(carriers: Carriers) -> int:
    """The most changes of shares in any five minutes, by Signet's clock."""
    times = [datetime.fromisoformat(change["at"]).timestamp() for change in carriers.changes()]
    return max(sum(start <= at < start + 300 for at in times) for start in times)
