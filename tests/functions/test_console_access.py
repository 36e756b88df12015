"""Who may call what, over every route of the console's API: nobody, clients, strangers, others.

`MAY` says for each route who may call it. A route that is not in it fails a test, so that a new
one cannot be forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from functions.campaign import app as campaign_function
from functions.console import app as console_function
from functions.events import app as events_function
from functions.guard import app as guard_function
from functions.people import app as people_function
from functions.review import app as review_function
from signet import events
from signet.acts import Act
from signet.apps import Events
from signet.audiences import Audience, Encoding, Found, State, Wanted
from signet.audits import Entry
from signet.campaigns import Campaign, Content, Schedule, Stops
from signet.campaigns import State as CampaignState
from signet.consents import Consent
from signet.edge import functions
from signet.edge.http import Route
from signet.flows import ledger_files
from signet.limits import Kind
from signet.store import audiences, consents, deployment
from signet.store import campaigns as campaign_store
from signet.store import events as event_store
from tests.conftest import DEMO_APP, record_app
from tests.functions.console_calls import (
    OPERATOR,
    OPERATOR_KEY,
    Reply,
    call,
    client,
    operator,
    owner,
)
from tests.functions.service import put_template
from tests.store.build import PHONE, new_message, new_send
from tests.store.build import client as aws_client


class Who(Enum):
    """Who may call a route."""

    ANYBODY = "anybody, signed in or not"
    BROWSER = "whoever has the cookie of a session"
    OWNER = "an app's owner"
    OPERATOR = "an operator"
    BOTH = "an owner for the own app, an operator for any"
    EITHER = "an owner or an operator; nothing in it is of an app"


MAY = {
    "GET /console": Who.ANYBODY,
    "GET /console/": Who.ANYBODY,
    "GET /console/shared": Who.ANYBODY,
    "GET /console/{file}": Who.ANYBODY,
    "GET /console/api/shared": Who.ANYBODY,
    "POST /console/api/session": Who.ANYBODY,
    "GET /console/api/session": Who.BROWSER,
    "DELETE /console/api/session": Who.BROWSER,
    "GET /console/api/app": Who.OWNER,
    "PATCH /console/api/app": Who.OWNER,
    "GET /console/api/balance": Who.OWNER,
    "GET /console/api/records": Who.BOTH,
    "GET /console/api/records.csv": Who.BOTH,
    "GET /console/api/records/{message_id}": Who.BOTH,
    "POST /console/api/records/{message_id}/share": Who.BOTH,
    "GET /console/api/guard": Who.BOTH,
    "GET /console/api/guard/locks": Who.BOTH,
    "POST /console/api/guard/locks/lift": Who.BOTH,
    "GET /console/api/guard/decisions": Who.BOTH,
    "GET /console/api/guard/number": Who.BOTH,
    "POST /console/api/guard/number/lift": Who.BOTH,
    "GET /console/api/events": Who.OWNER,
    "PUT /console/api/events": Who.OWNER,
    "POST /console/api/events/secret": Who.OWNER,
    "POST /console/api/events/test": Who.OWNER,
    "GET /console/api/events/deliveries": Who.OWNER,
    "POST /console/api/events/deliveries/{id}/replay": Who.OWNER,
    "GET /console/api/campaigns": Who.OWNER,
    "POST /console/api/campaigns": Who.OWNER,
    "GET /console/api/campaigns/{id}": Who.OWNER,
    "PUT /console/api/campaigns/{id}": Who.OWNER,
    "POST /console/api/campaigns/{id}/plan": Who.OWNER,
    "POST /console/api/campaigns/{id}/schedule": Who.OWNER,
    "POST /console/api/campaigns/{id}/start": Who.OWNER,
    "POST /console/api/campaigns/{id}/pause": Who.OWNER,
    "POST /console/api/campaigns/{id}/resume": Who.OWNER,
    "POST /console/api/campaigns/{id}/cancel": Who.OWNER,
    "POST /console/api/campaigns/{id}/results": Who.OWNER,
    "GET /console/api/campaigns/{id}/results": Who.OWNER,
    "DELETE /console/api/campaigns/{id}": Who.OWNER,
    "GET /console/api/opt-outs": Who.OWNER,
    "GET /console/api/opt-outs/{phone}": Who.OWNER,
    "PUT /console/api/opt-outs/{phone}": Who.OWNER,
    "DELETE /console/api/opt-outs/{phone}": Who.OWNER,
    "GET /console/api/audiences": Who.OWNER,
    "POST /console/api/audiences": Who.OWNER,
    "GET /console/api/audiences/{id}": Who.OWNER,
    "DELETE /console/api/audiences/{id}": Who.OWNER,
    "POST /console/api/audiences/{id}/upload": Who.OWNER,
    "POST /console/api/audiences/{id}/read": Who.OWNER,
    "GET /console/api/audiences/{id}/report": Who.OWNER,
    "GET /console/api/consents/{phone}": Who.OWNER,
    "PUT /console/api/consents/{phone}": Who.OWNER,
    "DELETE /console/api/consents/{phone}": Who.OWNER,
    "POST /console/api/ledger/exports": Who.OWNER,
    "GET /console/api/ledger/exports/{id}": Who.OWNER,
    "DELETE /console/api/people/{phone}": Who.OPERATOR,
    "GET /console/api/prices": Who.EITHER,
    "PUT /console/api/prices": Who.OPERATOR,
    "GET /console/api/apps": Who.OPERATOR,
    "POST /console/api/apps": Who.OPERATOR,
    "GET /console/api/apps/{app_id}": Who.OPERATOR,
    "PATCH /console/api/apps/{app_id}": Who.OPERATOR,
    "GET /console/api/apps/{app_id}/balance": Who.OPERATOR,
    "POST /console/api/apps/{app_id}/credits": Who.OPERATOR,
    "GET /console/api/apps/{app_id}/mappings": Who.OPERATOR,
    "PUT /console/api/apps/{app_id}/mappings": Who.OPERATOR,
    "DELETE /console/api/apps/{app_id}/mappings": Who.OPERATOR,
    "GET /console/api/carriers": Who.OPERATOR,
    "GET /console/api/carriers/health": Who.OPERATOR,
    "GET /console/api/routes": Who.OPERATOR,
    "PUT /console/api/routes": Who.OPERATOR,
    "GET /console/api/operators": Who.OPERATOR,
    "POST /console/api/operators": Who.OPERATOR,
    "DELETE /console/api/operators/{id}": Who.OPERATOR,
    "GET /console/api/settings": Who.OPERATOR,
    "PUT /console/api/settings": Who.OPERATOR,
    "PUT /console/api/signatures/{name}/default": Who.OWNER,
    "POST /console/api/signatures/lint": Who.OWNER,
    "GET /console/api/signatures": Who.OWNER,
    "GET /console/api/signatures/{name}": Who.OWNER,
    "POST /console/api/signatures": Who.OWNER,
    "PUT /console/api/signatures/{name}/{version}": Who.OWNER,
    "DELETE /console/api/signatures/{name}/{version}": Who.OWNER,
    "POST /console/api/signatures/{name}/{version}/submit": Who.OWNER,
    "POST /console/api/templates/lint": Who.OWNER,
    "GET /console/api/templates": Who.OWNER,
    "GET /console/api/templates/{name}": Who.OWNER,
    "POST /console/api/templates": Who.OWNER,
    "PUT /console/api/templates/{name}/{version}": Who.OWNER,
    "DELETE /console/api/templates/{name}/{version}": Who.OWNER,
    "POST /console/api/templates/{name}/{version}/submit": Who.OWNER,
    "GET /console/api/audit": Who.BOTH,
    "GET /console/api/review": Who.OPERATOR,
    "POST /console/api/review/{app_id}/{type}/{name}/{version}/approve": Who.OPERATOR,
    "POST /console/api/review/{app_id}/{type}/{name}/{version}/file": Who.OPERATOR,
    "POST /console/api/review/{app_id}/{type}/{name}/{version}/reject": Who.OPERATOR,
}

# Bodies with which a call would do something, if it were allowed to.
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /console/api/app": {"company": "changed"},
    "PUT /console/api/events": {"bus": True},
    "POST /console/api/campaigns": {
        "name": "changed",
        "template": "Marked_Notice",
        "audience_id": "019ab3f52c04f1e2d3c",
    },
    "PUT /console/api/campaigns/{id}": {"name": "changed"},
    "PUT /console/api/opt-outs/{phone}": {"comment": "changed"},
    "POST /console/api/audiences": {"name": "changed"},
    "DELETE /console/api/opt-outs/{phone}": {"comment": "changed"},
    "PUT /console/api/consents/{phone}": {"how": "changed"},
    "PUT /console/api/prices": {"prices": {"86": 1}},
    "POST /console/api/apps": {"name": "changed"},
    "PATCH /console/api/apps/{app_id}": {"company": "changed"},
    "POST /console/api/apps/{app_id}/credits": {"amount_micros": 1, "note": "changed"},
    "PUT /console/api/apps/{app_id}/mappings": {
        "carrier": "alibaba",
        "template": "Marked_Template",
        "version": 1,
        "vendor_template": "changed",
    },
    "PUT /console/api/routes": {"rules": [{"hops": [{"carrier": "sns", "sender": "changed"}]}]},
    "POST /console/api/operators": {"id": "changed"},
    "PUT /console/api/settings": {"auto_approve": True},
    "POST /console/api/signatures/lint": {"text": "天天商城"},
    "POST /console/api/templates/lint": {
        "kind": "notification",
        "text": "订单已发货",
        "signature": "Marked_Signature",
    },
    "POST /console/api/signatures": {
        "name": "changed",
        "text": "改变商城",
        "use": "verification_notification",
        "owner_kind": "company",
        "proof": "changed",
    },
    "PUT /console/api/signatures/{name}/{version}": {
        "text": "改变商城",
        "use": "verification_notification",
        "owner_kind": "company",
        "proof": "changed",
    },
    "POST /console/api/templates": {
        "name": "changed",
        "kind": "notification",
        "text": "订单已发货",
    },
    "PUT /console/api/templates/{name}/{version}": {"kind": "notification", "text": "订单已发货"},
    "POST /console/api/review/{app_id}/{type}/{name}/{version}/reject": {
        "reasons": ["other"],
        "comment": "changed",
    },
}

Ask = Callable[..., Reply]

OTHER = "another-demo-app"
AUDIENCE = "019ab3f52c04f1e2d3c"
EXPORT = "0" * 32
# What stands in everything that is the demo app's own.
MARK = "Marked"
MARKED_APP = replace(
    DEMO_APP,
    name="Marked app",
    company="Marked company",
    events=Events(url="https://example.com/Marked"),
)
CAMPAIGN = Campaign(
    app_id=DEMO_APP.app_id,
    campaign_id="c1",
    version=1,
    name="Marked campaign",
    state=CampaignState.DRAFT,
    content=Content(Kind.NOTIFICATION, "Marked_Notice", 1, "Signet", "Marked", AUDIENCE),
    schedule=Schedule(),
    pace=None,
    stops=Stops(),
    created_at=1,
    updated_at=1,
    created_by="Marked",
)
EVENT = events.ping(DEMO_APP.app_id, chance="one", at=datetime.now(UTC))


@dataclass(frozen=True)
class Place:
    """A route of a function."""

    function: ModuleType
    route: Route

    @property
    def name(self) -> str:
        return f"{self.route.method} {self.route.path}"


PLACES = [
    Place(function, route)
    for function in (
        *(campaign_function, console_function, events_function),
        *(guard_function, people_function, review_function),
    )
    for route in function.ROUTES
]


def places(*allowed: Who) -> list[Place]:
    """The routes that these may call."""
    return [place for place in PLACES if MAY.get(place.name) in allowed]


CLOSED = (Who.BROWSER, Who.OWNER, Who.OPERATOR, Who.BOTH, Who.EITHER)


@pytest.fixture(autouse=True)
def message_id(tables: object, stopped: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The demo app with something in every corner, another app, an operator; a message's id."""
    now = datetime.now(UTC)
    record_app(MARKED_APP)
    record_app(replace(DEMO_APP, app_id=OTHER, name="another", default_signature=None))
    deployment.add_operator(OPERATOR, OPERATOR_KEY, "bootstrap", now=now)
    deployment.session_key()
    submit("signatures", "POST /console/api/signatures", "Marked_Signature")
    submit("templates", "POST /console/api/templates", "Marked_Template")
    map_template()
    event_store.record(MARKED_APP, EVENT, now=now)
    opt_out()
    add_audience(now)
    draft_campaign()
    monkeypatch.setattr(functions, "invoke_later", lambda *_: None)
    consent(now)
    return record_message(now)


def consent(now: datetime) -> None:
    """A consent that was given after the opt-out, and an export."""
    at = int(now.timestamp() * 1000) + 60_000
    consents.record(DEMO_APP.app_id, Consent(PHONE, "Marked how", at, "console", by="Marked"))
    ledger_files.begin(Act(DEMO_APP.app_id, "owner", now), EXPORT, lambda _: None)


def draft_campaign() -> None:
    put_template("Marked", name="Marked_Notice")
    campaign_store.create(CAMPAIGN, Entry(datetime.now(UTC), "Marked", "create", "campaign:Marked"))


def submit(what: str, route: str, name: str) -> None:
    reply = call(
        "POST",
        f"/console/api/{what}",
        BODIES[route] | {"name": name},
        headers=owner(),
        handler=review_function.handler,
    )
    assert reply.status == 201, reply


def map_template() -> None:
    reply = call(
        "PUT",
        f"/console/api/apps/{DEMO_APP.app_id}/mappings",
        {"carrier": "alibaba", "template": None, "vendor_template": "Marked"},
        headers=operator(),
    )
    assert reply.status == 200, reply


def opt_out() -> None:
    reply = call(
        "PUT",
        f"/console/api/opt-outs/{PHONE}",
        {"comment": "Marked comment"},
        headers=owner(),
        handler=guard_function.handler,
    )
    assert reply.status == 200, reply


def add_audience(now: datetime) -> None:
    seconds = int(now.timestamp())
    audience = Audience(
        *(DEMO_APP.app_id, AUDIENCE, "Marked", State.FAILED, Wanted(), seconds, seconds),
        found=Found(Encoding.GBK, ("Marked",), "Marked", None, ()),
    )
    audiences.create(audience, Act(DEMO_APP.app_id, "owner", now).entry("create", "audience"))
    body = b"phone\n13800138000\n"
    aws_client("s3").put_object(Bucket="audiences", Key=audience.upload_key, Body=body)


def record_message(now: datetime) -> str:
    from signet.store import messages, table

    message = new_message(replace(new_send(), now=now), template="Marked_Template")
    table.transact(lambda writes: messages.record(writes, message))
    return message.ref.message_id


@pytest.fixture
def ask(message_id: str) -> Ask:
    """Calls a route about the demo app, with a body that would do something."""
    parameters = {
        "{app_id}": DEMO_APP.app_id,
        "{type}": "template",
        "{version}": "1",
        "{message_id}": message_id,
        "{phone}": PHONE,
        "{id}": OPERATOR,
        "{file}": "index.html",
    }

    def asked(place: Place, headers: Mapping[str, str], **query: str) -> Reply:
        path = place.route.path
        signature = "signatures" in path
        path = path.replace("{name}", "Marked_Signature" if signature else "Marked_Template")
        path = path.replace("campaigns/{id}", f"campaigns/{CAMPAIGN.campaign_id}")
        path = path.replace("deliveries/{id}", f"deliveries/{EVENT.event_id}")
        path = path.replace("exports/{id}", f"exports/{EXPORT}")
        path = path.replace("audiences/{id}", f"audiences/{AUDIENCE}")
        for name, value in parameters.items():
            path = path.replace(name, value)
        body = BODIES.get(place.name, {}) if place.route.method != "GET" else None
        today = {"day": message_id[:8]} if "records" in path else {}
        return call(
            place.route.method,
            path,
            body,
            headers=headers,
            query={**today, **query},
            handler=place.function.handler,
        )

    return asked


def stored(of: str = "") -> list[str]:
    """Everything that lies in the tables, or what there is of an app."""
    items = [
        repr(sorted(item.items()))
        for table in ("apps", "messages", "balances", "ledger", "opt-outs", "events", "campaigns")
        for item in aws_client("dynamodb").scan(TableName=table)["Items"]
    ]
    return sorted(item for item in items if of in item)


# --- The list of routes -----------------------------------------------------------------------


def test_somebody_has_said_of_every_route_who_may_call_it() -> None:
    assert {place.name for place in PLACES} == set(MAY)


# --- Refused: nobody, wrong keys, clients -----------------------------------------------------

STRANGERS = {
    "nobody": {},
    "a wrong app key": client(key="wrong"),
    "a wrong master key": owner(key="wrong"),
    "an empty master key": owner(key=""),
    "the master key of another app": owner(OTHER, "wrong"),
    "an app that is not there": owner("nobodys-app"),
    "a wrong operator's key": operator(key="wrong"),
    "an operator who is not there": operator(name="nobody"),
    "an operator's key as a master key": owner(key=OPERATOR_KEY),
    "a master key as an operator's": operator(DEMO_APP.app_id, "signet-demo-master"),
    "no Basic at all": {"Authorization": f"Bearer {OPERATOR_KEY}"},
    "a broken Basic": {"Authorization": "Basic !"},
    "a cookie that nobody sealed": {"Cookie": "signet_session=eyJ2IjoxfQ.00"},
}


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_is_refused_and_told_nothing(who: str, ask: Ask) -> None:
    before = stored()

    for place in places(*CLOSED):
        reply = ask(place, STRANGERS[who])
        assert reply.refusal == (401, 401), place
        assert set(reply.body) == {"code", "error"}, place
        assert MARK not in reply.text, place
    assert stored() == before


@pytest.mark.parametrize("headers", [client(), client(key="signet-demo-master")])
def test_a_client_with_the_app_key_is_refused(headers: dict[str, str], ask: Ask) -> None:
    before = stored()

    for place in places(Who.OWNER, Who.OPERATOR, Who.BOTH, Who.EITHER):
        reply = ask(place, headers, app_id=DEMO_APP.app_id)
        assert reply.refusal == (403, 403), place
        assert MARK not in reply.text, place
    assert stored() == before


@pytest.mark.parametrize("headers", [client(), owner(), operator()])
def test_a_session_is_only_a_browsers(headers: dict[str, str], ask: Ask) -> None:
    for place in places(Who.BROWSER):
        assert ask(place, headers).refusal == (401, 401), place


# --- Refused: the wrong kind of caller --------------------------------------------------------


@pytest.mark.parametrize("in_a_browser", [False, True])
def test_an_owner_does_nothing_of_an_operators(in_a_browser: bool, ask: Ask) -> None:
    headers = session(owner_signs_in) if in_a_browser else owner()
    before = stored()

    for place in places(Who.OPERATOR):
        reply = ask(place, headers)
        assert reply.refusal == (403, 403), place
        assert MARK not in reply.text, place
    assert stored() == before


@pytest.mark.parametrize("in_a_browser", [False, True])
def test_an_operator_does_nothing_of_an_owners(in_a_browser: bool, ask: Ask) -> None:
    headers = session(operator_signs_in) if in_a_browser else operator()
    before = stored()

    for place in places(Who.OWNER):
        reply = ask(place, headers, app_id=DEMO_APP.app_id)
        assert reply.refusal == (403, 403), place
        assert MARK not in reply.text, place
    assert stored() == before


# --- Refused: what is another app's -----------------------------------------------------------


@pytest.mark.parametrize("query", [{}, {"app_id": DEMO_APP.app_id}], ids=["", "by query"])
def test_another_apps_owner_sees_and_changes_nothing_of_an_app(
    query: dict[str, str], ask: Ask
) -> None:
    before = stored(DEMO_APP.app_id)

    for place in places(Who.OWNER, Who.BOTH, Who.EITHER):
        reply = ask(place, owner(OTHER), **query)
        assert reply.status < 500, place
        assert MARK not in reply.text, place
        assert DEMO_APP.app_id not in reply.text, place
        if query and MAY[place.name] is Who.BOTH:
            assert reply.refusal == (403, 403), place
    assert stored(DEMO_APP.app_id) == before


@pytest.mark.parametrize("token", [None, "", "x", "0" * 64])
def test_a_browser_changes_nothing_without_its_token(token: str | None, ask: Ask) -> None:
    owners, operators = session(owner_signs_in), session(operator_signs_in)
    before = stored()

    for place in places(Who.BROWSER, Who.OWNER, Who.OPERATOR):
        if place.route.method == "GET":
            continue
        cookie = (operators if MAY[place.name] is Who.OPERATOR else owners)["Cookie"]
        reply = ask(place, {"Cookie": cookie} | ({} if token is None else {"X-CSRF-Token": token}))
        assert reply.refusal == (403, 403), place
        assert "X-CSRF-Token" in reply.body["error"], place
    assert stored() == before


# --- Allowed, so that the refusals above mean something ---------------------------------------


def test_the_owner_is_let_in(ask: Ask) -> None:
    for place in places(Who.OWNER, Who.BOTH, Who.EITHER):
        assert ask(place, owner()).status not in (401, 403, 404), place


def test_an_operator_is_let_in(ask: Ask) -> None:
    for place in places(Who.OPERATOR, Who.BOTH, Who.EITHER):
        reply = ask(place, operator(), app_id=DEMO_APP.app_id)
        if place.name == "DELETE /console/api/operators/{id}":
            assert reply.body["error"].startswith("Nobody revokes their own key")
        else:
            assert reply.status not in (401, 403, 404), place


def test_a_browser_with_its_token_is_let_in(ask: Ask) -> None:
    owners, operators = session(owner_signs_in), session(operator_signs_in)

    for place in places(Who.BROWSER, Who.OWNER, Who.OPERATOR):
        reply = ask(place, operators if MAY[place.name] is Who.OPERATOR else owners)
        assert reply.status != 401, place
        assert "X-CSRF-Token" not in reply.text, place


owner_signs_in = {"app_id": DEMO_APP.app_id, "master_key": "signet-demo-master"}
operator_signs_in = {"operator": OPERATOR, "key": OPERATOR_KEY}


def session(body: dict[str, str]) -> dict[str, str]:
    """The headers of a browser that signed in."""
    reply = call("POST", "/console/api/session", body)
    assert reply.status == 200, reply
    return {
        "Cookie": reply.headers["Set-Cookie"].partition(";")[0],
        "X-CSRF-Token": reply.body["csrf_token"],
    }
