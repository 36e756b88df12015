"""One round trip through the real functions against MiniStack, with every AWS call written down.

A code is requested, delivered and verified twice: to warm the processes, then to count. It is
paid for, and sent with a template of the app's own, which somebody wrote and approved before.
A captcha is asked for and answered, and spent with a third code. Some seconds later others ask,
until the shield reads what has changed and writes what was counted.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any, Self

from benchmarks.built import FUNCTIONS, ROOT, WORK, Built, environment
from benchmarks.wire import Call, Recorder, serving, telling
from local import seed
from local.aws import Aws
from local.ministack import MiniStack
from local.package import load_template
from signet import captchas, standard_webhooks
from signet.store.shield_container import READ_EVERY, WRITE_COUNT

Event = dict[str, Any]

_TABLES = (
    *("Apps", "Phones", "Challenges", "Shield", "Messages", "Balances", "Ledger", "Users"),
    *("Events", "Carriers", "Campaigns", "OptOuts"),
)
# Of the gateway that reports; nothing is sent by it.
_GATEWAY = {"url": "https://gateway.example", "reports": True}
_GATEWAY_KEY = b"g" * 32
_TEMPLATE = "Login_Code"
_TEXT = "您正在{{device}}上登录，验证码是{{code}}，{{ttl}}分钟内有效。请勿转告他人。"
_SCHEMA = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@dataclass(frozen=True, slots=True)
class Step:
    """One invocation: what woke it, what it asked of AWS, and how much it logged."""

    event: Event
    calls: tuple[Call, ...]
    log_bytes: int
    body: Mapping[str, Any] = field(default_factory=dict)
    cpu_seconds: float = 0

    @property
    def read_units(self) -> float:
        """DynamoDB read units, indexes included."""
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> float:
        """DynamoDB write units, indexes and the doubling of transactions included."""
        return sum(call.write_units for call in self.calls)


@dataclass(frozen=True, slots=True)
class Journey:
    """A round trip. `first` holds the calls of a new process before anything is cached."""

    settings: Mapping[str, str]
    first: Mapping[str, Step]
    request: Step
    sender: Step
    wrong_guess: Step
    verify: Step
    captcha: Step
    answer: Step
    request_with_captcha: Step
    refresh: Step
    flush: Step
    sweeper: Step
    closing: Step
    tick: Step
    take: Step
    tell: Step
    receipt: Step

    def replies_to(self, function: str) -> list[Call]:
        """Every call whose reply a process of the function may need, the warm ones last."""
        step: Step = getattr(self, function)
        later = [*self.refresh.calls, *self.flush.calls] if function == "request" else []
        return [*self.first[function].calls, *later, *step.calls]


def travel(made: Built) -> Journey:
    """Request, deliver and verify one code, and guess wrong once."""
    with ExitStack() as stack:
        running = stack.enter_context(emulator())
        aws = Aws(running.url)
        settings = deploy(aws)
        recorder = Recorder(running.url)
        endpoint = stack.enter_context(serving(recorder.answer))
        functions = {
            name: stack.enter_context(
                Function(made, name, environment(endpoint, settings), recorder)
            )
            for name in FUNCTIONS
        }
        _approve_template(functions["review"])
        return _round_trip(functions, running, aws, settings)


def _round_trip(
    functions: Mapping[str, "Function"], running: MiniStack, aws: Aws, settings: dict[str, str]
) -> Journey:
    warm, counted, proved = "+8618612345671", "+8618612345672", "+8618612345673"
    request, sender, verify = (functions[name].answer for name in ("request", "sender", "verify"))
    queue = settings["SIGNET_CODES_QUEUE_URL"]
    first = {"request": request(_request_event(warm))}
    first["sender"] = sender(_queue_event(aws, queue))
    first["verify"] = verify(_verify_event(warm, "000000"), status=400)
    captcha = functions["captcha"].answer
    first["captcha"] = captcha(_captcha_event())
    first["sweeper"] = functions["sweeper"].answer(_event("sweeper"))
    requested = request(_request_event(counted))
    sent = sender(_queue_event(aws, queue))
    (code,) = (_code(text.body) for text in running.texts() if text.to == counted)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    guessed = verify(_verify_event(counted, wrong), status=400)
    verified = verify(_verify_event(counted, code))
    asked = captcha(_captcha_event())
    answered = captcha(_answer_event(aws, asked.body["captcha_token"]))
    solved = {"validate_token": answered.body["validate_token"]}
    proving = request(_request_event(proved, **solved))
    refresh, flush = _later(request)
    notify = functions["notify"].answer
    tick = notify(_event("sweeper"))
    take, tell = _told(notify, aws)
    reported = functions["receipt"].answer
    reported(_receipt_event(aws, warm))
    return Journey(
        settings=settings,
        first=first,
        request=requested,
        sender=sent,
        wrong_guess=guessed,
        verify=verified,
        captcha=asked,
        answer=answered,
        request_with_captcha=proving,
        refresh=refresh,
        flush=flush,
        sweeper=functions["sweeper"].answer(_event("sweeper")),
        closing=functions["sweeper"].answer({"task": "close_days"}),
        tick=tick,
        take=take,
        tell=tell,
        receipt=reported(_receipt_event(aws, counted)),
    )


def _later(request: Callable[[Event], Step]) -> tuple[Step, Step]:
    """A request for which the shield reads anew, and one for which it writes."""
    time.sleep(READ_EVERY + 1)
    steps = [
        request(_request_event(f"+861{30 + place}{place * 7_919_993 % 10**8:08d}"))
        for place in range(WRITE_COUNT + 1)
    ]
    read, written = (
        next(step for step in steps if any(call.is_of("Shield", kind) for call in step.calls))
        for kind in ("BatchGetItem", "UpdateItem")
    )
    return read, written


def _told(notify: Callable[[Event], Step], aws: Aws) -> tuple[Step, Step]:
    """A change that the app's endpoint is told of: what takes it, and what tells it."""
    with telling() as url:
        secret = json.dumps({"current": f"whsec_{b64encode(b'k' * 32).decode()}"})
        settings = json.dumps({"url": url})
        aws.client("dynamodb").update_item(
            TableName="Apps",
            Key={"app_id": {"S": seed.APP_ID}, "item": {"S": "app"}},
            UpdateExpression="SET events = :events, event_secret = :secret",
            ExpressionAttributeValues={":events": {"S": settings}, ":secret": {"S": secret}},
        )
        take = notify(_event("notify"))
        (told,) = aws.client("dynamodb").scan(TableName="Events")["Items"]
        tell = notify({"v": 1, "app_id": seed.APP_ID, "event_ids": [told["sk"]["S"]]})
    return take, tell


class Function:
    """One function in a process of its own."""

    def __init__(
        self, made: Built, name: str, variables: Mapping[str, str], recorder: Recorder
    ) -> None:
        self._name, self._recorder = name, recorder
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        reading, writing = os.pipe()
        self._replies = os.fdopen(reading)
        self._process = subprocess.Popen(
            made.command("answer", str(writing)),
            env={**variables, "PYTHONPATH": made.path(name)},
            stdin=subprocess.PIPE,
            stdout=self._log,
            pass_fds=[writing],
            text=True,
        )
        os.close(writing)

    def answer(self, event: Event, *, status: int = 200) -> Step:
        """The step that the event made it take. Raises RuntimeError when that was no success."""
        calls, logged = len(self._recorder.calls), self._logged()
        assert self._process.stdin
        print(json.dumps(event), file=self._process.stdin, flush=True)
        answer = self._replies.readline()
        if not answer:
            raise RuntimeError(f"{self._name} died")
        reply, seconds = json.loads(answer)
        # What nobody waits for returns nothing.
        reply = reply or {}
        if reply.get("batchItemFailures") or reply.get("statusCode", status) != status:
            raise RuntimeError(f"{self._name} answered {reply}")
        body = json.loads(reply["body"]) if "body" in reply else {}
        asked = tuple(self._recorder.calls[calls:])
        return Step(event, asked, self._logged() - logged, body, seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
        self._replies.close()
        self._log.close()

    def _logged(self) -> int:
        return os.fstat(self._log.fileno()).st_size


@contextmanager
def emulator() -> Iterator[MiniStack]:
    """MiniStack, while a measurement lasts."""
    WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="emulator-", dir=WORK))
    running = MiniStack(log_file=folder / "emulator.log", state_dir=folder, keep=False)
    try:
        running.start()
        running.wait()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def deploy(aws: Aws) -> dict[str, str]:
    """Tables and indexes as template.yaml has them, queue, secret and the demo app."""
    resources = load_template(ROOT / "template.yaml")["Resources"]
    for table in _TABLES:
        properties = resources[table]["Properties"]
        schema = {name: properties[name] for name in _SCHEMA if name in properties}
        aws.client("dynamodb").create_table(TableName=table, **schema)
    codes, bulk = (
        aws.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("codes", "bulk")
    )
    secret = aws.client("secretsmanager").create_secret(
        Name="signet", SecretString=json.dumps({"current": "k1", "k1": "k" * 64})
    )["ARN"]
    gateway = _GATEWAY | {"secret": f"whsec_{b64encode(_GATEWAY_KEY).decode()}"}
    carriers = aws.client("secretsmanager").create_secret(
        Name="carriers", SecretString=json.dumps({"webhook": gateway})
    )["ARN"]
    seed.run(aws_endpoint=aws.endpoint, outputs={f"{table}Table": table for table in _TABLES})
    # The app is not new: its day in the shield's table has begun.
    day = {"pk": f"{seed.APP_ID}#day", "sk": "-", "t": "", "y": ""}
    folded = {"f": {"N": str(int(time.time()) // 60 - 1)}}
    aws.client("dynamodb").put_item(
        TableName="Shield", Item={name: {"S": value} for name, value in day.items()} | folded
    )
    return {
        **{f"SIGNET_{table.upper()}_TABLE": table for table in _TABLES if table != "OptOuts"},
        "SIGNET_OPT_OUTS_TABLE": "OptOuts",
        "SIGNET_CODES_QUEUE_URL": codes,
        "SIGNET_BULK_QUEUE_URL": bulk,
        "SIGNET_QUEUE_URL": codes,
        "SIGNET_SECRET_ARN": secret,
        "SIGNET_CARRIER_SECRET_ARN": carriers,
        "SIGNET_OTHER_CARRIERS": "outside",
        "SIGNET_EVENT_BUS": "signet",
        "SIGNET_PRIVATE_WEBHOOKS": "on",
    }


def _approve_template(review: "Function") -> None:
    """Write the template as the app's owner, and approve it as an operator."""
    owner = {"X-LC-Id": seed.APP_ID, "X-LC-Key": f"{seed.MASTER_KEY},master"}
    basic = b64encode(f"{seed.OPERATOR}:{seed.OPERATOR_KEY}".encode()).decode()
    written = {"name": _TEMPLATE, "kind": "verification", "text": _TEXT}
    review.answer(_console_event("templates", owner, written), status=201)
    place = f"review/{seed.APP_ID}/template/{_TEMPLATE}/1/approve"
    review.answer(_console_event(place, {"Authorization": f"Basic {basic}"}, {}))


def _console_event(path: str, headers: dict[str, str], body: dict[str, str]) -> Event:
    return _event("request") | {
        "path": f"/console/api/{path}",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": json.dumps(body),
    }


def _event(name: str) -> Event:
    event: Event = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


def _request_event(phone: str, **more: str) -> Event:
    fields = {"mobilePhoneNumber": phone, "template": _TEMPLATE, "device": "iPhone", **more}
    event = _signed(_event("request"))
    return event | {"body": json.dumps(json.loads(event["body"]) | fields)}


def _captcha_event() -> Event:
    return _signed(_event("captcha"))


def _answer_event(aws: Aws, token: str) -> Event:
    """The right answer, as whoever looks at the picture gives it."""
    item = aws.client("dynamodb").get_item(
        TableName="Apps", Key={"app_id": {"S": "#deployment"}, "item": {"S": "captcha"}}
    )["Item"]
    held = json.loads(item["captcha_keys"]["S"])
    keys = captchas.Keys(
        held["current"], {name: bytes.fromhex(key) for name, key in held["keys"].items()}
    )
    asked = captchas.read(
        token, seed.APP_ID, keys, form=captchas.Form.PICTURE, now=datetime.now(UTC)
    )
    body = {"captcha_token": token, "captcha_code": captchas.written_answer(asked, keys)}
    place = {"path": "/1.1/verifyCaptcha", "httpMethod": "POST"}
    return _signed(_event("captcha")) | place | {"body": json.dumps(body)}


def _verify_event(phone: str, code: str) -> Event:
    event = _signed(_event("verify"))
    return event | {
        "path": f"/1.1/verifySmsCode/{code}",
        "pathParameters": {"code": code},
        "body": json.dumps({"mobilePhoneNumber": phone}),
    }


def _queue_event(aws: Aws, queue: str) -> Event:
    """The event that Lambda would make of the one message in the queue."""
    event = _event("sender")
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    (record,) = event["Records"]
    found = {"body": message["Body"], "receiptHandle": message["ReceiptHandle"]}
    return event | {"Records": [record | found]}


def _receipt_event(aws: Aws, phone: str) -> Event:
    """A gateway's receipt of the message that a number got."""
    records = aws.client("dynamodb").scan(TableName="Messages")["Items"]
    (record,) = (one for one in records if one["app_phone"]["S"].endswith(f"#{phone}"))
    app_id, day, shard = record["pk"]["S"].rsplit("#", 2)
    receipt = {
        "app_id": app_id,
        "message_id": f"{day}-{shard}-{record['sk']['S']}",
        "state": "delivered",
    }
    body = json.dumps({"v": 1, "receipts": [receipt]})
    headers = standard_webhooks.headers([_GATEWAY_KEY], phone, int(time.time()), body.encode())
    return _event("receipt") | {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": body,
        "isBase64Encoded": False,
    }


def _signed(event: Event) -> Event:
    """The event with X-LC-Sign, as the JavaScript SDK sends it by default (wire.md 2.2).

    It makes the request id the same each time, so a recorded reply to a guess fits again.
    """
    now = int(time.time() * 1000)
    sign = f"{md5(f'{now}{seed.APP_KEY}'.encode(), usedforsecurity=False).hexdigest()},{now}"
    headers = {name: value for name, value in event["headers"].items() if name != "X-LC-Key"}
    return event | {
        "headers": headers | {"X-LC-Sign": sign},
        "multiValueHeaders": {n: [v] for n, v in (headers | {"X-LC-Sign": sign}).items()},
    }


def _code(text: str) -> str:
    found = re.search(r"\d{6}", text)
    assert found
    return found.group()
