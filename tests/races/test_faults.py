"""A fault at every step of each function: nothing twice, nothing forgotten.

Each scenario breaks one AWS call in one way, or kills the process around the carrier's
acceptance, and then lets the system recover: redeliveries, sweeps, time. The carrier counts.
"""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from pynamodb.exceptions import PynamoDBException

from functions.request import app as request
from functions.sender import app as sender
from functions.sweeper import app as sweeper
from functions.verify import app as verify
from signet.carriers import Accepted, CarrierError, OutcomeUnknown, OutgoingMessage
from signet.edge import aws, clock, queue
from signet.errors import SignetError
from signet.messages import MAX_ATTEMPTS
from tests import clients
from tests.conftest import DEMO_APP
from tests.gateway import CONTEXT, rest_event


class Crash(BaseException):
    """The process is gone: nothing catches this."""


@dataclass
class FakeCarrier:
    """Counts what it accepted; `script` decides what each call does."""

    script: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    code: str | None = None
    name: str = "fake"
    reports_within: timedelta | None = None

    def submit(self, message: OutgoingMessage) -> Accepted:
        act = self.script.pop(0) if self.script else "accept"
        if act == "crash before":
            raise Crash
        if act == "throttle":
            raise CarrierError("throttled", retryable=True)
        if act == "refuse":
            raise CarrierError("bad number", retryable=False)
        self.accepted.append(message.message_id)
        self.code = message.code
        if act == "crash after":
            raise Crash
        if act == "reply lost":
            raise OutcomeUnknown("timeout")
        return Accepted(f"fake-{len(self.accepted)}")


class Faults:
    """Breaks the n-th AWS call that matches, once."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._target: tuple[int, str] | None = None

    def arm(self, place: int, kind: str) -> None:
        """Break call number `place` (from now, starting at 0) in the way of `kind`."""
        self._target = (len(self.calls) + place, kind)

    def disarm(self) -> None:
        """Break nothing any more."""
        self._target = None

    def before_send(self, **sending: Any) -> Any:
        """Botocore's hook: answer in the service's place, raise, or let the call through."""
        request: AWSRequest = sending["request"]
        self.calls.append(sending["event_name"].removeprefix("before-send."))
        if self._target is None or self._target[0] != len(self.calls) - 1:
            return None
        kind = self._target[1]
        if kind == "crash before":
            raise Crash
        if kind in ("throttle", "conflict"):
            return _refusal(request, kind)
        if kind == "not sent":
            raise ReadTimeoutError(endpoint_url=str(request.url))
        URLLib3Session().send(request)
        if kind == "crash after":
            raise Crash
        raise ReadTimeoutError(endpoint_url=str(request.url))  # applied, but the reply is lost


def _refusal(request: AWSRequest, kind: str) -> AWSResponse:
    name = "ThrottlingException" if kind == "throttle" else "TransactionConflictException"
    body = json.dumps({"__type": f"com.amazonaws#{name}", "message": kind}).encode()

    class Raw:
        def stream(self) -> Iterator[bytes]:
            yield body

    headers = HTTPHeaders()
    headers["x-amzn-errortype"] = name
    headers["content-type"] = "application/x-amz-json-1.0"
    return AWSResponse(str(request.url), 400, headers, Raw())


@dataclass
class World:
    """The system under test: real functions and tables, a counting carrier, a movable clock."""

    faults: Faults
    carrier: FakeCarrier
    codes_queue: str
    now: datetime = datetime(2026, 12, 1, tzinfo=UTC)

    def request(self, phone: str) -> dict[str, Any]:
        """Ask for a code; the reply's JSON."""
        return _post(request.handler, "/1.1/requestSmsCode", phone)

    def verify(self, phone: str) -> dict[str, Any]:
        """Type the code that arrived last; the reply's JSON."""
        return _post(verify.handler, f"/1.1/verifySmsCode/{self.carrier.code}", phone)

    def send(self, body: str) -> bool:
        """Let a sender process one queue message; whether it is done."""
        record = {
            "messageId": "m",
            "receiptHandle": "gone",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:codes",
            "awsRegion": "us-east-1",
        }
        return not sender.handler({"Records": [record]}, CONTEXT)["batchItemFailures"]

    def forget_everything(self) -> None:
        """Drop what other tests left in the queue and the records."""
        self.queued()
        table = boto3.resource("dynamodb").Table("messages")
        for item in table.scan(ProjectionExpression="pk, sk")["Items"]:
            table.delete_item(Key=item)

    def queued(self) -> list[str]:
        """Take everything from the queue."""
        sqs = boto3.client("sqs")
        bodies = []
        while found := sqs.receive_message(QueueUrl=self.codes_queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                bodies.append(message["Body"])
                sqs.delete_message(
                    QueueUrl=self.codes_queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return bodies

    def recover(self, redeliver: list[str] | None = None, *, rounds: int = 4) -> None:
        """Redeliveries, sweeps and time, for long enough that everything should have ended."""
        self.faults.disarm()
        unfinished = [*(redeliver or [])]
        for _ in range(rounds):
            unfinished = [body for body in [*unfinished, *self.queued()] if not self.send(body)]
            self.now += timedelta(seconds=61)
            sweeper.handler({}, CONTEXT)

    def records(self, phone: str) -> list[dict[str, Any]]:
        """The records of all messages to `phone`."""
        found = boto3.client("dynamodb").scan(
            TableName="messages",
            FilterExpression="app_phone = :p",
            ExpressionAttributeValues={":p": {"S": f"{DEMO_APP.app_id}#{phone}"}},
        )
        return [
            {name: next(iter(value.values())) for name, value in item.items()}
            for item in found["Items"]
        ]


def _post(handler: Callable[..., dict[str, Any]], path: str, phone: str) -> dict[str, Any]:
    headers = {"X-LC-Id": DEMO_APP.app_id, "X-LC-Key": DEMO_APP.app_key.current}
    event = rest_event(path, json.dumps({"mobilePhoneNumber": phone}), headers=headers)
    answer: dict[str, Any] = json.loads(handler(event, CONTEXT)["body"])
    return answer


@pytest.fixture
def world(module_emulated: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    faults = Faults()
    system = World(faults, FakeCarrier(), module_emulated.codes_queue)
    system.forget_everything()
    faults.calls.clear()
    clients.renew()
    aws.session().register("before-send", faults.before_send)
    monkeypatch.setattr(clock, "now", lambda: system.now)
    monkeypatch.setattr(sender, "carrier", lambda: system.carrier)
    monkeypatch.setattr(queue, "delay", lambda *_: None)
    yield system
    clients.renew()


ColdCode = tuple[World, str]


@pytest.fixture
def cold_code(world: World) -> ColdCode:
    """A code that has arrived, and a process that has read nothing yet."""
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.send(body)
    clients.renew()
    aws.session().register("before-send", world.faults.before_send)
    world.faults.calls.clear()
    return world, phone


FAULTS = ("crash before", "crash after", "throttle", "conflict", "not sent", "reply lost")
# request: read the app (cold), accept and record, queue. The last place proves there is no more.
REQUEST_CALLS = ("dynamodb.GetItem", "dynamodb.TransactWriteItems", "sqs.SendMessage")
# sender: read the message, (secret, cold,) pin the key, claim, record the outcome.
SENDER_CALLS = (
    "dynamodb.GetItem",
    "secrets-manager.GetSecretValue",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
)


PHONES = (f"+86188{number:08d}" for number in itertools.count())
# verify: read the app and the secret (both cold), count the guess, tell the message's record.
VERIFY_CALLS = (
    "dynamodb.GetItem",
    "secrets-manager.GetSecretValue",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
)


def attempt(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except Crash:
        return None


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(REQUEST_CALLS)))
def test_a_fault_in_request_sends_once_or_not_at_all_and_says_which(
    world: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    world.faults.arm(place, kind)

    answer = attempt(lambda: world.request(phone))
    world.recover()

    records = world.records(phone)
    assert len(world.carrier.accepted) == len(records) <= 1
    assert {record["state"] for record in records} <= {"awaiting_receipt"}
    if answer == {}:
        assert len(world.carrier.accepted) == 1  # yes means yes
    elif answer is not None:
        assert answer["code"] == 1
        assert not records  # no means that nothing was changed or will be sent
        assert world.request(phone) == {}


def test_a_healthy_request_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    world.request(next(PHONES))

    assert tuple(world.faults.calls) == REQUEST_CALLS


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(SENDER_CALLS)))
def test_a_fault_in_sender_never_sends_twice_and_ends_in_a_state_that_tells(
    world: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.faults.arm(place, kind)

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])

    (record,) = world.records(phone)
    assert len(world.carrier.accepted) <= 1
    assert "open" not in record
    if world.carrier.accepted:
        assert record["state"] in ("awaiting_receipt", "unconfirmed")
    else:
        assert record["state"] == "unconfirmed"  # crashed between claim and carrier: who knows


def test_a_healthy_send_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    world.request(next(PHONES))
    (body,) = world.queued()
    world.faults.calls.clear()

    world.send(body)

    assert tuple(world.faults.calls) == SENDER_CALLS


@pytest.mark.parametrize(
    ("act", "accepted", "state"),
    [
        ("crash before", 0, "unconfirmed"),
        ("crash after", 1, "unconfirmed"),
        ("reply lost", 1, "unconfirmed"),
        ("refuse", 0, "call_failed"),
        ("throttle", 1, "awaiting_receipt"),
    ],
)
def test_whatever_the_carrier_does_is_told_and_never_repeated(
    world: World, act: str, accepted: int, state: str
) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = [act]

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])

    assert len(world.carrier.accepted) == accepted
    assert [record["state"] for record in world.records(phone)] == [state]


def test_a_carrier_that_always_refuses_for_now_is_given_up_after_some_attempts(
    world: World,
) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = ["throttle"] * 50

    world.recover([body], rounds=MAX_ATTEMPTS + 2)

    (record,) = world.records(phone)
    assert (record["state"], int(record["attempts"])) == ("call_failed", MAX_ATTEMPTS)


def test_a_redelivered_queue_message_sends_nothing(world: World) -> None:
    world.request(next(PHONES))
    (body,) = world.queued()

    assert [world.send(body) for _ in range(5)] == [True] * 5
    assert len(world.carrier.accepted) == 1


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(16, 20))
def test_a_fault_in_the_sweeper_leaves_the_work_for_the_next_minute(
    world: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    world.request(phone)
    world.queued()  # lost: only the sweeper can know
    world.now += timedelta(seconds=61)
    world.faults.arm(place, kind)

    # A failed sweep is started again by its schedule; that it failed is the alarm's business.
    with contextlib.suppress(Crash, SignetError, PynamoDBException, ClientError):
        sweeper.handler({}, CONTEXT)
    world.recover()

    assert len(world.carrier.accepted) == 1
    assert [record["state"] for record in world.records(phone)] == ["awaiting_receipt"]


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(VERIFY_CALLS)))
def test_a_fault_in_verify_lets_nobody_in_twice_and_the_person_in_at_last(
    cold_code: ColdCode, place: int, kind: str
) -> None:
    world, phone = cold_code
    world.faults.arm(place, kind)

    answers = [attempt(lambda: world.verify(phone))]
    world.faults.disarm()
    answers += [world.verify(phone) for _ in range(2)]

    yes = [answer for answer in answers if answer == {}]
    died_knowing = (kind == "crash after" and place == 2) or (
        kind.startswith("crash") and place == 3
    )
    # Whoever dies after the count and before the answer takes the code along, as a yes would.
    assert len(yes) == (0 if died_knowing else 1)


def test_a_healthy_verify_makes_just_the_calls_that_the_faults_cover(cold_code: ColdCode) -> None:
    world, phone = cold_code

    assert world.verify(phone) == {}
    assert tuple(world.faults.calls) == VERIFY_CALLS
