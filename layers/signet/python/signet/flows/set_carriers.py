"""Carriers in the console: what each needs, and which of its templates stand for ours."""

from collections.abc import Mapping, Sequence

from signet import carrier_steps, routes, vendor_templates
from signet.acts import Act
from signet.audits import Entry
from signet.carrier_steps import Carrier
from signet.errors import Missing
from signet.fields import Body
from signet.store import apps, mappings
from signet.store.apps import DEPLOYMENT
from signet.vendor_templates import Ours

# How a path names all apps; no app can be called so.
ALL_APPS = "-"


def carriers(active: str, others: str, region: str, base: str) -> Body:
    """The carriers of this region, what each needs, and which of them may deliver.

    `active` delivers where no route says otherwise; `others` as in `routes.usable`; `base` is
    where carriers reach the API, "" where that is not known here.
    """
    usable = routes.usable(active, others)
    items = [_carrier(name, one, usable) for name, one in carrier_steps.available(region).items()]
    return {"active": active, "base_url": base, "items": items}


def listing(app_id: str) -> Body:
    """The mappings of an app, or of all apps. Raises Missing."""
    found = mappings.of_app(_partition(app_id))
    return {
        "items": [vendor_templates.shown(ours, theirs) for ours, theirs in found],
        "cursor": None,
    }


def put(act: Act, app_id: str, body: Body) -> Body:
    """Map one of ours to one of the carrier's. Raises BadParameter and Missing."""
    partition = _partition(app_id)
    ours, theirs = vendor_templates.parse(body, for_all_apps=app_id == ALL_APPS)
    mappings.put(partition, ours, theirs, _entry(act, "map", ours))
    return vendor_templates.shown(ours, theirs)


def remove(act: Act, app_id: str, query: Mapping[str, str]) -> Body:
    """Forget a mapping, named by `carrier`, `template`, `version`. Raises Missing."""
    version = query.get("version", "")
    ours = vendor_templates.place(
        {**query, "version": int(version[:9]) if version.isascii() and version.isdecimal() else 0}
    )
    mappings.remove(_partition(app_id), ours, _entry(act, "unmap", ours))
    return {}


def _carrier(name: str, carrier: Carrier, usable: Sequence[str]) -> Body:
    return {
        "name": name,
        "label": carrier.name,
        "needs": carrier.needs,
        "usable": name in usable,
        "ready": _ready(name, usable),
    }


def _ready(name: str, usable: Sequence[str]) -> bool | None:
    """Whether the carrier can deliver codes; None where only the vendor knows."""
    if name not in usable or name not in vendor_templates.CARRIERS:
        return None
    return mappings.find(DEPLOYMENT, Ours(name)) is not None


def _partition(app_id: str) -> str:
    if app_id == ALL_APPS:
        return DEPLOYMENT
    if apps.get(app_id) is None:
        raise Missing
    return app_id


def _entry(act: Act, action: str, ours: Ours) -> Entry:
    subject = f"mapping:{ours.carrier}/{ours.template or ''}"
    return act.entry(action, subject, version=ours.version)
