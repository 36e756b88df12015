"""An app's money added up in two ways: from its ledger and from the records of its messages."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from signet.apps import Switches
from signet.store import balances, ledger
from signet.store.balances import Account
from signet.store.ledger import Credit
from tests.conftest import DEMO_APP, WORLD, record_app

PRICE = 50_000


@dataclass
class Books:
    """How an app's money stands, and what its messages say."""

    account: Account
    records: list[dict[str, Any]]

    @property
    def held(self) -> int:
        """What the app may still spend."""
        return balances.balance(self.account)

    @property
    def charged(self) -> int:
        """The price of every message there is."""
        return sum(int(record["price"]) for record in self.records)

    @property
    def refunded(self) -> int:
        """The price of every message that was paid back."""
        return sum(int(record["price"]) for record in self.records if "refunded" in record)

    def add_up(self) -> None:
        """Credits - charges + refunds = balance, from the ledger and from the records."""
        ledger.check(self.account)
        credited = sum(one.amount for one in ledger.credits(self.account.app_id, limit=1_000))
        assert self.held == credited - self.charged + self.refunded
        found = ledger.list_days(self.account, since="00000000")
        assert sum(day.charged for day in found) == self.charged
        assert sum(day.messages for day in found) == len(self.records)
        assert sum(day.refunded for day in found) == self.refunded
        assert sum(day.refunds for day in found) == sum("refunded" in r for r in self.records)
        assert sum(day.credited for day in found) == credited
        assert all(int(item.get("balance", 0)) >= 0 for item in balances.snapshot(self.account))


@cache
def _resource(endpoint: str) -> Any:
    return boto3.resource("dynamodb", endpoint_url=endpoint)


def dynamodb_table(name: str) -> Any:
    """A table in the emulator; making a client takes longer than most calls."""
    return _resource(os.environ["AWS_ENDPOINT_URL"]).Table(name)


def books(account: Account) -> Books:
    """The books with the records as they are now."""
    mine = [item for item in records() if item["pk"].split("#")[0] == account.app_id]
    return Books(account, mine)


def records() -> list[dict[str, Any]]:
    """The record of every message there is."""
    table = dynamodb_table("messages")
    found: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = table.scan(ConsistentRead=True, **start)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def forget_records() -> None:
    """Drop every message, so that the sweeper finds only what a test makes."""
    with dynamodb_table("messages").batch_writer() as batch:
        for item in records():
            batch.delete_item({"pk": item["pk"], "sk": item["sk"]})


def new_account(name: str, *, credit: int, shards: int = 1, cap: int | None = None) -> Account:
    """An app with money, spread over its items as a credit is."""
    account = Account(f"signet-{name}", shards)
    app = replace(
        DEMO_APP,
        app_id=account.app_id,
        switches=Switches(international=True),
        guard=WORLD,
        balance_shards=shards,
        daily_cap_micros=cap,
    )
    record_app(app, credit_micros=0)
    if shards > 1:
        balances.level(account)
    top_up(account, credit)
    return account


def forget_app(account: Account) -> None:
    """Drop an app, so that whoever looks at all apps has less to do."""
    dynamodb_table("apps").delete_item(Key={"app_id": account.app_id, "item": "app"})


def top_up(account: Account, amount: int, *, at: datetime | None = None) -> None:
    """Give an app money."""
    seconds = int((at or datetime.now(UTC)).timestamp())
    given = Credit(amount, seconds, "operator:demo", "race")
    ledger.credit(account, given, credit_id=f"{amount}-{seconds}")


def put_template(account: Account, name: str, text: str) -> None:
    """Put a notification in use, past the stores."""
    words = {"kind": "notification", "text": text, "version": 1, "state": "approved"}
    for item in (f"template#{name}", f"template-version#{name}#000001"):
        dynamodb_table("apps").put_item(
            Item={"app_id": account.app_id, "item": item, "name": name, **words}
        )
