"""What all tables share: one connection, one way to write under a condition.

Every write is recognisable by a request id, a nonce or a token, so that a retry after a lost
reply finds its own traces instead of being refused or counted twice; only therefore may the
client retry once. Failure mode: closed. Whoever cannot be counted is not served.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol, TypeVar

import botocore.session
from botocore.exceptions import BotoCoreError
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import PynamoDBException, TransactWriteError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from signet.edge import aws
from signet.errors import Unavailable

# An item as DynamoDB writes it, {"a": {"N": "1"}}, and as Python reads it, {"a": 1}.
RawItem = Mapping[str, Mapping[str, Any]]
Item = dict[str, Any]

_T = TypeVar("_T")

# A number under attack is contended; a person on it waits a fraction of a second at most.
_ATTEMPTS = 6
# One that debits a balance meets all other sends of its app there: two seconds, on average.
_TRANSACTION_ATTEMPTS = 12
_PAUSE_SECONDS = 0.03
_BUSY = frozenset({
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
})  # fmt: skip
_REFUSED = "ConditionalCheckFailed"


class ConditionFailed(Exception):
    """A conditional write was refused; `before` is the item as it stood, {} if there is none."""

    def __init__(self, before: Item) -> None:
        super().__init__("condition failed")
        self.before = before


class TransactionRefused(Exception):
    """A transaction was refused by its conditions.

    `before[i]` is the item that refused operation i and None where i did not refuse. PynamoDB
    sends deletes, then puts, then updates.
    """

    def __init__(self, before: Sequence[Item | None]) -> None:
        super().__init__("transaction refused")
        self.before = before


class Joined(Protocol):
    """Writes that join a transaction, in front of all others of it.

    There are `size` of them; `refusal` tells what those that refused, in their order, mean to
    whoever wanted them.
    """

    @property
    def size(self) -> int: ...

    def add(self, writes: TransactWrite) -> None: ...

    def refusal(self, before: Sequence[Item | None]) -> Exception | None: ...


class _SharedConnection(Connection):
    @property
    def session(self) -> botocore.session.Session:
        return aws.session()


# PynamoDB's own defaults (15 s, 30 s, 3 retries) outlast the gateway (review.md 1.10).
CONNECTION = _SharedConnection(
    connect_timeout_seconds=1, read_timeout_seconds=2, max_retry_attempts=1
)


class Table(Model):
    """A model on the one connection; PynamoDB would open a client for each model."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is None:
            own = super()._get_connection()
            CONNECTION.add_meta_table(own.get_meta_table())
            own.connection = CONNECTION
        return super()._get_connection()


# Kept: a send names some forty, and making one parses it.
@lru_cache(maxsize=1024)
def path(name: str) -> Path:
    """An attribute by its name, for items whose attributes a model cannot list."""
    return Path([name])


def update(model: Model, actions: Sequence[Action], condition: Condition | None = None) -> Item:
    """One UpdateItem, perhaps conditional. Returns the item after it, raises ConditionFailed."""
    request = model.get_update_kwargs_from_instance(
        actions=list(actions),
        condition=condition,
        return_values_on_condition_failure="ALL_OLD",
    )
    request["ReturnValues"] = "ALL_NEW"
    try:
        reply = _unless_busy(lambda: CONNECTION.dispatch("UpdateItem", request))
    except VerboseClientError as error:
        if _code(error) == f"{_REFUSED}Exception":
            raise ConditionFailed(_failed_item(error)) from error
        raise
    return python(reply["Attributes"])


def transact(build: Callable[[TransactWrite], None]) -> None:
    """All of the writes that `build` adds, or none of them. Raises TransactionRefused.

    The token makes a retry after a lost reply harmless, by DynamoDB, for ten minutes.
    """
    token = secrets.token_hex(16)

    def attempt() -> None:
        with TransactWrite(connection=CONNECTION, client_request_token=token) as writes:
            build(writes)

    try:
        _unless_busy(attempt, attempts=_TRANSACTION_ATTEMPTS)
    except TransactWriteError as error:
        reasons = error.cancellation_reasons
        if not any(reason and reason.code == _REFUSED for reason in reasons):
            raise
        raise TransactionRefused(
            [
                python(reason.raw_item or {}) if reason and reason.code == _REFUSED else None
                for reason in reasons
            ]
        ) from error


def snapshot(items: Sequence[Model]) -> list[Item]:
    """The items with these keys as they all stood at one instant; {} for those that are not."""
    gets = [
        {"Get": {"TableName": item.Meta.table_name, "Key": item.to_dynamodb_dict()}}
        for item in items
    ]
    reply = _unless_busy(lambda: CONNECTION.dispatch("TransactGetItems", {"TransactItems": gets}))
    return [python(found.get("Item", {})) for found in reply["Responses"]]


def items(
    model: type[Model], keys: Sequence[Mapping[str, Any]], *, consistent: bool = False
) -> Iterator[Item]:
    """The items with these raw keys (≤ 100), those that there are, with all their attributes."""
    name = model.Meta.table_name
    request_for = {"Keys": list(keys), "ConsistentRead": consistent}
    wanted: Mapping[str, Any] = {name: request_for} if keys else {}
    for attempt in range(1, _TRANSACTION_ATTEMPTS + 1):
        if not wanted:
            return
        request = {"RequestItems": wanted}
        reply = _unless_busy(lambda: CONNECTION.dispatch("BatchGetItem", request))  # noqa: B023
        yield from map(python, reply["Responses"].get(name, ()))
        wanted = reply.get("UnprocessedKeys") or {}
        if wanted:
            pause(attempt)
    raise Unavailable(retry_after=1)


def pause(attempt: int = 1) -> None:
    """Wait a moment before trying again what others keep changing."""
    time.sleep(random.uniform(0.5, 1.5) * _PAUSE_SECONDS * attempt)  # noqa: S311


def groups(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of so many at most, as many as one call takes."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def read(request: Callable[[], _T]) -> _T:
    """What `request` reads, with contention and lost connections turned into Unavailable."""
    return _unless_busy(request)


def once(request: Callable[[], _T]) -> _T:
    """What `request` gives, tried once: for what is not worth waiting, or may count twice.

    Raises ConditionFailed, without the item, and Unavailable for contention and lost connections.
    """
    try:
        return _unless_busy(request, attempts=1)
    except VerboseClientError as error:
        if _code(error) == f"{_REFUSED}Exception":
            raise ConditionFailed({}) from error
        raise


def python(raw: RawItem) -> Item:
    """A raw item in plain Python values; PynamoDB drops attributes a model does not name."""
    return {name: _value(value) for name, value in raw.items()}


def _value(raw: Mapping[str, Any]) -> Any:
    ((kind, value),) = raw.items()
    if kind == "N":
        return int(value)
    if kind == "L":
        return [_value(element) for element in value]
    if kind == "M":
        return python(value)
    if kind == "NS":
        return {int(each) for each in value}
    return None if kind == "NULL" else value


def _unless_busy(request: Callable[[], _T], *, attempts: int = _ATTEMPTS) -> _T:
    for attempt in range(1, attempts + 1):
        try:
            return request()
        except (PynamoDBException, VerboseClientError, BotoCoreError) as error:
            cause = error.cause if isinstance(error, PynamoDBException) else error
            if isinstance(cause, BotoCoreError):
                raise Unavailable from error
            if not _is_busy(error):
                raise
            if attempt == attempts:
                raise Unavailable(retry_after=1) from error
        pause(attempt)
    raise AssertionError("unreachable")


def _is_busy(error: Exception) -> bool:
    cause = error.cause if isinstance(error, PynamoDBException) else error
    reasons = getattr(cause, "cancellation_reasons", ())
    codes = {reason.code for reason in reasons if reason}
    if codes:
        # A failed condition is an answer, whatever else held the transaction up.
        return _REFUSED not in codes and bool(codes & _BUSY)
    return isinstance(cause, VerboseClientError) and _code(cause) in _BUSY


def _code(error: VerboseClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _failed_item(error: VerboseClientError) -> Item:
    # PynamoDB 6.1 keeps only `Error` of the reply; botocore's own error still has the item.
    response = getattr(error.__cause__, "response", {})
    return python(response.get("Item", {}))
