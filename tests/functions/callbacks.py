"""Callbacks as carriers make them: what they tell, and each one's proof."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import urlencode

from functions.receipt import app as receipt_function
from signet.messages import Message
from tests.functions.service import Reply, http_event
from tests.gateway import CONTEXT

HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
ORIGIN = f"https://{HOST}/live"
THEIR_PHONE = "+8618612345678"


def _secret(text: str) -> str:
    return "whsec_" + base64.b64encode(text.encode()).decode()


# What lies in the secret of the deployment, by carrier; each has a key of its own.
SECRETS: dict[str, dict[str, str]] = {
    "webhook": {
        "url": "https://gateway.example/",
        "secret": _secret("signet-demo-webhook-key-32-bytes"),
    },
    "webhook-b": {
        "url": "https://second.example/",
        "secret": _secret("another-demo-webhook-key-32bytes"),
    },
    "twilio": {
        "account_sid": "AC1",
        "auth_token": "twilio-demo-auth-token",
        "from": "+12065550100",
    },
    "alibaba": {
        "access_key_id": "a",
        "access_key_secret": "b",
        "callback_key": "alibaba-demo-callback-key",
    },
    "tencent": {
        "secret_id": "a",
        "secret_key": "b",
        "sdk_app_id": "1400000000",
        "callback_key": "tencent-demo-callback-key",
    },
}
_KEYS = {
    "webhook": "secret",
    "webhook-b": "secret",
    "twilio": "auth_token",
    "alibaba": "callback_key",
    "tencent": "callback_key",
}
SIGNED = ("webhook", "webhook-b", "twilio")
# Whose key is not this carrier's, but looks like it.
OTHERS = {
    "webhook": "webhook-b",
    "webhook-b": "webhook",
    "twilio": "alibaba",
    "alibaba": "tencent",
    "tencent": "alibaba",
}


@dataclass(frozen=True)
class Made:
    """A callback that a carrier makes."""

    carrier: str
    body: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    what: str = "receipts"

    def call(self, *, as_base64: bool = False) -> Reply:
        """What it is answered."""
        return answer(self.event(as_base64=as_base64))

    def event(self, *, as_base64: bool = False) -> dict[str, Any]:
        """What the gateway makes of it."""
        body = base64.b64encode(self.body.encode()).decode() if as_base64 else self.body
        return http_event(
            "receipt",
            path=f"/carriers/{self.carrier}/{self.what}",
            headers=self.headers,
            raw=body,
            query=self.query,
            base64=as_base64,
        )


def answer(called_with: dict[str, Any]) -> Reply:
    """What an event is answered."""
    reply = receipt_function.handler(called_with, CONTEXT)
    return Reply(reply["statusCode"], reply["headers"], reply["body"])


def key(carrier: str) -> str:
    """What the carrier proves itself with."""
    return SECRETS[carrier][_KEYS[carrier]]


def receipt(
    carrier: str, message: Message, *, now: int, state: bool = True, by: str | None = None
) -> Made:
    """The carrier says that the message was delivered, or not; proved by its key, or `by`'s."""
    made: dict[str, Callable[[Message, int, bool], Made]] = {
        "webhook": _webhook,
        "webhook-b": lambda *told: replace(_webhook(*told), carrier="webhook-b"),
        "twilio": _twilio,
        "alibaba": _alibaba,
        "tencent": _tencent,
    }
    return prove(made[carrier](message, now, state), key(by or carrier), now=now)


def reply(text: str, *, now: int, reply_id: str = "r1", **more: str) -> Made:
    """A person wrote back, says the gateway of one's own."""
    told = {"id": reply_id, "from": THEIR_PHONE, "text": text, "at": now, **more}
    body = json.dumps({"v": 1, "replies": [told]})
    made = Made("webhook", body, headers={"webhook-id": reply_id}, what="replies")
    return prove(made, key("webhook"), now=now)


def prove(made: Made, key: str, *, now: int) -> Made:
    """The callback with the proof that its carrier gives, by some key."""
    if made.carrier == "twilio":
        return replace(made, headers={"X-Twilio-Signature": _twilio_signature(made, key)})
    if not made.carrier.startswith("webhook"):
        return replace(made, query={**made.query, "key": key})
    name = made.headers["webhook-id"]
    signed = f"{name}.{now}.{made.body}".encode()
    raw = base64.b64decode(key.removeprefix("whsec_") + "==") if "whsec" in key else key.encode()
    signature = base64.b64encode(hmac.digest(raw, signed, sha256)).decode()
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{signature}",
    }
    return replace(made, headers=headers)


def _webhook(message: Message, now: int, state: bool) -> Made:
    told = {
        "app_id": message.ref.app_id,
        "message_id": message.ref.message_id,
        "state": "delivered" if state else "undelivered",
        "reason": "" if state else "UNKNOWN-NUMBER",
        "at": now,
    }
    return Made(
        "webhook", json.dumps({"v": 1, "receipts": [told]}), headers={"webhook-id": "msg_1"}
    )


def _twilio(message: Message, now: int, state: bool) -> Made:
    form = {
        "AccountSid": "AC1",
        "MessageSid": "SM1",
        "MessageStatus": "delivered" if state else "undelivered",
        "To": message.phone,
    }
    query = {"of": f"{message.ref.app_id}.{message.ref.message_id}"}
    return Made("twilio", urlencode(form), query=query)


def _twilio_signature(made: Made, key: str) -> str:
    """https://www.twilio.com/docs/usage/security"""
    from urllib.parse import parse_qsl

    url = f"{ORIGIN}/carriers/twilio/{made.what}?{urlencode(made.query)}".rstrip("?")
    signed = url + "".join(name + value for name, value in sorted(parse_qsl(made.body)))
    return base64.b64encode(hmac.digest(key.encode(), signed.encode(), sha1)).decode()


def _alibaba(message: Message, now: int, state: bool) -> Made:
    told = {
        "phone_number": message.phone.removeprefix("+86"),
        "success": state,
        "err_code": "DELIVERED" if state else "MK:0001",
        "out_id": f"{message.ref.app_id}.{message.ref.message_id}",
        "biz_id": "biz-1",
    }
    return Made("alibaba", json.dumps([told]))


def _tencent(message: Message, now: int, state: bool) -> Made:
    told = {
        "mobile": message.phone.removeprefix("+86"),
        "nationcode": "86",
        "report_status": "SUCCESS" if state else "FAIL",
        "errmsg": "DELIVRD" if state else "UNDELIV",
        "sid": "sid-1",
    }
    return Made("tencent", json.dumps([told]))
