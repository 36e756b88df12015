"""What a planner reads of the Apps table: nothing that is a key, as things stand now.

Failure mode: closed; of what cannot be read nothing is planned.
"""

from collections.abc import Mapping, Sequence

from pynamodb.exceptions import DoesNotExist

from signet.apps import ReviewState, Signature
from signet.limits import Kind
from signet.planning import Reach
from signet.store import apps, table
from signet.store.apps import DEPLOYMENT, AppItem
from signet.templates import Template

# All that a planner may read there, beside what senders may.
_REACH = ["app_id", "item", "name", "company", "switches", "guard"]
_WORDS = ["app_id", "item", "name", "kind", "text", "version", "state", "use", "short_id"]
_PRICES = ["app_id", "item", "prices"]


def reach(app_id: str) -> Reach | None:
    """Whom the app may text, and as whom; None for one that is not there."""
    item = _find(app_id, "app", _REACH)
    if item is None:
        return None
    return Reach(
        name=str(item.name),
        company=item.company,
        switches=apps.switches_of(item.switches or {}),
        guard=apps.guard_of(item.guard or {}),
    )


def template(app_id: str, name: str) -> Template | None:
    """The app's template of that name in use; None when there is none."""
    item = _find(app_id, f"template#{name}", _WORDS)
    if item is None:
        return None
    return Template(
        name=name,
        kind=Kind(item.kind),
        text=str(item.text or ""),
        version=int(item.version or 0),
        state=ReviewState(item.state),
    )


def signature(app_id: str, name: str) -> Signature | None:
    """The app's signature of that name in use; None when there is none."""
    item = _find(app_id, f"signature#{name}", _WORDS)
    return apps.signature_of(item.attribute_values) if item else None


def prices() -> Mapping[str, int]:
    """Micros by dial code, where this deployment's differ from the list."""
    item = _find(DEPLOYMENT, "settings", _PRICES)
    return item.prices or {} if item else {}


def _find(app_id: str, name: str, attributes: Sequence[str]) -> AppItem | None:
    def read() -> AppItem:
        return AppItem.get(app_id, name, attributes_to_get=attributes, consistent_read=True)

    try:
        return table.read(read)
    except DoesNotExist:
        return None
