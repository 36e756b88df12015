"""Amazon SNS: the plainest way to a phone; text in, no receipts.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from datetime import timedelta
from functools import cache

from signet.carriers import Accepted, OutgoingMessage, Silent, aws_calls
from signet.carriers.web_calls import Meaning
from signet.edge import aws, settings

# https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html and, for OptedOut,
# https://docs.aws.amazon.com/sns/latest/api/API_OptInPhoneNumber.html. InvalidParameter says as
# much of a text as of a number.
_MEANINGS = {
    "Throttling": Meaning.NOT_NOW,
    "ThrottledException": Meaning.NOT_NOW,
    "ThrottlingException": Meaning.NOT_NOW,
    "OptedOut": Meaning.BAD_NUMBER,
}


@cache
def _client() -> aws.Client:
    return aws_calls.client("sns")


class Sns(Silent):
    """Amazon SNS direct publish. It never reports back: receipts exist only as log lines."""

    name = "sns"
    reports_within: timedelta | None = None

    def submit(self, message: OutgoingMessage) -> Accepted:
        """See Carrier.submit."""
        attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
        sender = message.sender or settings.value("SIGNET_ORIGINATION_IDENTITY")
        if sender:
            attributes["AWS.SNS.SMS.SenderID"] = sender
        message_id = aws_calls.call(
            lambda: _client().publish(
                PhoneNumber=message.phone,
                Message=message.text,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            ),
            _MEANINGS,
        )
        return Accepted(message_id)
