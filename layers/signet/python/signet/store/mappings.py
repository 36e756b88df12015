"""Mappings in the Apps table: which template of a carrier stands for which of ours.

    app_id      | item                                   | stands for
    ------------+----------------------------------------+----------------------------------------
    <id>        | mapping#<carrier>#<template>#<version> | a version of the app's template
    <id>        | mapping#<carrier>##000000              | the built-in text of codes, in this app
    #deployment | mapping#<carrier>##000000              | the same, in all apps without their own

Read through the cache of apps. Failure mode: closed; what cannot be read is not sent.
"""

from collections.abc import Iterable

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from signet import vendor_templates
from signet.audits import Entry
from signet.errors import Missing
from signet.store import apps, audits, table
from signet.store.apps import DEPLOYMENT, AppItem
from signet.vendor_templates import Ours, VendorTemplate

_PREFIX = "mapping#"
# More than anybody maps by hand; a list is read whole.
_MOST = 1_000
# All that a sender may read of the Apps table, which also holds the apps' keys.
_THEIRS = ["app_id", "item", "vendor_template", "vendor_signatures", "vendor_variables", "text"]


def lacking(
    app_id: str, template: str | None, version: int | None, carriers: Iterable[str]
) -> list[str]:
    """Those of the carriers that could not send this, for want of a mapping.

    `carriers` send templates of their own. `template` None: the built-in text.
    """
    return [name for name in carriers if find(app_id, Ours(name, template, version)) is None]


def find(app_id: str, ours: Ours) -> VendorTemplate | None:
    """What the carrier sends for ours; None when it sends our text, or is not told.

    At most `apps.CACHE_SECONDS` old.
    """
    if ours.carrier not in vendor_templates.CARRIERS:
        return None
    own = _cached(app_id, ours)
    return own if own or ours.template else _cached(DEPLOYMENT, ours)


def of_app(app_id: str) -> list[tuple[Ours, VendorTemplate]]:
    """The mappings of an app, or of DEPLOYMENT, by carrier, template and version."""
    found = table.read(
        lambda: list(
            AppItem.query(
                app_id, AppItem.item.startswith(_PREFIX), limit=_MOST, consistent_read=True
            )
        )
    )
    return [(_ours(item), _theirs(item)) for item in found]


def put(app_id: str, ours: Ours, theirs: VendorTemplate, entry: Entry) -> None:
    """Record a mapping, in the place of the one there was, with an entry in the trail."""
    item = AppItem(
        app_id,
        _name(ours),
        carrier=ours.carrier,
        template=ours.template,
        version=ours.version,
        vendor_template=theirs.vendor_template,
        vendor_signatures=dict(theirs.signatures),
        vendor_variables=dict(theirs.variables),
        text=theirs.text,
    )

    def build(writes: TransactWrite) -> None:
        writes.save(item)
        audits.record(writes, app_id, entry)

    table.transact(build)
    apps.forget()


def remove(app_id: str, ours: Ours, entry: Entry) -> None:
    """Forget a mapping, with an entry in the trail. Raises Missing."""

    def build(writes: TransactWrite) -> None:
        writes.delete(AppItem(app_id, _name(ours)), condition=AppItem.item.exists())
        audits.record(writes, app_id, entry)

    try:
        table.transact(build)
    except table.TransactionRefused:
        raise Missing from None
    apps.forget()


def _cached(app_id: str, ours: Ours) -> VendorTemplate | None:
    return apps.cached((app_id, _name(ours)), lambda: _load(app_id, ours))


def _load(app_id: str, ours: Ours) -> VendorTemplate | None:
    try:
        item = table.read(lambda: AppItem.get(app_id, _name(ours), attributes_to_get=_THEIRS))
    except DoesNotExist:
        return None
    return _theirs(item)


def _name(ours: Ours) -> str:
    return f"{_PREFIX}{ours.carrier}#{ours.template or ''}#{ours.version or 0:06d}"


def _ours(item: AppItem) -> Ours:
    version = None if item.version is None else int(item.version)
    return Ours(str(item.carrier), item.template, version)


def _theirs(item: AppItem) -> VendorTemplate:
    return VendorTemplate(
        vendor_template=str(item.vendor_template),
        signatures=item.vendor_signatures or {},
        variables=item.vendor_variables or {},
        text=item.text,
    )
