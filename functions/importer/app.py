"""Events `{"v": 1, "app_id", "key"}`: import the users in that object of the imports bucket.

Works until a minute and a half before its time is over, then calls itself again for the rest
(`"continues": true`). What it refused and what it left out are JSON lines below `reports/`. Where
it stands is in the Users table, `store.imports`, for whoever waits. An app or a file that is not
there ends it; what may pass is raised, and Lambda tries twice more.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from signet.edge import clock, functions, objects
from signet.edge.logs import logger
from signet.edge.objects import Object
from signet.errors import Missing
from signet.exports import NotAnExport
from signet.flows.import_users import Work, import_users
from signet.imports import Complaint, Progress
from signet.store import apps, imports
from signet.store.imports import Source, Standing, TakenOver

VERSION = 1
_LEFT_MILLISECONDS = 90_000


@dataclass(frozen=True, slots=True)
class Job:
    """Which object's users become users of which app; `continues`: an import that has begun."""

    app_id: str
    key: str
    continues: bool

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        """The job in an event of this version. Raises ValueError and KeyError."""
        if event["v"] != VERSION:
            raise ValueError("an event of another version")
        return cls(str(event["app_id"]), str(event["key"]), event.get("continues") is True)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    job = Job.parse(event)
    read = _found(job)
    if read is None:
        return {"seen": 0}
    source = Source(job.key, f"{read.size} {read.etag}", read.size)
    standing = imports.begin(job.app_id, source, context.aws_request_id, now=_seconds())
    try:
        progress = _import(job.app_id, read, standing, context)
    except TakenOver:
        logger.warning("import_taken_over", extra={"app_id": job.app_id})
        return {"seen": 0}
    except NotAnExport as problem:
        imports.save(job.app_id, replace(standing, problem=str(problem), updated_at=_seconds()))
        logger.error("import_failed", extra={"app_id": job.app_id, "reason": str(problem)})
        return {"seen": 0}
    if not progress.is_finished:
        functions.invoke_later(context.function_name, {**event, "continues": True})
    logger.info("imported", extra={"app_id": job.app_id, "counts": _counts(progress)})
    return {"seen": progress.seen}


def _found(job: Job) -> Object | None:
    """The object, if there is something to do with it."""
    try:
        read = objects.describe(job.key)
    except Missing:
        logger.error("import_without_file", extra={"app_id": job.app_id})
        return None
    if apps.read(job.app_id) is None:
        logger.error("import_without_app", extra={"app_id": job.app_id})
        return None
    # Lambda may call twice; the other call has brought it to its end.
    return None if job.continues and _has_ended(job) else read


def _has_ended(job: Job) -> bool:
    standing = imports.find(job.app_id, job.key)
    return standing is None or standing.has_ended


def _import(app_id: str, read: Object, standing: Standing, context: Any) -> Progress:
    return import_users(
        _work(app_id, standing),
        app_id,
        objects.blocks(read, standing.progress.place.offset),
        standing.progress,
        now=_seconds() * 1000,
        may_go_on=lambda: context.get_remaining_time_in_millis() > _LEFT_MILLISECONDS,
    )


def _work(app_id: str, standing: Standing) -> Work:
    folder = f"reports/{standing.source.name}/{standing.started_at}"

    def report(before: Progress, complaints: Sequence[Complaint]) -> None:
        if complaints:
            lines = [json.dumps(each.document(), ensure_ascii=False) for each in complaints]
            body = "\n".join([*lines, ""]).encode()
            objects.write(f"{folder}/{before.place.offset:015}.jsonl", body)

    def save(progress: Progress) -> None:
        imports.save(app_id, replace(standing, progress=progress, updated_at=_seconds()))

    return Work(imports.create_many, report, save, wait=time.sleep)


def _counts(progress: Progress) -> dict[str, int]:
    return {name: getattr(progress, name) for name in ("created", "there", "refused", "left_out")}


def _seconds() -> int:
    return int(clock.now().timestamp())
