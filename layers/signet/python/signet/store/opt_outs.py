"""Opt-outs: which numbers an app may not send marketing to, and what proves it, kept for good.

    app_id  <app>, or #deployment for what was said to nobody knows whom: it counts for all apps
    person  <digest>            how a number stands: is_out, at, and what that rests on; `phone`
                                until the person is erased; refused_at, of the newest refusal
            <digest>#<proof>    one thing that was said or done, in either direction

The digest is one of app and number, by a key (`store.digests`), so that who was erased stays on
the list. Consents lie in the same table; see `store.consents`. `at` is epoch milliseconds. How a
number stands follows from the newest of its proofs, in whatever order they are written and
however often: of two at one moment the refusal holds. Failure mode: closed; who cannot be looked
up is sent no marketing.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet.audits import Entry
from signet.errors import BadParameter, NoEffect
from signet.opt_outs import HISTORY, OptOut
from signet.store import audits, cursors, digests, opt_out_items, table
from signet.store.apps import DEPLOYMENT
from signet.store.digests import Digest
from signet.store.opt_out_items import OptOutItem

# BatchGetItem takes a hundred keys, and a number has two.
_BATCH = 50
# Of a list, in which most items are proofs.
_READ_AT_ONCE = 200
_STANDING = ["app_id", "person", "is_out", "at", "refused_at"]
_FACTS = ("word", "carrier", "reply_id", "message_id", "by", "comment")


class Standing(NamedTuple):
    """Whether a number is on the list, and when it last refused, even if it came back; 0 never."""

    is_out: bool = False
    refused_at: int = 0


class Kept(NamedTuple):
    """One thing that was said or done; `phone` is None when the person was erased."""

    digest: str
    phone: str | None
    said: OptOut


def record_reply(app_id: str | None, phone: str, said: OptOut) -> None:
    """Keep what a reply said, and let it count unless something newer does.

    The same reply again, by its carrier and id, is the same proof, with the time it came with at
    first. Without an app it counts for all of them.
    """
    key = app_id or DEPLOYMENT
    digest = digests.made()(key, phone)
    proof = OptOutItem(key, _proof(digest, f"{said.carrier}\0{said.reply_id}"))
    at = said.at
    try:
        table.update(proof, _actions(said), OptOutItem.app_id.does_not_exist())
    except table.ConditionFailed as failed:
        at = int(failed.before["at"])
    stands = replace(said, at=at)
    item = OptOutItem(key, digest)
    try:
        table.update(item, _standing(phone, stands), _is_newer(stands))
    except table.ConditionFailed:
        # Something newer was said, or this was taken already.
        _note_refusal(item, stands)


def record_by_hand(app_id: str, phone: str, done: OptOut, entry: Entry) -> None:
    """Put a number on the list or off it, with the trail, all or nothing.

    Raises NoEffect when something newer is known.
    """
    digest = digests.made()(app_id, phone)
    proof = OptOutItem(app_id, _proof(digest, token_hex(16)))

    def build(writes: TransactWrite) -> None:
        writes.update(proof, _actions(done), OptOutItem.app_id.does_not_exist())
        writes.update(OptOutItem(app_id, digest), _standing(phone, done), _is_newer(done))
        audits.record(writes, app_id, entry)

    try:
        table.transact(build)
    except table.TransactionRefused:
        raise NoEffect from None


def is_out(app_id: str, phone: str) -> bool:
    """Whether the app may not send marketing to the number (E.164).

    A refusal to nobody knows whom ends when somebody says otherwise to the app, or to nobody knows
    whom; one to the app only when it is taken back from the app.
    """
    stands = standings(app_id, [phone]).get(phone)
    return stands is not None and stands.is_out


def out_of(app_id: str, phones: Collection[str]) -> set[str]:
    """Which of these numbers, however many, the app may not send marketing to.

    As they stood a moment ago, at half the price: for counting. Who sends asks `is_out`.
    """
    stand = standings(app_id, phones, as_now=False)
    return {phone for phone, stands in stand.items() if stands.is_out}


def standings(app_id: str, phones: Iterable[str], *, as_now: bool = True) -> dict[str, Standing]:
    """How these numbers stand, now or a moment ago, those of which something was ever said."""
    digest = digests.known()
    if digest is None:
        return {}
    found: dict[str, Standing] = {}
    for some in table.groups(phones, _BATCH):
        found |= _standings(app_id, some, digest, as_now=as_now)
    return found


def history(app_id: str, phone: str) -> list[OptOut]:
    """What was said and done about the number, newest first."""
    digest = digests.known()
    if digest is None:
        return []
    prefix = _proof(digest(app_id, phone), None)
    found = table.read(
        lambda: list(
            OptOutItem.query(app_id, OptOutItem.person.startswith(prefix), consistent_read=True)
        )
    )
    newest = sorted(map(_opt_out, found), key=lambda one: one.at, reverse=True)
    return newest[:HISTORY]


def listing(
    app_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[tuple[str | None, OptOut]], str | None]:
    """Numbers on the app's list with what put them there, and the cursor of the next page.

    The number of an erased person is None. Raises BadParameter for a broken cursor.
    """
    found = OptOutItem.query(
        app_id,
        filter_condition=(OptOutItem.is_out == True) & OptOutItem.refused_at.exists(),  # noqa: E712
        limit=limit,
        page_size=max(limit, _READ_AT_ONCE),
        last_evaluated_key=_start(app_id, cursor) if cursor else None,
        consistent_read=True,
    )
    items = table.read(lambda: list(found))
    following = cursors.pack(items[-1].person) if len(items) == limit else None
    return [(item.phone, _opt_out(item)) for item in items], following


def every(app_id: str) -> Iterator[Kept]:
    """All that was said and done, number by number, read a page at a time."""
    found = OptOutItem.query(app_id, page_size=_READ_AT_ONCE)
    numbers: dict[str, str | None] = {}
    while (item := table.read(lambda: next(found, None))) is not None:
        digest, _, proof = str(item.person).partition("#")
        if proof:
            yield Kept(digest, numbers.get(digest), _opt_out(item))
        else:
            # A number's item comes right before its proofs.
            numbers = {digest: item.phone}


def erase(app_id: str, phone: str, *, now: datetime) -> int:
    """Forget the number, and keep what it said under its digest; how many items had it."""
    digest = digests.known()
    if digest is None:
        return 0
    return opt_out_items.erase(OptOutItem(app_id, digest(app_id, phone)), now=now)


def milliseconds(now: datetime) -> int:
    """A time as this table has it."""
    return int(now.timestamp() * 1000)


def _start(app_id: str, cursor: str) -> dict[str, dict[str, str]]:
    digest = cursors.unpack(cursor)
    if len(digest) != digests.LENGTH or not digest.isalnum():
        raise BadParameter("cursor is not one that this list gave.")
    return {"app_id": {"S": app_id}, "person": {"S": digest}}


def _standings(
    app_id: str, phones: Iterable[str], digest: Digest, *, as_now: bool
) -> dict[str, Standing]:
    owners = (app_id, DEPLOYMENT)
    keys = {phone: [(owner, digest(owner, phone)) for owner in owners] for phone in phones}
    wanted = [key for pair in keys.values() for key in pair]
    read = table.read(
        lambda: list(
            OptOutItem.batch_get(wanted, consistent_read=as_now, attributes_to_get=_STANDING)
        )
    )
    found = {(str(item.app_id), str(item.person)): item for item in read}
    both = {phone: (found.get(own), found.get(all_)) for phone, (own, all_) in keys.items()}
    return {phone: _of_both(*pair) for phone, pair in both.items() if any(pair)}


def _of_both(own: OptOutItem | None, everybodys: OptOutItem | None) -> Standing:
    refused_at = max(int(item.refused_at or 0) for item in (own, everybodys) if item)
    if everybodys and everybodys.is_out and not (own and own.at > everybodys.at):
        return Standing(True, refused_at)
    return Standing(bool(own and own.is_out), refused_at)


def _proof(digest: str, name: str | None) -> str:
    ending = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32] if name else ""
    return f"{digest}#{ending}"


def _note_refusal(item: OptOutItem, said: OptOut) -> None:
    """One that is older than what counts ends the consents before it all the same."""
    if not said.is_out:
        return
    newest = OptOutItem.refused_at.does_not_exist() | (OptOutItem.refused_at < said.at)
    try:
        table.update(item, [OptOutItem.refused_at.set(said.at)], newest)
    except table.ConditionFailed:
        return


def _is_newer(said: OptOut) -> Condition:
    newer: Condition = OptOutItem.at.does_not_exist() | (OptOutItem.at < said.at)
    if said.is_out:
        newer |= (OptOutItem.at == said.at) & (OptOutItem.is_out == False)  # noqa: E712
    return newer


def _standing(phone: str, said: OptOut) -> list[Action]:
    """How a number stands by these facts."""
    refused = [OptOutItem.refused_at.set(said.at)] if said.is_out else []
    return [OptOutItem.phone.set(phone), *refused, *_actions(said)]


def _actions(said: OptOut) -> list[Action]:
    """All attributes as these facts have them, those of other facts gone."""
    attributes = OptOutItem.get_attributes()
    facts = {name: getattr(said, name) for name in _FACTS}
    return [
        OptOutItem.is_out.set(said.is_out),
        OptOutItem.at.set(said.at),
        *(
            attributes[name].remove() if value is None else attributes[name].set(value)
            for name, value in facts.items()
        ),
    ]


def _opt_out(item: OptOutItem) -> OptOut:
    return OptOut(
        is_out=bool(item.is_out),
        at=int(item.at or 0),
        word=item.word or "",
        carrier=item.carrier,
        reply_id=item.reply_id,
        message_id=item.message_id,
        by=item.by,
        comment=item.comment,
    )
