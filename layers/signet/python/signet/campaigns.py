"""Campaigns: one message to many people, when it goes out, and how each of them gets it once.

    state      | event                                             → state
    -----------+-----------------------------------------------------------
    draft      | its time is set, planned and payable               → scheduled
    draft, scheduled | its time has come, or somebody starts it     → running
    scheduled  | its content is changed, or its time taken away     → draft
    scheduled  | more than half an hour late, or unpayable          → paused
    paused     | the same, and its time is set anew                 → scheduled
    running    | somebody pauses it, too many failures or opt-outs  → paused
    paused     | somebody resumes it                                → running
    running    | everybody has theirs, or a reason for none         → finished
    running    | the same, by cron                                  → scheduled
    any other  | somebody cancels it                                → cancelled

Source: design.md 4. A run sends a plan: parts in the bucket, written once, whose rows are people
who have agreed, with their words and their price. A message's id follows from campaign, version,
run and number, so that the record itself lets nobody have it twice (review.md 5.3).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate, pairwise
from secrets import token_hex
from typing import NamedTuple

from signet import days, messages
from signet.limits import Kind

# A start that comes later than this, in seconds, is held for a person (design.md 5.6).
LATE = 30 * 60
# What a part of an audience or of a plan holds at most, in rows.
PART_ROWS = 1_000
MAX_ROWS = 1_000_000
MAX_PACE = 1_000
# Of the last so many that were sent, so many in a thousand may fail, or opt out.
WINDOW, FAILURES, OPT_OUTS = 1_000, 50, 10


class State(StrEnum):
    """Where a campaign stands; see the table above."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of a row; all but the first three name the rule that left it out."""

    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    OPTED_OUT = "opted_out"
    CAPPED = "capped"
    NO_CARRIER = "no_carrier"

    @property
    def is_paid(self) -> bool:
        """Whether there is a record, which was paid."""
        return self in (Outcome.SENT, Outcome.FAILED, Outcome.UNCONFIRMED)


class Why(StrEnum):
    """Why a campaign is paused."""

    BY_HAND = "by_hand"
    LATE = "late"
    FAILURES = "failures"
    OPT_OUTS = "opt_outs"
    BALANCE = "balance"
    DAILY_CAP = "daily_cap"
    NO_COMPANY = "no_company"
    NOT_APPROVED = "not_approved"
    SMS_OFF = "sms_off"
    PLAN_GONE = "plan_gone"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign goes out: once `at` (epoch seconds), or by `cron` of EventBridge in `zone`.

    `cron` is what stands in EventBridge's parentheses, six fields. Neither: when somebody starts
    it.
    """

    at: int | None = None
    cron: str | None = None
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Stops:
    """What pauses a campaign: so many in a thousand of the last `window` that were sent."""

    failures: int = FAILURES
    opt_outs: int = OPT_OUTS
    window: int = WINDOW


@dataclass(frozen=True, slots=True)
class Content:
    """What is said to whom: an approved template's version, a signature, an audience.

    `variables` are the same for everybody; an audience's column of that name goes before.
    """

    kind: Kind
    template: str
    template_version: int
    signature: str
    signature_text: str
    audience_id: str
    variables: Mapping[str, str] = field(default_factory=dict)


class Part(NamedTuple):
    """Some rows of a plan, alike in zone, segments and price (micros, of each row).

    `zone` is an index of `Plan.zones`; `etag` is the object's, so that only it is ever read.
    `plain`: their texts go in GSM-7's characters, as `Message.plain` has it. `number` names the
    object, None where it is the part's own place: parts are written as rows come, and put in order
    when all are there.
    """

    zone: int
    rows: int
    segments: int
    price: int
    etag: str
    plain: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run sends, and what was left out of it. Parts come zone by zone.

    `folder` is where its parts lie; `zones` are keys as `quiet_hours.zone_of` gives them, or one
    "" for a notification, which knows no hours. `constants` are the variables that are
    the same for everybody. `dropped`: rows that can never be sent, by reason. `expected_drops`:
    rows that the rules would leave out, if it were sent now.
    """

    folder: str
    zones: tuple[str, ...]
    parts: tuple[Part, ...]
    constants: Mapping[str, str]
    dropped: Mapping[str, int]
    expected_drops: Mapping[str, int]
    samples: tuple[str, ...]
    expected_micros: int
    planned_at: int

    @property
    def rows(self) -> int:
        """How many people can be sent it."""
        return sum(part.rows for part in self.parts)

    @property
    def micros(self) -> int:
        """What all of them cost: what a run reserves."""
        return sum(part.rows * part.price for part in self.parts)

    @property
    def segments(self) -> int:
        """How many SMS all of them are."""
        return sum(part.rows * part.segments for part in self.parts)

    def groups(self) -> list[range]:
        """The parts of each zone, in the zones' order."""
        sizes = Counter(part.zone for part in self.parts)
        ends = list(accumulate(sizes[zone] for zone in range(len(self.zones))))
        return [range(start, end) for start, end in pairwise([0, *ends])]


def part_key(folder: str, number: int) -> str:
    """The object that holds a part of an audience or of a plan."""
    return f"{folder}/{number:05}.jsonl"


@dataclass(frozen=True, slots=True)
class Planned:
    """Where the plan of a campaign lies, and what a list shows of it; `problem`: there is none.

    `run` names the planner's run that is at it; with `key` it is done.
    """

    run: str
    key: str | None = None
    rows: int = 0
    micros: int = 0
    problem: str | None = None


class Place(NamedTuple):
    """The first row that was not released yet, of one zone's parts."""

    part: int
    row: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a version of a campaign.

    Times are epoch seconds, `started_at` milliseconds as ids need it.

    It sends `rows` rows in `parts` parts, which is known when the plan's objects are gone, too.
    `token` is that of the step that may go on. Of each zone of the plan, `places` has the first
    row that was not released, and `firsts` the first part that is not known to be complete.
    `recent` are the parts that were released last, `noted` rows had an outcome at `noted_at`, and
    since then it was said `rewound` times that rows are to be released anew. `forgiven`: of parts
    that were under way when it was resumed, how many were sent by then, failures and opt-outs,
    which pause it no second time. `reserved` micros
    were paid by item `balance_shard` of the balance; `settled`: what was not used is back.
    `events`: the app is told what becomes of its messages.
    """

    number: int
    version: int
    plan_key: str
    started_at: int
    token: str
    places: tuple[Place, ...]
    firsts: tuple[int, ...]
    shards: int
    reserved: int
    balance_shard: int
    rows: int
    parts: int
    events: bool = False
    recent: tuple[int, ...] = ()
    forgiven: tuple[tuple[int, int, int, int], ...] = ()
    released_at: int = 0
    noted: int = 0
    noted_at: int = 0
    rewound: int = 0
    settled: bool = False
    finished_at: int | None = None

    @classmethod
    def first_step(
        cls,
        plan: Plan,
        plan_key: str,
        *,
        number: int,
        version: int,
        started_at: int,
        shards: int,
        balance_shard: int,
        events: bool,
    ) -> "Run":
        """A run of the plan that has released nothing; `started_at` in epoch milliseconds."""
        groups = plan.groups()
        return cls(
            number=number,
            version=version,
            plan_key=plan_key,
            started_at=started_at,
            token=new_token(),
            places=tuple(Place(parts.start, 0) for parts in groups),
            firsts=tuple(parts.start for parts in groups),
            shards=shards,
            reserved=plan.micros,
            balance_shard=balance_shard,
            rows=plan.rows,
            parts=len(plan.parts),
            events=events,
        )

    @property
    def day(self) -> str:
        """The day that all its records are of."""
        return days.of(datetime.fromtimestamp(self.started_at / 1000, UTC))


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as its owner made it, and how it stands. Times are epoch seconds.

    `pace`: recipients a second, None as fast as it goes. `why`: it is paused. `earlier`: the ends
    of runs before this one, newest first.
    """

    app_id: str
    campaign_id: str
    version: int
    name: str
    state: State
    content: Content
    schedule: Schedule
    pace: int | None
    stops: Stops
    created_at: int
    updated_at: int
    created_by: str
    why: Why | None = None
    planned: Planned | None = None
    run: Run | None = None
    due_at: int | None = None


class Recipient(NamedTuple):
    """A row of a plan: a number (E.164) and its own variables."""

    phone: str
    variables: Mapping[str, str]


class Row(NamedTuple):
    """Which row of which run a message is for: what queues and records carry of a campaign."""

    campaign_id: str
    run: int
    part: int
    row: int

    def packed(self) -> str:
        """As records keep it."""
        return f"{self.campaign_id}#{self.run}#{self.part}#{self.row}"

    @classmethod
    def unpacked(cls, text: str) -> "Row":
        """What `packed` gave."""
        campaign_id, run, part, row = text.split("#")
        return cls(campaign_id, int(run), int(part), int(row))


def new_token() -> str:
    """A token for the step that may go on."""
    return token_hex(8)


def message_id(campaign: Campaign, run: Run, phone: str) -> str:
    """The id of the message to a number: always the same for campaign, version, run and phone."""
    said = f"{campaign.app_id}\0{campaign.campaign_id}\0{run.version}\0{run.number}\0{phone}"
    digest = sha256(f"signet/campaign/1\0{said}".encode()).hexdigest()[:20]
    unique = f"{run.started_at:012x}{digest}"
    return messages.id_of(run.day, unique, shards=run.shards)
