"""/console/api/events…: where an app's events go, and how each of them has fared.

Owners only. Bodies and replies: docs/api.md. Answers 200; refuses with 401, 403, 404, or 400 and
code 1, 107.
"""

from signet.acts import Act
from signet.edge import console, functions, settings, webhooks
from signet.edge.api import Api
from signet.edge.http import Body, Call, Event, Reply, serve
from signet.flows import set_events
from signet.store import apps, deployment

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def wake(app_id: str) -> None:
    notify = settings.value("SIGNET_NOTIFY_FUNCTION")
    functions.invoke_later(notify, {"v": 1, "app_id": app_id})


def put(act: Act, call: Call) -> Body:
    return set_events.put(act, call.body, private=webhooks.allows_private())


def replay(act: Act, call: Call) -> Body:
    return set_events.replay(act, call.parameters["id"], wake)


ROUTES = [
    api.owners("GET", "/events", lambda act, _: set_events.show(act)),
    api.owners("PUT", "/events", put),
    api.owners("POST", "/events/secret", lambda act, _: set_events.rotate(act)),
    api.owners("POST", "/events/test", lambda act, _: set_events.ping(act, wake)),
    api.owners("GET", "/events/deliveries", lambda act, c: set_events.deliveries(act, c.query)),
    api.owners("POST", "/events/deliveries/{id}/replay", replay),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
