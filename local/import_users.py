"""`make import-users FILE=…`: LeanCloud's export of `_User` into the users of an app.

Into a deployed stack (STACK=…), with whatever AWS credentials and region the environment has; else
into the local stack that runs. A file of this machine is imported by this process; for one in the
stack's bucket (s3://…) the deployed importer is called and watched. Either can be stopped and
started again at any time.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from local import LocalStackError, bootstrap, running
from local.ministack import ROOT
from local.seed import APP_ID

if TYPE_CHECKING:
    from signet.imports import Complaint, Progress

SETTINGS = {
    "SIGNET_APPS_TABLE": "AppsTable",
    "SIGNET_USERS_TABLE": "UsersTable",
    "SIGNET_IMPORTS_BUCKET": "ImportsBucket",
}
_BLOCK_BYTES = 1024 * 1024
_INTERRUPTED = 130


def main() -> int:
    """Import; 0 when all users are there now, 1 when some are not, or something is in the way."""
    arguments = _arguments()
    try:
        app_id = arguments.app_id or _local_app(arguments)
        outputs = bootstrap.stack_outputs(arguments.stack or running.use(ROOT / ".local"))
        bootstrap.import_signet(outputs, SETTINGS)
        return import_from(arguments.file, app_id, outputs)
    except KeyboardInterrupt:
        print("\nStopped. What is imported stays; the same command goes on from here.")
        return _INTERRUPTED
    except (LocalStackError, BotoCoreError, ClientError, PynamoDBException, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1


def import_from(place: str, app_id: str, outputs: Mapping[str, str]) -> int:
    """Import a file of this machine, or one in the stack's bucket; the exit status."""
    from local import import_from_s3
    from signet.errors import Unavailable

    try:
        check_app(app_id)
        if place.startswith("s3://"):
            return import_from_s3.run(place, app_id, outputs)
        return import_file(Path(place), app_id)
    except Unavailable:
        raise LocalStackError(
            "DynamoDB does not answer, or throttles. The same command goes on from here."
        ) from None


def check_app(app_id: str) -> None:
    """Raise LocalStackError when there is no such app."""
    from signet.store import apps

    if apps.read(app_id) is None:
        raise LocalStackError(f"There is no app {app_id} in this stack: make bootstrap makes one.")


def import_file(file: Path, app_id: str) -> int:
    """Import a file from where an earlier run got to; the exit status."""
    from local.progress import Bar
    from signet.exports import NotAnExport
    from signet.flows.import_users import Work, import_users
    from signet.store import imports

    source = imports.Source(file.name, identity(file), file.stat().st_size)
    standing = imports.begin(app_id, source, secrets.token_hex(8), now=_now())
    place = standing.progress.place
    if place.offset:
        print(f"Going on behind line {place.line}, where an earlier run got to.")
    bar = Bar(source.size, standing.progress)
    report = Report(file.with_name(f"{file.name}.report.jsonl"), keep_up_to=place.offset)

    def save(progress: "Progress") -> None:
        imports.save(app_id, replace(standing, progress=progress, updated_at=_now()))
        bar.show(progress)

    work = Work(imports.create_many, report.write, save, wait=time.sleep)
    try:
        progress = import_users(
            work, app_id, blocks(file, place.offset), standing.progress, now=_now() * 1000
        )
    except NotAnExport as problem:
        raise LocalStackError(str(problem)) from None
    except imports.TakenOver:
        raise LocalStackError("Another run of this import has begun and goes on.") from None
    finally:
        bar.close()
    return conclude(progress, report.file)


def conclude(progress: "Progress", report: Path) -> int:
    """Say how it ended; the exit status."""
    print(
        f"{progress.seen:,} users: {progress.created:,} imported, {progress.there:,} were there, "
        f"{progress.refused:,} refused."
    )
    if progress.left_out:
        print(f"{progress.left_out:,} are there without something that cannot be used.")
    if progress.refused or progress.left_out:
        print(f"Which and why: {report}")
    return 1 if progress.refused else 0


class Report:
    """What was refused or left out and why: JSON lines beside the export.

    What an earlier run wrote about objects before `keep_up_to` stays.
    """

    def __init__(self, file: Path, *, keep_up_to: int) -> None:
        self.file = file
        file.touch()
        os.truncate(file, _bytes_before(file, keep_up_to))

    def write(self, _: "Progress", complaints: "Sequence[Complaint]") -> None:
        """Add lines."""
        with self.file.open("a", encoding="utf-8") as out:
            for complaint in complaints:
                out.write(f"{json.dumps(complaint.document(), ensure_ascii=False)}\n")


def _bytes_before(report: Path, offset: int) -> int:
    """How much of a report is about objects before that place in the export."""
    length = 0
    with report.open("rb") as lines:
        for line in lines:
            if _offset(line) >= offset:
                break
            length += len(line)
    return length


def _offset(line: bytes) -> float:
    try:
        return int(json.loads(line)["offset"])
    except (ValueError, KeyError, TypeError):
        return float("inf")  # cut off when its run was killed


def identity(file: Path) -> str:
    """What tells a file from another of its name: its size and how it begins."""
    with file.open("rb") as opened:
        begins = sha256(opened.read(_BLOCK_BYTES)).hexdigest()
    return f"{file.stat().st_size} {begins}"


def blocks(file: Path, offset: int) -> Iterator[bytes]:
    """What the file holds from there on."""
    with file.open("rb") as opened:
        opened.seek(offset)
        while block := opened.read(_BLOCK_BYTES):
            yield block


def _local_app(arguments: argparse.Namespace) -> str:
    if arguments.stack:
        raise LocalStackError("Name the app: make import-users FILE=… APP_ID=… STACK=…")
    return APP_ID


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make import-users")
    parser.add_argument("file", help="the export, or s3://… for one in the stack's bucket")
    parser.add_argument("--app-id", help="whose users they become; the demo app's by default")
    parser.add_argument("--stack", help="name of the CloudFormation stack; else the local one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
