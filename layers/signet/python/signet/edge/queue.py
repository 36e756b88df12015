"""The queues between a request and its sender."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

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


class Job(NamedTuple):
    """What a sender is to do: deliver a message, or send its code once more."""

    ref: MessageRef
    is_rescue: bool = False


def enqueue(ref: MessageRef, kind: Kind) -> None:
    """Queue a recorded message for its sender. Raises QueueUnavailable."""
    name = "SIGNET_CODES_QUEUE_URL" if kind is Kind.VERIFICATION else "SIGNET_BULK_QUEUE_URL"
    put(settings.value(name), Job(ref))


def put(queue_url: str, job: Job, *, delay: int = 0) -> None:
    """Put a job into a queue, for after `delay` seconds. Raises QueueUnavailable."""
    put_body(queue_url, body(job), job.ref.app_id, delay=delay)


def put_body(queue_url: str, text: str, app_id: str, *, delay: int = 0) -> None:
    """Put a body into a queue, for after `delay` seconds. Raises QueueUnavailable.

    The message group is the app, so that one app's flood does not delay another (fair queues).
    """
    request: dict[str, Any] = {
        "QueueUrl": queue_url,
        "MessageBody": text,
        "MessageGroupId": app_id,
    }
    if delay:
        request["DelaySeconds"] = delay
    try:
        _client().send_message(**request)
    except (BotoCoreError, ClientError) as error:
        raise QueueUnavailable from error


def put_bodies(queue_url: str, texts: Sequence[str], app_id: str) -> None:
    """Put up to ten bodies into a queue. Raises QueueUnavailable: it may have taken some."""
    entries = [
        {"Id": str(place), "MessageBody": text, "MessageGroupId": app_id}
        for place, text in enumerate(texts)
    ]
    try:
        reply = _client().send_message_batch(QueueUrl=queue_url, Entries=entries)
    except (BotoCoreError, ClientError) as error:
        raise QueueUnavailable from error
    if reply.get("Failed"):
        raise QueueUnavailable


def body(job: Job) -> str:
    """A queue body: `{"v": 1, "app_id": …, "message_id": …}`, with `"rescue": true` for that."""
    fields = {"v": VERSION, "app_id": job.ref.app_id, "message_id": job.ref.message_id}
    return json.dumps({**fields, "rescue": True} if job.is_rescue else fields)


def parse(text: str) -> Job:
    """The job in a queue body of this version or the one before. Raises UnreadableBody."""
    return job(fields_of(text))


def fields_of(text: str) -> dict[str, Any]:
    """The fields of a queue body of this version or the one before. Raises UnreadableBody."""
    try:
        fields: dict[str, Any] = json.loads(text)
        if fields["v"] not in (VERSION, VERSION - 1):
            raise UnreadableBody
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableBody from error
    return fields


def job(fields: Mapping[str, Any]) -> Job:
    """The job that these fields ask for. Raises UnreadableBody."""
    try:
        ref = MessageRef(str(fields["app_id"]), str(fields["message_id"]))
        return Job(ref, is_rescue=fields.get("rescue") is True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableBody from error


def delay(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a failed queue message come back after `seconds` instead of after its visibility."""
    _client().change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
    )
