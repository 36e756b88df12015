"""Tencent Cloud SMS through its SDK, against a vendor that checks TC3-HMAC-SHA256 itself.

https://cloud.tencent.com/document/api/382/52070
"""

import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from signet.carriers import Callback, CallbackRefused, CarrierError, CredentialsInvalid, Receipt
from signet.carriers.tencent import Credentials, Tencent
from signet.vendor_templates import VendorTemplate
from tests.carriers.contract import CODE, MESSAGE, Answer, ContractOutsideAws
from tests.carriers.reporting import BASE, CALLBACK_KEY, NOW, NUMBER, PHONE, Reporting
from tests.carriers.speaking import Speaking, call_to
from tests.carriers.vendor import Call, Vendor

# The SDK dates its calls in a way that newer Pythons warn of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

SECRET_ID, SECRET_KEY, SDK_APP_ID = "test-secret-id", "test-secret-key", "1400006666"
FIELDS = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY, "sdk_app_id": SDK_APP_ID}
FOUND = VendorTemplate(
    vendor_template="1110",
    signatures={"Signet": "示例商城"},
    variables={"2": "ttl", "1": "code"},
    text=None,
)


MORE = {"voice_sdk_app_id": "1500006666", "callback_key": CALLBACK_KEY}


def make(
    url: str, *, found: VendorTemplate | None = FOUND, read_timeout: float = 5, **more: str
) -> Tencent:
    endpoints = {"endpoint": url, "voice_endpoint": url}
    credentials = Credentials.parse({**FIELDS, **MORE, **endpoints, **more})
    return Tencent(credentials, lambda _: found, read_timeout=read_timeout)


def answers(**response: object) -> bytes:
    return json.dumps({"Response": {**response, "RequestId": "r-1"}}, ensure_ascii=False).encode()


def status(code: str, serial: str = "") -> dict[str, object]:
    return {
        "Code": code,
        "SerialNo": serial,
        "PhoneNumber": MESSAGE.phone,
        "Fee": 1 if serial else 0,
        "SessionContext": MESSAGE.message_id,
        "Message": f"{MESSAGE.phone} {MESSAGE.text}",
        "IsoCode": "CN",
    }


def number_refused(code: str) -> Answer:
    """How SendSms refuses one of the numbers it was given."""
    return Answer(answers(SendStatusSet=[status(code)]), reason=code)


def call_refused(code: str) -> Answer:
    """How every service of Tencent Cloud refuses a call; the status is 200 all the same."""
    error = {"Code": code, "Message": f"{MESSAGE.phone} {MESSAGE.text}"}
    return Answer(answers(Error=error), reason=code)


class TestTencent(Speaking, ContractOutsideAws):
    """SendSms gives each number a status; a call that is refused as a whole has an Error."""

    keys = (SECRET_KEY, CALLBACK_KEY)
    echoes = echoes_calls = False
    spoken = call_to(MESSAGE.phone)
    # https://cloud.tencent.com/document/api/1128/51567
    calls_refused = (
        call_refused("LimitExceeded.DeliveryFrequencyLimit"),
        call_refused("InvalidParameterValue.CalledNumberVerifyFail"),
        call_refused("FailedOperation.InsufficientBalanceInVoicePackage"),
        call_refused("FailedOperation.PhonenumberUnappliedOrExpired"),
        call_refused("InternalError.SigVerificationFail"),
        call_refused("UnauthorizedOperation.VoiceSdkAppidVerifyFail"),
        call_refused("AuthFailure.SignatureFailure"),
    )
    calls_unknown = (
        call_refused("FailedOperation.AccessUpstreamTimeout"),
        call_refused("FailedOperation.ParametersOtherError"),
        call_refused("InternalError.AccessUpstreamTimeout"),
        call_refused("InternalError.UpstreamError"),
        Answer(answers(SendStatus={}), reason="unreadable"),
        Answer(answers(SendStatus=[]), reason="unreadable"),
        Answer(answers(SendStatus={"CallId": ""}), reason="unreadable"),
        Answer(answers(), reason="unreadable"),
    )
    # https://cloud.tencent.com/document/api/382/59177
    not_now = (
        number_refused("LimitExceeded.PhoneNumberThirtySecondLimit"),
        number_refused("LimitExceeded.DeliveryFrequencyLimit"),
        number_refused("LimitExceeded.GlobalSmsSendingRateLimit"),
        call_refused("RequestLimitExceeded"),
        call_refused("RequestLimitExceeded.UinLimitExceeded"),
    )
    refused = (
        number_refused("LimitExceeded.PhoneNumberOneHourLimit"),
        number_refused("LimitExceeded.PhoneNumberDailyLimit"),
        number_refused("LimitExceeded.PhoneNumberSameContentDailyLimit"),
        number_refused("LimitExceeded.AppDailyLimit"),
        number_refused("FailedOperation.ContainSensitiveWord"),
        number_refused("FailedOperation.SignatureIncorrectOrUnapproved"),
        number_refused("FailedOperation.TemplateIncorrectOrUnapproved"),
        number_refused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        number_refused("FailedOperation.InsufficientBalanceInSmsPackage"),
        number_refused("FailedOperation.MarketingSendTimeConstraint"),
        number_refused("InvalidParameterValue.TemplateParameterFormatError"),
        number_refused("InvalidParameterValue.TemplateParameterLengthLimit"),
        number_refused("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"),
        number_refused("InvalidParameterValue.SdkAppIdNotExist"),
        number_refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        number_refused("UnauthorizedOperation.ServiceSuspendDueToArrears"),
        number_refused("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone"),
        number_refused("UnsupportedOperation.UnsupportedRegion"),
        number_refused("InternalError.RequestTimeException"),
        number_refused("InternalError.SigVerificationFail"),
        call_refused("AuthFailure.SignatureFailure"),
        call_refused("AuthFailure.SecretIdNotFound"),
        call_refused("UnauthorizedOperation"),
        call_refused("MissingParameter"),
        call_refused("FailedOperation.InsufficientBalanceInSmsPackage"),
    )
    bad_number = (
        number_refused("InvalidParameterValue.IncorrectPhoneNumber"),
        number_refused("FailedOperation.PhoneNumberInBlacklist"),
        number_refused("FailedOperation.PhoneNumberParseFail"),
        call_refused("InvalidParameterValue.IncorrectPhoneNumber"),
        call_refused("InvalidParameterValue.CalledNumberVerifyFail"),
    )
    unknown = (
        number_refused("InternalError.Timeout"),
        number_refused("InternalError.SendAndRecvFail"),
        number_refused("InternalError.ParseBackendResponseFail"),
        number_refused("InternalError.OtherError"),
        number_refused("InternalError.UnknownError"),
        call_refused("InternalError"),
        call_refused("InternalError.Timeout"),
        call_refused("SomethingElse"),
        Answer(answers(SendStatusSet=[status("Ok")]), reason="Ok"),
        Answer(answers(SendStatusSet=[status(MESSAGE.phone[1:])]), reason="unreadable"),
        Answer(answers(SendStatusSet=[]), reason="unreadable"),
        Answer(answers(), reason="unreadable"),
        Answer(b"", 400, "TencentCloudSDKException"),
        Answer(
            b'{"Response": {"Error": {"Code": "FailedOperation"}}}', 404, "TencentCloudSDKException"
        ),
    )

    def make(self, url: str, *, read_timeout: float = 5) -> Tencent:
        return make(url, read_timeout=read_timeout)

    def impostor(self, url: str) -> Tencent:
        return make(url, secret_key="another-secret")

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(answers(SendStatusSet=[status("Ok", carrier_message_id)]))

    def accepts_call(self, carrier_message_id: str) -> Answer:
        sent = {"CallId": carrier_message_id, "SessionContext": MESSAGE.message_id}
        return Answer(answers(SendStatus=sent))

    def echoed(self, call: Call) -> str | None:
        return str(json.loads(call.body)["SessionContext"])

    def is_signed_right(self, call: Call) -> bool:
        algorithm, _, rest = call.headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(", "))
        timestamp = call.headers["x-tc-timestamp"]
        date = datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%d")
        service = "vms" if call.headers["x-tc-action"] == "SendCodeVoice" else "sms"
        scope = f"{date}/{service}/tc3_request"
        named = fields["SignedHeaders"]
        canonical = [
            *("POST", call.path, ""),
            *(f"{name}:{call.headers[name]}" for name in named.split(";")),
            *("", named, sha256(call.body).hexdigest()),
        ]
        hashed = sha256("\n".join(canonical).encode()).hexdigest()
        key = f"TC3{SECRET_KEY}".encode()
        for part in (date, service, "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signed = "\n".join((algorithm, timestamp, scope, hashed))
        return (
            (algorithm, fields["Credential"]) == ("TC3-HMAC-SHA256", f"{SECRET_ID}/{scope}")
            and {"content-type", "host"} <= set(named.split(";"))
            and abs(int(timestamp) - time.time()) < 60
            and fields["Signature"] == hmac.digest(key, signed.encode(), "sha256").hex()
        )

    def test_it_sends_the_mapped_template_with_its_variables_in_order(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        assert vendor.calls[0].headers["x-tc-action"] == "SendSms"
        assert vendor.calls[0].headers["x-tc-version"] == "2021-01-11"
        assert json.loads(vendor.calls[0].body) == {
            "PhoneNumberSet": ["+8618612345678"],
            "SmsSdkAppId": SDK_APP_ID,
            "TemplateId": "1110",
            "SignName": "示例商城",
            "TemplateParamSet": ["123456", "10"],
            "SessionContext": MESSAGE.message_id,
        }

    def test_what_is_not_mapped_is_not_sent(self, vendor: Vendor) -> None:
        gap = replace(FOUND, variables={"1": "code", "3": "ttl"})

        with pytest.raises(CarrierError, match="no template mapping for the built-in text"):
            make(vendor.url, found=None).submit(MESSAGE)
        with pytest.raises(CarrierError, match="not numbered from 1"):
            make(vendor.url, found=gap).submit(MESSAGE)

        assert vendor.calls == []

    @pytest.mark.parametrize(
        ("phone", "sent"), [("+85261234567", {"SenderId": "Signet"}), (MESSAGE.phone, {})]
    )
    def test_the_routes_sender_goes_along_abroad(
        self, vendor: Vendor, phone: str, sent: dict[str, str]
    ) -> None:
        self.make(vendor.url).submit(replace(MESSAGE, phone=phone, sender="Signet"))

        body = json.loads(vendor.calls[0].body)
        assert {k: v for k, v in body.items() if k == "SenderId"} == sent

    def test_what_tencent_charges_for_a_refusal_is_told(self, vendor: Vendor) -> None:
        charged = {**status("FailedOperation.ContainSensitiveWord"), "Fee": 1}
        for one in (charged, status("FailedOperation.ContainSensitiveWord")):
            self.set(vendor, Answer(answers(SendStatusSet=[one])))

            with pytest.raises(CarrierError) as refusal:
                self.make(vendor.url).submit(MESSAGE)

            assert refusal.value.billable is (one["Fee"] == 1)

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/html"])
    def test_a_refusal_is_read_whatever_its_content_type(
        self, vendor: Vendor, content_type: str
    ) -> None:
        vendor.headers = {"Content-Type": content_type}
        self.set(vendor, call_refused("AuthFailure.SignatureFailure"))

        with pytest.raises(CarrierError, match=r"AuthFailure\.SignatureFailure"):
            self.make(vendor.url).submit(MESSAGE)

    def test_a_call_says_the_code_twice(self, vendor: Vendor) -> None:
        self.set(vendor, self.accepts_call("call-1"))
        self.make(vendor.url).submit(self.spoken)

        (call,) = vendor.calls
        assert call.headers["x-tc-action"] == "SendCodeVoice"
        assert call.headers["x-tc-version"] == "2020-09-02"
        assert json.loads(call.body) == {
            "CodeMessage": CODE,
            "CalledNumber": "+8618612345678",
            "VoiceSdkAppid": "1500006666",
            "PlayTimes": 2,
            "SessionContext": MESSAGE.message_id,
        }

    def test_without_an_application_or_a_code_there_is_no_call(self, vendor: Vendor) -> None:
        with pytest.raises(CarrierError, match="no voice_sdk_app_id"):
            make(vendor.url, voice_sdk_app_id="").submit(self.spoken)
        with pytest.raises(CarrierError, match="no code to say"):
            make(vendor.url).submit(replace(self.spoken, code=None))

        assert vendor.calls == []

    def test_it_reports_within_a_minute_if_its_callbacks_have_a_key(self) -> None:
        carrier = make("https://sms.tencentcloudapi.com")

        assert (carrier.name, carrier.reports_within) == ("tencent", timedelta(minutes=1))
        for key in ("", "x" * 15):
            assert make("https://a.example", callback_key=key).reports_within is None


class TestTencentReports(Reporting):
    """Tencent signs nothing: its proof is a secret in the URL."""

    answer = '{"result":0,"errmsg":"OK"}'
    expected = Receipt(delivered=None, reason="", carrier_message_id="2645:1")

    def reporter(self) -> Tencent:
        return make("https://sms.tencentcloudapi.com")

    def proven(self, body: str) -> Callback:
        url = f"{BASE}/carriers/tencent/receipts?key={CALLBACK_KEY}"
        return Callback(url, {}, {"key": CALLBACK_KEY}, body, NOW)

    def receipt(self, *, delivered: bool) -> str:
        return json.dumps([sms_status(delivered)])

    def reply(self, text: str) -> str:
        one = {
            "extend": "",
            "mobile": NUMBER,
            "nationcode": "86",
            "sign": "示例商城",
            "text": text,
            "time": NOW - 60,
        }
        return json.dumps(one, ensure_ascii=False)

    def forged(self, body: str) -> Iterator[Callback]:
        right = self.proven(body)
        for query in ({}, {"key": ""}, {"key": CALLBACK_KEY[1:]}, {"Key": CALLBACK_KEY}):
            yield replace(right, query=query)
        yield replace(right, query={"key": "\udfff"})
        yield replace(right, query={}, headers={"key": CALLBACK_KEY})

    def test_without_a_key_nobody_is_believed(self) -> None:
        callback = replace(self.proven(self.receipt(delivered=True)), query={"key": ""})

        with pytest.raises(CallbackRefused, match="16 characters"):
            make("https://a.example", callback_key="").reports(callback)

    def test_several_receipts_come_at_once_and_what_is_none_is_left_out(self) -> None:
        broken = {**sms_status(True), "report_status": "PERHAPS"}
        listed = [sms_status(True), "x", {}, broken, sms_status(False)]
        reports = self.reporter().reports(self.proven(json.dumps(listed)))

        assert reports.receipts == (
            Receipt(True, "DELIVRD", None, "2645:1", NOW - 60),
            Receipt(False, "MK:0001", None, "2645:1", NOW - 60),
        )

    def test_a_reply_names_its_signature_and_its_time(self) -> None:
        (reply,) = self.reporter().reports(self.proven(self.reply("TD"))).replies

        assert (reply.signature_text, reply.at) == ("示例商城", NOW - 60)

    def test_replies_have_different_names_if_anything_about_them_differs(self) -> None:
        one = json.loads(self.reply("TD"))
        other_time, other_phone = {**one, "time": NOW - 61}, {**one, "mobile": "13800138001"}
        body = json.dumps([one, other_time, other_phone, {**one, "text": "T"}, one])
        replies = self.reporter().reports(self.proven(body)).replies

        assert [reply.phone for reply in replies].count(PHONE) == 4
        assert len({reply.reply_id for reply in replies}) == 4

    @pytest.mark.parametrize(
        ("called", "delivered", "reason"),
        [("0", True, "result-0"), ("1", False, "result-1"), ("2", False, "result-2")],
    )
    def test_receipts_of_calls_name_the_call(
        self, called: str, delivered: bool, reason: str
    ) -> None:
        """https://cloud.tencent.com/document/product/1128/51533"""
        told = {"result": called, "callid": "call-1", "mobile": NUMBER, "end_calltime": str(NOW)}
        body = json.dumps({"voicecode_callback": told})
        reports = self.reporter().reports(self.proven(body))

        assert reports.receipts == (Receipt(delivered, reason, None, "call-1", NOW),)

    def test_why_a_call_failed_is_a_receipt_too(self) -> None:
        """https://cloud.tencent.com/document/product/382/6532"""
        told = {"failure_code": 8, "failure_reason": "空号", "callid": "call-1", "mobile": NUMBER}
        body = json.dumps({"voice_failure_callback": told}, ensure_ascii=False)
        reports = self.reporter().reports(self.proven(body))

        assert reports.receipts == (Receipt(False, "failure-8", None, "call-1"),)


def sms_status(delivered: bool) -> dict[str, object]:
    """https://cloud.tencent.com/document/product/382/5807"""
    return {
        "user_receive_time": "2026-11-22 07:59:00",
        "nationcode": "86",
        "mobile": NUMBER,
        "report_status": "SUCCESS" if delivered else "FAIL",
        "errmsg": "DELIVRD" if delivered else "MK:0001",
        "description": f"{NUMBER} {CODE}",
        "sid": "2645:1",
    }


def test_without_an_endpoint_the_service_itself_is_called() -> None:
    credentials = Credentials.parse(FIELDS)

    assert credentials.endpoint == "https://sms.tencentcloudapi.com"
    assert credentials.voice_endpoint == "https://vms.tencentcloudapi.com"
    assert SECRET_KEY not in repr(credentials)


@pytest.mark.parametrize("missing", FIELDS)
def test_a_missing_field_is_named_and_no_value_told(missing: str) -> None:
    with pytest.raises(CredentialsInvalid, match=f"no text called {missing}") as raised:
        Credentials.parse({**FIELDS, missing: None})

    assert SECRET_KEY not in str(raised.value)


@pytest.mark.parametrize("service", ["endpoint", "voice_endpoint"])
def test_the_key_is_not_sent_in_the_clear(service: str) -> None:
    with pytest.raises(CredentialsInvalid, match="not https"):
        Credentials.parse({**FIELDS, service: "http://sms.tencentcloudapi.com"})
