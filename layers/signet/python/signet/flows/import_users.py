"""Importing users: read a part of the file, write its users, report, record how far that is.

In this order: whatever dies between two steps, the part is done again by the next run, and a user
who is there already is left alone. The report of a part starts where the part does, so that the
next run can put its own in the place of one that may be there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from signet import exports, imports
from signet.errors import Unavailable
from signet.exports import Record, Unreadable
from signet.imports import Complaint, Imported, Progress, Refused
from signet.store.imports import Made, Outcome, Taken
from signet.users import User

# A part: what is held in memory, and what is done again after a crash.
PART_OBJECTS = 500
_PART_BYTES = 4_000_000
# A new table takes some hundred users a second and grows meanwhile: two minutes in all.
_TRIES = 8
_LONGEST_WAIT = 30


@dataclass(frozen=True, slots=True)
class Work:
    """What an import writes; see `store.imports`.

    `report` takes the progress before a part, and its complaints; `wait` seconds.
    """

    create: Callable[[Sequence[User]], Sequence[Outcome]]
    report: Callable[[Progress, Sequence[Complaint]], None]
    save: Callable[[Progress], None]
    wait: Callable[[float], None]


def import_users(
    work: Work,
    app_id: str,
    chunks: Iterable[bytes],
    progress: Progress,
    *,
    now: int,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Progress:
    """Go on from `progress`, while `may_go_on`; how far it came. `chunks` begin at its place.

    Raises NotAnExport, and Unavailable and TakenOver, from which another run goes on.
    """
    for part in _parts(exports.records(chunks, progress.place)):
        progress = _take(work, app_id, part, progress, now)
        if not may_go_on():
            return progress
    progress = replace(progress, is_finished=True)
    work.save(progress)
    return progress


def _parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    for record in records:
        part.append(record)
        length = record.end.offset - part[0].start.offset
        if len(part) == PART_OBJECTS or length >= _PART_BYTES:
            yield part
            part = []
    if part:
        yield part


def _take(work: Work, app_id: str, part: Sequence[Record], before: Progress, now: int) -> Progress:
    complaints: list[Complaint] = []
    found: list[tuple[Record, Imported]] = []
    for record in part:
        try:
            found.append((record, imports.parse(app_id, record.fields(), now=now)))
        except Unreadable as unreadable:
            complaints.append(_complaint(record, None, str(unreadable)))
        except Refused as refused:
            complaints.append(_complaint(record, refused.object_id, str(refused)))
    outcomes = _created(work, [imported.user for _, imported in found])
    for (record, imported), outcome in zip(found, outcomes, strict=True):
        complaints += _complaints(record, imported, outcome)
    complaints.sort(key=lambda complaint: complaint.offset)
    work.report(before, complaints)
    after = _after(before, part, outcomes, complaints)
    work.save(after)
    return after


def _created(work: Work, new: Sequence[User]) -> Sequence[Outcome]:
    for attempt in range(1, _TRIES):
        try:
            return work.create(new)
        except Unavailable:
            work.wait(min(2**attempt, _LONGEST_WAIT))
    return work.create(new)


def _complaints(record: Record, imported: Imported, outcome: Outcome) -> Iterator[Complaint]:
    object_id = imported.user.object_id
    if isinstance(outcome, Taken):
        yield _complaint(record, object_id, f"{outcome.field}: Another user has it.")
    elif imported.left_out:
        yield _complaint(record, object_id, " ".join(imported.left_out), imported=True)


def _complaint(
    record: Record, object_id: str | None, reason: str, *, imported: bool = False
) -> Complaint:
    return Complaint(record.start.line, record.start.offset, object_id, imported, reason)


def _after(
    before: Progress,
    part: Sequence[Record],
    outcomes: Sequence[Outcome],
    complaints: Sequence[Complaint],
) -> Progress:
    return replace(
        before,
        place=part[-1].end,
        created=before.created + outcomes.count(Made.CREATED),
        there=before.there + outcomes.count(Made.THERE),
        refused=before.refused + sum(not each.imported for each in complaints),
        left_out=before.left_out + sum(each.imported for each in complaints),
    )
