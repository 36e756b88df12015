"""Opt-outs in the console: who is on an app's list, what proves it, and owners' own changes."""

from collections.abc import Mapping

from signet import fields, opt_outs, phones
from signet.acts import Act
from signet.errors import Missing
from signet.fields import Body, restore_plus
from signet.opt_outs import OptOut
from signet.records import iso, mask
from signet.store import events
from signet.store import opt_outs as store


def listing(app_id: str, query: Mapping[str, str]) -> Body:
    """Numbers that the app may not send marketing to, a page of them. Raises BadParameter.

    Of a person who was erased the number is null: only a digest of it is known.
    """
    limit = fields.limit(query, default=opt_outs.PAGE, most=opt_outs.MAX_PAGE)
    found, cursor = store.listing(app_id, limit=limit, cursor=query.get("cursor"))
    return {
        "items": [{"phone": mask(phone) if phone else None, **_shown(one)} for phone, one in found],
        "cursor": cursor,
    }


def of_number(app_id: str, written: str) -> Body:
    """How one number stands, and everything that was said and done. Raises PhoneInvalid."""
    phone = _phone(written)
    return {
        "phone": phone,
        "is_out": store.is_out(app_id, phone),
        "history": [_shown(one) for one in store.history(app_id, phone)],
    }


def put(act: Act, written: str, body: Body) -> Body:
    """Put a number on the list, with the trail. Raises BadParameter, PhoneInvalid, NoEffect."""
    return _by_hand(act, _phone(written), opt_outs.comment(body), is_out=True)


def remove(act: Act, written: str, body: Body) -> Body:
    """Take a number off the list, with the trail. Raises Missing for one that is not on it."""
    phone, comment = _phone(written), opt_outs.comment(body)
    if not store.is_out(act.by, phone):
        raise Missing("This number is not on the list.")
    return _by_hand(act, phone, comment, is_out=False)


def _by_hand(act: Act, phone: str, comment: str, *, is_out: bool) -> Body:
    done = OptOut(is_out, store.milliseconds(act.at), by=act.actor, comment=comment)
    # Of the number its last digits: the trail outlives what is known of a person.
    entry = act.entry("opt_out" if is_out else "opt_in", f"number:…{phone[-4:]}", comment=comment)
    store.record_by_hand(act.by, phone, done, entry)
    events.record_opt_out(act.by, phone=phone, added=is_out, source="owner", at=act.at, now=act.at)
    return of_number(act.by, phone)


def _phone(written: str) -> str:
    return phones.parse(restore_plus(written)).e164


def _shown(one: OptOut) -> Body:
    return {
        "is_out": one.is_out,
        "at": iso(one.at // 1000),
        "word": one.word or None,
        "carrier": one.carrier,
        "reply_id": one.reply_id,
        "message_id": one.message_id,
        "by": one.by,
        "comment": one.comment,
    }
