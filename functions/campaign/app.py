"""/console/api/audiences…: whom campaigns go to: files that owners upload, and what is in them.

Owners only. Bodies and replies: docs/api.md. Answers 200, 201 for what is new, 202 for what goes on
by itself; refuses with 401, 403, 404, 503, or 400 and code 1, 107, 305.
"""

from functools import partial

from signet.edge import console, functions, settings
from signet.edge.api import Api
from signet.edge.http import Event, Reply, serve
from signet.flows import manage_audiences
from signet.store import apps, deployment

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def plan_later(event: dict[str, object]) -> None:
    functions.invoke_later(settings.value("SIGNET_PLANNER_FUNCTION"), event)


_AUDIENCE = "/audiences/{id}"
AUDIENCES = [
    api.owners("GET", "/audiences", manage_audiences.listing),
    api.owners("POST", "/audiences", manage_audiences.create),
    api.owners("GET", _AUDIENCE, manage_audiences.show),
    api.owners("POST", f"{_AUDIENCE}/upload", manage_audiences.upload),
    api.owners("GET", f"{_AUDIENCE}/report", manage_audiences.report),
    api.owners("POST", f"{_AUDIENCE}/read", partial(manage_audiences.read, invoke=plan_later)),
    api.owners("DELETE", _AUDIENCE, manage_audiences.delete),
]
ROUTES = [*AUDIENCES]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
