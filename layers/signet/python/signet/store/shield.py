"""The Shield table: what is counted of each app, its locks, and what was decided.

    pk                          | holds
    ----------------------------+-----------------------------------------------------------------
    <app>#m#<minute>#<shard>    | what was counted in a minute; see store/shield_container.py
    <app>#day                   | the day in short
    <app>#locks                 | what is locked, and what was lifted
    <app>#d#<yyyymmdd>#<0..7>   | decisions; see store/decisions.py

The sort key is "-" but for decisions. Failure mode: closed, as far as the container says.
"""

import random
from collections.abc import Callable

from signet.errors import Unavailable
from signet.shield import LIFTED_SECONDS, Board
from signet.store import table
from signet.store.shield_container import MAX_SHARDS, WRITE_AFTER, Container, Operations
from signet.store.shield_items import board_item, board_of, tidied
from signet.store.shield_table import ShieldTable

_ROUNDS = 8
# Of how many apps a process keeps counters.
_KEPT = 500


# --- Counters -----------------------------------------------------------------------------------


class Containers:
    """The counters of every app that this process has served lately."""

    def __init__(
        self, operations: Callable[[str], Operations], chance: Callable[[], float] = random.random
    ) -> None:
        self._operations, self._chance = operations, chance
        self._of: dict[str, Container] = {}
        self._began: dict[str, int] = {}

    def of(self, app_id: str, *, shards: int = 1) -> Container:
        """The counters of an app. Whoever asks names the same `shards`; when they are raised, a
        process begins anew, for it has read too little.
        """
        found = self._of.pop(app_id, None)
        if found is None or found.shards != min(shards, MAX_SHARDS):
            found = Container(
                app_id, self._operations(app_id), shards=shards, chance=self._chance()
            )
        # The last used is the last; what is dropped has long been written, or nearly nothing.
        self._of[app_id] = found
        if len(self._of) > _KEPT:
            oldest = next(iter(self._of))
            del self._of[oldest]
            self._began.pop(oldest, None)
        return found

    def flush_if_due(self, now: int) -> None:
        """Write for the app that was served last, or else for one that waits. One call at most.

        Not for an app that was first served just now: that person has waited for a read already.
        """
        for container in reversed(list(self._of.values())):
            began = self._began.setdefault(container.app_id, now)
            if now - began >= WRITE_AFTER and container.is_due(now):
                container.flush_if_due(now)
                return

    def forget(self) -> None:
        """Drop everything, as a new process would."""
        self._of.clear()
        self._began.clear()


CONTAINERS = Containers(ShieldTable)


# --- Locks --------------------------------------------------------------------------------------


def locks(app_id: str, *, now: int) -> Board:
    """What is locked at `now`, and what was lifted."""
    return tidied(_board(app_id)[0], now)


def lift(app_id: str, node: str, *, by: str, now: int) -> bool:
    """Lift the lock of a node and leave the node alone for an hour; False if it is not locked."""
    for _ in range(_ROUNDS):
        board, version = _board(app_id)
        board = tidied(board, now)
        if node not in board.locks:
            return False
        left = {name: lock for name, lock in board.locks.items() if name != node}
        lifted = {**board.lifted, node: (now + LIFTED_SECONDS, by)}
        item = board_item(Board(left, lifted), version + 1)
        if ShieldTable(app_id).swap("locks", item, was=version):
            return True
        table.pause()
    raise Unavailable(retry_after=1)


def _board(app_id: str) -> tuple[Board, int]:
    item = ShieldTable(app_id).read(["locks"], consistent=True).get("locks", {})
    return board_of(item), int(item.get("f", 0))
