"""Processes that run the real functions, many at once, as Lambda would."""

import json
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, Self

from signet import days

Event = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The replies, in the order of the calls, and how many guesses were compared."""

    replies: list[dict[str, Any]]
    compared: int

    @property
    def successes(self) -> int:
        """How many were answered 200."""
        return self.codes.count(0)

    @property
    def codes(self) -> list[int]:
        """LeanCloud's number in each reply over HTTP, 0 for success."""
        bodies = [json.loads(reply["body"]) for reply in self.replies if "body" in reply]
        return [int(body.get("code", 0)) for body in bodies]


class Workers:
    """A fixed number of processes, each serving one request at a time."""

    def __init__(self, count: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        # No test of a day's cap may see midnight.
        noon = days.start(days.of(datetime.now(UTC))) + timedelta(hours=12)
        ahead = noon - datetime.now(UTC)
        self._barrier = spawn.Barrier(count)
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_work, args=(theirs, self._barrier, ahead), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()  # ready: imported and warm

    def renew(self, environment: dict[str, str]) -> None:
        """Let all of them start anew, with these settings and nothing remembered."""
        for pipe in self._pipes:
            pipe.send(environment)
        for pipe in self._pipes:
            pipe.recv()

    def run(self, function: str, events: Sequence[Event]) -> Outcome:
        """Send all `events` to `function`, spread over the processes, all starting at once."""
        return self.run_mixed([(function, event) for event in events])

    def run_mixed(self, calls: Sequence[tuple[str, Event]]) -> Outcome:
        """The same with a function for each event."""
        shares = [list(range(index, len(calls), len(self._pipes))) for index in self._indices]
        for pipe, share in zip(self._pipes, shares, strict=True):
            pipe.send([calls[place] for place in share])
        replies: list[dict[str, Any]] = [{}] * len(calls)
        compared = 0
        for pipe, share in zip(self._pipes, shares, strict=True):
            answered, count = pipe.recv()
            compared += count
            for place, reply in zip(share, answered, strict=True):
                replies[place] = reply
        return Outcome(replies, compared)

    @property
    def _indices(self) -> range:
        return range(len(self._pipes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(None)
            process.join(10)
            pipe.close()


def _work(pipe: Connection, barrier: Barrier, ahead: timedelta) -> None:
    import os

    from signet import codes
    from signet.edge import clock
    from tests import clients
    from tests.gateway import CONTEXT

    real = clock.now
    clock.now = lambda: real() + ahead
    compared = 0
    matches = codes.matches

    def counted(expected: bytes, given: bytes) -> bool:
        nonlocal compared
        compared += 1
        return matches(expected, given)

    def serve(function: str, event: Event) -> dict[str, Any]:
        reply: dict[str, Any] = _module(function).handler(event, CONTEXT)
        return reply

    codes.matches = counted
    for function in ("request", "verify"):
        _module(function)
    pipe.send("ready")
    while (calls := pipe.recv()) is not None:
        if isinstance(calls, dict):
            os.environ.update(calls)
            clients.renew()
            pipe.send("ready")
            continue
        compared = 0
        for function in {function for function, _ in calls}:
            _module(function)
        barrier.wait(30)
        pipe.send(([serve(function, event) for function, event in calls], compared))


def _module(function: str) -> Any:
    return import_module(f"functions.{function}.app")
