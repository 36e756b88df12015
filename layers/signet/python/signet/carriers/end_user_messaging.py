"""AWS End User Messaging (`pinpoint-sms-voice-v2`): text in, receipts and replies by a topic.

https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendVoiceMessage.html
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from signet import speech
from signet.carriers import (
    Accepted,
    Callback,
    CallbackRefused,
    OutgoingMessage,
    Receipt,
    Reply,
    Reports,
    aws_calls,
    callbacks,
)
from signet.carriers.callbacks import Fields
from signet.carriers.web_calls import Meaning
from signet.edge import aws, settings
from signet.limits import Channel

# ServiceQuotaExceeded is the monthly spend limit: waiting a minute does not lift it.
# https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/CommonErrors.html
# https://docs.aws.amazon.com/botocore/latest/reference/services/pinpoint-sms-voice-v2/client/exceptions/ConflictException.html
_MEANINGS = {
    "ThrottlingException": Meaning.NOT_NOW,
    "ConflictException.DESTINATION_PHONE_NUMBER_OPTED_OUT": Meaning.BAD_NUMBER,
}

# What an event says of the message, once it is final. What is not here, such as an event that
# tells of no end, or UNKNOWN, which ends three days of silence, says nothing.
# https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html
_ENDS: Mapping[str, bool] = {
    "TEXT_DELIVERED": True,
    "TEXT_SUCCESSFUL": True,  # "may be used interchangeably", by country
    **dict.fromkeys(
        (
            "TEXT_INVALID",
            "TEXT_INVALID_MESSAGE",
            "TEXT_UNREACHABLE",
            "TEXT_CARRIER_UNREACHABLE",
            "TEXT_BLOCKED",
            "TEXT_CARRIER_BLOCKED",
            "TEXT_SPAM",
            "TEXT_TTL_EXPIRED",
            "TEXT_PROTECT_BLOCKED",
        ),
        False,
    ),
    "VOICE_COMPLETED": True,
    **dict.fromkeys(("VOICE_BUSY", "VOICE_NO_ANSWER", "VOICE_FAILED", "VOICE_TTL_EXPIRED"), False),
}
_KINDS = ("TEXT_", "VOICE_")
# Amazon Polly's: Mandarin, and English of the United States.
_VOICES = {"zh-CN": "ZHIYU", "en-US": "JOANNA"}


@cache
def _client() -> aws.Client:
    return aws_calls.client("pinpoint-sms-voice-v2")


class EndUserMessaging:
    """AWS End User Messaging. With a configuration set it reports, late by up to 72 hours."""

    name = "end-user-messaging"

    @property
    def reports_within(self) -> timedelta | None:
        """See Carrier.reports_within."""
        return timedelta(minutes=1) if settings.value("SIGNET_CONFIGURATION_SET") else None

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit. Every receipt echoes the context."""
        request: dict[str, Any] = {
            "DestinationPhoneNumber": message.phone,
            "MessageBody": message.text,
            "Context": {"app": message.app_id, "message": message.message_id},
        }
        optional = {
            "OriginationIdentity": message.sender or settings.value("SIGNET_ORIGINATION_IDENTITY"),
            "ConfigurationSetName": settings.value("SIGNET_CONFIGURATION_SET"),
        }
        request |= {name: value for name, value in optional.items() if value}
        if message.channel is Channel.VOICE:
            voice = _VOICES[speech.language(message.phone)]
            request |= {"MessageBodyTextType": "TEXT", "VoiceId": voice}
            send = _client().send_voice_message
        else:
            request |= {"MessageType": "TRANSACTIONAL"}
            send = _client().send_text_message
        return Accepted(aws_calls.call(lambda: send(**request), _MEANINGS))

    def reports(self, callback: Callback) -> Reports:
        """See Carrier.reports. Its topic is the proof, so nobody may speak for it by HTTP."""
        if callback.url:
            raise CallbackRefused("only its topic speaks for AWS")
        fields = callbacks.fields(callback)
        event = callbacks.text(fields, "eventType")
        if event.startswith(_KINDS):
            return Reports(receipts=(_receipt(fields, event),))
        return Reports(replies=_replies(fields))


def _receipt(fields: Fields, event: str) -> Receipt:
    """https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html"""
    context = fields.get("context")
    names = context if isinstance(context, dict) else {}
    at = fields.get("eventTimestamp")
    return Receipt(
        delivered=None if fields.get("isFinal") is False else _ENDS.get(event),
        reason=callbacks.reason(event),
        ref=callbacks.ref(f"{callbacks.text(names, 'app')}.{callbacks.text(names, 'message')}"),
        carrier_message_id=callbacks.text(fields, "messageId") or None,
        at=at // 1000 if isinstance(at, int) and 0 < at < 10**14 else None,
    )


def _replies(fields: Fields) -> tuple[Reply, ...]:
    """https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html"""
    phone = callbacks.phone(callbacks.text(fields, "originationNumber"))
    reply_id = callbacks.text(fields, "inboundMessageId")
    if phone is None or not reply_id:
        return ()
    return (Reply(phone, callbacks.text(fields, "messageBody"), reply_id),)
