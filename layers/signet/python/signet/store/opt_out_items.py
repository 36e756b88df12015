"""Items of the table OptOuts; see `store.opt_outs`, `store.consents` and `store.digests`."""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from signet.edge import settings
from signet.store import table


class OptOutItem(table.Table):
    """An item of the OptOuts table."""

    class Meta:
        table_name = settings.value("SIGNET_OPT_OUTS_TABLE")

    app_id = UnicodeAttribute(hash_key=True)
    person = UnicodeAttribute(range_key=True)
    phone = UnicodeAttribute(null=True)
    erased_at = NumberAttribute(null=True)
    refused_at = NumberAttribute(null=True)
    is_out = BooleanAttribute(null=True)
    at = NumberAttribute(null=True)
    word = UnicodeAttribute(null=True)
    carrier = UnicodeAttribute(null=True)
    reply_id = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    by = UnicodeAttribute(null=True)
    comment = UnicodeAttribute(null=True)
    check = UnicodeAttribute(null=True)


def erase(item: OptOutItem, *, now: datetime) -> int:
    """Take the number out of an item of this table: 1, or 0 if it was not in there."""
    actions: list[Action] = [
        OptOutItem.phone.remove(),
        OptOutItem.erased_at.set(int(now.timestamp() * 1000)),
    ]
    try:
        table.update(item, actions, OptOutItem.phone.exists())
    except table.ConditionFailed:
        return 0
    return 1
