"""Twilio, against one that checks method, path, account and form itself.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha1
from typing import ClassVar
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import pytest

from signet.carriers import (
    Accepted,
    Callback,
    CarrierError,
    CredentialsInvalid,
    OutcomeUnknown,
    Receipt,
)
from signet.carriers.twilio import Credentials, Twilio
from tests.carriers.contract import CODE, HTML, MESSAGE, Answer, ContractOutsideAws
from tests.carriers.reporting import BASE, NOW, PHONE, Reporting
from tests.carriers.speaking import Speaking, call_to
from tests.carriers.vendor import Call, Vendor

SID, TOKEN = "AC00000000000000000000000000000001", "test-auth-token"
SERVICE = "MG00000000000000000000000000000001"
FIELDS = {"account_sid": SID, "auth_token": TOKEN, "from": "+15005550006"}
ABROAD = "+14155550100"


def make(url: str, *, base_url: str = BASE, read_timeout: float = 5, **fields: str) -> Twilio:
    credentials = Credentials.parse({**FIELDS, "endpoint": url, **fields})
    return Twilio(credentials, base_url=base_url, read_timeout=read_timeout)


def refuses(code: object, status: int = 400, reason: str | None = None) -> Answer:
    body = {"code": code, "message": f"{MESSAGE.phone} {MESSAGE.text}", "status": status}
    return Answer(json.dumps(body).encode(), status, str(code) if reason is None else reason)


def form(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def signature(url: str, pairs: Mapping[str, str], token: str = TOKEN) -> str:
    """As Twilio's page on security has it: the URL, then names and values in order of names."""
    text = url + "".join(f"{name}{pairs[name]}" for name in sorted(pairs))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


def test_the_signature_is_that_of_twilios_own_example() -> None:
    """https://www.twilio.com/docs/usage/security"""
    pairs = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"

    assert signature(url, pairs, token="12345") == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


class TestTwilio(Speaking, ContractOutsideAws):
    """Twilio answers 201 with a sid, and refuses with a code of its own."""

    keys = (TOKEN, base64.b64encode(f"{SID}:{TOKEN}".encode()).decode())
    not_now = (
        refuses(20429, 429),
        refuses(21611),
        refuses(22005),
        refuses(20003, 429),
        Answer(HTML, 429, "http_429"),
    )
    # https://www.twilio.com/docs/api/errors
    refused = (
        refuses(20003, 401),
        refuses(20404, 404),
        refuses(21212),
        refuses(21214),
        refuses(21408, 403),
        refuses(21606),
        refuses(21608),
        refuses(21612),
        refuses(63038, 403),
        refuses(int(CODE), reason="http_400"),
        refuses(400, reason="http_400"),
    )
    bad_number = (
        refuses(21211),
        refuses(21217),
        refuses(21610),
        refuses(21614),
        refuses(21635),
    )
    unknown = (
        refuses(20500, 500, "http_500"),
        refuses(20503, 503, "http_503"),
        refuses(21211, 502, "http_502"),
        refuses("21211", reason="http_400"),
        Answer(HTML, 403, "http_403"),
        Answer(b"", 408, "http_408"),
        Answer(b'{"sid": 7}', 201, "http_201"),
        Answer(b'{"sid": ""}', 201, "http_201"),
        Answer(b'{"sid": "SM1"}', 302, "http_302"),
        Answer(b"[" * 20_000, 201, "http_201"),
    )
    spoken = call_to(ABROAD)
    calls_refused = (refuses(21214), refuses(21217), refuses(21215, 403), refuses(22005))
    calls_unknown = (refuses(20500, 500, "http_500"),)

    def make(self, url: str, *, read_timeout: float = 5) -> Twilio:
        return make(url, read_timeout=read_timeout)

    def impostor(self, url: str) -> Twilio:
        return make(url, auth_token="another-token")

    def accepts(self, carrier_message_id: str) -> Answer:
        body = {"sid": carrier_message_id, "status": "queued", "to": MESSAGE.phone}
        return Answer(json.dumps(body).encode(), 201)

    def echoed(self, call: Call) -> str | None:
        of = form(call)["StatusCallback"].partition("?of=")[2]
        assert of == f"{MESSAGE.app_id}.{MESSAGE.message_id}"
        return of.partition(".")[2]

    def is_signed_right(self, call: Call) -> bool:
        basic = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        what = "Calls" if "Twiml" in form(call) else "Messages"
        return (
            call.headers["authorization"] == f"Basic {basic}"
            and call.path == f"/2010-04-01/Accounts/{SID}/{what}.json"
            and call.headers["content-type"] == "application/x-www-form-urlencoded"
        )

    def test_it_sends_text_and_names_where_to_report(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        assert form(vendor.calls[0]) == {
            "To": "+8618612345678",
            "From": "+15005550006",
            "Body": MESSAGE.text,
            "StatusCallback": (
                "https://sms.example.com/live/carriers/twilio/receipts"
                "?of=signet-demo-app.20261122-3-0000"
            ),
        }

    @pytest.mark.parametrize(
        ("sender", "service", "sent"),
        [
            ("Signet", "", {"From": "Signet"}),
            ("+447700900000", SERVICE, {"From": "+447700900000"}),
            (SERVICE, "", {"MessagingServiceSid": SERVICE}),
            (None, SERVICE, {"MessagingServiceSid": SERVICE}),
        ],
    )
    def test_the_routes_sender_comes_first_then_the_messaging_service(
        self, vendor: Vendor, sender: str | None, service: str, sent: dict[str, str]
    ) -> None:
        carrier = make(vendor.url, messaging_service_sid=service)
        carrier.submit(replace(MESSAGE, sender=sender))

        named = {"From", "MessagingServiceSid"}
        assert {k: v for k, v in form(vendor.calls[0]).items() if k in named} == sent

    @pytest.mark.parametrize(
        "base_url", ["", "http://sms.example.com", "sms.example.com", "ftp://x"]
    )
    def test_without_an_address_of_ours_it_never_reports(
        self, vendor: Vendor, base_url: str
    ) -> None:
        carrier = make(vendor.url, base_url=base_url)
        carrier.submit(MESSAGE)

        assert carrier.reports_within is None
        assert "StatusCallback" not in form(vendor.calls[0])

    @pytest.mark.parametrize("base_url", [BASE, "http://127.0.0.1:8080"])
    def test_with_one_it_reports_within_a_minute(self, base_url: str) -> None:
        carrier = make("https://api.twilio.com", base_url=base_url)

        assert (carrier.name, carrier.reports_within) == ("twilio", timedelta(minutes=1))

    @pytest.mark.parametrize(("phone", "language"), [(ABROAD, "en-US"), ("+85261234567", "cmn-CN")])
    def test_a_call_says_the_text_whatever_is_in_it(
        self, vendor: Vendor, phone: str, language: str
    ) -> None:
        text = 'Your <b>"shop" & more</b> code is 1, 2, 3.'
        make(vendor.url).submit(replace(call_to(phone), text=text))

        sent = form(vendor.calls[0])
        (said,) = ElementTree.fromstring(sent["Twiml"])  # noqa: S314
        assert (said.tag, said.text, said.get("language")) == ("Say", text, language)
        assert (sent["To"], sent["From"]) == (phone, "+15005550006")
        assert sent["StatusCallback"].startswith(f"{BASE}/carriers/twilio/receipts?of=")

    def test_a_messaging_service_cannot_call(self, vendor: Vendor) -> None:
        fields = {**FIELDS, "from": "", "messaging_service_sid": SERVICE, "endpoint": vendor.url}
        carrier = Twilio(Credentials.parse(fields))

        with pytest.raises(CarrierError, match="no number to call from") as refusal:
            carrier.submit(self.spoken)

        assert (refusal.value.retryable, vendor.calls) == (False, [])
        assert carrier.submit(MESSAGE) == Accepted("carrier-1")

    def test_a_redirect_is_not_followed(self, vendor: Vendor) -> None:
        vendor.status, vendor.headers = 307, {"Location": f"{vendor.url}/elsewhere"}

        with pytest.raises(OutcomeUnknown, match="http_307"):
            self.make(vendor.url).submit(MESSAGE)

        assert len(vendor.calls) == 1


class TestTwilioReports(Reporting):
    """Twilio signs the URL, query included, and every field of the form."""

    answer = "{}"
    expected = Receipt(
        delivered=None, reason="", ref=MESSAGE.ref, carrier_message_id="SM000000000001"
    )
    url: ClassVar[str] = f"{BASE}/carriers/twilio/receipts?of=signet-demo-app.20261122-3-0000"

    def reporter(self) -> Twilio:
        return make("https://api.twilio.com")

    def proven(self, body: str, *, url: str | None = None, token: str = TOKEN) -> Callback:
        url = self.url if url is None else url
        pairs = {k: v[-1] for k, v in parse_qs(body, keep_blank_values=True).items()}
        text = url + "".join(f"{name}{pairs[name]}" for name in sorted(pairs))
        signed = hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), sha1).digest()
        headers = {"x-twilio-signature": base64.b64encode(signed).decode()}
        return Callback(url, headers, {"of": "other-app.other-message"}, body, NOW)

    def receipt(self, *, delivered: bool) -> str:
        return urlencode({
            "MessageSid": "SM000000000001",
            "MessageStatus": "delivered" if delivered else "undelivered",
            "AccountSid": SID,
            "From": "+15005550006",
            "To": MESSAGE.phone,
            **({} if delivered else {"ErrorCode": "30003"}),
        })  # fmt: skip

    def reply(self, text: str) -> str:
        return urlencode({
            "MessageSid": "SM000000000002" if text == "TD" else "SM000000000003",
            "SmsStatus": "received",
            "From": PHONE,
            "To": "+15005550006",
            "Body": text,
        })  # fmt: skip

    def forged(self, body: str) -> Iterator[Callback]:
        right = self.proven(body)
        yield replace(right, headers={})
        yield replace(right, headers={"x-twilio-signature": ""})
        yield replace(right, headers={"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="})
        yield replace(right, body=body + "&Extra=1")
        yield replace(right, body=body.replace("SM0", "SM1"))
        yield replace(right, url=self.url.replace("3-0000", "3-0001"))
        yield replace(right, url="")
        yield self.proven(body, url="")
        yield self.proven(body, token="another-token")

    def test_a_reply_is_answered_with_nothing_to_send_back(self) -> None:
        reports = self.reporter().reports(self.proven(self.reply("TD")))

        assert reports.content_type.startswith("text/xml")
        assert ElementTree.fromstring(reports.answer).tag == "Response"  # noqa: S314
        assert list(ElementTree.fromstring(reports.answer)) == []  # noqa: S314

    @pytest.mark.parametrize(
        ("fields", "delivered", "reason"),
        [
            ({"MessageStatus": "queued"}, None, "queued"),
            ({"MessageStatus": "sent"}, None, "sent"),
            ({"MessageStatus": "of_tomorrow"}, None, "of_tomorrow"),
            ({"MessageStatus": "failed", "ErrorCode": "30005"}, False, "30005"),
            ({"MessageStatus": "undelivered", "ErrorCode": MESSAGE.phone}, False, "unreadable"),
            ({"CallStatus": "ringing"}, None, "ringing"),
            ({"CallStatus": "in-progress"}, None, "in-progress"),
            ({"CallStatus": "completed"}, True, "completed"),
            ({"CallStatus": "busy"}, False, "busy"),
            ({"CallStatus": "no-answer"}, False, "no-answer"),
            ({"CallStatus": "failed"}, False, "failed"),
            ({"CallStatus": "canceled"}, False, "canceled"),
        ],
    )
    def test_each_status_says_what_became_of_the_message(
        self, fields: dict[str, str], delivered: bool | None, reason: str
    ) -> None:
        body = urlencode({**fields, "CallSid": "CA1"})
        (receipt,) = self.reporter().reports(self.proven(body)).receipts

        assert (receipt.delivered, receipt.reason, receipt.ref) == (delivered, reason, MESSAGE.ref)
        assert receipt.carrier_message_id == "CA1"

    def test_what_a_short_code_writes_is_no_reply_of_a_person(self) -> None:
        body = urlencode({"MessageSid": "SM1", "From": "12345", "Body": "TD"})

        assert self.reporter().reports(self.proven(body)).replies == ()

    def test_a_receipt_without_a_name_still_has_the_carriers(self) -> None:
        callback = self.proven(self.receipt(delivered=True), url=f"{BASE}/carriers/twilio/receipts")
        (receipt,) = self.reporter().reports(callback).receipts

        assert (receipt.ref, receipt.carrier_message_id) == (None, "SM000000000001")


def test_without_an_endpoint_twilio_itself_is_called() -> None:
    credentials = Credentials.parse(FIELDS)

    assert credentials.endpoint == "https://api.twilio.com"
    assert TOKEN not in repr(credentials)


@pytest.mark.parametrize("missing", ["account_sid", "auth_token", "from"])
def test_a_missing_field_is_named_and_no_value_told(missing: str) -> None:
    with pytest.raises(CredentialsInvalid, match=missing) as raised:
        Credentials.parse({**FIELDS, missing: None})

    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("endpoint", ["http://api.twilio.com", 7])
def test_the_token_is_not_sent_in_the_clear(endpoint: object) -> None:
    with pytest.raises(CredentialsInvalid):
        Credentials.parse({**FIELDS, "endpoint": endpoint})
