"""Results of a run: a file with everybody of its plan, and how far it is."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from signet import campaigns, messages
from signet.campaigns import Campaign, Outcome, Plan, Recipient, Row, State
from signet.edge import objects, plans
from signet.edge.functions import FunctionFailed
from signet.errors import Missing, NoEffect, Unavailable
from signet.fields import Body
from signet.flows import campaign_results
from signet.flows.campaign_results import Book
from signet.flows.deliver_campaign import message_of
from signet.messages import Message
from signet.results import COLUMNS
from signet.store import campaign_parts, records
from signet.store import campaigns as store
from signet.store import messages as message_store
from tests.campaigns import CAMPAIGN_ID, SHANGHAI, people, put_plan, start
from tests.conftest import DEMO_APP, record_app
from tests.store.build import APP_ID, NOW, PRICE, SECONDS, after, claim_of, told

Lines = list[dict[str, str]]


class Bucket:
    """The bucket of audiences, and what was asked of the planner."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    @property
    def book(self) -> Book:
        return Book(
            campaign=store.get,
            plan=plans.read,
            recipients=plans.recipients,
            works=campaign_parts.works,
            records=partial(records.of_ids, now=NOW),
        )

    def ask(self) -> Body:
        return campaign_results.ask(campaign(), self.asked.append, now=NOW)

    def make(self, number: int = 1) -> None:
        campaign_results.make(APP_ID, CAMPAIGN_ID, number, self.book, now=NOW)

    def show(self, *, seconds: int = 0, number: int = 1) -> Body:
        return campaign_results.show(campaign(), number, now=after(seconds))

    def lines(self) -> Lines:
        key = f"results/{APP_ID}/{CAMPAIGN_ID}/1.csv"
        text = objects.read(key, bucket=objects.AUDIENCES).decode()
        assert text.startswith("\ufeff")
        return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def bucket(tables: object) -> Bucket:
    plans.read.cache_clear()
    plans.recipients.cache_clear()
    record_app(DEMO_APP)
    return Bucket()


def campaign() -> Campaign:
    return store.get(APP_ID, CAMPAIGN_ID)


def running(count: int = 4, *, rows: int = 1_000) -> Campaign:
    """A campaign that was just started, to so many people."""
    return start(put_plan([(SHANGHAI, people(count))], rows=rows), NOW)


def each(seen: Campaign) -> Iterator[tuple[Row, Recipient, Plan]]:
    """Every row of its run."""
    assert seen.run
    plan = plans.read(seen.run.plan_key)
    for number in range(len(plan.parts)):
        for place, recipient in enumerate(plans.recipients(seen.run.plan_key, number)):
            yield Row(CAMPAIGN_ID, seen.run.number, number, place), recipient, plan


def sent(seen: Campaign, row: Row, recipient: Recipient, plan: Plan) -> Message:
    """The message of a row, which a carrier took."""
    assert seen.run
    message = message_of(seen, seen.run, plan, row, recipient, now=NOW)
    message_store.record_claimed(message, claim_of(), NOW)
    message_store.accepted(message, claim_of(), told(at=2), carrier_message_id="m1")
    campaign_parts.note(APP_ID, row, {Outcome.SENT: [row.row]}, price=PRICE, now=SECONDS)
    return message


def test_everybody_is_there_once_with_what_became_of_the_message(bucket: Bucket) -> None:
    seen = running()
    rows = list(each(seen))
    delivered, undelivered = (sent(seen, *row) for row in rows[:2])
    for message, arrived in ((delivered, True), (undelivered, False)):
        message_store.reported(
            message.ref, delivered=arrived, reason="RP:1", at=SECONDS + 5, carrier="sns"
        )
    campaign_parts.note(APP_ID, rows[2][0], {Outcome.OPTED_OUT: [2]}, price=PRICE, now=SECONDS)

    bucket.make()

    first, second, third, fourth = bucket.lines()
    assert first == {
        "phone": "'+8618600000000",
        "state": "delivered",
        "reason": "",
        "carrier": "sns",
        "segments": "1",
        "price_micros": "50000",
        "sent_at": "2026-11-22T08:00:02Z",
        "delivered_at": "2026-11-22T08:00:05Z",
        "message_id": delivered.ref.message_id,
    }
    assert (second["state"], second["reason"], second["delivered_at"]) == (
        "undelivered",
        "RP:1",
        "",
    )
    assert (third["state"], third["reason"], third["price_micros"]) == ("opted_out", "", "")
    assert (fourth["state"], fourth["reason"]) == ("not_sent", "waiting")


def test_what_was_paid_back_cost_nothing(bucket: Bucket) -> None:
    seen = running(1)
    ((row, recipient, plan),) = each(seen)
    assert seen.run
    message = message_of(seen, seen.run, plan, row, recipient, now=NOW)
    message_store.record_claimed(message, claim_of(), NOW)
    message_store.refused(message, claim_of(), told("E1"), final=True)

    bucket.make()

    (line,) = bucket.lines()
    assert (line["state"], line["reason"], line["price_micros"]) == ("call_failed", "E1", "0")


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.RUNNING, "waiting"), (State.PAUSED, "paused"), (State.CANCELLED, "cancelled")],
)
def test_who_was_not_sent_anything_is_there_with_the_reason(
    bucket: Bucket, state: State, reason: str
) -> None:
    running(1)
    store.change(APP_ID, CAMPAIGN_ID, lambda seen: replace(seen, state=state))

    bucket.make()

    assert [(line["state"], line["reason"]) for line in bucket.lines()] == [("not_sent", reason)]


def test_a_record_that_is_forgotten_leaves_the_outcome(bucket: Bucket) -> None:
    seen = running(1)
    ((row, recipient, plan),) = each(seen)
    sent(seen, row, recipient, plan)
    later = NOW + messages.RETENTION + timedelta(days=1)

    book = replace(bucket.book, records=partial(records.of_ids, now=later))
    campaign_results.make(APP_ID, CAMPAIGN_ID, 1, book, now=later)

    (line,) = bucket.lines()
    assert (line["state"], line["reason"]) == ("sent", "record_gone")


def test_parts_follow_each_other_in_one_file(bucket: Bucket) -> None:
    running(25, rows=10)

    bucket.make()

    assert [line["phone"] for line in bucket.lines()] == [f"'{each.phone}" for each in people(25)]
    assert list(bucket.lines()[0]) == list(COLUMNS)


def test_no_cell_is_taken_for_a_formula(bucket: Bucket) -> None:
    seen = running(1)
    ((row, recipient, plan),) = each(seen)
    message = sent(seen, row, recipient, plan)
    message_store.reported(
        message.ref, delivered=False, reason="=cmd()", at=SECONDS + 5, carrier="sns"
    )

    bucket.make()

    (line,) = bucket.lines()
    assert line["reason"] == "'=cmd()"


# --- How far they are -------------------------------------------------------------------------


def test_results_are_asked_for_made_and_fetched(bucket: Bucket) -> None:
    running(3)

    assert bucket.show() == {"state": "none"}
    assert bucket.ask() == bucket.show() == {"state": "making"}
    assert bucket.asked == [
        {"v": 1, "task": "results", "app_id": APP_ID, "campaign_id": CAMPAIGN_ID, "run": 1}
    ]

    bucket.make()

    found = bucket.show()
    url = urlsplit(str(found["url"]))
    assert (found["state"], found["rows"]) == ("ready", 3)
    assert url.path.endswith(f"/results/{APP_ID}/{CAMPAIGN_ID}/1.csv")
    saved = parse_qs(url.query)["response-content-disposition"]
    assert saved == [f'attachment; filename="campaign-{CAMPAIGN_ID}-1.csv"']


def test_a_planner_that_fails_for_good_can_be_asked_again(bucket: Bucket) -> None:
    running()
    bucket.ask()

    assert bucket.show(seconds=1_800) == {"state": "making"}
    assert bucket.show(seconds=3_600) == {"state": "none"}


def test_a_planner_that_is_not_there_leaves_nothing_begun(bucket: Bucket) -> None:
    running()

    def fail(event: dict[str, Any]) -> None:
        raise FunctionFailed

    with pytest.raises(Unavailable):
        campaign_results.ask(campaign(), fail, now=NOW)

    assert bucket.show() == {"state": "none"}


def test_what_never_ran_has_no_results(bucket: Bucket) -> None:
    draft = replace(running(), run=None)

    with pytest.raises(NoEffect):
        campaign_results.ask(draft, bucket.asked.append, now=NOW)


def test_a_run_that_is_another_by_now_has_none(bucket: Bucket) -> None:
    running()

    bucket.make(number=2)

    assert bucket.show(number=2) == {"state": "none"}
    with pytest.raises(Missing):
        bucket.lines()


def test_a_plan_that_is_gone_has_none(bucket: Bucket) -> None:
    seen = running()
    assert seen.run
    store.change(
        APP_ID,
        CAMPAIGN_ID,
        lambda seen: replace(
            seen, run=replace(seen.run, plan_key="plans/gone") if seen.run else None
        ),
    )

    bucket.make()

    assert bucket.show() == {"state": "none"}


def test_a_campaign_that_is_gone_has_none(bucket: Bucket) -> None:
    bucket.make()

    key = f"results/{APP_ID}/{CAMPAIGN_ID}/1.json"
    assert b'"none"' in objects.read(key, bucket=objects.AUDIENCES)


def test_the_ids_are_those_of_the_run(bucket: Bucket) -> None:
    seen = running(1)
    assert seen.run

    bucket.make()

    (line,) = bucket.lines()
    assert line["message_id"] == campaigns.message_id(seen, seen.run, people(1)[0].phone)
