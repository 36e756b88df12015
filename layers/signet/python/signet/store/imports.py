"""Imports: many users at once, and how far an import has come, in the Users table.

    pk                     | attributes
    -----------------------+----------------------------------------------------------------------
    <app>#import#<name>    | identity, size: which file that is; run: who works on it;
                           |   offset, line, in_array, created, there, refused, left_out: Progress;
                           |   state: running, done, failed; problem; started_at, updated_at

A user is written whole or not at all, and one who is there is left alone, so whatever is imported
again changes nothing. What is recorded as done is done, then; what was done and not recorded yet
is looked at again. Only the last run that began may record, so two at once do not count for each
other. Failure mode: closed.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from signet.errors import Unavailable
from signet.exports import Place
from signet.imports import Progress
from signet.store import table, users
from signet.store.table import Item, path
from signet.store.users import UserItem, Write
from signet.users import User

# Of one transaction, by DynamoDB: 100 items and 4 MB. A large one would outlast the time to read.
_MOST_ITEMS = 100
_MOST_BYTES = 1_000_000
# Measured with 60 ms for each call: four write 2.8 times as much as one, eight no more than four.
_AT_ONCE = 4
_ROUNDS = 20
_FIELDS = {"username": "username", "email": "email", "phone": "mobilePhoneNumber"}


class Made(Enum):
    """What became of a user who was not refused."""

    CREATED = auto()
    THERE = auto()


@dataclass(frozen=True, slots=True)
class Taken:
    """The refusal of a user: somebody else has what is in this field."""

    field: str


Outcome = Made | Taken


class TakenOver(Exception):
    """Another run of the same import has begun since, and goes on instead of this one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is imported: its name, and what tells it from another of that name."""

    name: str
    identity: str
    size: int


@dataclass(frozen=True, slots=True)
class Standing:
    """An import as it is recorded. Times are epoch seconds."""

    source: Source
    run: str
    progress: Progress
    started_at: int
    updated_at: int
    problem: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nobody works on it any more, because it is done or cannot be."""
        return self.progress.is_finished or self.problem is not None


def create_many(new: Sequence[User]) -> list[Outcome]:
    """What became of each of an app's users, in their order.

    Whom it refuses it leaves out, and writes the others. Raises Unavailable; some may be written
    then.
    """
    if not new:
        return []
    there = users.existing(new[0].app_id, {user.object_id for user in new})
    outcomes: dict[int, Outcome] = dict.fromkeys(range(len(new)), Made.THERE)
    left = [place for place, user in enumerate(new) if user.object_id not in there]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while left:
            packs, left = _packs(new, left)
            written = threads.map(lambda pack: _written([new[place] for place in pack]), packs)
            for pack, found in zip(packs, written, strict=True):
                outcomes |= zip(pack, found, strict=True)
    return list(outcomes.values())


def _packs(new: Sequence[User], places: Iterable[int]) -> tuple[list[list[int]], list[int]]:
    """Which users go into one transaction, as many as fit, and who has to wait for another one.

    What two users want is in one of these transactions only, so that the first one gets it.
    """
    packs: list[list[int]] = []
    later: list[int] = []
    wanted: set[str] = set()
    items, size = _MOST_ITEMS, 0
    for place in places:
        own, length = {new[place].object_id, *new[place].claims}, _length(new[place])
        if not wanted.isdisjoint(own):
            later.append(place)
            continue
        if items + len(own) > _MOST_ITEMS or size + length > _MOST_BYTES:
            packs.append([])
            items, size = 0, 0
        packs[-1].append(place)
        wanted |= own
        items += len(own)
        size += length
    return packs, later


def _length(user: User) -> int:
    return len(json.dumps([user.attributes, user.auth]))


def _written(pack: Sequence[User]) -> list[Outcome]:
    """What became of users who share a transaction, and share the next without whom it refuses."""
    outcomes: dict[str, Outcome] = {}
    while left := [user for user in pack if user.object_id not in outcomes]:
        try:
            table.transact(partial(_add, left))
        except table.TransactionRefused as refused:
            outcomes |= _faults(left, refused.before)
        else:
            outcomes |= {user.object_id: Made.CREATED for user in left}
    return [outcomes[user.object_id] for user in pack]


def _add(new: Sequence[User], writes: TransactWrite) -> None:
    for user in new:
        Write(None, user).add(writes)


def _faults(new: Sequence[User], before: Sequence[Item | None]) -> dict[str, Outcome]:
    """Whom the items that refused are about. All of the writes are puts, in the users' order."""
    found: dict[str, Outcome] = {}
    items = iter(before)
    for user in new:
        own = [next(items) for _ in range(Write(None, user).size)]
        refused = [item for item in own if item is not None]
        if refused:
            found[user.object_id] = _fault(user, refused)
    return found


def _fault(user: User, refused: Sequence[Item]) -> Outcome:
    owners = {item.get("owner") for item in refused}
    # DynamoDB need not name every item that would refuse: the user may be there nevertheless.
    if owners & {None, user.object_id} or users.get(user.app_id, user.object_id):
        return Made.THERE
    return Taken(_field(str(refused[0]["pk"]).removeprefix(f"{user.app_id}#")))


def _field(claim: str) -> str:
    kind, _, rest = claim.partition("#")
    if kind == "auth":
        return f"authData.{rest.partition('#')[0]}"
    return _FIELDS.get(kind, "sessionToken")


def find(app_id: str, name: str) -> Standing | None:
    """The import of that name as it is now."""
    (item,) = table.snapshot([UserItem(_pk(app_id, name))])
    return _standing(name, item) if item else None


def begin(app_id: str, source: Source, run: str, *, now: int) -> Standing:
    """Let `run` work on the file, from where another one got to, or from its beginning.

    It begins anew when the file is another one, or when an import of it came to an end.
    """
    for attempt in range(1, _ROUNDS + 1):
        before = find(app_id, source.name)
        progress, started_at = Progress(), now
        if before and before.source == source and not before.has_ended:
            progress, started_at = before.progress, before.started_at
        standing = Standing(source, run, progress, started_at, now)
        held = path("run") == before.run if before else path("run").does_not_exist()
        try:
            _record(app_id, standing, held)
        except table.ConditionFailed:
            table.pause(attempt)
            continue
        return standing
    raise Unavailable(retry_after=1)


def save(app_id: str, standing: Standing) -> None:
    """Record how far the run has come. Raises TakenOver."""
    try:
        _record(app_id, standing, path("run") == standing.run)
    except table.ConditionFailed as failed:
        raise TakenOver from failed


def _record(app_id: str, standing: Standing, held: Condition) -> None:
    progress, place = standing.progress, standing.progress.place
    fields: dict[str, Any] = {
        "run": standing.run,
        "identity": standing.source.identity,
        "size": standing.source.size,
        "offset": place.offset,
        "line": place.line,
        "in_array": place.in_array,
        "created": progress.created,
        "there": progress.there,
        "refused": progress.refused,
        "left_out": progress.left_out,
        "state": "failed" if standing.problem else "done" if progress.is_finished else "running",
        "problem": standing.problem,
        "started_at": standing.started_at,
        "updated_at": standing.updated_at,
    }
    actions = [
        path(name).remove() if value is None else path(name).set(value)
        for name, value in fields.items()
    ]
    table.update(UserItem(_pk(app_id, standing.source.name)), actions, held)


def _standing(name: str, item: Item) -> Standing:
    counts = {each: item[each] for each in ("created", "there", "refused", "left_out")}
    place = Place(item["offset"], item["line"], item.get("in_array"))
    return Standing(
        source=Source(name, item["identity"], item["size"]),
        run=item["run"],
        progress=Progress(place, **counts, is_finished=item["state"] == "done"),
        started_at=item["started_at"],
        updated_at=item["updated_at"],
        problem=item.get("problem"),
    )


def _pk(app_id: str, name: str) -> str:
    return f"{app_id}#import#{name}"
