"""Importing users: parts, their order of steps, and a crash between any two of them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from signet.errors import Unavailable
from signet.flows import import_users as flow
from signet.flows.import_users import Work, import_users
from signet.imports import Complaint, Progress
from signet.store.imports import Made, Outcome, Taken
from signet.users import User

APP_ID = "signet-demo-app"
NOW = 1_795_334_400_000


class Crash(BaseException):
    """The process is gone."""


@dataclass
class FakeTables:
    """Users, the report and the progress; `before` is called in front of every step."""

    before: Callable[[str], None] = lambda _: None
    users: dict[str, User] = field(default_factory=dict)
    report: dict[int, Sequence[Complaint]] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    waited: list[float] = field(default_factory=list)

    def work(self) -> Work:
        return Work(self.create, self.tell, self.save, self.waited.append)

    def create(self, new: Sequence[User]) -> list[Outcome]:
        self.before("create")
        outcomes = [self._create(user) for user in new]
        self.before("created")
        return outcomes

    def _create(self, user: User) -> Outcome:
        if user.object_id in self.users:
            return Made.THERE
        if any(user.claims & other.claims for other in self.users.values()):
            return Taken("username")
        self.users[user.object_id] = user
        return Made.CREATED

    def tell(self, before: Progress, complaints: Sequence[Complaint]) -> None:
        self.before("report")
        self.report[before.place.offset] = complaints

    def save(self, progress: Progress) -> None:
        self.before("save")
        self.progress = progress
        self.before("saved")

    def run(self, text: bytes, **options: Any) -> Progress:
        """Import the file from where the tables say."""
        chunks = [text[self.progress.place.offset :]]
        return import_users(self.work(), APP_ID, chunks, self.progress, now=NOW, **options)

    @property
    def complaints(self) -> list[Complaint]:
        return [each for _, part in sorted(self.report.items()) for each in part]


def export(count: int) -> bytes:
    """Users of whom every seventh has no number, every eleventh a name that is taken."""
    lines = []
    for number in range(count):
        name = "name 0" if number and number % 11 == 0 else f"name {number}"
        phone = "12" if number % 7 == 0 else f"186{number:08}"
        lines.append({"objectId": f"u{number}", "username": name, "mobilePhoneNumber": phone})
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PART_OBJECTS", 4)


def test_all_is_imported_reported_and_recorded() -> None:
    tables, text = FakeTables(), export(23)

    progress = tables.run(text)

    assert progress == tables.progress
    assert progress.is_finished
    assert progress.place.offset == len(text) - 1
    assert (progress.created, progress.there, progress.refused) == (21, 0, 2)
    assert set(tables.users) == {f"u{n}" for n in range(23)} - {"u11", "u22"}
    assert [(each.line, each.object_id, each.imported) for each in tables.complaints] == [
        (1, "u0", True), (8, "u7", True), (12, "u11", False), (15, "u14", True),
        (22, "u21", True), (23, "u22", False),
    ]  # fmt: skip
    assert progress.left_out == 4
    taken = tables.complaints[2]
    assert taken.reason == "username: Another user has it."
    assert text[taken.offset :].startswith(b'{"objectId": "u11"')


def test_what_is_broken_is_reported_and_the_rest_goes_on() -> None:
    tables = FakeTables()

    progress = tables.run(b'{"objectId":"u1"}\n{"objectId":"u2"\n{}\n{"objectId":"u4"}\n')

    assert set(tables.users) == {"u1", "u4"}
    assert (progress.created, progress.refused, progress.seen) == (2, 2, 4)
    refused = [each for each in tables.complaints if not each.imported]
    assert [(each.line, each.object_id, each.reason) for each in refused] == [
        (2, None, "It is not valid JSON."),
        (3, None, "It has no objectId."),
    ]


def test_a_second_run_finds_all_there_and_reports_the_same() -> None:
    tables, text = FakeTables(), export(23)
    tables.run(text)
    users, complaints = dict(tables.users), tables.complaints
    tables.progress = Progress()

    progress = tables.run(text)

    assert (progress.created, progress.there, progress.refused) == (0, 21, 2)
    assert tables.users == users
    assert tables.complaints == complaints


def test_it_stops_when_it_may_not_go_on_and_goes_on_from_there() -> None:
    tables, text = FakeTables(), export(23)
    runs = 1
    while not tables.run(text, may_go_on=lambda: False).is_finished:
        runs += 1

    assert runs == 7
    assert tables.progress.created == 21
    assert len(tables.complaints) == 6


def steps(count: int) -> list[str]:
    """The steps of a whole import."""
    taken: list[str] = []
    FakeTables(before=taken.append).run(export(count))
    return taken


def test_a_part_is_written_then_reported_then_recorded() -> None:
    part = ["create", "created", "report", "save", "saved"]

    assert steps(8) == [*part, *part, "save", "saved"]


@pytest.mark.parametrize("place", range(len(steps(10))))
def test_a_crash_at_any_step_loses_nobody_and_reports_everything_once(place: int) -> None:
    text, left = export(10), iter(range(place))

    def crash(_: str) -> None:
        if next(left, None) is None:
            raise Crash

    whole, tables = FakeTables(), FakeTables(before=crash)
    whole.run(text)
    with pytest.raises(Crash):
        tables.run(text)

    tables.before = lambda _: None
    progress = tables.run(text)

    assert tables.users == whole.users
    assert tables.complaints == whole.complaints
    assert progress.is_finished
    assert progress.seen == whole.progress.seen
    assert progress.refused == whole.progress.refused
    assert progress.left_out == whole.progress.left_out


def test_tables_that_do_not_answer_are_waited_for() -> None:
    refusals = iter([Unavailable(), Unavailable()])

    def refuse(step: str) -> None:
        if step == "created" and (refused := next(refusals, None)):
            raise refused

    tables = FakeTables(before=refuse)

    progress = tables.run(export(3))

    assert tables.waited == [2, 4]
    assert set(tables.users) == {"u0", "u1", "u2"}
    assert progress.is_finished


def test_tables_that_never_answer_end_the_run_and_not_the_import() -> None:
    def refuse(_: str) -> None:
        raise Unavailable

    tables, text = FakeTables(before=refuse), export(3)
    with pytest.raises(Unavailable):
        tables.run(text)
    assert sum(tables.waited) == 120
    assert tables.progress == Progress()

    tables.before = lambda _: None
    assert tables.run(text).created == 3


def test_a_part_of_large_users_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_PART_BYTES", 100)
    taken: list[str] = []

    FakeTables(before=taken.append).run(export(4))

    assert taken.count("create") == 2
