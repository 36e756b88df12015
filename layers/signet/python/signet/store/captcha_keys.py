"""The keys that captchas are signed with, in the Apps table: read with what is read anyway.

    #deployment | captcha   captcha_keys: current, the id of the key for new ones, and keys by id

They open nothing but captchas, so they are not in the secret that codes are derived from, which
the function `captcha` cannot read. Without the item new ones are drawn. Failure mode: closed.
"""

from secrets import token_hex
from typing import Any

from pynamodb.exceptions import DoesNotExist

from signet.captchas import Keys
from signet.store import apps, table
from signet.store.apps import DEPLOYMENT, AppItem

_ITEM = "captcha"


def keys() -> Keys:
    """The keys, at most `apps.CACHE_SECONDS` old, drawn when they are first needed."""
    return apps.cached((DEPLOYMENT, _ITEM), _keys)


def _keys() -> Keys:
    try:
        item = table.read(lambda: AppItem.get(DEPLOYMENT, _ITEM, consistent_read=True))
        return _read(item.captcha_keys)
    except DoesNotExist:
        key_id = token_hex(4)
        drawn = {"current": key_id, "keys": {key_id: token_hex(32)}}
    action = AppItem.captcha_keys.set(drawn)
    try:
        after = table.update(
            AppItem(DEPLOYMENT, _ITEM), [action], AppItem.captcha_keys.does_not_exist()
        )
    except table.ConditionFailed as failed:
        after = failed.before
    return _read(AppItem.captcha_keys.deserialize(after["captcha_keys"]))


def _read(fields: dict[str, Any]) -> Keys:
    held = fields["keys"]
    return Keys(fields["current"], {name: bytes.fromhex(key) for name, key in held.items()})
