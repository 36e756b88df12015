"""Campaigns: what their owners made, how they stand, and what became of each row of a run.

    pk  <app>                             sk  campaign#<id>   the campaign, with its run
                                              audience#<id>   see `store.audiences`
    pk  <app>#<campaign>#<run>#<part>     sk  work, heard     see `store.campaign_parts`
    open  open = open, due_at: campaigns that somebody must look at then; the sweeper's only query

Times are epoch seconds but for a run's beginning. Failure mode: closed; a step that cannot be
recorded is not taken.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from signet.audits import Entry
from signet.campaigns import (
    Campaign,
    Content,
    Place,
    Planned,
    Run,
    Schedule,
    State,
    Stops,
    Why,
)
from signet.edge import settings
from signet.errors import Missing
from signet.limits import Kind
from signet.store import audits, cursors, table

_OPEN = "open"
_PREFIX = "campaign#"


class _Open(GlobalSecondaryIndex["CampaignItem"]):
    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    open = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class CampaignItem(table.Table):
    """An item of the Campaigns table, of whichever sort; each attribute is of some sorts only."""

    class Meta:
        table_name = settings.value("SIGNET_CAMPAIGNS_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    open = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    open_index = _Open()

    version = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)
    name = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    content = JSONAttribute(null=True)
    schedule = JSONAttribute(null=True)
    pace = NumberAttribute(null=True)
    stops = JSONAttribute(null=True)
    created_at = NumberAttribute(null=True)
    updated_at = NumberAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    planned = JSONAttribute(null=True)
    run = JSONAttribute(null=True)
    token = UnicodeAttribute(null=True)

    # Of audiences.
    audience = JSONAttribute(null=True)

    # Of parts: rows by outcome, what each costs, and counts of what was heard.
    sent = NumberSetAttribute(null=True)
    failed = NumberSetAttribute(null=True)
    unconfirmed = NumberSetAttribute(null=True)
    opted_out = NumberSetAttribute(null=True)
    capped = NumberSetAttribute(null=True)
    no_carrier = NumberSetAttribute(null=True)
    price = NumberAttribute(null=True)
    delivered = NumberAttribute(null=True)
    undelivered = NumberAttribute(null=True)
    replied_out = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


# What is written together with a change of a campaign, which is the second argument.
Also = Callable[[TransactWrite, Campaign], None]


class Overtaken(Exception):
    """The campaign is not as the caller saw it: somebody else was first."""


def create(campaign: Campaign, entry: Entry) -> None:
    """Record a new campaign, with the trail."""
    item = CampaignItem(campaign.app_id, _sk(campaign.campaign_id), revision=1, **_header(campaign))

    def build(writes: TransactWrite) -> None:
        writes.save(item, CampaignItem.pk.does_not_exist())
        audits.record(writes, campaign.app_id, entry)

    table.transact(build)


def get(app_id: str, campaign_id: str) -> Campaign:
    """The campaign as it is now. Raises Missing."""
    return _campaign(_find(app_id, campaign_id))


def listing(
    app_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Campaign], str | None]:
    """An app's campaigns, newest first, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    items, following = page(app_id, _PREFIX, limit=limit, cursor=cursor)
    return [_campaign(item) for item in items], following


def page(
    app_id: str, prefix: str, *, limit: int, cursor: str | None
) -> tuple[list[CampaignItem], str | None]:
    """An app's items whose sort key begins so, newest first, and the cursor of the next page."""
    start = None
    if cursor:
        start = {"pk": {"S": app_id}, "sk": {"S": cursors.unpack(cursor, prefix=prefix)}}
    found = CampaignItem.query(
        app_id,
        CampaignItem.sk.startswith(prefix),
        scan_index_forward=False,
        limit=limit,
        last_evaluated_key=start,
        consistent_read=True,
    )
    items = table.read(lambda: list(found))
    following = cursors.pack(str(items[-1].sk)) if len(items) == limit else None
    return items, following


def change(
    app_id: str,
    campaign_id: str,
    change: Callable[[Campaign], Campaign],
    *,
    also: Also = lambda _, __: None,
) -> Campaign:
    """The campaign after `change`, recorded together with what `also` adds, or as it was.

    `change` sees the campaign as it is and may raise to leave it so; it may be called again.
    Raises Missing, and Overtaken when the campaign stands while what `also` adds is refused.
    """
    while True:
        item = _find(app_id, campaign_id)
        before = _campaign(item)
        after = change(before)
        if after == before:
            return before
        try:
            _write(item, after, also)
        except table.TransactionRefused as refused:
            # Only the campaign itself shows what it was; how many writes go before it varies.
            if not any(found and found.get("sk") == item.sk for found in refused.before):
                _find(app_id, campaign_id)
                raise Overtaken from refused
            table.pause()
            continue
        return after


def trailed(entry: Callable[[Campaign], Entry]) -> Also:
    """Have a change told in the trail, by what `entry` says of the campaign after it."""
    return lambda writes, after: audits.record(writes, after.app_id, entry(after))


def record_step(before: Campaign, after: Campaign) -> None:
    """Record where a step of a running campaign got to, in one write.

    Raises Overtaken when the step was not the one that may go on, or it does not run any more.
    """
    run = after.run
    if before.run is None or run is None:
        raise Overtaken
    condition = (CampaignItem.token == before.run.token) & (
        CampaignItem.state == State.RUNNING.value
    )
    actions: list[Action] = [
        CampaignItem.run.set(_run_document(run)),
        CampaignItem.token.set(run.token),
        CampaignItem.revision.set(CampaignItem.revision + 1),
    ]
    if after.due_at is not None:
        actions.append(CampaignItem.due_at.set(after.due_at))
    try:
        table.update(CampaignItem(after.app_id, _sk(after.campaign_id)), actions, condition)
    except table.ConditionFailed as failed:
        raise Overtaken from failed


def due(now: int, *, limit: int) -> list[tuple[str, str]]:
    """(app id, campaign id) of campaigns that somebody must look at, the longest waiting first."""
    found = CampaignItem.open_index.query(_OPEN, CampaignItem.due_at <= now, limit=limit)
    items = table.read(lambda: list(found))
    return [(str(item.pk), str(item.sk).removeprefix(_PREFIX)) for item in items]


def delete(app_id: str, campaign_id: str, entry: Entry) -> None:
    """Remove a draft, with the trail. Raises Missing for one that is none any more."""

    def build(writes: TransactWrite) -> None:
        item = CampaignItem(app_id, _sk(campaign_id))
        writes.delete(item, CampaignItem.state == State.DRAFT.value)
        audits.record(writes, app_id, entry)

    try:
        table.transact(build)
    except table.TransactionRefused as refused:
        raise Missing from refused


def _sk(campaign_id: str) -> str:
    return f"{_PREFIX}{campaign_id}"


def _find(app_id: str, campaign_id: str) -> CampaignItem:
    read = partial(CampaignItem.get, app_id, _sk(campaign_id), consistent_read=True)
    try:
        return table.read(read)
    except DoesNotExist:
        raise Missing from None


def _write(item: CampaignItem, after: Campaign, also: Also) -> None:
    attributes = CampaignItem.get_attributes()
    actions: list[Action] = [
        attributes[name].remove() if value is None else attributes[name].set(value)
        for name, value in _header(after).items()
    ]
    actions.append(CampaignItem.revision.set(CampaignItem.revision + 1))

    def build(writes: TransactWrite) -> None:
        unchanged = CampaignItem.revision == item.revision
        key = CampaignItem(str(item.pk), str(item.sk))
        writes.update(key, actions, unchanged, return_values="ALL_OLD")
        also(writes, after)

    table.transact(build)


def _header(campaign: Campaign) -> dict[str, Any]:
    """The attributes of a campaign."""
    return {
        "version": campaign.version,
        "name": campaign.name,
        "state": campaign.state.value,
        "content": asdict(campaign.content),
        "schedule": asdict(campaign.schedule),
        "pace": campaign.pace,
        "stops": asdict(campaign.stops),
        "created_at": campaign.created_at,
        "updated_at": campaign.updated_at,
        "created_by": campaign.created_by,
        "why": campaign.why.value if campaign.why else None,
        "planned": asdict(campaign.planned) if campaign.planned else None,
        "run": _run_document(campaign.run) if campaign.run else None,
        "token": campaign.run.token if campaign.run else None,
        "open": None if campaign.due_at is None else _OPEN,
        "due_at": campaign.due_at,
    }


def _run_document(run: Run) -> dict[str, Any]:
    return asdict(run)


def _campaign(item: CampaignItem) -> Campaign:
    content, run = dict(item.content), item.run
    return Campaign(
        app_id=str(item.pk),
        campaign_id=str(item.sk).removeprefix(_PREFIX),
        version=int(item.version),
        name=str(item.name),
        state=State(item.state),
        content=Content(**{**content, "kind": Kind(content["kind"])}),
        schedule=Schedule(**item.schedule),
        pace=None if item.pace is None else int(item.pace),
        stops=Stops(**item.stops),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        created_by=str(item.created_by),
        why=Why(item.why) if item.why else None,
        planned=Planned(**item.planned) if item.planned else None,
        run=_run(run) if run else None,
        due_at=None if item.due_at is None else int(item.due_at),
    )


def _run(document: Mapping[str, Any]) -> Run:
    return Run(**{
        **document,
        "places": tuple(Place(*place) for place in document["places"]),
        "firsts": tuple(document["firsts"]),
        "recent": tuple(document["recent"]),
        "forgiven": tuple(tuple(each) for each in document["forgiven"]),
    })  # fmt: skip
