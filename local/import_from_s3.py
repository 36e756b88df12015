"""Imports by the deployed importer: call it, watch it, fetch its report."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import boto3

from local import LocalStackError
from local.import_users import conclude
from local.progress import Bar

if TYPE_CHECKING:
    from signet.store.imports import Standing

_POLL_SECONDS = 1
# A run records every few seconds how far it is; Lambda tries one that died again within minutes.
_SILENT_SECONDS = 300

Call = Callable[[str, Mapping[str, object]], None]


def call_later(function: str, event: Mapping[str, object]) -> None:
    """Have a function of AWS's run for an event, without waiting."""
    client: Any = boto3.client("lambda")
    client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))


def run(address: str, app_id: str, outputs: Mapping[str, str], *, call: Call = call_later) -> int:
    """Import an object of the stack's bucket; the exit status."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if bucket != outputs["ImportsBucket"] or not key:
        raise LocalStackError(
            "The importer reads from its own bucket: put the file there,\n"
            f"  aws s3 cp FILE s3://{outputs['ImportsBucket']}/"
        )
    client: Any = boto3.client("s3")
    client.head_object(Bucket=bucket, Key=key)
    standing = _find(app_id, key)
    print("Ctrl-C ends the watching, not the import; the same command watches again.")
    if standing is None or standing.has_ended or _is_silent(standing):
        call(outputs["ImporterFunction"], {"v": 1, "app_id": app_id, "key": key})
        standing = _next(app_id, key, standing)
    standing = _watch(app_id, standing)
    if standing.problem:
        raise LocalStackError(standing.problem)
    report = Path(f"{PurePosixPath(key).name}.report.jsonl")
    _fetch(client, bucket, f"reports/{key}/{standing.started_at}/", report)
    return conclude(standing.progress, report)


def _next(app_id: str, key: str, before: "Standing | None") -> "Standing":
    """The import as the run records it that was just called for."""
    end = time.monotonic() + _SILENT_SECONDS
    while time.monotonic() < end:
        standing = _find(app_id, key)
        if standing and (before is None or standing.run != before.run):
            return standing
        time.sleep(_POLL_SECONDS)
    raise _silence()


def _watch(app_id: str, standing: "Standing") -> "Standing":
    """Show how far it is until it has ended."""
    bar = Bar(standing.source.size, standing.progress)
    try:
        while not standing.has_ended:
            if _is_silent(standing):
                raise _silence()
            time.sleep(_POLL_SECONDS)
            standing = _find(app_id, standing.source.name) or standing
            bar.show(standing.progress)
    finally:
        bar.close()
    return standing


def _find(app_id: str, key: str) -> "Standing | None":
    from signet.store import imports

    return imports.find(app_id, key)


def _is_silent(standing: "Standing") -> bool:
    return time.time() - standing.updated_at > _SILENT_SECONDS


def _silence() -> LocalStackError:
    return LocalStackError(
        "The importer gives no sign of life: look at its log, then run the same command again."
    )


def _fetch(client: Any, bucket: str, prefix: str, report: Path) -> None:
    """Write the parts of a report one after the other into a file."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = sorted(each["Key"] for page in pages for each in page.get("Contents", []))
    with report.open("wb") as out:
        for key in keys:
            out.write(client.get_object(Bucket=bucket, Key=key)["Body"].read())
