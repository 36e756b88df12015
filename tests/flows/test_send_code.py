"""Sending a code: every refusal before the accept, and every turn after it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from signet import messages, phones
from signet.apps import App, ReviewState, Signature, Switches, TestPhone
from signet.codes import LiveCode, Subject
from signet.edge.queue import QueueUnavailable
from signet.errors import (
    BadParameter,
    FeatureDisabled,
    InternationalDisabled,
    SignatureInvalid,
    SignatureNotVerified,
    SignetError,
    TooFast,
)
from signet.flows.send_code import Caller, Stores, send_code
from signet.limits import Kind
from signet.messages import Message
from signet.send_requests import SendRequest
from signet.store.phones import AlreadyAccepted, CodeLives, NoLiveCode, Send
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeQueue
from tests.store.build import NOW, PHONE, SECONDS

LIVE = LiveCode(bytes(16), "k1", SECONDS + 400, "20261122-0-aa", guesses=[])


@dataclass
class FakePhones:
    """The accepting store: answers each accept in turn, and keeps what it accepted."""

    answers: list[Exception | None] = field(default_factory=list)
    accepted: list[tuple[Send, Message | None]] = field(default_factory=list)
    kept_live: list[bool] = field(default_factory=list)
    sent_again: list[LiveCode] = field(default_factory=list)

    def accept(self, send: Send, message: Message | None, *, keep_live: bool = False) -> None:
        self.kept_live.append(keep_live)
        self._answer()
        self.accepted.append((send, message))

    def accept_again(self, send: Send, message: Message, code: LiveCode) -> None:
        self._answer()
        self.sent_again.append(code)
        self.accepted.append((send, message))

    def _answer(self) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer


@dataclass
class Sending:
    """One request for a code and what it meets."""

    app: App = DEMO_APP
    phone: str = PHONE
    phones: FakePhones = field(default_factory=FakePhones)
    queue: FakeQueue = field(default_factory=FakeQueue)
    signatures: dict[str, Signature] = field(default_factory=dict)

    def run(self, **request: Any) -> None:
        stores = Stores(
            signature=lambda app_id, name: self.signatures.get(name),
            accept=self.phones.accept,
            accept_again=self.phones.accept_again,
            enqueue=self.queue.enqueue,
        )
        asked = replace(SendRequest(phones.parse(self.phone)), **request)
        caller = Caller(self.app, "request-1", ("order-1", "digest"))
        send_code(asked, caller, stores, now=NOW)

    @property
    def message(self) -> Message:
        (accepted,) = self.phones.accepted
        assert accepted[1] is not None
        return accepted[1]


def test_an_accepted_message_is_recorded_then_queued() -> None:
    sending = Sending()

    sending.run()

    assert sending.queue.queued == [(sending.message.ref, Kind.VERIFICATION)]


def test_the_accept_is_told_all_that_recognises_the_request() -> None:
    sending = Sending()

    sending.run(ttl=timedelta(minutes=5))

    ((send, message),) = sending.phones.accepted
    assert send.subject == Subject(DEMO_APP.app_id, send.subject.purpose, PHONE)
    assert (send.request_id, send.idempotency) == ("request-1", ("order-1", "digest"))
    assert (send.now, send.expires_at) == (NOW, SECONDS + 300)
    assert [limit.name for limit in send.limits] == ["A", "B", "C"]
    assert message is not None
    assert message.nonce_tag == messages.nonce_tag(send.nonce)


def test_a_message_remembers_what_its_text_is_made_of_but_neither_text_nor_code() -> None:
    sending = Sending()

    sending.run(name="天东商城", operation="付款", ttl=timedelta(minutes=5))

    message = sending.message
    assert message.variables == {"name": "天东商城", "op": "付款", "ttl": "5"}
    assert (message.signature, message.signature_text) == ("Signet", "示例商城")
    assert (message.created_at, message.expires_at) == (SECONDS, SECONDS + 300)
    assert message.segments == 1


def test_the_apps_name_stands_in_for_a_missing_one() -> None:
    sending = Sending()

    sending.run()

    assert sending.message.variables == {"name": "示例应用", "ttl": "10"}


def test_two_requests_never_draw_the_same_nonce() -> None:
    first, second = Sending(), Sending()

    first.run()
    second.run()

    assert first.phones.accepted[0][0].nonce != second.phones.accepted[0][0].nonce


def test_a_long_text_is_counted_in_segments() -> None:
    sending = Sending()

    sending.run(name="商" * 100)

    assert sending.message.segments == 3


@pytest.mark.parametrize(
    ("switches", "phone", "error"),
    [
        (Switches(sms=False), PHONE, FeatureDisabled),
        (Switches(generic_sms=False), PHONE, FeatureDisabled),
        (Switches(sms=False, generic_sms=False), PHONE, FeatureDisabled),
        (Switches(), "+12015550123", InternationalDisabled),
        (Switches(), "+85251234567", InternationalDisabled),
    ],
)
def test_a_switch_that_is_off_refuses_before_anything_is_counted(
    switches: Switches, phone: str, error: type[SignetError]
) -> None:
    sending = Sending(replace(DEMO_APP, switches=switches), phone)

    with pytest.raises(error):
        sending.run()

    assert sending.phones.accepted == []


def test_numbers_abroad_are_sent_to_when_the_switch_is_on() -> None:
    sending = Sending(replace(DEMO_APP, switches=Switches(international=True)), "+12015550123")

    sending.run()

    assert sending.message.phone == "+12015550123"


SECOND = Signature("LeanCloud", "天东商城", "s2")


def test_a_named_signature_is_used_with_limits_of_its_own() -> None:
    sending = Sending(signatures={"LeanCloud": SECOND})

    sending.run(sign="LeanCloud")

    assert (sending.message.signature, sending.message.signature_text) == ("LeanCloud", "天东商城")
    assert sending.phones.accepted[0][0].limits[1].register == "s2b"


def unapproved(state: ReviewState) -> Callable[[], Sending]:
    return lambda: Sending(signatures={"LeanCloud": replace(SECOND, state=state)})


@pytest.mark.parametrize(
    ("sending", "sign", "error"),
    [
        (lambda: Sending(), "LeanCloud", SignatureInvalid),
        (unapproved(ReviewState.DRAFT), "LeanCloud", SignatureNotVerified),
        (unapproved(ReviewState.PENDING), "LeanCloud", SignatureNotVerified),
        (unapproved(ReviewState.REJECTED), "LeanCloud", SignatureNotVerified),
        (lambda: Sending(replace(DEMO_APP, default_signature=None)), None, SignatureNotVerified),
        (
            lambda: Sending(
                replace(DEMO_APP, default_signature=replace(SECOND, state=ReviewState.PENDING))
            ),
            None,
            SignatureNotVerified,
        ),
    ],
    ids=["unknown", "draft", "pending", "rejected", "no default", "default not approved"],
)
def test_a_signature_that_may_not_be_used_refuses_before_anything_is_counted(
    sending: Callable[[], Sending], sign: str | None, error: type[SignetError]
) -> None:
    asked = sending()

    with pytest.raises(error):
        asked.run(sign=sign)

    assert asked.phones.accepted == []


def test_a_text_over_four_hundred_characters_refuses_before_anything_is_counted() -> None:
    sending = Sending()

    with pytest.raises(BadParameter, match="400"):
        sending.run(name="商" * 200, operation="付" * 200)

    assert sending.phones.accepted == []


def test_a_broken_limit_reaches_the_caller_and_queues_nothing() -> None:
    sending = Sending(phones=FakePhones([TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()

    assert sending.queue.queued == []


def test_a_repeated_request_is_answered_yes_and_queues_nothing() -> None:
    sending = Sending(phones=FakePhones([AlreadyAccepted()]))

    sending.run()

    assert sending.queue.queued == []


def test_a_queue_that_refuses_does_not_turn_a_recorded_send_into_a_failure() -> None:
    sending = Sending(queue=FakeQueue(QueueUnavailable()))

    sending.run()

    assert len(sending.phones.accepted) == 1


# --- The test phone ---------------------------------------------------------------------------

WITH_TEST_PHONE = replace(DEMO_APP, test_phone=TestPhone(PHONE, "246810"))


def test_a_test_phone_is_counted_but_nothing_is_recorded_or_queued() -> None:
    sending = Sending(WITH_TEST_PHONE)

    sending.run()

    ((_, message),) = sending.phones.accepted
    assert message is None
    assert sending.queue.queued == []


def test_a_test_phone_is_limited_like_any_other() -> None:
    sending = Sending(WITH_TEST_PHONE, phones=FakePhones([TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()


def test_a_repeated_request_for_a_test_phone_is_answered_yes() -> None:
    Sending(WITH_TEST_PHONE, phones=FakePhones([AlreadyAccepted()])).run()


def test_other_numbers_of_an_app_with_a_test_phone_are_sent_to() -> None:
    sending = Sending(WITH_TEST_PHONE, "+8618612345679")

    sending.run()

    assert len(sending.queue.queued) == 1


# --- Sending the same code again --------------------------------------------------------------

RESENDS = replace(DEMO_APP, switches=Switches(resend_same_code=True))


@pytest.mark.parametrize(("app", "keeps"), [(DEMO_APP, False), (RESENDS, True)])
def test_a_live_code_is_kept_only_where_the_app_wants_it(app: App, keeps: bool) -> None:
    sending = Sending(app)

    sending.run()

    assert sending.phones.kept_live == [keeps]


def test_a_live_code_is_sent_again_with_its_own_expiry_and_the_minutes_left() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE)]))

    sending.run(ttl=timedelta(minutes=30))

    message = sending.message
    assert sending.phones.sent_again == [LIVE]
    assert (message.expires_at, message.variables["ttl"]) == (SECONDS + 400, "6")
    assert message.nonce_tag == messages.nonce_tag(LIVE.nonce)
    assert sending.queue.queued == [(message.ref, Kind.VERIFICATION)]


def test_a_code_replaced_meanwhile_makes_a_new_one() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(None), None]))

    sending.run()

    assert sending.phones.sent_again == []
    assert sending.message.expires_at == SECONDS + 600
    assert len(sending.queue.queued) == 1


def test_another_live_code_meanwhile_is_the_one_sent_again() -> None:
    other = replace(LIVE, nonce=bytes(range(16)))
    sending = Sending(
        RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(other), CodeLives(other)])
    )

    sending.run()

    assert sending.phones.sent_again == [other]


def test_a_copy_of_a_request_to_send_again_is_answered_yes() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), AlreadyAccepted()]))

    sending.run()

    assert sending.queue.queued == []


def test_a_limit_broken_meanwhile_reaches_the_caller() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), TooFast(retry_after=9)]))

    with pytest.raises(TooFast):
        sending.run()


def test_a_code_that_keeps_changing_ends_somewhere() -> None:
    sending = Sending(RESENDS, phones=FakePhones([CodeLives(LIVE), NoLiveCode(None)] * 9))

    with pytest.raises(RuntimeError):
        sending.run()

    assert sending.queue.queued == []
