"""Tencent Cloud SMS (2021-01-11) and voice (2020-09-02): registered templates, codes, receipts.

https://cloud.tencent.com/document/api/382/55981 (SMS)
https://cloud.tencent.com/document/api/1128/51559 (codes by voice)
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, Self

from signet.carriers import (
    Accepted,
    Callback,
    CarrierError,
    OutgoingMessage,
    Reports,
    callbacks,
    mappings,
    tencent_reports,
    web_calls,
)
from signet.carriers.callbacks import Fields
from signet.carriers.mappings import Find
from signet.carriers.web_calls import Meaning
from signet.limits import Channel

_ENDPOINT = "https://sms.tencentcloudapi.com"
_VOICE_ENDPOINT = "https://vms.tencentcloudapi.com"
# One address serves all, and a region must be named all the same.
_REGION = "ap-guangzhou"

# https://cloud.tencent.com/document/api/382/59177 (SMS),
# https://cloud.tencent.com/document/api/1128/51567 (voice) and
# https://cloud.tencent.com/document/api/382/52075 (all services). A number in the blacklist belongs
# to a person who wants no messages; a region that is not served may be by another carrier.
_MEANINGS = {
    "LimitExceeded.DeliveryFrequencyLimit": Meaning.NOT_NOW,
    "LimitExceeded.GlobalSmsSendingRateLimit": Meaning.NOT_NOW,
    "LimitExceeded.PhoneNumberThirtySecondLimit": Meaning.NOT_NOW,
    "FailedOperation.PhoneNumberInBlacklist": Meaning.BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": Meaning.BAD_NUMBER,
    "InvalidParameterValue.IncorrectPhoneNumber": Meaning.BAD_NUMBER,
    "InvalidParameterValue.CalledNumberVerifyFail": Meaning.BAD_NUMBER,
    # A voice call may have been made before these.
    "FailedOperation.AccessUpstreamTimeout": Meaning.UNKNOWN,
    "FailedOperation.ParametersOtherError": Meaning.UNKNOWN,
    # An InternalError may come after the message went on, but not these.
    "InternalError.JsonParseFail": Meaning.REFUSED,
    "InternalError.RequestTimeException": Meaning.REFUSED,
    "InternalError.RestApiInterfaceNotExist": Meaning.REFUSED,
    "InternalError.SigFieldMissing": Meaning.REFUSED,
    "InternalError.SigVerificationFail": Meaning.REFUSED,
}
# What stands before the first dot. InternalError is not here, nor what the SDK makes up itself.
_FAMILIES = {
    "RequestLimitExceeded": Meaning.NOT_NOW,
    **dict.fromkeys(
        (
            "ActionOffline",
            "AuthFailure",
            "FailedOperation",
            "InvalidAction",
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidRequest",
            "IpInBlacklist",
            "IpNotInWhitelist",
            "LimitExceeded",
            "MissingParameter",
            "NoSuchProduct",
            "NoSuchVersion",
            "UnauthorizedOperation",
            "UnknownParameter",
            "UnsupportedOperation",
            "UnsupportedProtocol",
            "UnsupportedRegion",
        ),
        Meaning.REFUSED,
    ),
}

# What the SDK makes of an answer that is none, or breaks off.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret key, the applications' ids, the secret of callbacks, the services' addresses."""

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    voice_sdk_app_id: str = ""
    callback_key: str = field(default="", repr=False)
    endpoint: str = _ENDPOINT
    voice_endpoint: str = _VOICE_ENDPOINT

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"secret_id", "secret_key", "sdk_app_id", "voice_sdk_app_id"?, …}`.

        The others are the attributes above. Raises CredentialsInvalid.
        """
        return cls(
            secret_id=web_calls.field(fields, "secret_id"),
            secret_key=web_calls.field(fields, "secret_key"),
            sdk_app_id=web_calls.field(fields, "sdk_app_id"),
            voice_sdk_app_id=web_calls.field(fields, "voice_sdk_app_id", default=""),
            callback_key=web_calls.field(fields, "callback_key", default=""),
            endpoint=web_calls.endpoint(fields, "endpoint", _ENDPOINT),
            voice_endpoint=web_calls.endpoint(fields, "voice_endpoint", _VOICE_ENDPOINT),
        )


class Tencent:
    """Tencent Cloud. Receipts come within seconds to whom its console names, if anybody.

    They name the serial number, or the call. The message id goes along as SessionContext, which
    only the answer echoes.
    """

    name = "tencent"

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
        return self._send_template(message)

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports."""
        callbacks.demand_key(callback, self._credentials.callback_key)
        return tencent_reports.read(callback)

    def _send_template(self, message: OutgoingMessage) -> Accepted:
        theirs = mappings.translated(message, self._find)
        request = {
            "PhoneNumberSet": [message.phone],
            "SmsSdkAppId": self._credentials.sdk_app_id,
            "SignName": theirs.signature,
            "TemplateId": theirs.template,
            "TemplateParamSet": theirs.by_position,
            "SessionContext": message.message_id,
            # The mainland has no sender ids.
            **({} if message.is_to_mainland else _sender(message)),
        }
        sms = ("sms", "2021-01-11", self._credentials.endpoint)
        statuses = self._call(sms, "SendSms", request).get("SendStatusSet")
        first = statuses[0] if isinstance(statuses, list) and statuses else None
        status: Fields = first if isinstance(first, dict) else {}
        code, serial, fee = status.get("Code"), status.get("SerialNo"), status.get("Fee")
        if code == "Ok" and isinstance(serial, str) and serial:
            return Accepted(serial, is_echoed=False)
        is_billed = isinstance(fee, int) and fee > 0
        raise web_calls.failure(code, _meaning(code), billable=is_billed)

    def _call_up(self, message: OutgoingMessage) -> Accepted:
        app_id = self._credentials.voice_sdk_app_id
        if not app_id or not message.code:
            missing = "code to say" if app_id else "voice_sdk_app_id"
            raise CarrierError(f"no {missing}", retryable=False, asked=False)
        request = {
            "CodeMessage": message.code,
            "CalledNumber": message.phone,
            "VoiceSdkAppid": app_id,
            "PlayTimes": 2,
            "SessionContext": message.message_id,
        }
        vms = ("vms", "2020-09-02", self._credentials.voice_endpoint)
        answer = self._call(vms, "SendCodeVoice", request)
        call_id = _object(answer, "SendStatus").get("CallId")
        if isinstance(call_id, str) and call_id:
            return Accepted(call_id, is_echoed=False)
        raise web_calls.failure(None, Meaning.UNKNOWN)

    def _call(
        self, service: tuple[str, str, str], action: str, request: Mapping[str, object]
    ) -> Fields:
        """One signed call: the answer's Response; {} where there is none."""
        # Here and not above: what only reads receipts has no SDK.
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )

        client = _client(self._credentials, service, self._read_timeout)
        web_calls.hush()
        before = sys.exception()
        try:
            answer = client.call_json(action, request, headers=dict(web_calls.HEADERS))
        except TencentCloudSDKException as error:
            raise _refusal(error, before) from None
        except _UNREADABLE as error:
            raise web_calls.lost(error, before=before) from None
        response = _object(answer, "Response")
        # The SDK sees an error only in answers of the content type that it knows.
        if "Error" in response:
            code = _object(response, "Error").get("Code")
            raise web_calls.failure(code, _meaning(code))
        return response


@lru_cache(maxsize=8)
def _client(credentials: Credentials, service: tuple[str, str, str], read_timeout: float) -> Any:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.common.retry import NoopRetryer

    name, version, endpoint = service
    address = web_calls.address(endpoint)
    http = HttpProfile(
        protocol=address.scheme,
        endpoint=address.netloc,
        # The SDK hands it to requests as it is: seconds to connect, seconds to read.
        reqTimeout=(web_calls.CONNECT_TIMEOUT, read_timeout),
    )
    credential = Credential(credentials.secret_id, credentials.secret_key)
    profile = ClientProfile(httpProfile=http, retryer=NoopRetryer())
    return CommonClient(name, version, credential, _REGION, profile)


def _sender(message: OutgoingMessage) -> dict[str, str]:
    return {"SenderId": message.sender} if message.sender else {}


def _object(holder: object, name: str) -> Fields:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _refusal(error: Any, before: BaseException | None) -> Exception:
    """The SDK has one exception for all; only the vendor's own has the id of a request."""
    if error.requestId:
        return web_calls.failure(error.code, _meaning(error.code))
    return web_calls.lost(error, before=before)


def _meaning(code: object) -> Meaning:
    if not isinstance(code, str):
        return Meaning.UNKNOWN
    family = _FAMILIES.get(code.split(".")[0], Meaning.UNKNOWN)
    return _MEANINGS.get(code, family)
