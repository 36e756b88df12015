"""The Carriers table: what its items may hold. Their sorts are in `carrier_health`, `callbacks`.

One model for both: a process has one for each table.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from signet.edge import settings
from signet.store import table


class CarrierItem(table.Table):
    """An item of the Carriers table, of whichever sort."""

    class Meta:
        table_name = settings.value("SIGNET_CARRIERS_TABLE")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ttl = NumberAttribute(null=True)

    # Of counts: see `signet.health`.
    a = NumberAttribute(null=True)
    f = NumberAttribute(null=True)
    s = NumberAttribute(null=True)
    p = NumberAttribute(null=True)

    # Of standings, and of their changes.
    share = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    changed_at = NumberAttribute(null=True)
    usual = NumberAttribute(null=True)
    usual_at = NumberAttribute(null=True)
    before = NumberAttribute(null=True)
    after = NumberAttribute(null=True)

    # Of a carrier's own id: the message that it means.
    app_id = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
