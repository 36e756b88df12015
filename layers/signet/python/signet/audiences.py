"""Audiences: lists of people that an owner uploads, and what was found when they were read.

    state    | event                                              → state
    ---------+-----------------------------------------------------------
    waiting, failed | its owner has it read, once it is uploaded  → reading
    reading  | all of it is read, and somebody can be sent to     → ready
    reading  | it cannot be used; `problem` says why              → failed
    reading  | the reader could not be called                     → waiting

A reading that says nothing for five minutes may be begun anew. What is ready is never read again:
its parts are written once, so that whatever becomes of the uploaded file, those who were checked
are those who are sent to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from signet.audience_problems import Problem
from signet.campaigns import part_key

# The bucket's lifecycle: what a campaign sends is read within this time.
LASTS = 30 * 24 * 3600
# A reading that is alive says so every few seconds.
SILENT = 5 * 60
SAMPLE, REFUSED_SAMPLE = 5, 20


class State(StrEnum):
    """How far an audience has come; see the table above."""

    WAITING = "waiting"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class Encoding(StrEnum):
    """How a file's text is written; AUTO finds out."""

    AUTO = "auto"
    UTF_8 = "utf-8"
    GBK = "gbk"


class Reason(StrEnum):
    """Why a row is left out."""

    INVALID = "invalid"
    DUPLICATE = "duplicate"
    FORMULA = "formula"
    LONG_VALUE = "long_value"
    BRACKETS = "brackets"
    CONTROL = "control"
    ZONE = "zone"
    CELLS = "cells"


class AudienceRow(NamedTuple):
    """Somebody who can be sent to: E.164, variables, IANA zone if the file names it.

    `consented`: it is known that this person agreed to marketing.
    """

    phone: str
    variables: Mapping[str, str]
    zone: str | None
    consented: bool


class RefusedRow(NamedTuple):
    """A row that is left out; `value` is the cell that is to blame, or the number."""

    line: int
    value: str
    reason: Reason


class SampleRow(NamedTuple):
    """A row that is used, for people to look at; `phone` is masked."""

    line: int
    phone: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Consent:
    """How and when the people of a file agreed, as its owner states: for all at one time (epoch
    seconds), or for each the time in a column, and nobody whose cell holds none.
    """

    how: str
    at: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be read; None: find out."""

    phone_column: str | None = None
    zone_column: str | None = None
    encoding: Encoding = Encoding.AUTO
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a file turned out to be. `unused`: columns whose name no variable can have."""

    encoding: Encoding
    columns: tuple[str, ...]
    phone_column: str
    zone_column: str | None
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by what became of them; `opted_out` and `no_consent` are among the valid."""

    rows: int = 0
    valid: int = 0
    opted_out: int = 0
    no_consent: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    bytes_read: int = 0

    @property
    def duplicate(self) -> int:
        """How many rows repeat a number."""
        return self.refused.get(Reason.DUPLICATE, 0)

    @property
    def invalid(self) -> int:
        """How many rows are left out for another reason."""
        return sum(self.refused.values()) - self.duplicate


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience as it stands. Times are epoch seconds.

    `etag` and `size` are of the uploaded file that is read; `attempt` names the reading, and with
    it the folder of what it writes, whose index has `index_etag`.
    """

    app_id: str
    audience_id: str
    name: str
    state: State
    wanted: Wanted
    created_at: int
    updated_at: int
    etag: str | None = None
    size: int = 0
    attempt: str | None = None
    index_etag: str | None = None
    found: Found | None = None
    counts: Counts = field(default_factory=Counts)
    problem: Problem | None = None
    sample: tuple[SampleRow, ...] = ()
    refused_sample: tuple[RefusedRow, ...] = ()

    @property
    def expires_at(self) -> int:
        """When it is deleted."""
        return self.created_at + LASTS

    @property
    def upload_key(self) -> str:
        """The object that its owner uploads."""
        return f"uploads/{self.app_id}/{self.audience_id}.csv"

    @property
    def folder(self) -> str:
        """Where its reading writes."""
        return f"audiences/{self.app_id}/{self.audience_id}/{self.attempt}"

    @property
    def index_key(self) -> str:
        """The object that lists its parts."""
        return f"{self.folder}/index.json"

    @property
    def report_key(self) -> str:
        """The object that lists the rows that are left out."""
        return f"{self.folder}/report.csv"

    def part_key(self, number: int) -> str:
        """The object that holds a part."""
        return part_key(self.folder, number)

    def may_be_read(self, now: int) -> bool:
        """Whether a reading may begin."""
        is_silent = self.state is State.READING and now - self.updated_at >= SILENT
        return self.takes_uploads or is_silent

    @property
    def takes_uploads(self) -> bool:
        """Whether a file may be put there, for a reading to come."""
        return self.state in (State.WAITING, State.FAILED)

    def reading(self, etag: str, size: int, *, attempt: str, now: int) -> "Audience":
        """The audience as a reading of that file begins; nothing of one before is left."""
        return Audience(
            app_id=self.app_id,
            audience_id=self.audience_id,
            name=self.name,
            state=State.READING,
            wanted=self.wanted,
            created_at=self.created_at,
            updated_at=now,
            etag=etag,
            size=size,
            attempt=attempt,
        )
