"""Reviews of signatures and templates: versions, their states, who decides, what is risky.

    state     | event   | → state  | when
    ----------+---------+----------+-----------------------------------------------------------
    draft     | submit  | pending  |
    pending   | file    | filing   | marketing signatures: the carriers register them
    pending   | approve | approved | but an app's first marketing signature is filed before
    pending   | reject  | rejected | with a reason code and a sentence
    filing    | approve | approved |
    filing    | reject  | rejected | with a reason code and a sentence

Only a draft can be changed; everything else that is new is a new version under the same name,
and the newest approved one is in use. Owners submit, operators decide (design.md 3, 4).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from signet import audits
from signet.apps import App, ReviewState, Use
from signet.errors import BadParameter, NoEffect, NotPermitted
from signet.findings import Finding, Severity
from signet.limits import Kind

MAX_SIGNATURES = 50
MAX_TEMPLATES = 1_000

_MAX_NAME = 64
_MAX_COMMENT = 500
# Item keys are put together with "#"; the others would not pass through a path as they are.
_NOT_IN_NAMES = frozenset("#/\\%?")


class Type(StrEnum):
    """What is submitted."""

    SIGNATURE = "signature"
    TEMPLATE = "template"


class OwnerKind(StrEnum):
    """What entitles the owner to a signature."""

    COMPANY = "company"
    APP = "app"
    TRADEMARK = "trademark"


class Event(StrEnum):
    """What can happen to a version."""

    SUBMIT = "submit"
    APPROVE = "approve"
    FILE = "file"
    REJECT = "reject"


class Reason(StrEnum):
    """Why a version was rejected, for programs; a sentence says it to people."""

    CONTENT = "content"
    MARKETING_IN_OTHER_KIND = "marketing_in_other_kind"
    BANNED_TRADE = "banned_trade"
    LINK = "link"
    CONTACT = "contact"
    VARIABLES = "variables"
    SIGNATURE_PROOF = "signature_proof"
    COMPANY_MISSING = "company_missing"
    FORMAT = "format"
    OTHER = "other"


class Risk(StrEnum):
    """How closely a reviewer should look; what is low may pass by itself."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a signature or template; `number` counts from 1 under its name.

    Templates have a `kind`; signatures a `use`, an `owner_kind` and perhaps a `proof` in words or
    as a link. `author` and `decided_by` are actors as in `audits`. `findings` are the linter's at
    the last change. What was given at the creation of its app has no times.
    """

    app_id: str
    type: Type
    name: str
    text: str
    author: str
    number: int = 0
    state: ReviewState = ReviewState.DRAFT
    kind: Kind | None = None
    use: Use | None = None
    owner_kind: OwnerKind | None = None
    proof: str | None = None
    findings: Sequence[Finding] = ()
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    reasons: Sequence[Reason] = ()
    comment: str | None = None
    in_use: bool = False

    @property
    def is_marketing(self) -> bool:
        """Whether it advertises, or stands in front of what does."""
        return self.kind is Kind.MARKETING or self.use is Use.MARKETING

    @property
    def subject(self) -> str:
        """How the audit trail names it."""
        return f"{self.type}:{self.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer says; `by` is an actor as in `audits`."""

    event: Event
    by: str
    reasons: Sequence[Reason] = ()
    comment: str | None = None


_NEXT = {
    (ReviewState.DRAFT, Event.SUBMIT): ReviewState.PENDING,
    (ReviewState.PENDING, Event.FILE): ReviewState.FILING,
    (ReviewState.PENDING, Event.APPROVE): ReviewState.APPROVED,
    (ReviewState.PENDING, Event.REJECT): ReviewState.REJECTED,
    (ReviewState.FILING, Event.APPROVE): ReviewState.APPROVED,
    (ReviewState.FILING, Event.REJECT): ReviewState.REJECTED,
}


def after(state: ReviewState, event: Event) -> ReviewState:
    """The state that follows. Raises NoEffect where the table has no row."""
    following = _NEXT.get((state, event))
    if following is None:
        raise NoEffect(f"A version that is {state} takes no {event}.")
    return following


def check_name(name: str) -> None:
    """Raises BadParameter for what cannot be the name of a signature or template."""
    if not (0 < len(name) <= _MAX_NAME and name.isprintable() and name == name.strip()):
        raise BadParameter(
            f"name has 1 to {_MAX_NAME} printable characters and no space at its ends."
        )
    if _NOT_IN_NAMES.intersection(name) or name in (".", ".."):
        raise BadParameter("name must not contain # / \\ % or ?, nor be . or ..")


def check_submission(version: Version, app: App) -> None:
    """Raises BadParameter, with the findings, for a version that cannot be submitted."""
    errors = [finding for finding in version.findings if finding.severity is Severity.ERROR]
    if errors:
        sentences = " ".join(finding.message["en"] for finding in errors)
        raise BadParameter(
            f"text cannot be submitted. {sentences}",
            fields={"findings": [asdict(finding) for finding in version.findings]},
        )
    if version.is_marketing and not app.company:
        raise BadParameter("Marketing needs the app to have a company: set it before.")


def decide(
    version: Version, verdict: Verdict, app: App, *, has_marketing_signature: bool
) -> ReviewState:
    """The state that a verdict leads to.

    Raises NotPermitted for a reviewer who must not judge this version, BadParameter for a
    rejection without its why, NoEffect for what the table above does not have.
    """
    _check_reviewer(version, verdict, app)
    following = after(version.state, verdict.event)
    if verdict.comment is not None and len(verdict.comment) > _MAX_COMMENT:
        raise BadParameter(f"comment is longer than {_MAX_COMMENT} characters.")
    if verdict.event is Event.REJECT and not (verdict.reasons and verdict.comment):
        raise BadParameter("A rejection needs at least one reason and a comment.")
    marketing_signature = version.type is Type.SIGNATURE and version.is_marketing
    if verdict.event is Event.FILE and not marketing_signature:
        raise NoEffect("Only marketing signatures are filed with the carriers.")
    if verdict.event is Event.APPROVE and version.is_marketing:
        _check_marketing(version, app, filed=has_marketing_signature or not marketing_signature)
    return following


def risk(version: Version, app: App) -> Risk:
    """How closely to look at a version."""
    noticed = any(finding.severity is not Severity.NOTE for finding in version.findings)
    if version.is_marketing or noticed:
        return Risk.HIGH
    default = app.default_signature
    has_signature = default is not None and default.state is ReviewState.APPROVED
    known = version.type is Type.TEMPLATE and has_signature
    return Risk.LOW if known else Risk.MEDIUM


def may_pass(version: Version, app: App, *, approver: str) -> bool:
    """Whether a submitted version is approved at once, in the name of the operator who let it."""
    if app.separate_review and app.created_by == approver:
        return False
    return risk(version, app) is Risk.LOW


def _check_reviewer(version: Version, verdict: Verdict, app: App) -> None:
    if verdict.by == version.author:
        raise NotPermitted("The author of a version does not review it.")
    if app.separate_review and app.created_by and verdict.by == audits.operator(app.created_by):
        raise NotPermitted("This app is reviewed by another operator than the one who created it.")


def _check_marketing(version: Version, app: App, *, filed: bool) -> None:
    if not app.company:
        raise NoEffect("Marketing needs the app to have a company: set it before.")
    if version.state is ReviewState.PENDING and not filed:
        raise NoEffect("An app's first marketing signature is filed with the carriers before.")
