"""The shield's items as they lie in the table: the locks, and the day."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from signet.shield import Board, Lock, Step
from signet.shield_counts import Counts, Profile
from signet.shield_tree import Level, level

Item = Mapping[str, Any]

# A bombed app has a lock for each number of a list; what has none is judged by its counts anew.
MAX_LOCKS = 200
_WIDTH = {each: width for width, each in enumerate(reversed(Level))}


def tidied(board: Board, now: int) -> Board:
    """The board without what has ended; of too many locks, the widest and longest."""
    locks = [lock for lock in board.locks.values() if lock.until > now]
    if len(locks) > MAX_LOCKS:
        locks.sort(key=lambda lock: (_WIDTH[level(lock.node)], lock.until))
        locks = locks[-MAX_LOCKS:]
    lifted = {node: lift for node, lift in board.lifted.items() if lift[0] > now}
    return Board({lock.node: lock for lock in locks}, lifted)


def board_item(board: Board, version: int) -> Item:
    """The item of the locks."""
    locks = {}
    for node, lock in board.locks.items():
        fields = asdict(lock)
        del fields["node"]
        locks[node] = {**fields, "step": lock.step.value}
    lifted = {node: {"until": until, "by": by} for node, (until, by) in board.lifted.items()}
    return {"f": version, "locks": locks, "lifted": lifted}


def board_of(item: Item) -> Board:
    """What the item of the locks says."""
    locks = {
        node: Lock(node=node, **{**lock, "step": Step(lock["step"])})
        for node, lock in item.get("locks", {}).items()
    }
    lifted = {
        node: (int(lift["until"]), str(lift["by"])) for node, lift in item.get("lifted", {}).items()
    }
    return Board(locks, lifted)


def profile_item(profile: Profile) -> Item:
    """The item of the day; as text it takes a third of what a map takes."""
    return {
        "f": profile.folded,
        "t": _text(profile.today),
        "y": _text(profile.yesterday),
    }


def profile_of(item: Item) -> Profile:
    """What the item of the day says."""
    return Profile(int(item["f"]), _counts(str(item["t"])), _counts(str(item["y"])))


def _text(day: Mapping[str, Counts]) -> str:
    return " ".join(
        f"{node}:{counts.sent:.0f}:{counts.verified:.0f}" for node, counts in day.items()
    )


def _counts(text: str) -> dict[str, Counts]:
    parts = [part.split(":") for part in text.split()]
    return {node: Counts(int(sent), int(verified)) for node, sent, verified in parts}
