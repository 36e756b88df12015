"""Showing signatures and templates in the console: versions, the linter's view, queue, audit."""

from collections.abc import Mapping
from typing import Any

from signet import fields, phones, previews, routes, submissions, vendor_templates
from signet.apps import App
from signet.edge import settings
from signet.errors import NotPermitted
from signet.fields import Body
from signet.flows import review
from signet.reviews import Type, Version
from signet.store import apps, audits, deployment, mappings, versions

PAGE = 50
MAX_PAGE = 100


def listing(app: App, of: Type, name: str | None, query: Mapping[str, str]) -> Body:
    """All versions under a name, or under all names, a name's newest first.

    Raises BadParameter.
    """
    found, cursor = versions.list_versions(app.app_id, of, name=name, **_page(query))
    page = {"items": [submissions.shown(version) for version in found], "cursor": cursor}
    if name or of is Type.TEMPLATE:
        return page
    default = app.default_signature
    return {**page, "default": default.name if default else None}


def lint_signature(app: App, body: Body) -> Body:
    """What the linter says about a signature's text. Raises BadParameter."""
    return _linted(submissions.typed_signature(body, app_id=app.app_id), app)


def lint_template(app: App, body: Body) -> Body:
    """What the linter says about a template's text, and how it will look. Raises BadParameter."""
    typed = submissions.typed_template(body, app_id=app.app_id)
    default = app.default_signature
    chosen = submissions.chosen_signature(body)
    kept = submissions.kept_text(typed)
    preview = previews.preview(
        kept,
        submissions.values(body),
        app_name=app.name,
        signature=_newest_text(app, chosen) if chosen else default.text if default else None,
        overrides=deployment.settings().prices,
    )
    return {**_linted(typed, app), **submissions.shown_preview(kept, preview)}


def queue(query: Mapping[str, str]) -> Body:
    """What waits for a decision in all apps, oldest first. Raises BadParameter."""
    waiting, cursor = versions.queue(**_page(query))
    known = apps.get_many(version.app_id for version in waiting)
    items = [
        submissions.waiting(version, known[version.app_id], missing_mappings=_lacking(version))
        for version in waiting
        if version.app_id in known
    ]
    return {"items": items, "cursor": cursor}


def audit(own: str | None, query: Mapping[str, str]) -> Body:
    """The trail of the owner's `own` app, newest first, or for operators (None) of any app.

    Without an app, operators get what was done to the deployment. Raises NotPermitted, Missing
    and BadParameter.
    """
    named = query.get("app_id")
    if own and named not in (None, own):
        raise NotPermitted
    app_id = own or (submissions.app_of(named) if named else apps.DEPLOYMENT)
    entries, cursor = audits.entries(app_id, **_page(query))
    return {"items": [submissions.shown_entry(entry) for entry in entries], "cursor": cursor}


def _linted(typed: Version, app: App) -> Body:
    return {"findings": submissions.shown_findings(review.lint(typed, app))}


def _newest_text(app: App, name: str) -> str | None:
    found, _ = versions.list_versions(app.app_id, Type.SIGNATURE, name=name, limit=1)
    return found[0].text if found else None


def _lacking(version: Version) -> list[str]:
    """The carriers that could not send a template, for want of a mapping."""
    if version.type is not Type.TEMPLATE:
        return []
    carriers = routes.by_country(
        deployment.settings().routes,
        app_id=version.app_id,
        kind=version.kind,
        own=settings.value("SIGNET_CARRIER"),
    )
    strict = dict.fromkeys(
        name
        for country, names in carriers.items()
        for name in names
        if vendor_templates.sends_theirs(name, mainland=country == str(phones.MAINLAND))
    )
    return mappings.lacking(version.app_id, version.name, version.number, strict)


def _page(query: Mapping[str, str]) -> dict[str, Any]:
    limit = fields.limit(query, default=PAGE, most=MAX_PAGE)
    return {"limit": limit, "cursor": query.get("cursor") or None}
