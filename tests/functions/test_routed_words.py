"""Words by route: whose template is sent and billed, and in whose name a country is texted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from signet.apps import App
from signet.carriers import Accepted, CarrierError, OutgoingMessage, opening
from signet.carriers.mappings import Find, VendorMessage, translated
from signet.limits import Kind
from signet.routes import Hop, Rule
from signet.store import apps, deployment
from tests.conftest import WORLD
from tests.flows.fakes import FakeCarrier
from tests.functions.service import MASTER_KEY, PHONE, Service, put_template
from tests.store.build import message_items, put


@dataclass
class Mapped(FakeCarrier):
    """A carrier that sends its own template for ours, and keeps what that was."""

    find: Find = lambda message: None
    sent: list[VendorMessage] = field(default_factory=list)

    def submit(self, message: OutgoingMessage) -> Accepted:
        taken = super().submit(message)
        self.sent.append(translated(message, self.find))
        return taken


@pytest.fixture
def carriers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapped]:
    """The carriers that were opened, by name."""
    opened: dict[str, Mapped] = {}

    def open_one(name: str, find: Find) -> Mapped:
        mapped = opened.setdefault(name, Mapped(name=name))
        assert mapped.find in (find, Mapped.find), "one finder for each carrier"
        mapped.find = find
        return mapped

    monkeypatch.setattr(opening, "carrier", open_one)
    return opened


def route(*rules: Rule) -> None:
    deployment.set_routes(rules, by="demo", now=datetime.now(UTC))
    apps.forget()


def map_order(carrier: str, template: str, text: str) -> None:
    """Have a carrier's template for version 1 of ours."""
    put(
        "apps",
        app_id="signet-demo-app",
        item=f"mapping#{carrier}#Order_Notice#000001",
        vendor_template=template,
        vendor_signatures='{"Signet": "示例"}',
        vendor_variables="{}",
        text=text,
    )


@pytest.fixture
def order(service: Service) -> Callable[[], int]:
    """Ask for a notification with a template that two carriers have; the segments billed."""
    put_template("已发货")
    map_order("alibaba", "SMS_1", "已" * 60)
    map_order("tencent", "77", "已" * 80)

    def ask() -> int:
        assert service.request(headers=MASTER_KEY, template="Order_Notice").code == 0
        (record,) = message_items()
        return int(record["segments"])

    return ask


@pytest.mark.parametrize(
    ("hops", "template", "segments"),
    [
        ((Hop("alibaba", 100), Hop("tencent", 0)), "SMS_1", 1),
        ((Hop("alibaba", 0), Hop("tencent", 100)), "77", 2),
    ],
)
def test_the_carrier_that_leads_the_route_says_what_is_billed_and_sends_it(
    service: Service,
    order: Callable[[], int],
    carriers: dict[str, Mapped],
    hops: tuple[Hop, ...],
    template: str,
    segments: int,
) -> None:
    route(Rule(hops, country="86"))

    assert order() == segments
    assert service.send() == []

    sent = [one.template for mapped in carriers.values() for one in mapped.sent]
    assert sent == [template]


def test_whoever_steps_in_sends_its_own_template(
    service: Service, order: Callable[[], int], carriers: dict[str, Mapped]
) -> None:
    down = CarrierError("Down", retryable=True)
    carriers["alibaba"] = Mapped(name="alibaba", fails_with=down)
    route(Rule((Hop("alibaba", 100), Hop("tencent", 0))))

    order()
    assert service.send() == []

    assert carriers["alibaba"].sent == []
    assert [one.template for one in carriers["tencent"].sent] == ["77"]


def test_each_country_is_texted_in_the_name_that_its_route_has(
    deployment: Service, make_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_app(switches={"international": True}, guard=WORLD)
    fake = FakeCarrier()
    monkeypatch.setattr(opening, "carrier", lambda name, find: fake)
    route(
        Rule((Hop("sns", sender="SHOPCO"),), country="44"),
        Rule((Hop("sns", sender="+18005550100"),), country="1"),
        Rule((Hop("sns", sender="ADS"),), country="44", kind=Kind.MARKETING),
    )

    numbers: dict[str, Any] = {
        "+447400123456": "SHOPCO",
        "+12015550123": "+18005550100",
        PHONE: None,
    }
    for number in numbers:
        assert deployment.request(number).code == 0
    assert deployment.send() == []

    assert {handed.phone: handed.sender for handed in fake.handed} == numbers
