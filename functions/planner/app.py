"""Events `{"v": 1, "task", "app_id", …}`: what campaigns need that takes minutes.

    audience  {"audience_id"}: check an uploaded file, row by row, and write what can be sent to
    plan      {"campaign_id", "version", "run"}: the dry run, for the campaign's planner's run
    results   {"campaign_id", "run"}: a file with everybody of a run, and what became of each
    ledger    {"export_id"}: write all consents and opt-outs into a file

Called by the functions `campaign` and `guard`, and not waited for: how far a task is shows where
its subject is kept. What may pass is raised, and Lambda tries twice more; each run begins its task
anew.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from signet.audiences import Audience, Consent
from signet.edge import clock
from signet.edge.logs import logger
from signet.errors import Missing

VERSION = 1
# What writing the last of it takes, and saying so.
_LEFT_MILLISECONDS = 45_000


def audience(event: dict[str, Any], context: Any) -> None:
    from signet.edge import audience_parts, objects
    from signet.flows.read_audience import Work, read_audience
    from signet.store import audiences
    from signet.store.campaigns import Overtaken

    app_id, audience_id = str(event["app_id"]), str(event["audience_id"])
    try:
        begun = audiences.begin(app_id, audience_id, secrets.token_hex(8))
        file = objects.Object(
            begun.upload_key, begun.size, begun.etag or "", bucket=objects.AUDIENCES
        )
        work = Work(
            blocks=lambda: objects.blocks(file, 0),
            write=audience_parts.Writer,
            people=_people(begun),
            save=lambda read: audiences.save(replace(read, updated_at=_seconds())),
            seconds=time.monotonic,
            wait=time.sleep,
            may_go_on=lambda: context.get_remaining_time_in_millis() > _LEFT_MILLISECONDS,
        )
        read = read_audience(work, begun, now=_seconds())
    except (Missing, Overtaken):
        logger.warning("audience_overtaken", extra={"app_id": app_id})
        return
    problem = read.problem.key if read.problem else None
    logger.info(
        "audience_read",
        extra={"app_id": app_id, "rows": read.counts.rows, "problem": problem},
    )


def plan(event: dict[str, Any], _: Any) -> None:
    from signet.flows import planning

    planning.plan(event)


def results(event: dict[str, Any], _: Any) -> None:
    from signet.flows import planning

    planning.results(event)


def ledger(event: dict[str, Any], _: Any) -> None:
    from signet.flows import ledger_files

    rows = ledger_files.make(event, now=clock.now)
    logger.info("ledger_exported", extra={"app_id": event["app_id"], "rows": rows})


TASKS: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "audience": audience,
    "plan": plan,
    "results": results,
    "ledger": ledger,
}


def handler(event: dict[str, Any], context: Any) -> None:
    if event["v"] != VERSION:
        raise ValueError("an event of another version")
    TASKS[event["task"]](event, context)


def _people(of: Audience) -> Any:
    from signet import consents, quiet_hours
    from signet.flows.read_audience import People
    from signet.store import consents as store
    from signet.store import opt_outs

    def agreed(times: Mapping[str, int], said: Consent) -> None:
        found = [
            consents.Consent(
                phone=phone,
                how=said.how,
                at=at * 1000,
                source="audience",
                audience_id=of.audience_id,
                by=None,
                message_id=None,
            )
            for phone, at in times.items()
        ]
        store.record_many(of.app_id, found)

    return People(
        out_of=partial(opt_outs.out_of, of.app_id),
        known=partial(store.known, of.app_id),
        agreed=agreed,
        is_zone=quiet_hours.is_zone,
    )


def _seconds() -> int:
    return int(clock.now().timestamp())
