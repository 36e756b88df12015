"""Conversations: which messages went to a number lately, for replies that do not say to whom.

Reads only keys of the Apps table, so that whoever asks need not be able to read the apps' keys.
Bounded: of the first apps, the newest messages of each. Failure mode: closed.
"""

from collections.abc import Iterable, Iterator

from signet.limits import Kind
from signet.messages import MessageRef
from signet.opt_outs import Sent
from signet.store import apps, messages, table
from signet.store.apps import AppItem
from signet.store.messages import MessageItem

# More apps are not asked: a reply that none of these sent to counts for the whole deployment.
MOST_APPS = 200
_NEWEST = 3
# The time in the sort key of a message, hexadecimal milliseconds; see `messages.new_id`.
_TIME = 12


def app_ids(named: str | None = None) -> list[str]:
    """The ids of apps; only the one that is named, if there is such an app."""
    which = AppItem.listed_key == named if named else None
    return [str(item.app_id) for item in apps.listed("apps", limit=MOST_APPS, after=which)]


def sent_to(phone: str, app_ids: Iterable[str], *, signatures: bool = False) -> list[Sent]:
    """The newest messages of these apps to the number, with their signatures if need be."""
    found = [item for app_id in app_ids for item in _newest(app_id, phone)]
    texts = dict(_signature_texts(found)) if signatures else {}
    return [_sent(item, texts.get((item.pk, item.sk), "")) for item in found]


def campaign_of(ref: MessageRef) -> str | None:
    """Which row of a campaign a message is for, as `campaigns.Row` packs it."""
    key = messages.key(ref)
    attributes = ["campaign"]
    read = table.read(lambda: list(MessageItem.batch_get([key], attributes_to_get=attributes)))
    return read[0].campaign if read else None


def _newest(app_id: str, phone: str) -> list[MessageItem]:
    return table.read(
        lambda: list(
            MessageItem.by_phone.query(f"{app_id}#{phone}", scan_index_forward=False, limit=_NEWEST)
        )
    )


def _signature_texts(items: list[MessageItem]) -> Iterator[tuple[tuple[str, str], str]]:
    keys = [(item.pk, item.sk) for item in items]
    attributes = ["pk", "sk", "signature_text"]
    for item in table.read(lambda: list(MessageItem.batch_get(keys, attributes_to_get=attributes))):
        yield (item.pk, item.sk), str(item.signature_text)


def _sent(item: MessageItem, signature_text: str) -> Sent:
    app_id, day, shard = str(item.pk).rsplit("#", 2)
    return Sent(
        app_id=app_id,
        message_id=f"{day}-{shard}-{item.sk}",
        at=int(str(item.sk)[:_TIME], 16) // 1000,
        kind=Kind(item.kind),
        signature_text=signature_text,
    )
