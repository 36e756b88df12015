"""Collaborators that remember what they were asked; each satisfies the type it stands in for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from signet.carriers import Accepted, OutgoingMessage, Silent
from signet.codes import Keyring, LiveCode
from signet.edge.alarms import NotTold
from signet.errors import SignetError, Unavailable
from signet.flows.asking import Routing
from signet.flows.shielding import Shield
from signet.limits import Channel, Kind
from signet.messages import OPEN_SHARDS, Claim, Message, MessageRef, State
from signet.routes import Hop
from signet.shield import Attempt, Lock, Step, Verdict
from signet.store import decisions
from signet.store.decisions import Decision
from signet.store.messages import NotClaimed, UnknownMessage
from signet.tries import Try


@dataclass
class FakeCarrier(Silent):
    """A carrier that accepts, or raises what it was told to, and keeps what it was handed."""

    fails_with: Exception | None = None
    on_submit: Callable[[], None] = lambda: None
    name: str = "fake"
    reports_within: timedelta | None = None
    handed: list[OutgoingMessage] = field(default_factory=list)

    def submit(self, message: OutgoingMessage) -> Accepted:
        self.handed.append(message)
        self.on_submit()
        if self.fails_with:
            raise self.fails_with
        return Accepted(f"carrier-{len(self.handed)}")


@dataclass
class FakeRouting:
    """Carriers in the order in which they are asked, those that could rescue, and what was told."""

    carriers: list[FakeCarrier]
    rescuers: list[tuple[FakeCarrier, Channel]] = field(default_factory=list)
    counted: list[Try] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)
    rescues: list[MessageRef] = field(default_factory=list)
    calls_left: int = 100

    @property
    def routing(self) -> Routing:
        return Routing(
            hops=lambda _: [Hop(carrier.name) for carrier in self.carriers],
            rescuers=lambda _: [(Hop(one.name), channel) for one, channel in self.rescuers],
            open=self.open,
            may_start=self.may_start,
            count=lambda message, told: self.counted.append(told),
            taken=lambda message, told, taken: self.taken.append(
                (told.carrier, taken.carrier_message_id)
            ),
            rescue_later=self.rescues.append,
            seconds=iter(range(10_000)).__next__,
        )

    def open(self, name: str) -> FakeCarrier:
        known = [*self.carriers, *(carrier for carrier, _ in self.rescuers)]
        return next(carrier for carrier in known if carrier.name == name)

    def may_start(self) -> bool:
        self.calls_left -= 1
        return self.calls_left >= 0


@dataclass
class FakeMessages:
    """The records of messages, in memory, with the states the store would give them."""

    records: dict[MessageRef, Message] = field(default_factory=dict)
    reasons: dict[MessageRef, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    claimed_by_another: bool = False
    taken_over: bool = False

    def add(self, message: Message) -> Message:
        self.records[message.ref] = message
        return message

    def get(self, ref: MessageRef) -> Message:
        if ref not in self.records:
            raise UnknownMessage(ref.message_id)
        return self.records[ref]

    def claim(
        self,
        message: Message,
        attempt: Claim,
        now: datetime,
        *,
        queued_at: int | None = None,
    ) -> None:
        if self.claimed_by_another:
            raise NotClaimed(self.records[message.ref].state)
        self._hold(message, "claim", attempt)

    def ask_next(
        self, message: Message, ended: Claim, told: Try, attempt: Claim, now: datetime
    ) -> None:
        assert self.records[message.ref].attempt_id == ended.id
        self.tries.append(told)
        if self.taken_over:
            raise NotClaimed(State.UNCONFIRMED)
        self._hold(message, "ask next", attempt)

    def accepted(
        self,
        message: Message,
        attempt: Claim,
        told: Try,
        *,
        carrier_message_id: str,
        awaits_rescue: bool = False,
    ) -> None:
        assert self.records[message.ref].attempt_id == attempt.id
        self.tries.append(told)
        self.reasons[message.ref] = f"{told.carrier}/{carrier_message_id}"
        self._change(
            message,
            "accepted",
            state=State.AWAITING_RECEIPT,
            sent_at=told.at,
            carriers=(*message.carriers, told.carrier),
        )

    def refused(self, message: Message, attempt: Claim, told: Try, *, final: bool) -> None:
        assert self.records[message.ref].attempt_id == attempt.id
        self.tries.append(told)
        self.reasons[message.ref] = told.reason
        self._change(message, "refused", state=State.CALL_FAILED if final else State.QUEUED)

    def unconfirmed(self, message: Message, attempt: Claim, told: Try) -> None:
        assert self.records[message.ref].attempt_id == attempt.id
        self.tries.append(told)
        self.lost(message, told.reason, datetime.now(UTC))

    def lost(self, message: Message, reason: str, now: datetime) -> None:
        self.reasons[message.ref] = reason
        self._change(message, "unconfirmed", state=State.UNCONFIRMED)

    def claim_rescue(self, message: Message, attempt: Claim) -> None:
        if self.claimed_by_another:
            raise NotClaimed(State.VERIFIED)
        self._change(message, "claim rescue", rescue_id=attempt.id)

    def told_of_rescue(self, message: Message, attempt: Claim, told: Try) -> None:
        self.tries.append(told)
        self._change(message, "rescue", attempts=attempt.number)

    def expired(self, message: Message, reason: str, now: datetime) -> None:
        self.reasons[message.ref] = reason
        self._change(message, "expired", state=State.EXPIRED)

    def hold(self, message: Message, until: datetime) -> None:
        self._change(message, "hold", held_until=int(until.timestamp()))

    def close(self, message: Message) -> None:
        self.events.append("close")

    def postpone(self, message: Message, until: datetime) -> bool:
        if self.claimed_by_another:
            return False
        self._change(message, "postpone", due_at=int(until.timestamp()))
        return True

    def shards(self) -> range:
        return range(OPEN_SHARDS)

    def due(self, shard: int, now: datetime, *, limit: int) -> Iterator[Message]:
        if shard == 0:
            yield from list(self.records.values())[:limit]

    def state(self, ref: MessageRef) -> State:
        return self.records[ref].state

    def _hold(self, message: Message, event: str, attempt: Claim) -> None:
        self._change(
            message,
            event,
            state=State.SENDING,
            attempt_id=attempt.id,
            attempts=attempt.number,
        )

    def _change(self, message: Message, event: str, **changes: Any) -> None:
        self.events.append(event)
        self.records[message.ref] = replace(self.records[message.ref], **changes)


@dataclass
class FakeTopic:
    """A topic that keeps what it was told, or refuses it."""

    refuses: bool = False
    told: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, subject: str, text: str) -> None:
        if self.refuses:
            raise NotTold
        self.told.append((subject, text))


@dataclass
class FakeQueue:
    """A queue that keeps what it was given, or refuses it."""

    fails_with: Exception | None = None
    queued: list[tuple[MessageRef, Kind]] = field(default_factory=list)
    rescued: list[MessageRef] = field(default_factory=list)

    def enqueue(self, ref: MessageRef, kind: Kind) -> None:
        if self.fails_with:
            raise self.fails_with
        self.queued.append((ref, kind))

    def rescue(self, ref: MessageRef) -> None:
        if self.fails_with:
            raise self.fails_with
        self.rescued.append(ref)


@dataclass
class FakeSecret:
    """The secret: what this process has read, and what it would read now."""

    read: Keyring
    newer: Keyring | None = None
    reads: int = 1
    fails: bool = False

    def keyring(self, *, known: str | None = None) -> Keyring:
        if self.fails:
            raise Unavailable
        if known is not None and known not in self.read.keys:
            self.reads += 1
            self.read = self.newer or self.read
        return self.read


@dataclass
class FakeCode:
    """A number's live code, whose key a sender may choose."""

    live: LiveCode | None

    def pin_key(self, message: Message, key_id: str) -> LiveCode | None:
        if self.live and self.live.key_id is None:
            self.live = replace(self.live, key_id=key_id)
        return self.live


@dataclass
class FakeShield:
    """A shield that says what it was told to, and keeps what it was asked and what it counted."""

    verdict: Verdict | SignetError = field(default_factory=lambda: Verdict(Step.ALLOW))
    enforces: bool = False
    recording_fails: bool = False
    asked: list[tuple[Attempt, tuple[str, ...]]] = field(default_factory=list)
    counted: list[list[str]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    flushes: int = 0

    @property
    def stores(self) -> Shield:
        return Shield(
            container=lambda app: self,
            enforces=lambda: self.enforces,
            record=self._record,
            flush_if_due=self._flush,
        )

    def judge(self, attempt: Attempt, now: int, allowed: tuple[str, ...] = ()) -> Verdict:
        self.asked.append((attempt, allowed))
        if isinstance(self.verdict, SignetError):
            raise self.verdict
        return self.verdict

    def place(self, attempt: Attempt, now: int) -> tuple[list[str], str]:
        return ["a", "c86"], "1"

    def count_sent(self, nodes: list[str]) -> None:
        self.counted.append(nodes)

    def _record(
        self, app_id: str, lock: Lock, attempt: Attempt, *, now: datetime, **what: Any
    ) -> None:
        if self.recording_fails:
            raise Unavailable
        made = decisions.of(lock, attempt, now=int(now.timestamp()), **what)
        self.decisions.append(made)

    def _flush(self, now: int) -> None:
        self.flushes += 1
