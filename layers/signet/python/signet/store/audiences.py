"""Audiences in the Campaigns table: pk <app>, sk audience#<id>.

    audience  all of it, as JSON; `revision` counts its changes, `ttl` is when it is deleted

A change is written under the condition that nobody else was first. Failure mode: closed.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from signet.audience_problems import Problem
from signet.audiences import (
    Audience,
    Consent,
    Counts,
    Encoding,
    Found,
    Reason,
    RefusedRow,
    SampleRow,
    State,
    Wanted,
)
from signet.audits import Entry
from signet.errors import Missing
from signet.store import audits, campaigns, table
from signet.store.campaigns import CampaignItem, Overtaken

_PREFIX = "audience#"


def create(audience: Audience, entry: Entry) -> None:
    """Record a new audience, with the trail."""
    item = CampaignItem(
        audience.app_id,
        _sk(audience.audience_id),
        audience=_document(audience),
        revision=1,
        ttl=audience.expires_at,
    )

    def build(writes: TransactWrite) -> None:
        writes.save(item, CampaignItem.pk.does_not_exist())
        audits.record(writes, audience.app_id, entry)

    table.transact(build)


def get(app_id: str, audience_id: str) -> Audience:
    """The audience as it is now. Raises Missing."""
    return _audience(_find(app_id, audience_id))


def listing(
    app_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Audience], str | None]:
    """An app's audiences, newest first, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    items, following = campaigns.page(app_id, _PREFIX, limit=limit, cursor=cursor)
    return [_audience(item) for item in items], following


def change(app_id: str, audience_id: str, change: Callable[[Audience], Audience]) -> Audience:
    """The audience after `change`, recorded.

    `change` sees it as it is and may raise to leave it so; it may be called again. Raises Missing.
    """
    while True:
        item = _find(app_id, audience_id)
        after = change(_audience(item))
        try:
            _write(after, CampaignItem.revision == item.revision)
        except table.ConditionFailed:
            table.pause()
            continue
        return after


def begin(app_id: str, audience_id: str, attempt: str) -> Audience:
    """Let a reading of that name work on it, instead of one before. Raises Missing, Overtaken."""

    def taken(now: Audience) -> Audience:
        if now.state is not State.READING:
            raise Overtaken
        return replace(now, attempt=attempt)

    return change(app_id, audience_id, taken)


def save(audience: Audience) -> None:
    """Record how far its reading is. Raises Overtaken when it is not the one that reads, any more.

    Whether it is shows in `attempt`, which every reading changes.
    """

    def checked(now: Audience) -> Audience:
        if now == audience:
            # Of this very call: its reply was lost.
            return now
        if now.state is not State.READING or now.attempt != audience.attempt:
            raise Overtaken
        return audience

    try:
        change(audience.app_id, audience.audience_id, checked)
    except Missing as missing:
        raise Overtaken from missing


def delete(app_id: str, audience_id: str, entry: Entry) -> None:
    """Remove it, with the trail. Raises Missing."""

    def build(writes: TransactWrite) -> None:
        item = CampaignItem(app_id, _sk(audience_id))
        writes.delete(item, CampaignItem.pk.exists())
        audits.record(writes, app_id, entry)

    try:
        table.transact(build)
    except table.TransactionRefused as refused:
        raise Missing from refused


def _sk(audience_id: str) -> str:
    return f"{_PREFIX}{audience_id}"


def _find(app_id: str, audience_id: str) -> CampaignItem:
    read = partial(CampaignItem.get, app_id, _sk(audience_id), consistent_read=True)
    try:
        return table.read(read)
    except DoesNotExist:
        raise Missing from None


def _write(audience: Audience, condition: Any) -> None:
    actions = [
        CampaignItem.audience.set(_document(audience)),
        CampaignItem.revision.set(CampaignItem.revision + 1),
    ]
    table.update(CampaignItem(audience.app_id, _sk(audience.audience_id)), actions, condition)


def _document(audience: Audience) -> dict[str, Any]:
    return asdict(audience)


def _audience(item: CampaignItem) -> Audience:
    document = dict(item.audience)
    found, problem = document["found"], document["problem"]
    return Audience(**{
        **document,
        "state": State(document["state"]),
        "wanted": _wanted(document["wanted"]),
        "found": _found(found) if found else None,
        "counts": Counts(**document["counts"]),
        "problem": Problem(**problem) if problem else None,
        "sample": tuple(SampleRow(*row) for row in document["sample"]),
        "refused_sample": tuple(_refused(*row) for row in document["refused_sample"]),
    })  # fmt: skip


def _wanted(document: Mapping[str, Any]) -> Wanted:
    consent = document["consent"]
    return Wanted(**{
        **document,
        "encoding": Encoding(document["encoding"]),
        "consent": Consent(**consent) if consent else None,
    })  # fmt: skip


def _found(document: Mapping[str, Any]) -> Found:
    names = {each: tuple(document[each]) for each in ("columns", "unused")}
    return Found(**{**document, **names, "encoding": Encoding(document["encoding"])})


def _refused(line: int, value: str, reason: str) -> RefusedRow:
    return RefusedRow(line, value, Reason(reason))
