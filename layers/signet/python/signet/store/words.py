"""Changes of signatures and templates in the Apps table; `store.versions` has its items.

Every change is one transaction, its entry in the audit trail included, under the condition that
what it rests on is as it was read. The head of a default signature is copied into the app's
header, and a header counts names and short ids. Failure mode: closed.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet import reviews
from signet.apps import ReviewState, Signature, Use
from signet.audits import Entry
from signet.errors import BadParameter, Missing, NoEffect, Unavailable
from signet.reviews import Type, Verdict, Version
from signet.store import apps, audits, table, versions
from signet.store.apps import AppItem

_ROUNDS = 10
_MOST = {Type.SIGNATURE: reviews.MAX_SIGNATURES, Type.TEMPLATE: reviews.MAX_TEMPLATES}
# The first short id may be the one of a signature that was made with the app.
_FIRST_SHORT_ID = 1

_T = TypeVar("_T")


def create(new: Version, entry: Entry) -> Version:
    """Record a new version under its name, which gets the next number; the version with it.

    `entry` gets the number too. Raises BadParameter when the app has as many names as it may
    have, NoEffect for a signature whose name has another use, and Unavailable.
    """
    return _until_done(lambda: _try_to_create(new, entry))


def update(seen: Version, changed: Version, entry: Entry) -> Version:
    """Replace a draft. Raises NoEffect when it is not the draft that was seen any more."""

    def build(writes: TransactWrite) -> None:
        _replace(writes, seen, changed)
        audits.record(writes, seen.app_id, entry)

    if not _transact(build):
        raise NoEffect
    return changed


def delete(seen: Version, entry: Entry) -> None:
    """Forget a draft, and its name if that has nothing else.

    Raises Missing, NoEffect when it is no draft any more, and Unavailable.
    """
    _until_done(lambda: _try_to_delete(seen, entry))


def decide(seen: Version, state: ReviewState, verdict: Verdict, entry: Entry) -> Version:
    """Record a verdict; an approved version that is the newest such comes into use with it.

    Filing is on the way to a decision and not kept as one, but for its entry. The first
    signature that is not for marketing becomes the app's default. Raises NoEffect when the
    version is no longer as it was seen, for somebody else was first; and Unavailable.
    """
    decided = replace(seen, state=state)
    if state is not ReviewState.FILING:
        decided = replace(
            decided,
            decided_at=entry.at,
            decided_by=verdict.by,
            reasons=tuple(verdict.reasons),
            comment=verdict.comment,
        )
    return _until_done(lambda: _try_to_decide(seen, decided, entry))


def set_default(app_id: str, name: str, entry: Entry) -> None:
    """Make the signature in use under a name the app's default.

    Raises Missing, NoEffect when none is in use or it is for marketing, and Unavailable.
    """
    _until_done(lambda: _try_to_set_default(app_id, name, entry))


def _until_done(attempt: Callable[[], _T | None]) -> _T:
    """What an attempt made; None says that others changed what it had read."""
    for number in range(1, _ROUNDS + 1):
        made = attempt()
        if made is not None:
            return made
        table.pause(number)
    raise Unavailable(retry_after=1)


def _try_to_create(new: Version, entry: Entry) -> Version | None:
    header = _existing(versions.find(new.app_id, "app"))
    head = versions.find(new.app_id, versions.head_key(new.type, new.name))
    if head and new.type is Type.SIGNATURE and versions.use_of(head) is not new.use:
        raise NoEffect(
            f"The signature {new.name} is for {versions.use_of(head)}: choose another name."
        )
    numbered = replace(new, number=(versions.latest_of(head) if head else 0) + 1)

    def build(writes: TransactWrite) -> None:
        writes.save(versions.item_of(numbered), condition=AppItem.app_id.does_not_exist())
        audits.record(writes, new.app_id, replace(entry, version=numbered.number))
        if head:
            _count_version(writes, head, numbered.number)
        else:
            _open_name(writes, numbered, header)

    return numbered if _transact(build) else None


def _try_to_delete(seen: Version, entry: Entry) -> Version | None:
    found = versions.get(seen.app_id, seen.type, seen.name, seen.number)
    if found.state is not ReviewState.DRAFT:
        raise NoEffect
    head = _existing(versions.find(seen.app_id, versions.head_key(seen.type, seen.name)))
    same_name, _ = versions.list_versions(seen.app_id, seen.type, name=seen.name, limit=2)
    is_last = not head.version and len(same_name) == 1

    def build(writes: TransactWrite) -> None:
        draft = AppItem(seen.app_id, versions.version_key(seen))
        writes.delete(draft, condition=AppItem.state == ReviewState.DRAFT.value)
        audits.record(writes, seen.app_id, entry)
        if is_last:
            writes.delete(AppItem(head.app_id, head.item), condition=_as_seen(head))
            count = getattr(AppItem, f"{seen.type}s")
            writes.update(AppItem(seen.app_id, "app"), [count.set(count - 1)])

    return found if _transact(build) else None


def _try_to_decide(seen: Version, decided: Version, entry: Entry) -> Version | None:
    header = _existing(versions.find(seen.app_id, "app"))
    head = _existing(versions.find(seen.app_id, versions.head_key(seen.type, seen.name)))
    approved = decided.state is ReviewState.APPROVED
    comes_into_use = approved and int(head.version or 0) < seen.number

    def build(writes: TransactWrite) -> None:
        _replace(writes, seen, decided)
        audits.record(writes, seen.app_id, entry)
        if comes_into_use:
            _bring_into_use(writes, decided, header, head)

    if _transact(build):
        return replace(decided, in_use=comes_into_use)
    if versions.get(seen.app_id, seen.type, seen.name, seen.number).state is not seen.state:
        raise NoEffect
    return None


def _try_to_set_default(app_id: str, name: str, entry: Entry) -> Signature | None:
    head = _existing(versions.find(app_id, versions.head_key(Type.SIGNATURE, name)))
    if not versions.is_in_use(head) or versions.use_of(head) is Use.MARKETING:
        raise NoEffect("Only an approved signature that is not for marketing can be the default.")
    signature = apps.signature_of(head.attribute_values)

    def build(writes: TransactWrite) -> None:
        writes.condition_check(AppItem, head.app_id, head.item, condition=_as_seen(head))
        fields = apps.signature_fields(signature)
        writes.update(AppItem(app_id, "app"), [AppItem.default_signature.set(fields)])
        audits.record(writes, app_id, entry)

    return signature if _transact(build) else None


def _count_version(writes: TransactWrite, head: AppItem, number: int) -> None:
    """The head's highest number; what was made with the app gets its version's item now."""
    actions: list[Action] = [AppItem.latest.set(number)]
    if head.latest is None:
        given = versions.given(head)
        actions.append(AppItem.version.set(given.number))
        writes.save(versions.item_of(given), condition=AppItem.app_id.does_not_exist())
    writes.update(AppItem(head.app_id, head.item), actions, _as_seen(head))


def _open_name(writes: TransactWrite, new: Version, header: AppItem) -> None:
    """The head of a new name, counted in the app's header."""
    counter, most = f"{new.type}s", _MOST[new.type]
    count = int(getattr(header, counter) or 0)
    if count >= most:
        raise BadParameter(f"An app has at most {most} {counter}.")
    actions = [apps.set_or_remove(counter, count + 1)]
    condition = apps.unchanged(header, counter)
    head = AppItem(
        new.app_id,
        versions.head_key(new.type, new.name),
        name=new.name,
        state=new.state.value,
        version=0,
        latest=new.number,
        kind=new.kind.value if new.kind else None,
        use=new.use.value if new.use else None,
    )
    if new.type is Type.SIGNATURE:
        number = int(header.short_ids or _FIRST_SHORT_ID) + 1
        actions.append(AppItem.short_ids.set(number))
        condition &= apps.unchanged(header, "short_ids")
        head.short_id = f"s{number}"
    writes.save(head, condition=AppItem.app_id.does_not_exist())
    writes.update(AppItem(header.app_id, header.item), actions, condition)


def _bring_into_use(writes: TransactWrite, new: Version, header: AppItem, head: AppItem) -> None:
    changes = {"text": new.text, "version": new.number, "state": new.state.value}
    if new.kind:
        changes["kind"] = new.kind.value
    actions = [apps.set_or_remove(name, value) for name, value in changes.items()]
    writes.update(AppItem(head.app_id, head.item), actions, _as_seen(head))
    if new.type is Type.TEMPLATE:
        return
    default, as_seen = header.default_signature, apps.unchanged(header, "default_signature")
    becomes_default = default is None and not new.is_marketing
    if becomes_default or (default and default["name"] == new.name):
        signature = apps.signature_of({**head.attribute_values, **changes})
        copied = AppItem.default_signature.set(apps.signature_fields(signature))
        writes.update(AppItem(header.app_id, header.item), [copied], as_seen)
    else:
        # Nobody may make it the default meanwhile, with the text it had.
        writes.condition_check(AppItem, header.app_id, header.item, condition=as_seen)


def _replace(writes: TransactWrite, seen: Version, changed: Version) -> None:
    before, item = versions.item_of(seen), versions.item_of(changed)
    same: Condition = AppItem.state == seen.state.value
    # What was checked and judged is what is written: nobody edited it in between.
    for name in ("text", "kind", "use", "owner_kind", "proof"):
        same &= apps.unchanged(before, name)
    writes.save(item, condition=same)


def _transact(build: Callable[[TransactWrite], None]) -> bool:
    """Whether the writes were done; False when one of their conditions refused."""
    try:
        table.transact(build)
    except table.TransactionRefused:
        return False
    apps.forget()
    return True


def _as_seen(head: AppItem) -> Condition:
    """The head is as it was read."""
    condition: Condition = apps.unchanged(head, "latest")
    for name in ("version", "text"):
        condition &= apps.unchanged(head, name)
    condition &= AppItem.app_id.exists()
    return condition


def _existing(item: AppItem | None) -> AppItem:
    if item is None:
        raise Missing
    return item
