"""Many containers of one app at once: no count is lost, no lock, and a day is folded once."""

import threading
from collections.abc import Callable
from types import SimpleNamespace

import boto3
import pytest

from signet.shield import Attempt, Step
from signet.shield_counts import DAY
from signet.store import shield
from signet.store.shield_container import Container
from signet.store.shield_table import ShieldTable
from tests.store.shield_fakes import sent

CONTAINERS, SENDS = 20, 60
NOON = 20_700 * DAY + DAY // 2
MINUTE = NOON // 60


@pytest.fixture
def table_of_shield(module_emulated: SimpleNamespace) -> None:
    """The table, and a connection that exists before the threads do."""
    shield.locks("nobody", now=NOON)


def together(act: Callable[[int], None]) -> None:
    """Let every container do it at once."""
    barrier = threading.Barrier(CONTAINERS)
    failed: list[BaseException] = []

    def run(place: int) -> None:
        barrier.wait(30)
        try:
            act(place)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(CONTAINERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []


def containers(app_id: str, *, shards: int = 1) -> list[Container]:
    """As so many processes would have them."""
    return [
        Container(app_id, ShieldTable(app_id), shards=shards, chance=place / CONTAINERS)
        for place in range(CONTAINERS)
    ]


def total(app_id: str, name: str) -> int:
    """What the minutes of an app hold of a count."""
    items = boto3.client("dynamodb").scan(TableName="shield", ConsistentRead=True)["Items"]
    ours = [item for item in items if item["pk"]["S"].startswith(f"{app_id}#m#")]
    return sum(int(item.get(name, {"N": "0"})["N"]) for item in ours)


@pytest.mark.usefixtures("table_of_shield")
@pytest.mark.parametrize("shards", [1, 4])
def test_no_count_is_lost(shards: int) -> None:
    app_id = f"counted-{shards}"
    served = containers(app_id, shards=shards)

    def send(place: int) -> None:
        own = served[place]
        for second in range(SENDS):
            own.look(NOON + second)
            mark = sent(own, Attempt("+8613800138000", None), NOON + second)
            own.count_verified("+8613800138000", mark)
            own.flush_if_due(NOON + second)
        for again in (20, 40):
            own.flush_if_due(NOON + SENDS + again)

    together(send)

    assert total(app_id, "sc86") == total(app_id, "vc86") == CONTAINERS * SENDS
    assert {each.look(NOON + 110).recent("c86").sent for each in served} == {CONTAINERS * SENDS}


@pytest.mark.usefixtures("table_of_shield")
def test_an_attack_on_all_of_them_is_stopped_and_no_lock_is_lost() -> None:
    served = containers("attacked")
    through: list[int] = []

    def send(place: int) -> None:
        own = served[place]
        for second in range(40):
            asked = Attempt(f"+99899{place:03d}{place * 500 + second:04d}", None, solved=True)
            if own.judge(asked, NOON + second).step is Step.ALLOW:
                sent(own, asked, NOON + second)
                through.append(place)
            own.flush_if_due(NOON + second)

    together(send)

    board = shield.locks("attacked", now=NOON + 40)
    stopped = [
        each.judge(Attempt(f"+99899{place:03d}0000", None, solved=True), NOON + 50).step
        for place, each in enumerate(containers("attacked"))
    ]
    assert board.locks
    assert set(stopped) == {Step.REFUSE}
    assert len(through) < CONTAINERS * 25


@pytest.mark.usefixtures("table_of_shield")
def test_a_day_that_all_fold_at_once_holds_everything_once() -> None:
    served = containers("folded")
    for minute in range(15):
        own = served[minute]
        own.look(NOON + 60 * minute)
        sent(own, Attempt("+8613800138000", None), NOON + 60 * minute)
        for second in (1, 26):
            own.flush_if_due(NOON + 60 * minute + second)
    now = NOON + 1_800
    fresh = containers("folded")
    for each in fresh:
        each.look(now)
        each.look(now + 5)
    together(lambda place: fresh[place].flush_if_due(now + 5))

    (reader, *_) = containers("folded")
    reader.look(now + 10)
    after = reader.look(now + 15)
    assert after.profile.folded >= MINUTE + 14
    assert after.day("c86").sent == 15
