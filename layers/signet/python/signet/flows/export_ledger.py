"""An app's consents and opt-outs as a file: asked for, made by the planner, fetched by a link.

    ledger/<app>/<export>.json   how far it is: state, rows, at (epoch seconds)
    ledger/<app>/<export>.csv    the file

Both go with the bucket's objects, after thirty days. Whoever is cut off is called again by Lambda
and begins anew; an export that nobody goes on with counts as failed after a while.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from signet import ledger_rows
from signet.consents import Consent
from signet.errors import Missing
from signet.fields import Body
from signet.ledger_rows import Row
from signet.store.opt_outs import Kept

# A run of the planner takes at most fifteen minutes.
GIVEN_UP_AFTER = 20 * 60
PAGE = 2_000
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Files:
    """Where exports lie; see `edge.objects`, `edge.streams` and `edge.uploads`.

    `read` raises Missing; `stream` writes an object piece by piece; `link` is where it is fetched.
    """

    read: Callable[[str], bytes]
    write: Callable[[str, bytes], object]
    stream: Callable[[str, Iterable[bytes]], None]
    link: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """What an app knows, page by page; see `store.consents.every`, `store.opt_outs.every`."""

    consents: Callable[[str], Iterable[tuple[str, str | None, list[Consent]]]]
    opt_outs: Callable[[str], Iterable[Kept]]


def begin(app_id: str, export_id: str, files: Files, *, now: datetime) -> Body:
    """Say that an export is asked for; whoever calls this then has the planner make it."""
    _tell(files, app_id, export_id, "making", 0, now)
    return {"id": export_id, "state": "making", "rows": 0}


def show(app_id: str, export_id: str, files: Files, *, now: datetime) -> Body:
    """How far an export of the app is, with a link when it is there. Raises Missing."""
    if not _ID.fullmatch(export_id):
        raise Missing
    told = json.loads(files.read(f"{_key(app_id, export_id)}.json"))
    found = {"id": export_id, "state": told["state"], "rows": told["rows"]}
    if told["state"] == "ready":
        return {**found, "url": files.link(f"{_key(app_id, export_id)}.csv")}
    if now.timestamp() - told["at"] > GIVEN_UP_AFTER:
        return {**found, "state": "failed"}
    return found


def export(event: dict[str, Any], files: Files, said: Said, *, now: Callable[[], datetime]) -> int:
    """Make the file that an event `{"app_id", "export_id"}` asks for; how many rows it has."""
    app_id, export_id = str(event["app_id"]), str(event["export_id"])
    written = 0

    def pieces() -> Iterator[bytes]:
        nonlocal written
        rows = _rows(app_id, said)
        yield ledger_rows.text((), is_first=True)
        while page := list(islice(rows, PAGE)):
            yield ledger_rows.text(page, is_first=False)
            written += len(page)
            _tell(files, app_id, export_id, "making", written, now())

    files.stream(f"{_key(app_id, export_id)}.csv", pieces())
    _tell(files, app_id, export_id, "ready", written, now())
    return written


def _rows(app_id: str, said: Said) -> Iterator[Row]:
    for digest, phone, consents in said.consents(app_id):
        for one in sorted(consents, key=lambda one: one.at):
            yield ledger_rows.of_consent(phone or digest, one)
    for kept in said.opt_outs(app_id):
        yield ledger_rows.of_opt_out(kept.phone or kept.digest, kept.said)


def _tell(files: Files, app_id: str, export_id: str, state: str, rows: int, now: datetime) -> None:
    told = {"state": state, "rows": rows, "at": int(now.timestamp())}
    files.write(f"{_key(app_id, export_id)}.json", json.dumps(told).encode())


def _key(app_id: str, export_id: str) -> str:
    return f"ledger/{app_id}/{export_id}"
