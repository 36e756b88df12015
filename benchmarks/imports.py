"""Importing users into MiniStack: how fast, in how much memory, twice, and killed half-way."""

import json
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import exports
from benchmarks.built import ROOT, WORK
from benchmarks.figures import Figure, say
from local.aws import Aws
from local.ministack import MiniStack, clean_environment
from local.package import load_template

FEW, MANY = 10_000, 100_000
MEMORY_BUDGET = 1.15
_TABLES = {"Apps": "SIGNET_APPS_TABLE", "Users": "SIGNET_USERS_TABLE"}
_SCHEMA = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command: what it counted, and what it took."""

    created: int
    there: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


def measure(*, few: int = FEW, many: int = MANY) -> list[Figure]:
    """Import two exports, the larger one again, and once more killed half-way."""
    work = WORK / "imports"
    work.mkdir(parents=True, exist_ok=True)
    emulator = MiniStack(log_file=work / "ministack.log", state_dir=work, keep=False)
    emulator.start()
    try:
        emulator.wait()
        place = _Place(Aws(emulator.url), work)
        return _figures(place, few, many)
    finally:
        emulator.stop()


def _figures(place: "_Place", few: int, many: int) -> list[Figure]:
    small = place.run("signet-few", few)
    large = place.run("signet-many", many)
    again = place.run("signet-many", many)
    say(f"import of {many:,} users, killed half-way and run again …")
    place.kill_half_way("signet-killed", many)
    place.run("signet-killed", many)
    wrong = sum(abs(count) for count in place.wrong({"signet-many": many, "signet-killed": many}))
    name = f"import: {many:,} users"
    return [
        Figure(name, many / large.seconds, "users/s", better="higher"),
        Figure(
            f"{name}, by its own processor time",
            many / large.cpu_seconds,
            "users/s",
            better="higher",
        ),
        Figure(f"{name}, again", many / again.seconds, "users/s", better="higher"),
        Figure(f"{name}, again: written", again.created, "users", 0),
        Figure(f"{name}, killed half-way, again: missing or double", wrong, "items", 0),
        Figure(f"import: memory, {few:,} users", small.peak_mb, "MB"),
        Figure(f"import: memory, {many:,} users", large.peak_mb, "MB"),
        Figure(
            "import: memory, many beside few", large.peak_mb / small.peak_mb, "x", MEMORY_BUDGET
        ),
    ]


class _Place:
    """Tables in an emulated AWS, and the command that imports into them."""

    def __init__(self, aws: Aws, work: Path) -> None:
        self._aws, self._work = aws, work
        self._environment = clean_environment() | {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'signet' / 'python'}",
        }
        resources = load_template(ROOT / "template.yaml")["Resources"]
        for name, setting in _TABLES.items():
            properties = resources[name]["Properties"]
            schema = {key: properties[key] for key in _SCHEMA if key in properties}
            aws.client("dynamodb").create_table(TableName=name, **schema)
            self._environment[setting] = name

    def run(self, app_id: str, count: int) -> Run:
        """Import so many users in a process of its own, to the end."""
        say(f"import of {count:,} users …")
        done = subprocess.run(
            self._command(app_id, count),
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Run(**json.loads(done.stdout.splitlines()[-1]))

    def kill_half_way(self, app_id: str, count: int) -> None:
        """Import so many users in a process that is killed when half of them are there."""
        process = subprocess.Popen(
            self._command(app_id, count), env=self._environment, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and self._imported(app_id, count) < count / 2:
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def wrong(self, expected: dict[str, int]) -> Iterator[int]:
        """For each app, how many users and claims there are too many or too few."""
        found = Counter(self._kinds())
        for app_id, count in expected.items():
            yield found[app_id, "user"] - count
            yield found[app_id, "claim"] - count * len(exports.CLAIMS)

    def _kinds(self) -> Iterator[tuple[str, str]]:
        """App and kind of every item; a claim counts only for the user whom it names."""
        pages = self._aws.client("dynamodb").get_paginator("scan")
        owners: set[str] = set()
        claims: list[tuple[str, str]] = []
        for page in pages.paginate(TableName="Users", ProjectionExpression="pk, #owner",
                                   ExpressionAttributeNames={"#owner": "owner"}):  # fmt: skip
            for item in page["Items"]:
                app_id, kind, rest = item["pk"]["S"].split("#", 2)
                if kind == "user":
                    owners.add(f"{app_id}#{rest}")
                    yield app_id, "user"
                elif kind != "import":
                    claims.append((app_id, item["owner"]["S"]))
        yield from ((app_id, "claim") for app_id, owner in claims if f"{app_id}#{owner}" in owners)

    def _imported(self, app_id: str, count: int) -> int:
        key: dict[str, Any] = {"pk": {"S": f"{app_id}#import#{self._file(count).name}"}}
        item = self._aws.client("dynamodb").get_item(TableName="Users", Key=key).get("Item", {})
        return int(item.get("created", {"N": "0"})["N"])

    def _command(self, app_id: str, count: int) -> list[str]:
        return [sys.executable, "-m", "benchmarks.imports", str(self._file(count)), app_id]

    def _file(self, count: int) -> Path:
        file = self._work / f"users-{count}.jsonl"
        if not file.exists():
            exports.write(file, count)
        return file


def main(file: Path, app_id: str) -> None:
    """Import one file as the command does, and print what it took."""
    from local.import_users import identity, import_file
    from signet.store import imports

    started = time.monotonic()
    import_file(file, app_id)
    seconds = time.monotonic() - started
    standing = imports.find(app_id, file.name)
    assert standing is not None
    assert standing.source.identity == identity(file)
    used = resource.getrusage(resource.RUSAGE_SELF)
    run = {
        "created": standing.progress.created,
        "there": standing.progress.there,
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }
    print(json.dumps(run), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
