"""From a submission to a decision: lint, record, perhaps approve at once; judge, record.

Owners' steps are `propose`, `revise`, `submit` and `withdraw`, the operators' is `judge`. Each
records its change and its entry in the audit trail together, or neither (`store.words`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from signet import audits, content_rules, reviews, signatures
from signet.apps import App, ReviewState
from signet.audits import Entry
from signet.errors import Missing, NoEffect, Unavailable
from signet.findings import Finding
from signet.reviews import Event, Type, Verdict, Version

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Which version is meant."""

    app_id: str
    type: Type
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Stores:
    """Where versions are kept; see `store.versions`, `store.words` and `store.apps`.

    `auto_approver` is the operator who lets low-risk templates pass, None while nobody does.
    """

    app: Callable[[str], App | None]
    version: Callable[[str, Type, str, int], Version]
    has_marketing_signature: Callable[[str], bool]
    create: Callable[[Version, Entry], Version]
    update: Callable[[Version, Version, Entry], Version]
    delete: Callable[[Version, Entry], None]
    decide: Callable[[Version, ReviewState, Verdict, Entry], Version]
    auto_approver: Callable[[], str | None]


def lint(version: Version, app: App) -> list[Finding]:
    """What the linter says about a version's text."""
    if version.kind is None:
        return list(signatures.check(version.text))
    return list(content_rules.check(version.text, version.kind, personal=app.personal))


def propose(new: Version, app: App, stores: Stores, *, submitted: bool, now: datetime) -> Version:
    """Record a new version, as a draft or submitted; the version with its number.

    Raises BadParameter for what cannot be submitted, with the findings.
    """
    new = replace(new, findings=lint(new, app), created_at=now)
    if not submitted:
        return stores.create(new, _entry(new, new.author, "create", now))
    new = _as_submitted(new, app, now)
    recorded = stores.create(new, _entry(new, new.author, "submit", now))
    return _perhaps_approved(recorded, app, stores, now)


def revise(place: Place, changed: Version, app: App, stores: Stores, *, now: datetime) -> Version:
    """Replace a draft. Raises Missing and NoEffect."""
    seen = _draft(_version(place, stores))
    if seen.use is not changed.use:
        raise NoEffect("A signature's use stays: delete the draft and begin a new one.")
    changed = replace(
        changed, number=seen.number, findings=lint(changed, app), created_at=seen.created_at
    )
    return stores.update(seen, changed, _entry(changed, changed.author, "edit", now))


def submit(place: Place, app: App, stores: Stores, *, now: datetime) -> Version:
    """Submit a draft. Raises Missing, NoEffect, and BadParameter with the findings."""
    seen = _draft(_version(place, stores))
    linted = replace(seen, findings=lint(seen, app))
    submitted = _as_submitted(linted, app, now)
    entry = _entry(seen, audits.owner(app.app_id), "submit", now)
    return _perhaps_approved(stores.update(seen, submitted, entry), app, stores, now)


def withdraw(place: Place, stores: Stores, *, now: datetime) -> None:
    """Forget a draft. Raises Missing and NoEffect."""
    seen = _draft(_version(place, stores))
    stores.delete(seen, _entry(seen, audits.owner(place.app_id), "delete", now))


def judge(place: Place, verdict: Verdict, stores: Stores, *, now: datetime) -> Version:
    """Decide about a version; of several at once one wins, the others get NoEffect.

    Raises Missing and what `reviews.decide` raises.
    """
    seen = _version(place, stores)
    app = stores.app(place.app_id)
    if app is None:
        raise Missing
    return _decided(seen, verdict, app, stores, now)


def _as_submitted(version: Version, app: App, now: datetime) -> Version:
    reviews.check_submission(version, app)
    state = reviews.after(version.state, Event.SUBMIT)
    return replace(version, state=state, submitted_at=now)


def _perhaps_approved(version: Version, app: App, stores: Stores, now: datetime) -> Version:
    """The version, approved at once where an operator lets such pass."""
    approver = stores.auto_approver()
    if approver is None or not reviews.may_pass(version, app, approver=approver):
        return version
    verdict = Verdict(Event.APPROVE, audits.automatic(approver))
    try:
        return _decided(version, verdict, app, stores, now)
    except (NoEffect, Unavailable):
        # It is submitted, and a person can still decide.
        log.warning("not_approved_at_once", extra={"app_id": app.app_id})
        return version


def _decided(seen: Version, verdict: Verdict, app: App, stores: Stores, now: datetime) -> Version:
    is_signature = seen.type is Type.SIGNATURE and seen.is_marketing
    has_one = is_signature and stores.has_marketing_signature(app.app_id)
    state = reviews.decide(seen, verdict, app, has_marketing_signature=has_one)
    entry = replace(
        _entry(seen, verdict.by, verdict.event, now),
        reasons=tuple(verdict.reasons),
        comment=verdict.comment,
    )
    return stores.decide(seen, state, verdict, entry)


def _version(place: Place, stores: Stores) -> Version:
    return stores.version(place.app_id, place.type, place.name, place.number)


def _draft(version: Version) -> Version:
    if version.state is not ReviewState.DRAFT:
        raise NoEffect("Only a draft can be changed: submit a new version.")
    return version


def _entry(version: Version, actor: str, action: str, now: datetime) -> Entry:
    return Entry(
        at=now,
        actor=actor,
        action=str(action),
        subject=version.subject,
        version=version.number or None,
    )
