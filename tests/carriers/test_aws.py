"""The two AWS carriers: the contract for both, then what each sends."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from signet.carriers import Accepted, Carrier, CarrierError, aws_calls, web_calls
from signet.carriers.end_user_messaging import EndUserMessaging
from signet.carriers.sns import Sns
from signet.messages import LEASE
from tests import clients
from tests.carriers.contract import MESSAGE, Answer, Contract
from tests.carriers.vendor import Call, Vendor


class AwsContract(Contract):
    """What both do; each says how its answers look."""

    carrier: ClassVar[Callable[[], Carrier]]
    pointless = (b"", b"<html>", b"{", b"{}", b"<a/>")

    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.patch = monkeypatch
        yield
        clients.renew()

    def make(self, url: str, *, read_timeout: float = 5) -> Carrier:
        self.patch.setenv("AWS_ENDPOINT_URL", url)
        self.patch.setattr(aws_calls, "_READ_TIMEOUT", read_timeout)
        clients.renew()
        return type(self).carrier()

    def accepts(self, carrier_message_id: str) -> Answer:
        raise NotImplementedError

    def is_signed_right(self, call: Call) -> bool:
        return call.is_signed_right

    def test_an_unknown_host_may_be_tried_again(self) -> None:
        with pytest.raises(CarrierError) as refusal:
            self.make("http://nobody.invalid").submit(MESSAGE)

        assert (refusal.value.reason, refusal.value.retryable) == ("EndpointConnectionError", True)


class TestSns(AwsContract):
    """Amazon SNS, which speaks XML and has no room for our message id."""

    @staticmethod
    def refuses(code: str, status: int = 400) -> Answer:
        body = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>Sender</Type><Code>{code}</Code>"
            f"<Message>Invalid {MESSAGE.phone}: {MESSAGE.text}</Message></Error></ErrorResponse>"
        )
        return Answer(body.encode(), status, code)

    carrier = Sns
    not_now = (
        refuses("Throttling"),
        refuses("ThrottledException", 429),
        refuses("ThrottlingException"),
    )
    refused = (
        refuses("InvalidParameter"),
        refuses("AuthorizationError", 403),
        refuses("OptedOut"),
        refuses("UnrecognizedClientException", 403),
    )
    unknown = (refuses("InternalFailure", 500), refuses("InternalFailure", 503))

    def accepts(self, carrier_message_id: str) -> Answer:
        body = (
            '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
            f"<MessageId>{carrier_message_id}</MessageId></PublishResult></PublishResponse>"
        )
        return Answer(body.encode())

    def echoed(self, call: Call) -> str | None:
        return None

    def test_it_publishes_text_to_the_number_as_transactional(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        sent = parse_qs(vendor.calls[0].body.decode())
        assert sent["Action"] == ["Publish"]
        assert sent["PhoneNumber"] == ["+8618612345678"]
        assert sent["Message"] == [MESSAGE.text]
        assert attributes(sent) == {"AWS.SNS.SMS.SMSType": "Transactional"}

    def test_an_origination_identity_is_the_sender_id(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNET_ORIGINATION_IDENTITY", "Signet")
        self.make(vendor.url).submit(MESSAGE)

        assert attributes(parse_qs(vendor.calls[0].body.decode())) == {
            "AWS.SNS.SMS.SMSType": "Transactional",
            "AWS.SNS.SMS.SenderID": "Signet",
        }

    def test_it_never_reports(self) -> None:
        assert (Sns().name, Sns().reports_within) == ("sns", None)


class TestEndUserMessaging(AwsContract):
    """AWS End User Messaging, which speaks JSON."""

    @staticmethod
    def refuses(code: str, status: int = 400) -> Answer:
        text = f"Invalid {MESSAGE.phone}: {MESSAGE.text}"
        return Answer(json.dumps({"__type": code, "Message": text}).encode(), status, code)

    carrier = EndUserMessaging
    not_now = (refuses("ThrottlingException"), refuses("ThrottlingException", 429))
    refused = (
        refuses("ValidationException"),
        refuses("AccessDeniedException"),
        refuses("ConflictException"),
        refuses("ServiceQuotaExceededException"),
        refuses("ResourceNotFoundException"),
    )
    unknown = (refuses("InternalServerException", 500), refuses("InternalServerException", 503))

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(json.dumps({"MessageId": carrier_message_id}).encode())

    def echoed(self, call: Call) -> str | None:
        return str(json.loads(call.body)["Context"]["message"])

    def test_it_sends_text_with_a_context_that_receipts_will_echo(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        (call,) = vendor.calls
        assert call.headers["x-amz-target"] == "PinpointSMSVoiceV2.SendTextMessage"
        assert json.loads(call.body) == {
            "DestinationPhoneNumber": "+8618612345678",
            "MessageBody": MESSAGE.text,
            "MessageType": "TRANSACTIONAL",
            "Context": {"app": "signet-demo-app", "message": "20261122-3-0000"},
        }

    def test_identity_and_configuration_set_are_sent_where_they_are_set(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNET_ORIGINATION_IDENTITY", "pool-1")
        monkeypatch.setenv("SIGNET_CONFIGURATION_SET", "receipts")
        self.make(vendor.url).submit(MESSAGE)

        sent = json.loads(vendor.calls[0].body)
        assert (sent["OriginationIdentity"], sent["ConfigurationSetName"]) == ("pool-1", "receipts")

    def test_a_message_without_a_code_can_be_handed_over_as_well(self, vendor: Vendor) -> None:
        carrier = self.make(vendor.url)

        assert carrier.submit(replace(MESSAGE, code=None)) == Accepted("carrier-1")

    def test_it_reports_within_a_minute(self) -> None:
        carrier = EndUserMessaging()

        assert (carrier.name, carrier.reports_within) == (
            "end-user-messaging",
            timedelta(minutes=1),
        )


def attributes(sent: dict[str, list[str]]) -> dict[str, str]:
    """The message attributes of a form-encoded Publish."""
    names = [name for name in sent if name.endswith(".Name")]
    return {sent[name][0]: sent[name.replace(".Name", ".Value.StringValue")][0] for name in names}


def test_a_carrier_is_given_up_before_its_lease_is_over() -> None:
    limit = LEASE.total_seconds() * 2 / 3

    assert limit > aws_calls._READ_TIMEOUT + 1
    assert limit > web_calls.CONNECT_TIMEOUT + web_calls.READ_TIMEOUT
