"""Campaigns that tests run: a plan in the bucket, and a campaign that has just been started."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from signet import days
from signet.audits import Entry
from signet.campaigns import (
    PART_ROWS,
    Campaign,
    Content,
    Part,
    Plan,
    Planned,
    Recipient,
    Run,
    Schedule,
    State,
    Stops,
)
from signet.charges import Charge
from signet.edge import campaign_queue, plans
from signet.limits import Kind
from signet.store import balances, templates
from signet.store import campaigns as store
from tests.store.build import APP_ID, PRICE

SHANGHAI = "86|Asia/Shanghai"
CAMPAIGN_ID = "campaign-1"
FOLDER = f"plans/{APP_ID}/{CAMPAIGN_ID}/1/run"


def people(count: int, *, first: int = 0) -> list[Recipient]:
    """So many recipients with numbers of the mainland."""
    return [
        Recipient(f"+86186{number:08}", {"customer": f"客户{number}"})
        for number in range(first, first + count)
    ]


def put_plan(
    groups: Sequence[tuple[str, Sequence[Recipient]]], *, rows: int = PART_ROWS, price: int = PRICE
) -> str:
    """Put a plan for the people of each zone into the bucket; its key."""
    parts: list[Part] = []
    for zone, (_, recipients) in enumerate(groups):
        for start in range(0, len(recipients), rows):
            pack = recipients[start : start + rows]
            etag = plans.write_part(FOLDER, len(parts), pack)
            parts.append(Part(zone, len(pack), 1, price, etag))
    plan = Plan(
        folder=FOLDER,
        zones=tuple(zone for zone, _ in groups),
        parts=tuple(parts),
        constants={"name": "示例应用", "sign": "示例商城", "template": "Member_Sale"},
        dropped={},
        expected_drops={},
        samples=(),
        expected_micros=sum(part.rows * part.price for part in parts),
        planned_at=0,
    )
    return plans.write(plan)


def start(
    plan_key: str,
    now: datetime,
    *,
    kind: Kind = Kind.MARKETING,
    pace: int | None = None,
    stops: Stops | None = None,
    shards: int = 8,
) -> Campaign:
    """A campaign that runs the plan from now on, with what it needs paid, its first step queued."""
    plan = plans.read(plan_key)
    run = Run.first_step(
        plan,
        plan_key,
        number=1,
        version=1,
        started_at=int(now.timestamp() * 1000),
        shards=shards,
        balance_shard=0,
        events=False,
    )
    seconds = int(now.timestamp())
    content = Content(kind, "Member_Sale", 1, "Sale", "示例商城", "audience-1")
    draft = Campaign(
        app_id=APP_ID,
        campaign_id=CAMPAIGN_ID,
        version=1,
        name="test",
        state=State.DRAFT,
        content=content,
        schedule=Schedule(),
        pace=pace,
        stops=stops or Stops(),
        created_at=seconds,
        updated_at=seconds,
        created_by="owner:test",
        planned=Planned("run", plan_key, plan.rows, plan.micros),
    )
    entry = Entry(now, "owner:test", "create", "campaign")
    store.create(draft, entry)
    charge = Charge(APP_ID, plan.micros, days.of(now), messages=plan.rows)
    started = store.change(
        APP_ID,
        CAMPAIGN_ID,
        lambda seen: replace(seen, state=State.RUNNING, run=run, due_at=seconds + 30),
        also=lambda writes, _: balances.record_charge(writes, charge),
    )
    campaign_queue.put_step(campaign_queue.Step(APP_ID, CAMPAIGN_ID, run.token))
    return started


def put_template(text: str = "{{customer}}，全场八折。回复TD退订") -> None:
    """The marketing template of these campaigns."""
    from tests.functions.service import put_template as put

    put(text, name="Member_Sale", kind="marketing")
    assert templates.text(APP_ID, "Member_Sale", 1) == text
