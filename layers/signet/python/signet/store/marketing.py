"""What senders may know of an app for its marketing: neither its name nor its keys.

Failure mode: closed; without these facts no marketing is sent.
"""

from pynamodb.exceptions import DoesNotExist

from signet.edge import settings
from signet.marketing import Facts
from signet.quiet_hours import Window
from signet.store import apps, table
from signet.store.apps import AppItem

# All that a sender may read of an app's item, which also holds its keys.
_FACTS_ONLY = ["company", "switches", "marketing"]


def facts(app_id: str) -> Facts:
    """What the rules ask of the app, at most `apps.CACHE_SECONDS` old."""
    return apps.cached((app_id, "app#marketing"), lambda: _facts(app_id))


def window() -> Window | None:
    """The hours to which this deployment narrows those of the law."""
    return Window.parse(settings.value("SIGNET_QUIET_HOURS"))


def _facts(app_id: str) -> Facts:
    try:
        item = table.read(lambda: AppItem.get(app_id, "app", attributes_to_get=_FACTS_ONLY))
    except DoesNotExist:
        return Facts(company=None, sms=False, cap=None, window=None)
    return Facts(
        company=item.company,
        sms=bool((item.switches or {}).get("sms", True)),
        cap=apps.marketing_cap(item.marketing or {}),
        window=window(),
    )
