"""Twilio: text in, by its Messages and Calls APIs; receipts and replies are signed.

https://www.twilio.com/docs/messaging/api/message-resource
https://www.twilio.com/docs/voice/api/call-resource
https://www.twilio.com/docs/usage/security (signatures)
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha1
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode
from xml.sax.saxutils import escape

from signet import speech
from signet.carriers import (
    Accepted,
    Callback,
    CallbackRefused,
    CarrierError,
    CredentialsInvalid,
    OutgoingMessage,
    Receipt,
    Reply,
    Reports,
    callbacks,
    posts,
    web_calls,
)
from signet.carriers.web_calls import Meaning
from signet.limits import Channel

_ENDPOINT = "https://api.twilio.com"
_VERSION = "2010-04-01"

# https://www.twilio.com/docs/api/errors, one page for each. Twilio charges for no refusal of a call
# of its API. 21612 and 21214 are about its own ways to a number: another carrier may have one.
_MEANINGS = {
    20429: Meaning.NOT_NOW,  # too many calls at once; "not processed"
    21611: Meaning.NOT_NOW,  # the sender's queue holds ten hours of messages
    22005: Meaning.NOT_NOW,  # the queue of calls is full
    21211: Meaning.BAD_NUMBER,  # invalid "To"
    21217: Meaning.BAD_NUMBER,  # does not appear to be a phone number
    21610: Meaning.BAD_NUMBER,  # the person has opted out
    21614: Meaning.BAD_NUMBER,  # no mobile number
    21635: Meaning.BAD_NUMBER,  # a landline
}
# The codes of Twilio's own refusals; others stand for HTTP's.
_CODES = range(10_000, 100_000)

# https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
# https://www.twilio.com/docs/voice/api/call-resource#statuscallback
_STATES: Mapping[str, bool | None] = {
    "delivered": True,
    "read": True,
    "undelivered": False,
    "failed": False,
    "canceled": False,
    "completed": True,  # a call that was answered
    "busy": False,
    "no-answer": False,
}
# A messaging service, named where a number or a sender id may be.
_SERVICE = "MG"
_SID_LENGTH = 34
# Chinese by a voice that speaks it; the default voice of `<Say>` is English. That `Polly.Zhiyu` is
# among Twilio's Polly voices, and `cmn-CN` its language, is not confirmed.
_VOICES = {
    "zh-CN": 'voice="Polly.Zhiyu" language="cmn-CN"',
    "en-US": 'language="en-US"',
}
_NO_ANSWER = "<Response/>"
_MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account, whom its messages come from, and the address of the service."""

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str = ""
    service: str = ""
    endpoint: str = _ENDPOINT

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """From `{"account_sid", "auth_token", "from"?, "messaging_service_sid"?, "endpoint"?}`.

        One of `from` and `messaging_service_sid` is needed. Raises CredentialsInvalid.
        """
        parsed = cls(
            account_sid=web_calls.field(fields, "account_sid"),
            auth_token=web_calls.field(fields, "auth_token"),
            sender=web_calls.field(fields, "from", default=""),
            service=web_calls.field(fields, "messaging_service_sid", default=""),
            endpoint=web_calls.endpoint(fields, "endpoint", _ENDPOINT),
        )
        if not parsed.sender and not parsed.service:
            raise CredentialsInvalid("the carrier's secret has no from or messaging_service_sid")
        return parsed


class Twilio:
    """Twilio. It reports to the address that each message names, if we have one."""

    name = "twilio"

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str = "",
        read_timeout: float = web_calls.READ_TIMEOUT,
    ) -> None:
        """`base_url` is where the API is reached, "" for nowhere; `read_timeout` in seconds."""
        self._credentials = credentials
        self._base_url = base_url if _is_reachable(base_url) else ""
        self._read_timeout = read_timeout

    @property
    def reports_within(self) -> timedelta | None:
        """See Carrier.reports_within."""
        return timedelta(minutes=1) if self._base_url else None

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        if message.channel is Channel.VOICE:
            return self._post("Calls", message, self._call(message))
        return self._post("Messages", message, self._sms(message))

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports."""
        fields = self._proven(callback)
        state = fields.get("MessageStatus") or fields.get("CallStatus")
        if state:
            return Reports(receipts=(_receipt(callback, fields, state),))
        return Reports(
            replies=_replies(fields), answer=_NO_ANSWER, content_type="text/xml;charset=utf-8"
        )

    def _sms(self, message: OutgoingMessage) -> dict[str, str]:
        sender = message.sender or self._credentials.service or self._credentials.sender
        is_service = sender.startswith(_SERVICE) and len(sender) == _SID_LENGTH
        return {"MessagingServiceSid" if is_service else "From": sender, "Body": message.text}

    def _call(self, message: OutgoingMessage) -> dict[str, str]:
        sender = message.sender or self._credentials.sender
        if not sender:
            raise CarrierError("no number to call from", retryable=False, asked=False)
        voice = _VOICES[speech.language(message.phone)]
        said = escape(message.text)
        return {"From": sender, "Twiml": f"<Response><Say {voice}>{said}</Say></Response>"}

    def _post(self, what: str, message: OutgoingMessage, form: dict[str, str]) -> Accepted:
        credentials = self._credentials
        form = {"To": message.phone, **form}
        if self._base_url:
            of = quote(callbacks.named(message.ref), safe="")
            form["StatusCallback"] = f"{self._base_url}/carriers/{self.name}/receipts?of={of}"
        account = quote(credentials.account_sid, safe="")
        basic = f"{credentials.account_sid}:{credentials.auth_token}".encode()
        answer = posts.post(
            f"{credentials.endpoint.rstrip('/')}/{_VERSION}/Accounts/{account}/{what}.json",
            urlencode(form).encode(),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Basic {base64.b64encode(basic).decode()}",
            },
            read_timeout=self._read_timeout,
        )
        sid = answer.name("sid")
        if answer.is_success and sid:
            return Accepted(sid)
        raise _failure(answer)

    def _proven(self, callback: Callback) -> Mapping[str, str]:
        """The form's fields. Twilio signs the URL and all of them, sorted."""
        try:
            pairs = parse_qsl(
                callbacks.body(callback), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise CallbackRefused("not a form") from None
        signed = callback.url + "".join(name + value for name, value in sorted(set(pairs)))
        key = self._credentials.auth_token.encode()
        signature = base64.b64encode(hmac.digest(key, callbacks.encoded(signed), sha1)).decode()
        if not callback.url or not callbacks.same(
            callback.headers.get("x-twilio-signature"), signature
        ):
            raise CallbackRefused("wrong signature")
        return dict(pairs)


def _is_reachable(base_url: str) -> bool:
    try:
        web_calls.address(base_url)
    except CredentialsInvalid:
        return False
    return True


def _failure(answer: posts.Answer) -> Exception:
    """An error of Twilio's has its number in `code`; a 4xx without one is not Twilio's to be sure.

    https://www.twilio.com/docs/usage/twilios-response
    """
    code = answer.fields.get("code")
    if not isinstance(code, int) or not 400 <= answer.status < 500:
        meaning = Meaning.NOT_NOW if answer.status == 429 else Meaning.UNKNOWN
        return web_calls.failure(None, meaning, otherwise=f"http_{answer.status}")
    known = Meaning.NOT_NOW if answer.status == 429 else Meaning.REFUSED
    reason = str(code) if code in _CODES else f"http_{answer.status}"
    return web_calls.failure(None, _MEANINGS.get(code, known), otherwise=reason)


def _receipt(callback: Callback, fields: Mapping[str, str], state: str) -> Receipt:
    # Of the URL that was signed, not of a query that somebody read from it.
    query = dict(parse_qsl(callback.url.partition("?")[2], max_num_fields=_MOST_FIELDS))
    return Receipt(
        delivered=_STATES.get(state),
        reason=callbacks.reason(fields.get("ErrorCode") or state),
        ref=callbacks.ref(query.get("of", "")),
        carrier_message_id=callbacks.text(fields, "MessageSid")
        or callbacks.text(fields, "CallSid")
        or None,
    )


def _replies(fields: Mapping[str, str]) -> tuple[Reply, ...]:
    """What a person wrote; nothing of what came from a short code or has no name."""
    phone = callbacks.phone(fields.get("From", ""))
    reply_id = callbacks.text(fields, "MessageSid")
    if phone is None or not reply_id:
        return ()
    return (Reply(phone, callbacks.text(fields, "Body"), reply_id),)
