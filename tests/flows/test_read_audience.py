"""Reading an audience: who is written, who is reported, and what stops it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from signet.audience_problems import MAX_BYTES
from signet.audiences import (
    Audience,
    AudienceRow,
    Consent,
    Encoding,
    Reason,
    RefusedRow,
    State,
    Wanted,
)
from signet.edge.objects import Replaced
from signet.errors import Unavailable
from signet.flows import read_audience as flow
from signet.flows.read_audience import People, Work
from signet.store.campaigns import Overtaken

NOW = 1_800_000_000
OUT, AGREED = "+8613800138002", "+8613800138003"


@dataclass
class Bucket:
    """What was written, in order."""

    parts: list[list[AudienceRow]] = field(default_factory=list)
    reported: list[RefusedRow] = field(default_factory=list)
    has_report: bool = False
    is_finished: bool = False
    is_closed: bool = False
    fails: bool = False
    audience: Audience | None = None

    def part(self, rows: Sequence[AudienceRow]) -> None:
        if self.fails:
            raise Unavailable
        self.parts.append(list(rows))

    def refused(self, rows: Iterable[RefusedRow]) -> None:
        self.reported += rows

    def report(self) -> None:
        self.has_report = True

    def finish(self) -> Audience:
        assert self.audience
        self.report()
        self.is_finished = True
        return replace(self.audience, index_etag="index")

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Place:
    """A file in a bucket, what is known of people, and what a reading leaves behind."""

    text: bytes
    buckets: list[Bucket] = field(default_factory=list)
    saved: list[Audience] = field(default_factory=list)
    agreed: dict[str, int] = field(default_factory=dict)
    seconds: float = 0
    seconds_a_block: float = 0
    limit: float = 800
    asked: list[str] = field(default_factory=list)
    on_block: Callable[[int], None] = lambda _: None
    on_save: Callable[[], None] = lambda: None
    fails: bool = False
    busy: int = 0

    def blocks(self, size: int = 4096) -> Iterator[bytes]:
        for at in range(0, len(self.text), size):
            self.on_block(at)
            self.seconds += self.seconds_a_block
            yield self.text[at : at + size]

    def write(self, audience: Audience) -> Bucket:
        self.buckets.append(Bucket(audience=audience, fails=self.fails))
        return self.buckets[-1]

    def save(self, audience: Audience) -> None:
        self.on_save()
        self.saved.append(audience)

    def known(self, phones: Collection[str]) -> set[str]:
        if self.busy:
            self.busy -= 1
            raise Unavailable
        self.asked += phones
        return {AGREED} & set(phones)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def state(self, times: Mapping[str, int], consent: Consent) -> None:
        assert consent.how
        self.agreed |= times

    def read(self, consent: Consent | None = None) -> Audience:
        audience = Audience(
            app_id="app",
            audience_id="a1",
            name="all",
            state=State.READING,
            wanted=Wanted(consent=consent),
            created_at=NOW,
            updated_at=NOW,
            etag="etag",
            size=len(self.text),
            attempt="first",
        )
        people = People(
            out_of=lambda phones: {OUT} & set(phones),
            known=self.known,
            agreed=self.state,
            is_zone={"Asia/Tokyo"}.__contains__,
        )
        work = Work(
            blocks=self.blocks,
            write=self.write,
            people=people,
            save=self.save,
            seconds=lambda: self.seconds,
            wait=self.wait,
            may_go_on=lambda: self.seconds < self.limit,
        )
        return flow.read_audience(work, audience, now=NOW)

    @property
    def rows(self) -> list[AudienceRow]:
        return [row for part in self.buckets[-1].parts for row in part]


def place(*lines: str, encoding: str = "utf-8") -> Place:
    return Place("".join(f"{line}\r\n" for line in lines).encode(encoding))


def many(count: int) -> list[str]:
    return ["phone,name", *(f"139{number:08},n{number}" for number in range(count))]


def test_people_are_written_with_their_words_and_what_is_known_of_them() -> None:
    here = place(
        "手机号,姓名,时区",
        "13800138000,张三,",
        "13800138002,李四,Asia/Tokyo",
        "13800138003,,",
    )
    read = here.read()
    assert here.rows == [
        AudienceRow("+8613800138000", {"姓名": "张三"}, None, consented=False),
        AudienceRow(OUT, {"姓名": "李四"}, "Asia/Tokyo", consented=False),
        AudienceRow(AGREED, {}, None, consented=True),
    ]
    assert (read.state, read.problem, read.index_etag) == (State.READY, None, "index")
    assert read == here.saved[-1]
    counts = read.counts
    assert (counts.rows, counts.valid, counts.opted_out, counts.no_consent) == (3, 3, 1, 2)
    assert counts.bytes_read == len(here.text)
    assert read.found
    assert (read.found.phone_column, read.found.zone_column) == ("手机号", "时区")
    assert [row.phone for row in read.sample] == [
        "+86138****8000",
        "+86138****8002",
        "+86138****8003",
    ]


def test_rows_that_are_left_out_are_reported_each_with_its_line() -> None:
    here = place(
        "phone,name",
        "13800138000,a",
        "1380013,b",
        "+86 13800138000,c",
        "13800138001,=1+1",
        "13800138004",
    )
    read = here.read()
    bucket = here.buckets[-1]
    assert bucket.reported == [
        RefusedRow(3, "1380013", Reason.INVALID),
        RefusedRow(4, "+8613800138000", Reason.DUPLICATE),
        RefusedRow(5, "=1+1", Reason.FORMULA),
        RefusedRow(6, "13800138004", Reason.CELLS),
    ]
    assert bucket.has_report
    counts = read.counts
    assert (counts.rows, counts.valid, counts.invalid, counts.duplicate) == (5, 1, 3, 1)
    assert read.refused_sample[1] == RefusedRow(4, "+86138****8000", Reason.DUPLICATE)


def test_parts_are_full_but_for_the_last() -> None:
    here = place(*many(2_500))
    here.read()
    assert [len(part) for part in here.buckets[-1].parts] == [1000, 1000, 500]
    assert len({row.phone for row in here.rows}) == 2_500
    assert [row.variables["name"] for row in here.rows] == [f"n{n}" for n in range(2_500)]


def test_a_consent_for_all_is_recorded_and_nobody_is_looked_up() -> None:
    here = place("phone", "13800138000", "13800138001")
    read = here.read(Consent("会员注册时勾选", at=NOW - 5))
    assert here.agreed == {"+8613800138000": NOW - 5, "+8613800138001": NOW - 5}
    assert here.asked == []
    assert all(row.consented for row in here.rows)
    assert read.counts.no_consent == 0


def test_a_column_says_who_agreed_and_when() -> None:
    here = place(
        "phone,同意时间", "13800138000,2026-05-01T00:00:00Z", "13800138001,", "13800138003,no"
    )
    read = here.read(Consent("同意时间", column="同意时间"))
    assert here.agreed == {"+8613800138000": 1_777_593_600}
    assert here.asked == ["+8613800138001", AGREED]
    assert [row.consented for row in here.rows] == [True, False, True]
    assert read.counts.no_consent == 1
    assert all(row.variables == {} for row in here.rows)


def test_gbk_is_read_whether_it_shows_early_or_late() -> None:
    early = place("手机号,姓名", "13800138000,张三", encoding="gbk").read()
    late = place(*many(3_000), "13800138000,张三", encoding="gbk")
    read = late.read()
    assert early.found
    assert early.found.encoding is Encoding.GBK
    assert read.found
    assert read.found.encoding is Encoding.GBK
    assert read.counts.valid == len(late.rows) == 3_001
    assert all(bucket.is_closed for bucket in late.buckets)


@pytest.mark.parametrize(
    ("lines", "key", "line"),
    [
        ([], "empty", None),
        (["", ""], "empty", None),
        (["phone,name"], "no_rows", None),
        (["name,city", "a,b"], "no_phone_column", None),
        (["13800138000,a", "13800138001,b"], "no_header", 1),
        (["phone", "x", "y"], "nothing_valid", None),
        (["phone", "13800138000", '"13800138001'], "quotes", 3),
        (["phone", "13800138000", "x" * 70_000], "long_line", 3),
        ([f"{number:050}" for number in range(5_000)], "no_phone_column", None),
    ],
)
def test_what_cannot_be_used_says_why_and_nothing_of_it_can_be_sent_to(
    lines: list[str], key: str, line: int | None
) -> None:
    here = place(*lines)
    read = here.read()
    assert read.problem
    assert (read.state, read.problem.key, read.problem.line) == (State.FAILED, key, line)
    assert read.index_etag is None
    assert here.saved[-1] == read
    assert not any(bucket.is_finished for bucket in here.buckets)


def test_a_file_is_not_read_that_is_too_large() -> None:
    here = place(*many(1))
    here.text = bytes(MAX_BYTES + 1)
    read = here.read()
    assert read.problem
    assert read.problem.key == "too_large"
    assert here.buckets == []


def test_a_row_too_many_makes_it_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MAX_ROWS", 3_000)
    assert place(*many(3_000)).read().state is State.READY
    read = place(*many(3_001)).read()
    assert read.problem
    assert read.problem.key == "many_rows"


def test_a_file_that_is_replaced_while_it_is_read_is_not_used() -> None:
    here = place(*many(5_000))

    def replaced(at: int) -> None:
        if at > 20_000:
            raise Replaced

    here.on_block = replaced
    read = here.read()
    assert read.problem
    assert read.problem.key == "replaced"
    assert read.state is State.FAILED
    assert here.buckets[-1].has_report


def test_a_file_that_takes_too_long_says_so() -> None:
    here = place(*many(5_000))
    here.seconds_a_block, here.limit = 10, 50
    read = here.read()
    assert read.problem
    assert read.problem.key == "time"


def test_it_says_how_far_it_is_every_few_seconds() -> None:
    here = place(*many(9_000))
    here.seconds_a_block = 0.5
    here.read()
    *on_the_way, last = [audience.counts.bytes_read for audience in here.saved]
    assert sorted([*on_the_way, last]) == [*on_the_way, last]
    assert len(set(on_the_way)) >= 5
    assert {audience.state for audience in here.saved[:-1]} == {State.READING}
    assert last == len(here.text)


def test_a_reading_that_was_overtaken_ends() -> None:
    here = place(*many(9_000))
    here.seconds_a_block = 5

    def overtaken() -> None:
        raise Overtaken

    here.on_save = overtaken
    with pytest.raises(Overtaken):
        here.read()
    assert here.buckets[-1].is_closed
    assert not here.buckets[-1].is_finished


def test_what_may_pass_is_raised_and_nothing_is_said_to_be_ready() -> None:
    here = place(*many(5_000))
    here.fails = True
    with pytest.raises(Unavailable):
        here.read()
    assert here.buckets[-1].is_closed
    assert State.READY not in {audience.state for audience in here.saved}


def test_tables_that_are_busy_are_waited_for() -> None:
    here = place(*many(1_500))
    here.busy = 5
    assert here.read().state is State.READY
    assert 0 < here.seconds < 120
    assert len(here.rows) == 1_500


def test_tables_that_stay_busy_are_waited_for_by_lambda() -> None:
    here = place(*many(10))
    here.busy = 1_000
    with pytest.raises(Unavailable):
        here.read()
    assert here.seconds < 300
