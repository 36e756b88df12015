"""Alibaba Cloud: registered templates to the mainland, text abroad, codes by voice; receipts.

https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2018-05-01-sendmessagetoglobe
https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, Self

from signet.carriers import (
    Accepted,
    Callback,
    CarrierError,
    OutgoingMessage,
    Reports,
    alibaba_reports,
    callbacks,
    mappings,
    web_calls,
)
from signet.carriers.callbacks import Fields
from signet.carriers.mappings import Find
from signet.carriers.web_calls import Meaning
from signet.limits import Channel, Kind

_ENDPOINT = "https://dysmsapi.aliyuncs.com"
# https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2018-05-01-endpoint
_ENDPOINT_ABROAD = "https://dysmsapi.ap-southeast-1.aliyuncs.com"
_VOICE_ENDPOINT = "https://dyvmsapi.aliyuncs.com"

# https://help.aliyun.com/zh/sms/developer-reference/api-error-codes (mainland) and
# https://help.aliyun.com/document_detail/178344.html (voice)
# Codes of the caller's fault begin with isv., those of Alibaba's with isp.; a system error of
# theirs leaves open how far the message came. No refusal is charged.
_MEANINGS = {
    "isv.BUSINESS_LIMIT_CONTROL": Meaning.NOT_NOW,  # one a minute, five an hour, ten a day
    "isv.MOBILE_NUMBER_ILLEGAL": Meaning.BAD_NUMBER,
    "isp.RAM_PERMISSION_DENY": Meaning.REFUSED,
    "isp.SYSTEM_ERROR": Meaning.UNKNOWN,
    # https://help.aliyun.com/zh/sms/error-code-intl (abroad). SYSTEM_ERROR and
    # ONLINE_BILLING_FAILED ("or an internal error") are left out: nobody knows.
    "MOBILE_NUMBER_ILLEGAL": Meaning.BAD_NUMBER,
    "QPS_LIMIT_CONTROL": Meaning.NOT_NOW,
    **dict.fromkeys(
        (
            "ACCOUNT_ILLEGAL",
            "ACCOUNT_NOT_EXISTS",
            "AMOUNT_NOT_ENOUGH",
            "BLACK_KEY_CONTROL_LIMIT",
            "CONTENT_MISSING_PARAMETERS",
            "FORBIDDEN_ACTION",
            "INVALID_JSON_PARAM",
            "INVALID_PARAMETERS",
            "INVALID_SENDERID",
            "MOBILE_COUNT_OVER_LIMIT",
            "NOT_SUPPORTED_COUNTRY",
            "OUT_OF_SERVICE",
            "PARAM_LENGTH_LIMIT",
            "PRODUCT_NOT_SUBSCRIBED",
            "RAM_PERMISSION_DENY",
            "SMS_CONTENT_CODE_ILLEGAL",
            "SMS_CONTENT_ILLEGAL",
            "SMS_SECURITY_INTERCEPTED",
            "SMS_SIGN_NAME_ILLEGAL",
        ),
        Meaning.REFUSED,
    ),
}
# Throttling.User and Throttling.Api: more calls a second than the account may make.
# https://developer.aliyun.com/ask/635553
_THROTTLED = "Throttling"

_TYPES = {Kind.VERIFICATION: "OTP", Kind.NOTIFICATION: "NOTIFY", Kind.MARKETING: "MKT"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, the secret of callbacks, the voice's template, and the services' addresses."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    callback_key: str = field(default="", repr=False)
    voice_template: str = ""
    voice_variable: str = "code"
    called_show_number: str = ""
    endpoint: str = _ENDPOINT
    endpoint_abroad: str = _ENDPOINT_ABROAD
    voice_endpoint: str = _VOICE_ENDPOINT

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"access_key_id", "access_key_secret", "callback_key"?, "voice_template"?, …}`.

        The others are the attributes above. Raises CredentialsInvalid.
        """
        return cls(
            access_key_id=web_calls.field(fields, "access_key_id"),
            access_key_secret=web_calls.field(fields, "access_key_secret"),
            callback_key=web_calls.field(fields, "callback_key", default=""),
            voice_template=web_calls.field(fields, "voice_template", default=""),
            voice_variable=web_calls.field(fields, "voice_variable", default="code"),
            called_show_number=web_calls.field(fields, "called_show_number", default=""),
            endpoint=web_calls.endpoint(fields, "endpoint", _ENDPOINT),
            endpoint_abroad=web_calls.endpoint(fields, "endpoint_abroad", _ENDPOINT_ABROAD),
            voice_endpoint=web_calls.endpoint(fields, "voice_endpoint", _VOICE_ENDPOINT),
        )


class Alibaba:
    """Alibaba Cloud. Receipts come within seconds to whom its console names, if anybody."""

    name = "alibaba"

    def __init__(
        self,
        credentials: Credentials,
        find: Find,
        *,
        read_timeout: float = web_calls.READ_TIMEOUT,
    ) -> None:
        """`find` finds the mapping of a message; `read_timeout` in seconds."""
        self._credentials = credentials
        self._find = find
        self._read_timeout = read_timeout

    @property
    def reports_within(self) -> timedelta | None:
        """See Carrier.reports_within."""
        has_key = callbacks.is_key(self._credentials.callback_key)
        return timedelta(minutes=1) if has_key else None

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        if message.channel is Channel.VOICE:
            return self._call_up(message)
        if message.is_to_mainland:
            return self._send_template(message)
        return self._send_text(message)

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports."""
        callbacks.demand_key(callback, self._credentials.callback_key)
        return alibaba_reports.read(callback)

    def _send_template(self, message: OutgoingMessage) -> Accepted:
        theirs = mappings.translated(message, self._find)
        query = {
            "PhoneNumbers": message.phone.removeprefix("+"),
            "SignName": theirs.signature,
            "TemplateCode": theirs.template,
            "TemplateParam": json.dumps(theirs.variables, ensure_ascii=False),
            "OutId": callbacks.named(message.ref),
        }
        body = self._call(self._credentials.endpoint, "SendSms", "2017-05-25", query)
        return _accepted(body, code="Code", name="BizId")

    def _send_text(self, message: OutgoingMessage) -> Accepted:
        query = {
            "To": message.phone.removeprefix("+"),
            "Message": message.text,
            "Type": _TYPES[message.kind],
            "TaskId": callbacks.named(message.ref),
            **({"From": message.sender} if message.sender else {}),
        }
        endpoint = self._credentials.endpoint_abroad
        body = self._call(endpoint, "SendMessageToGlobe", "2018-05-01", query)
        return _accepted(body, code="ResponseCode", name="MessageId")

    def _call_up(self, message: OutgoingMessage) -> Accepted:
        credentials = self._credentials
        if not credentials.voice_template or not message.code:
            missing = "code to say" if credentials.voice_template else "voice_template"
            raise CarrierError(f"no {missing}", retryable=False, asked=False)
        shown = message.sender or credentials.called_show_number
        # Its OutId has room for 15 bytes, fewer than a message's name: receipts go by the call's.
        query = {
            "CalledNumber": message.phone.removeprefix("+86"),
            "TtsCode": credentials.voice_template,
            "TtsParam": json.dumps({credentials.voice_variable: message.code}),
            "PlayTimes": "2",
            **({"CalledShowNumber": shown} if shown else {}),
        }
        body = self._call(credentials.voice_endpoint, "SingleCallByTts", "2017-05-25", query)
        accepted = _accepted(body, code="Code", name="CallId")
        return replace(accepted, is_echoed=False)

    def _call(self, endpoint: str, action: str, version: str, query: dict[str, str]) -> Fields:
        """One signed call; {} for an answer that is no JSON object."""
        # Here and not above: what only reads receipts has no SDK.
        from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
        from darabonba.exceptions import ResponseException
        from Tea.exceptions import TeaException

        params = Params(
            action=action,
            version=version,
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        client = _client(self._credentials, endpoint)
        web_calls.hush()
        before = sys.exception()
        try:
            answer = client.call_api(params, OpenApiRequest(query=query), self._runtime)
        # Whatever is raised here holds the URL, and that the number and the code: `from None`.
        except ResponseException as error:
            meaning = _meaning(str(error.code), error.status_code or 0)
            raise web_calls.failure(error.code, meaning) from None
        except TeaException as error:
            raise web_calls.lost(error, before=before) from None
        body = answer.get("body")
        return body if isinstance(body, dict) else {}

    @property
    def _runtime(self) -> Any:
        from darabonba.runtime import ExtendsParameters, RuntimeOptions

        # Timeouts are in milliseconds. Without `retry_options` the SDK calls once.
        return RuntimeOptions(
            connect_timeout=int(web_calls.CONNECT_TIMEOUT * 1000),
            read_timeout=int(self._read_timeout * 1000),
            extends_parameters=ExtendsParameters(headers=dict(web_calls.HEADERS)),
        )


@lru_cache(maxsize=8)
def _client(credentials: Credentials, endpoint: str) -> Any:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    address = web_calls.address(endpoint)
    return Client(
        Config(
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
            endpoint=address.netloc,
            protocol=address.scheme,
        )
    )


def _accepted(body: Fields, *, code: str, name: str) -> Accepted:
    """What the service says of the message, by the names of its fields."""
    said, taken = body.get(code), body.get(name)
    if said == "OK" and isinstance(taken, str) and taken:
        return Accepted(taken)
    raise web_calls.failure(said, _meaning(str(said), 200))


def _meaning(code: str, status: int) -> Meaning:
    """What a code says; `status` is 200 for what the service itself refuses, 4xx before it."""
    if code in _MEANINGS:
        return _MEANINGS[code]
    if code.split(".")[0] == _THROTTLED:
        return Meaning.NOT_NOW
    if code.startswith("isv."):
        return Meaning.REFUSED
    is_code = code != "None" and not code.startswith("isp.")
    return Meaning.REFUSED if is_code and 400 <= status < 500 else Meaning.UNKNOWN
