"""Sharing a record: a link to what became of one message, for people without a login."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signet import advice, shares, timelines
from signet.acts import Act
from signet.credentials import APP_ID
from signet.errors import Missing
from signet.fields import Body
from signet.flows import change_app
from signet.records import iso
from signet.shares import Share
from signet.store import apps, audits
from signet.store import records as store

# Below the API's own address; what comes after the # is in no log and no Referer.
_PAGE = "console/shared#"


@dataclass(frozen=True, slots=True)
class Sealing:
    """What seals links, and where they lead.

    `key` is the deployment's session key; `base` is where people reach the API, "" if that is not
    known here: then the link is relative to it.
    """

    key: Callable[[], bytes]
    base: str = ""


def share(act: Act, app_id: str, message_id: str, body: Body, sealing: Sealing) -> Body:
    """A link to the message, for so many hours. Raises BadParameter and Missing."""
    hours = shares.hours(body)
    app = change_app.get(app_id)
    store.get(app_id, message_id, now=act.at)
    expires = int(act.at.timestamp()) + hours * 3600
    token = shares.sealed(
        Share(app_id, message_id, expires), key=sealing.key(), master_key=app.master_key.current
    )
    audits.add(app_id, act.entry("share", f"message:{message_id}", comment=f"{hours} h"))
    base = f"{sealing.base.rstrip('/')}/" if sealing.base else ""
    return {"url": f"{base}{_PAGE}{token}", "expires_at": iso(expires)}


def look(token: str, sealing: Sealing, *, now: datetime) -> Body:
    """What a link shows. Raises Missing for whatever is no link, or none any more."""
    claim = shares.claimed(token)
    app = apps.get(claim.app_id) if claim and APP_ID.fullmatch(claim.app_id) else None
    if claim is None or app is None:
        raise Missing
    keys = app.master_key.valid(now)
    seconds = now.timestamp()
    if not shares.is_valid(token, claim, key=sealing.key(), master_keys=keys, now=seconds):
        raise Missing
    record = shares.for_support(store.get(claim.app_id, claim.message_id, now=now))
    return {
        "app": app.name,
        "expires_at": iso(claim.expires),
        **shares.shown(record),
        "timeline": [event.shown for event in timelines.of(record, with_price=False)],
        "advice": advice.of(record, now=int(seconds)),
    }
