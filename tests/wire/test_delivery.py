"""Between the queue and the phone, on the deployed template."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from local.stack import Stack
from tests.wire import raw
from tests.wire.phone import Phone

AUTH = {
    "X-LC-Id": "signet-demo-app",
    "X-LC-Key": "signet-demo-key",
    "Content-Type": "application/json",
}


def test_two_dozen_requests_at_once_for_one_number_send_one_message(
    stack: Stack, phone: Phone
) -> None:
    body = json.dumps({"mobilePhoneNumber": phone.number})

    def ask(_: int) -> int:
        target = "/1.1/requestSmsCode"
        return raw.send(stack.url, "POST", target, headers=AUTH, body=body).status

    with ThreadPoolExecutor(6) as people:
        statuses = list(people.map(ask, range(24)))

    assert statuses.count(200) == 1
    assert len(phone.wait_for(1)) == 1


@pytest.fixture
def impatient_queue(stack: Stack) -> Iterator[Any]:
    """The codes queue with its redeliveries a second apart; as deployed, they take minutes."""
    sqs = boto3.client("sqs", endpoint_url=stack.aws_endpoint)
    url = stack.resources["CodesQueue"]
    deployed = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    yield sqs
    sqs.set_queue_attributes(QueueUrl=url, Attributes=deployed["Attributes"])


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        '{"v": 99, "app_id": "signet-demo-app", "message_id": "x"}',
        f'{{"v": 1, "app_id": "signet-demo-app", "message_id": "20260101-0-{"0" * 32}"}}',
    ],
    ids=["unreadable", "of a later version", "of a message nobody recorded"],
)
def test_what_no_sender_can_process_ends_as_a_dead_letter(
    stack: Stack, impatient_queue: Any, body: str
) -> None:
    dead_letters = stack.resources["CodesDeadLetters"]

    impatient_queue.send_message(QueueUrl=stack.resources["CodesQueue"], MessageBody=body)

    deadline = time.monotonic() + 60
    found: list[str] = []
    while body not in found:
        assert time.monotonic() < deadline, "it never became a dead letter"
        reply = impatient_queue.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=1)
        found += [message["Body"] for message in reply.get("Messages", [])]
