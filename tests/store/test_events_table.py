"""Events in their table: recorded once, taken by one, listed newest first."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pynamodb.transactions import TransactWrite

from signet import event_deliveries, events
from signet.apps import App, Events
from signet.errors import BadParameter, Missing
from signet.event_deliveries import LEASE, Delivery, Standing, Target
from signet.events import Event
from signet.store import apps
from signet.store import events as store
from tests.conftest import DEMO_APP, record_app
from tests.store.build import NOW, PHONE, after, client

APP = replace(DEMO_APP, events=Events(url="https://example.com/", bus=True))
SECONDS = int(NOW.timestamp())

pytestmark = pytest.mark.usefixtures("tables")


def nothing(_: TransactWrite) -> None:
    return


def ping(name: str = "one", *, at: float = 0) -> Event:
    return events.ping(APP.app_id, chance=name, at=after(at))


def due(at: float) -> list[str]:
    return [each.event_id for each in store.due(APP.app_id, after(at), limit=80)]


def claimed(event: Event, now: datetime) -> Delivery:
    found = store.claim(store.get(APP.app_id, event.event_id), now)
    assert found
    return found


def test_an_event_is_recorded_once() -> None:
    assert store.record(APP, ping(), now=NOW)
    assert not store.record(APP, ping(), now=after(5))
    assert store.get(APP.app_id, ping().event_id).since == SECONDS


def test_what_is_recorded_is_owed_to_all_that_the_app_asked_for() -> None:
    store.record(APP, ping(), now=NOW)

    delivery = store.get(APP.app_id, ping().event_id)
    assert delivery.targets == delivery.owed == {Target.URL, Target.BUS}
    assert (delivery.type, delivery.body) == ("ping", ping().body)


def test_what_is_due_at_once_is_found_and_what_is_taken_only_after_a_lease() -> None:
    store.record(APP, ping("at once"), now=NOW)
    store.record(APP, ping("taken"), now=NOW, taken=True)

    assert due(0) == [ping("at once").event_id]
    assert store.has_due(APP.app_id, NOW)
    assert sorted(due(LEASE)) == sorted([ping("at once").event_id, ping("taken").event_id])


def test_of_one_app_is_not_anothers() -> None:
    store.record(APP, ping(), now=NOW)

    assert not store.has_due("another-app", after(100))
    with pytest.raises(Missing):
        store.get("another-app", ping().event_id)


def test_only_the_first_who_asks_gets_a_delivery() -> None:
    store.record(APP, ping(), now=NOW)
    seen = store.get(APP.app_id, ping().event_id)

    first, second = store.claim(seen, NOW), store.claim(seen, NOW)

    assert first == replace(seen, due_at=SECONDS + LEASE)
    assert second is None
    assert due(1) == []


def test_what_somebody_took_and_never_finished_is_due_again() -> None:
    store.record(APP, ping(), now=NOW)
    claimed(ping(), NOW)

    assert due(LEASE) == [ping().event_id]


def test_what_was_delivered_is_due_no_more() -> None:
    store.record(APP, ping(), now=NOW)
    taken = claimed(ping(), NOW)

    store.finish(taken, event_deliveries.tried(taken, owed=frozenset(), answer="200", now=SECONDS))

    assert due(1_000_000) == []
    assert store.get(APP.app_id, ping().event_id).standing is Standing.DELIVERED


def test_a_late_word_changes_nothing_that_has_gone_on() -> None:
    store.record(APP, ping(), now=NOW)
    slow = claimed(ping(), NOW)
    quick = claimed(ping(), after(LEASE))

    done = event_deliveries.tried(quick, owed=frozenset(), answer="200", now=SECONDS)
    store.finish(quick, done)
    store.finish(slow, event_deliveries.tried(slow, owed=slow.owed, answer="500", now=SECONDS))

    assert store.get(APP.app_id, ping().event_id) == done


def test_new_events_are_given_to_those_who_come_in_time_and_only_untried() -> None:
    store.record(APP, ping(), now=NOW, taken=True)
    ids = [ping().event_id]

    assert [each.event_id for each in store.fresh(APP.app_id, ids, after(1))] == ids
    assert store.fresh(APP.app_id, ids, after(LEASE)) == []
    (delivery,) = store.fresh(APP.app_id, ids, after(1))
    store.finish(
        delivery,
        event_deliveries.tried(delivery, owed=delivery.owed, answer="500", now=SECONDS),
    )
    assert store.fresh(APP.app_id, ids, after(1)) == []


def test_a_replay_is_due_at_once_with_all_it_owed() -> None:
    store.record(APP, ping(), now=NOW)
    taken = claimed(ping(), NOW)
    done = event_deliveries.tried(taken, owed=frozenset(), answer="200", now=SECONDS)
    store.finish(taken, done)

    again = event_deliveries.again(done, now=SECONDS + 9)
    assert store.begin_again(done, again, also=nothing)
    assert due(9) == [ping().event_id]
    assert store.get(APP.app_id, ping().event_id) == again


def test_a_replay_of_what_has_gone_on_does_nothing() -> None:
    store.record(APP, ping(), now=NOW)
    seen = store.get(APP.app_id, ping().event_id)
    claimed(ping(), NOW)

    again = event_deliveries.again(seen, now=SECONDS)
    assert not store.begin_again(seen, again, also=nothing)
    assert store.get(APP.app_id, ping().event_id).due_at == SECONDS + LEASE


def test_a_list_is_newest_first_over_all_its_pages() -> None:
    for number in range(25):
        store.record(APP, ping(str(number), at=number // 2), now=NOW)
    expected = sorted((ping(str(n), at=n // 2).event_id for n in range(25)), reverse=True)

    listed: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        found, cursor = store.page(APP.app_id, limit=10, cursor=cursor, now=NOW)
        listed += [each.event_id for each in found]
        pages += 1

    assert listed == expected
    assert pages == 3


def test_what_is_kept_too_long_is_not_listed() -> None:
    store.record(APP, ping(), now=NOW)

    assert store.page(APP.app_id, limit=10, cursor=None, now=after(31 * 86_400)) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "YXBw", "!"])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadParameter):
        store.page(APP.app_id, limit=10, cursor=cursor, now=NOW)


def test_events_of_an_app_are_spread_over_partitions() -> None:
    for number in range(40):
        store.record(APP, ping(str(number)), now=NOW)

    items = client("dynamodb").scan(TableName="events")["Items"]
    assert {item["pk"]["S"] for item in items} == {f"{APP.app_id}#{n}" for n in range(4)}


# --- Replies and opt-outs, for whoever takes them ----------------------------------------------


@pytest.fixture
def asking() -> App:
    return record_app(APP)


REPLY: dict[str, Any] = {
    "reply_id": "1",
    "phone": PHONE,
    "text": "TD",
    "carrier": "sns",
    "at": NOW,
    "now": NOW,
}
OPT_OUT: dict[str, Any] = {"phone": PHONE, "added": True, "source": "reply", "at": NOW, "now": NOW}


@pytest.mark.usefixtures("asking")
def test_a_reply_and_an_opt_out_are_told_once_each() -> None:
    assert store.record_reply(APP.app_id, **REPLY)
    assert not store.record_reply(APP.app_id, **REPLY)
    assert store.record_opt_out(APP.app_id, **OPT_OUT)
    assert not store.record_opt_out(APP.app_id, **OPT_OUT)
    assert len(due(0)) == 2


def test_an_app_that_did_not_ask_is_told_of_no_reply() -> None:
    record_app(DEMO_APP)

    assert not store.record_reply(APP.app_id, **REPLY)
    assert not store.record_opt_out("nobodys-app", **OPT_OUT)
    assert client("dynamodb").scan(TableName="events")["Items"] == []


def test_settings_of_events_come_back_as_they_were_written(asking: App) -> None:
    wanted = Events("https://example.com/", types=("message.sent",))
    apps.change(APP.app_id, lambda app: replace(app, events=wanted))

    assert (apps.read(APP.app_id) or asking).events == wanted
