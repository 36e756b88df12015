"""An app that may send marketing, and a clock that stands at whatever hour a test wants."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.sender import app as sender
from signet.apps import Signature, Use
from signet.edge import clock
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeCarrier
from tests.functions.service import MASTER_KEY, PHONE, Reply, Service, put_template
from tests.store import build

BRAND = Signature("brand", "天天商城", "s9", use=Use.MARKETING)
COMPANY = replace(DEMO_APP, company="天东科技有限公司")


class Hands:
    """The clock's hands, which only the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)

    def stand(self, text: str, zone: str = "Asia/Shanghai") -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """A clock at noon of a Wednesday in China."""
    hands = Hands()
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda _: hands.now))
    return hands


def recording_carrier(
    monkeypatch: pytest.MonkeyPatch, on_submit: Callable[[], None] = lambda: None
) -> FakeCarrier:
    """A carrier of the test's own in the place of the deployment's."""
    fake = FakeCarrier(on_submit=on_submit)
    monkeypatch.setattr(sender, "carrier", lambda _: fake)
    return fake


def put_words(text: str = "秋季新品到店，欢迎选购！回复TD退订") -> None:
    """An approved marketing template, and the signature that stands before it."""
    build.put_signature(DEMO_APP.app_id, BRAND)
    put_template(text, name="Autumn", kind="marketing")


def advertise(service: Service, number: str = PHONE, **fields: Any) -> Reply:
    """Ask for one marketing SMS."""
    asked = {"headers": MASTER_KEY, "template": "Autumn", "sign": "brand", **fields}
    return service.request(number, **asked)
