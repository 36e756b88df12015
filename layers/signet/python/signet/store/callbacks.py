"""Callbacks of carriers, in the Carriers table: whose message a carrier's own id is.

pk = sent#<carrier>#<id>   app_id, message_id, ttl
"""

from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from signet.edge import settings
from signet.messages import MessageRef
from signet.store import table

_LIFE = timedelta(days=4)


class CallbackItem(table.Table):
    """An item of the Carriers table that is about callbacks."""

    class Meta:
        table_name = settings.value("SIGNET_CARRIERS_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    app_id = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)


def remember(carrier: str, carrier_message_id: str, ref: MessageRef, *, now: datetime) -> None:
    """Keep which message the carrier calls so. Raises Unavailable."""
    item = CallbackItem(
        f"sent#{carrier}#{carrier_message_id}",
        "-",
        app_id=ref.app_id,
        message_id=ref.message_id,
        ttl=int((now + _LIFE).timestamp()),
    )
    table.read(item.save)
