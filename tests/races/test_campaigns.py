"""A campaign of ten thousand whose senders are killed at a hundred random points: nobody twice.

And nobody forgotten: whom the carrier did not get has a record that says why.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from functions.sweeper import app as sweeper
from signet.campaigns import Campaign, Outcome, State
from signet.edge import clock, plans
from signet.marketing import Cap
from signet.messages import MessageRef
from signet.opt_outs import OptOut
from signet.store import balances, campaign_parts, ledger, messages, opt_outs
from signet.store import campaigns as store
from signet.store.balances import Account
from tests.campaigns import CAMPAIGN_ID, SHANGHAI, people, put_plan, put_template, start
from tests.conftest import DEMO_APP, record_app
from tests.gateway import CONTEXT
from tests.store.build import APP_ID, PRICE, client

RECIPIENTS, KILLS, PROCESSES = 10_000, 100, 2
OPTED_OUT = 50
CREDIT = 2_000_000_000
# Signet's seconds in a real one: a lease of thirty seconds ends in one and a half.
WARP = 20
# A message comes back to the queue after so many real seconds.
VISIBILITY = 6
# Random points: an AWS call, or the carrier, of about so many in each life.
LIFE = 900


@dataclass
class Senders:
    """Processes that are killed so often in all, and always taken up again."""

    accepted: Path
    queue_url: str
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start them."""
        environment = os.environ | {
            "TEST_QUEUE": self.queue_url,
            "TEST_ENDPOINT": os.environ["AWS_ENDPOINT_URL"],
        }
        for number in range(PROCESSES):
            seed, kills = number * KILLS, KILLS // PROCESSES
            self.running.append(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "tests.races.campaign_worker"),
                        *(str(self.accepted), str(seed), str(kills), str(LIFE), str(WARP)),
                    ],
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )

    def check(self) -> None:
        """All of them are at work."""
        assert [each.poll() for each in self.running] == [None] * PROCESSES

    @property
    def killed(self) -> int:
        """How often a process was killed."""
        file = Path(f"{self.accepted}.killed")
        return len(file.read_text().splitlines()) if file.exists() else 0

    def stop(self) -> None:
        """End all of them, and those they have forked."""
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def senders(
    emulated: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Senders]:
    """The demo app with a company and money, and the processes that send for it."""
    client("sqs").set_queue_attributes(
        QueueUrl=emulated.bulk_queue, Attributes={"VisibilityTimeout": str(VISIBILITY)}
    )
    monkeypatch.setenv("SIGNET_QUEUE_URL", emulated.bulk_queue)
    began, real, ahead = time.time(), clock.now, until_ten_in_shanghai()
    monkeypatch.setenv("TEST_CLOCK", json.dumps([began, ahead]))
    monkeypatch.setattr(
        clock, "now", lambda: real() + timedelta(seconds=ahead + (time.time() - began) * (WARP - 1))
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    app = replace(DEMO_APP, company="示例科技有限公司", marketing_cap=Cap(1, 7))
    record_app(app, credit_micros=CREDIT)
    put_template()
    made = Senders(tmp_path / "accepted", emulated.bulk_queue)
    made.start()
    plans.read.cache_clear()
    plans.recipients.cache_clear()
    yield made
    made.stop()


def until_ten_in_shanghai() -> int:
    """Seconds until it is ten in the morning there; so much is the tests' clock ahead."""
    local = datetime.now(UTC) + timedelta(hours=8)
    ten = local.replace(hour=10, minute=0, second=0)
    return int((ten - local).total_seconds()) % 86_400


def test_a_campaign_killed_at_a_hundred_points_reaches_everybody_once(
    senders: Senders,
) -> None:
    recipients = people(RECIPIENTS)
    for recipient in recipients[:: RECIPIENTS // OPTED_OUT]:
        said = OptOut(True, 1, word="TD", carrier="fake", reply_id=recipient.phone)
        opt_outs.record_reply(APP_ID, recipient.phone, said)
    start(put_plan([(SHANGHAI, recipients)]), clock.now())

    ended = run(senders)

    assert ended.state is State.FINISHED
    assert senders.killed >= KILLS
    taken = Counter(line.split()[0] for line in senders.accepted.read_text().splitlines())
    assert set(taken.values()) == {1}
    states = records(ended)
    assert states.keys() | out_of(ended) == {recipient.phone for recipient in recipients}
    # Whom the carrier did not get has opted out, or a sender died between claim and call.
    for recipient in recipients:
        if recipient.phone not in taken and recipient.phone in states:
            assert states[recipient.phone] == "unconfirmed"
    assert {states[phone] for phone in taken} <= {"awaiting_receipt", "unconfirmed"}
    assert out_of(ended) == {each.phone for each in recipients[:: RECIPIENTS // OPTED_OUT]}
    account = Account(APP_ID)
    ledger.check(account)
    assert CREDIT - balances.balance(account) == len(states) * PRICE


def run(senders: Senders) -> Campaign:
    """Have it sent, with the sweeper once a minute of Signet's time."""
    until = time.monotonic() + 900
    while (seen := store.get(APP_ID, CAMPAIGN_ID)).state is State.RUNNING:
        assert time.monotonic() < until, seen
        senders.check()
        sweeper.handler({}, CONTEXT)
        time.sleep(60 / WARP)
    return seen


def records(ended: Campaign) -> dict[str, str]:
    """The state of each record, by its number."""
    assert ended.run
    found: dict[str, str] = {}
    plan = plans.read(ended.run.plan_key)
    for part in range(len(plan.parts)):
        rows = plans.recipients(ended.run.plan_key, part)
        refs = [_ref(ended, row.phone) for row in rows]
        found |= {message.phone: message.state.value for message in messages.found(refs)}
    return found


def _ref(ended: Campaign, phone: str) -> MessageRef:
    from signet import campaigns

    assert ended.run
    return MessageRef(APP_ID, campaigns.message_id(ended, ended.run, phone))


def out_of(ended: Campaign) -> set[str]:
    """Whom a rule left out."""
    assert ended.run
    key = ended.run.plan_key
    parts = range(len(plans.read(key).parts))
    works = campaign_parts.works(APP_ID, CAMPAIGN_ID, ended.run.number, parts)
    return {
        plans.recipients(key, part)[row].phone
        for part, work in works.items()
        for row in work.get(Outcome.OPTED_OUT, ())
    }
