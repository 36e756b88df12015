"""Runs of campaigns: who gets what, and what is left of the money, whatever happens meanwhile."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers.tzdata
import pytest

from functions.sender import app as sender
from functions.sweeper import app as sweeper
from signet import campaigns
from signet.acts import Act
from signet.apps import App
from signet.campaigns import Campaign, Recipient, Row, State, Stops, Why
from signet.carriers import CarrierError
from signet.edge import campaign_queue, clock, objects, plans, queue
from signet.edge.campaign_queue import Step
from signet.flows import run_campaign, show_progress
from signet.limits import Kind
from signet.marketing import Cap
from signet.opt_outs import OptOut
from signet.releases import Heard
from signet.store import apps, balances, campaign_parts, ledger, opt_outs
from signet.store import campaigns as store
from signet.store.balances import Account
from tests.campaigns import CAMPAIGN_ID, SHANGHAI, people, put_plan, put_template, start
from tests.flows.fakes import FakeCarrier
from tests.functions.service import event
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, PRICE, message_items

CREDIT = 100_000_000
NEW_YORK = "1|America/New_York"
MORNING = "10:00"
ZONES = 40


@dataclass
class Bulk:
    """The bulk queue and its sender, on the test's clock."""

    advance: Callable[[int], None]
    carrier: FakeCarrier
    waiting: list[tuple[datetime, str]] = field(default_factory=list)
    most: int = 0

    def put_body(self, _: str, text: str, app_id: str, *, delay: int = 0) -> None:
        self.waiting.append((clock.now() + timedelta(seconds=delay), text))

    def put_bodies(self, url: str, texts: list[str], app_id: str) -> None:
        for text in texts:
            self.put_body(url, text, app_id)
        self.most = max(self.most, len(self.waiting))

    def turn(self) -> int:
        """Have the sender take up to ten of what is due; how many that were."""
        now = clock.now()
        due = [each for each in self.waiting if each[0] <= now][:10]
        for each in due:
            self.waiting.remove(each)
        for text in self.send([text for _, text in due]):
            self.waiting.append((now + timedelta(seconds=5), text))
        return len(due)

    def send(self, texts: list[str]) -> list[str]:
        """Hand bodies to the sender; those that failed."""
        if not texts:
            return []
        (shape,) = event("sender")["Records"]
        records = [{**shape, "messageId": str(n), "body": body} for n, body in enumerate(texts)]
        failed = sender.handler({"Records": records}, CONTEXT)["batchItemFailures"]
        return [texts[int(each["itemIdentifier"])] for each in failed]

    def drain(self) -> None:
        """Go on until nothing is due."""
        while self.turn():
            pass

    def run(self, *, hours: float = 1) -> Campaign:
        """Go on for so long at most, with the sweeper when it is due, while the campaign runs."""
        end = clock.now() + timedelta(hours=hours)
        while (seen := campaign()).state is State.RUNNING and clock.now() < end:
            self.drain()
            woken = datetime.fromtimestamp(seen.due_at or 0, UTC)
            following = min([*(at for at, _ in self.waiting), max(woken, clock.now()), end])
            self.advance(max(1, int((following - clock.now()).total_seconds())))
            if woken <= clock.now():
                sweeper.handler(event("sweeper"), CONTEXT)
        return campaign()

    @property
    def texts(self) -> Counter[str]:
        """How often each number was sent something."""
        return Counter(message.phone for message in self.carrier.handed)


@pytest.fixture
def bulk(
    make_app: Callable[..., App], advance: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> Bulk:
    """The demo app with a company, its template, and the queue; it is ten in Shanghai."""
    make_app(company="示例科技有限公司", marketing_cap=None)
    put_template()
    made = Bulk(advance, FakeCarrier())
    monkeypatch.setattr(sender, "carrier", lambda _: made.carrier)
    monkeypatch.setattr(queue, "put_body", made.put_body)
    monkeypatch.setattr(queue, "put_bodies", made.put_bodies)
    monkeypatch.setattr(queue, "delay", lambda *_: None)
    monkeypatch.setenv("SIGNET_QUEUE_URL", "bulk")
    go_to(made, MORNING)
    plans.read.cache_clear()
    plans.recipients.cache_clear()
    return made


def go_to(bulk: Bulk, hour: str) -> None:
    """Move the clock to the next time that it is so late in Shanghai."""
    local = clock.now() + timedelta(hours=8)
    hours, minutes = map(int, hour.split(":"))
    wanted = local.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    bulk.advance(int((wanted - local).total_seconds()) % 86_400 + 1)


def campaign() -> Campaign:
    """The one campaign there is."""
    return store.get(APP_ID, CAMPAIGN_ID)


def outcomes() -> dict[str, int]:
    """How many rows came to what."""
    run = campaign().run
    assert run
    parts = range(len(plans.read(run.plan_key).parts))
    works = campaign_parts.works(APP_ID, CAMPAIGN_ID, run.number, parts)
    found: Counter[str] = Counter()
    for work in works.values():
        found.update({outcome.value: len(rows) for outcome, rows in work.items()})
    return dict(found)


def spent() -> int:
    """What the app has paid; the ledger explains it."""
    account = Account(APP_ID)
    ledger.check(account)
    return CREDIT - balances.balance(account)


def opt_out(phone: str) -> None:
    """The number wants no more."""
    said = OptOut(True, opt_outs.milliseconds(clock.now()), word="TD", carrier="w", reply_id="1")
    opt_outs.record_reply(APP_ID, phone, said)


def test_everybody_gets_theirs_once_and_pays_for_it(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(25))], rows=10), clock.now())

    ended = bulk.run()

    assert ended.state is State.FINISHED
    assert bulk.texts == {recipient.phone: 1 for recipient in people(25)}
    assert bulk.carrier.handed[3].text == "【示例商城】客户3，全场八折。回复TD退订"
    assert outcomes() == {"sent": 25}
    assert spent() == 25 * PRICE
    assert {item["state"] for item in message_items()} == {"awaiting_receipt"}


def test_records_name_their_row_and_are_not_listed_as_open(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(1))]), clock.now())
    bulk.run()

    (record,) = message_items()
    assert record["campaign"] == f"{CAMPAIGN_ID}#1#0#0"
    assert "open" not in record
    assert (record["kind"], record["template"], record["segments"]) == (
        "marketing",
        "Member_Sale",
        1,
    )


def test_what_is_queued_names_nobody(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(5))]), clock.now())
    bulk.turn()

    assert len(bulk.waiting) == 6
    for _, text in bulk.waiting:
        assert people(1)[0].phone[3:8] not in text
        assert "客户" not in text


def test_a_body_that_comes_twice_sends_once(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(12))]), clock.now())
    bulk.turn()
    bodies = [text for _, text in bulk.waiting]

    for _ in range(3):
        assert bulk.send(bodies) == []
    bulk.run()

    assert set(bulk.texts.values()) == {1}
    assert (outcomes(), spent()) == ({"sent": 12}, 12 * PRICE)


def test_at_most_ten_seconds_of_the_pace_are_queued(bulk: Bulk) -> None:
    began = clock.now()
    start(put_plan([(SHANGHAI, people(120))], rows=50), began, pace=2)

    bulk.run()

    # Beside them, the next step.
    assert bulk.most <= 2 * 10 + 1
    assert (clock.now() - began).total_seconds() >= 120 / 2 - 10
    assert set(bulk.texts.values()) == {1}


def test_nobody_is_queued_who_has_no_hours_now(bulk: Bulk) -> None:
    go_to(bulk, "21:30")
    away = [Recipient("+12125550100", {"customer": "Ann"})]
    start(put_plan([(NEW_YORK, away), (SHANGHAI, people(3))]), clock.now())

    bulk.run(hours=1)
    # It is morning over there.
    assert (bulk.texts, campaign().state) == ({"+12125550100": 1}, State.RUNNING)

    bulk.run(hours=11)
    assert campaign().state is State.FINISHED
    assert bulk.texts == {"+12125550100": 1} | {one.phone: 1 for one in people(3)}
    assert clock.now().hour == 0


def test_what_is_still_queued_when_the_hours_end_waits_for_the_next_ones(bulk: Bulk) -> None:
    go_to(bulk, "19:58")
    start(put_plan([(SHANGHAI, people(30))]), clock.now())
    bulk.turn()
    bulk.turn()
    sent = len(bulk.carrier.handed)
    assert 0 < sent < 30

    bulk.advance(180)
    bulk.drain()
    assert len(bulk.carrier.handed) == sent

    bulk.run(hours=13)
    assert campaign().state is State.FINISHED
    assert bulk.texts == {recipient.phone: 1 for recipient in people(30)}


def test_a_day_over_forty_zones_sends_to_everybody_in_their_hours(bulk: Bulk) -> None:
    everywhere = sorted(phonenumbers.tzdata.TIMEZONE_DATA.items())
    numbers = {zones[0]: f"+{prefix}" for prefix, zones in everywhere if len(zones) == 1}
    zones = [f"86|{zone}" for zone in sorted(numbers)[:: len(numbers) // ZONES][:ZONES]]
    groups = [
        (zone, [Recipient(f"+86139{place:04}{n:04}", {"customer": "客户"}) for n in range(3)])
        for place, zone in enumerate(zones)
    ]
    sent: list[tuple[str, datetime]] = []

    def note() -> None:
        sent.append((bulk.carrier.handed[-1].phone, clock.now()))

    bulk.carrier.on_submit = note
    start(put_plan(groups), clock.now())

    ended = bulk.run(hours=25)

    assert len({datetime.now(ZoneInfo(zone.partition("|")[2])).utcoffset() for zone in zones}) > 12
    assert (ended.state, outcomes()) == (State.FINISHED, {"sent": 3 * ZONES})
    zone_of = {one.phone: zone for zone, people in groups for one in people}
    assert Counter(phone for phone, _ in sent) == dict.fromkeys(zone_of, 1)
    for phone, at in sent:
        local = at.astimezone(ZoneInfo(zone_of[phone].partition("|")[2]))
        assert 8 <= local.hour < 20, (phone, local)


def test_who_has_opted_out_by_now_gets_nothing_and_costs_nothing(bulk: Bulk) -> None:
    opted_out = people(10)[4].phone
    start(put_plan([(SHANGHAI, people(10))]), clock.now())
    opt_out(opted_out)

    bulk.run()

    assert bulk.texts == {one.phone: 1 for one in people(10) if one.phone != opted_out}
    assert outcomes() == {"sent": 9, "opted_out": 1}
    assert spent() == 9 * PRICE


def test_who_opts_out_after_it_was_sent_stays_sent(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(3))]), clock.now())
    bulk.turn()
    bodies = [text for _, text in bulk.waiting]
    bulk.turn()
    campaign_parts.works(APP_ID, CAMPAIGN_ID, 1, [0])
    opt_out(people(1)[0].phone)

    bulk.send(bodies)
    bulk.run()

    assert outcomes() == {"sent": 3}
    assert set(bulk.texts.values()) == {1}


def test_the_apps_cap_leaves_people_out(bulk: Bulk) -> None:
    apps.change(APP_ID, lambda app: replace(app, marketing_cap=Cap(1, 7)))
    twice = [*people(3), Recipient(people(1)[0].phone, {"customer": "又是他"})]
    start(put_plan([(SHANGHAI, twice)]), clock.now())

    bulk.run()

    # The fourth is the first one's number, and so the first one's message.
    assert outcomes() == {"sent": 4}
    assert set(bulk.texts.values()) == {1}

    opt = store.get(APP_ID, CAMPAIGN_ID)
    assert opt.state is State.FINISHED


def test_notifications_know_neither_hours_nor_opt_outs(bulk: Bulk) -> None:
    go_to(bulk, "23:00")
    opt_out(people(1)[0].phone)
    start(put_plan([("", people(4))]), clock.now(), kind=Kind.NOTIFICATION)

    bulk.run()

    assert outcomes() == {"sent": 4}


def test_a_paused_campaign_sends_nothing_and_goes_on_where_it_was(bulk: Bulk) -> None:
    started = start(put_plan([(SHANGHAI, people(40))], rows=15), clock.now(), pace=2)
    bulk.turn()
    bulk.turn()
    pause()
    sent = len(bulk.carrier.handed)
    assert 0 < sent < 40

    bulk.drain()
    bulk.advance(600)
    sweeper.handler(event("sweeper"), CONTEXT)
    bulk.drain()
    assert len(bulk.carrier.handed) == sent

    resume()
    bulk.run()
    assert campaign().state is State.FINISHED
    assert bulk.texts == {recipient.phone: 1 for recipient in people(40)}
    assert spent() == 40 * PRICE
    assert started.run
    assert campaigns.message_id(started, started.run, people(1)[0].phone) in {
        message.message_id for message in bulk.carrier.handed
    }


def pause() -> None:
    """As the console does."""
    store.change(
        APP_ID,
        CAMPAIGN_ID,
        lambda seen: replace(seen, state=State.PAUSED, why=Why.BY_HAND, due_at=None),
    )


def resume() -> None:
    """As the console does."""

    def resumed(seen: Campaign) -> Campaign:
        assert seen.run
        plan = plans.read(seen.run.plan_key)
        run = run_campaign.rewound(
            seen, seen.run, plan, campaign_parts.works, campaign_parts.heards
        )
        return replace(
            seen, state=State.RUNNING, why=None, run=run, due_at=int(clock.now().timestamp()) + 30
        )

    after = store.change(APP_ID, CAMPAIGN_ID, resumed)
    assert after.run
    campaign_queue.put_step(Step(APP_ID, CAMPAIGN_ID, after.run.token))


def test_lost_queue_messages_are_released_again(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(30))], rows=10), clock.now())
    bulk.turn()
    lost = [each for each in bulk.waiting if "step" not in each[1]][5:15]
    for each in lost:
        bulk.waiting.remove(each)

    bulk.run()

    assert campaign().state is State.FINISHED
    assert bulk.texts == {recipient.phone: 1 for recipient in people(30)}


def test_a_lost_step_is_woken_by_the_sweeper(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(30))]), clock.now())
    bulk.waiting.clear()

    bulk.run()

    assert bulk.texts == {recipient.phone: 1 for recipient in people(30)}


def test_a_step_that_comes_twice_does_not_double_the_pace(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(60))]), clock.now(), pace=1)
    (step,) = [text for _, text in bulk.waiting]
    bulk.waiting.clear()

    bulk.send([step, step, step])
    bulk.send([step])

    assert sum(1 for _, text in bulk.waiting if "step" in text) == 1
    assert sum(1 for _, text in bulk.waiting if "row" in text) == 10


def test_refused_numbers_are_paid_back(bulk: Bulk) -> None:
    bulk.carrier.fails_with = CarrierError("bad number", retryable=False, bad_number=True)
    start(put_plan([(SHANGHAI, people(5))]), clock.now())

    bulk.run()

    assert (outcomes(), spent()) == ({"failed": 5}, 0)


def test_a_carrier_that_is_busy_is_asked_again(bulk: Bulk) -> None:
    bulk.carrier.fails_with = CarrierError("throttled", retryable=True)
    start(put_plan([(SHANGHAI, people(4))]), clock.now())
    bulk.drain()
    assert {item["state"] for item in message_items()} == {"queued"}

    bulk.carrier.fails_with = None
    bulk.run()

    assert (outcomes(), spent()) == ({"sent": 4}, 4 * PRICE)
    assert bulk.carrier.handed[-1].text.endswith("，全场八折。回复TD退订")


def test_too_many_failures_pause_it_with_the_reason(bulk: Bulk) -> None:
    bulk.carrier.fails_with = CarrierError("bad number", retryable=False, bad_number=True)
    stops = Stops(failures=50, opt_outs=10, window=100)
    start(put_plan([(SHANGHAI, people(60))]), clock.now(), pace=2, stops=stops)

    paused = bulk.run()

    assert (paused.state, paused.why) == (State.PAUSED, Why.FAILURES)
    assert 10 <= len(bulk.carrier.handed) <= 40
    count = len(bulk.carrier.handed)
    bulk.advance(600)
    bulk.drain()
    assert len(bulk.carrier.handed) == count


def test_what_paused_it_pauses_it_no_second_time(bulk: Bulk) -> None:
    bulk.carrier.fails_with = CarrierError("bad number", retryable=False, bad_number=True)
    stops = Stops(failures=50, opt_outs=10, window=100)
    start(put_plan([(SHANGHAI, people(60))]), clock.now(), pace=2, stops=stops)
    assert bulk.run().why is Why.FAILURES
    failed = outcomes()["failed"]

    bulk.carrier.fails_with = None
    resume()

    assert bulk.run().state is State.FINISHED
    assert outcomes() == {"failed": failed, "sent": 60 - failed}


def test_a_pause_stops_a_batch_in_the_middle(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    took = 0.0

    def slow() -> None:
        nonlocal took
        took += 1.5
        if len(bulk.carrier.handed) == 2:
            pause()

    bulk.carrier.on_submit = slow
    monkeypatch.setattr(sender, "routing", replace(sender.routing, seconds=lambda: took))
    start(put_plan([(SHANGHAI, people(9))]), clock.now())
    bulk.drain()

    # Looked at anew two seconds after the last look, three and a half after the pause at most.
    assert len(bulk.carrier.handed) <= 4
    bulk.carrier.on_submit = lambda: None
    resume()
    bulk.run()
    assert bulk.texts == {recipient.phone: 1 for recipient in people(9)}


def test_too_many_opt_outs_pause_it_with_the_reason(bulk: Bulk) -> None:
    stops = Stops(failures=1000, opt_outs=10, window=100)
    start(put_plan([(SHANGHAI, people(60))]), clock.now(), pace=2, stops=stops)
    bulk.turn()
    bulk.turn()
    bulk.turn()
    row = Row(CAMPAIGN_ID, 1, 0, 3)
    campaign_parts.hear(APP_ID, row, Heard(replied_out=1), now=int(clock.now().timestamp()))

    paused = bulk.run()

    assert (paused.state, paused.why) == (State.PAUSED, Why.OPT_OUTS)


def test_an_app_without_a_company_is_paused(bulk: Bulk) -> None:
    apps.change(APP_ID, lambda app: replace(app, company=None))
    start(put_plan([(SHANGHAI, people(3))]), clock.now())

    paused = bulk.run()

    assert (paused.state, paused.why, bulk.texts) == (State.PAUSED, Why.NO_COMPANY, {})


def test_a_plan_that_was_replaced_is_not_sent(bulk: Bulk) -> None:
    key = put_plan([(SHANGHAI, people(3))])
    start(key, clock.now())
    part = campaigns.part_key(plans.read(key).folder, 0)
    other = json.dumps({"p": "+8618600009999", "v": {"customer": "x"}}).encode()
    objects.write(part, other, bucket=objects.AUDIENCES)

    paused = bulk.run()

    assert (paused.state, paused.why, bulk.texts) == (State.PAUSED, Why.PLAN_GONE, {})


def test_a_plan_that_is_gone_pauses_it(bulk: Bulk) -> None:
    start(put_plan([(SHANGHAI, people(3))]), clock.now())
    started = campaign()
    assert started.run
    plans.read.cache_clear()
    gone = replace(started.run, plan_key="plans/none/plan.json")
    store.change(APP_ID, CAMPAIGN_ID, lambda seen: replace(seen, run=gone))

    paused = bulk.run()

    assert (paused.state, paused.why) == (State.PAUSED, Why.PLAN_GONE)


def test_a_cancelled_campaign_gives_back_what_it_did_not_use(bulk: Bulk) -> None:
    bulk.carrier.fails_with = CarrierError("throttled", retryable=True)
    start(put_plan([(SHANGHAI, people(40))]), clock.now(), pace=2)
    bulk.turn()
    bulk.turn()  # nine of which wait for another attempt
    bulk.carrier.fails_with = None
    bulk.turn()
    sent = sum(1 for item in message_items() if item["state"] == "awaiting_receipt")
    assert sent
    cancel()
    bulk.advance(61)
    sweeper.handler(event("sweeper"), CONTEXT)
    bulk.drain()

    ended = campaign()
    assert ended.run
    assert (ended.state, ended.run.settled, ended.due_at) == (State.CANCELLED, True, None)
    assert {item["state"] for item in message_items()} == {"awaiting_receipt", "expired"}
    assert spent() == sent * PRICE
    bulk.advance(600)
    sweeper.handler(event("sweeper"), CONTEXT)
    bulk.drain()
    assert spent() == sent * PRICE


def cancel() -> None:
    """As the console does."""
    store.change(
        APP_ID,
        CAMPAIGN_ID,
        lambda seen: replace(seen, state=State.CANCELLED, due_at=int(clock.now().timestamp()) + 60),
    )


def progress() -> dict[str, Any]:
    """What the console is told."""
    act = Act(APP_ID, f"owner:{APP_ID}", clock.now())
    told = show_progress.of(act, CAMPAIGN_ID, window=None)["progress"]
    assert isinstance(told, dict)
    return told


def test_progress_says_what_came_of_it_and_what_it_cost(bulk: Bulk) -> None:
    opt_out(people(1)[0].phone)
    start(put_plan([(SHANGHAI, people(10))], rows=4), clock.now())
    bulk.run()
    row, seconds = Row(CAMPAIGN_ID, 1, 2, 0), int(clock.now().timestamp())
    campaign_parts.hear(APP_ID, row, Heard(delivered=2, undelivered=1), now=seconds)

    told = progress()

    assert (told["state"], told["recipients"], told["released"]) == ("finished", 10, 10)
    assert (told["sent"], told["delivered"], told["undelivered"]) == (9, 2, 1)
    assert (told["dropped"], told["cost_micros"]) == ({"opted_out": 1}, 9 * PRICE)
    assert told["window"] == {"sent": 9, "failures": 111, "opt_outs": 0}
    assert (told["waiting"], told["finishes_at"]) == ([], None)


def test_progress_says_who_waits_for_what_and_when_it_will_be_done(bulk: Bulk) -> None:
    away = [Recipient("+12125550100", {"customer": "Ann"})]
    start(put_plan([(SHANGHAI, people(20)), (NEW_YORK, away)]), clock.now(), pace=1)
    bulk.turn()

    told = progress()
    assert told["released"] == 10
    (waits,) = told["waiting"]
    assert (waits["zone"], waits["recipients"]) == (NEW_YORK, 1)

    bulk.run(hours=0.1)
    told = progress()
    assert (told["state"], told["sent"]) == ("running", 20)
