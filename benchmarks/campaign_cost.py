"""What a campaign costs, from counted calls: its audience read, planned, released and sent.

The real functions do it against MiniStack, every AWS call written down: the planner reads and
plans an audience whose owner states that all have agreed, the sender releases a step of it and
sends ten of its messages at a time. All of it is done once before it counts, to the same people:
what they agreed to is recorded then, once for all campaigns.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks import cost, journey
from benchmarks.built import ROOT, Built, environment
from benchmarks.cost import MILLION, Line
from benchmarks.figures import Figure, say
from benchmarks.journey import Event, Function, Step
from benchmarks.wire import Recorder, serving
from local import seed
from local.aws import Aws
from local.ministack import clean_environment

BUDGET = 5.0
# As many as a step releases at once, and as one invocation of the sender is handed.
ROWS, BATCH = 2_000, 10
_BUCKET = "audiences"
_TEMPLATE, _SIGNATURE = "Member_Sale", "Sale"
_TEXT = "{{customer}}，您的{{level}}会员今日全场八折。回复TD退订"
_LEFT = {"LEFT_MILLISECONDS": "900000"}

# https://aws.amazon.com/s3/pricing, us-east-1
_PUT = 5.00 / MILLION
_GET = 0.40 / MILLION
_PLANNER_GB = 1769 / 1024


@dataclass(frozen=True, slots=True)
class Campaign:
    """Each task once, warm: of so many rows, and `sending` of batches of ten.

    `consents` are the write units of a reading that records what people agreed to.
    """

    rows: int
    consents: float
    audience: Step
    plan: Step
    release: Step
    sending: Sequence[Step]


def travel(made: Built, *, rows: int = ROWS, batches: int = 10) -> Campaign:
    """Two campaigns to the same people; the second one's calls."""
    say(f"a campaign to {rows:,} against MiniStack, every AWS call recorded …")
    with ExitStack() as stack:
        running = stack.enter_context(journey.emulator())
        aws = Aws(running.url)
        aws.client("s3").create_bucket(Bucket=_BUCKET)
        settings = {**journey.deploy(aws), "SIGNET_AUDIENCES_BUCKET": _BUCKET}
        settings["SIGNET_QUEUE_URL"] = settings["SIGNET_BULK_QUEUE_URL"]
        _put_words(aws)
        recorder = Recorder(running.url)
        endpoint = stack.enter_context(serving(recorder.answer))
        variables = environment(endpoint, settings) | _LEFT
        planner, sender = (
            stack.enter_context(Function(made, name, variables, recorder))
            for name in ("planner", "sender")
        )
        world = _World(aws, settings, planner, sender)
        first = world.run("c1", rows=rows, batches=2)
        second = world.run("c2", rows=rows, batches=batches)
        return replace(second, consents=first.audience.write_units - second.audience.write_units)


@dataclass(frozen=True, slots=True)
class _World:
    aws: Aws
    settings: Mapping[str, str]
    planner: Function
    sender: Function

    def run(self, name: str, *, rows: int, batches: int) -> Campaign:
        """One campaign, from its upload to its first messages."""
        self._upload(name, rows)
        self._in_stores("draft", name)
        ids = {"v": 1, "app_id": seed.APP_ID}
        audience = self.planner.answer({**ids, "task": "audience", "audience_id": name})
        plan = self.planner.answer(
            {**ids, "task": "plan", "campaign_id": name, "version": 1, "run": "r1"}
        )
        self._in_stores("start", name)
        release = self.sender.answer(self._event("step", 1))
        sending = [self.sender.answer(self._event("row", BATCH)) for _ in range(batches)]
        # What is left of it would be sent in the next one's place.
        self.aws.client("sqs").purge_queue(QueueUrl=self.settings["SIGNET_BULK_QUEUE_URL"])
        return Campaign(rows, 0, audience, plan, release, sending)

    def _upload(self, name: str, rows: int) -> None:
        lines = [
            f"186{number:08},客户{number},{'金银铜'[number % 3]}牌\n" for number in range(rows)
        ]
        body = ("手机号,customer,level\n" + "".join(lines)).encode()
        key = f"uploads/{seed.APP_ID}/{name}.csv"
        self.aws.client("s3").put_object(Bucket=_BUCKET, Key=key, Body=body)

    def _in_stores(self, what: str, name: str) -> None:
        """Do something by the stores, which have to know their tables from the beginning."""
        subprocess.run(
            [sys.executable, "-m", "benchmarks.campaign_cost", what, name],
            env={
                **clean_environment(),
                **self.settings,
                "AWS_ENDPOINT_URL": self.aws.endpoint,
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'signet' / 'python'}",
            },
            check=True,
        )

    def _event(self, holds: str, count: int) -> Event:
        """The event that Lambda would make of so many messages of that sort in the queue."""
        sqs, url = self.aws.client("sqs"), self.settings["SIGNET_BULK_QUEUE_URL"]
        event: Event = json.loads((ROOT / "events" / "sender.json").read_text())
        (record,) = event["Records"]
        found: list[dict[str, Any]] = []
        while len(found) < count:
            some = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count - len(found))
            found += [each for each in some["Messages"] if holds in json.loads(each["Body"])]
        records = [
            {
                **record,
                "messageId": each["MessageId"],
                "body": each["Body"],
                "receiptHandle": each["ReceiptHandle"],
            }
            for each in found
        ]
        return {**event, "Records": records}


def lines(found: Campaign) -> list[Line]:
    """A million recipients, from one's calls in these steps."""
    batches = len(found.sending) * BATCH
    shares = [
        (1 / found.rows, [found.audience, found.plan, found.release]),
        (1 / batches, found.sending),
    ]
    steps = [(share, step) for share, steps in shares for step in steps]

    def units(name: str) -> float:
        return sum(share * float(getattr(step, name)) for share, step in steps)

    planning = (_planner_seconds(found.audience) + _planner_seconds(found.plan)) / found.rows
    releasing = _sender_seconds(found.release) / found.rows
    sending = median(map(_sender_seconds, found.sending)) / BATCH
    queued = sum("SendMessageBatch" in call.operation for call in found.release.calls)
    each = [
        Line("Lambda calls", 1 / BATCH + 3 / found.rows, cost.LAMBDA_CALL),
        Line("Lambda GB-seconds of the planner", planning * _PLANNER_GB, cost.GB_SECOND),
        Line(
            "Lambda GB-seconds of senders", (releasing + sending) * cost.MEMORY_GB, cost.GB_SECOND
        ),
        Line("write units", units("write_units"), cost.WRITE_UNIT),
        Line("read units", units("read_units"), cost.READ_UNIT),
        # A batch is received by one call, and deleted by one.
        Line("SQS calls", queued / found.rows + 2 / BATCH + 3 / found.rows, cost.SQS_CALL),
        Line("S3 writes", _of_s3("S3.PUT", steps), _PUT),
        Line("S3 reads", _of_s3("S3.GET", steps), _GET),
        Line(
            "log bytes", sum(share * cost.log_bytes(step) for share, step in steps), cost.LOG_BYTE
        ),
    ]
    return [Line(line.what, line.count * MILLION, line.price) for line in each]


def measure(found: Campaign) -> list[Figure]:
    """The sum, and what a recipient asks for."""
    batches = len(found.sending)
    writes = sum(step.write_units for step in found.sending) / batches / BATCH
    reads = sum(step.read_units for step in found.sending) / batches / BATCH
    return [
        Figure("DynamoDB: a campaign's recipient, writes", writes, "units"),
        Figure("DynamoDB: a campaign's recipient, reads", reads, "units"),
        Figure(
            "cost: a million recipients of a campaign, carrier excluded",
            sum(line.dollars for line in lines(found)),
            "USD",
            BUDGET,
        ),
        Figure(
            "cost: a million consents, recorded once, beyond that",
            found.consents / found.rows * MILLION * cost.WRITE_UNIT,
            "USD",
        ),
    ]


def _of_s3(operation: str, steps: Sequence[tuple[float, Step]]) -> float:
    return sum(
        share * sum(call.operation == operation for call in step.calls) for share, step in steps
    )


def _planner_seconds(step: Step) -> float:
    """How long the planner takes, which has a whole processor."""
    return step.cpu_seconds + len(step.calls) * cost.WAIT_SECONDS


def _sender_seconds(step: Step) -> float:
    """How long a sender takes; it calls the carrier for one message after the other."""
    carrier = sum(call.operation == "Publish" for call in step.calls) * cost.CARRIER_WAIT_SECONDS
    return step.cpu_seconds * cost.SLOWER + len(step.calls) * cost.WAIT_SECONDS + carrier


def _put_words(aws: Aws) -> None:
    """A company with a marketing signature and template, as reviews would leave them."""
    dynamodb = aws.client("dynamodb")
    dynamodb.update_item(
        TableName="Apps",
        Key={"app_id": {"S": seed.APP_ID}, "item": {"S": "app"}},
        UpdateExpression="SET company = :company, marketing = :marketing",
        ExpressionAttributeValues={
            ":company": {"S": "示例科技有限公司"},
            ":marketing": {"S": json.dumps({"cap": {"count": 2, "days": 7}})},
        },
    )
    template = {"name": _TEMPLATE, "kind": "marketing", "state": "approved", "text": _TEXT}
    signature = {
        **{"name": _SIGNATURE, "state": "approved", "text": "示例商城"},
        **{"use": "marketing", "short_id": "s9"},
    }
    for item, texts in (
        (f"template#{_TEMPLATE}", template),
        (f"template-version#{_TEMPLATE}#000001", template),
        (f"signature#{_SIGNATURE}", signature),
    ):
        attributes = {"app_id": seed.APP_ID, "item": item, **texts}
        written = {name: {"S": value} for name, value in attributes.items()}
        dynamodb.put_item(TableName="Apps", Item={**written, "version": {"N": "1"}})


def draft(name: str) -> None:
    """An audience that is uploaded and a campaign to it, which waits for its plan."""
    from datetime import UTC, datetime

    from signet import audiences, campaigns
    from signet.audits import Entry
    from signet.edge import objects
    from signet.limits import Kind
    from signet.store import audiences as audience_store
    from signet.store import campaigns as store

    now = datetime.now(UTC)
    seconds, entry = int(now.timestamp()), Entry(now, "benchmark", "create", name)
    file = objects.describe(f"uploads/{seed.APP_ID}/{name}.csv", bucket=objects.AUDIENCES)
    # The same for both campaigns, unless it becomes midnight between them.
    consent = audiences.Consent("会员注册时勾选", at=seconds - seconds % 86_400 - 86_400)
    audience = audiences.Audience(
        *(seed.APP_ID, name, "会员", audiences.State.READING, audiences.Wanted(consent=consent)),
        *(seconds, seconds),
        etag=file.etag,
        size=file.size,
    )
    audience_store.create(audience, entry)
    campaign = campaigns.Campaign(
        app_id=seed.APP_ID,
        campaign_id=name,
        version=1,
        name=name,
        state=campaigns.State.DRAFT,
        content=campaigns.Content(Kind.MARKETING, _TEMPLATE, 1, _SIGNATURE, "示例商城", name),
        schedule=campaigns.Schedule(),
        pace=None,
        stops=campaigns.Stops(),
        created_at=seconds,
        updated_at=seconds,
        created_by="benchmark",
        planned=campaigns.Planned("r1"),
    )
    store.create(campaign, entry)


def start(name: str) -> None:
    """Start the campaign, and queue its first step. Its people have no hours: it may be night."""
    from dataclasses import replace

    from signet.campaigns import Run, State
    from signet.edge import campaign_queue, plans
    from signet.edge.campaign_queue import Step
    from signet.store import campaigns as store

    planned = store.get(seed.APP_ID, name).planned
    if planned is None or planned.key is None:
        raise RuntimeError(f"there is no plan: {planned}")
    plan = replace(plans.read(planned.key), zones=("",))
    key = plans.write(plan)
    run = Run.first_step(
        plan,
        key,
        number=1,
        version=1,
        started_at=int(time.time() * 1000),
        shards=8,
        balance_shard=0,
        events=False,
    )
    store.change(
        seed.APP_ID, name, lambda seen: replace(seen, state=State.RUNNING, run=run, due_at=None)
    )
    campaign_queue.put_step(Step(seed.APP_ID, name, run.token))


if __name__ == "__main__":
    {"draft": draft, "start": start}[sys.argv[1]](sys.argv[2])
