"""/console/api/campaigns…: one message to many people: written, planned, timed, run.

/console/api/audiences…: whom they go to: files that owners upload, and what is in them.

Owners only. Bodies and replies: docs/api.md. Answers 200, 201 for what is new, 202 for what goes on
by itself; refuses with 401, 403, 404, 503, or 400 and code 1, 107, 119, 154, 160, 305, 600, 604,
605.

EventBridge Scheduler calls it too, when a campaign is due: `{"v": 1, "app_id", "campaign_id",
"version", "scheduled_at"}`. That returns `{"seen": 1}`, and raises what a retry may help.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from signet.acts import Act
from signet.edge import clock, console, functions, settings
from signet.edge.api import Api
from signet.edge.http import Answer, Body, Call, Event, Reply, serve
from signet.edge.schedules import Schedules
from signet.flows import (
    edit_campaign,
    fire_campaign,
    manage_audiences,
    show_campaign,
    steer_campaign,
)
from signet.store import apps, deployment

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)

# What schedules call. Only a call knows: a function's own settings cannot name it.
_own_arn: ContextVar[str] = ContextVar("own_arn")


def schedules() -> Schedules:
    return Schedules(_own_arn.get())


def plan_later(event: dict[str, object]) -> None:
    functions.invoke_later(settings.value("SIGNET_PLANNER_FUNCTION"), event)


def campaign(call: Call) -> str:
    """The campaign in the path."""
    return call.parameters["id"]


def create(act: Act, call: Call) -> Answer:
    return Answer(edit_campaign.create(act, call.body), 201)


def edit(act: Act, call: Call) -> Body:
    return edit_campaign.edit(act, campaign(call), call.body, schedules())


def plan(act: Act, call: Call) -> Answer:
    return Answer(steer_campaign.plan(act, campaign(call), plan_later), 202)


def timed(steer: Callable[[Act, str, Schedules], Body]) -> Callable[[Act, Call], Body]:
    return lambda act, call: steer(act, campaign(call), schedules())


def make_results(act: Act, call: Call) -> Answer:
    return Answer(show_campaign.make_results(act, campaign(call), plan_later), 202)


_AUDIENCE, _ONE = "/audiences/{id}", "/campaigns/{id}"
AUDIENCES = [
    api.owners("GET", "/audiences", manage_audiences.listing),
    api.owners("POST", "/audiences", manage_audiences.create),
    api.owners("GET", _AUDIENCE, manage_audiences.show),
    api.owners("POST", f"{_AUDIENCE}/upload", manage_audiences.upload),
    api.owners("GET", f"{_AUDIENCE}/report", manage_audiences.report),
    api.owners("POST", f"{_AUDIENCE}/read", partial(manage_audiences.read, invoke=plan_later)),
    api.owners("DELETE", _AUDIENCE, manage_audiences.delete),
]
CAMPAIGNS = [
    api.owners("GET", "/campaigns", lambda act, c: show_campaign.listing(act, c.query)),
    api.owners("POST", "/campaigns", create),
    api.owners("GET", _ONE, lambda act, c: show_campaign.one(act, campaign(c))),
    api.owners("PUT", _ONE, edit),
    api.owners("POST", f"{_ONE}/plan", plan),
    api.owners("POST", f"{_ONE}/schedule", timed(steer_campaign.schedule)),
    api.owners("POST", f"{_ONE}/start", timed(steer_campaign.start)),
    api.owners("POST", f"{_ONE}/pause", lambda act, c: steer_campaign.pause(act, campaign(c))),
    api.owners("POST", f"{_ONE}/resume", lambda act, c: steer_campaign.resume(act, campaign(c))),
    api.owners("POST", f"{_ONE}/cancel", timed(steer_campaign.cancel)),
    api.owners("POST", f"{_ONE}/results", make_results),
    api.owners(
        "GET", f"{_ONE}/results", lambda act, c: show_campaign.results(act, campaign(c), c.query)
    ),
    api.owners("DELETE", _ONE, lambda act, c: edit_campaign.remove(act, campaign(c))),
]
ROUTES = [*CAMPAIGNS, *AUDIENCES]


def handler(event: Event, context: Any) -> Reply:
    _own_arn.set(context.invoked_function_arn)
    if "httpMethod" in event:
        return serve(event, ROUTES)
    fire_campaign.fire(fire_campaign.Due.parse(event), schedules(), now=clock.now())
    return {"seen": 1}
