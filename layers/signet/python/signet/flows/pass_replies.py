"""What people write back, told to the app that it is for."""

import logging
from datetime import UTC, datetime

from signet.carriers import Reply
from signet.consents import Consent
from signet.opt_outs import OptOut
from signet.store import consents, events, opt_outs

log = logging.getLogger(__name__)


def passed_on(
    app_id: str, reply: Reply, *, carrier: str, message_id: str | None, now: datetime
) -> None:
    """A reply that is no word of ours, which its app wants to know or not."""
    log.info("reply", extra={"app_id": app_id, "carrier": carrier, "message_id": message_id})
    events.record_reply(
        app_id,
        reply_id=reply.reply_id,
        phone=reply.phone,
        text=reply.text,
        carrier=carrier,
        at=datetime.fromtimestamp(reply.at, UTC) if reply.at else now,
        now=now,
    )


def opted(app_id: str | None, phone: str, said: OptOut, *, now: datetime) -> None:
    """A reply that leaves or comes back to marketing. Without an app, none wrote to the number.

    Who asks an app for marketing has agreed to it.
    """
    opt_outs.record_reply(app_id, phone, said)
    if app_id is None:
        return
    if not said.is_out:
        consents.record(app_id, _consent(phone, said))
    at = datetime.fromtimestamp(said.at // 1000, UTC)
    events.record_opt_out(app_id, phone=phone, added=said.is_out, source="reply", at=at, now=now)


def _consent(phone: str, said: OptOut) -> Consent:
    return Consent(
        phone=phone,
        how=said.word,
        at=said.at,
        source="reply",
        message_id=said.message_id,
        carrier=said.carrier,
        reply_id=said.reply_id,
    )
