"""What a campaign's workers hold in memory: reading an audience, planning it, releasing it.

One process does all three after each other, with the bucket as a folder and everything that is
known of people taken for nothing; what is measured is what our own code holds, and computes.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from benchmarks.built import ROOT, WORK
from benchmarks.figures import Figure, say

BUDGET = 1.15
APP_ID, CAMPAIGN_ID, AUDIENCE_ID = "signet-demo", "c1", "a1"
_BLOCK = 1024 * 1024
# In the afternoon in Shanghai.
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
_TEXT = "{{customer}}，您的{{level}}会员今日全场八折。回复TD退订"
_SETTINGS = (
    *("APPS_TABLE", "PHONES_TABLE", "CHALLENGES_TABLE", "MESSAGES_TABLE", "BALANCES_TABLE"),
    *("OPT_OUTS_TABLE", "CARRIERS_TABLE", "CAMPAIGNS_TABLE", "AUDIENCES_BUCKET"),
    *("BULK_QUEUE_URL", "LEDGER_TABLE", "USERS_TABLE"),
)


@dataclass(frozen=True, slots=True)
class Used:
    """What one campaign took: the most memory at a time, and processor seconds of each task."""

    peak_mb: float
    audience: float
    plan: float
    release: float


def measure(*, few: int, many: int) -> list[Figure]:
    """Peaks of a small and of a large campaign, and what the large one computed."""
    small, large = _run(few), _run(many)
    each = 1_000_000 / many
    return [
        Figure(f"campaign: memory, {few:,} recipients", small.peak_mb, "MB"),
        Figure(f"campaign: memory, {many:,} recipients", large.peak_mb, "MB"),
        Figure("campaign: memory, many beside few", large.peak_mb / small.peak_mb, "x", BUDGET),
        Figure("campaign: reading a million rows, CPU", large.audience * each, "s"),
        Figure("campaign: planning a million rows, CPU", large.plan * each, "s"),
        Figure("campaign: releasing a million rows, CPU", large.release * each, "s"),
    ]


def _run(rows: int) -> Used:
    say(f"a campaign to {rows:,}, in a process of its own …")
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="campaign-", dir=WORK) as folder:
        with (Path(folder) / "audience.csv").open("w", encoding="utf-8") as file:
            file.write("手机号,customer,level\n")
            file.writelines(
                f"186{place:08},客户{place},{'金银铜'[place % 3]}牌\n" for place in range(rows)
            )
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.campaign_memory", folder],
            env={
                **{f"SIGNET_{name}": name.lower() for name in _SETTINGS},
                "AWS_REGION": "us-east-1",
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'signet' / 'python'}",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return Used(**json.loads(done.stdout.splitlines()[-1]))


@dataclass
class _Bucket:
    """Objects as files of a folder."""

    folder: Path

    def write(self, key: str, body: bytes | IO[bytes], *, bucket: str) -> str:
        place = self.folder / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body if isinstance(body, bytes) else body.read())
        return key

    def read(self, key: str, etag: str | None = None, *, bucket: str) -> bytes:
        return (self.folder / key).read_bytes()


def main(folder: Path) -> None:
    """Read, plan and release one campaign; print what that took."""
    from signet.edge import objects

    bucket = _Bucket(folder)
    # The one place where the bucket is reached.
    vars(objects).update(write=bucket.write, read=bucket.read)
    audience, read = _timed(lambda: _read(folder / "audience.csv"))
    campaign, planned = _timed(lambda: _planned(audience))
    count, released = _timed(lambda: _released(campaign))
    if count != audience.counts.rows:
        raise RuntimeError(f"{count} of {audience.counts.rows} were released")
    found = {"peak_mb": _peak_mb(), "audience": read, "plan": planned, "release": released}
    print(json.dumps(found), flush=True)


def _peak_mb() -> float:
    """The most memory this process held; what getrusage says is the parent's, if that had more."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    done = work()
    return done, time.process_time() - begun


def _read(file: Path) -> Any:
    from signet import quiet_hours
    from signet.audiences import Audience, Consent, State, Wanted
    from signet.edge import audience_parts
    from signet.flows.read_audience import People, Work, read_audience

    def blocks() -> Iterator[bytes]:
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                yield block

    people = People(
        out_of=lambda phones: set(),
        known=lambda phones: set(),
        agreed=lambda times, consent: None,
        is_zone=quiet_hours.is_zone,
    )
    work = Work(
        blocks=blocks,
        write=audience_parts.Writer,
        people=people,
        save=lambda audience: None,
        seconds=time.monotonic,
        wait=time.sleep,
        may_go_on=lambda: True,
    )
    seconds = int(NOW.timestamp())
    wanted = Wanted(consent=Consent("会员注册时勾选", at=seconds - 86_400))
    uploaded = Audience(
        *(APP_ID, AUDIENCE_ID, "会员", State.READING, wanted, seconds, seconds),
        etag="etag",
        size=file.stat().st_size,
        attempt="attempt",
    )
    return read_audience(work, uploaded, now=seconds)


def draft() -> Any:
    """A marketing campaign that waits for its plan."""
    from signet.campaigns import Campaign, Content, Planned, Schedule, State, Stops
    from signet.limits import Kind

    seconds = int(NOW.timestamp())
    return Campaign(
        app_id=APP_ID,
        campaign_id=CAMPAIGN_ID,
        version=1,
        name="benchmark",
        state=State.DRAFT,
        content=Content(Kind.MARKETING, "Member_Sale", 1, "Sale", "示例商城", AUDIENCE_ID),
        schedule=Schedule(),
        pace=None,
        stops=Stops(),
        created_at=seconds,
        updated_at=seconds,
        created_by="benchmark",
        planned=Planned("r1"),
    )


def _planned(audience: Any) -> Any:
    from signet import quiet_hours
    from signet.apps import Guard, Signature, Switches, Use
    from signet.edge import audience_parts, plans
    from signet.flows.plan_campaign import Job, Stores, plan_campaign
    from signet.limits import Kind
    from signet.planning import Reach
    from signet.segments import Rule
    from signet.templates import Template

    kept = [draft()]

    def change(app_id: str, campaign_id: str, change: Callable[[Any], Any]) -> Any:
        kept.append(change(kept[-1]))
        return kept[-1]

    stores = Stores(
        campaign=lambda app_id, campaign_id: kept[-1],
        change=change,
        reach=lambda app_id: Reach("示例应用", "示例公司", Switches(), Guard()),
        template=lambda app_id, name: Template(name, Kind.MARKETING, _TEXT, 1),
        template_text=lambda app_id, name, version: _TEXT,
        signature=lambda app_id, name: Signature(name, "示例商城", "s2", use=Use.MARKETING),
        audience=lambda app_id, audience_id: audience,
        parts=audience_parts.parts,
        zone_of=quiet_hours.zone_of,
        carrier=lambda wanted: "sns",
        vendor_template=lambda app_id, ours: None,
        price_overrides=dict,
        out_of=lambda app_id, phones: set(),
        capped=lambda app_id, phones, now: set(),
        write_part=plans.write_part,
        write_plan=plans.write,
    )
    job = Job(APP_ID, CAMPAIGN_ID, 1, "r1", "attempt")
    plan_campaign(job, stores, abroad=Rule.GSM, now=NOW)
    return kept[-1]


@dataclass
class _Running:
    """A campaign that runs, and how many rows of each part were released; all of them are sent."""

    campaign: Any
    sent: dict[int, int] = field(default_factory=dict)

    def change(self, app_id: str, campaign_id: str, change: Any, **_: Any) -> Any:
        self.campaign = change(self.campaign)
        return self.campaign

    def record_step(self, before: Any, after: Any) -> None:
        self.campaign = after

    def works(self, app_id: str, campaign_id: str, run: int, parts: Iterable[int]) -> Any:
        from signet.campaigns import Outcome

        return {n: {Outcome.SENT: frozenset(range(self.sent.get(n, 0)))} for n in parts}

    def heards(
        self, app_id: str, campaign_id: str, run: int, parts: Iterable[int]
    ) -> Mapping[int, Any]:
        return {}

    def put(self, app_id: str, rows: Sequence[Any]) -> None:
        from signet.edge import campaign_queue

        campaign_queue.put_deliveries(app_id, rows)
        for row in rows:
            self.sent[row.part] = row.row + 1


def _released(campaign: Any) -> int:
    from signet.campaigns import Run, State
    from signet.edge import plans, queue
    from signet.edge.campaign_queue import Step
    from signet.flows import run_campaign
    from signet.marketing import Facts

    vars(queue).update(put_bodies=lambda url, texts, app_id: None)
    plan = plans.read(campaign.planned.key)
    run = partial(
        Run.first_step,
        plan,
        campaign.planned.key,
        number=1,
        version=1,
        started_at=int(NOW.timestamp() * 1000),
        shards=8,
        balance_shard=0,
        events=False,
    )
    running = _Running(replace(campaign, state=State.RUNNING, run=run()))
    book = run_campaign.Book(
        campaign=lambda app_id, campaign_id: running.campaign,
        change=running.change,
        record_step=running.record_step,
        plan=plans.read,
        works=running.works,
        heards=running.heards,
        facts=lambda app_id: Facts("示例公司", sms=True, cap=None, window=None),
        put_deliveries=running.put,
        put_step=lambda step, **_: None,
        paid=lambda *place, parts: (0, 0),
        pay_back=lambda writes, charge: None,
        close=lambda campaign, plan, rows: True,
    )
    while running.campaign.state is State.RUNNING:
        token = running.campaign.run.token
        run_campaign.step(Step(APP_ID, CAMPAIGN_ID, token), book, now=NOW)
    return sum(running.sent.values())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
