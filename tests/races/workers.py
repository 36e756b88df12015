"""Processes that run the real functions, many at once, as Lambda would."""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, Self

Event = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The replies, in the order of the requests, and how many guesses were compared."""

    replies: list[dict[str, Any]]
    compared: int

    @property
    def successes(self) -> int:
        """How many were answered 200."""
        return sum(reply["statusCode"] == 200 for reply in self.replies)


class Workers:
    """A fixed number of processes, each serving one request at a time."""

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._barrier = spawn.Barrier(count)
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(
                target=_work, args=(theirs, self._barrier, environment), daemon=True
            )
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()  # ready: imported and warm

    def run(self, function: str, events: Sequence[Event]) -> Outcome:
        """Send all `events` to `function`, spread over the processes, all starting at once."""
        shares = [list(range(index, len(events), len(self._pipes))) for index in self._indices]
        for pipe, share in zip(self._pipes, shares, strict=True):
            pipe.send((function, [events[place] for place in share]))
        replies: list[dict[str, Any]] = [{}] * len(events)
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


def _work(pipe: Connection, barrier: Barrier, environment: dict[str, str]) -> None:
    import os

    os.environ.update(environment)
    from functions.request import app as request
    from functions.verify import app as verify
    from signet import codes
    from tests.gateway import CONTEXT

    compared = 0
    matches = codes.matches

    def counted(expected: bytes, given: bytes) -> bool:
        nonlocal compared
        compared += 1
        return matches(expected, given)

    codes.matches = counted
    handlers = {"request": request.handler, "verify": verify.handler}
    pipe.send("ready")
    while (work := pipe.recv()) is not None:
        function, events = work
        compared = 0
        barrier.wait(30)
        pipe.send(([handlers[function](event, CONTEXT) for event in events], compared))
