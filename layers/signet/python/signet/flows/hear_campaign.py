"""What is heard of a campaign's messages, counted for those who watch it and for what pauses it."""

from datetime import datetime

from signet.campaigns import Row
from signet.messages import MessageRef
from signet.releases import Heard
from signet.store import campaign_parts, conversations
from signet.store.messages import Heard as Receipt


def counted(ref: MessageRef, receipt: Receipt, delivered: bool, now: datetime) -> None:
    """Count a receipt of a campaign's message."""
    if receipt.campaign is None:
        return
    corrected = -1 if receipt.corrects else 0
    heard = Heard(delivered=1) if delivered else Heard(undelivered=1)
    heard = Heard(heard.delivered, heard.undelivered + corrected)
    _hear(ref.app_id, receipt.campaign, heard, now)


def opted_out(ref: MessageRef, now: datetime) -> None:
    """Count an opt-out that answers a message, if that is of a campaign."""
    campaign = conversations.campaign_of(ref)
    if campaign:
        _hear(ref.app_id, campaign, Heard(replied_out=1), now)


def _hear(app_id: str, campaign: str, heard: Heard, now: datetime) -> None:
    campaign_parts.hear(app_id, Row.unpacked(campaign), heard, now=int(now.timestamp()))
