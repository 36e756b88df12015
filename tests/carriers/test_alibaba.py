"""Alibaba Cloud SMS through its SDK, against a vendor that checks ACS3-HMAC-SHA256 itself.

https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from signet.carriers import (
    Accepted,
    Callback,
    CallbackRefused,
    CarrierError,
    CredentialsInvalid,
    OutcomeUnknown,
    Receipt,
)
from signet.carriers.alibaba import Alibaba, Credentials
from signet.limits import Kind
from signet.vendor_templates import VendorTemplate
from tests.carriers.contract import CODE, MESSAGE, Answer, ContractOutsideAws
from tests.carriers.reporting import BASE, CALLBACK_KEY, NOW, NUMBER, Reporting
from tests.carriers.speaking import Speaking, call_to
from tests.carriers.vendor import Call, Vendor, serving

# The SDK dates its calls in a way that newer Pythons warn of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

KEY_ID, SECRET = "test-key-id", "test-key-secret"
FOUND = VendorTemplate(
    vendor_template="SMS_15305",
    signatures={"Signet": "示例商城"},
    variables={"code": "code", "product": "name"},
    text=None,
)


ABROAD = replace(MESSAGE, phone="+85261234567", text="[Shop] Your code is 123456.")


def make(
    url: str, *, found: VendorTemplate | None = FOUND, read_timeout: float = 5, **more: str
) -> Alibaba:
    fields = {
        "access_key_id": KEY_ID,
        "access_key_secret": SECRET,
        "callback_key": CALLBACK_KEY,
        "voice_template": "TTS_10001",
        **dict.fromkeys(("endpoint", "endpoint_abroad", "voice_endpoint"), url),
        **more,
    }
    return Alibaba(Credentials.parse(fields), lambda _: found, read_timeout=read_timeout)


def query(call: Call) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(call.path).query, keep_blank_values=True))


def answers(code: str, **more: str) -> bytes:
    body = {"Code": code, "Message": f"{MESSAGE.phone} {MESSAGE.text}", "RequestId": "r-1", **more}
    return json.dumps(body, ensure_ascii=False).encode()


def refuses(code: str, status: int = 200) -> Answer:
    return Answer(answers(code), status, code)


class TestAlibaba(Speaking, ContractOutsideAws):
    """SendSms answers 200 also when it refuses; what stands before it answers 4xx."""

    keys = (SECRET, CALLBACK_KEY)
    echoes_calls = False
    spoken = call_to(MESSAGE.phone)
    # https://help.aliyun.com/document_detail/178344.html
    calls_refused = (
        refuses("isv.BUSINESS_LIMIT_CONTROL"),
        refuses("isv.TTS_TEMPLATE_ILLEGAL"),
        refuses("isv.COMPLAINT_REJECT"),
        refuses("isv.VOICE_CALL_FAIL"),
        refuses("isv.AMOUNT_NOT_ENOUGH"),
        refuses("BillidNotExist", 400),
    )
    calls_unknown = (
        refuses("isp.SYSTEM_ERROR"),
        refuses("isp.GATEWAY_ERROR", 500),
        Answer(answers("OK"), 200, "OK"),
        Answer(answers("OK", BizId="sms-1"), 200, "OK"),
    )
    content_type = "application/json;charset=utf-8"
    not_now = (
        refuses("isv.BUSINESS_LIMIT_CONTROL"),
        refuses("Throttling.User", 400),
        refuses("Throttling.Api", 429),
        refuses("Throttling", 503),
    )
    # https://help.aliyun.com/zh/sms/developer-reference/api-error-codes
    refused = (
        refuses("isv.SMS_SIGNATURE_ILLEGAL"),
        refuses("isv.SMS_SIGNATURE_SCENE_ILLEGAL"),
        refuses("isv.SIGN_STATE_ILLEGAL"),
        refuses("isv.SMS_SIGN_ILLEGAL"),
        refuses("isv.SMS_TEMPLATE_ILLEGAL"),
        refuses("isv.TEMPLATE_MISSING_PARAMETERS"),
        refuses("isv.INVALID_PARAMETERS"),
        refuses("isv.INVALID_JSON_PARAM"),
        refuses("isv.PARAM_LENGTH_LIMIT"),
        refuses("isv.PARAM_NOT_SUPPORT_URL"),
        refuses("isv.BLACK_KEY_CONTROL_LIMIT"),
        refuses("isv.SMS_CONTENT_ILLEGAL"),
        refuses("isv.DENY_IP_RANGE"),
        refuses("isv.DAY_LIMIT_CONTROL"),
        refuses("isv.MONTH_LIMIT_CONTROL"),
        refuses("isv.AMOUNT_NOT_ENOUGH"),
        refuses("isv.OUT_OF_SERVICE"),
        refuses("isv.PRODUCT_UN_SUBSCRIPT"),
        refuses("isv.ACCOUNT_ABNORMAL"),
        refuses("isv.DOMESTIC_NUMBER_NOT_SUPPORTED"),
        refuses("isp.RAM_PERMISSION_DENY"),
        refuses("isv.A_CODE_OF_TOMORROW"),
        refuses("SignatureDoesNotMatch", 400),
        refuses("InvalidAccessKeyId.NotFound", 404),
        refuses("Forbidden.RAM", 403),
    )
    bad_number = (refuses("isv.MOBILE_NUMBER_ILLEGAL"),)
    unknown = (
        refuses("isp.SYSTEM_ERROR"),
        refuses("isp.SYSTEM_ERROR", 400),
        refuses("isp.UNKNOWN"),
        refuses("SOMETHING_ELSE"),
        refuses("InternalError", 500),
        refuses("ServiceUnavailable", 503),
        Answer(b'{"Message": "no code"}', 400, "None"),
        Answer(b"[]", 400, "UnretryableException"),
        Answer(answers("OK"), 200, "OK"),
        Answer(answers(MESSAGE.phone[1:]), 200, "unreadable"),
    )

    def make(self, url: str, *, read_timeout: float = 5) -> Alibaba:
        return make(url, read_timeout=read_timeout)

    def impostor(self, url: str) -> Alibaba:
        return make(url, access_key_secret="another-secret")

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(answers("OK", BizId=carrier_message_id))

    def accepts_call(self, carrier_message_id: str) -> Answer:
        return Answer(answers("OK", CallId=carrier_message_id))

    def echoed(self, call: Call) -> str | None:
        app_id, _, message_id = query(call)["OutId"].partition(".")
        assert app_id == MESSAGE.app_id
        return message_id

    def is_signed_right(self, call: Call) -> bool:
        algorithm, _, rest = call.headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(","))
        payload = sha256(call.body).hexdigest()
        by_us = hmac.new(SECRET.encode(), self.signed(call, fields, payload), sha256).hexdigest()
        named = fields["SignedHeaders"].split(";")
        at = datetime.strptime(call.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%S%z")
        return (
            abs(at - datetime.now(UTC)) < timedelta(minutes=1)
            and (algorithm, fields["Credential"]) == ("ACS3-HMAC-SHA256", KEY_ID)
            and {"host", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"} < set(named)
            and call.headers["x-acs-content-sha256"] == payload
            and fields["Signature"] == by_us
        )

    def signed(self, call: Call, fields: dict[str, str], payload: str) -> bytes:
        """The string to sign, made from what arrived."""
        named = fields["SignedHeaders"]
        pairs = sorted(query(call).items())
        canonical = [
            "POST",
            urlsplit(call.path).path,
            "&".join(
                f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs
            ),
            *(f"{name}:{call.headers[name].strip()}" for name in named.split(";")),
            *("", named, payload),
        ]
        hashed = sha256("\n".join(canonical).encode()).hexdigest()
        return f"ACS3-HMAC-SHA256\n{hashed}".encode()

    def test_it_sends_the_mapped_template_with_its_variables(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        sent = query(vendor.calls[0])
        assert vendor.calls[0].headers["x-acs-action"] == "SendSms"
        assert json.loads(sent.pop("TemplateParam")) == {"code": "123456", "product": "示例应用"}
        assert sent == {
            "PhoneNumbers": "8618612345678",
            "SignName": "示例商城",
            "TemplateCode": "SMS_15305",
            "OutId": "signet-demo-app.20261122-3-0000",
        }

    def test_what_is_not_mapped_is_not_sent(self, vendor: Vendor) -> None:
        with pytest.raises(CarrierError, match="no template mapping for the built-in text"):
            make(vendor.url, found=None).submit(MESSAGE)
        with pytest.raises(CarrierError, match="no signature mapping for other"):
            make(vendor.url).submit(replace(MESSAGE, signature="other"))

        assert vendor.calls == []

    def test_a_call_says_the_code_twice_by_the_voices_template(self, vendor: Vendor) -> None:
        self.set(vendor, self.accepts_call("call-1"))
        make(vendor.url, voice_variable="AckNum").submit(self.spoken)

        sent = query(vendor.calls[0])
        assert vendor.calls[0].headers["x-acs-action"] == "SingleCallByTts"
        assert vendor.calls[0].headers["x-acs-version"] == "2017-05-25"
        assert json.loads(sent.pop("TtsParam")) == {"AckNum": CODE}
        assert sent == {"CalledNumber": "18612345678", "TtsCode": "TTS_10001", "PlayTimes": "2"}

    @pytest.mark.parametrize(("sender", "shown"), [(None, "05711"), ("05712", "05712")])
    def test_a_call_shows_the_routes_number_or_that_of_the_secret(
        self, vendor: Vendor, sender: str | None, shown: str
    ) -> None:
        self.set(vendor, self.accepts_call("call-1"))
        carrier = make(vendor.url, called_show_number="05711")
        carrier.submit(replace(self.spoken, sender=sender))

        assert query(vendor.calls[0])["CalledShowNumber"] == shown

    def test_without_a_template_or_a_code_there_is_no_call(self, vendor: Vendor) -> None:
        with pytest.raises(CarrierError, match="no voice_template"):
            make(vendor.url, voice_template="").submit(self.spoken)
        with pytest.raises(CarrierError, match="no code to say"):
            make(vendor.url).submit(replace(self.spoken, code=None))

        assert vendor.calls == []

    def test_it_reports_within_a_minute_if_its_callbacks_have_a_key(self) -> None:
        carrier = make("https://dysmsapi.aliyuncs.com")

        assert (carrier.name, carrier.reports_within) == ("alibaba", timedelta(minutes=1))
        for key in ("", "x" * 15):
            assert make("https://a.example", callback_key=key).reports_within is None


class TestAlibabaAbroad:
    """SendMessageToGlobe takes text, and has codes and fields of its own.

    https://help.aliyun.com/zh/sms/error-code-intl
    """

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        with serving() as running:
            running.headers = {"Content-Type": "application/json;charset=utf-8"}
            running.body = globe("OK", MessageId="globe-1")
            yield running

    @pytest.mark.parametrize(
        ("kind", "type_"),
        [(Kind.VERIFICATION, "OTP"), (Kind.NOTIFICATION, "NOTIFY"), (Kind.MARKETING, "MKT")],
    )
    def test_text_goes_abroad_without_a_template(
        self, vendor: Vendor, kind: Kind, type_: str
    ) -> None:
        carrier = make(vendor.url, found=None, endpoint="https://mainland.example")

        assert carrier.submit(replace(ABROAD, kind=kind, sender="Signet")) == Accepted("globe-1")
        (call,) = vendor.calls
        assert TestAlibaba().is_signed_right(call)
        assert call.headers["x-acs-action"] == "SendMessageToGlobe"
        assert call.headers["x-acs-version"] == "2018-05-01"
        assert query(call) == {
            "To": "85261234567",
            "From": "Signet",
            "Message": ABROAD.text,
            "Type": type_,
            "TaskId": "signet-demo-app.20261122-3-0000",
        }

    @pytest.mark.parametrize(
        ("code", "retryable", "bad_number"),
        [
            ("QPS_LIMIT_CONTROL", True, False),
            ("MOBILE_NUMBER_ILLEGAL", False, True),
            ("NOT_SUPPORTED_COUNTRY", False, False),
            ("AMOUNT_NOT_ENOUGH", False, False),
            ("INVALID_SENDERID", False, False),
        ],
    )
    def test_a_code_that_is_known_is_a_sure_refusal(
        self, vendor: Vendor, code: str, retryable: bool, bad_number: bool
    ) -> None:
        vendor.body = globe(code)

        with pytest.raises(CarrierError, match=code) as refusal:
            make(vendor.url).submit(ABROAD)

        assert (refusal.value.retryable, refusal.value.bad_number) == (retryable, bad_number)
        assert refusal.value.billable is False

    @pytest.mark.parametrize(
        "body",
        [
            *(b"[]", b"{}", b"null", b'{"ResponseCode": "OK"}'),
            b'{"Code": "OK", "BizId": "sms-1"}',
            *(b'{"ResponseCode": "%s"}' % one for one in (b"SYSTEM_ERROR", b"OF_TOMORROW")),
            b'{"ResponseCode": "ONLINE_BILLING_FAILED"}',
        ],
    )
    def test_anything_else_tells_nothing(self, vendor: Vendor, body: bytes) -> None:
        vendor.body = body

        with pytest.raises(OutcomeUnknown):
            make(vendor.url).submit(ABROAD)

        assert len(vendor.calls) == 1


def globe(code: str, **more: str) -> bytes:
    return json.dumps({"ResponseCode": code, "To": ABROAD.phone[1:], **more}).encode()


class TestAlibabaReports(Reporting):
    """Alibaba signs nothing: its proof is a secret in the URL."""

    answer = '{"code":0,"msg":"OK"}'
    expected = Receipt(delivered=None, reason="", ref=MESSAGE.ref, carrier_message_id="9000^0")

    def reporter(self) -> Alibaba:
        return make("https://dysmsapi.aliyuncs.com")

    def proven(self, body: str) -> Callback:
        url = f"{BASE}/carriers/alibaba/receipts?key={CALLBACK_KEY}"
        return Callback(url, {}, {"key": CALLBACK_KEY}, body, NOW)

    def receipt(self, *, delivered: bool) -> str:
        return json.dumps([sms_report(delivered)])

    def reply(self, text: str) -> str:
        one = {
            "phone_number": NUMBER,
            "content": text,
            "send_time": "2026-11-22 07:59:00",
            "dest_code": "1234",
            "sequence_id": 1234567890,
            "sign_name": "示例商城",
        }
        return json.dumps([one])

    def forged(self, body: str) -> Iterator[Callback]:
        right = self.proven(body)
        for query in ({}, {"key": ""}, {"key": CALLBACK_KEY[:-1]}, {"key": f"{CALLBACK_KEY} "}):
            yield replace(right, query=query)
        yield replace(right, query={"key": "\ud800"})
        yield replace(right, query={}, headers={"key": CALLBACK_KEY})

    @pytest.mark.parametrize("key", ["", "x" * 15])
    def test_without_a_key_of_16_characters_nobody_is_believed(self, key: str) -> None:
        callback = replace(self.proven(self.receipt(delivered=True)), query={"key": key})

        with pytest.raises(CallbackRefused, match="16 characters"):
            make("https://a.example", callback_key=key).reports(callback)

    def test_a_reply_names_its_signature_and_its_time(self) -> None:
        (reply,) = self.reporter().reports(self.proven(self.reply("TD"))).replies

        assert (reply.reply_id, reply.signature_text) == ("1234567890", "示例商城")
        assert reply.at == NOW - 60  # 07:59 in Beijing

    def test_several_receipts_come_at_once_and_what_is_none_is_left_out(self) -> None:
        broken = {**sms_report(True), "success": "perhaps"}
        listed = [sms_report(True), 7, {}, broken, None, sms_report(False, err_code="MK:0001")]
        reports = self.reporter().reports(self.proven(json.dumps(listed)))

        assert [(one.delivered, one.reason) for one in reports.receipts] == [
            (True, "DELIVERED"),
            (False, "MK:0001"),
        ]

    def test_its_times_are_those_of_beijing(self) -> None:
        (receipt,) = self.reporter().reports(self.proven(self.receipt(delivered=True))).receipts

        assert receipt.at == NOW - 60

    @pytest.mark.parametrize("at", ["", "yesterday", "2026-11-23 08:00:00", "0001-01-01 00:00:00"])
    def test_a_time_that_cannot_be_is_none(self, at: str) -> None:
        body = json.dumps([{**sms_report(True), "report_time": at}])
        (receipt,) = self.reporter().reports(self.proven(body)).receipts

        assert receipt.at is None

    @pytest.mark.parametrize(
        ("status", "delivered"), [("1", True), ("2", False), ("6", False), ("9", None), ("", None)]
    )
    def test_receipts_from_abroad_have_a_form_of_their_own(
        self, status: str, delivered: bool | None
    ) -> None:
        """https://help.aliyun.com/zh/sms/developer-reference/sms-webhook-1"""
        one = {
            "To": "85261234567",
            "SendDate": "Sun, 22 Nov 2026 07:58:00 +0800",
            "ReceiveDate": "Sun, 22 Nov 2026 07:59:00 +0800",
            "Status": status,
            "ErrorCode": "success",
            "TaskId": "signet-demo-app.20261122-3-0000",
            "MessageId": "globe-1",
        }
        reports = self.reporter().reports(self.proven(json.dumps([one])))

        assert reports.receipts == (
            Receipt(delivered, "success", MESSAGE.ref, "globe-1", NOW - 60),
        )

    @pytest.mark.parametrize(
        ("status", "delivered", "reason"),
        [
            ("200000", True, "200000"),
            ("200001", True, "200001"),
            ("200003", False, "200003"),
            ("200010", False, "200010"),
            ("200101", None, "unreadable"),
            (CODE, None, "unreadable"),
        ],
    )
    def test_receipts_of_calls_name_the_call(
        self, status: str, delivered: bool | None, reason: str
    ) -> None:
        """https://help.aliyun.com/zh/vms/developer-reference/voicereport-5"""
        one = {
            "status_code": status,
            "callee": NUMBER,
            "call_id": "122^109",
            "end_time": "2026-11-22 07:59:00",
            "out_id": "",
        }
        reports = self.reporter().reports(self.proven(json.dumps([one])))

        assert reports.receipts == (Receipt(delivered, reason, None, "122^109", NOW - 60),)


def sms_report(delivered: bool, **more: object) -> dict[str, object]:
    """https://help.aliyun.com/en/sms/developer-reference/smsreport-http"""
    return {
        "phone_number": NUMBER,
        "send_time": "2026-11-22 07:58:00",
        "report_time": "2026-11-22 07:59:00",
        "success": delivered,
        "err_code": "DELIVERED" if delivered else "UNDELIV",
        "err_msg": NUMBER,
        "sms_size": "1",
        "biz_id": "9000^0",
        "out_id": "signet-demo-app.20261122-3-0000",
        **more,
    }


def test_without_an_endpoint_the_service_itself_is_called() -> None:
    credentials = Credentials.parse({"access_key_id": KEY_ID, "access_key_secret": SECRET})

    assert credentials.endpoint == "https://dysmsapi.aliyuncs.com"
    assert credentials.endpoint_abroad == "https://dysmsapi.ap-southeast-1.aliyuncs.com"
    assert credentials.voice_endpoint == "https://dyvmsapi.aliyuncs.com"
    assert SECRET not in repr(credentials)
    assert CALLBACK_KEY not in repr(replace(credentials, callback_key=CALLBACK_KEY))


@pytest.mark.parametrize("missing", ["access_key_id", "access_key_secret"])
def test_a_missing_field_is_named_and_no_value_told(missing: str) -> None:
    fields: dict[str, object] = {"access_key_id": KEY_ID, "access_key_secret": SECRET, missing: ""}

    with pytest.raises(CredentialsInvalid, match=f"no text called {missing}") as raised:
        Credentials.parse(fields)

    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("service", ["endpoint", "endpoint_abroad", "voice_endpoint"])
def test_the_key_is_not_sent_in_the_clear(service: str) -> None:
    fields = {"access_key_id": KEY_ID, "access_key_secret": SECRET}

    with pytest.raises(CredentialsInvalid, match="not https"):
        Credentials.parse({**fields, service: "http://dysmsapi.aliyuncs.com"})
