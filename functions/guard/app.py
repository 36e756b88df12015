"""/console/api/guard…: what keeps an app and a number from sending, seen and lifted.

/console/api/opt-outs…, consents…, ledger…: who wants no marketing, who does, what proves it, what
owners do about it, and all of that as a file, which the function `planner` makes.

Owners look at their own app, operators name one. Bodies and replies: docs/api.md. Answers 200, 202;
refuses with 401, 403, 404, 503, or 400 and code 1, 101, 107, 127, 212, 305.
"""

from secrets import token_hex

from signet.acts import Act
from signet.edge import console, functions, settings
from signet.edge.api import Api
from signet.edge.http import Answer, Body, Call, Event, Reply, serve
from signet.flows import lift_locks, show_consents, show_guard, show_opt_outs
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


def wake(event: Event) -> None:
    functions.invoke_later(settings.value("SIGNET_PLANNER_FUNCTION"), event)


def begin_export(act: Act, _: Call) -> Answer:
    from signet.flows import ledger_files

    return Answer({"export": ledger_files.begin(act, token_hex(16), wake)}, 202)


def show_export(act: Act, call: Call) -> Body:
    from signet.flows import ledger_files

    return {"export": ledger_files.show(act, call.parameters["id"])}


def phone(call: Call) -> str:
    """The number in the path."""
    return call.parameters["phone"]


_NUMBER, _CONSENT = "/opt-outs/{phone}", "/consents/{phone}"
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
    api.owners("GET", _CONSENT, lambda act, c: show_consents.of_number(act.by, phone(c))),
    api.owners("PUT", _CONSENT, lambda act, c: show_consents.put(act, phone(c), c.body)),
    api.owners("DELETE", _CONSENT, lambda act, c: show_consents.end(act, phone(c), c.body)),
    api.owners("POST", "/ledger/exports", begin_export),
    api.owners("GET", "/ledger/exports/{id}", show_export),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
