"""The Shield table: counters that add up, locks that are lifted, decisions that can be read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from signet import days
from signet.errors import Unavailable
from signet.shield import LIFTED_SECONDS, LOCK_SECONDS, Attempt, Board, Lock, Step, Verdict
from signet.shield_counts import Profile
from signet.store import decisions, shield, table
from signet.store.decisions import Decision, Saved
from signet.store.shield_container import Container
from signet.store.shield_items import Item, board_item, profile_item
from signet.store.shield_table import ShieldTable
from tests.store.build import APP_ID, NOW, SECONDS, client
from tests.store.shield_fakes import sent

pytestmark = pytest.mark.usefixtures("tables")

PHONE, HOME, RANGE = "+998993941234", "7f0c33a1d2", "t99899394"
TODAY = days.of(NOW)
MINUTE = SECONDS // 60
LOCK = Lock(RANGE, Step.REFUSE, "share", 21, 1, 20, 600, SECONDS, SECONDS + 600)


@pytest.fixture(autouse=True)
def days_begun(tables: object) -> None:
    """None of these apps is new."""
    for app_id in (APP_ID, "another", "one", "two"):
        ShieldTable(app_id).swap("day", profile_item(Profile(MINUTE - 1)), was=0)


def item(key: str, app_id: str = APP_ID) -> dict[str, Any]:
    """An item as it lies in the table."""
    found = client("dynamodb").get_item(
        TableName="shield", Key={"pk": {"S": f"{app_id}#{key}"}, "sk": {"S": "-"}}
    )
    return dict(found.get("Item", {}))


def container(app_id: str = APP_ID) -> Container:
    """As another process would have it."""
    shield.CONTAINERS.forget()
    return shield.CONTAINERS.of(app_id)


def attempt(place: int) -> Attempt:
    """Somebody else each time, in the attacked range."""
    return Attempt(f"+99899394{place * 7919 % 10_000:04d}", f"{place:010x}", solved=True)


def attack(app_id: str = APP_ID, *, count: int = 25) -> Verdict:
    """So many sends, a second apart; the verdict on the last."""
    served = container(app_id)
    for place in range(count):
        now = SECONDS + place
        verdict = served.judge(attempt(place), now)
        if verdict.step is Step.ALLOW:
            sent(served, attempt(place), now)
        served.flush_if_due(now)
    return verdict


# --- Counters -----------------------------------------------------------------------------------


def test_counts_are_attributes_of_the_minute() -> None:
    served = container()
    served.look(SECONDS)
    mark = sent(served, Attempt(PHONE, HOME), SECONDS)
    served.count_verified(PHONE, mark)
    served.flush_if_due(SECONDS)

    held = item(f"m#{MINUTE}#0")
    assert held["sn998993941234"] == held["vn998993941234"] == {"N": "1"}
    assert held["sa"] == held["si7f0c33a1d2"] == held["vb7f"] == {"N": "1"}
    assert int(held["ttl"]["N"]) > SECONDS + 86_400


def test_processes_add_to_each_other() -> None:
    for _ in range(3):
        served = container()
        served.look(SECONDS)
        sent(served, Attempt(PHONE, HOME), SECONDS)
        served.flush_if_due(SECONDS)

    assert container().look(SECONDS).recent("c998").sent == 3


def test_apps_do_not_see_each_other() -> None:
    attack()

    assert container("another").judge(attempt(99), SECONDS + 30).step is Step.ALLOW
    assert shield.locks("another", now=SECONDS).locks == {}


def test_a_long_update_is_taken() -> None:
    served = container()
    served.look(SECONDS)
    for place in range(90):
        sent(served, attempt(place), SECONDS)
    for round_ in range(6):
        served.flush_if_due(SECONDS + 5 * round_)

    assert item(f"m#{MINUTE}#0")["sc998"] == {"N": "90"}


def test_a_day_is_folded_and_read_back() -> None:
    served = container()
    for second in range(0, 1_500, 10):
        served.look(SECONDS + second)
        sent(served, Attempt("+8613800138000", None), SECONDS + second)
        served.flush_if_due(SECONDS + second)
    served.flush_if_due(SECONDS + 1_520)

    assert int(item("day")["f"]["N"]) >= MINUTE + 9
    cold = container()
    cold.look(SECONDS + 1_515)  # one window of minutes; the others follow
    assert cold.look(SECONDS + 1_520).day("c86").sent == 150


def test_a_table_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://example.com")

    monkeypatch.setattr(table.CONNECTION, "dispatch", fail)

    with pytest.raises(Unavailable):
        container().look(SECONDS)


def test_a_read_that_was_cut_short_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    short: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {"shield": {"Keys": []}}}
    monkeypatch.setattr(table.CONNECTION, "dispatch", lambda *_: short)

    with pytest.raises(Unavailable):
        container().look(SECONDS)


def test_one_call_writes_for_the_app_that_waits_longest() -> None:
    shield.CONTAINERS.forget()
    for app_id in ("one", "two"):
        served = shield.CONTAINERS.of(app_id)
        served.look(SECONDS)
        sent(served, Attempt(PHONE, HOME), SECONDS)

    for second in (0, 4):
        # Whoever is first served waits for no write.
        shield.CONTAINERS.flush_if_due(SECONDS + second)
        written = [bool(item(f"m#{MINUTE}#0", app_id)) for app_id in ("one", "two")]
        assert written == [False, False]
    shield.CONTAINERS.flush_if_due(SECONDS + 5)
    assert [bool(item(f"m#{MINUTE}#0", app_id)) for app_id in ("one", "two")] == [False, True]
    shield.CONTAINERS.flush_if_due(SECONDS + 6)
    assert item(f"m#{MINUTE}#0", "one")


def test_a_process_that_learns_of_more_shards_reads_them_all() -> None:
    few = container()
    few.look(SECONDS)
    ShieldTable(APP_ID).add(f"m#{MINUTE}#3", {"sc998": 7}, SECONDS + 90)

    assert shield.CONTAINERS.of(APP_ID) is few
    many = shield.CONTAINERS.of(APP_ID, shards=64)
    assert many.look(SECONDS).recent("c998").sent == 7
    assert shield.CONTAINERS.of(APP_ID, shards=64) is many


# --- Locks --------------------------------------------------------------------------------------


def test_a_lock_is_listed_with_what_it_saw() -> None:
    assert attack().step is Step.REFUSE

    lock = shield.locks(APP_ID, now=SECONDS + 30).locks[RANGE]

    assert (lock.rule, lock.step, lock.unverified, lock.threshold) == ("share", Step.REFUSE, 20, 20)
    assert lock.until == lock.since + LOCK_SECONDS
    assert shield.locks(APP_ID, now=lock.until).locks == {}


def test_a_lifted_node_is_left_alone_for_an_hour() -> None:
    attack()
    now = SECONDS + 30

    assert shield.lift(APP_ID, RANGE, by="operator", now=now)
    board = shield.locks(APP_ID, now=now)

    assert board.locks == {}
    assert board.lifted == {RANGE: (now + LIFTED_SECONDS, "operator")}
    assert container().judge(attempt(99), now).step is Step.ALLOW


def test_only_what_is_locked_can_be_lifted() -> None:
    assert not shield.lift(APP_ID, RANGE, by="operator", now=SECONDS)


def test_a_lift_does_not_undo_what_others_lock_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    attack()
    swap = ShieldTable.swap

    def contended(self: ShieldTable, key: str, item: Item, *, was: int) -> bool:
        monkeypatch.setattr(ShieldTable, "swap", swap)
        other = {**shield.locks(APP_ID, now=SECONDS).locks, "c1": replace(LOCK, node="c1")}
        assert swap(self, key, board_item(Board(other), was + 1), was=was)
        return swap(self, key, item, was=was)

    monkeypatch.setattr(ShieldTable, "swap", contended)
    monkeypatch.setattr(table, "pause", lambda: None)

    assert shield.lift(APP_ID, RANGE, by="operator", now=SECONDS + 30)
    assert shield.locks(APP_ID, now=SECONDS + 30).locks.keys() == {"c1"}


# --- Decisions ----------------------------------------------------------------------------------


def decided(place: int = 0, *, enforced: bool = True, step: Step = Step.REFUSE) -> Decision:
    return decisions.of(
        LOCK,
        attempt(place),
        step=step,
        enforced=enforced,
        price_micros=500_000 + place,
        now=SECONDS + place,
    )


def test_a_decision_says_what_and_why() -> None:
    decisions.record(APP_ID, decided(), now=NOW)

    (found,) = decisions.page(APP_ID, TODAY).decisions

    assert replace(found, decision_id="") == Decision(
        at=SECONDS,
        step=Step.REFUSE,
        enforced=True,
        rule="share",
        node=RANGE,
        sent=21,
        verified=1,
        threshold=20,
        window=600,
        phone="+998993940000",
        address="0000000000",
        price_micros=500_000,
    )


def test_a_decision_without_an_address_is_one_too() -> None:
    made = replace(decided(), address=None)
    decisions.record(APP_ID, made, now=NOW)

    assert decisions.page(APP_ID, TODAY).decisions[0].address is None


def test_decisions_are_listed_newest_first_in_pages() -> None:
    for place in range(23):
        decisions.record(APP_ID, decided(place), now=NOW + timedelta(seconds=place))
    decisions.record("another", decided(), now=NOW)

    pages, cursor = [], None
    while True:
        page = decisions.page(APP_ID, TODAY, limit=10, before=cursor)
        pages.append([found.at - SECONDS for found in page.decisions])
        cursor = page.cursor
        if cursor is None:
            break

    assert pages == [list(range(22, 12, -1)), list(range(12, 2, -1)), [2, 1, 0]]


def test_what_was_saved_is_summed_by_step_and_mode() -> None:
    for place in range(3):
        decisions.record(APP_ID, decided(place), now=NOW)
    decisions.record(APP_ID, decided(enforced=False), now=NOW)
    decisions.record(APP_ID, decided(step=Step.CHALLENGE), now=NOW)

    assert decisions.saved(APP_ID, TODAY) == {
        (Step.REFUSE, True): Saved(3, 1_500_003),
        (Step.REFUSE, False): Saved(1, 500_000),
        (Step.CHALLENGE, True): Saved(1, 500_000),
    }
    assert decisions.saved(APP_ID, "20200101") == {}


def test_a_decision_is_forgotten_after_sixty_days() -> None:
    decisions.record(APP_ID, decided(), now=NOW)

    items = client("dynamodb").scan(TableName="shield")["Items"]

    (held,) = [held for held in items if "#d#" in held["pk"]["S"]]
    assert int(held["ttl"]["N"]) == SECONDS + 60 * 86_400
