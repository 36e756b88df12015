"""A fault at every step of each function: nothing twice, nothing forgotten, nothing unpaid.

Each scenario breaks one AWS call in one way, or kills the process around the carrier's
acceptance, and then lets the system recover: redeliveries, sweeps, time. The carrier counts, and
the app's books are added up from the ledger and from the records.
"""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
from signet import messages as rules
from signet.carriers import Accepted, CarrierError, OutcomeUnknown, OutgoingMessage, Silent
from signet.edge import aws, clock, queue
from signet.errors import SignetError
from signet.flows.keep_books import close_days
from signet.messages import MAX_ATTEMPTS
from signet.routes import Hop, Rule
from signet.store import apps, balances, deployment, ledger, messages
from signet.store.balances import Account
from signet.store.carriers import CarrierItem
from tests import clients
from tests.conftest import DEMO_APP
from tests.gateway import CONTEXT, rest_event
from tests.races.books import (
    PRICE,
    books,
    forget_app,
    forget_records,
    new_account,
    put_template,
)


class Crash(BaseException):
    """The process is gone: nothing catches this."""


@dataclass
class FakeCarrier(Silent):
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
        self._operation: tuple[str, str] | None = None

    def arm(self, place: int, kind: str) -> None:
        """Break call number `place` (from now, starting at 0) in the way of `kind`."""
        self._target = (len(self.calls) + place, kind)

    def arm_first(self, operation: str, kind: str) -> None:
        """Break the first call of that name in the way of `kind`."""
        self._operation = (operation, kind)

    def disarm(self) -> None:
        """Break nothing any more."""
        self._target = self._operation = None

    def before_send(self, **sending: Any) -> Any:
        """Botocore's hook: answer in the service's place, raise, or let the call through."""
        request: AWSRequest = sending["request"]
        self.calls.append(sending["event_name"].removeprefix("before-send."))
        if self._operation and self._operation[0] == self.calls[-1]:
            self._target = (len(self.calls) - 1, self._operation[1])
            self._operation = None
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
    queues: Sequence[str]
    account: Account
    sqs: Any
    spare: FakeCarrier = field(default_factory=FakeCarrier)
    now: datetime = datetime(2026, 12, 1, tzinfo=UTC)

    def request(self, phone: str) -> dict[str, Any]:
        """Ask for a code; the reply's JSON."""
        return self._post(request.handler, "/1.1/requestSmsCode", phone)

    def notify(self, phone: str) -> dict[str, Any]:
        """Ask for a notification; the reply's JSON."""
        return self._post(
            request.handler, "/1.1/requestSmsCode", phone, template="Notice", order_id="7"
        )

    def verify(self, phone: str) -> dict[str, Any]:
        """Type the code that arrived last; the reply's JSON."""
        return self._post(verify.handler, f"/1.1/verifySmsCode/{self.carrier.code}", phone)

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

    def go_cold(self) -> None:
        """Go on as a process that has read nothing yet."""
        clients.renew()
        aws.session().register("before-send", self.faults.before_send)
        self.faults.calls.clear()

    def forget_everything(self) -> None:
        """Drop what other tests left in the queue and the records."""
        self.queued()
        forget_records()

    def queued(self) -> list[str]:
        """Take everything from the queues."""
        bodies = []
        for url in self.queues:
            while found := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
                "Messages"
            ):
                for message in found:
                    bodies.append(message["Body"])
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def recover(self, redeliver: list[str] | None = None, *, rounds: int = 4) -> None:
        """Redeliveries, sweeps and time, for long enough that everything should have ended."""
        self.faults.disarm()
        unfinished = [*(redeliver or [])]
        for _ in range(rounds):
            unfinished = [body for body in [*unfinished, *self.queued()] if not self.send(body)]
            self.now += timedelta(seconds=61)
            seen = sweeper.handler({}, CONTEXT)["seen"]
            if not unfinished and not seen:
                return  # nothing is owed any more

    def records(self, phone: str) -> list[dict[str, Any]]:
        """The records of all messages to `phone`; the app's books add up to the unit."""
        found = books(self.account)
        found.add_up()
        return [record for record in found.records if record["app_phone"].endswith(f"#{phone}")]

    def _post(
        self,
        handler: Callable[..., dict[str, Any]],
        path: str,
        phone: str,
        **fields: str,
    ) -> dict[str, Any]:
        key = f"{DEMO_APP.master_key.current},master"
        headers = {"X-LC-Id": self.account.app_id, "X-LC-Key": key}
        body = json.dumps({"mobilePhoneNumber": phone, **fields})
        answer: dict[str, Any] = json.loads(
            handler(rest_event(path, body, headers=headers), CONTEXT)["body"]
        )
        return answer


ACCOUNTS = itertools.count()
CREDIT = 20 * PRICE


@pytest.fixture(scope="module")
def sqs(module_emulated: Any) -> Any:
    """A client of the tests' own."""
    return boto3.client("sqs")


@pytest.fixture
def world(module_emulated: Any, sqs: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    faults = Faults()
    account = new_account(f"faults-{next(ACCOUNTS)}", credit=CREDIT)
    queues = (module_emulated.codes_queue, module_emulated.bulk_queue)
    system = World(faults, FakeCarrier(), queues, account, sqs)
    system.forget_everything()
    faults.calls.clear()
    system.go_cold()
    monkeypatch.setattr(clock, "now", lambda: system.now)
    carriers = {"sns": system.carrier, "webhook": system.spare}
    monkeypatch.setattr(sender, "carrier", carriers.__getitem__)
    monkeypatch.setattr(queue, "delay", lambda *_: None)
    for module in (rules, messages):
        # A query for each of sixteen shards would be most of what a test does.
        monkeypatch.setattr(module, "OPEN_SHARDS", 2)
    yield system
    clients.renew()
    forget_app(account)


ColdCode = tuple[World, str]


@pytest.fixture
def cold_code(world: World) -> ColdCode:
    """A code that has arrived, and a process that has read nothing yet."""
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.send(body)
    world.go_cold()
    return world, phone


FAULTS = ("crash before", "crash after", "throttle", "conflict", "not sent", "reply lost")
# Those that are different things to a transaction; the client waits longer for the others.
SHARP = ("crash before", "crash after", "conflict", "reply lost")
# request: read the app, the prices and what the shield knows (all cold), accept, record and debit
# at once, queue.
REQUEST_CALLS = (
    "dynamodb.GetItem",
    "dynamodb.GetItem",
    "dynamodb.BatchGetItem",
    "dynamodb.TransactWriteItems",
    "sqs.SendMessage",
)
# Some seconds later: let the shield read anew, and write what was counted.
LATER_CALLS = (
    "dynamodb.BatchGetItem",
    "dynamodb.TransactWriteItems",
    "sqs.SendMessage",
    "dynamodb.PutItem",
)
# The same where no item can pay alone: be refused, look at all, gather, accept.
GATHERING_CALLS = (
    "dynamodb.GetItem",
    "dynamodb.GetItem",
    "dynamodb.BatchGetItem",
    "dynamodb.TransactWriteItems",
    "dynamodb.TransactGetItems",
    "dynamodb.TransactWriteItems",
    "dynamodb.TransactWriteItems",
    "sqs.SendMessage",
)
# sender: read the message, the routes and the secret (both cold), pin the key, claim, record the
# outcome.
SENDER_CALLS = (
    "dynamodb.GetItem",
    "dynamodb.GetItem",
    "secrets-manager.GetSecretValue",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
)
# The same for a message that is refused for good: its end and the refund are one transaction.
REFUSED_CALLS = (*SENDER_CALLS[:-1], "dynamodb.TransactWriteItems")
# Where the first of two carriers refuses: what is known of carriers is read, the next one is asked
# under a claim of its own; at last what was counted is added and judged.
FAILOVER_CALLS = (
    "dynamodb.GetItem",
    "dynamodb.GetItem",
    "dynamodb.Query",
    "secrets-manager.GetSecretValue",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
    "dynamodb.UpdateItem",
    *("dynamodb.UpdateItem", "dynamodb.UpdateItem"),
    *("dynamodb.Query", "dynamodb.Query") * 2,
)
# A notification has no code: read it, the routes and its text (cold), claim, record the outcome.
NOTICE_CALLS = (
    "dynamodb.GetItem",
    "dynamodb.GetItem",
    "dynamodb.GetItem",
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


def check_request(world: World, phone: str, answer: dict[str, Any] | None) -> None:
    """What a request left when all has recovered: once or not at all, and it said which."""
    records = world.records(phone)
    assert len(world.carrier.accepted) == len(records) <= 1
    assert {record["state"] for record in records} <= {"awaiting_receipt"}
    assert books(world.account).held == CREDIT - len(records) * PRICE
    if answer == {}:
        assert len(world.carrier.accepted) == 1  # yes means yes
    elif answer is not None:
        assert answer["code"] == 1
        assert not records  # no means that nothing was changed or will be sent
        assert world.request(phone) == {}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(REQUEST_CALLS)))
def test_a_fault_in_request_sends_once_or_not_at_all_and_says_which(
    world: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    world.faults.arm(place, kind)

    answer = attempt(lambda: world.request(phone))
    world.recover()

    check_request(world, phone, answer)


def test_a_healthy_request_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    world.request(next(PHONES))

    assert tuple(world.faults.calls) == REQUEST_CALLS


@pytest.fixture
def counting(world: World) -> World:
    """A process that has sent, and read what the shield knows, some seconds ago."""
    assert world.request(next(PHONES)) == {}
    world.recover()
    world.now += timedelta(seconds=6)
    world.faults.calls.clear()
    return world


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(LATER_CALLS)))
def test_a_fault_while_the_shield_reads_or_writes_sends_once_or_not_at_all(
    counting: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    accepted = len(counting.carrier.accepted)
    counting.faults.arm(place, kind)

    answer = attempt(lambda: counting.request(phone))
    counting.recover()

    records = counting.records(phone)
    assert len(counting.carrier.accepted) - accepted == len(records) <= 1
    if answer == {}:
        assert records


def test_a_later_request_makes_just_the_calls_that_the_faults_cover(counting: World) -> None:
    counting.request(next(PHONES))

    assert tuple(counting.faults.calls) == LATER_CALLS


@pytest.fixture
def scattered(world: World) -> World:
    """The app's money lies in forty items, none of which can pay for a message alone."""
    account = Account(world.account.app_id, 40)
    apps.change(account.app_id, lambda app: replace(app, balance_shards=40))
    balances.level(account)
    world.account = account
    world.go_cold()
    return world


@pytest.mark.parametrize("kind", SHARP)
@pytest.mark.parametrize("place", range(2, len(GATHERING_CALLS)))
def test_a_fault_while_remainders_are_gathered_loses_and_charges_nothing(
    scattered: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    scattered.faults.arm(place, kind)

    answer = attempt(lambda: scattered.request(phone))
    scattered.recover()

    check_request(scattered, phone, answer)


def test_a_request_that_gathers_makes_just_the_calls_that_the_faults_cover(
    scattered: World,
) -> None:
    scattered.request(next(PHONES))

    assert tuple(scattered.faults.calls) == GATHERING_CALLS


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
    assert "refunded" not in record


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(4, len(REFUSED_CALLS)))
def test_a_fault_in_a_final_refusal_refunds_it_once_or_leaves_it_unconfirmed_and_charged(
    world: World, place: int, kind: str
) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = ["refuse"] * 9
    world.faults.arm(place, kind)

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])
    world.send(body)

    (record,) = world.records(phone)
    assert "open" not in record
    # What was refused while nobody could write it down may have been accepted, for all we know.
    refunded = record["state"] == "call_failed"
    assert record["state"] in ("call_failed", "unconfirmed")
    assert ("refunded" in record) is refunded
    assert books(world.account).held == CREDIT - (0 if refunded else PRICE)


def test_a_healthy_refusal_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = ["refuse"]
    world.faults.calls.clear()

    world.send(body)

    assert tuple(world.faults.calls) == REFUSED_CALLS
    assert [record["state"] for record in world.records(phone)] == ["call_failed"]
    assert books(world.account).held == CREDIT


@pytest.fixture
def failing_over(world: World) -> Iterator[tuple[World, str, str]]:
    """A code that was accepted, and a route whose first carrier surely refuses everything."""
    rule = Rule((Hop("sns", 100), Hop("webhook", 0)))
    deployment.set_routes([rule], by="demo", now=world.now)
    for item in CarrierItem.scan():
        item.delete()  # what other tests know of these carriers
    world.carrier.script = ["refuse"] * 99
    phone = next(PHONES)
    assert world.request(phone) == {}
    (body,) = world.queued()
    world.go_cold()
    yield world, phone, body
    world.faults.disarm()
    deployment.set_routes([], by="demo", now=world.now)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("place", range(len(FAILOVER_CALLS)))
def test_a_fault_on_the_way_to_the_next_carrier_never_sends_twice(
    failing_over: tuple[World, str, str], place: int, kind: str
) -> None:
    world, phone, body = failing_over
    world.faults.arm(place, kind)

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])
    world.send(body)

    (record,) = world.records(phone)
    assert "open" not in record
    assert world.carrier.accepted == []
    assert len(world.spare.accepted) <= 1
    if world.spare.accepted:
        assert record["state"] in ("awaiting_receipt", "unconfirmed")
    else:
        assert record["state"] == "unconfirmed"
    assert books(world.account).held == CREDIT - PRICE


def test_a_failover_makes_just_the_calls_that_the_faults_cover(
    failing_over: tuple[World, str, str],
) -> None:
    world, phone, body = failing_over

    world.send(body)

    assert tuple(world.faults.calls) == FAILOVER_CALLS
    assert len(world.spare.accepted) == 1
    assert [record["carrier"] for record in world.records(phone)] == ["webhook"]


@pytest.fixture
def notice(world: World) -> tuple[World, str, str]:
    """A notification that was accepted, its number and its queue message; everything is cold."""
    put_template(world.account, "Notice", "订单 {{order_id}} 已发货")
    phone = next(PHONES)
    assert world.notify(phone) == {}
    (body,) = world.queued()
    world.go_cold()
    return world, phone, body


@pytest.mark.parametrize("kind", SHARP)
@pytest.mark.parametrize("place", range(len(NOTICE_CALLS)))
def test_a_fault_in_sending_a_notification_never_sends_it_twice(
    notice: tuple[World, str, str], place: int, kind: str
) -> None:
    world, phone, body = notice
    world.faults.arm(place, kind)

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])

    (record,) = world.records(phone)
    assert len(world.carrier.accepted) <= 1
    assert record["state"] in ("awaiting_receipt", "unconfirmed")
    assert books(world.account).held == CREDIT - PRICE


def test_a_notification_makes_just_the_calls_that_the_faults_cover(
    notice: tuple[World, str, str],
) -> None:
    world, _, body = notice

    world.send(body)

    assert tuple(world.faults.calls) == NOTICE_CALLS


def test_a_healthy_send_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    world.request(next(PHONES))
    (body,) = world.queued()
    world.faults.calls.clear()

    world.send(body)

    assert tuple(world.faults.calls) == SENDER_CALLS


@pytest.mark.parametrize(
    ("act", "accepted", "state", "paid"),
    [
        ("crash before", 0, "unconfirmed", PRICE),
        ("crash after", 1, "unconfirmed", PRICE),
        ("reply lost", 1, "unconfirmed", PRICE),
        ("refuse", 0, "call_failed", 0),
        ("throttle", 1, "awaiting_receipt", PRICE),
    ],
)
def test_whatever_the_carrier_does_is_told_and_never_repeated(
    world: World, act: str, accepted: int, state: str, paid: int
) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = [act]

    done = attempt(lambda: world.send(body))
    world.recover([] if done else [body])

    assert len(world.carrier.accepted) == accepted
    assert [record["state"] for record in world.records(phone)] == [state]
    assert books(world.account).held == CREDIT - paid


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
    assert books(world.account).held == CREDIT


def test_a_redelivered_queue_message_sends_nothing(world: World) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()

    assert [world.send(body) for _ in range(5)] == [True] * 5
    assert len(world.carrier.accepted) == 1
    assert len(world.records(phone)) == 1


def test_a_redelivered_message_that_was_refused_for_good_is_refunded_once(world: World) -> None:
    phone = next(PHONES)
    world.request(phone)
    (body,) = world.queued()
    world.carrier.script = ["refuse"] * 9

    assert [world.send(body) for _ in range(5)] == [True] * 5

    (record,) = world.records(phone)
    assert (record["state"], books(world.account).held) == ("call_failed", CREDIT)


def sweep_badly(world: World) -> None:
    """A failed sweep is started again by its schedule; that it failed is the alarm's business."""
    with contextlib.suppress(Crash, SignetError, PynamoDBException, ClientError):
        sweeper.handler({}, CONTEXT)


QUEUEING_CALLS = (
    "dynamodb.Query",
    "dynamodb.GetItem",
    "dynamodb.UpdateItem",
    "sqs.SendMessage",
)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("call", QUEUEING_CALLS)
def test_a_fault_in_the_sweeper_leaves_the_work_for_the_next_minute(
    world: World, call: str, kind: str
) -> None:
    phone = next(PHONES)
    world.request(phone)
    world.queued()  # lost: only the sweeper can know
    world.now += timedelta(seconds=61)
    world.faults.arm_first(call, kind)

    sweep_badly(world)
    world.recover()

    assert len(world.carrier.accepted) == 1
    assert [record["state"] for record in world.records(phone)] == ["awaiting_receipt"]


EXPIRING_CALLS = ("dynamodb.Query", "dynamodb.GetItem", "dynamodb.TransactWriteItems")


@pytest.mark.parametrize("kind", SHARP)
@pytest.mark.parametrize("call", EXPIRING_CALLS)
def test_a_fault_in_expiring_a_message_refunds_it_once(world: World, call: str, kind: str) -> None:
    phone = next(PHONES)
    world.request(phone)
    bodies = world.queued()
    world.now += timedelta(minutes=11)
    world.faults.arm_first(call, kind)

    sweep_badly(world)
    # Its queue message arrives after all, twice.
    world.recover(bodies * 2, rounds=2)

    assert world.carrier.accepted == []
    (record,) = world.records(phone)
    assert (record["state"], int(record["refunded"])) == ("expired", 1)
    assert books(world.account).held == CREDIT


def test_a_sweep_makes_just_the_calls_that_the_faults_cover(world: World) -> None:
    """But for the list of apps, which `keep_books` reads once."""
    for number, calls in ((61, QUEUEING_CALLS), (700, EXPIRING_CALLS)):
        world.request(next(PHONES))
        world.queued()
        world.now += timedelta(seconds=number)
        world.faults.calls.clear()

        sweeper.handler({}, CONTEXT)

        assert set(world.faults.calls) - {"dynamodb.BatchGetItem"} == set(calls)


CLOSING_CALLS = ("dynamodb.TransactGetItems", "dynamodb.TransactWriteItems", "dynamodb.Query")


@pytest.mark.parametrize("kind", SHARP)
@pytest.mark.parametrize("call", CLOSING_CALLS)
def test_a_fault_in_closing_a_day_closes_it_once_or_leaves_it_for_the_next_hour(
    world: World, call: str, kind: str
) -> None:
    app = apps.read(world.account.app_id)
    only_ours = replace(sweeper.books, apps=lambda: [app] if app else [])
    phone = next(PHONES)
    world.request(phone)
    world.recover()
    world.now += timedelta(days=2)
    world.faults.arm_first(call, kind)

    with contextlib.suppress(Crash, SignetError, PynamoDBException, ClientError):
        close_days(only_ours, now=world.now)
    world.faults.disarm()
    for _ in range(2):
        close_days(only_ours, now=world.now)

    (record,) = world.records(phone)
    days = ledger.list_days(world.account, since="20261201")
    assert [(day.messages, day.charged) for day in days] == [(1, int(record["price"]))]
    (item,) = balances.snapshot(world.account)
    assert set(item) == {"pk", "balance"}


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
