"""GET /console and its files; /console/api/…: apps, records, balances, carriers, the deployment.

Owners act on their own app, operators name one. Bodies and replies: docs/api.md. Answers 200, or
201 for what is new; refuses with 401, 403, 404, 429, or 400 and code 1, 107, 127, 137, 160.
Signatures, templates and their review are the function `review`'s.
"""

from pathlib import Path

from signet.acts import Act
from signet.edge import clock, console, pages, settings
from signet.edge.api import Api
from signet.edge.http import Answer, Body, Call, Event, Reply, Route, serve
from signet.flows import change_app, run_deployment, set_carriers, show_balance, show_records
from signet.store import apps, attempts, deployment

FILES = pages.load(Path(__file__).parent / "static")

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def page(call: Call) -> Answer:
    return pages.answer(FILES, call.parameters.get("file", "index.html"), call)


def sign_in(call: Call) -> Answer:
    return door.sign_in(call, attempts.count, now=clock.now())


def session(call: Call) -> Body:
    return door.session(call, now=clock.now())


def sign_out(call: Call) -> Answer:
    return door.sign_out(call, now=clock.now())


def prices(call: Call) -> Body:
    door.caller(call, now=clock.now())
    return run_deployment.prices()


def records(app_id: str, act: Act, call: Call) -> Body:
    return show_records.listing(app_id, call.query, now=act.at)


def record(app_id: str, act: Act, call: Call) -> Body:
    return show_records.one(app_id, call.parameters["message_id"], now=act.at)


def export(app_id: str, act: Act, call: Call) -> Answer:
    text, cursor = show_records.export(app_id, call.query, now=act.at)
    return pages.csv(text, name=f"{call.query['day']}.csv", cursor=cursor)


def credit(act: Act, call: Call) -> Body:
    repeated = call.idempotency
    key = repeated[0] if repeated else None
    return show_balance.credit(act, named(call), call.body, key=key)


def carriers(act: Act, call: Call) -> Body:
    active = settings.value("SIGNET_CARRIER")
    return set_carriers.carriers(active=active, region=settings.region())


def revoke(act: Act, call: Call) -> Body:
    return run_deployment.revoke_operator(act, call.parameters["id"])


def named(call: Call) -> str:
    """The app in an operator's path."""
    return call.parameters["app_id"]


_APP = "/apps/{app_id}"
_MAPPINGS = f"{_APP}/mappings"
ROUTES = [
    Route("GET", "/console", page),
    Route("GET", "/console/", lambda call: pages.without_slash(call.path)),
    Route("GET", "/console/{file}", page),
    api.open("POST", "/session", sign_in),
    api.open("GET", "/session", session),
    api.open("DELETE", "/session", sign_out),
    api.open("GET", "/prices", prices),
    api.both("/records", records),
    api.both("/records.csv", export),
    api.both("/records/{message_id}", record),
    api.owners("GET", "/app", lambda act, _: change_app.show(act.by)),
    api.owners("PATCH", "/app", lambda act, c: change_app.by_owner(act, c.body)),
    api.owners("GET", "/balance", lambda act, _: show_balance.balance(act.by, now=act.at)),
    api.operators("GET", "/apps", lambda _, c: change_app.listing(c.query)),
    api.operators("POST", "/apps", lambda act, c: change_app.create(act, c.body), status=201),
    api.operators("GET", _APP, lambda _, c: change_app.show(named(c))),
    api.operators("PATCH", _APP, lambda act, c: change_app.by_operator(act, named(c), c.body)),
    api.operators(
        "GET", f"{_APP}/balance", lambda act, c: show_balance.balance(named(c), now=act.at)
    ),
    api.operators("POST", f"{_APP}/credits", credit, status=201),
    api.operators("GET", _MAPPINGS, lambda _, c: set_carriers.listing(named(c))),
    api.operators("PUT", _MAPPINGS, lambda act, c: set_carriers.put(act, named(c), c.body)),
    api.operators("DELETE", _MAPPINGS, lambda act, c: set_carriers.remove(act, named(c), c.query)),
    api.operators("GET", "/carriers", carriers),
    api.operators("GET", "/operators", lambda _, c: run_deployment.operators(c.query)),
    api.operators(
        "POST", "/operators", lambda act, c: run_deployment.add_operator(act, c.body), status=201
    ),
    api.operators("DELETE", "/operators/{id}", revoke),
    api.operators("GET", "/settings", lambda *_: run_deployment.settings()),
    api.operators("PUT", "/settings", lambda act, c: run_deployment.set_settings(act, c.body)),
    api.operators("PUT", "/prices", lambda act, c: run_deployment.set_prices(act, c.body)),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
