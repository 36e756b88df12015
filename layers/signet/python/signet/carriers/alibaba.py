"""Alibaba Cloud SMS (Dysmsapi 2017-05-25): registered templates, receipts by callback.

https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import SendSmsRequest
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import ResponseException
from darabonba.runtime import ExtendsParameters, RuntimeOptions
from Tea.exceptions import TeaException

from signet.carriers import Accepted, OutgoingMessage, Silent, mappings, web_calls
from signet.carriers.mappings import Find
from signet.carriers.web_calls import Meaning

_ENDPOINT = "https://dysmsapi.aliyuncs.com"

# https://help.aliyun.com/zh/sms/developer-reference/api-error-codes
# Codes of the caller's fault begin with isv., those of Alibaba's with isp.; a system error of
# theirs leaves open how far the message came.
_MEANINGS = {
    "isv.BUSINESS_LIMIT_CONTROL": Meaning.NOT_NOW,  # one a minute, five an hour, ten a day
    "isv.MOBILE_NUMBER_ILLEGAL": Meaning.BAD_NUMBER,
    "isp.RAM_PERMISSION_DENY": Meaning.REFUSED,
    "isp.SYSTEM_ERROR": Meaning.UNKNOWN,
}
# Throttling.User and Throttling.Api: more calls a second than the account may make.
# https://developer.aliyun.com/ask/635553
_THROTTLED = "Throttling"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, and the address of the service."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    endpoint: str = _ENDPOINT

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"access_key_id", "access_key_secret", "endpoint"?}`. Raises CredentialsInvalid."""
        parsed = cls(
            access_key_id=web_calls.field(fields, "access_key_id"),
            access_key_secret=web_calls.field(fields, "access_key_secret"),
            endpoint=web_calls.field(fields, "endpoint", default=_ENDPOINT),
        )
        web_calls.address(parsed.endpoint)
        return parsed


class Alibaba(Silent):
    """Alibaba Cloud SMS. Receipts come within seconds and echo the message id as OutId."""

    name = "alibaba"
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
        request = SendSmsRequest(
            phone_numbers=message.phone.removeprefix("+"),
            sign_name=theirs.signature,
            template_code=theirs.template,
            template_param=json.dumps(theirs.variables, ensure_ascii=False),
            out_id=message.message_id,
        )
        try:
            body = self._client.send_sms_with_options(request, self._runtime).body
        # Whatever is raised here holds the URL, and that the number and the code: `from None`.
        except ResponseException as error:
            meaning = _meaning(str(error.code), error.status_code or 0)
            raise web_calls.failure(error.code, meaning) from None
        except TeaException as error:
            raise web_calls.lost(error, before=before) from None
        if body and body.code == "OK" and body.biz_id:
            return Accepted(body.biz_id)
        code = body and body.code
        raise web_calls.failure(code, _meaning(str(code), 200))

    @cached_property
    def _client(self) -> Any:
        address = web_calls.address(self._credentials.endpoint)
        client = Client(
            Config(
                access_key_id=self._credentials.access_key_id,
                access_key_secret=self._credentials.access_key_secret,
                endpoint=address.netloc,
                protocol=address.scheme,
            )
        )
        web_calls.hush()
        return client

    @property
    def _runtime(self) -> Any:
        # Timeouts are in milliseconds. Without `retry_options` the SDK calls once.
        return RuntimeOptions(
            connect_timeout=int(web_calls.CONNECT_TIMEOUT * 1000),
            read_timeout=int(self._read_timeout * 1000),
            extends_parameters=ExtendsParameters(headers=dict(web_calls.HEADERS)),
        )


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
