"""What is read of an app by those who may not have its keys, beside them in the same item.

Failure mode: closed; of an app that cannot be read nothing is planned.
"""

from pynamodb.exceptions import DoesNotExist

from signet.planning import Reach
from signet.store import apps, table
from signet.store.apps import AppItem

_ATTRIBUTES = ["app_id", "item", "name", "company", "switches", "guard"]


def get(app_id: str) -> Reach | None:
    """Whom the app may text, and as whom, as it is now; None for one that is not there."""
    try:
        item = table.read(
            lambda: AppItem.get(app_id, "app", attributes_to_get=_ATTRIBUTES, consistent_read=True)
        )
    except DoesNotExist:
        return None
    return Reach(
        name=str(item.name),
        company=item.company,
        switches=apps.switches_of(item.switches or {}),
        guard=apps.guard_of(item.guard or {}),
    )
