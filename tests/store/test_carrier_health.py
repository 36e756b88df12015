"""How carriers fare, in the table: counts in batches, one change, nothing on the way of a send."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from signet.errors import BadParameter
from signet.health import FLOOR, Change, Count
from signet.store import carrier_health
from signet.store.carrier_health import Health
from tests.store.build import SECONDS, client

pytestmark = pytest.mark.usefixtures("tables")

Clock = Callable[[float], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Moves the clock that says when to add and to read again."""
    shift = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: shift[0])

    def advance(seconds: float) -> None:
        shift[0] += seconds

    return advance


def rows(prefix: str = "") -> list[dict[str, Any]]:
    items = client("dynamodb").scan(TableName="carriers")["Items"]
    return [item for item in items if item["pk"]["S"].startswith(prefix)]


def fail(health: Health, number: int = 5, *, carrier: str = "alibaba", at: int = SECONDS) -> None:
    for _ in range(number):
        health.count(carrier, "86", Count.FAILED, at)


def test_what_is_counted_in_five_seconds_is_one_write_for_a_carrier(clock: Clock) -> None:
    health = Health()
    for _ in range(100):
        health.count("alibaba", "86", Count.ACCEPTED, SECONDS)
        health.flush_if_due(SECONDS)
        clock(0.04)
    clock(5)
    health.flush_if_due(SECONDS + 5)

    (row,) = rows("counts#")
    assert (row["pk"]["S"], row["a"]["N"]) == ("counts#alibaba#86", "100")


def test_the_counts_of_all_processes_add_up(clock: Clock) -> None:
    for _ in range(3):
        process = Health()
        process.count("alibaba", "86", Count.ACCEPTED, SECONDS)
        process.count("alibaba", "1", Count.PROMPT, SECONDS)
        process.flush_if_due(SECONDS)

    found = {row["pk"]["S"]: (row.get("a") or row["p"])["N"] for row in rows("counts#")}
    assert found == {
        "counts#alibaba#86": "3",
        "counts#alibaba#1": "3",
    }


def test_a_carrier_that_fails_loses_its_share_for_everybody_and_the_change_is_kept(
    clock: Clock,
) -> None:
    sees, hears = Health(), Health()
    assert hears.share("alibaba", "86") == 100

    fail(sees)
    sees.flush_if_due(SECONDS)
    clock(5)

    assert (sees.share("alibaba", "86"), hears.share("alibaba", "86")) == (FLOOR, FLOOR)
    assert hears.share("alibaba", "1") == 100
    assert carrier_health.changes(limit=10) == (
        [Change(SECONDS, "alibaba", "86", 100, FLOOR, "failing")],
        None,
    )


def test_of_many_processes_that_see_the_same_one_changes_it(clock: Clock) -> None:
    processes = [Health() for _ in range(5)]
    for process in processes:
        fail(process)
    for process in processes:
        process.flush_if_due(SECONDS)

    assert len(rows("changes")) == 1
    (standing,) = carrier_health.standings()
    assert (standing.share, standing.reason, standing.changed_at) == (FLOOR, "failing", SECONDS)


def test_a_standing_that_changed_meanwhile_is_not_written_over(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one process read before another wrote must not win."""
    late, first = Health(), Health()
    stale = carrier_health._standing(("alibaba", "86"))
    fail(first)
    first.flush_if_due(SECONDS)
    monkeypatch.setattr(carrier_health, "_standing", lambda _: stale)

    fail(late, at=SECONDS + 60)
    late.flush_if_due(SECONDS + 60)

    (standing,) = carrier_health.standings()
    assert standing.changed_at == SECONDS
    assert len(rows("changes")) == 1


def test_a_process_passes_over_what_it_saw_fail_three_times_before_anybody_has_counted(
    clock: Clock,
) -> None:
    health = Health()
    fail(health, 2)
    assert health.share("alibaba", "86") == 100

    fail(health, 1)

    assert health.share("alibaba", "86") == FLOOR
    clock(31)
    assert health.share("alibaba", "86") == 100


def test_one_acceptance_ends_that(clock: Clock) -> None:
    health = Health()
    fail(health, 3)

    health.count("alibaba", "86", Count.ACCEPTED, SECONDS)

    assert health.share("alibaba", "86") == 100


def test_where_the_table_cannot_be_reached_messages_go_by_their_weights(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health()
    fail(health, 1)
    client("dynamodb").delete_table(TableName="carriers")

    try:
        assert health.share("alibaba", "86") == 100
        health.flush_if_due(SECONDS)
    finally:
        client("dynamodb").create_table(
            TableName="carriers",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )

    assert {record.message for record in caplog.records} == {
        "health_not_read",
        "health_not_counted",
    }


def test_changes_come_newest_first_and_by_pages(clock: Clock) -> None:
    for number in range(3):
        fail(health := Health(), carrier=f"c{number}", at=SECONDS + number)
        health.flush_if_due(SECONDS + number)

    first, cursor = carrier_health.changes(limit=2)
    rest, end = carrier_health.changes(limit=2, cursor=cursor)

    assert [change.carrier for change in (*first, *rest)] == ["c2", "c1", "c0"]
    assert end is None
    with pytest.raises(BadParameter):
        carrier_health.changes(limit=2, cursor="!")


def test_counts_are_forgotten_after_a_while(clock: Clock) -> None:
    fail(health := Health())
    health.flush_if_due(SECONDS)

    (row,) = rows("counts#")
    assert int(row["ttl"]["N"]) == SECONDS + 900
