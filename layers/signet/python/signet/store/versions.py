"""Versions of signatures and templates, as the Apps table holds them; `store.words` writes them.

    <app> | signature#<name>, template#<name>    head: the version in use (text, kind or use,
          |                                      version, state), latest (highest version number);
          |                                      while none is in use version is 0, without a text
    <app> | signature-version#<name>#000001      one submission; from its submission to its end
          | template-version#<name>#000001       `listed` is "reviews": the index is the queue

A head without `latest` was made with its app: it stands for its version 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist

from signet import reviews
from signet.apps import ReviewState, Use
from signet.errors import Missing
from signet.findings import Finding, Severity
from signet.limits import Kind
from signet.reviews import OwnerKind, Reason, Type, Version
from signet.store import apps, cursors, table
from signet.store.apps import AppItem

_QUEUE = "reviews"
# Who made what came with its app; nobody reviewed it.
_AT_CREATION = "signet"


def get(app_id: str, type_: Type, name: str, number: int) -> Version:
    """One version. Raises Missing."""
    item = find(app_id, _version_key(type_, name, number))
    head = find(app_id, head_key(type_, name))
    if item:
        return _version(item, head)
    if head and number == 1 and head.latest is None:
        return given(head)
    raise Missing


def list_versions(
    app_id: str, type_: Type, *, name: str | None = None, limit: int, cursor: str | None = None
) -> tuple[list[Version], str | None]:
    """Versions, a name's newest first, at most `limit` (≤ 100), and the next page's cursor.

    The last page has what was given with the app too. Raises BadParameter for a broken cursor.
    """
    prefix = f"{type_}-version#" if name is None else f"{type_}-version#{name}#"
    items, following = apps.page(app_id, prefix, limit=limit, cursor=cursor, backwards=True)
    heads = _heads((item.app_id, _head_key_of(item)) for item in items)
    found = [_version(item, heads.get((item.app_id, _head_key_of(item)))) for item in items]
    if following is None and type_ is Type.SIGNATURE:
        found += _all_given(app_id, name)
    return found, following


def has_marketing_signature(app_id: str) -> bool:
    """Whether a marketing signature of the app is approved."""
    items, _ = apps.page(app_id, f"{Type.SIGNATURE}#", limit=2 * reviews.MAX_SIGNATURES)
    return any(item.use == Use.MARKETING and is_in_use(item) for item in items)


def queue(*, limit: int, cursor: str | None = None) -> tuple[list[Version], str | None]:
    """Versions of all apps that wait for a decision, oldest first, at most `limit` (≤ 100).

    A new one may be missing for a moment. Raises BadParameter for a broken cursor.
    """
    after = AppItem.listed_key > cursors.unpack(cursor) if cursor else None
    keys = apps.listed(_QUEUE, limit=limit, after=after)
    items = {
        (item.app_id, item.item): item
        for item in apps.read_many((key.app_id, key.item) for key in keys)
    }
    heads = _heads((item.app_id, _head_key_of(item)) for item in items.values())
    # The index follows a little later: what was decided meanwhile is no longer listed.
    waiting = [
        items[key.app_id, key.item]
        for key in keys
        if (key.app_id, key.item) in items and items[key.app_id, key.item].listed
    ]
    found = [_version(item, heads.get((item.app_id, _head_key_of(item)))) for item in waiting]
    return found, cursors.pack(keys[-1].listed_key) if len(keys) == limit else None


def find(app_id: str, key: str) -> AppItem | None:
    """An item as it is now."""
    try:
        return table.read(lambda: AppItem.get(app_id, key, consistent_read=True))
    except DoesNotExist:
        return None


def _heads(keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], AppItem]:
    wanted = set(keys)
    return {(item.app_id, item.item): item for item in apps.read_many(wanted)} if wanted else {}


def _all_given(app_id: str, name: str | None) -> list[Version]:
    """The signatures that were made with the app and have had no other version since."""
    prefix = f"{Type.SIGNATURE}#{name or ''}"
    items, _ = apps.page(app_id, prefix, limit=2 * reviews.MAX_SIGNATURES)
    return [given(item) for item in items if item.latest is None and name in (None, item.name)]


def given(head: AppItem) -> Version:
    """The version 1 of a signature that was made with its app."""
    state = ReviewState(head.state)
    return Version(
        app_id=head.app_id,
        type=Type.SIGNATURE,
        name=str(head.name),
        text=str(head.text or ""),
        author=_AT_CREATION,
        number=1,
        state=state,
        use=use_of(head),
        in_use=state is ReviewState.APPROVED,
    )


def item_of(seen: Version) -> AppItem:
    """The version's item."""
    key = version_key(seen)
    waits = seen.state in (ReviewState.PENDING, ReviewState.FILING)
    submitted = _milliseconds(seen.submitted_at)
    return AppItem(
        seen.app_id,
        key,
        listed=_QUEUE if waits else None,
        listed_key=f"{submitted:014d}#{seen.app_id}#{key}" if waits else None,
        name=seen.name,
        version=seen.number,
        text=seen.text,
        state=seen.state.value,
        author=seen.author,
        kind=_value(seen.kind),
        use=_value(seen.use),
        owner_kind=_value(seen.owner_kind),
        proof=seen.proof,
        findings=[asdict(finding) for finding in seen.findings] or None,
        created_at=_milliseconds(seen.created_at),
        submitted_at=submitted,
        decided_at=_milliseconds(seen.decided_at),
        decided_by=seen.decided_by,
        reasons=[reason.value for reason in seen.reasons] or None,
        comment=seen.comment,
    )


def _version(item: AppItem, head: AppItem | None) -> Version:
    number = int(item.version)
    return Version(
        app_id=item.app_id,
        type=Type(item.item.partition("-")[0]),
        name=str(item.name),
        text=str(item.text),
        author=str(item.author),
        number=number,
        state=ReviewState(item.state),
        kind=Kind(item.kind) if item.kind else None,
        use=Use(item.use) if item.use else None,
        owner_kind=OwnerKind(item.owner_kind) if item.owner_kind else None,
        proof=item.proof,
        findings=tuple(_finding(fields) for fields in item.findings or ()),
        created_at=_time(item.created_at),
        submitted_at=_time(item.submitted_at),
        decided_at=_time(item.decided_at),
        decided_by=item.decided_by,
        reasons=tuple(Reason(code) for code in item.reasons or ()),
        comment=item.comment,
        in_use=head is not None and is_in_use(head) and int(head.version) == number,
    )


def _finding(fields: Mapping[str, Any]) -> Finding:
    return Finding(**{**fields, "severity": Severity(fields["severity"])})


def latest_of(head: AppItem) -> int:
    """The highest version number of a name."""
    return 1 if head.latest is None else int(head.latest)


def is_in_use(head: AppItem) -> bool:
    """Whether some version of a name is in use."""
    return head.state == ReviewState.APPROVED.value


def use_of(head: AppItem) -> Use:
    """What the signatures of a name are for."""
    return Use(head.use or Use.VERIFICATION_NOTIFICATION)


def head_key(type_: Type, name: str) -> str:
    """The key of a name's head."""
    return f"{type_}#{name}"


def _head_key_of(item: AppItem) -> str:
    """The key of the head that belongs to a version's item."""
    type_, name, _ = item.item.split("#")
    return f"{type_.removesuffix('-version')}#{name}"


def version_key(version: Version) -> str:
    """The key of a version's item."""
    return _version_key(version.type, version.name, version.number)


def _version_key(type_: Type, name: str, number: int) -> str:
    return f"{type_}-version#{name}#{number:06d}"


def _value(member: Any) -> str | None:
    return None if member is None else str(member.value)


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)


def _time(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
