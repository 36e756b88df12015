"""Running the deployment in the console: operators, settings and prices."""

import re
from collections.abc import Mapping
from datetime import datetime

from signet import fields
from signet.acts import Act
from signet.edge.console import OPERATOR_ID
from signet.errors import BadParameter, NotPermitted
from signet.fields import Body
from signet.flows.create_app import random_key
from signet.prices import price_list
from signet.store import deployment
from signet.store.deployment import Operator

PAGE = 50
MAX_PAGE = 100

_KEY_LENGTH = 40
_SHIELD = ("observe", "enforce")
_DIAL = re.compile(r"[1-9][0-9]{0,6}")
_MOST_PRICES = 300
# A thousand yuan a segment: more is a slip of the hand.
_MOST_MICROS = 1_000_000_000


def operators(query: Mapping[str, str]) -> Body:
    """The operators by their id, the revoked ones too. Raises BadParameter."""
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    found, cursor = deployment.list_operators(limit=limit, cursor=query.get("cursor"))
    return {"items": [_operator(one) for one in found], "cursor": cursor}


def add_operator(act: Act, body: Body) -> Body:
    """Add an operator; the only reply that has the key. Raises BadParameter and NameTaken."""
    fields.only(body, ("id",))
    name = fields.text(body, "id", longest=64)
    if not OPERATOR_ID.fullmatch(name):
        raise BadParameter("id must be letters, digits and _ . @ -, and not begin with a mark.")
    key = random_key(_KEY_LENGTH)
    deployment.add_operator(name, key, act.actor, now=act.at)
    return {"id": name, "key": key}


def revoke_operator(act: Act, name: str) -> Body:
    """End another operator's key. Raises Missing and NotPermitted."""
    if name == act.by:
        raise NotPermitted("Nobody revokes their own key: ask another operator.")
    deployment.revoke_operator(name, act.actor, now=act.at)
    return {}


def settings() -> Body:
    """The settings of the deployment."""
    found = deployment.read_settings()
    return {
        "auto_approve": found.auto_approve_by is not None,
        "shield": "enforce" if found.enforces else "observe",
    }


def set_settings(act: Act, body: Body) -> Body:
    """Change the settings of the deployment. Raises BadParameter."""
    fields.only(body, ("auto_approve", "shield"))
    if not body:
        raise BadParameter("auto_approve or shield is needed.")
    shield = fields.text(body, "shield", longest=20) if "shield" in body else None
    if shield not in (None, *_SHIELD):
        raise BadParameter("shield must be observe or enforce.")
    if "auto_approve" in body:
        deployment.set_auto_approve(on=fields.flag(body, "auto_approve"), by=act.by, now=act.at)
    if shield:
        deployment.set_enforcing(on=shield == "enforce", by=act.by, now=act.at)
    return settings()


def prices() -> Body:
    """What a segment costs, by dial code: by the list, and as operators set it."""
    published, own = price_list(), deployment.read_settings().prices
    rows = [
        _price(row.dial, row.iso, {"zh": row.zh, "en": row.en}, own.get(row.dial), row.micros)
        for row in published.prices
    ]
    added = sorted(set(own) - set(published.by_dial))
    rows += [
        _price(dial, None, {"zh": f"+{dial}", "en": f"+{dial}"}, own[dial], None) for dial in added
    ]
    return {
        "currency": published.currency,
        "source": published.source,
        "date": published.date,
        "items": rows,
    }


def set_prices(act: Act, body: Body) -> Body:
    """Change prices by dial code; null is the list's again. Raises BadParameter."""
    fields.only(body, ("prices",))
    given = fields.inner(body, "prices")
    if len(given) > _MOST_PRICES:
        raise BadParameter(f"prices has more than {_MOST_PRICES} entries.")
    if not all(_DIAL.fullmatch(dial) for dial in given):
        raise BadParameter("prices must be by dial code, such as 86.")
    changes = {
        dial: fields.whole_or_none(given, dial, least=0, most=_MOST_MICROS) for dial in given
    }
    deployment.set_prices(changes, by=act.by, now=act.at)
    return prices()


def _operator(operator: Operator) -> Body:
    revoked = operator.revoked_at
    return {
        "id": operator.id,
        "created_at": _iso(operator.created_at),
        "created_by": operator.created_by,
        "revoked_at": _iso(revoked) if revoked else None,
    }


def _price(dial: str, iso: str | None, name: Body, own: int | None, published: int | None) -> Body:
    return {
        "dial": dial,
        "iso": iso,
        "name": name,
        "price_micros": published if own is None else own,
        "list_price_micros": published,
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
