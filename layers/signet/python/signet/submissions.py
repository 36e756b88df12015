"""Signatures, templates and verdicts in the console API's bodies, and versions in its replies."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from unicodedata import category

from signet import audits, fields, reviews, templates
from signet.apps import App, Use
from signet.audits import Entry
from signet.credentials import APP_ID
from signet.errors import BadParameter, Missing, NotFound
from signet.fields import Body
from signet.findings import Finding
from signet.limits import Kind
from signet.previews import Preview
from signet.reviews import Event, OwnerKind, Reason, Type, Verdict, Version
from signet.templates import TemplateError

# The linter says what is too long; these are for what nobody could mean.
LONGEST_SIGNATURE = 100
LONGEST_TEMPLATE = templates.MAX_TEXT
LONGEST_PROOF = 2_000
LONGEST_COMMENT = 500
LONGEST_VALUE = 200
MOST_VALUES = templates.MAX_VARIABLES + len(templates.RESERVED)

_SIGNATURE = ("name", "text", "use", "owner_kind", "proof", "submit")
_TEMPLATE = ("name", "kind", "text", "submit")

_MOST_DIGITS = 6

_Member = TypeVar("_Member", bound=StrEnum)


def parse(body: Body, of: Type, *, app_id: str, name: str | None = None) -> Version:
    """What an owner submits, under its `name` if the path gave it.

    Raises BadParameter, naming the field.
    """
    return (_signature if of is Type.SIGNATURE else _template)(body, app_id, name)


def is_submitted(body: Body) -> bool:
    """Whether it is to be reviewed now, or kept as a draft. Raises BadParameter."""
    return fields.flag(body, "submit", default=True)


def verdict(body: Body, event: Event, *, by: str) -> Verdict:
    """What an operator, `by` as in audits, says of a version. Raises BadParameter."""
    fields.only(body, ("comment", "reasons") if event is Event.REJECT else ("comment",))
    given = body.get("reasons") or []
    if not isinstance(given, list) or any(code not in list(Reason) for code in given):
        raise BadParameter(f"reasons must be a list of: {', '.join(Reason)}.")
    return Verdict(
        event=event,
        by=by,
        reasons=tuple(dict.fromkeys(Reason(code) for code in given)),
        comment=_lines(body, "comment", longest=LONGEST_COMMENT) if body.get("comment") else None,
    )


def typed_signature(body: Body, *, app_id: str) -> Version:
    """What an owner is writing, nothing included, for the linter. Raises BadParameter."""
    fields.only(body, ("text",))
    text = _lines(body, "text", longest=LONGEST_SIGNATURE, may_be_empty=True)
    return Version(app_id, Type.SIGNATURE, name="", text=text, author=audits.owner(app_id))


def typed_template(body: Body, *, app_id: str) -> Version:
    """What an owner is writing, nothing included, for the linter. Raises BadParameter."""
    fields.only(body, ("kind", "text", "signature", "values"))
    return Version(
        app_id=app_id,
        type=Type.TEMPLATE,
        name="",
        text=_lines(body, "text", longest=LONGEST_TEMPLATE, may_be_empty=True),
        author=audits.owner(app_id),
        kind=choice(body, "kind", Kind),
    )


def kept_text(typed: Version) -> str:
    """A template's text as it is kept once it is submitted."""
    return templates.finished(typed.text, typed.kind) if typed.kind else typed.text


def chosen_signature(body: Body) -> str | None:
    """The name of the signature that a preview is to have. Raises BadParameter."""
    return fields.text_or_none(body, "signature", longest=LONGEST_SIGNATURE)


def values(body: Body) -> dict[str, str]:
    """Values for a preview; what is empty is not given. Raises BadParameter."""
    given = fields.inner(body, "values") if body.get("values") else {}
    some = {name: value for name, value in given.items() if value != ""}
    return fields.texts({"values": some}, "values", most=MOST_VALUES, longest=LONGEST_VALUE)


def choice(body: Body, name: str, members: type[_Member]) -> _Member:
    """One of a few words. Raises BadParameter."""
    value = body.get(name)
    if not isinstance(value, str) or value not in list(members):
        raise BadParameter(f"{name} must be one of: {', '.join(members)}.")
    return members(value)


def name_of(parameters: Mapping[str, str]) -> str:
    """The path's name. Raises Missing for what nothing can be called."""
    try:
        reviews.check_name(parameters["name"])
    except BadParameter:
        raise Missing from None
    return parameters["name"]


def place(parameters: Mapping[str, str]) -> tuple[str, int]:
    """The path's name and version number. Raises Missing for what cannot be there."""
    written = parameters["version"]
    if not (written.isascii() and written.isdecimal() and len(written) <= _MOST_DIGITS):
        raise Missing
    return name_of(parameters), int(written)


def app_of(named: str) -> str:
    """The app that an operator names. Raises Missing for what no app is called."""
    if not APP_ID.fullmatch(named):
        raise Missing
    return named


def type_of(parameters: Mapping[str, str]) -> Type:
    """The path's type. Raises NotFound."""
    if parameters["type"] not in list(Type):
        raise NotFound
    return Type(parameters["type"])


def shown(version: Version) -> dict[str, object]:
    """A version as JSON has it."""
    common: dict[str, object] = {
        "name": version.name,
        "version": version.number,
        "state": version.state,
        "text": version.text,
        "author": version.author,
        "created_at": time(version.created_at),
        "submitted_at": time(version.submitted_at),
        "decided_at": time(version.decided_at),
        "decided_by": version.decided_by,
        "reasons": list(version.reasons),
        "comment": version.comment,
        "in_use": version.in_use,
        "findings": shown_findings(version.findings),
    }
    if version.type is Type.TEMPLATE:
        return {**common, "kind": version.kind, "variables": list(_variables(version.text))}
    owner_kind = version.owner_kind
    return {**common, "use": version.use, "owner_kind": owner_kind, "proof": version.proof}


def waiting(version: Version, app: App, *, missing_mappings: Sequence[str]) -> dict[str, object]:
    """A version in the reviewers' queue, as JSON has it."""
    return {
        **shown(version),
        "app_id": version.app_id,
        "app_name": app.name,
        "company": app.company,
        "type": version.type,
        "risk": reviews.risk(version, app),
        "missing_mappings": list(missing_mappings),
    }


def shown_preview(kept: str, preview: Preview | None) -> dict[str, object]:
    """A preview as JSON has it, with the template's text as it would be kept."""
    return {
        "text": kept,
        "preview": preview.text if preview else None,
        "characters": preview.characters if preview else None,
        "segments": preview.segments if preview else None,
        "price_micros": preview.price_micros if preview else None,
    }


def shown_findings(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """The linter's findings as JSON has them."""
    return [asdict(finding) for finding in findings]


def shown_entry(entry: Entry) -> dict[str, object]:
    """An entry of the audit trail as JSON has it."""
    return {**asdict(entry), "at": time(entry.at), "reasons": list(entry.reasons)}


def time(at: datetime | None) -> str | None:
    """A time as JSON has it: ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _signature(body: Body, app_id: str, name: str | None) -> Version:
    fields.only(body, _SIGNATURE)
    return Version(
        app_id=app_id,
        type=Type.SIGNATURE,
        name=_name(body, name),
        text=fields.text(body, "text", longest=LONGEST_SIGNATURE),
        author=audits.owner(app_id),
        use=choice(body, "use", Use),
        owner_kind=choice(body, "owner_kind", OwnerKind),
        proof=_lines(body, "proof", longest=LONGEST_PROOF) if body.get("proof") else None,
    )


def _template(body: Body, app_id: str, name: str | None) -> Version:
    fields.only(body, _TEMPLATE)
    kind = choice(body, "kind", Kind)
    return Version(
        app_id=app_id,
        type=Type.TEMPLATE,
        name=_name(body, name),
        text=templates.finished(_lines(body, "text", longest=LONGEST_TEMPLATE), kind),
        author=audits.owner(app_id),
        kind=kind,
    )


def _name(body: Body, given: str | None) -> str:
    if given is not None:
        if body.get("name", given) != given:
            raise BadParameter("name is the one of the path: it cannot be changed.")
        return given
    name = body.get("name")
    if not isinstance(name, str):
        raise BadParameter("name is missing.")
    reviews.check_name(name)
    return name


def _lines(body: Body, name: str, *, longest: int, may_be_empty: bool = False) -> str:
    """A text that may have several lines. Raises BadParameter."""
    value = body.get(name)
    if not isinstance(value, str) or not (value.strip() or may_be_empty):
        raise BadParameter(f"{name} must be a text that says something.")
    if len(value) > longest:
        raise BadParameter(f"{name} is longer than {longest} characters.")
    # What else is odd, the linter names; these could not even be kept.
    if any(
        category(character) in ("Cc", "Cs") and character not in "\r\n\t" for character in value
    ):
        raise BadParameter(f"{name} holds control characters.")
    return value


def _variables(text: str) -> Sequence[str]:
    try:
        return templates.variables(text)
    except TemplateError:
        return ()  # a draft may be unfinished
