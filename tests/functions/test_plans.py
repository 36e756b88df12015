"""Plans in their bucket: what is written is what a run reads, and nothing else."""

from types import SimpleNamespace

import pytest

from signet.campaigns import Part, Plan, Recipient, part_key
from signet.edge import objects, plans
from signet.errors import Missing

FOLDER = "plans/signet-demo-app/c1/1/r1/a1"


def rows(*phones: str) -> list[Recipient]:
    return [Recipient(phone, {"name": "张三"}) for phone in phones]


def plan(*parts: Part) -> Plan:
    return Plan(
        folder=FOLDER,
        zones=("1|America/New_York", "86|Asia/Shanghai"),
        parts=parts,
        constants={"sign": "示例商城"},
        dropped={"no_consent": 3},
        expected_drops={"opted_out": 1},
        samples=("【示例商城】张三",),
        expected_micros=50_000,
        planned_at=1_795_334_400,
    )


@pytest.fixture(autouse=True)
def unread(tables: SimpleNamespace) -> None:
    plans.read.cache_clear()
    plans.recipients.cache_clear()


def test_a_plan_is_read_as_it_was_written() -> None:
    written = plan(Part(0, 2, 1, 50_000, '"e1"', True, 1), Part(1, 1, 2, 100_000, '"e2"'))

    key = plans.write(written)

    assert key == f"{FOLDER}/plan.json"
    assert plans.read(key) == written


def test_parts_are_written_as_rows_come_and_read_in_the_plans_order() -> None:
    first = plans.write_part(FOLDER, 0, rows("+8618612345678"))
    second = plans.write_part(FOLDER, 1, rows("+12015550123", "+12015550124"))

    key = plans.write(
        plan(Part(0, 2, 1, 50_000, second, number=1), Part(1, 1, 1, 50_000, first, number=0))
    )

    assert plans.recipients(key, 0) == tuple(rows("+12015550123", "+12015550124"))
    assert plans.recipients(key, 1) == tuple(rows("+8618612345678"))


def test_a_part_that_was_replaced_is_not_read() -> None:
    key = plans.write(
        plan(
            Part(0, 1, 1, 50_000, plans.write_part(FOLDER, 0, rows("+1"))),
        )
    )
    objects.write(part_key(FOLDER, 0), b'{"p": "+2", "v": {}}\n', bucket=objects.AUDIENCES)

    with pytest.raises(Missing):
        plans.recipients(key, 0)
