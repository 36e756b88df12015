"""Events out: from the stream of messages to apps' endpoints and to the bus.

    the stream of Messages                      record what apps want to be told, wake the next
    {"v": 1, "app_id", "event_ids": […]}        deliver these, which were just recorded
    {"v": 1, "app_id"}                          deliver what is due of the app
    every minute                                wake the one before for each app with something due

Each app has invocations of its own, so that an endpoint that hangs delays nobody else. What a run
does not finish is due again a minute later; only the stream is repeated by Lambda.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from signet.edge import bus, clock, functions, webhooks
from signet.edge.functions import FunctionFailed
from signet.edge.logs import logger
from signet.flows.deliver_events import Run, Ways, deliver_due, deliver_new
from signet.flows.take_changes import Outbox, take_changes
from signet.store import apps, changes, events

VERSION = 1
# Enough for what is on its way: a call of the bus, and one of an endpoint.
_LEFT_MILLISECONDS = 20_000

ways = Ways(
    fresh=events.fresh,
    due=events.due,
    claim=events.claim,
    finish=events.finish,
    post=webhooks.post,
    put=bus.put,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    if "Records" in event:
        return {"seen": _take(event["Records"], context)}
    if "app_id" in event:
        return {"seen": _deliver(event, context)}
    return {"seen": _wake_those_with_something_due(context)}


def _take(stream: Sequence[dict[str, Any]], context: Any) -> int:
    outbox = Outbox(apps.get, events.record, partial(_wake, context.function_name))
    return take_changes(changes.read(stream), outbox, now=clock.now())


def _deliver(event: dict[str, Any], context: Any) -> int:
    if event["v"] != VERSION:
        raise ValueError("an event of another version")
    app = apps.read(str(event["app_id"]))  # an owner who tries it has just changed it
    if app is None or not app.events.asked:
        return 0
    run = Run(clock.now, lambda: context.get_remaining_time_in_millis() > _LEFT_MILLISECONDS)
    new = event.get("event_ids")
    delivered = deliver_due(app, ways, run) if new is None else deliver_new(app, new, ways, run)
    logger.info("told", extra={"app_id": app.app_id, "delivered": delivered})
    return delivered


def _wake_those_with_something_due(context: Any) -> int:
    now, woken = clock.now(), 0
    for app in apps.every_app():
        if app.events.asked and events.has_due(app.app_id, now):
            try:
                _wake(context.function_name, app.app_id)
                woken += 1
            except FunctionFailed:
                logger.warning("nobody_woken", extra={"app_id": app.app_id})
    return woken


def _wake(name: str, app_id: str, event_ids: Sequence[str] | None = None) -> None:
    new = {} if event_ids is None else {"event_ids": list(event_ids)}
    functions.invoke_later(name, {"v": VERSION, "app_id": app_id, **new})
