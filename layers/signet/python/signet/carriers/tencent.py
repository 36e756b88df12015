"""Tencent Cloud SMS (2021-01-11): registered templates, receipts by callback.

https://cloud.tencent.com/document/api/382/55981
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.retry import NoopRetryer
from tencentcloud.sms.v20210111.models import SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient

from signet.carriers import Accepted, OutgoingMessage, Silent, mappings, web_calls
from signet.carriers.mappings import Find
from signet.carriers.web_calls import Meaning

_ENDPOINT = "https://sms.tencentcloudapi.com"
# One address serves all, and a region must be named all the same.
_REGION = "ap-guangzhou"

# https://cloud.tencent.com/document/api/382/59177 (SMS) and
# https://cloud.tencent.com/document/api/382/52075 (all services)
_MEANINGS = {
    "LimitExceeded.DeliveryFrequencyLimit": Meaning.NOT_NOW,
    "LimitExceeded.GlobalSmsSendingRateLimit": Meaning.NOT_NOW,
    "LimitExceeded.PhoneNumberThirtySecondLimit": Meaning.NOT_NOW,
    "FailedOperation.PhoneNumberInBlacklist": Meaning.BAD_NUMBER,
    "FailedOperation.PhoneNumberParseFail": Meaning.BAD_NUMBER,
    "InvalidParameterValue.IncorrectPhoneNumber": Meaning.BAD_NUMBER,
    "UnsupportedOperation.UnsupportedRegion": Meaning.BAD_NUMBER,
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


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret key, the SMS application's id, and the address of the service."""

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    endpoint: str = _ENDPOINT

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"secret_id", "secret_key", "sdk_app_id", "endpoint"?}`.

        Raises CredentialsInvalid.
        """
        parsed = cls(
            secret_id=web_calls.field(fields, "secret_id"),
            secret_key=web_calls.field(fields, "secret_key"),
            sdk_app_id=web_calls.field(fields, "sdk_app_id"),
            endpoint=web_calls.field(fields, "endpoint", default=_ENDPOINT),
        )
        web_calls.address(parsed.endpoint)
        return parsed


class Tencent(Silent):
    """Tencent Cloud SMS. Receipts come within seconds and name the serial number.

    The message id goes along as SessionContext, which only the answer echoes.
    """

    name = "tencent"
    reports_within: timedelta | None = timedelta(minutes=1)

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

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        before = sys.exception()
        theirs = mappings.translated(message, self._find)
        request = SendSmsRequest()
        request.SmsSdkAppId = self._credentials.sdk_app_id
        request.PhoneNumberSet = [message.phone]
        request.SignName = theirs.signature
        request.TemplateId = theirs.template
        request.TemplateParamSet = theirs.by_position
        request.SessionContext = message.message_id
        request.headers = dict(web_calls.HEADERS)
        try:
            statuses = self._client.SendSms(request).SendStatusSet
        except TencentCloudSDKException as error:
            raise _refusal(error, before) from None
        if not statuses:
            raise web_calls.failure(None, Meaning.UNKNOWN)
        status = statuses[0]
        if status.Code == "Ok" and status.SerialNo:
            return Accepted(status.SerialNo)
        raise web_calls.failure(status.Code, _meaning(status.Code))

    @cached_property
    def _client(self) -> Any:
        address = web_calls.address(self._credentials.endpoint)
        http = HttpProfile(
            protocol=address.scheme,
            endpoint=address.netloc,
            # The SDK hands it to requests as it is: seconds to connect, seconds to read.
            reqTimeout=(web_calls.CONNECT_TIMEOUT, self._read_timeout),
        )
        credential = Credential(self._credentials.secret_id, self._credentials.secret_key)
        profile = ClientProfile(httpProfile=http, retryer=NoopRetryer())
        client = SmsClient(credential, _REGION, profile)
        web_calls.hush()
        return client


def _refusal(error: Any, before: BaseException | None) -> Exception:
    """The SDK has one exception for all; only the vendor's own has the id of a request."""
    if error.requestId:
        return web_calls.failure(error.code, _meaning(error.code))
    return web_calls.lost(error, before=before)


def _meaning(code: str | None) -> Meaning:
    if code is None:
        return Meaning.UNKNOWN
    family = _FAMILIES.get(code.split(".")[0], Meaning.UNKNOWN)
    return _MEANINGS.get(code, family)
