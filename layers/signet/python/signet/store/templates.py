"""Templates as sending needs them: the version in use by name, and the text of any version.

Both are items of the Apps table that `store.words` writes; this half stays small, because a
person waits for the function that reads it. Failure mode: closed; what cannot be read is not sent.
"""

from pynamodb.exceptions import DoesNotExist

from signet import templates
from signet.apps import ReviewState
from signet.limits import Kind
from signet.store import apps, table
from signet.store.apps import AppItem
from signet.templates import Template

# All that a sender may read of the Apps table, which also holds the apps' keys.
_TEXT_ONLY = ["app_id", "item", "text"]


class TextMissing(Exception):
    """A message names a version that is not there: its app was removed, or somebody's hand."""


def in_use(app_id: str, name: str) -> Template | None:
    """The template's version in use, at most `apps.CACHE_SECONDS` old.

    Its state is another than approved while no version is; None when there is no such template.
    """
    return apps.cached((app_id, f"template#{name}"), lambda: _in_use(app_id, name))


def text(app_id: str, name: str, version: int) -> str:
    """The text of one version, which never changes once approved. Raises TextMissing."""
    key = f"template-version#{name}#{version:06d}"
    return apps.cached((app_id, key), lambda: _text(app_id, key))


def _in_use(app_id: str, name: str) -> Template | None:
    try:
        item = table.read(lambda: AppItem.get(app_id, f"template#{name}"))
    except DoesNotExist:
        return None
    return Template(
        name=name,
        kind=Kind(item.kind),
        text=templates.sent(str(item.text or ""), Kind(item.kind)),
        version=int(item.version or 0),
        state=ReviewState(item.state),
    )


def _text(app_id: str, key: str) -> str:
    try:
        item = table.read(lambda: AppItem.get(app_id, key, attributes_to_get=_TEXT_ONLY))
    except DoesNotExist as error:
        raise TextMissing(key) from error
    return str(item.text)
