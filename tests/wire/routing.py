"""Routes, the virtual carriers' chaos and what they saw, for tests that send by several."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from local.stack import Stack
from tests.wire import console
from tests.wire.sdks import Keys


@dataclass(frozen=True)
class Handled:
    """What a carrier did with a request; times are seconds since 1970."""

    message_id: str
    outcome: str
    came: float
    answered: float


@dataclass(frozen=True)
class Carriers:
    """Those of one stack, and the routes to them."""

    stack: Stack

    def route(self, **weights: int) -> None:
        """Texts go by these weights, `_` for `-` in names. Senders that have sent know it late."""
        hops = [
            {"carrier": name.replace("_", "-"), "weight": weight}
            for name, weight in weights.items()
        ]
        rule = {"country": None, "kind": None, "app_id": None, "channel": "sms", "hops": hops}
        console.call(self.stack, console.OPERATOR, "PUT", "/routes", {"rules": [rule]})

    def chaos(self, carrier: str, **knobs: object) -> None:
        """Turn a carrier's knobs."""
        body = {"carrier": carrier} | knobs
        reply = httpx.post(f"{self.stack.url}/local/chaos", json=body, timeout=30)
        assert reply.is_success, reply.text

    def handled(self, carrier: str) -> list[Handled]:
        """Every request that a carrier had, oldest first."""
        reply = httpx.get(f"{self.stack.url}/local/carriers/{carrier}", timeout=30)
        return [Handled(**one) for one in reversed(reply.json())]

    def changes(self) -> list[dict[str, Any]]:
        """How shares changed, newest first, as the console tells it."""
        found = console.call(
            self.stack, console.OPERATOR, "GET", "/carriers/health?limit=100", None
        )
        changes: list[dict[str, Any]] = found["changes"]
        return changes

    def messages(self) -> list[dict[str, Any]]:
        """What is on all the phones."""
        found: list[dict[str, Any]] = httpx.get(
            f"{self.stack.url}/local/messages", timeout=60
        ).json()
        return found

    def pass_time(self, seconds: int) -> None:
        """Move Signet's clock."""
        body = {"advance_seconds": seconds}
        reply = httpx.post(f"{self.stack.url}/local/clock", json=body, timeout=60)
        assert reply.is_success, reply.text


def ask(client: httpx.Client, stack: Stack, keys: Keys, number: int) -> None:
    """Have a code sent to the number of that number."""
    body = {"mobilePhoneNumber": f"+86199{number:08d}"}
    reply = client.post(f"{stack.url}/1.1/requestSmsCode", headers=keys.master, json=body)
    assert reply.json() == {}, reply.text


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Return once it holds; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.5)
