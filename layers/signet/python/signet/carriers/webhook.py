"""A gateway of one's own: each message is one signed POST (https://www.standardwebhooks.com).

    webhook-id: the message's id, the same each time this message is tried
    webhook-timestamp: seconds since 1970
    webhook-signature: v1,<base64 of HMAC-SHA256(key, "<id>.<timestamp>.<body>")>

    {"v": 1, "message_id", "app_id", "phone": E.164, "kind", "signature": its name,
     "signature_text": what people read, "text": all of it, "template": name or null,
     "template_version": number or null, "variables": {}, "code": digits or null}

    answer                                   | meaning
    -----------------------------------------+-------------------------------------------------
    2xx {"id": "…"}                          | accepted, under that id
    429                                      | surely not taken, may be tried again
    4xx {"error": "…", "retryable": true}    | surely not taken, may be tried again
    4xx {"error": "…", "bad_number": true}   | surely not taken, because of the number
    any other 4xx, best with {"error": "…"}  | surely not taken
    anything else, or nothing                | not known; the message is never sent again

`error` is recorded where it is a code: a letter, then letters, digits, `_`, `.`, `:` and `-`, at
most 80 in all and never four digits in a row. Redirects are not followed. The body holds codes, so
the address is https, or of this very machine.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Self

import urllib3
from urllib3.exceptions import HTTPError

from signet import standard_webhooks
from signet.carriers import Accepted, CredentialsInvalid, OutgoingMessage, Silent, web_calls
from signet.carriers.web_calls import Meaning

_MAX_ANSWER = 64 * 1024
_MAX_ID = 256


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the gateway is, and the key that it knows us by."""

    url: str
    key: bytes = field(repr=False)

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"url", "secret": "whsec_<base64>"}`. Raises CredentialsInvalid."""
        url = web_calls.field(fields, "url")
        web_calls.address(url)
        return cls(url, _key(web_calls.field(fields, "secret")))


class Webhook(Silent):
    """Any gateway behind a signed POST. It does not report."""

    name = "webhook"
    reports_within: timedelta | None = None

    def __init__(
        self, credentials: Credentials, *, read_timeout: float = web_calls.READ_TIMEOUT
    ) -> None:
        """`read_timeout` in seconds."""
        self._credentials = credentials
        self._read_timeout = read_timeout

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        before = sys.exception()
        body = json.dumps(_body(message), ensure_ascii=False).encode()
        try:
            status, answer = self._post(message.message_id, body)
        except HTTPError as error:
            raise web_calls.lost(error, before=before) from None
        fields = _object(answer)
        taken = fields.get("id")
        if 200 <= status < 300 and isinstance(taken, str) and 0 < len(taken) <= _MAX_ID:
            return Accepted(taken)
        meaning = _meaning(status, fields)
        raise web_calls.failure(fields.get("error"), meaning, otherwise=f"http_{status}")

    def _post(self, message_id: str, body: bytes) -> tuple[int, bytes]:
        answer = self._pool.request(
            "POST",
            self._credentials.url,
            body=body,
            headers=self._headers(message_id, body),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return answer.status, answer.read(_MAX_ANSWER)
        finally:
            answer.close()

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        return {
            **web_calls.HEADERS,
            "Content-Type": "application/json; charset=utf-8",
            **standard_webhooks.headers(
                [self._credentials.key], message_id, int(time.time()), body
            ),
        }

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        web_calls.hush()
        timeout = urllib3.Timeout(connect=web_calls.CONNECT_TIMEOUT, read=self._read_timeout)
        return urllib3.PoolManager(timeout=timeout)


def _body(message: OutgoingMessage) -> dict[str, object]:
    return {
        "v": 1,
        "message_id": message.message_id,
        "app_id": message.app_id,
        "phone": message.phone,
        "kind": message.kind,
        "signature": message.signature,
        "signature_text": message.signature_text,
        "text": message.text,
        "template": message.template,
        "template_version": message.template_version,
        "variables": dict(message.variables),
        "code": message.code,
    }


def _meaning(status: int, fields: Mapping[str, object]) -> Meaning:
    if not 400 <= status < 500:
        return Meaning.UNKNOWN
    if status == 429 or fields.get("retryable") is True:
        return Meaning.NOT_NOW
    return Meaning.BAD_NUMBER if fields.get("bad_number") is True else Meaning.REFUSED


def _object(answer: bytes) -> Mapping[str, object]:
    """The answer's JSON object; an empty one for anything else."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(secret: str) -> bytes:
    try:
        return standard_webhooks.key(secret)
    except standard_webhooks.SecretInvalid:
        raise CredentialsInvalid(
            "the webhook's secret is not whsec_ and 24 to 64 bytes in base64"
        ) from None
