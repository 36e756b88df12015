"""Tencent Cloud SMS through its SDK, against a vendor that checks TC3-HMAC-SHA256 itself.

https://cloud.tencent.com/document/api/382/52070
"""

import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from signet.carriers import CarrierError, CredentialsInvalid
from signet.carriers.tencent import Credentials, Tencent
from signet.vendor_templates import VendorTemplate
from tests.carriers.contract import MESSAGE, Answer, ContractOutsideAws
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


def make(url: str, *, found: VendorTemplate | None = FOUND, read_timeout: float = 5) -> Tencent:
    credentials = Credentials.parse({**FIELDS, "endpoint": url})
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


class TestTencent(ContractOutsideAws):
    """SendSms gives each number a status; a call that is refused as a whole has an Error."""

    keys = (SECRET_KEY,)
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
        number_refused("UnsupportedOperation.UnsupportedRegion"),
        call_refused("InvalidParameterValue.IncorrectPhoneNumber"),
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

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(answers(SendStatusSet=[status("Ok", carrier_message_id)]))

    def echoed(self, call: Call) -> str | None:
        return str(json.loads(call.body)["SessionContext"])

    def is_signed_right(self, call: Call) -> bool:
        algorithm, _, rest = call.headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(", "))
        timestamp = call.headers["x-tc-timestamp"]
        date = datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%d")
        scope = f"{date}/sms/tc3_request"
        named = fields["SignedHeaders"]
        canonical = [
            *("POST", call.path, ""),
            *(f"{name}:{call.headers[name]}" for name in named.split(";")),
            *("", named, sha256(call.body).hexdigest()),
        ]
        hashed = sha256("\n".join(canonical).encode()).hexdigest()
        key = f"TC3{SECRET_KEY}".encode()
        for part in (date, "sms", "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signed = "\n".join((algorithm, timestamp, scope, hashed))
        return (
            (algorithm, fields["Credential"]) == ("TC3-HMAC-SHA256", f"{SECRET_ID}/{scope}")
            and {"content-type", "host"} <= set(named.split(";"))
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

    def test_it_reports_within_a_minute(self) -> None:
        carrier = make("https://sms.tencentcloudapi.com")

        assert (carrier.name, carrier.reports_within) == ("tencent", timedelta(minutes=1))


def test_without_an_endpoint_the_service_itself_is_called() -> None:
    credentials = Credentials.parse(FIELDS)

    assert credentials.endpoint == "https://sms.tencentcloudapi.com"
    assert SECRET_KEY not in repr(credentials)


@pytest.mark.parametrize("missing", FIELDS)
def test_a_missing_field_is_named_and_no_value_told(missing: str) -> None:
    with pytest.raises(CredentialsInvalid, match=f"no text called {missing}") as raised:
        Credentials.parse({**FIELDS, missing: None})

    assert SECRET_KEY not in str(raised.value)


def test_the_key_is_not_sent_in_the_clear() -> None:
    with pytest.raises(CredentialsInvalid, match="not https"):
        Credentials.parse({**FIELDS, "endpoint": "http://sms.tencentcloudapi.com"})
