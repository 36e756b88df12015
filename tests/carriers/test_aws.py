"""The two AWS carriers: one contract for both, then what each sends."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from signet.carriers import (
    Accepted,
    Carrier,
    CarrierError,
    OutcomeUnknown,
    OutgoingMessage,
    aws_calls,
)
from signet.carriers.end_user_messaging import EndUserMessaging
from signet.carriers.sns import Sns
from signet.limits import Kind
from signet.messages import LEASE
from tests import clients
from tests.carriers.vendor import Vendor, serving

MESSAGE = OutgoingMessage(
    message_id="20261122-3-0000",
    app_id="signet-demo-app",
    phone="+8618612345678",
    kind=Kind.VERIFICATION,
    signature="Signet",
    signature_text="示例商城",
    template=None,
    template_version=None,
    variables={"name": "示例应用", "ttl": "10", "code": "123456"},
    code="123456",
    text="【示例商城】您正在使用示例应用服务，您的验证码是 123456，请在 10 分钟内完成验证。",
)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    with serving() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        clients.renew()
        yield running
    clients.renew()


class Contract:
    """What every carrier does; each vendor says how its answers look."""

    make: ClassVar[Callable[[], Carrier]]
    throttled: ClassVar[tuple[tuple[str, int], ...]]
    refused: ClassVar[tuple[tuple[str, int], ...]]

    def accepts(self, message_id: str) -> bytes:
        """The body of an acceptance."""
        raise NotImplementedError

    def refuses(self, code: str) -> bytes:
        """The body of an error."""
        raise NotImplementedError

    def test_an_acceptance_gives_the_carriers_own_id(self, vendor: Vendor) -> None:
        vendor.body = self.accepts("carrier-1")

        assert type(self).make().submit(MESSAGE) == Accepted("carrier-1")
        assert len(vendor.calls) == 1

    def test_the_call_is_signed(self, vendor: Vendor) -> None:
        vendor.body = self.accepts("carrier-1")

        type(self).make().submit(MESSAGE)

        assert vendor.calls[0].is_signed_right

    def test_a_throttled_call_may_be_tried_again_later(self, vendor: Vendor) -> None:
        for code, status in self.throttled:
            vendor.status, vendor.body = status, self.refuses(code)

            with pytest.raises(CarrierError) as refusal:
                type(self).make().submit(MESSAGE)

            assert (refusal.value.reason, refusal.value.retryable) == (code, True)

    def test_any_other_refusal_is_final(self, vendor: Vendor) -> None:
        for code, status in self.refused:
            vendor.status, vendor.body = status, self.refuses(code)

            with pytest.raises(CarrierError) as refusal:
                type(self).make().submit(MESSAGE)

            assert (refusal.value.reason, refusal.value.retryable) == (code, False)

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_fault_of_the_vendor_tells_nothing(self, vendor: Vendor, status: int) -> None:
        vendor.status, vendor.body = status, self.refuses("InternalFailure")

        with pytest.raises(OutcomeUnknown):
            type(self).make().submit(MESSAGE)

        assert len(vendor.calls) == 1

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"{}", b"<a/>"])
    def test_a_success_that_names_no_message_tells_nothing(
        self, vendor: Vendor, body: bytes
    ) -> None:
        vendor.body = body

        with pytest.raises(OutcomeUnknown):
            type(self).make().submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_an_acceptance_cut_short_tells_nothing(self, vendor: Vendor) -> None:
        vendor.body, vendor.cuts_short = self.accepts("carrier-1"), True

        with pytest.raises(OutcomeUnknown):
            type(self).make().submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_a_proxys_page_in_between_is_no_success(self, vendor: Vendor) -> None:
        vendor.status, vendor.body = 502, b"<html>Bad gateway</html>"

        with pytest.raises(OutcomeUnknown):
            type(self).make().submit(MESSAGE)

    def test_an_answer_that_does_not_come_is_unknown_and_not_asked_for_twice(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(aws_calls, "_READ_TIMEOUT", 0.1)
        clients.renew()
        vendor.seconds, vendor.body = 0.4, self.accepts("carrier-1")

        with pytest.raises(OutcomeUnknown) as unknown:
            type(self).make().submit(MESSAGE)

        assert unknown.value.reason == "ReadTimeoutError"
        assert len(vendor.calls) == 1

    def test_a_connection_that_breaks_after_the_call_is_unknown_and_not_tried_twice(
        self, vendor: Vendor
    ) -> None:
        vendor.hangs_up = True

        with pytest.raises(OutcomeUnknown):
            type(self).make().submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_a_connection_that_never_came_about_may_be_tried_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
            clients.renew()

            with pytest.raises(CarrierError) as refusal:
                type(self).make().submit(MESSAGE)

        clients.renew()
        assert (refusal.value.reason, refusal.value.retryable) == ("EndpointConnectionError", True)

    def test_a_refusal_by_throttling_is_called_once(self, vendor: Vendor) -> None:
        code, status = self.throttled[0]
        vendor.status, vendor.body = status, self.refuses(code)

        with pytest.raises(CarrierError):
            type(self).make().submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_neither_number_nor_code_is_in_a_reason(self, vendor: Vendor) -> None:
        vendor.status, vendor.body = self.refused[0][1], self.refuses(self.refused[0][0])

        with pytest.raises(CarrierError) as refusal:
            type(self).make().submit(MESSAGE)

        assert MESSAGE.phone not in str(refusal.value)
        assert "123456" not in str(refusal.value)


class TestSns(Contract):
    """Amazon SNS, which speaks XML."""

    make = Sns
    throttled = (("Throttling", 400), ("ThrottledException", 429), ("ThrottlingException", 400))
    refused = (
        ("InvalidParameter", 400),
        ("AuthorizationError", 403),
        ("OptedOut", 400),
        ("UnrecognizedClientException", 403),
    )

    def accepts(self, message_id: str) -> bytes:
        return (
            '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
            f"<MessageId>{message_id}</MessageId></PublishResult></PublishResponse>"
        ).encode()

    def refuses(self, code: str) -> bytes:
        return (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>Sender</Type><Code>{code}</Code>"
            f"<Message>Invalid {MESSAGE.phone}: {MESSAGE.text}</Message></Error></ErrorResponse>"
        ).encode()

    def test_it_publishes_text_to_the_number_as_transactional(self, vendor: Vendor) -> None:
        vendor.body = self.accepts("carrier-1")

        Sns().submit(MESSAGE)

        sent = parse_qs(vendor.calls[0].body.decode())
        assert sent["Action"] == ["Publish"]
        assert sent["PhoneNumber"] == ["+8618612345678"]
        assert sent["Message"] == [MESSAGE.text]
        assert attributes(sent) == {"AWS.SNS.SMS.SMSType": "Transactional"}

    def test_an_origination_identity_is_the_sender_id(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNET_ORIGINATION_IDENTITY", "Signet")
        vendor.body = self.accepts("carrier-1")

        Sns().submit(MESSAGE)

        assert attributes(parse_qs(vendor.calls[0].body.decode())) == {
            "AWS.SNS.SMS.SMSType": "Transactional",
            "AWS.SNS.SMS.SenderID": "Signet",
        }

    def test_it_never_reports(self) -> None:
        assert (Sns().name, Sns().reports_within) == ("sns", None)


class TestEndUserMessaging(Contract):
    """AWS End User Messaging, which speaks JSON."""

    make = EndUserMessaging
    throttled = (("ThrottlingException", 400), ("ThrottlingException", 429))
    refused = (
        ("ValidationException", 400),
        ("AccessDeniedException", 400),
        ("ConflictException", 400),
        ("ServiceQuotaExceededException", 400),
        ("ResourceNotFoundException", 400),
    )

    def accepts(self, message_id: str) -> bytes:
        return json.dumps({"MessageId": message_id}).encode()

    def refuses(self, code: str) -> bytes:
        text = f"Invalid {MESSAGE.phone}: {MESSAGE.text}"
        return json.dumps({"__type": code, "Message": text}).encode()

    def test_it_sends_text_with_a_context_that_receipts_will_echo(self, vendor: Vendor) -> None:
        vendor.body = self.accepts("carrier-1")

        EndUserMessaging().submit(MESSAGE)

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
        vendor.body = self.accepts("carrier-1")

        EndUserMessaging().submit(MESSAGE)

        sent = json.loads(vendor.calls[0].body)
        assert (sent["OriginationIdentity"], sent["ConfigurationSetName"]) == ("pool-1", "receipts")

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
    assert LEASE.total_seconds() * 2 / 3 > aws_calls._READ_TIMEOUT + 1


def test_a_message_without_a_code_can_be_handed_over_as_well(vendor: Vendor) -> None:
    vendor.body = json.dumps({"MessageId": "carrier-1"}).encode()

    assert EndUserMessaging().submit(replace(MESSAGE, code=None)) == Accepted("carrier-1")
