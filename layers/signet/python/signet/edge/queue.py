"""The queues between a request and its sender."""

import json
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings
from signet.limits import Kind
from signet.messages import MessageRef

VERSION = 1


class QueueUnavailable(Exception):
    """The queue did not take the message; the sweeper will queue it again."""


class UnreadableBody(Exception):
    """A queue body this version cannot read; it belongs in the dead-letter queue."""


@cache
def _client() -> aws.Client:
    return aws.client("sqs")


def enqueue(ref: MessageRef, kind: Kind) -> None:
    """Queue a recorded message for its sender. Raises QueueUnavailable.

    The message group is the app, so that one app's flood does not delay another (fair queues).
    """
    name = "SIGNET_CODES_QUEUE_URL" if kind is Kind.VERIFICATION else "SIGNET_BULK_QUEUE_URL"
    try:
        _client().send_message(
            QueueUrl=settings.value(name), MessageBody=body(ref), MessageGroupId=ref.app_id
        )
    except (BotoCoreError, ClientError) as error:
        raise QueueUnavailable from error


def body(ref: MessageRef) -> str:
    """A queue body: `{"v": 1, "app_id": …, "message_id": …}`, nothing personal."""
    return json.dumps({"v": VERSION, "app_id": ref.app_id, "message_id": ref.message_id})


def parse(text: str) -> MessageRef:
    """The reference in a queue body of this version or the one before. Raises UnreadableBody."""
    try:
        fields = json.loads(text)
        if fields["v"] not in (VERSION, VERSION - 1):
            raise UnreadableBody
        return MessageRef(str(fields["app_id"]), str(fields["message_id"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableBody from error


def delay(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a failed queue message come back after `seconds` instead of after its visibility."""
    _client().change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
    )
