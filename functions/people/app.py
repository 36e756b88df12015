"""DELETE /console/api/people/{phone}[?cursor=…]: erases a person, in all apps.

Operators only. A function of its own, for nobody else has rights over so many tables. A call works
for some seconds; its answer says `done`, or the cursor to call again with. Called again from the
start it does what is left. Answers 200; refuses with 401, 403, 503, or 400 and code 1, 127.
"""

import time

from signet.acts import Act
from signet.edge import console
from signet.edge.api import Api
from signet.edge.http import Body, Call, Event, Reply, serve
from signet.flows.erase_person import erase
from signet.store import apps, deployment

# The gateway waits for 29, and a piece may be under way.
SECONDS = 18

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)


def people(act: Act, call: Call) -> Body:
    ends = time.monotonic() + SECONDS
    phone = call.parameters["phone"]
    return erase(act, phone, call.query, may_go_on=lambda: time.monotonic() < ends)


ROUTES = [api.operators("DELETE", "/people/{phone}", people)]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
