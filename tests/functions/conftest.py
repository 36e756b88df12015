"""Fixtures of the function tests: a deployment in moto, apps, and a clock that tests move."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from signet.apps import App, Switches
from signet.edge import clock
from tests.conftest import DEMO_APP, record_app
from tests.functions.service import Service
from tests.store.build import client
from tests.store.emptied import resources, tables

__all__ = ["resources", "tables"]


@pytest.fixture
def make_app(tables: SimpleNamespace) -> Callable[..., App]:
    """Record an app: the demo app with changes, `switches` by name, and `credit_micros`."""

    def make(**changes: Any) -> App:
        switches = changes.pop("switches", {})
        credit = changes.pop("credit_micros", 100_000_000)
        app = replace(DEMO_APP, switches=replace(Switches(), **switches), **changes)
        return record_app(app, credit_micros=credit)

    return make


@pytest.fixture
def deployment(tables: SimpleNamespace) -> Service:
    """A deployment without any app."""
    return Service(tables.codes_queue, tables.bulk_queue, tables.alarm_topic)


@pytest.fixture
def service(deployment: Service, make_app: Callable[..., App]) -> Service:
    """A deployment with the demo app."""
    make_app()
    return deployment


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time stands still, so that a slow machine sees what a fast one sees."""
    start = datetime.now(UTC)
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=start.astimezone))


@pytest.fixture
def advance(
    tables: SimpleNamespace, stopped: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Move the clock on, as the local stack does; between two moves it stands still."""
    dynamodb = client("dynamodb")
    if "clock" not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName="clock",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    monkeypatch.setenv("SIGNET_CLOCK_TABLE", "clock")
    moved = 0

    def move(seconds: int) -> None:
        nonlocal moved
        moved += seconds
        dynamodb.put_item(
            TableName="clock", Item={"id": {"S": "clock"}, "offset_seconds": {"N": str(moved)}}
        )
        # The function looks at the table five times a second; a test does not wait for it.
        monkeypatch.setattr(clock, "_last", (-1, timedelta()))

    move(0)
    return move
