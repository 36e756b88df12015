"""A sender's process for the test of campaigns: it works on the bulk queue until it is killed.

`python -m tests.races.campaign_worker accepted-file seed kills life warp`: each process ends
itself, without a word, at a random point of about `life` steps (an AWS call, before or after it
has had its effect; the carrier, before or after it took the message), and another takes its place,
forked from this one, which has imported everything. After so many kills the last one goes on. What
the carrier took is a line in the file; a kill is a line in the file of that name and `.killed`.
Time runs `warp` times faster than real, so that leases end in seconds.
"""

import json
import os
import random
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.httpsession import URLLib3Session

from functions.sender import app as sender
from signet.carriers import Accepted, OutgoingMessage, Silent
from signet.edge import clock
from tests.gateway import CONTEXT

SHAPE = {"messageAttributes": {}, "attributes": {}, "eventSource": "aws:sqs"}


class Mortal:
    """Counts steps and ends the process at one of them."""

    def __init__(self, chance: random.Random, about: int) -> None:
        self.left = chance.randint(1, 2 * about) if about else -1

    def step(self) -> None:
        """One point at which the process may end."""
        self.left -= 1
        if self.left == 0:
            os._exit(9)


class Counting(Silent):
    """A carrier that writes down what it takes."""

    name = "fake"
    reports_within: timedelta | None = None

    def __init__(self, file: str, mortal: Mortal) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._mortal = mortal

    def submit(self, message: OutgoingMessage) -> Accepted:
        self._mortal.step()
        os.write(self._file, f"{message.phone} {message.message_id}\n".encode())
        self._mortal.step()
        return Accepted(message.message_id)


def mortal_calls(mortal: Mortal) -> None:
    """Let the process end before or after each AWS call."""
    monkeypatch = pytest.MonkeyPatch()
    real = URLLib3Session.send

    def send(self: URLLib3Session, request: Any) -> Any:
        mortal.step()
        reply = real(self, request)
        mortal.step()
        return reply

    monkeypatch.setattr(URLLib3Session, "send", send)


def warped(warp: float) -> None:
    """Let Signet's clock run faster, from a moment that all processes know."""
    began, ahead = json.loads(os.environ["TEST_CLOCK"])
    real = clock.now

    def now() -> datetime:
        return real() + timedelta(seconds=ahead + (time.time() - began) * (warp - 1))

    vars(clock)["now"] = now


def work(queue_url: str) -> None:
    """Receive, send and delete, as Lambda does for its queue."""
    sqs = boto3.client("sqs")
    while True:
        received = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages", [])
        if not received:
            continue
        records = [
            {
                **SHAPE,
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
            }
            for message in received
        ]
        reply = sender.handler({"Records": records}, CONTEXT)
        failed = {each["itemIdentifier"] for each in reply["batchItemFailures"]}
        done = [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
            for place, message in enumerate(received)
            if message["MessageId"] not in failed
        ]
        if done:
            sqs.delete_message_batch(QueueUrl=queue_url, Entries=done)


def live(seed: int, life: int, file: str, warp: float) -> None:
    """One process's life."""
    mortal = Mortal(random.Random(seed), life)
    warped(warp)
    mortal_calls(mortal)
    carrier = Counting(file, mortal)
    vars(sender)["carrier"] = lambda _: carrier
    work(os.environ["TEST_QUEUE"])


def main(file: str, seed: int, kills: int, life: int, warp: float) -> None:
    """Live, be killed, and live again."""
    for number in range(kills + 1):
        child = os.fork()
        if child == 0:
            live(seed + number, life if number < kills else 0, file, warp)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 9:
            sys.exit("a sender ended by itself")
        with Path(f"{file}.killed").open("a") as killed:
            killed.write(f"{seed + number}\n")


if __name__ == "__main__":
    os.environ["AWS_ENDPOINT_URL"] = os.environ["TEST_ENDPOINT"]  # tests let nobody inherit it
    accepted, seed, kills, life, warp = sys.argv[1:]
    main(accepted, int(seed), int(kills), int(life), float(warp))
