"""A gateway of one's own: each message is one signed POST (https://www.standardwebhooks.com).

    webhook-id: the message's id, the same each time this message is tried
    webhook-timestamp: seconds since 1970
    webhook-signature: v1,<base64 of HMAC-SHA256(key, "<id>.<timestamp>.<body>")>

    {"v": 1, "message_id", "app_id", "phone": E.164, "kind", "signature": its name,
     "signature_text": what people read, "text": all of it, "template": name or null,
     "template_version": number or null, "variables": {}, "code": digits or null,
     "channel": "sms" or "voice", "sender": whom the route says it comes from, or null}

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

What became of messages, and what people wrote back, comes to `/carriers/webhook/receipts` and
`…/replies`, signed in the same way with the same key, within five minutes of its timestamp. Both
may be in one body:

    {"v": 1, "receipts": [{"app_id", "message_id", "state": "sent", "delivered" or "undelivered",
                           "reason"?: a code, "at"?: epoch seconds}],
     "replies": [{"id", "from": E.164, "text", "at"?, "app_id"?, "signature_text"?}]}
"""

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Self, TypeVar

from signet.carriers import (
    Accepted,
    Callback,
    CallbackRefused,
    CredentialsInvalid,
    OutgoingMessage,
    Receipt,
    Reply,
    Reports,
    callbacks,
    posts,
    web_calls,
)
from signet.carriers.callbacks import Fields
from signet.carriers.web_calls import Meaning

_Read = TypeVar("_Read")

_PREFIX = "whsec_"
# Standard Webhooks asks for 24 to 64 bytes.
_KEY_BYTES = range(24, 65)
# How old, or how far ahead of our clock, a callback may be. https://www.standardwebhooks.com
_TOLERANCE = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 10
_MOST_ENTRIES = 1000
_STATES: Mapping[str, bool | None] = {"sent": None, "delivered": True, "undelivered": False}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the gateway is, the key that it knows us by, and whether it tells what became of it."""

    url: str
    key: bytes = field(repr=False)
    reports: bool = False

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"url", "secret": "whsec_<base64>", "reports"?}`. Raises CredentialsInvalid."""
        url = web_calls.field(fields, "url")
        web_calls.address(url)
        reports = fields.get("reports", False)
        if not isinstance(reports, bool):
            raise CredentialsInvalid("reports of the webhook's secret is not true or false")
        return cls(url, _key(web_calls.field(fields, "secret")), reports)


class Webhook:
    """Any gateway behind a signed POST; there can be several, each with a name of its own."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        name: str = "webhook",
        read_timeout: float = web_calls.READ_TIMEOUT,
    ) -> None:
        """`read_timeout` in seconds."""
        self.name = name
        self.reports_within = timedelta(minutes=1) if credentials.reports else None
        self._credentials = credentials
        self._read_timeout = read_timeout

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        body = json.dumps(_body(message), ensure_ascii=False).encode()
        headers = self._headers(message.message_id, body)
        answer = posts.post(self._credentials.url, body, headers, read_timeout=self._read_timeout)
        taken = answer.name("id")
        if answer.is_success and taken:
            return Accepted(taken)
        raise web_calls.failure(
            answer.fields.get("error"), _meaning(answer), otherwise=f"http_{answer.status}"
        )

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports."""
        self._demand_proof(callback)
        fields = callbacks.fields(callback)
        if fields.get("v") != 1:
            raise CallbackRefused("v is not 1")
        return Reports(
            receipts=_each(fields, "receipts", _receipt, callback.now),
            replies=_each(fields, "replies", _reply, callback.now),
        )

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self._signature(message_id, timestamp, body),
        }

    def _signature(self, identity: str, timestamp: str, body: bytes) -> str:
        signed = b".".join((callbacks.encoded(identity), timestamp.encode(), body))
        signature = hmac.digest(self._credentials.key, signed, sha256)
        return f"v1,{base64.b64encode(signature).decode()}"

    def _demand_proof(self, callback: Callback) -> None:
        identity = callback.headers.get("webhook-id", "")
        timestamp = callback.headers.get("webhook-timestamp", "")
        if not identity or not _TIMESTAMP.fullmatch(timestamp):
            raise CallbackRefused("not signed")
        if abs(int(timestamp) - callback.now) > _TOLERANCE:
            raise CallbackRefused("timestamp too far from now")
        body = callbacks.encoded(callbacks.body(callback))
        wanted = self._signature(identity, timestamp, body)
        given = callback.headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
        if not any(callbacks.same(one, wanted) for one in given):
            raise CallbackRefused("wrong signature")


def _each(
    fields: Fields, name: str, read: Callable[[Fields, int], _Read | None], now: int
) -> tuple[_Read, ...]:
    """The entries of a list, all of them right: a gateway of one's own hears what is wrong."""
    listed = fields.get(name, [])
    if not isinstance(listed, list) or len(listed) > _MOST_ENTRIES:
        raise CallbackRefused(f"{name} is no list of at most {_MOST_ENTRIES}")
    found = [read(one, now) if isinstance(one, dict) else None for one in listed]
    for place, one in enumerate(found):
        if one is None:
            raise CallbackRefused(f"{name}[{place}] lacks a field, or has one that cannot be")
    return tuple(one for one in found if one is not None)


def _receipt(fields: Fields, now: int) -> Receipt | None:
    state = callbacks.text(fields, "state")
    app_id, message_id = callbacks.text(fields, "app_id"), callbacks.text(fields, "message_id")
    ref = callbacks.ref(f"{app_id}.{message_id}")
    if ref is None or state not in _STATES:
        return None
    reason = callbacks.text(fields, "reason") or state
    return Receipt(
        delivered=_STATES[state],
        reason=callbacks.reason(reason),
        ref=ref,
        at=callbacks.moment(callbacks.text(fields, "at"), now=now),
    )


def _reply(fields: Fields, now: int) -> Reply | None:
    phone = callbacks.phone(callbacks.text(fields, "from"))
    reply_id = callbacks.text(fields, "id")
    if phone is None or not reply_id or not isinstance(fields.get("text"), str):
        return None
    return Reply(
        phone=phone,
        text=callbacks.text(fields, "text"),
        reply_id=reply_id,
        at=callbacks.moment(callbacks.text(fields, "at"), now=now),
        app_id=callbacks.text(fields, "app_id") or None,
        signature_text=callbacks.text(fields, "signature_text") or None,
    )


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
        "channel": message.channel,
        "sender": message.sender,
    }


def _meaning(answer: posts.Answer) -> Meaning:
    if not 400 <= answer.status < 500:
        return Meaning.UNKNOWN
    if answer.status == 429 or answer.fields.get("retryable") is True:
        return Meaning.NOT_NOW
    is_bad = answer.fields.get("bad_number") is True
    return Meaning.BAD_NUMBER if is_bad else Meaning.REFUSED


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if encoded == secret or len(key) not in _KEY_BYTES:
        raise CredentialsInvalid("the webhook's secret is not whsec_ and 24 to 64 bytes in base64")
    return key
