"""Releasing a campaign into MiniStack's queue, beside a bare loop that sends as many messages.

Both in turn, a step at a time, in one process: what the machine does to one, it does to the other.
What was released is noted as sent at once, outside the time, as senders do it meanwhile.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from benchmarks import journey
from benchmarks.built import ROOT
from benchmarks.figures import Figure, say
from local import seed
from local.aws import Aws
from local.ministack import clean_environment

BUDGET = 0.7
_BUCKET = "audiences"
_AT_ONCE = 10


def measure(*, rows: int) -> list[Figure]:
    """Recipients a second through the release loop with pace unlimited, beside the bare loop."""
    say(f"releasing {rows:,} recipients …")
    with journey.emulator() as running:
        aws = Aws(running.url)
        settings = journey.deploy(aws)
        aws.client("s3").create_bucket(Bucket=_BUCKET)
        bare = aws.client("sqs").create_queue(QueueName="bare")["QueueUrl"]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.release", str(rows), bare],
            env={
                **clean_environment(),
                **settings,
                "AWS_ENDPOINT_URL": aws.endpoint,
                "SIGNET_AUDIENCES_BUCKET": _BUCKET,
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'signet' / 'python'}",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    seconds = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure("release: recipients, pace unlimited", rows / seconds["ours"], "recipients/s"),
        Figure("release: the bare send_message_batch loop", rows / seconds["bare"], "recipients/s"),
        Figure(
            "release: beside the bare loop",
            seconds["bare"] / seconds["ours"],
            "x",
            BUDGET,
            better="higher",
        ),
    ]


def main(rows: int, bare_queue: str) -> None:
    """Release a campaign to so many, and print how long that and the bare loop took."""
    from signet.campaigns import Outcome, Row
    from signet.edge import campaign_queue
    from signet.edge.campaign_queue import Step
    from signet.flows import campaigning, run_campaign
    from signet.store import campaign_parts, campaigns

    released: list[Row] = []

    def put_deliveries(app_id: str, some: Sequence[Row]) -> None:
        campaign_queue.put_deliveries(app_id, some)
        released.extend(some)

    book = replace(campaigning.STEPS, put_deliveries=put_deliveries)
    seen = start(rows)
    _warm(bare_queue)
    ours = bare = 0.0
    done = 0
    while done < rows:
        assert seen.run
        released.clear()
        begun = time.perf_counter()
        run_campaign.step(
            Step(seen.app_id, seen.campaign_id, seen.run.token), book, now=datetime.now(UTC)
        )
        ours += time.perf_counter() - begun
        bare += _bare(bare_queue, released)
        done += len(released)
        for part in {row.part for row in released}:
            mine = [row.row for row in released if row.part == part]
            place = Row(seen.campaign_id, seen.run.number, part, 0)
            noted = {Outcome.SENT: mine}
            campaign_parts.note(seen.app_id, place, noted, price=0, now=int(time.time()))
        seen = campaigns.get(seen.app_id, seen.campaign_id)
    print(json.dumps({"ours": ours, "bare": bare}), flush=True)


def start(rows: int) -> Any:
    """A notification that runs without a pace, to so many numbers, as the API would start it."""
    from signet import campaigns
    from signet.audits import Entry
    from signet.campaigns import Campaign, Content, Part, Plan, Planned, Recipient, Run, State
    from signet.edge import plans
    from signet.limits import Kind
    from signet.store import campaigns as store

    folder = f"plans/{seed.APP_ID}/c1/1/r1/a1"
    parts = []
    for number in range(-(-rows // campaigns.PART_ROWS)):
        first = number * campaigns.PART_ROWS
        some = [
            Recipient(f"+86186{place:08}", {"customer": f"客户{place}"})
            for place in range(first, min(rows, first + campaigns.PART_ROWS))
        ]
        etag = plans.write_part(folder, number, some)
        parts.append(Part(0, len(some), 1, 50_000, etag))
    plan = Plan(folder, ("",), tuple(parts), {}, {}, {}, (), rows * 50_000, int(time.time()))
    key, now = plans.write(plan), datetime.now(UTC)
    run = Run.first_step(
        plan,
        key,
        number=1,
        version=1,
        started_at=int(now.timestamp() * 1000),
        shards=8,
        balance_shard=0,
        events=False,
    )
    seconds = int(now.timestamp())
    campaign = Campaign(
        app_id=seed.APP_ID,
        campaign_id="c1",
        version=1,
        name="benchmark",
        state=State.RUNNING,
        content=Content(Kind.NOTIFICATION, "Notice", 1, "Shop", "示例商城", "a1"),
        schedule=campaigns.Schedule(),
        pace=None,
        stops=campaigns.Stops(),
        created_at=seconds,
        updated_at=seconds,
        created_by="benchmark",
        planned=Planned("r1", key, plan.rows, plan.micros),
        run=run,
        due_at=seconds + 30,
    )
    store.create(campaign, Entry(now, "benchmark", "create", "campaign"))
    return campaign


def _warm(queue_url: str) -> None:
    """Let both loops' clients be made before any time counts."""
    from signet.edge import queue

    entry = {"Id": "0", "MessageBody": "{}", "MessageGroupId": "warm"}
    queue.put_bodies(queue_url, ["{}"], "warm")
    _client().send_message_batch(QueueUrl=queue_url, Entries=[entry])


def _bare(queue_url: str, rows: Sequence[Any]) -> float:
    """How long it takes to send as many messages of that size, and nothing else."""
    packs = [
        [
            {
                "Id": str(place),
                "MessageBody": json.dumps({"v": 1, "app_id": seed.APP_ID, **row._asdict()}),
                "MessageGroupId": seed.APP_ID,
            }
            for place, row in enumerate(rows[start : start + _AT_ONCE])
        ]
        for start in range(0, len(rows), _AT_ONCE)
    ]
    begun = time.perf_counter()
    for pack in packs:
        _client().send_message_batch(QueueUrl=queue_url, Entries=pack)
    return time.perf_counter() - begun


@cache
def _client() -> Any:
    from signet.edge import aws

    return aws.client("sqs")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
