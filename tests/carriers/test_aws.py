"""The two AWS carriers: the contract for both, then what each sends."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
from moto import mock_aws
from moto.sns.models import sns_backends

from signet.carriers import (
    Accepted,
    Callback,
    CallbackRefused,
    Carrier,
    CarrierError,
    Receipt,
    aws_calls,
    web_calls,
)
from signet.carriers.end_user_messaging import EndUserMessaging
from signet.carriers.sns import Sns
from signet.messages import LEASE
from tests import clients
from tests.carriers.contract import MESSAGE, Answer, Contract
from tests.carriers.reporting import BASE, NOW, PHONE, Reporting
from tests.carriers.speaking import Speaking, call_to
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

    def impostor(self, url: str) -> Carrier:
        self.patch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
        return self.make(url)

    def accepts(self, carrier_message_id: str) -> Answer:
        raise NotImplementedError

    def is_signed_right(self, call: Call) -> bool:
        at = datetime.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%S%z")
        return call.is_signed_right and abs(at - datetime.now(UTC)) < timedelta(minutes=1)

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
    bad_number = (refuses("OptedOut"),)
    refused = (
        refuses("InvalidParameter"),
        refuses("AuthorizationError", 403),
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

    def test_the_routes_sender_comes_before_that_of_the_deployment(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNET_ORIGINATION_IDENTITY", "Signet")
        self.make(vendor.url).submit(replace(MESSAGE, sender="Shop"))

        sent = attributes(parse_qs(vendor.calls[0].body.decode()))
        assert sent["AWS.SNS.SMS.SenderID"] == "Shop"

    def test_it_never_reports(self) -> None:
        assert (Sns().name, Sns().reports_within) == ("sns", None)
        for url in ("", f"{BASE}/carriers/sns/receipts"):
            with pytest.raises(CallbackRefused):
                Sns().reports(Callback(url, {}, {}, "{}", NOW))

    def test_moto_takes_the_message(self) -> None:
        with mock_aws():
            clients.renew()
            taken = Sns().submit(MESSAGE)
            (told,) = sns_backends["123456789012"]["us-east-1"].sms_messages.items()

        assert told == (taken.carrier_message_id, (MESSAGE.phone, MESSAGE.text))


class TestEndUserMessaging(Speaking, AwsContract):
    """AWS End User Messaging, which speaks JSON."""

    @staticmethod
    def refuses(code: str, status: int = 400, because: str = "") -> Answer:
        told = {"__type": code, "Message": f"Invalid {MESSAGE.phone}: {MESSAGE.text}"}
        reason = f"{code}.{because}" if because else code
        told |= {"Reason": because} if because else {}
        return Answer(json.dumps(told).encode(), status, reason)

    carrier = EndUserMessaging
    not_now = (refuses("ThrottlingException"), refuses("ThrottlingException", 429))
    refused = (
        refuses("ValidationException"),
        refuses("AccessDeniedException"),
        refuses("ConflictException"),
        refuses("ConflictException", because="NO_ORIGINATION_IDENTITIES_FOUND"),
        refuses("ServiceQuotaExceededException", because="MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
        refuses("ResourceNotFoundException"),
    )
    bad_number = (refuses("ConflictException", because="DESTINATION_PHONE_NUMBER_OPTED_OUT"),)
    unknown = (refuses("InternalServerException", 500), refuses("InternalServerException", 503))
    spoken = call_to("+14155550100")
    calls_refused = (
        refuses("ThrottlingException"),
        refuses("ConflictException", because="DESTINATION_PHONE_NUMBER_OPTED_OUT"),
        refuses("ValidationException", because="VOICE_CAPABILITY_NOT_AVAILABLE"),
    )
    calls_unknown = (refuses("InternalServerException", 500),)

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

    def test_the_routes_sender_comes_before_that_of_the_deployment(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNET_ORIGINATION_IDENTITY", "pool-1")
        self.make(vendor.url).submit(replace(MESSAGE, sender="Shop"))

        assert json.loads(vendor.calls[0].body)["OriginationIdentity"] == "Shop"

    @pytest.mark.parametrize(
        ("phone", "voice"), [("+14155550100", "JOANNA"), ("+85261234567", "ZHIYU")]
    )
    def test_a_call_says_the_text_in_the_persons_language(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, phone: str, voice: str
    ) -> None:
        monkeypatch.setenv("SIGNET_CONFIGURATION_SET", "receipts")
        message = replace(call_to(phone), sender="+15005550006")
        self.make(vendor.url).submit(message)

        (call,) = vendor.calls
        assert call.headers["x-amz-target"] == "PinpointSMSVoiceV2.SendVoiceMessage"
        assert json.loads(call.body) == {
            "DestinationPhoneNumber": phone,
            "OriginationIdentity": "+15005550006",
            "MessageBody": message.text,
            "MessageBodyTextType": "TEXT",
            "VoiceId": voice,
            "ConfigurationSetName": "receipts",
            "Context": {"app": "signet-demo-app", "message": "20261122-3-0000"},
        }

    def test_it_reports_if_events_of_its_messages_go_anywhere(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert EndUserMessaging().reports_within is None

        monkeypatch.setenv("SIGNET_CONFIGURATION_SET", "receipts")
        carrier = EndUserMessaging()

        assert (carrier.name, carrier.reports_within) == (
            "end-user-messaging",
            timedelta(minutes=1),
        )


class TestEndUserMessagingReports(Reporting):
    """Events and replies come through a topic, whose policy is the proof."""

    answer = "{}"
    expected = Receipt(delivered=None, reason="", ref=MESSAGE.ref, carrier_message_id="862a8790")

    def reporter(self) -> EndUserMessaging:
        return EndUserMessaging()

    def proven(self, body: str) -> Callback:
        return Callback("", {}, {}, body, NOW)

    def receipt(self, *, delivered: bool) -> str:
        return json.dumps(event("TEXT_DELIVERED" if delivered else "TEXT_CARRIER_UNREACHABLE"))

    def reply(self, text: str) -> str:
        """https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html"""
        return json.dumps({
            "originationNumber": PHONE,
            "destinationNumber": "+12125550101",
            "messageKeyword": "KEYWORD_1",
            "messageBody": text,
            "inboundMessageId": f"cae173d2-{len(text)}",
            "previousPublishedMessageId": "862a8790",
        })  # fmt: skip

    def forged(self, body: str) -> Iterator[Callback]:
        yield Callback(f"{BASE}/carriers/end-user-messaging/receipts", {}, {}, body, NOW)
        yield Callback("/", {"x-amz-sns-message-type": "Notification"}, {}, body, NOW)

    @pytest.mark.parametrize(
        ("kind", "is_final", "delivered"),
        [
            ("TEXT_QUEUED", False, None),
            ("TEXT_PENDING", False, None),
            ("TEXT_SENT", False, None),
            ("TEXT_SUCCESSFUL", False, None),
            ("TEXT_SUCCESSFUL", True, True),
            ("TEXT_DELIVERED", True, True),
            ("TEXT_INVALID", True, False),
            ("TEXT_UNREACHABLE", True, False),
            ("TEXT_UNREACHABLE", False, None),
            ("TEXT_BLOCKED", True, False),
            ("TEXT_CARRIER_BLOCKED", True, False),
            ("TEXT_SPAM", True, False),
            ("TEXT_TTL_EXPIRED", True, False),
            ("TEXT_PROTECT_BLOCKED", True, False),
            ("TEXT_UNKNOWN", True, None),
            ("TEXT_OF_TOMORROW", True, None),
            ("VOICE_INITIATED", False, None),
            ("VOICE_RINGING", False, None),
            ("VOICE_ANSWERED", False, None),
            ("VOICE_COMPLETED", True, True),
            ("VOICE_BUSY", True, False),
            ("VOICE_NO_ANSWER", True, False),
            ("VOICE_FAILED", True, False),
            ("VOICE_TTL_EXPIRED", True, False),
        ],
    )
    def test_an_event_says_something_once_it_is_final(
        self, kind: str, is_final: bool, delivered: bool | None
    ) -> None:
        body = json.dumps({**event(kind), "isFinal": is_final})

        assert self.reporter().reports(self.proven(body)).receipts == (
            Receipt(delivered, kind, MESSAGE.ref, "862a8790", NOW),
        )

    @pytest.mark.parametrize(
        "fields", [{"eventType": "REGISTRATION_CREATED"}, {"eventType": 7}, {}, {"Message": "hi"}]
    )
    def test_what_is_neither_event_nor_reply_says_nothing(self, fields: dict[str, object]) -> None:
        reports = self.reporter().reports(self.proven(json.dumps(fields)))

        assert (reports.receipts, reports.replies) == ((), ())


def event(kind: str) -> dict[str, object]:
    """https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html"""
    return {
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": NOW * 1000 + 470,
        "isFinal": True,
        "originationPhoneNumber": "+12065550152",
        "destinationPhoneNumber": MESSAGE.phone,
        "messageId": "862a8790",
        "messageStatus": kind.partition("_")[2],
        "messageStatusDescription": f"Message to {MESSAGE.phone}",
        "context": {"app": "signet-demo-app", "message": "20261122-3-0000"},
    }


def attributes(sent: dict[str, list[str]]) -> dict[str, str]:
    """The message attributes of a form-encoded Publish."""
    names = [name for name in sent if name.endswith(".Name")]
    return {sent[name][0]: sent[name.replace(".Name", ".Value.StringValue")][0] for name in names}


def test_a_carrier_is_given_up_before_its_lease_is_over() -> None:
    limit = LEASE.total_seconds() * 2 / 3

    assert limit > aws_calls._READ_TIMEOUT + 1
    assert limit > web_calls.CONNECT_TIMEOUT + web_calls.READ_TIMEOUT
