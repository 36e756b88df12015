"""/console/api/guard…: what keeps an app and a number from sending, seen and lifted.

/console/api/opt-outs…: who wants no marketing, what proves it, and what owners do about it.

Owners look at their own app, operators name one. Bodies and replies: docs/api.md. Answers 200;
refuses with 401, 403, or 400 and code 1, 101, 107, 127, 212, 305.
"""

from signet.acts import Act
from signet.edge import console
from signet.edge.api import Api
from signet.edge.http import Body, Call, Event, Reply, serve
from signet.flows import lift_locks, show_guard, show_opt_outs
from signet.store import apps, deployment

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def report(app_id: str, act: Act, call: Call) -> Body:
    return show_guard.report(app_id, call.query, now=act.at)


def locks(app_id: str, act: Act, _: Call) -> Body:
    return show_guard.locks(app_id, now=act.at)


def lift(app_id: str, act: Act, call: Call) -> Body:
    return show_guard.lift(app_id, act, call.body)


def decisions(app_id: str, act: Act, call: Call) -> Body:
    return show_guard.decisions(app_id, call.query, now=act.at)


def number(app_id: str, act: Act, call: Call) -> Body:
    return lift_locks.of_number(app_id, call.query, now=act.at)


def lift_number(app_id: str, act: Act, call: Call) -> Body:
    return lift_locks.lift_of_number(app_id, act, call.body)


def phone(call: Call) -> str:
    """The number in the path."""
    return call.parameters["phone"]


_NUMBER = "/opt-outs/{phone}"
ROUTES = [
    api.both("/guard", report),
    api.both("/guard/locks", locks),
    api.both("/guard/locks/lift", lift, method="POST"),
    api.both("/guard/decisions", decisions),
    api.both("/guard/number", number),
    api.both("/guard/number/lift", lift_number, method="POST"),
    api.owners("GET", "/opt-outs", lambda act, c: show_opt_outs.listing(act.by, c.query)),
    api.owners("GET", _NUMBER, lambda act, c: show_opt_outs.of_number(act.by, phone(c))),
    api.owners("PUT", _NUMBER, lambda act, c: show_opt_outs.put(act, phone(c), c.body)),
    api.owners("DELETE", _NUMBER, lambda act, c: show_opt_outs.remove(act, phone(c), c.body)),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
