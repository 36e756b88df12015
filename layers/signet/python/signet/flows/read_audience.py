"""Reading an audience: check each row, write those that can be sent to, report the others.

One pass, a thousand rows in memory. Parts and report are written below a name of this reading's
own before the audience is said to be ready, in one conditional write: what a dead reading left is
read by nobody, and the next one begins anew.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol, TypeVar

from signet import audience_columns, audience_files
from signet.audience_files import Bytes, OtherEncoding, Record, Unusable
from signet.audience_problems import MAX_BYTES, Problem
from signet.audience_rows import Check, Refused, Row, Seen
from signet.audiences import (
    REFUSED_SAMPLE,
    SAMPLE,
    Audience,
    AudienceRow,
    Consent,
    Counts,
    Encoding,
    Reason,
    RefusedRow,
    SampleRow,
    State,
)
from signet.campaigns import MAX_ROWS, PART_ROWS
from signet.edge.objects import Replaced
from signet.errors import Unavailable
from signet.records import mask

# How often it says how far it is, in seconds.
_SAY_EVERY = 2
# Of a value in a sample: fifty columns of five rows lie in one item of at most 400 kB.
_SHOWN = 60
# What the tables refuse is asked for again, within two minutes in all.
_TRIES = 8
_LONGEST_WAIT = 30

_T = TypeVar("_T")


class Written(Protocol):
    """Where rows go; see `edge.audience_parts.Writer`."""

    def part(self, rows: Sequence[AudienceRow]) -> None: ...
    def refused(self, rows: Iterable[RefusedRow]) -> None: ...
    def report(self) -> None: ...
    def finish(self) -> Audience: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class People:
    """What is known of an app's people, by their numbers; `agreed` takes number -> epoch seconds.

    `is_zone` tells names of time zones from other words.
    """

    out_of: Callable[[Collection[str]], set[str]]
    known: Callable[[Collection[str]], set[str]]
    agreed: Callable[[Mapping[str, int], Consent], None]
    is_zone: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Work:
    """What a reading uses. `blocks` begins the file anew; `save` raises Overtaken.

    `seconds` is a clock that only goes on, and `wait` waits for so many of them; `may_go_on` is
    false when the time is over.
    """

    blocks: Callable[[], Iterator[bytes]]
    write: Callable[[Audience], Written]
    people: People
    save: Callable[[Audience], None]
    seconds: Callable[[], float]
    wait: Callable[[float], None]
    may_go_on: Callable[[], bool]


def read_audience(work: Work, audience: Audience, *, now: int) -> Audience:
    """Read the audience's file from its beginning to its end; what it is then, which is saved.

    Raises Unavailable and Overtaken; another reading may begin anew.
    """
    if not 0 < audience.size <= MAX_BYTES:
        return _failed(work, audience, Problem("too_large" if audience.size else "empty"))
    *first, last = audience_files.candidates(audience.wanted.encoding)
    for encoding in first:
        try:
            return _Reading(work, audience, encoding, now).run(is_last=False)
        except OtherEncoding:
            continue
    return _Reading(work, audience, last, now).run(is_last=True)


def _failed(work: Work, audience: Audience, problem: Problem) -> Audience:
    failed = replace(audience, state=State.FAILED, problem=problem)
    work.save(failed)
    return failed


@dataclass(slots=True)
class _Tally:
    """What was counted so far."""

    rows: int = 0
    valid: int = 0
    opted_out: int = 0
    no_consent: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    sample: list[SampleRow] = field(default_factory=list)
    refused_sample: list[RefusedRow] = field(default_factory=list)

    def counts(self, bytes_read: int) -> Counts:
        """As audiences have them."""
        return Counts(
            rows=self.rows,
            valid=self.valid,
            opted_out=self.opted_out,
            no_consent=self.no_consent,
            refused=dict(self.refused),
            bytes_read=bytes_read,
        )


class _Reading:
    """One pass over a file that is taken for text in `encoding`."""

    def __init__(self, work: Work, audience: Audience, encoding: Encoding, now: int) -> None:
        self._work = work
        self._audience = audience
        self._encoding = encoding
        self._now = now
        self._raw = Bytes(work.blocks())
        self._written = work.write(audience)
        self._tally = _Tally()
        self._said_at = work.seconds()

    def run(self, *, is_last: bool) -> Audience:
        try:
            return self._run(is_last=is_last)
        finally:
            self._written.close()

    def _run(self, *, is_last: bool) -> Audience:
        try:
            records = audience_files.records(self._raw, self._encoding, is_last=is_last)
            self._read(records)
        except (Unusable, Replaced) as why:
            self._written.report()
            problem = why.problem if isinstance(why, Unusable) else Problem("replaced")
            return _failed(self._work, self._seen_so_far(), problem)
        index_etag = self._written.finish().index_etag
        ready = replace(self._seen_so_far(), state=State.READY, index_etag=index_etag)
        self._work.save(ready)
        return ready

    def _read(self, records: Iterator[Record]) -> None:
        header = next(records, None)
        if header is None:
            raise Unusable("empty")
        part = _part(records, audience_columns.LOOKED_AT)
        if not part:
            raise Unusable("no_rows")
        columns = audience_columns.columns(header, part, self._audience.wanted)
        self._audience = replace(self._audience, found=columns.found(self._encoding))
        check = Check(columns, self._work.people.is_zone, Seen(), self._now)
        rows: list[Row] = []
        while part:
            rows += self._checked(check, part)
            while len(rows) >= PART_ROWS:
                self._take(rows[:PART_ROWS])
                rows = rows[PART_ROWS:]
            self._say()
            part = _part(records, PART_ROWS)
        if rows:
            self._take(rows)
        if not self._tally.valid:
            raise Unusable("nothing_valid")

    def _checked(self, check: Check, part: Sequence[Record]) -> list[Row]:
        good: list[Row] = []
        refused: list[RefusedRow] = []
        for record in part:
            try:
                good.append(check.row(record.line, record.cells))
            except Refused as bad:
                refused.append(RefusedRow(record.line, bad.value, bad.reason))
        self._tally.rows += len(part)
        if self._tally.rows > MAX_ROWS:
            raise Unusable("many_rows")
        self._refuse(refused)
        return good

    def _refuse(self, refused: Sequence[RefusedRow]) -> None:
        self._written.refused(refused)
        tally = self._tally
        for row in refused:
            tally.refused[row.reason] = tally.refused.get(row.reason, 0) + 1
        left = REFUSED_SAMPLE - len(tally.refused_sample)
        tally.refused_sample += [_shown(row) for row in refused[:left]]

    def _take(self, rows: Sequence[Row]) -> None:
        """A part: who opted out and who agreed is asked now, and again when it is sent."""
        known, out = self._patiently(lambda: self._asked(rows))
        tally = self._tally
        tally.opted_out += len(out)
        tally.no_consent += len(rows) - len(known)
        tally.valid += len(rows)
        self._written.part(
            [AudienceRow(row.phone, row.variables, row.zone, row.phone in known) for row in rows]
        )
        for row in rows[: SAMPLE - len(tally.sample)]:
            shown = {name: value[:_SHOWN] for name, value in row.variables.items()}
            tally.sample.append(SampleRow(row.line, mask(row.phone), shown))

    def _asked(self, rows: Sequence[Row]) -> tuple[Set[str], Set[str]]:
        """Who of them agreed, and who opted out."""
        phones = [row.phone for row in rows]
        agreed = self._agreed(rows)
        others = [phone for phone in phones if phone not in agreed]
        people = self._work.people
        return agreed.keys() | people.known(others), people.out_of(phones)

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """What it gives, once the tables have grown to the pace: a new one does so in minutes."""
        for attempt in range(1, _TRIES):
            try:
                return ask()
            except Unavailable:
                self._work.wait(min(2**attempt, _LONGEST_WAIT))
        return ask()

    def _agreed(self, rows: Sequence[Row]) -> dict[str, int]:
        """Who of them agreed by what the file's owner says, which is recorded."""
        consent = self._audience.wanted.consent
        if consent is None:
            return {}
        stated = ((row.phone, row.agreed_at if consent.column else consent.at) for row in rows)
        agreed = {phone: at for phone, at in stated if at is not None}
        if agreed:
            self._work.people.agreed(agreed, consent)
        return agreed

    def _say(self) -> None:
        if not self._work.may_go_on():
            raise Unusable("time")
        if self._work.seconds() - self._said_at >= _SAY_EVERY:
            self._said_at = self._work.seconds()
            self._work.save(self._seen_so_far())

    def _seen_so_far(self) -> Audience:
        return replace(
            self._audience,
            counts=self._tally.counts(self._raw.taken),
            sample=tuple(self._tally.sample),
            refused_sample=tuple(self._tally.refused_sample),
        )


def _part(records: Iterator[Record], count: int) -> list[Record]:
    return list(islice(records, count))


def _shown(row: RefusedRow) -> RefusedRow:
    value = mask(row.value) if row.reason is Reason.DUPLICATE else row.value[:_SHOWN]
    return row._replace(value=value)
