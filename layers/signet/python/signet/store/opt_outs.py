"""Opt-outs: which numbers an app may not send marketing to, and what proves it, kept for good.

    app_id  <app>, or #deployment for what was said to nobody knows whom: it counts for all apps
    phone   <E.164>                      how it stands: is_out, at, and what that rests on
            proof#<E.164>#<digest>       one thing that was said or done, in either direction

`at` is epoch milliseconds. How a number stands follows from the newest of its proofs, in whatever
order they are written and however often: of two at one moment the refusal holds. Failure mode:
closed; who cannot be looked up is sent no marketing.
"""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from secrets import token_hex

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from signet.audits import Entry
from signet.edge import settings
from signet.errors import NoEffect
from signet.opt_outs import HISTORY, OptOut
from signet.store import audits, cursors, table
from signet.store.apps import DEPLOYMENT

_FACTS = ("word", "carrier", "reply_id", "message_id", "by", "comment")


class OptOutItem(table.Table):
    """An item of the OptOuts table."""

    class Meta:
        table_name = settings.value("SIGNET_OPT_OUTS_TABLE")

    app_id = UnicodeAttribute(hash_key=True)
    phone = UnicodeAttribute(range_key=True)
    is_out = BooleanAttribute(null=True)
    at = NumberAttribute(null=True)
    word = UnicodeAttribute(null=True)
    carrier = UnicodeAttribute(null=True)
    reply_id = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    comment = UnicodeAttribute(null=True)


def record_reply(app_id: str | None, phone: str, said: OptOut) -> None:
    """Keep what a reply said, and let it count unless something newer does.

    The same reply again, by its carrier and id, is the same proof, with the time it came with at
    first. Without an app it counts for all of them.
    """
    key = app_id or DEPLOYMENT
    proof = OptOutItem(key, _proof(phone, f"{said.carrier}\0{said.reply_id}"))
    at = said.at
    try:
        table.update(proof, _actions(said), OptOutItem.app_id.does_not_exist())
    except table.ConditionFailed as failed:
        at = int(failed.before["at"])
    stands = replace(said, at=at)
    try:
        table.update(OptOutItem(key, phone), _actions(stands), _is_newer(stands))
    except table.ConditionFailed:
        # Something newer was said, or this was taken already.
        return


def record_by_hand(app_id: str, phone: str, done: OptOut, entry: Entry) -> None:
    """Put a number on the list or off it, with the trail, all or nothing.

    Raises NoEffect when something newer is known.
    """
    proof = OptOutItem(app_id, _proof(phone, token_hex(16)))

    def build(writes: TransactWrite) -> None:
        writes.update(proof, _actions(done), OptOutItem.app_id.does_not_exist())
        writes.update(OptOutItem(app_id, phone), _actions(done), _is_newer(done))
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
    keys = [(app_id, phone), (DEPLOYMENT, phone)]
    read = table.read(lambda: list(OptOutItem.batch_get(keys, consistent_read=True)))
    found = {str(item.app_id): item for item in read}
    own, everybodys = found.get(app_id), found.get(DEPLOYMENT)
    if everybodys and everybodys.is_out and not (own and own.at > everybodys.at):
        return True
    return bool(own and own.is_out)


def history(app_id: str, phone: str) -> list[OptOut]:
    """What was said and done about the number, newest first."""
    prefix = _proof(phone, None)
    found = table.read(
        lambda: list(
            OptOutItem.query(app_id, OptOutItem.phone.startswith(prefix), consistent_read=True)
        )
    )
    newest = sorted(map(_opt_out, found), key=lambda one: one.at, reverse=True)
    return newest[:HISTORY]


def listing(
    app_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[tuple[str, OptOut]], str | None]:
    """Numbers on the app's list with what put them there, and the cursor of the next page.

    Raises BadParameter for a broken cursor.
    """
    start = None
    if cursor:
        start = {"app_id": {"S": app_id}, "phone": {"S": cursors.unpack(cursor, prefix="+")}}
    found = OptOutItem.query(
        app_id,
        OptOutItem.phone.startswith("+"),
        OptOutItem.is_out == True,  # noqa: E712 (an expression)
        limit=limit,
        last_evaluated_key=start,
        consistent_read=True,
    )
    items = table.read(lambda: list(found))
    following = cursors.pack(items[-1].phone) if len(items) == limit else None
    return [(str(item.phone), _opt_out(item)) for item in items], following


def milliseconds(now: datetime) -> int:
    """A time as this table has it."""
    return int(now.timestamp() * 1000)


def _proof(phone: str, name: str | None) -> str:
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32] if name else ""
    return f"proof#{phone}#{digest}"


def _is_newer(said: OptOut) -> Condition:
    newer: Condition = OptOutItem.at.does_not_exist() | (OptOutItem.at < said.at)
    if said.is_out:
        newer |= (OptOutItem.at == said.at) & (OptOutItem.is_out == False)  # noqa: E712
    return newer


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
