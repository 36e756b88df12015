"""The planner, called as the function `campaign` calls it: dry runs and results."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.planner import app as planner
from signet import audiences, campaigns, messages
from signet.apps import App, Signature, Use
from signet.audiences import Audience, AudienceRow
from signet.audits import Entry
from signet.campaigns import Campaign, Content, Plan, Planned, Recipient, Schedule, Stops
from signet.edge import audience_parts, objects, plans
from signet.limits import Kind
from signet.marketing import Cap
from signet.opt_outs import OptOut
from signet.store import audiences as audience_store
from signet.store import campaigns as store
from signet.store import frequency, opt_outs
from tests.campaigns import CAMPAIGN_ID, SHANGHAI, people, put_plan, start
from tests.functions.service import put_template
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, NOW, SECONDS, put_signature

PLAN = {
    **{"v": 1, "task": "plan", "app_id": APP_ID, "campaign_id": CAMPAIGN_ID},
    **{"version": 1, "run": "r1"},
}
TEXT = "{{customer}}，今天八折。回复TD退订"
CAP = Cap(1, 7)


@pytest.fixture(autouse=True)
def shop(make_app: Callable[..., App]) -> None:
    """An app that may send marketing."""
    plans.read.cache_clear()
    plans.recipients.cache_clear()
    make_app(company="示例公司", marketing_cap=CAP)
    put_signature(APP_ID, Signature("Sale", "示例商城", "s2", use=Use.MARKETING))
    put_template(TEXT, name="Member_Sale", kind="marketing")


def phone(number: int) -> str:
    return f"+86186{number:08}"


def row(number: int, *, consented: bool = True) -> AudienceRow:
    return AudienceRow(phone(number), {"customer": f"客户{number}"}, None, consented)


def audience(*rows: AudienceRow) -> Audience:
    """An audience of these people, which is ready."""
    reading = Audience(
        *(APP_ID, "audience-1", "会员", audiences.State.READING, audiences.Wanted()),
        *(SECONDS, SECONDS),
        attempt="a1",
    )
    writer = audience_parts.Writer(reading)
    writer.part(rows)
    ready = replace(writer.finish(), state=audiences.State.READY)
    writer.close()
    audience_store.create(ready, Entry(NOW, "owner", "create", "audience"))
    return ready


def draft() -> Campaign:
    """A campaign that waits for its plan."""
    made = Campaign(
        app_id=APP_ID,
        campaign_id=CAMPAIGN_ID,
        version=1,
        name="周年庆",
        state=campaigns.State.DRAFT,
        content=Content(Kind.MARKETING, "Member_Sale", 1, "Sale", "示例商城", "audience-1"),
        schedule=Schedule(),
        pace=50,
        stops=Stops(),
        created_at=SECONDS,
        updated_at=SECONDS,
        created_by="owner",
        planned=Planned("r1"),
    )
    store.create(made, Entry(NOW, "owner", "create", "campaign"))
    return made


def planned() -> Planned:
    found = store.get(APP_ID, CAMPAIGN_ID).planned
    assert found
    return found


def plan() -> Plan:
    return plans.read(planned().key or "")


def opt_out(number: int) -> None:
    said = OptOut(is_out=True, at=SECONDS * 1000, by="owner")
    opt_outs.record_by_hand(APP_ID, phone(number), said, Entry(NOW, "owner", "opt_out", "number"))


def test_a_campaign_is_planned_as_things_stand() -> None:
    audience(*(row(number) for number in range(4)), row(4, consented=False))
    draft()
    opt_out(1)
    frequency.count(APP_ID, phone(2), CAP, "message-1", now=datetime.now(UTC))

    planner.handler(PLAN, CONTEXT)

    found = plan()
    assert planned() == Planned("r1", f"{found.folder}/plan.json", 4, 200_000)
    assert (found.zones, found.rows, found.dropped) == ((SHANGHAI,), 4, {"no_consent": 1})
    assert found.expected_drops == {"opted_out": 1, "capped": 1}
    assert (found.micros, found.expected_micros) == (200_000, 100_000)
    assert found.samples[0] == "【示例商城】客户0，今天八折。回复TD退订"
    assert plans.recipients(planned().key or "", 0) == tuple(
        Recipient(phone(number), {"customer": f"客户{number}"}) for number in range(4)
    )


def test_a_sender_says_what_was_planned() -> None:
    audience(row(0))
    draft()
    planner.handler(PLAN, CONTEXT)

    (recipient,) = plans.recipients(planned().key or "", 0)
    text = messages.text("示例商城", TEXT, {**plan().constants, **recipient.variables}, code="")

    assert (text,) == plan().samples


def test_a_campaign_whose_audience_is_not_there_says_so() -> None:
    draft()

    planner.handler(PLAN, CONTEXT)

    assert planned() == Planned("r1", problem="audience_gone")


def test_a_file_that_was_replaced_after_it_was_read_is_no_audience() -> None:
    ready = audience(row(0))
    draft()
    forged = b'{"p": "+8618699999999", "v": {"customer": "x"}, "c": true}\n'
    objects.write(ready.part_key(0), forged, bucket=objects.AUDIENCES)

    planner.handler(PLAN, CONTEXT)

    assert planned() == Planned("r1", problem="audience_gone")


def test_an_event_that_comes_twice_plans_once() -> None:
    audience(row(0))
    draft()
    planner.handler(PLAN, CONTEXT)
    first = planned()

    planner.handler(PLAN, CONTEXT)

    assert planned() == first


def test_results_lie_where_they_are_asked_for() -> None:
    start(put_plan([(SHANGHAI, people(3))]), datetime.now(UTC))

    planner.handler(
        {"v": 1, "task": "results", "app_id": APP_ID, "campaign_id": CAMPAIGN_ID, "run": 1}, CONTEXT
    )

    body = objects.read(f"results/{APP_ID}/{CAMPAIGN_ID}/1.csv", bucket=objects.AUDIENCES)
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert [line["phone"] for line in lines] == [f"'{each.phone}" for each in people(3)]
    assert {line["state"] for line in lines} == {"not_sent"}
