"""What the bulk queue carries of campaigns: recipients, and the steps that release them.

    {"v": 1, "app_id", "campaign_id", "run", "part", "row"}   a message to send
    {"v": 1, "app_id", "campaign_id", "step": token}          the run's next step

No number is in it, and no word of the message.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from signet.campaigns import Row
from signet.edge import queue, settings
from signet.edge.queue import VERSION, UnreadableBody

# SQS takes ten at once, and holds nothing back for longer than a quarter of an hour.
_AT_ONCE = 10
LONGEST_DELAY = 900


class Step(NamedTuple):
    """The next step of a campaign's run: only the one with the campaign's token goes on."""

    app_id: str
    campaign_id: str
    token: str


class Delivery(NamedTuple):
    """A message to send: that of a row."""

    app_id: str
    row: Row


def put_step(step: Step, *, delay: int = 0) -> None:
    """Queue a step, for after `delay` seconds. Raises QueueUnavailable."""
    body = {"v": VERSION, **_names(step.app_id, step.campaign_id), "step": step.token}
    queue.put_body(
        settings.value("SIGNET_BULK_QUEUE_URL"), json.dumps(body), step.app_id, delay=delay
    )


def put_deliveries(app_id: str, rows: Sequence[Row]) -> None:
    """Queue the messages of rows. Raises QueueUnavailable: some may be queued."""
    url = settings.value("SIGNET_BULK_QUEUE_URL")
    for start in range(0, len(rows), _AT_ONCE):
        pack = rows[start : start + _AT_ONCE]
        queue.put_bodies(url, [_delivery(app_id, row) for row in pack], app_id)


def parse(fields: dict[str, Any]) -> Step | Delivery:
    """What a queue body of a campaign asks for. Raises UnreadableBody."""
    try:
        app_id, campaign_id = str(fields["app_id"]), str(fields["campaign_id"])
        if "step" in fields:
            return Step(app_id, campaign_id, str(fields["step"]))
        row = Row(campaign_id, int(fields["run"]), int(fields["part"]), int(fields["row"]))
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableBody from error
    return Delivery(app_id, row)


def _delivery(app_id: str, row: Row) -> str:
    place = {"run": row.run, "part": row.part, "row": row.row}
    return json.dumps({"v": VERSION, **_names(app_id, row.campaign_id), **place})


def _names(app_id: str, campaign_id: str) -> dict[str, str]:
    return {"app_id": app_id, "campaign_id": campaign_id}
