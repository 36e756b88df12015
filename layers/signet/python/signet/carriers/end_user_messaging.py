"""AWS End User Messaging SMS (`pinpoint-sms-voice-v2`): text in, receipts through a topic.

https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
"""

from datetime import timedelta
from functools import cache
from typing import Any

from signet.carriers import Accepted, OutgoingMessage, Silent, aws_calls
from signet.edge import aws, settings

# ServiceQuotaExceeded is the monthly spend limit: waiting a minute does not lift it.
# https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/CommonErrors.html
_RETRYABLE = frozenset({"ThrottlingException"})


@cache
def _client() -> aws.Client:
    return aws_calls.client("pinpoint-sms-voice-v2")


class EndUserMessaging(Silent):
    """AWS End User Messaging. Reports to a topic, late by up to 72 hours."""

    name = "end-user-messaging"
    reports_within: timedelta | None = timedelta(minutes=1)

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit. The message id is echoed in every receipt."""
        request: dict[str, Any] = {
            "DestinationPhoneNumber": message.phone,
            "MessageBody": message.text,
            "MessageType": "TRANSACTIONAL",
            "Context": {"app": message.app_id, "message": message.message_id},
        }
        optional = {
            "OriginationIdentity": settings.value("SIGNET_ORIGINATION_IDENTITY"),
            "ConfigurationSetName": settings.value("SIGNET_CONFIGURATION_SET"),
        }
        request |= {name: value for name, value in optional.items() if value}
        message_id = aws_calls.call(
            lambda: _client().send_text_message(**request), retryable=_RETRYABLE
        )
        return Accepted(message_id)
