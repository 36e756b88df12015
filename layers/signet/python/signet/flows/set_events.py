"""Events in the console: where they go, the secret they are signed with, how each has fared.

A secret is in the one reply that made it. Whoever is woken delivers at once; if nobody is, the
tick does within a minute.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from secrets import token_bytes, token_hex

from signet import event_deliveries, event_settings, events, fields, standard_webhooks
from signet.acts import Act
from signet.apps import Events
from signet.audits import Entry
from signet.edge.functions import FunctionFailed
from signet.errors import BadParameter, Unavailable
from signet.fields import Body
from signet.flows import change_app
from signet.store import apps
from signet.store import audits as trail
from signet.store import events as store

log = logging.getLogger(__name__)

PAGE = 20
MAX_PAGE = 100
_KEY_BYTES = 32
# A delivery that is under way changes twice at most while somebody has it sent again.
_ROUNDS = 5

Wake = Callable[[str], None]


def show(act: Act) -> Body:
    """Where the app's events go."""
    return event_settings.shown(change_app.get(act.by).events, now=act.at)


def put(act: Act, body: Body, *, private: bool) -> Body:
    """Say where they go; with the secret, when this made one. Raises BadParameter."""
    wanted, drawn = event_settings.parse(body, private=private), _drawn()
    after = _change(act, "change", lambda before: event_settings.changed(before, wanted, drawn))
    return _shown(act, after, drawn)


def rotate(act: Act) -> Body:
    """A new secret, in this reply only; the one before signs beside it for a day."""
    drawn = _drawn()
    after = _change(
        act, "rotate-secret", lambda before: event_settings.rotated(before, drawn, now=act.at)
    )
    return _shown(act, after, drawn)


def ping(act: Act, wake: Wake) -> Body:
    """Tell the app's places a `ping`. Raises BadParameter when there are none."""
    app = change_app.get(act.by)
    if not app.events.asked:
        raise BadParameter("Say first where events go: url or bus.")
    event = events.ping(app.app_id, chance=token_hex(8), at=act.at)
    entry = act.entry("ping", f"event:{event.event_id}")
    store.create(app, event, now=act.at, also=_trail(act, entry))
    _wake(app.app_id, wake)
    return {"id": event.event_id}


def deliveries(act: Act, query: Mapping[str, str]) -> Body:
    """How the app's events have fared, newest first. Raises BadParameter."""
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    found, cursor = store.page(act.by, limit=limit, cursor=query.get("cursor"), now=act.at)
    return {"items": [event_deliveries.shown(one) for one in found], "cursor": cursor}


def replay(act: Act, event_id: str, wake: Wake) -> Body:
    """Have an event delivered again: the same id, the same body. Raises Missing and Unavailable."""
    entry = act.entry("replay", f"event:{event_id}")
    for _ in range(_ROUNDS):
        before = store.get(act.by, event_id)
        after = event_deliveries.again(before, now=int(act.at.timestamp()))
        if store.begin_again(before, after, also=_trail(act, entry)):
            _wake(act.by, wake)
            return event_deliveries.shown(after)
    raise Unavailable(retry_after=1)


def _change(act: Act, action: str, change: Callable[[Events], Events]) -> Events:
    changed = apps.change(
        act.by,
        lambda app: replace(app, events=change(app.events)),
        also=_trail(act, act.entry(action, "events")),
    )
    return changed.events


def _trail(act: Act, entry: Entry) -> store.Also:
    return lambda writes: trail.record(writes, act.by, entry)


def _shown(act: Act, settings: Events, drawn: str) -> Body:
    secret = settings.secret
    new = {"secret": drawn} if secret and secret.current == drawn else {}
    return {**event_settings.shown(settings, now=act.at), **new}


def _drawn() -> str:
    return standard_webhooks.secret(token_bytes(_KEY_BYTES))


def _wake(app_id: str, wake: Wake) -> None:
    try:
        wake(app_id)
    except FunctionFailed:
        log.warning("nobody_woken", extra={"app_id": app_id})
