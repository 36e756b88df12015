"""What the stores build on: one connection, and what its refusals and silences mean."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import VerboseClientError
from pynamodb.transactions import TransactWrite

from signet.errors import Unavailable
from signet.store import apps, table
from signet.store.apps import AppItem
from signet.store.balances import BalanceItem
from signet.store.ledger import LedgerItem
from signet.store.messages import MessageItem
from signet.store.phones import PhoneItem
from signet.store.table import ConditionFailed, TransactionRefused, path
from tests.store.build import put

pytestmark = pytest.mark.usefixtures("tables")

Answer = Callable[[str], "AWSResponse | None"]


class Network:
    """Between the client and DynamoDB: answers in its place, and counts the calls."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.answer: Answer = lambda operation: None

    def __call__(self, request: AWSRequest, **_: Any) -> "AWSResponse | None":
        target = request.headers["X-Amz-Target"]
        name = target.decode() if isinstance(target, bytes) else target
        self.calls[name.rpartition(".")[2]] += 1
        return self.answer(name)


@pytest.fixture
def network(tables: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    between: Any = Network()
    events = table.CONNECTION.client.meta.events
    events.register_first("before-send.dynamodb", between)
    yield between
    events.unregister("before-send.dynamodb", between)


class Body:
    """A reply's body as urllib3 would stream it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def refusal(code: str, status: int = 400, **fields: Any) -> AWSResponse:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no", **fields}
    return AWSResponse("", status, HTTPHeaders(), Body(json.dumps(body).encode()))


def cancelled(*codes: str) -> AWSResponse:
    reasons = [{"Code": code, "Message": "no"} for code in codes]
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


def count_up() -> table.Item:
    return table.update(
        PhoneItem("a#1"), [path("n").set((path("n") | 0) + 1)], path("locked").does_not_exist()
    )


def write_two() -> None:
    def build(writes: TransactWrite) -> None:
        for pk in ("a#1", "a#2"):
            writes.update(
                PhoneItem(pk),
                [path("n").set(1)],
                path("locked").does_not_exist(),
                return_values="ALL_OLD",
            )

    table.transact(build)


# --- Answers ----------------------------------------------------------------------------------


def test_an_update_returns_the_item_after_it() -> None:
    put("phones", pk="a#1", n=4, list=["x", b"y"], map={"k": 1}, none=None)

    assert count_up() == {
        "pk": "a#1",
        "n": 5,
        "list": ["x", b"y"],
        "map": {"k": 1},
        "none": None,
    }


def test_a_refused_update_tells_the_item_as_it_stands() -> None:
    put("phones", pk="a#1", n=4, locked=True)

    with pytest.raises(ConditionFailed) as failed:
        count_up()

    assert failed.value.before == {"pk": "a#1", "n": 4, "locked": True}


def test_a_refused_update_of_nothing_tells_an_empty_item() -> None:
    with pytest.raises(ConditionFailed) as failed:
        table.update(PhoneItem("a#1"), [path("n").set(1)], path("n").exists())

    assert failed.value.before == {}


def test_pynamodb_still_drops_the_item_of_a_refused_update_and_botocore_still_has_it() -> None:
    put("phones", pk="a#1", locked=True)

    with pytest.raises(ConditionFailed) as failed:
        count_up()

    verbose = failed.value.__cause__
    assert isinstance(verbose, VerboseClientError)
    assert set(verbose.response) == {"Error"}
    assert getattr(verbose.__cause__, "response", {})["Item"]["pk"] == {"S": "a#1"}


def test_a_refused_transaction_tells_which_item_refused() -> None:
    put("phones", pk="a#2", locked=True)

    with pytest.raises(TransactionRefused) as refused:
        write_two()

    assert refused.value.before == [None, {"pk": "a#2", "locked": True}]


def test_puts_come_before_updates_whatever_the_order_they_were_added_in() -> None:
    put("phones", pk="a#2", locked=True)

    def build(writes: TransactWrite) -> None:
        writes.update(PhoneItem("a#1"), [path("n").set(1)], path("n").does_not_exist())
        writes.save(PhoneItem("a#2"), PhoneItem.pk.does_not_exist(), return_values="ALL_OLD")

    with pytest.raises(TransactionRefused) as refused:
        table.transact(build)

    assert refused.value.before == [{"pk": "a#2", "locked": True}, None]


# --- Silences ---------------------------------------------------------------------------------

BUSY = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
]


@pytest.mark.parametrize("code", BUSY)
def test_a_busy_table_is_asked_again(network: Network, code: str) -> None:
    network.answer = lambda _: refusal(code) if network.calls["UpdateItem"] <= 2 else None

    count_up()

    assert network.calls["UpdateItem"] == 3


@pytest.mark.parametrize("code", BUSY)
def test_a_table_that_stays_busy_is_unavailable_for_a_second(network: Network, code: str) -> None:
    network.answer = lambda _: refusal(code)

    with pytest.raises(Unavailable) as unavailable:
        count_up()

    assert unavailable.value.retry_after == 1


@pytest.mark.parametrize(
    "reasons",
    [
        ("TransactionConflict", "None"),
        ("None", "TransactionConflict"),
        ("ThrottlingError", "TransactionConflict"),
        ("ProvisionedThroughputExceeded", "None"),
    ],
)
def test_a_transaction_in_conflict_is_tried_again(
    network: Network, reasons: tuple[str, ...]
) -> None:
    network.answer = lambda _: (
        cancelled(*reasons) if network.calls["TransactWriteItems"] <= 2 else None
    )

    write_two()

    assert network.calls["TransactWriteItems"] == 3


def test_a_transaction_always_in_conflict_is_unavailable(network: Network) -> None:
    network.answer = lambda _: cancelled("TransactionConflict", "None")

    with pytest.raises(Unavailable):
        write_two()


def test_a_failed_condition_is_an_answer_whatever_else_was_in_conflict(network: Network) -> None:
    network.answer = lambda _: cancelled("ConditionalCheckFailed", "TransactionConflict")

    with pytest.raises(TransactionRefused):
        write_two()

    assert network.calls["TransactWriteItems"] == 1


def test_a_mistake_of_ours_is_not_called_unavailable(network: Network) -> None:
    network.answer = lambda _: refusal("ValidationException")

    with pytest.raises(VerboseClientError):
        count_up()


@pytest.mark.parametrize(
    "lost",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    "ask",
    [
        count_up,
        write_two,
        lambda: table.snapshot([PhoneItem("a#1")]),
        lambda: apps.get("nobody"),
    ],
    ids=["update", "transact", "snapshot", "read"],
)
def test_a_lost_connection_is_unavailable_and_tried_twice_at_most(
    network: Network, lost: Exception, ask: Callable[[], object]
) -> None:
    def fail(_: str) -> AWSResponse:
        raise lost

    network.answer = fail

    with pytest.raises(Unavailable):
        ask()

    assert network.calls.total() <= 2


def test_a_retried_transaction_carries_the_same_token(network: Network) -> None:
    tokens: list[str] = []

    def refuse_first(_: str) -> AWSResponse | None:
        return cancelled("TransactionConflict", "None") if len(tokens) < 2 else None

    def note(params: dict[str, Any], **_: Any) -> None:
        tokens.append(json.loads(params["body"])["ClientRequestToken"])

    network.answer = refuse_first
    events = table.CONNECTION.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", note)
    try:
        write_two()
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", note)

    assert len(tokens) == 2
    assert len(set(tokens)) == 1


# --- Looking at several items at once ---------------------------------------------------------


def test_a_snapshot_tells_each_item_in_the_order_asked_for_and_nothing_for_none() -> None:
    put("phones", pk="a#1", n=4)
    put("messages", pk="m", sk="1", price=50_000)

    found = table.snapshot([MessageItem("m", "1"), PhoneItem("a#2"), PhoneItem("a#1")])

    assert found == [{"pk": "m", "sk": "1", "price": 50_000}, {}, {"pk": "a#1", "n": 4}]


@pytest.mark.parametrize("reasons", [("TransactionConflict", "None"), ("ThrottlingError",)])
def test_a_snapshot_in_conflict_is_taken_again(network: Network, reasons: tuple[str, ...]) -> None:
    network.answer = lambda _: (
        cancelled(*reasons) if network.calls["TransactGetItems"] <= 2 else None
    )

    assert table.snapshot([PhoneItem("a#1")]) == [{}]

    assert network.calls["TransactGetItems"] == 3


def test_a_snapshot_always_in_conflict_is_unavailable(network: Network) -> None:
    network.answer = lambda _: cancelled("TransactionConflict")

    with pytest.raises(Unavailable):
        table.snapshot([PhoneItem("a#1")])


# --- The connection ---------------------------------------------------------------------------


def test_all_models_share_one_client_that_gives_up_early() -> None:
    apps.get("nobody")
    connections = {id(model._get_connection().connection) for model in MODELS}

    config: Any = table.CONNECTION.client.meta.config

    assert connections == {id(table.CONNECTION)}
    assert (config.connect_timeout, config.read_timeout) == (1, 2)


MODELS = (AppItem, PhoneItem, MessageItem, BalanceItem, LedgerItem)
