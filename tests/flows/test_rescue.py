"""Rescues: the same code once more, another way, only where nothing was heard of it."""

from dataclasses import replace

import pytest

from signet import codes
from signet.carriers import CarrierError, OutcomeUnknown
from signet.codes import LiveCode
from signet.flows.deliver import Records, RetryLater
from signet.flows.rescue import Rescues, rescue
from signet.limits import Channel
from signet.messages import Message, State
from tests.flows.fakes import FakeCarrier, FakeCode, FakeMessages, FakeRouting, FakeSecret
from tests.store.build import KEYRING, SECONDS, SUBJECT, after, new_message, new_send

NONCE = bytes(range(16))
CODE = codes.derive(KEYRING.keys["k1"], SUBJECT, NONCE)
SENT = replace(
    new_message(new_send(nonce=NONCE)),
    variables={"name": "天东商城", "ttl": "10"},
    state=State.AWAITING_RECEIPT,
    rescue=True,
    sent_at=SECONDS,
    attempts=1,
    attempt_id="first",
    carriers=("first",),
)


class Rescue:
    """A message that a carrier took, and the ways there are to send its code once more."""

    def __init__(self, message: Message = SENT, *ways: tuple[FakeCarrier, Channel]) -> None:
        self.messages = FakeMessages()
        self.ref = self.messages.add(message).ref
        self.routes = FakeRouting([], list(ways))
        self.code = FakeCode(
            LiveCode(NONCE, None, message.expires_at, message.ref.message_id, guesses=[])
        )
        self.calls_allowed = True
        self.at = 20

    def run(self) -> None:
        secret = FakeSecret(KEYRING)
        records = Records(
            get=self.messages.get,
            claim=self.messages.claim,
            ask_next=self.messages.ask_next,
            accepted=self.messages.accepted,
            refused=self.messages.refused,
            unconfirmed=self.messages.unconfirmed,
            lost=self.messages.lost,
            expired=self.messages.expired,
            pin_key=self.code.pin_key,
            keyring=secret.keyring,
            verdict=lambda *_: None,
            hold=self.messages.hold,
            template_text=lambda *_: "",
        )
        rescues = Rescues(
            claim=self.messages.claim_rescue,
            told=self.messages.told_of_rescue,
            close=self.messages.close,
            count_call=lambda *_: self.calls_allowed,
        )
        rescue(self.ref, self.routes.routing, records, rescues, now=lambda: after(self.at))


def text(name: str = "second", fails_with: Exception | None = None) -> tuple[FakeCarrier, Channel]:
    return FakeCarrier(fails_with, name=name), Channel.SMS


def call(name: str = "speaker") -> tuple[FakeCarrier, Channel]:
    return FakeCarrier(name=name), Channel.VOICE


def test_the_same_code_goes_out_by_the_next_carrier_and_the_message_stays_as_it_is() -> None:
    second, third = text(), text("third")
    rescued = Rescue(SENT, second, third)

    rescued.run()

    assert [handed.code for handed in second[0].handed] == [CODE]
    assert third[0].handed == []
    assert rescued.messages.state(rescued.ref) is State.AWAITING_RECEIPT
    assert [(one.carrier, one.is_rescue) for one in rescued.messages.tries] == [("second", True)]


def test_it_happens_once_however_often_it_is_asked_for() -> None:
    second = text()
    rescued = Rescue(SENT, second)

    rescued.run()
    rescued.run()

    assert len(second[0].handed) == 1


@pytest.mark.parametrize(
    "state", [State.DELIVERED, State.UNDELIVERED, State.VERIFIED, State.UNCONFIRMED]
)
def test_a_message_that_was_heard_of_is_not_sent_again(state: State) -> None:
    second = text()
    rescued = Rescue(replace(SENT, state=state), second)

    rescued.run()

    assert (second[0].handed, rescued.messages.events) == ([], [])


def test_an_app_that_does_not_want_it_has_none() -> None:
    second = text()
    rescued = Rescue(replace(SENT, rescue=False), second)

    rescued.run()

    assert second[0].handed == []


def test_a_receipt_that_comes_just_before_wins() -> None:
    second = text()
    rescued = Rescue(SENT, second)
    rescued.messages.claimed_by_another = True

    rescued.run()

    assert second[0].handed == []


def test_before_twenty_seconds_it_is_too_early_to_tell() -> None:
    second = text()
    rescued = Rescue(SENT, second)
    rescued.at = 19

    with pytest.raises(RetryLater):
        rescued.run()

    assert (second[0].handed, rescued.messages.events) == ([], [])


def test_without_another_text_carrier_a_voice_says_the_code() -> None:
    speaker = call()
    rescued = Rescue(SENT, speaker)

    rescued.run()

    (handed,) = speaker[0].handed
    assert (handed.channel, handed.code) == (Channel.VOICE, CODE)
    assert rescued.messages.tries[0].channel is Channel.VOICE


def test_a_call_that_limit_e_forbids_is_not_made() -> None:
    speaker = call()
    rescued = Rescue(SENT, speaker)
    rescued.calls_allowed = False

    rescued.run()

    assert speaker[0].handed == []


def test_a_sure_refusal_goes_on_to_the_next_way_and_an_unknown_outcome_does_not() -> None:
    refusing = text(fails_with=CarrierError("down", retryable=False))
    lost = text("third", OutcomeUnknown("ReadTimeoutError"))
    speaker = call()
    rescued = Rescue(SENT, refusing, lost, speaker)

    rescued.run()

    assert [told.outcome for told in rescued.messages.tries] == ["refused", "unknown"]
    assert speaker[0].handed == []
    assert rescued.messages.state(rescued.ref) is State.AWAITING_RECEIPT


@pytest.mark.parametrize("why", ["nobody could", "expired", "replaced"])
def test_where_there_is_nothing_to_send_the_matter_is_closed(why: str) -> None:
    second = text()
    rescued = Rescue(SENT, *([] if why == "nobody could" else [second]))
    rescued.at = 600 if why == "expired" else 20
    rescued.code.live = None if why == "replaced" else rescued.code.live

    rescued.run()

    assert (second[0].handed, rescued.messages.events) == ([], ["close"])
