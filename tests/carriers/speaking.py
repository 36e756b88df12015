"""What every carrier does that makes voice calls: one suite, inherited beside the contract."""

from dataclasses import replace
from typing import ClassVar

import pytest

from signet import speech
from signet.carriers import Accepted, CarrierError, OutcomeUnknown, OutgoingMessage
from signet.limits import Channel
from tests.carriers.contract import CODE, MESSAGE, Answer, Contract
from tests.carriers.vendor import Vendor


def call_to(phone: str) -> OutgoingMessage:
    """A code that is to be said, in the words that Signet has for it."""
    text = speech.text(phone, name="示例应用", code=CODE)
    return replace(MESSAGE, phone=phone, text=text, channel=Channel.VOICE)


class Speaking(Contract):
    """One class for each vendor says how its answers to a call look; the tests are here."""

    spoken: ClassVar[OutgoingMessage]
    echoes_calls: ClassVar[bool] = True
    calls_refused: ClassVar[tuple[Answer, ...]] = ()
    calls_unknown: ClassVar[tuple[Answer, ...]] = ()

    def accepts_call(self, carrier_message_id: str) -> Answer:
        """An acceptance of a call."""
        return self.accepts(carrier_message_id)

    def test_a_call_is_signed_and_gives_the_carriers_own_id(self, vendor: Vendor) -> None:
        self.set(vendor, self.accepts_call("call-1"))

        assert self.make(vendor.url).submit(self.spoken) == Accepted(
            "call-1", is_echoed=self.echoes_calls
        )
        (call,) = vendor.calls
        assert self.is_signed_right(call)

    def test_a_call_that_is_refused_surely_was_not_made(self, vendor: Vendor) -> None:
        for answer in self.calls_refused:
            self.set(vendor, answer)

            with pytest.raises(CarrierError) as refusal:
                self.make(vendor.url).submit(self.spoken)

            assert refusal.value.reason == answer.reason
        assert len(vendor.calls) == len(self.calls_refused)

    def test_a_call_of_which_nothing_is_known_is_not_made_again(self, vendor: Vendor) -> None:
        garbage = tuple(Answer(body) for body in self.pointless)
        for answer in (*self.calls_unknown, *garbage):
            self.set(vendor, answer)

            with pytest.raises(OutcomeUnknown) as unknown:
                self.make(vendor.url).submit(self.spoken)

            assert answer.reason in (unknown.value.reason, "")
        assert len(vendor.calls) == len(self.calls_unknown) + len(garbage)

    def test_a_call_that_is_not_answered_in_time_is_unknown(self, vendor: Vendor) -> None:
        vendor.seconds = 0.6

        with pytest.raises(OutcomeUnknown):
            self.make(vendor.url, read_timeout=0.15).submit(self.spoken)

        assert vendor.called() == 1
