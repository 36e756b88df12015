"""What is on the virtual phones, by whichever carrier it came: `GET /local/messages`."""

import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from local.aws import Aws
from local.phones import Arrived, Phones
from local.sns_texts import SnsTexts

# What DynamoDB gives at once.
_MOST_AT_ONCE = 100

Key = tuple[str, str]


class Inbox:
    """Lists messages, newest first."""

    def __init__(self, *, phones: Phones, sns: SnsTexts, aws: Aws, messages_table: str) -> None:
        self._phones = phones
        self._sns = sns
        self._aws = aws
        self._table = messages_table
        self._segments: dict[Key, int] = {}
        self._lock = threading.Lock()

    def texts(self, phone: str | None = None) -> list[dict[str, object]]:
        """The messages to one phone, or to all of them.

        `segments` is what Signet recorded; None if it has no record of the message.
        """
        messages = [one for one in self._phones.messages() if phone in {None, one.to}]
        with self._lock:
            self._learn(messages)
        shown = [asdict(one) | {"segments": self._segments.get(_key(one))} for one in messages]
        every = shown + self._sns.texts(phone)
        # Of one moment, the one that came last is first.
        return sorted(every, key=lambda one: str(one["arrived_at"]))[::-1]

    def _learn(self, messages: list[Arrived]) -> None:
        unknown = [_key(one) for one in messages if _key(one) not in self._segments]
        for start in range(0, len(unknown), _MOST_AT_ONCE):
            wanted = {_record_key(*key): key for key in unknown[start : start + _MOST_AT_ONCE]}
            for item in self._records(list(wanted)):
                place = (item["pk"]["S"], item["sk"]["S"])
                self._segments[wanted[place]] = int(item["segments"]["N"])

    def _records(self, keys: list[Key]) -> Iterator[dict[str, Any]]:
        listed = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
        asked: dict[str, Any] = {
            self._table: {
                "Keys": listed,
                "ProjectionExpression": "pk, sk, #segments",
                "ExpressionAttributeNames": {"#segments": "segments"},
            }
        }
        while asked:
            reply = self._aws.client("dynamodb").batch_get_item(RequestItems=asked)
            yield from reply["Responses"].get(self._table, [])
            asked = reply.get("UnprocessedKeys", {})


def _key(message: Arrived) -> Key:
    return message.app_id, message.message_id


def _record_key(app_id: str, message_id: str) -> Key:
    """The id is yyyymmdd-shard-key; its record is `app#yyyymmdd#shard` and the key."""
    day, shard, unique = message_id.split("-", 2)
    return f"{app_id}#{day}#{shard}", unique
