"""An app's money in the console: what is left, what each day cost, and putting money in."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex

from signet import days, fields
from signet.acts import Act
from signet.app_changes import MOST_MICROS
from signet.errors import BadParameter
from signet.fields import Body
from signet.flows import change_app
from signet.prices import price_list
from signet.records import iso
from signet.store import balances, ledger
from signet.store.balances import Account
from signet.store.ledger import Credit, Day

_DAYS = 30
_CREDITS = 100
_LONGEST_NOTE = 200


def balance(app_id: str, *, now: datetime) -> Body:
    """The balance, the last thirty days, today included, and the last credits. Raises Missing."""
    account = _account(app_id)
    names = [days.of(now - timedelta(days=back)) for back in reversed(range(_DAYS))]
    known = {day.day: day for day in ledger.list_days(account, since=names[0])}
    return {
        "balance_micros": balances.balance(account),
        "currency": price_list().currency,
        "days": [_day(known.get(name) or Day(name)) for name in names],
        "credits": [_credit(one) for one in ledger.credits(app_id, limit=_CREDITS)],
    }


def credit(act: Act, app_id: str, body: Body, *, key: str | None) -> Body:
    """Put money into an app's balance, or, below zero, correct it.

    The same `key` (Idempotency-Key) counts once. Raises BadParameter, Missing, BalanceTooLow.
    """
    fields.only(body, ("amount_micros", "note"))
    amount = fields.whole(body, "amount_micros", least=-MOST_MICROS, most=MOST_MICROS)
    if amount == 0:
        raise BadParameter("amount_micros must not be zero.")
    given = Credit(
        amount=amount,
        at=int(act.at.timestamp()),
        by=act.actor,
        note=fields.text(body, "note", longest=_LONGEST_NOTE),
    )
    left = ledger.credit(_account(app_id), given, credit_id=_credit_id(act, key))
    return {"balance_micros": left}


def _account(app_id: str) -> Account:
    app = change_app.get(app_id)
    return Account(app.app_id, app.balance_shards)


def _credit_id(act: Act, key: str | None) -> str:
    if key is None:
        return token_hex(16)
    return sha256(f"{act.actor}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _day(day: Day) -> Body:
    return {
        "day": day.day,
        "charged_micros": day.charged,
        "messages": day.messages,
        "refunded_micros": day.refunded,
        "credited_micros": day.credited,
    }


def _credit(given: Credit) -> Body:
    return {
        "at": iso(given.at),
        "amount_micros": given.amount,
        "by": given.by,
        "note": given.note,
    }
