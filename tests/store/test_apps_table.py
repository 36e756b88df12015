"""Apps and signatures come back as they were recorded, from a small cache."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from signet.apps import App, Key, ReviewState, Signature, Switches, TestPhone
from signet.store import apps
from tests.conftest import DEMO_APP
from tests.store.build import client, put

pytestmark = pytest.mark.usefixtures("tables")

FULL = App(
    app_id="FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz",
    name="天东商城",
    app_key=Key("key", "old-key", datetime(2026, 12, 1, tzinfo=UTC)),
    master_key=Key("master", "old-master", datetime(2026, 12, 2, tzinfo=UTC)),
    android_key=Key("android"),
    switches=Switches(sms=False, generic_sms=False, international=True, resend_same_code=True),
    default_signature=Signature("Signet", "示例商城", "s1", ReviewState.PENDING),
    test_phone=TestPhone("+8618200008888", "246810"),
    message_shards=16,
)
PLAIN = App("plain", "示例应用", Key("k"), Key("m"))


@pytest.mark.parametrize("app", [FULL, PLAIN], ids=["full", "plain"])
def test_an_app_comes_back_as_it_was_recorded(app: App) -> None:
    apps.create(app)

    assert apps.get(app.app_id) == app


def test_the_test_phone_is_off_in_a_new_app() -> None:
    apps.create(PLAIN)

    found = apps.get("plain")

    assert found is not None
    assert found.test_phone is None


def test_an_unknown_app_is_none() -> None:
    assert apps.get("nobody") is None


def test_an_app_is_never_recorded_over_another() -> None:
    apps.create(PLAIN)

    with pytest.raises(apps.AppExists):
        apps.create(replace(PLAIN, name="thief"))

    found = apps.get("plain")
    assert found is not None
    assert found.name == "示例应用"


def test_an_app_created_with_a_default_signature_can_name_it() -> None:
    apps.create(DEMO_APP)

    assert apps.signature(DEMO_APP.app_id, "Signet") == DEMO_APP.default_signature


@pytest.mark.parametrize("state", ReviewState)
def test_a_signature_comes_back_as_it_was_recorded(state: ReviewState) -> None:
    signature = Signature("LeanCloud", "天东商城", "s2", state)

    apps.put_signature("plain", signature)

    assert apps.signature("plain", "LeanCloud") == signature


def test_an_unknown_signature_is_none() -> None:
    apps.create(PLAIN)

    assert apps.signature("plain", "nobody") is None


def test_apps_do_not_see_each_others_signatures() -> None:
    apps.put_signature("plain", Signature("LeanCloud", "天东商城", "s2"))

    assert apps.signature("other", "LeanCloud") is None


def test_a_signature_may_be_called_app() -> None:
    apps.create(PLAIN)
    apps.get("plain")

    assert apps.signature("plain", "app") is None


def test_an_app_is_read_once_in_thirty_seconds() -> None:
    apps.create(PLAIN)
    apps.get("plain")

    put("apps", app_id="plain", item="app", name="changed")

    assert apps.get("plain") == PLAIN


def test_an_app_that_does_not_exist_is_asked_for_once_in_thirty_seconds() -> None:
    assert apps.get("plain") is None

    put("apps", app_id="plain", item="app", name="changed")

    assert apps.get("plain") is None


def test_a_flood_of_unknown_apps_does_not_grow_the_cache_without_end() -> None:
    for number in range(300):
        apps.get(f"nobody-{number}")

    assert len(apps._cache._entries) <= 256


def test_apps_are_listed_and_signatures_are_not() -> None:
    apps.create(DEMO_APP)
    apps.create(PLAIN)

    found = client("dynamodb").query(
        TableName="apps",
        IndexName="listed",
        KeyConditionExpression="listed = :apps",
        ExpressionAttributeValues={":apps": {"S": "apps"}},
    )["Items"]

    assert [item["app_id"]["S"] for item in found] == ["plain", DEMO_APP.app_id]
