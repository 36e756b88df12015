"""Consents in the console: how a number stands, what proves it, and owners' own changes."""

from datetime import datetime

from signet import consents, fields, phones
from signet.acts import Act
from signet.consents import Consent, State
from signet.errors import BadParameter, Missing
from signet.fields import Body, restore_plus
from signet.opt_outs import OptOut
from signet.records import iso
from signet.store import consents as store
from signet.store import opt_outs

_LONGEST_COMMENT = 200


def of_number(app_id: str, written: str) -> Body:
    """How one number stands, and all that was said of it, newest first. Raises PhoneInvalid."""
    phone = _phone(written)
    said = [_consent(one) for one in store.history(app_id, phone)]
    said += [_opt_out(one) for one in opt_outs.history(app_id, phone)]
    said.sort(key=lambda one: one[0], reverse=True)
    return {
        "phone": phone,
        "state": _state(app_id, phone).value,
        "history": [shown for _, shown in said[: consents.HISTORY]],
    }


def put(act: Act, written: str, body: Body) -> Body:
    """Record that a number agreed, with the trail.

    Raises PhoneInvalid, and BadParameter also for one that has opted out: that comes first, on
    its own page and with its own reason.
    """
    phone = _phone(written)
    how, at = consents.wanted(body, now=act.at)
    if opt_outs.is_out(act.by, phone):
        raise BadParameter("This number has opted out; take it off that list first.")
    return _record(act, Consent(phone, how, at, "console", by=act.actor), "consent")


def end(act: Act, written: str, body: Body) -> Body:
    """Record that a consent ended, with the trail. Raises Missing where there is none."""
    fields.only(body, ("comment",))
    comment = fields.text_or_none(body, "comment", longest=_LONGEST_COMMENT) or ""
    phone = _phone(written)
    if not store.known(act.by, [phone]):
        raise Missing("There is no consent of this number.")
    at = _milliseconds(act.at)
    ended = Consent(phone, comment, at, "console", by=act.actor, is_given=False)
    return _record(act, ended, "consent_end")


def _record(act: Act, said: Consent, action: str) -> Body:
    # Of the number its last digits: the trail outlives what is known of a person.
    entry = act.entry(action, f"number:…{said.phone[-4:]}", comment=said.how or None)
    store.record_by_hand(act.by, said, entry)
    return of_number(act.by, said.phone)


def _state(app_id: str, phone: str) -> State:
    if opt_outs.is_out(app_id, phone):
        return State.OPTED_OUT
    return State.CONSENTED if store.known(app_id, [phone]) else State.NONE


def _phone(written: str) -> str:
    return phones.parse(restore_plus(written)).e164


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _consent(one: Consent) -> tuple[int, Body]:
    return one.at, {
        "what": "consent" if one.is_given else "consent_end",
        "at": iso(one.at // 1000),
        "how": one.how or None,
        "source": one.source,
        "audience_id": one.audience_id,
        "message_id": one.message_id,
        "carrier": one.carrier,
        "reply_id": one.reply_id,
        "by": one.by,
    }


def _opt_out(one: OptOut) -> tuple[int, Body]:
    return one.at, {
        "what": "opt_out" if one.is_out else "opt_in",
        "at": iso(one.at // 1000),
        "how": one.word or one.comment,
        "source": "console" if one.by else "reply",
        "audience_id": None,
        "message_id": one.message_id,
        "carrier": one.carrier,
        "reply_id": one.reply_id,
        "by": one.by,
    }
