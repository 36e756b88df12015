"""The stream of the Messages table: records of Lambda's event as changes of messages.

Only changes of messages whose app is told of them get here: the trigger's filter looks for the
attribute `events`. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from signet.events import Change
from signet.store import records
from signet.store.messages import MessageItem

log = logging.getLogger(__name__)


def read(stream: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """The changes in the stream's records. One that cannot be read is logged and left out.

    A repetition would not make it readable, and all others would wait for it.
    """
    for each in stream:
        try:
            yield _change(each["dynamodb"])
        except (KeyError, ValueError, TypeError) as error:
            reason = type(error).__name__
            log.error(
                "unreadable_change", extra={"event_id": each.get("eventID"), "reason": reason}
            )


def _change(fields: Mapping[str, Any]) -> Change:
    before, after = (_item(fields[image]) for image in ("OldImage", "NewImage"))
    return Change(
        app_id=str(after.pk).rsplit("#", 2)[0],
        before=records.record_of(before),
        after=records.record_of(after),
        at=int(fields["ApproximateCreationDateTime"]),
    )


def _item(image: Mapping[str, Any]) -> MessageItem:
    # `from_raw_data` changes what it is given.
    return MessageItem.from_raw_data({name: dict(value) for name, value in image.items()})
