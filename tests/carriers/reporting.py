"""What every carrier does with a callback: one suite, inherited beside the contract.

A class says how a vendor proves that a body is its own, and what its receipts and replies look
like; everything else must be refused, and nothing else may be raised.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signet.carriers import Callback, CallbackRefused, Carrier, Receipt, Reports
from tests.carriers.contract import CODE, MESSAGE

NOW = 1_795_305_600  # 2026-11-22T00:00:00Z, 08:00 in Beijing
BASE = "https://sms.example.com/live"
NUMBER = "13800138000"
PHONE = f"+86{NUMBER}"
CALLBACK_KEY = "a-long-callback-key"

# What no vendor sends.
GARBAGE = (
    "",
    "null",
    "7",
    '"text"',
    "{",
    "[",
    "<xml/>",
    "\x00",
    "\udcff\udcfe",
    "\ufffd",
    "[" * 50_000,
    '{"a":' * 50_000,
    '{"v": 1, "receipts": [' + "9" * 5000 + "]}",
    " " * 300_000,
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from((PHONE, NUMBER, CODE, "SUCCESS", "delivered", "true", "2017-01-01 00:00:00")),
)
_NAMES = st.sampled_from(
    (
        *("v", "receipts", "replies", "app_id", "message_id", "state", "reason", "at", "id"),
        *("from", "text", "signature_text", "phone_number", "content", "sequence_id", "sign_name"),
        *("success", "err_code", "out_id", "biz_id", "report_time", "send_time", "Status"),
        *("TaskId", "MessageId", "ErrorCode", "ReceiveDate", "status_code", "call_id", "end_time"),
        *("report_status", "errmsg", "sid", "user_receive_time", "voicecode_callback", "result"),
        *("voice_failure_callback", "failure_code", "callid", "end_calltime", "mobile", "sign"),
        *("nationcode", "time", "eventType", "isFinal", "context", "app", "message", "messageId"),
        *("eventTimestamp", "originationNumber", "messageBody", "inboundMessageId"),
    )
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner),
    max_leaves=20,
)
_FORM = st.lists(
    st.sampled_from(
        (
            "MessageStatus=delivered",
            "MessageStatus=%FF",
            "CallStatus=busy",
            f"From=%2B86{NUMBER}",
            f"ErrorCode={CODE}",
            "Body=TD",
            "Body=%ED%A0%80",
            "MessageSid=SM1",
            "&&=;",
        )
    )
).map("&".join)
BODIES = st.one_of(st.text(), _JSON.map(json.dumps), _FORM)


class Reporting:
    """One class for each vendor says how its callbacks look; the tests are here."""

    answer: ClassVar[str]
    # What it was asked to send, by the names that a receipt has for it.
    expected: ClassVar[Receipt]

    def reporter(self) -> Carrier:
        """The carrier, with the credentials that the callbacks here are made with."""
        raise NotImplementedError

    def proven(self, body: str) -> Callback:
        """A callback with the vendor's proof for just this body."""
        raise NotImplementedError

    def receipt(self, *, delivered: bool) -> str:
        """The body of a receipt for the contract's message."""
        raise NotImplementedError

    def reply(self, text: str) -> str:
        """The body of a reply from `PHONE`, "reply-1"."""
        raise NotImplementedError

    def forged(self, body: str) -> Iterator[Callback]:
        """Callbacks without a right proof for this body."""
        raise NotImplementedError

    @pytest.mark.parametrize("delivered", [True, False])
    def test_a_receipt_with_its_proof_is_read(self, delivered: bool) -> None:
        reports = self.reporter().reports(self.proven(self.receipt(delivered=delivered)))

        (receipt,) = reports.receipts
        assert receipt.delivered is delivered
        assert (receipt.ref, receipt.carrier_message_id) == (
            self.expected.ref,
            self.expected.carrier_message_id,
        )
        assert receipt.reason != "unreadable"
        assert (reports.replies, reports.answer) == ((), self.answer)

    @pytest.mark.parametrize("text", ["TD", "退订", "STOP ", "", "好的\n谢谢 & <more>", "t" * 3000])
    def test_a_reply_with_its_proof_is_read(self, text: str) -> None:
        reports = self.reporter().reports(self.proven(self.reply(text)))

        (reply,) = reports.replies
        assert (reply.phone, reply.text) == (PHONE, text[:2000])
        assert reply.reply_id
        assert reports.receipts == ()

    def test_a_reply_that_comes_twice_has_the_same_name(self) -> None:
        first, again, other = (
            self.reporter().reports(self.proven(self.reply(text))).replies[0]
            for text in ("TD", "TD", "START")
        )

        assert first == again
        assert other.text == "START"

    def test_without_its_proof_nothing_is_believed(self) -> None:
        for body in (self.receipt(delivered=True), self.reply("TD")):
            for callback in self.forged(body):
                with pytest.raises(CallbackRefused) as refused:
                    self.reporter().reports(callback)
                self.tells_nothing(refused.value.reason)

    def test_garbage_is_refused_even_with_its_proof(self) -> None:
        for body in GARBAGE:
            nothing_or_refused(self.reporter(), self.proven(body))

    def test_what_is_too_long_for_a_report_is_refused(self) -> None:
        body = self.receipt(delivered=True) + " " * 300_000

        with pytest.raises(CallbackRefused, match="too large"):
            self.reporter().reports(self.proven(body))

    @given(body=BODIES, data=st.data())
    # One test for all carriers, so examples of one are none of another's: nothing is replayed.
    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.differing_executors],
    )
    def test_no_body_and_no_header_raises_anything_else(
        self, body: str, data: st.DataObject
    ) -> None:
        right = self.proven(body)
        values = st.one_of(st.text(max_size=50), st.sampled_from(("v1,", "0", "9" * 12, "１２")))
        headers = {name: data.draw(values) for name in right.headers}
        query = {name: data.draw(values) for name in right.query}
        wrong = replace(right, url=right.url or "x", headers=headers, query=query)

        with pytest.raises(CallbackRefused):
            self.reporter().reports(wrong)
        try:
            reports = self.reporter().reports(right)
        except CallbackRefused as refused:
            self.tells_nothing(refused.reason)
        else:
            self.can_be_stored(reports)

    def tells_nothing(self, reason: str) -> None:
        """A reason is safe to log: it holds neither number nor code, and no key."""
        for secret in (NUMBER, MESSAGE.phone[1:], CODE, CALLBACK_KEY):
            assert secret not in reason

    def can_be_stored(self, reports: Reports) -> None:
        """What comes of a body are texts that a table takes, and reasons that are codes."""
        for receipt in reports.receipts:
            self.tells_nothing(receipt.reason)
            assert 0 < len(receipt.reason.encode()) <= 80
            (receipt.carrier_message_id or "").encode()
            assert receipt.at is None or receipt.at > 0
        for reply in reports.replies:
            assert reply.phone.startswith("+")
            for text in (reply.text, reply.reply_id, reply.app_id, reply.signature_text):
                assert len((text or "").encode()) <= 8000
            assert reply.reply_id


def nothing_or_refused(carrier: Carrier, callback: Callback) -> None:
    """A form can be read out of anything, and has nothing in it; JSON cannot."""
    try:
        reports = carrier.reports(callback)
    except CallbackRefused:
        return
    assert (reports.receipts, reports.replies) == ((), ())
