"""Consents: which numbers agreed to an app's marketing, and what proves it, kept for good.

    app_id  <app>#consents#<shard>   the shard is a digit of the digest
    person  <digest>                 phone, until the person is erased; for each consent
                                     given#<name>, and ended#<name> for each end of one, as JSON

All of a number is one item, to which each consent adds an attribute that is never changed. So
they may be recorded in any order, at once and again: the first time of each stands. An audience of
a million is spread over sixteen partitions (review.md 5.1). They lie in the table OptOuts, with
which they are compared. Failure mode: closed; who cannot be looked up has not agreed.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet import consents as rules
from signet.audits import Entry
from signet.consents import Consent
from signet.store import audits, digests, opt_out_items, opt_outs, table
from signet.store.digests import Digest
from signet.store.opt_out_items import OptOutItem

SHARDS = "0123456789abcdef"
_TABLE = OptOutItem.Meta.table_name
# Both of what BatchGetItem and of what a transaction takes.
_BATCH = 100
_AT_ONCE = 4
_GIVEN, _ENDED = "given#", "ended#"
# As short as they can be: an item pays for each kilobyte.
_NAMES = {
    "how": "h",
    "at": "a",
    "source": "s",
    "audience_id": "l",
    "by": "b",
    "message_id": "m",
    "carrier": "c",
    "reply_id": "r",
}


def record_many(app_id: str, said: Iterable[Consent]) -> None:
    """Record consents, however many. What fails half-way may be recorded again as a whole.

    One that is known already, of the same audience or with the same words and time, costs a read.
    """
    digest = digests.made()

    def record_some(some: list[Consent]) -> None:
        _record_some(app_id, some, digest)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        # Exhausted, so that whatever failed is raised here.
        for _ in threads.map(record_some, table.groups(said, _BATCH)):
            pass


def record(app_id: str, said: Consent) -> None:
    """Record one consent, or the end of one."""
    table.update(_item(app_id, digests.made()(app_id, said.phone)), _actions([said]))


def record_by_hand(app_id: str, said: Consent, entry: Entry) -> None:
    """Record a consent, or the end of one, with the trail, all or nothing."""
    item = _item(app_id, digests.made()(app_id, said.phone))

    def build(writes: TransactWrite) -> None:
        writes.update(item, _actions([said]))
        audits.record(writes, app_id, entry)

    table.transact(build)


def known(app_id: str, phones: Collection[str]) -> set[str]:
    """Which of these numbers, however many, have agreed, with nothing newer that ended it."""
    digest = digests.known()
    if digest is None:
        return set()
    return set(chain.from_iterable(_known(app_id, some, digest) for some in _groups(phones)))


def history(app_id: str, phone: str) -> list[Consent]:
    """What is known of the number's consent, newest first."""
    digest = digests.known()
    if digest is None:
        return []
    ((_, item),) = _read(app_id, {phone: digest(app_id, phone)}).items()
    newest = sorted(_consents(phone, item), key=lambda one: one.at, reverse=True)
    return newest[: rules.HISTORY]


def every(app_id: str) -> Iterator[tuple[str, str | None, list[Consent]]]:
    """All consents, as (digest, number or None, what is known of it), read a page at a time."""
    for shard in SHARDS:
        for item in _pages(f"{app_id}#consents#{shard}"):
            phone = item.get("phone")
            yield item["person"], phone, _consents(phone or "", item)


def erase(app_id: str, phone: str, *, now: datetime) -> int:
    """Forget the number, and keep its consents under its digest; how many items had it."""
    digest = digests.known()
    if digest is None:
        return 0
    return opt_out_items.erase(_item(app_id, digest(app_id, phone)), now=now)


def _record_some(app_id: str, some: Sequence[Consent], digest: Digest) -> None:
    by_phone: dict[str, list[Consent]] = {}
    for one in some:
        by_phone.setdefault(one.phone, []).append(one)
    names = {phone: digest(app_id, phone) for phone in by_phone}
    found = _read(app_id, names)
    news = {phone: _news(said, found[phone]) for phone, said in by_phone.items()}

    def build(writes: TransactWrite) -> None:
        for phone, said in news.items():
            if said:
                # Without a condition: nothing that is there is written over.
                writes.update(_item(app_id, names[phone]), _actions(said))

    if any(news.values()):
        table.transact(build)


def _news(said: Sequence[Consent], item: table.Item) -> list[Consent]:
    """Those that are not in the item, which must have the number to be of use."""
    if "phone" not in item:
        return list(said)
    there = {(one.how, one.at) for one in _consents("", item) if one.is_given}
    return [one for one in said if _name(one) not in item and (one.how, one.at) not in there]


def _known(app_id: str, phones: Collection[str], digest: Digest) -> Iterator[str]:
    items = _read(app_id, {phone: digest(app_id, phone) for phone in phones})
    agreed = [phone for phone in phones if items[phone]]
    stands = opt_outs.standings(app_id, agreed)
    for phone in agreed:
        refused_at = stands[phone].refused_at if phone in stands else 0
        if rules.holds(_consents(phone, items[phone]), refused_at):
            yield phone


def _groups(phones: Collection[str]) -> Iterator[list[str]]:
    # A call may not name a key twice.
    return table.groups(dict.fromkeys(phones), _BATCH)


def _read(app_id: str, names: dict[str, str]) -> dict[str, table.Item]:
    """The items of these numbers, {} of one that has none; `names` are their digests (≤ 100).

    A model's items have the attributes that the model lists, and these have others.
    """
    keys = [_item(app_id, digest).to_dynamodb_dict() for digest in names.values()]
    items = table.items(OptOutItem, keys, consistent=True)
    found = {str(item["person"]): item for item in items}
    return {phone: found.get(digest, {}) for phone, digest in names.items()}


def _pages(partition: str) -> Iterator[table.Item]:
    request: dict[str, Any] = {
        "TableName": _TABLE,
        "KeyConditionExpression": "app_id = :app_id",
        "ExpressionAttributeValues": {":app_id": {"S": partition}},
    }
    while True:
        reply = table.read(lambda: table.CONNECTION.dispatch("Query", request))
        yield from map(table.python, reply["Items"])
        if "LastEvaluatedKey" not in reply:
            return
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def _item(app_id: str, digest: str) -> OptOutItem:
    return OptOutItem(f"{app_id}#consents#{digest[0]}", digest)


def _actions(said: Iterable[Consent]) -> list[Action]:
    actions: dict[str, Action] = {}
    for one in said:
        kept = table.path(_name(one))
        actions.setdefault(_name(one), kept.set(kept | _text(one)))
        actions["phone"] = OptOutItem.phone.set(one.phone)
    return list(actions.values())


def _name(said: Consent) -> str:
    digest = sha256(said.identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{_GIVEN if said.is_given else _ENDED}{digest}"


def _text(said: Consent) -> str:
    facts = {short: getattr(said, name) for name, short in _NAMES.items()}
    kept = {short: value for short, value in facts.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _consents(phone: str, item: table.Item) -> list[Consent]:
    return [
        _consent(phone, str(text), is_given=name.startswith(_GIVEN))
        for name, text in item.items()
        if name.startswith((_GIVEN, _ENDED))
    ]


def _consent(phone: str, text: str, *, is_given: bool) -> Consent:
    facts = json.loads(text)
    named = {name: facts.get(short) for name, short in _NAMES.items()}
    return Consent(phone=phone, is_given=is_given, **named)
