"""Alibaba Cloud SMS through its SDK, against a vendor that checks ACS3-HMAC-SHA256 itself.

https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

import hmac
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from signet.carriers import CarrierError, CredentialsInvalid
from signet.carriers.alibaba import Alibaba, Credentials
from signet.vendor_templates import VendorTemplate
from tests.carriers.contract import MESSAGE, Answer, ContractOutsideAws
from tests.carriers.vendor import Call, Vendor

# The SDK dates its calls in a way that newer Pythons warn of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

KEY_ID, SECRET = "test-key-id", "test-key-secret"
FOUND = VendorTemplate(
    vendor_template="SMS_15305",
    signatures={"Signet": "示例商城"},
    variables={"code": "code", "product": "name"},
    text=None,
)


def make(url: str, *, found: VendorTemplate | None = FOUND, read_timeout: float = 5) -> Alibaba:
    fields = {"access_key_id": KEY_ID, "access_key_secret": SECRET, "endpoint": url}
    return Alibaba(Credentials.parse(fields), lambda _: found, read_timeout=read_timeout)


def query(call: Call) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(call.path).query, keep_blank_values=True))


def answers(code: str, **more: str) -> bytes:
    body = {"Code": code, "Message": f"{MESSAGE.phone} {MESSAGE.text}", "RequestId": "r-1", **more}
    return json.dumps(body, ensure_ascii=False).encode()


def refuses(code: str, status: int = 200) -> Answer:
    return Answer(answers(code), status, code)


class TestAlibaba(ContractOutsideAws):
    """SendSms answers 200 also when it refuses; what stands before it answers 4xx."""

    keys = (SECRET,)
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

    def accepts(self, carrier_message_id: str) -> Answer:
        return Answer(answers("OK", BizId=carrier_message_id))

    def echoed(self, call: Call) -> str | None:
        return query(call)["OutId"]

    def is_signed_right(self, call: Call) -> bool:
        algorithm, _, rest = call.headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(","))
        payload = sha256(call.body).hexdigest()
        by_us = hmac.new(SECRET.encode(), self.signed(call, fields, payload), sha256).hexdigest()
        named = fields["SignedHeaders"].split(";")
        return (
            (algorithm, fields["Credential"]) == ("ACS3-HMAC-SHA256", KEY_ID)
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
            "OutId": MESSAGE.message_id,
        }

    def test_what_is_not_mapped_is_not_sent(self, vendor: Vendor) -> None:
        with pytest.raises(CarrierError, match="no template mapping for the built-in text"):
            make(vendor.url, found=None).submit(MESSAGE)
        with pytest.raises(CarrierError, match="no signature mapping for other"):
            make(vendor.url).submit(replace(MESSAGE, signature="other"))

        assert vendor.calls == []

    def test_it_reports_within_a_minute(self) -> None:
        carrier = make("https://dysmsapi.aliyuncs.com")

        assert (carrier.name, carrier.reports_within) == ("alibaba", timedelta(minutes=1))


def test_without_an_endpoint_the_service_itself_is_called() -> None:
    credentials = Credentials.parse({"access_key_id": KEY_ID, "access_key_secret": SECRET})

    assert credentials.endpoint == "https://dysmsapi.aliyuncs.com"
    assert SECRET not in repr(credentials)


@pytest.mark.parametrize("missing", ["access_key_id", "access_key_secret"])
def test_a_missing_field_is_named_and_no_value_told(missing: str) -> None:
    fields: dict[str, object] = {"access_key_id": KEY_ID, "access_key_secret": SECRET, missing: ""}

    with pytest.raises(CredentialsInvalid, match=f"no text called {missing}") as raised:
        Credentials.parse(fields)

    assert SECRET not in str(raised.value)


def test_the_key_is_not_sent_in_the_clear() -> None:
    fields = {"access_key_id": KEY_ID, "access_key_secret": SECRET}

    with pytest.raises(CredentialsInvalid, match="not https"):
        Credentials.parse({**fields, "endpoint": "http://dysmsapi.aliyuncs.com"})
