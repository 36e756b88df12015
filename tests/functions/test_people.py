"""Erasing a person: everywhere, in pieces, and again after a fault; a digest is what remains."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.people import app as people_function
from signet import audits, users
from signet.acts import Act
from signet.apps import Events
from signet.consents import Consent
from signet.edge import clock
from signet.errors import Unavailable
from signet.flows import erase_person
from signet.opt_outs import OptOut
from signet.shield import Attempt, Lock, Step
from signet.store import apps as app_store
from signet.store import audits as trail
from signet.store import consents, decisions, deployment, erasures, events, opt_outs
from signet.store import users as user_store
from signet.store.apps import DEPLOYMENT
from signet.users import User
from tests.conftest import DEMO_APP, record_app
from tests.functions.console_calls import (
    OPERATOR,
    OPERATOR_KEY,
    Reply,
    call,
    operator,
    owner,
)
from tests.store.build import APP_ID, PHONE, client, dynamodb_table, new_send, paid

pytestmark = pytest.mark.usefixtures("service", "stopped")

OTHER_APP, OTHER_PHONE = "another-app", "+8618612345670"
TABLES = ("users", "phones", "opt-outs", "messages", "shield", "events")


@pytest.fixture(autouse=True)
def known(service: object, stopped: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people in two apps, in every table, and an operator. Decisions are kept for four days."""
    monkeypatch.setattr(erasures, "REMEMBER", timedelta(days=4))
    now = clock.now()
    deployment.add_operator(OPERATOR, OPERATOR_KEY, "bootstrap", now=now)
    record_app(replace(DEMO_APP, app_id=OTHER_APP, name="another", default_signature=None))
    for app_id in (APP_ID, OTHER_APP):
        app_store.change(app_id, lambda app: replace(app, events=Events(bus=True)))
        for phone in (PHONE, OTHER_PHONE):
            leave_traces(app_id, phone, now)
    for phone in (PHONE, OTHER_PHONE):
        opt_outs.record_reply(None, phone, OptOut(True, 1_000, "STOP", "sns", "r0"))


def leave_traces(app_id: str, phone: str, now: datetime) -> None:
    at = int(now.timestamp())
    send = new_send(f"{app_id}{phone}")
    subject = replace(send.subject, app_id=app_id, phone=phone)
    paid(replace(send, subject=subject, now=now, expires_at=at + 600))
    user = User(app_id, users.new_id(now), at, at, phone=phone, phone_verified=True)
    user_store.create(replace(user, written_phone=phone))
    consents.record_many(app_id, [Consent(phone, "form", at * 1000 - 9, "audience", "a1")])
    opt_outs.record_reply(app_id, phone, OptOut(True, at * 1000, "TD", "sns", "r1"))
    events.record_opt_out(app_id, phone=phone, added=True, source="reply", at=now, now=now)
    lock = Lock("c86", Step.REFUSE, "share", 9, 0, 5, 600, at, at + 60)
    for days in (0, 2):
        when = now - timedelta(days=days)
        made = decisions.of(
            lock,
            Attempt(phone, None),
            step=Step.REFUSE,
            enforced=True,
            price_micros=1,
            now=int(when.timestamp()),
        )
        decisions.record(app_id, made, now=when)


def stored(phone: str) -> dict[str, list[str]]:
    """What names a number, by table."""
    found = {
        name: [repr(item) for item in client("dynamodb").scan(TableName=name)["Items"]]
        for name in client("dynamodb").list_tables()["TableNames"]
    }
    digits = phone.removeprefix("+")
    naming = {name: [one for one in some if digits in one] for name, some in found.items()}
    return {name: some for name, some in naming.items() if some}


def erase(phone: str = PHONE, *, headers: Any = None, **query: str) -> Reply:
    return call(
        "DELETE",
        f"/console/api/people/{phone}",
        headers=headers or operator(),
        query=query,
        handler=people_function.handler,
    )


def test_everything_that_names_the_number_goes_and_only_that() -> None:
    others = stored(OTHER_PHONE)
    assert set(stored(PHONE)) == set(TABLES)

    reply = erase()

    assert reply.status == 200
    assert (reply.body["done"], reply.body["cursor"]) == (True, None)
    assert reply.body["erased"] == {
        "Users": 2,
        "Phones": 2,
        "OptOuts": 5,
        "Messages": 2,
        "Shield": 4,
        "Events": 2,
    }
    assert stored(PHONE) == {}
    assert stored(OTHER_PHONE) == others
    assert user_store.find(APP_ID, users.phone_claim(PHONE)) is None


def test_all_that_the_shield_remembers_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasures, "REMEMBER", decisions.REMEMBER)
    now = clock.now()
    place: str | None = "58"
    while place:
        last = int(place)
        _, place = erasures.decisions(APP_ID, PHONE, place, now=now)

    assert last == 61, "and a day more, for what is to be deleted may be there for a while"


def test_who_was_erased_stays_out_when_the_number_is_uploaded_again() -> None:
    erase()

    at = int(clock.now().timestamp()) * 1000
    consents.record_many(APP_ID, [Consent(PHONE, "form", at - 9, "audience", "a2")])

    assert opt_outs.out_of(APP_ID, [PHONE]) == {PHONE}
    assert consents.known(APP_ID, [PHONE]) == set()
    assert [one.word for one in opt_outs.history(APP_ID, PHONE)] == ["TD"]


def test_it_says_what_goes_by_itself_and_what_stays() -> None:
    body = erase().body

    assert {one["what"]: one["days"] for one in body["expires"]} == erase_person.EXPIRES
    assert body["stays"] == ["opt_outs", "test_phone", "trail", "files", "carrier"]


def test_the_trail_says_who_did_it_and_to_whom_by_a_digest() -> None:
    erase()

    entries, _ = trail.entries(DEPLOYMENT, limit=10)
    (entry,) = [one for one in entries if one.action == "erase"]
    assert entry.actor == audits.operator(OPERATOR)
    assert len(entry.subject.removeprefix("number:")) == 32
    assert PHONE[-4:] not in str(entry)


def test_it_goes_on_where_a_call_had_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call does one piece only."""
    cursor, calls, erased = "", 0, 0
    while calls == 0 or cursor:
        act = Act(OPERATOR, audits.operator(OPERATOR), clock.now())
        pieces = iter([True, False])
        body: Any = erase_person.erase(
            act,
            PHONE,
            {"cursor": cursor},
            may_go_on=lambda: next(pieces),  # noqa: B023
        )
        assert body["done"] is (body["cursor"] is None)
        cursor, calls, erased = body["cursor"], calls + 1, erased + sum(body["erased"].values())

    assert calls == 2 * (4 + 6 + 4), (
        "a piece is a day of the shield's, a page of messages, of events"
    )
    assert erased == 17
    assert stored(PHONE) == {}


@pytest.mark.parametrize("crash_at", range(1, 8))
def test_a_fault_between_two_steps_leaves_the_rest_to_the_next_call(
    crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = 0
    pieces = erase_person._pieces

    def breaking(phone: str, now: datetime) -> Any:
        def broken(name: str) -> Callable[[str, str | None], Any]:
            def piece(app_id: str, within: str | None) -> Any:
                nonlocal done
                result = pieces(phone, now)[name](app_id, within)
                done += name != "Shield" or within == "4"
                if done == crash_at:
                    raise Unavailable
                return result

            return piece

        return {name: broken(name) for name in pieces(phone, now)}

    with monkeypatch.context() as patch:
        patch.setattr(erase_person, "_pieces", breaking)
        assert erase().refusal == (503, 1)
    assert stored(PHONE) != {}

    assert erase().body["done"] is True
    assert stored(PHONE) == {}


def test_again_there_is_nothing_left() -> None:
    erase()

    assert set(erase().body["erased"].values()) == {0}


def test_of_nobody_nothing_is_erased() -> None:
    before = {phone: stored(phone) for phone in (PHONE, OTHER_PHONE)}

    body = erase("+8618612345671").body

    assert (body["done"], set(body["erased"].values())) == (True, {0})
    assert {phone: stored(phone) for phone in (PHONE, OTHER_PHONE)} == before


def test_many_messages_go_page_by_page() -> None:
    now = datetime.now(UTC)
    table = dynamodb_table("messages")
    for number in range(230):
        sk = f"{int(now.timestamp() * 1000):012x}{number:020x}"
        key = {"pk": f"{APP_ID}#20261122#1", "sk": sk}
        table.put_item(Item={**key, "app_phone": f"{APP_ID}#{PHONE}"})

    assert erase().body["erased"]["Messages"] == 232
    assert erasures.messages(APP_ID, PHONE) == (0, None)


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [(owner(), (403, 1)), ({}, (401, 1)), (operator(key="wrong"), (401, 1))],
)
def test_only_operators_erase(headers: dict[str, str], refusal: tuple[int, int]) -> None:
    before = stored(PHONE)

    assert erase(headers=headers or {"x": "y"}).refusal[0] == refusal[0]

    assert stored(PHONE) == before


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJhIiwiQXBwcyIsbnVsbF0", "WyJhIiwiU2hpZWxkIiwiLTEiXQ"]
)
def test_a_cursor_is_one_that_a_call_gave(cursor: str) -> None:
    assert erase(cursor=cursor).refusal == (400, 1)


def test_what_is_no_number_is_refused() -> None:
    assert erase("12").refusal == (400, 127)
