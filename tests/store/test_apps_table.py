"""Apps and signatures come back as they were recorded, from a small cache."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from signet.apps import App, Cap, Key, ReviewState, Signature, Switches, TestPhone, Use
from signet.audits import Entry
from signet.errors import BadParameter, Missing, Unavailable
from signet.store import apps, audits
from tests.conftest import DEMO_APP
from tests.store import build
from tests.store.build import NOW, client, dynamodb_table, put

pytestmark = pytest.mark.usefixtures("tables")

FULL = App(
    app_id="FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz",
    name="天东商城",
    app_key=Key("key", "old-key", datetime(2026, 12, 1, tzinfo=UTC)),
    master_key=Key("master", "old-master", datetime(2026, 12, 2, tzinfo=UTC)),
    android_key=Key("android"),
    switches=Switches(
        sms=False,
        generic_sms=False,
        international=True,
        resend_same_code=True,
        force_captcha=True,
        bulk_needs_master_key=False,
        verify_on_sign_up=False,
        unverified_may_not_log_in=True,
        unverified_may_reset=True,
        login_by_code=True,
        new_session_after_password=False,
        code_only=True,
        safe_mode=True,
        first_proof_resets_access=False,
    ),
    default_signature=Signature("Signet", "示例商城", "s1", ReviewState.APPROVED, 3, Use.MARKETING),
    test_phone=TestPhone("+8618200008888", "246810"),
    message_shards=16,
    company="天东科技有限公司",
    personal=True,
    daily_cap_micros=10_000_000,
    low_balance_micros=0,
    balance_shards=4,
    created_by="demo",
    separate_review=True,
    marketing_cap=Cap(2, 7),
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

    build.put_signature("plain", signature)

    assert apps.signature("plain", "LeanCloud") == signature


def test_an_unknown_signature_is_none() -> None:
    apps.create(PLAIN)

    assert apps.signature("plain", "nobody") is None


def test_apps_do_not_see_each_others_signatures() -> None:
    build.put_signature("plain", Signature("LeanCloud", "天东商城", "s2"))

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


# --- Items of the former version ---------------------------------------------------------------

FORMER_SIGNATURE = {"name": "Signet", "text": "示例商城", "short_id": "s1", "state": "approved"}


def put_former_app() -> None:
    put(
        "apps",
        app_id="former",
        item="app",
        listed="apps",
        listed_key="former",
        name="示例应用",
        app_key='{"current": "k", "previous": null, "previous_until": null}',
        master_key='{"current": "m", "previous": null, "previous_until": null}',
        switches='{"sms": true, "generic_sms": true, "international": true}',
        default_signature=json.dumps(FORMER_SIGNATURE),
        message_shards=8,
    )
    put("apps", app_id="former", item="signature#Signet", **FORMER_SIGNATURE)


def test_an_app_of_the_former_version_is_read() -> None:
    put_former_app()

    assert apps.get("former") == App(
        "former",
        "示例应用",
        Key("k"),
        Key("m"),
        switches=Switches(international=True),
        default_signature=Signature("Signet", "示例商城", "s1"),
    )


def test_a_signature_of_the_former_version_is_read() -> None:
    put_former_app()

    assert apps.signature("former", "Signet") == Signature("Signet", "示例商城", "s1")


def test_an_app_of_the_former_version_can_be_changed() -> None:
    put_former_app()

    apps.change("former", lambda app: replace(app, switches=replace(app.switches, sms=False)))

    found = apps.read("former")
    assert found is not None
    assert found.switches == Switches(international=True, sms=False)


def test_fields_of_a_later_version_are_left_alone() -> None:
    apps.create(PLAIN)
    key = {"app_id": "plain", "item": "app"}
    changes = {"later": {"Value": "x", "Action": "PUT"}}
    dynamodb_table("apps").update_item(Key=key, AttributeUpdates=changes)

    apps.change("plain", lambda app: replace(app, name="other"))

    assert dynamodb_table("apps").get_item(Key=key)["Item"]["later"] == "x"


# --- Changes -----------------------------------------------------------------------------------


def test_a_change_is_recorded() -> None:
    apps.create(PLAIN)
    apps.get("plain")

    changed = apps.change("plain", lambda app: replace(FULL, app_id="plain"))

    assert changed == replace(FULL, app_id="plain")
    assert apps.get("plain") == changed


def test_a_field_can_be_emptied() -> None:
    apps.create(FULL)

    apps.change(FULL.app_id, lambda app: replace(app, test_phone=None, company=None))

    assert apps.get(FULL.app_id) == replace(FULL, test_phone=None, company=None)


def test_what_others_change_meanwhile_is_kept() -> None:
    apps.create(PLAIN)
    others = iter([
        lambda app: replace(app, switches=replace(app.switches, international=True)),
        lambda app: replace(app, name="other"),
    ])  # fmt: skip

    def switch_off(app: App) -> App:
        other = next(others, None)
        if other:
            apps.change("plain", other)
        return replace(app, switches=replace(app.switches, sms=False))

    changed = apps.change("plain", switch_off)

    assert changed == apps.read("plain")
    assert changed.name == "other"
    assert changed.switches == Switches(sms=False, international=True)


def test_whoever_is_always_too_late_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signet.store.table.time.sleep", lambda seconds: None)
    apps.create(PLAIN)
    names = iter("abcdefghijklmnop")

    def too_late(app: App) -> App:
        other = next(names)
        apps.change("plain", lambda current: replace(current, name=other))
        return replace(app, name="never")

    with pytest.raises(Unavailable):
        apps.change("plain", too_late)


def test_a_change_comes_with_its_entry_in_the_trail() -> None:
    apps.create(PLAIN)
    entry = Entry(NOW, "owner:plain", "change", "app")

    apps.change(
        "plain",
        lambda app: replace(app, name="other"),
        also=lambda writes: audits.record(writes, "plain", entry),
    )

    assert audits.entries("plain", limit=5) == ([entry], None)


def test_no_change_leaves_no_entry() -> None:
    apps.create(PLAIN)
    entry = Entry(NOW, "owner:plain", "change", "app")

    apps.change("plain", lambda app: app, also=lambda writes: audits.record(writes, "plain", entry))

    assert audits.entries("plain", limit=5) == ([], None)


def test_an_unknown_app_cannot_be_changed() -> None:
    with pytest.raises(Missing):
        apps.change("nobody", lambda app: replace(app, name="x"))


def test_a_change_that_raises_changes_nothing() -> None:
    apps.create(PLAIN)

    def refuse(app: App) -> App:
        raise BadParameter("no")

    with pytest.raises(BadParameter):
        apps.change("plain", refuse)
    assert apps.read("plain") == PLAIN


# --- Lists -------------------------------------------------------------------------------------


def test_apps_are_listed_page_by_page() -> None:
    for number in range(5):
        apps.create(replace(PLAIN, app_id=f"app-{number}"))

    first, cursor = apps.list_apps(limit=3)
    second, end = apps.list_apps(limit=3, cursor=cursor)

    assert [app.app_id for app in first] == ["app-0", "app-1", "app-2"]
    assert [app.app_id for app in second] == ["app-3", "app-4"]
    assert end is None


def test_every_app_is_seen_whatever_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "_PAGE", 2)
    for number in range(4):
        apps.create(replace(PLAIN, app_id=f"app-{number}"))

    assert [app.app_id for app in apps.every_app()] == ["app-0", "app-1", "app-2", "app-3"]


def test_apps_are_found_by_their_ids() -> None:
    apps.create(PLAIN)
    apps.create(FULL)

    assert apps.get_many(["plain", FULL.app_id, "plain", "nobody"]) == {
        "plain": PLAIN,
        FULL.app_id: FULL,
    }


def test_a_broken_cursor_is_refused() -> None:
    with pytest.raises(BadParameter, match="cursor"):
        apps.list_apps(limit=3, cursor="%%%")


def test_the_uncached_app_is_as_it_is_now() -> None:
    apps.create(PLAIN)
    apps.get("plain")
    changed = {"name": {"Value": "other", "Action": "PUT"}}
    dynamodb_table("apps").update_item(
        Key={"app_id": "plain", "item": "app"}, AttributeUpdates=changed
    )

    assert apps.read("plain") == replace(PLAIN, name="other")
    assert apps.get("plain") == PLAIN
