"""Audiences in the console's API: made, uploaded, read, looked at, deleted by their owners."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from signet import fields
from signet.acts import Act
from signet.audience_problems import MAX_BYTES
from signet.audience_rows import moment
from signet.audiences import Audience, Consent, Encoding, State, Wanted
from signet.edge import audience_parts, objects, settings, uploads
from signet.edge.functions import FunctionFailed
from signet.edge.http import Answer, Call
from signet.errors import BadParameter, Missing, NoEffect, Unavailable
from signet.fields import Body
from signet.records import iso
from signet.store import audiences as store

PAGE, MAX_PAGE = 20, 100
_LONGEST_NAME = 60
_LONGEST_COLUMN = 100
_LONGEST_HOW = 200
# Calls the function that reads, for an event; see `edge.functions.invoke_later`.
Invoke = Callable[[dict[str, Any]], None]


def create(act: Act, call: Call) -> Answer:
    """A new audience, and where its file goes. Raises BadParameter."""
    body = call.body
    fields.only(body, ("name", "phone_column", "zone_column", "encoding", "consent"))
    now = int(act.at.timestamp())
    audience = Audience(
        app_id=act.by,
        # Ids are in the order of time, so that lists are.
        audience_id=f"{int(act.at.timestamp() * 1000):011x}{secrets.token_hex(4)}",
        name=fields.text(body, "name", longest=_LONGEST_NAME),
        state=State.WAITING,
        wanted=_wanted(body, now),
        created_at=now,
        updated_at=now,
    )
    store.create(audience, act.entry("create_audience", _subject(audience.audience_id)))
    return Answer({**one(audience), "upload": _upload(audience, act)}, 201)


def listing(act: Act, call: Call) -> Body:
    """An app's audiences, a page of them, newest first. Raises BadParameter."""
    limit = fields.limit(call.query, default=PAGE, most=MAX_PAGE)
    found, cursor = store.listing(act.by, limit=limit, cursor=call.query.get("cursor"))
    return {"audiences": [_shown(each) for each in found if _lasts(each, act)], "cursor": cursor}


def show(act: Act, call: Call) -> Body:
    """One audience. Raises Missing."""
    return one(_get(act, call))


def upload(act: Act, call: Call) -> Body:
    """Where a file goes, once more. Raises Missing, and NoEffect when none is taken any more."""
    audience = _get(act, call)
    if not audience.takes_uploads:
        raise NoEffect("This audience takes no file any more: make another one.")
    return {"upload": _upload(audience, act)}


def read(act: Act, call: Call, invoke: Invoke) -> Answer:
    """Have the uploaded file read. Raises Missing without one, NoEffect, Unavailable."""
    audience = _get(act, call)
    file = objects.describe(audience.upload_key, bucket=objects.AUDIENCES)
    begun = store.change(act.by, audience.audience_id, _begin(act, file))
    try:
        invoke({"v": 1, "task": "audience", "app_id": act.by, "audience_id": begun.audience_id})
    except FunctionFailed as failed:
        store.save(replace(begun, state=State.WAITING))
        raise Unavailable from failed
    return Answer(one(begun), 202)


def report(act: Act, call: Call) -> Body:
    """Where the list of rows that are left out is. Raises Missing when there is none."""
    audience = _get(act, call)
    if audience.found is None or audience.state not in (State.READY, State.FAILED):
        raise Missing("There is no report.")
    url = uploads.link(audience.report_key, name=f"{audience.audience_id}-report.csv")
    return {"url": url, "expires_at": iso(int(act.at.timestamp()) + uploads.LINK_LASTS)}


def delete(act: Act, call: Call) -> Body:
    """Remove an audience and its files. Raises Missing, and Unavailable before it is gone."""
    audience = _get(act, call)
    audience_parts.delete(audience)
    entry = act.entry("delete_audience", _subject(audience.audience_id))
    store.delete(act.by, audience.audience_id, entry)
    return {}


def _begin(act: Act, file: objects.Object) -> Callable[[Audience], Audience]:
    """Changes an audience into one that is read, from the file that is there now."""
    now, attempt = int(act.at.timestamp()), secrets.token_hex(8)

    def begun(audience: Audience) -> Audience:
        if audience.attempt == attempt:
            # Of this very call: its reply was lost.
            return audience
        if not audience.may_be_read(now):
            raise NoEffect("This audience is read already, or just now.")
        return audience.reading(file.etag, file.size, attempt=attempt, now=now)

    return begun


def one(audience: Audience) -> dict[str, object]:
    """An audience as a reply has it."""
    return {"audience": _shown(audience)}


def _get(act: Act, call: Call) -> Audience:
    audience = store.get(act.by, call.parameters["id"])
    if not _lasts(audience, act):
        raise Missing
    return audience


def _lasts(audience: Audience, act: Act) -> bool:
    # Expired items are deleted some time later.
    return audience.expires_at > act.at.timestamp()


def _upload(audience: Audience, act: Act) -> Body:
    form = uploads.form(audience.upload_key, most=MAX_BYTES)
    expires_at = int(act.at.timestamp()) + uploads.FORM_LASTS
    return {"url": form.url, "fields": form.fields, "expires_at": iso(expires_at)}


def _wanted(body: Body, now: int) -> Wanted:
    written = body.get("encoding", Encoding.AUTO)
    if not isinstance(written, str) or written not in list(Encoding):
        raise BadParameter(f"encoding must be one of: {', '.join(Encoding)}.")
    return Wanted(
        phone_column=fields.text_or_none(body, "phone_column", longest=_LONGEST_COLUMN),
        zone_column=fields.text_or_none(body, "zone_column", longest=_LONGEST_COLUMN),
        encoding=Encoding(written),
        consent=_consent(fields.inner(body, "consent"), now) if body.get("consent") else None,
    )


def _consent(stated: Body, now: int) -> Consent:
    if "column" in stated:
        fields.only(stated, ("column",))
        column = fields.text(stated, "column", longest=_LONGEST_COLUMN)
        return Consent(how=column, column=column)
    fields.only(stated, ("how", "at"))
    how = fields.text(stated, "how", longest=_LONGEST_HOW)
    written = fields.text_or_none(stated, "at", longest=40)
    at = moment(written) if written else now
    if at is None or at > now:
        raise BadParameter("at must be a time that has passed, such as 2026-05-01T08:00:00+08:00.")
    return Consent(how=how, at=at)


def _subject(audience_id: str) -> str:
    return f"audience:{audience_id}"


def _shown(audience: Audience) -> dict[str, object]:
    found, counts, problem = audience.found, audience.counts, audience.problem
    return {
        "id": audience.audience_id,
        "name": audience.name,
        "state": audience.state.value,
        "problem": problem.key if problem else None,
        "problem_text": problem.text(settings.value("SIGNET_ERROR_LANGUAGE")) if problem else None,
        "encoding": (found.encoding if found else audience.wanted.encoding).value,
        "columns": list(found.columns) if found else [],
        "unused_columns": list(found.unused) if found else [],
        "phone_column": found.phone_column if found else audience.wanted.phone_column,
        "zone_column": found.zone_column if found else audience.wanted.zone_column,
        "rows": counts.rows,
        "valid": counts.valid,
        "invalid": counts.invalid,
        "duplicate": counts.duplicate,
        "opted_out": counts.opted_out,
        "no_consent": counts.no_consent,
        "refused": dict(counts.refused),
        "bytes_read": counts.bytes_read,
        "size": audience.size,
        "sample": [row._asdict() for row in audience.sample],
        "refused_sample": [row._asdict() for row in audience.refused_sample],
        "created_at": iso(audience.created_at),
        "expires_at": iso(audience.expires_at),
    }
