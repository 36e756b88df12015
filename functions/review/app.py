"""/console/api/signatures, /templates, /audit and /review: what apps say, and who allows it.

Owners submit for their own app, operators decide. Bodies and replies: docs/api.md. Answers 200,
or 201 for a new version; refuses with 401, 403; 101 where there is no such version; 305 when its
state does not allow it, or somebody else was first; 1, with findings, for what cannot be
submitted; 1 and 107 for broken bodies.
"""

from functools import partial

from signet import fields, submissions
from signet.acts import Act
from signet.apps import App
from signet.edge import clock, console
from signet.edge.api import Api
from signet.edge.http import Answer, Body, Call, Event, Reply, Route, serve
from signet.errors import Missing
from signet.flows import review, show_words
from signet.flows.review import Place
from signet.reviews import Event as Step
from signet.reviews import Type
from signet.store import apps, deployment, versions, words

door = console.Door(
    app=apps.get,
    operator_key_hash=deployment.operator_key_hash,
    session_key=deployment.session_key,
)
api = Api(door)
stores = review.Stores(
    app=apps.read,
    version=versions.get,
    has_marketing_signature=versions.has_marketing_signature,
    create=words.create,
    update=words.update,
    delete=words.delete,
    decide=words.decide,
    auto_approver=lambda: deployment.read_settings().auto_approve_by,
)


def listing(of: Type, act: Act, call: Call) -> Body:
    name = submissions.name_of(call.parameters) if "name" in call.parameters else None
    return show_words.listing(own(act), of, name, call.query)


def propose(of: Type, act: Act, call: Call) -> Answer:
    app = own(act)
    new = submissions.parse(call.body, of, app_id=app.app_id)
    submitted = submissions.is_submitted(call.body)
    made = review.propose(new, app, stores, submitted=submitted, now=act.at)
    return Answer(submissions.shown(made), 201)


def revise(of: Type, act: Act, call: Call) -> Body:
    app = own(act)
    place = Place(app.app_id, of, *submissions.place(call.parameters))
    changed = submissions.parse(call.body, of, app_id=app.app_id, name=place.name)
    return submissions.shown(review.revise(place, changed, app, stores, now=act.at))


def submit(of: Type, act: Act, call: Call) -> Body:
    fields.only(call.body, ())  # unlike a verification whose code is this path (review.md 1.3)
    place = Place(act.by, of, *submissions.place(call.parameters))
    return submissions.shown(review.submit(place, own(act), stores, now=act.at))


def withdraw(of: Type, act: Act, call: Call) -> Body:
    review.withdraw(Place(act.by, of, *submissions.place(call.parameters)), stores, now=act.at)
    return {}


def set_default(act: Act, call: Call) -> Body:
    name = submissions.name_of(call.parameters)
    words.set_default(act.by, name, act.entry("set_default", f"{Type.SIGNATURE}:{name}"))
    return {"default": name}


def judge(step: Step, act: Act, call: Call) -> Body:
    place = Place(
        submissions.app_of(call.parameters["app_id"]),
        submissions.type_of(call.parameters),
        *submissions.place(call.parameters),
    )
    verdict = submissions.verdict(call.body, step, by=act.actor)
    return submissions.shown(review.judge(place, verdict, stores, now=act.at))


def audit(call: Call) -> Body:
    caller = door.caller(call, now=clock.now())
    return show_words.audit(caller.id if caller.app else None, call.query)


def own(act: Act) -> App:
    """The owner's app as it is now; the door may have an older one."""
    app = apps.read(act.by)
    if app is None:
        raise Missing
    return app


def _routes(of: Type) -> list[Route]:
    every, one = f"/{of}s", f"/{of}s/{{name}}"
    return [
        api.owners("GET", every, partial(listing, of)),
        api.owners("GET", one, partial(listing, of)),
        api.owners("POST", every, partial(propose, of)),
        api.owners("PUT", f"{one}/{{version}}", partial(revise, of)),
        api.owners("DELETE", f"{one}/{{version}}", partial(withdraw, of)),
        api.owners("POST", f"{one}/{{version}}/submit", partial(submit, of)),
    ]


_ONE = "/review/{app_id}/{type}/{name}/{version}"
ROUTES = [
    api.owners("PUT", "/signatures/{name}/default", set_default),
    api.owners("POST", "/signatures/lint", lambda a, c: show_words.lint_signature(own(a), c.body)),
    api.owners("POST", "/templates/lint", lambda a, c: show_words.lint_template(own(a), c.body)),
    *_routes(Type.SIGNATURE),
    *_routes(Type.TEMPLATE),
    api.open("GET", "/audit", audit),
    api.operators("GET", "/review", lambda _, c: show_words.queue(c.query)),
    api.operators("POST", f"{_ONE}/approve", partial(judge, Step.APPROVE)),
    api.operators("POST", f"{_ONE}/file", partial(judge, Step.FILE)),
    api.operators("POST", f"{_ONE}/reject", partial(judge, Step.REJECT)),
]


def handler(event: Event, context: object) -> Reply:
    return serve(event, ROUTES)
