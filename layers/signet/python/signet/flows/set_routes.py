"""Routes in the console: which carriers send what, and how each of them fares."""

from collections.abc import Mapping, Sequence

from signet import fields, route_rules, routes
from signet.acts import Act
from signet.errors import BadParameter
from signet.fields import Body
from signet.health import Change, Standing
from signet.records import iso
from signet.routes import Rule
from signet.store import apps, carrier_health, deployment

PAGE = 20
MAX_PAGE = 100


def show(own: str, others: str) -> Body:
    """The rules as they are now, and which carriers there are for new ones.

    `own` is the deployment's carrier, which sends where no rule fits; `others` as in
    `routes.usable`.
    """
    return _shown(deployment.read_settings().routes, own, others)


def put(act: Act, body: Body, own: str, others: str) -> Body:
    """Route by these rules, in the place of those there were. Raises BadParameter."""
    rules = route_rules.parse(body, usable=routes.usable(own, others))
    for app_id in {rule.app_id for rule in rules if rule.app_id}:
        if apps.get(app_id) is None:
            raise BadParameter(f"app_id: there is no app {fields.short(app_id)}.")
    return _shown(deployment.set_routes(rules, by=act.by, now=act.at).routes, own, others)


def health(query: Mapping[str, str]) -> Body:
    """The part of its messages that each carrier keeps, and how parts changed, newest first.

    Raises BadParameter.
    """
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    changes, cursor = carrier_health.changes(limit=limit, cursor=query.get("cursor") or None)
    return {
        "items": [_standing(one) for one in carrier_health.standings()],
        "changes": [_change(one) for one in changes],
        "cursor": cursor,
    }


def _shown(rules: Sequence[Rule], own: str, others: str) -> Body:
    usable = routes.usable(own, others)
    return {"rules": [routes.shown(rule) for rule in rules], "usable": usable, "own": own}


def _standing(one: Standing) -> Body:
    return {
        "carrier": one.carrier,
        "country": one.country,
        "share": one.share,
        "reason": one.reason,
        "changed_at": iso(one.changed_at) if one.changed_at else None,
    }


def _change(one: Change) -> Body:
    return {
        "at": iso(one.at),
        "carrier": one.carrier,
        "country": one.country,
        "from": one.before,
        "to": one.after,
        "reason": one.reason,
    }
