"""Exports of consents and opt-outs as they are made: by the planner, in the bucket of audiences."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from signet.acts import Act
from signet.edge import objects, streams, uploads
from signet.edge.functions import FunctionFailed
from signet.errors import Unavailable
from signet.fields import Body
from signet.flows import export_ledger
from signet.flows.export_ledger import Files, Said
from signet.store import audits, consents, opt_outs

FILES = Files(
    read=partial(objects.read, bucket=objects.AUDIENCES),
    write=partial(objects.write, bucket=objects.AUDIENCES),
    stream=streams.write,
    link=partial(uploads.link, name="consents.csv"),
)
SAID = Said(consents.every, opt_outs.every)


def begin(act: Act, export_id: str, wake: Callable[[dict[str, Any]], None]) -> Body:
    """Have an export of the app made, with the trail, by the planner, whom `wake` calls.

    Raises Unavailable when it cannot be called.
    """
    audits.add(act.by, act.entry("export", "consents"))
    begun = export_ledger.begin(act.by, export_id, FILES, now=act.at)
    event = {"v": 1, "task": "ledger", "app_id": act.by, "export_id": export_id}
    try:
        wake(event)
    except FunctionFailed as failed:
        raise Unavailable from failed
    return begun


def show(act: Act, export_id: str) -> Body:
    """How far an export of the app is. Raises Missing."""
    return export_ledger.show(act.by, export_id, FILES, now=act.at)


def make(event: dict[str, Any], *, now: Callable[[], datetime]) -> int:
    """Make what `begin` asked for; how many rows it has. Raises Unavailable."""
    return export_ledger.export(event, FILES, SAID, now=now)
