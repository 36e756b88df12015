"""Mappings: what a carrier sends in the place of ours, and for whom it is said."""

from datetime import UTC, datetime

import pytest

from signet.apps import App
from signet.audits import Entry
from signet.errors import Missing
from signet.store import audits, mappings
from signet.store.apps import DEPLOYMENT
from signet.vendor_templates import Ours, VendorTemplate, sends_theirs
from tests.store.build import APP_ID, NOW, dynamodb_table

pytestmark = pytest.mark.usefixtures("tables")

ORDER = Ours("alibaba", "Order_Notice", 2)
BUILT_IN = Ours("alibaba")
THEIRS = VendorTemplate(
    "SMS_1234", {"Signet": "示例商城"}, {"order": "order_id"}, "订单 ${order} 已发货。"
)
ENTRY = Entry(NOW, "operator:demo", "map", "mapping:alibaba/Order_Notice", 2)


def put(app_id: str, ours: Ours, vendor_template: str = "SMS_1234") -> VendorTemplate:
    theirs = VendorTemplate(vendor_template)
    mappings.put(app_id, ours, theirs, ENTRY)
    return theirs


def test_a_mapping_comes_back_as_it_was_recorded() -> None:
    mappings.put(APP_ID, ORDER, THEIRS, ENTRY)

    assert mappings.find(APP_ID, ORDER) == THEIRS
    assert mappings.of_app(APP_ID) == [(ORDER, THEIRS)]


@pytest.mark.parametrize(
    "other",
    [Ours("tencent", "Order_Notice", 2), Ours("alibaba", "Order_Notice", 3), BUILT_IN],
)
def test_a_mapping_is_of_one_carrier_and_one_version(other: Ours) -> None:
    put(APP_ID, ORDER)

    assert mappings.find(APP_ID, other) is None


def test_a_mapping_of_one_app_says_nothing_of_another() -> None:
    put(APP_ID, ORDER)

    assert mappings.find("another-app", ORDER) is None
    assert mappings.of_app("another-app") == []


def test_the_built_in_text_is_mapped_for_all_apps_without_their_own() -> None:
    for_all = put(DEPLOYMENT, BUILT_IN, "SMS_1")

    assert mappings.find(APP_ID, BUILT_IN) == for_all

    own = put(APP_ID, BUILT_IN, "SMS_2")

    assert mappings.find(APP_ID, BUILT_IN) == own
    assert mappings.find("another-app", BUILT_IN) == for_all


def test_a_template_is_never_taken_from_all_apps() -> None:
    put(DEPLOYMENT, ORDER)

    assert mappings.find(APP_ID, ORDER) is None


def test_a_mapping_takes_the_place_of_the_one_before() -> None:
    mappings.put(APP_ID, ORDER, THEIRS, ENTRY)
    later = put(APP_ID, ORDER, "SMS_9")

    assert mappings.find(APP_ID, ORDER) == later
    assert len(mappings.of_app(APP_ID)) == 1


def test_a_mapping_that_was_removed_is_gone() -> None:
    put(APP_ID, ORDER)

    mappings.remove(APP_ID, ORDER, ENTRY)

    assert mappings.find(APP_ID, ORDER) is None
    with pytest.raises(Missing):
        mappings.remove(APP_ID, ORDER, ENTRY)


def test_each_change_is_in_the_trail() -> None:
    put(APP_ID, ORDER)
    removed = Entry(datetime(2026, 11, 22, 9, tzinfo=UTC), "operator:demo", "unmap", "x", 2)
    mappings.remove(APP_ID, ORDER, removed)

    entries, _ = audits.entries(APP_ID, limit=10)

    assert entries == [removed, ENTRY]


def test_mappings_are_listed_by_carrier_template_and_version(demo_app: App) -> None:
    wanted = [BUILT_IN, ORDER, Ours("alibaba", "Order_Notice", 11), Ours("tencent", "A", 1)]
    for ours in reversed(wanted):
        put(demo_app.app_id, ours)

    assert [ours for ours, _ in mappings.of_app(demo_app.app_id)] == wanted


def test_a_mapping_is_read_once_in_half_a_minute() -> None:
    mappings.put(APP_ID, ORDER, THEIRS, ENTRY)
    mappings.find(APP_ID, ORDER)
    dynamodb_table("apps").delete_item(
        Key={"app_id": APP_ID, "item": "mapping#alibaba#Order_Notice#000002"}
    )

    assert mappings.find(APP_ID, ORDER) == THEIRS


# --- What carriers lack -----------------------------------------------------------------------


@pytest.mark.parametrize("carrier", ["sns", "end-user-messaging", "twilio", "webhook", "webhook-b"])
def test_a_carrier_that_sends_our_text_needs_no_mapping(carrier: str) -> None:
    assert mappings.find(APP_ID, Ours(carrier, "Order_Notice", 2)) is None
    assert not sends_theirs(carrier, mainland=True)


def test_those_without_a_mapping_are_named() -> None:
    put(APP_ID, ORDER)
    carriers = ["alibaba", "tencent"]

    assert mappings.lacking(APP_ID, "Order_Notice", 2, carriers) == ["tencent"]
    assert mappings.lacking(APP_ID, "Order_Notice", 3, carriers) == ["alibaba", "tencent"]
    assert mappings.lacking(APP_ID, None, None, ["alibaba"]) == ["alibaba"]


def test_a_mapping_of_the_built_in_text_for_all_apps_is_enough() -> None:
    put(DEPLOYMENT, BUILT_IN)

    assert mappings.lacking(APP_ID, None, None, ["alibaba"]) == []
