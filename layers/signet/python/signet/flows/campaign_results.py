"""Results of a run as a file: everybody of its plan once, with a state, or a reason for none.

Whoever wants them asks; the planner reads the run part by part, and writes the file when it has
all of it. How far that is stands beside the file, for whoever asks again.
"""

import json
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from signet import campaigns, results
from signet.campaigns import Campaign, Plan, Recipient, Run
from signet.edge import objects, uploads
from signet.edge.functions import FunctionFailed
from signet.errors import Missing, NoEffect, Unavailable
from signet.fields import Body
from signet.records import Record
from signet.releases import Work
from signet.results import Stage, Standing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Book:
    """What a run left behind: see the stores of these names, and `edge.plans`.

    `records(app_id, message_ids)` are those of these messages that there are.
    """

    campaign: Callable[[str, str], Campaign]
    plan: Callable[[str], Plan]
    recipients: Callable[[str, int], Sequence[Recipient]]
    works: Callable[[str, str, int, Iterable[int]], Mapping[int, Work]]
    records: Callable[[str, Sequence[str]], Mapping[str, Record]]


def ask(campaign: Campaign, call: Callable[[dict[str, Any]], None], *, now: datetime) -> Body:
    """Have the results of the campaign's run made anew. Raises NoEffect, and Unavailable.

    `call` is given an event for the planner, and raises FunctionFailed.
    """
    if campaign.run is None:
        raise NoEffect("The campaign has not been sent yet.")
    place = (campaign.app_id, campaign.campaign_id, campaign.run.number)
    seconds = int(now.timestamp())
    # In this order, since the planner may be faster than this call.
    _say(place, Standing(Stage.MAKING, seconds))
    app_id, campaign_id, run = place
    ids = {"app_id": app_id, "campaign_id": campaign_id, "run": run}
    try:
        call({"v": 1, "task": "results", **ids})
    except FunctionFailed as failed:
        _say(place, Standing(Stage.NONE, seconds))
        raise Unavailable(retry_after=1) from failed
    return {"state": Stage.MAKING.value}


def show(campaign: Campaign, run: int, *, now: datetime) -> Body:
    """`{"state"}`, and once they are ready `url` and `rows`. Raises Unavailable."""
    place = (campaign.app_id, campaign.campaign_id, run)
    try:
        kept = json.loads(objects.read(results.standing_key(*place), bucket=objects.AUDIENCES))
    except Missing:
        return {"state": Stage.NONE.value}
    standing = Standing(Stage(kept["stage"]), kept["at"], kept["rows"])
    standing = standing.seen(int(now.timestamp()))
    if standing.stage is not Stage.READY:
        return {"state": standing.stage.value}
    name = f"campaign-{campaign.campaign_id}-{run}.csv"
    url = uploads.link(results.key(*place), name=name)
    return {"state": Stage.READY.value, "url": url, "rows": standing.rows}


def make(app_id: str, campaign_id: str, number: int, book: Book, *, now: datetime) -> None:
    """Write the results of a run. Raises Unavailable, after which all of it is done again.

    What is not there any more (the campaign, its run, its plan) has none.
    """
    place = (app_id, campaign_id, number)
    try:
        campaign = book.campaign(app_id, campaign_id)
        rows = _write(campaign, _run_of(campaign, number), book)
        standing = Standing(Stage.READY, int(now.timestamp()), rows)
    except Missing:
        standing = Standing(Stage.NONE, int(now.timestamp()))
    _say(place, standing)
    log.info("results_made", extra={"campaign_id": campaign_id, "rows": standing.rows})


def _run_of(campaign: Campaign, number: int) -> Run:
    """The campaign's run of that number. Raises Missing when it is at another one."""
    if campaign.run is None or campaign.run.number != number:
        raise Missing
    return campaign.run


def _write(campaign: Campaign, run: Run, book: Book) -> int:
    """Put the file there; how many rows it has."""
    plan = book.plan(run.plan_key)
    with tempfile.TemporaryFile() as file:
        file.write(results.header())
        for number in range(len(plan.parts)):
            file.write(_part(campaign, run, number, book))
        file.seek(0)
        key = results.key(campaign.app_id, campaign.campaign_id, run.number)
        objects.write(key, file, bucket=objects.AUDIENCES)
    return plan.rows


def _part(campaign: Campaign, run: Run, number: int, book: Book) -> bytes:
    recipients = [
        (campaigns.message_id(campaign, run, each.phone), each)
        for each in book.recipients(run.plan_key, number)
    ]
    # First what is noted: whoever is sent it between the two has a record then.
    work = book.works(campaign.app_id, campaign.campaign_id, run.number, [number])[number]
    records = book.records(campaign.app_id, [message_id for message_id, _ in recipients])
    outcomes = {row: outcome for outcome, rows in work.items() for row in rows}
    return results.lines(campaign, run, recipients, records, outcomes)


def _say(place: tuple[str, str, int], standing: Standing) -> None:
    body = json.dumps(asdict(standing)).encode()
    objects.write(results.standing_key(*place), body, bucket=objects.AUDIENCES)
