"""What an app is told of a change, and what it never is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from signet import events
from signet.apps import Events
from signet.codes import Purpose
from signet.events import Change, Event, Type
from signet.limits import Channel, Kind
from signet.messages import State
from signet.records import Record

AT = 1_795_334_400
NOW = datetime.fromtimestamp(AT, UTC)
SENDING = Record(
    message_id="20261122-3-019ab4e5d4007a3f1c9e2b4d6f8a0b1c",
    created_at=AT,
    phone="+8618612345678",
    kind=Kind.VERIFICATION,
    purpose=Purpose.LOGIN,
    channel=Channel.SMS,
    template="Login_Code",
    template_version=1,
    signature="Signet",
    state=State.SENDING,
    segments=1,
    price_micros=50_000,
    refunded=False,
)
SENT = replace(SENDING, state=State.AWAITING_RECEIPT, carrier="sns", sent_at=AT + 2)


def told(before: Record, after: Record, *, at: int = AT + 9) -> list[Event]:
    return list(events.of_change(Change("app", before, after, at)))


def kinds(before: Record, after: Record) -> list[str]:
    return [event.type.value for event in told(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (SENDING, SENT, ["message.sent"]),
        (SENT, replace(SENT, state=State.DELIVERED), ["message.delivered"]),
        (SENT, replace(SENT, state=State.UNDELIVERED), ["message.undelivered"]),
        (SENT, replace(SENT, state=State.VERIFIED, verified_at=AT + 5), ["code.verified"]),
        (SENDING, replace(SENDING, state=State.UNCONFIRMED), ["message.unconfirmed"]),
        (SENDING, replace(SENDING, state=State.CALL_FAILED), ["message.call_failed"]),
        (SENDING, replace(SENDING, state=State.EXPIRED), ["message.expired"]),
        (replace(SENDING, state=State.QUEUED), SENDING, []),
        (SENDING, replace(SENDING, state=State.QUEUED), []),
        (SENT, replace(SENT, reason="late"), []),
    ],
)
def test_each_change_of_state_is_told_as_what_it_is(
    before: Record, after: Record, expected: list[str]
) -> None:
    assert kinds(before, after) == expected


REPORTED: dict[str, Any] = {
    "report": State.UNDELIVERED,
    "reported_at": AT + 7,
    "report_reason": "MK:0001",
}


def test_a_receipt_says_when_and_why() -> None:
    (event,) = told(SENT, replace(SENT, state=State.UNDELIVERED, **REPORTED))

    assert (event.type, event.created_at) == (Type.UNDELIVERED, AT + 7)
    assert event.data["reason"] == "MK:0001"


def test_a_receipt_after_the_code_was_used_is_told_too() -> None:
    used = replace(SENT, state=State.VERIFIED, verified_at=AT + 5)

    (event,) = told(used, replace(used, report=State.DELIVERED, reported_at=AT + 7))

    assert (event.type, event.data["state"]) == (Type.DELIVERED, "verified")
    assert event.created_at == AT + 7


def test_a_carrier_that_took_a_message_whose_code_was_used_already_is_told_of() -> None:
    used = replace(SENDING, state=State.VERIFIED, verified_at=AT)

    assert kinds(used, replace(used, carrier="sns", sent_at=AT + 2)) == ["message.sent"]


def test_a_second_carrier_is_no_second_sending() -> None:
    assert kinds(SENT, replace(SENT, carrier="other", sent_at=AT + 30)) == []


def test_the_same_change_has_the_same_id_and_body_however_often_it_comes() -> None:
    (first,), (again,) = told(SENDING, SENT), told(SENDING, SENT, at=AT + 500)

    assert (first.event_id, first.body) == (again.event_id, again.body)
    assert events.is_id(first.event_id)


def test_ids_differ_by_app_message_and_type_and_sort_by_time() -> None:
    delivered = replace(SENT, state=State.DELIVERED)
    other = replace(SENT, message_id="20261122-3-019ab4e5d4007a3f1c9e2b4d6f8a0b1d")
    ids = [
        told(SENDING, SENT)[0].event_id,
        told(SENT, delivered)[0].event_id,
        told(replace(other, sent_at=None), other)[0].event_id,
        next(events.of_change(Change("other", SENDING, SENT, AT))).event_id,
    ]

    assert len(set(ids)) == 4
    assert ids[0] < ids[1]
    assert events.time_of(ids[0]) == AT + 2


def test_an_event_says_what_became_of_the_message_and_not_what_it_said() -> None:
    (event,) = told(SENDING, SENT)

    assert json.loads(event.body) == {
        "id": event.event_id,
        "type": "message.sent",
        "created_at": "2026-11-22T08:00:02Z",
        "app_id": "app",
        "data": {
            "message_id": SENT.message_id,
            "phone": "+8618612345678",
            "kind": "verification",
            "purpose": "login",
            "channel": "sms",
            "template": "Login_Code",
            "signature": "Signet",
            "state": "awaiting_receipt",
            "carrier": "sns",
            "reason": None,
            "segments": 1,
            "price_micros": 50_000,
            "refunded": False,
        },
    }


def test_a_reply_is_told_once_by_its_carriers_own_id() -> None:
    def reply(reply_id: str) -> Event:
        return events.reply(
            "app", reply_id=reply_id, phone="+8618612345678", text="TD", carrier="sns", at=NOW
        )

    assert reply("1").event_id == reply("1").event_id != reply("2").event_id
    assert reply("1").type is Type.REPLY
    assert reply("1").data == {"phone": "+8618612345678", "text": "TD", "carrier": "sns"}


@pytest.mark.parametrize(("added", "kind"), [(True, "opt_out.added"), (False, "opt_out.removed")])
def test_an_opt_out_is_told_with_what_made_it(added: bool, kind: str) -> None:
    event = events.opt_out("app", phone="+8618612345678", added=added, source="reply", at=NOW)

    assert event.type.value == kind
    assert event.data == {"phone": "+8618612345678", "source": "reply"}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (Events(), False),
        (Events(types=("message.sent",)), False),
        (Events(bus=True), True),
        (Events(url="https://example.com/"), True),
        (Events(bus=True, types=("message.sent",)), True),
        (Events(bus=True, types=("code.verified",)), False),
    ],
)
def test_an_app_is_told_what_it_asks_for(settings: Events, wanted: bool) -> None:
    assert settings.wants("message.sent") is wanted


@pytest.mark.parametrize("text", ["", "evt_", "evt_" + "g" * 32, "evt_" + "0" * 33, "x" * 2000])
def test_what_is_no_id_is_none(text: str) -> None:
    assert not events.is_id(text)
