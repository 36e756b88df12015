"""Taking changes of messages from the stream: record what their apps want to be told, once.

The stream repeats what failed, and an event is recorded once, so none is lost and none is doubled.
Whoever is woken delivers; if nobody is, the events are due in a minute.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from signet import events
from signet.apps import App
from signet.edge.functions import FunctionFailed
from signet.events import Change, Event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where events go; see `store.events`. `wake(app_id, event_ids)` raises FunctionFailed."""

    app: Callable[[str], App | None]
    record: Callable[..., bool]
    wake: Callable[[str, Sequence[str]], None]


def take_changes(changes: Iterable[Change], outbox: Outbox, *, now: datetime) -> int:
    """Record the events of these changes and have them delivered, app by app; how many were new."""
    new: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        app = outbox.app(change.app_id)
        for event in events.of_change(change) if app else ():
            if app and _is_new(event, app, outbox, now):
                new[app.app_id].append(event.event_id)
    for app_id, event_ids in new.items():
        _wake(app_id, event_ids, outbox)
    return sum(map(len, new.values()))


def _is_new(event: Event, app: App, outbox: Outbox, now: datetime) -> bool:
    return app.events.wants(event.type.value) and outbox.record(app, event, now=now, taken=True)


def _wake(app_id: str, event_ids: Sequence[str], outbox: Outbox) -> None:
    try:
        outbox.wake(app_id, event_ids)
    except FunctionFailed:
        log.warning("nobody_woken", extra={"app_id": app_id, "events": len(event_ids)})
