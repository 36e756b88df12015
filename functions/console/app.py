"""GET /console and its files; /console/api/…: apps, records, balances, carriers, the deployment.

Owners act on their own app, operators name one. Bodies and replies: docs/api.md. Answers 200, or
201 for what is new; refuses with 401, 403, 404, 429, or 400 and code 1, 107, 127, 137, 160.
Signatures, templates, reviews are the function `review`'s. `shared` opens by a link, for anybody.
"""

from pathlib import Path

from signet.acts import Act
from signet.edge import carriers, clock, console, pages, settings, uploads
from signet.edge.api import Api
from signet.edge.http import Answer, Body, Call, Event, Reply, Route, serve
from signet.flows import change_app, run_deployment, set_carriers, set_routes, show_balance
from signet.flows.share_record import Sealing, look, share
from signet.flows.show_records import export, listing, one
from signet.store import apps, attempts, deployment

FILES = pages.load(Path(__file__).parent / "static")

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def page(call: Call) -> Answer:
    headers = pages.connecting(uploads.origin())
    return pages.answer(FILES, call.parameters.get("file", "index.html"), call, headers=headers)


def shared_page(call: Call) -> Answer:
    return pages.answer(FILES, "shared.html", call, headers=pages.PRIVATE_HEADERS)


def prices(call: Call) -> Body:
    door.caller(call, now=clock.now())
    return run_deployment.prices()


def saved(app_id: str, act: Act, call: Call) -> Answer:
    text, cursor = export(app_id, call.query, now=act.at)
    return pages.csv(text, name=f"{call.query['day']}.csv", cursor=cursor)


def sealing() -> Sealing:
    return Sealing(deployment.session_key, carriers.base_url())


def shared(call: Call) -> Answer:
    token = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return Answer(look(token, sealing(), now=clock.now()), headers=pages.PRIVATE_HEADERS)


def credit(act: Act, call: Call) -> Body:
    key = call.idempotency[0] if call.idempotency else None
    return show_balance.credit(act, named(call), call.body, key=key)


def named(call: Call) -> str:
    return call.parameters["app_id"]


def message(call: Call) -> str:
    return call.parameters["message_id"]


_APP = "/apps/{app_id}"
_MAPPINGS = f"{_APP}/mappings"
_MESSAGE = "/records/{message_id}"
ROUTES = [
    Route("GET", "/console", page),
    Route("GET", "/console/", lambda call: pages.without_slash(call.path)),
    Route("GET", "/console/shared", shared_page),
    Route("GET", "/console/{file}", page),
    api.open("POST", "/session", lambda c: door.sign_in(c, attempts.count, now=clock.now())),
    api.open("GET", "/session", lambda c: door.session(c, now=clock.now())),
    api.open("DELETE", "/session", lambda c: door.sign_out(c, now=clock.now())),
    api.open("GET", "/prices", prices),
    api.open("GET", "/shared", shared),
    api.both("/records", lambda app_id, act, c: listing(app_id, c.query, now=act.at)),
    api.both("/records.csv", saved),
    api.both(_MESSAGE, lambda app_id, act, c: one(app_id, message(c), now=act.at)),
    api.both(
        f"{_MESSAGE}/share",
        lambda app_id, act, c: share(act, app_id, message(c), c.body, sealing()),
        method="POST",
    ),
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
    api.operators(
        "GET",
        "/carriers",
        lambda *_: set_carriers.carriers(*carriers.used(), settings.region(), carriers.base_url()),
    ),
    api.operators("GET", "/carriers/health", lambda _, c: set_routes.health(c.query)),
    api.operators("GET", "/routes", lambda *_: set_routes.show(*carriers.used())),
    api.operators("PUT", "/routes", lambda act, c: set_routes.put(act, c.body, *carriers.used())),
    api.operators("GET", "/operators", lambda _, c: run_deployment.operators(c.query)),
    api.operators(
        "POST", "/operators", lambda act, c: run_deployment.add_operator(act, c.body), status=201
    ),
    api.operators(
        "DELETE",
        "/operators/{id}",
        lambda act, c: run_deployment.revoke_operator(act, c.parameters["id"]),
    ),
    api.operators("GET", "/settings", lambda *_: run_deployment.settings()),
    api.operators("PUT", "/settings", lambda act, c: run_deployment.set_settings(act, c.body)),
    api.operators("PUT", "/prices", lambda act, c: run_deployment.set_prices(act, c.body)),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
