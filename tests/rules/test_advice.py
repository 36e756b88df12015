"""Advice: something to do for every way that a message can go, in both languages."""

from dataclasses import replace
from typing import Any

import pytest

from signet import advice, causes, routes
from signet.causes import Cause
from signet.codes import Purpose
from signet.limits import Channel
from signet.messages import State
from signet.records import Record
from signet.tries import Outcome, Try
from tests.rules.test_records import RECORD

START = RECORD.created_at
CODE = replace(RECORD, purpose=Purpose.LOGIN, carrier="alibaba", sent_at=START + 1)


def said(record: Record, *, after: int = 10) -> str:
    """All that is advised, in English."""
    return "\n".join(words["en"] for words in advice.of(record, now=START + after))


@pytest.mark.parametrize(
    ("changes", "after", "expected"),
    [
        ({"state": State.QUEUED}, 5, "look again in some seconds"),
        ({"state": State.SENDING}, 5, "look again in some seconds"),
        ({"state": State.QUEUED}, 90, "alarms"),
        ({"state": State.QUEUED, "reason": "isv.AMOUNT_NOT_ENOUGH"}, 90, "put money"),
        ({"state": State.AWAITING_RECEIPT}, 10, "usually reports within a minute: wait"),
        ({"state": State.AWAITING_RECEIPT}, 120, "and has not: the phone may be off"),
        ({"state": State.AWAITING_RECEIPT, "carrier": "sns"}, 10, "Amazon SNS never reports"),
        ({"state": State.DELIVERED}, 10, "spam folder"),
        ({"state": State.DELIVERED}, 10, "two SIMs"),
        ({"state": State.UNDELIVERED, "report_reason": "MK:0023"}, 10, "end flight mode"),
        ({"state": State.UNDELIVERED, "report_reason": "MI:0208"}, 10, "delete some messages"),
        ({"state": State.UNDELIVERED, "report_reason": "MK:0001"}, 10, "check the number"),
        ({"state": State.UNDELIVERED, "report_reason": "?"}, 10, "check the number"),
        ({"state": State.UNDELIVERED, "reason": "MK:0005"}, 10, "restore the number"),
        ({"state": State.CALL_FAILED, "reason": "isv.MOBILE_NUMBER_ILLEGAL"}, 10, "check the num"),
        ({"state": State.CALL_FAILED, "reason": "isv.BUSINESS_LIMIT_CONTROL"}, 10, "a minute"),
        ({"state": State.CALL_FAILED, "reason": "isv.DAY_LIMIT_CONTROL"}, 10, "raise the account"),
        ({"state": State.CALL_FAILED, "reason": "no template mapping for X"}, 10, "Carrier map"),
        ({"state": State.CALL_FAILED, "reason": "?"}, 10, "second carrier"),
        ({"state": State.UNCONFIRMED, "reason": "ReadTimeout"}, 10, "after 60 seconds"),
        ({"state": State.EXPIRED, "reason": "code replaced"}, 10, "newest message"),
        ({"state": State.EXPIRED, "reason": "code expired"}, 10, "Ask for a new code"),
        ({"state": State.EXPIRED, "reason": "kept back"}, 10, "no account"),
        ({"state": State.EXPIRED, "reason": "withheld"}, 10, "those who run the app"),
        ({"state": State.EXPIRED, "reason": "opted out"}, 10, "wants no marketing"),
        ({"state": State.EXPIRED, "reason": "no company"}, 10, "Name the company"),
        ({"state": State.EXPIRED, "reason": "sms off"}, 10, "Turn the SMS service on"),
        ({"state": State.QUEUED, "held_until": START + 900}, 899, "waits for the hours"),
        ({"state": State.QUEUED, "held_until": START + 900}, 910, "look again in some seconds"),
        ({"state": State.QUEUED, "held_until": START + 900}, 990, "alarms"),
    ],
)
def test_each_way_of_not_arriving_has_something_to_do(
    changes: dict[str, Any], after: int, expected: str
) -> None:
    record = replace(CODE, **changes)

    assert expected in said(record, after=after)


@pytest.mark.parametrize("changes", [{"state": State.VERIFIED}])
def test_where_all_is_well_there_is_nothing_to_do(changes: dict[str, Any]) -> None:
    assert advice.of(replace(CODE, **changes), now=START + 10) == []


def test_a_code_that_was_used_before_it_was_sent_needs_nothing() -> None:
    assert said(replace(CODE, state=State.EXPIRED, reason="code used")) == ""


def test_nobody_asks_for_a_new_code_of_a_notification() -> None:
    failed = replace(CODE, state=State.UNDELIVERED, report_reason="UNDELIV")

    assert "new code" in said(failed)
    assert "new code" not in said(replace(failed, purpose=None))
    assert "Send it again" in said(replace(failed, purpose=None))


def test_nobody_looks_for_a_call_in_a_spam_folder() -> None:
    told = said(replace(CODE, state=State.DELIVERED, channel=Channel.VOICE))

    assert "spam" not in told
    assert "answer the call" in told


def test_the_receipt_counts_before_an_earlier_refusal() -> None:
    record = replace(
        CODE,
        state=State.UNDELIVERED,
        reason="isv.AMOUNT_NOT_ENOUGH",
        report_carrier="twilio",
        report_reason="30003",
    )

    assert "flight mode" in said(record)


def test_a_refusal_is_understood_as_the_last_carriers() -> None:
    tries = (
        Try("alibaba", Outcome.REFUSED, "x", 1, 1),
        Try("twilio", Outcome.REFUSED, "21610", 2, 1),
    )
    record = replace(CODE, state=State.CALL_FAILED, carrier=None, reason="21610", tries=tries)

    assert "START" in said(record)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_advice_in_both_languages(cause: Cause) -> None:
    listed = advice._BY_CAUSE[cause]

    assert listed
    assert all(set(words) == {"zh", "en"} and all(words.values()) for words in listed)


def test_it_is_known_of_every_carrier_whether_it_reports() -> None:
    assert set(advice.REPORTS_WITHIN) == {*routes.AWS, *routes.OUTSIDE}


def test_every_state_has_an_answer() -> None:
    for state in State:
        for words in advice.of(replace(CODE, state=state), now=START):
            assert words["zh"]
            assert words["en"]


def test_no_advice_names_the_number_or_the_price() -> None:
    for state in State:
        for cause in (None, *causes._ALIBABA):
            told = str(advice.of(replace(CODE, state=state, reason=cause), now=START + 500))
            assert "12345678" not in told
            assert "0.05" not in told
