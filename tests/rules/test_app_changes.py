"""Changes to an app: what may be changed by whom, and what is refused by name."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from signet import app_changes, marketing
from signet.app_changes import Changes
from signet.apps import Cap, Guard, Switches, TestPhone
from signet.errors import BadParameter, PhoneInvalid, SignetError
from tests.conftest import DEMO_APP


def owned(body: dict[str, Any]) -> Any:
    return app_changes.by_owner(body, test_code=lambda: "246810").apply(DEMO_APP)


def operated(body: dict[str, Any]) -> Any:
    return app_changes.by_operator(body).apply(DEMO_APP)


def test_an_owner_changes_what_is_theirs() -> None:
    changed = owned(
        {
            "name": " 天天商城 ",
            "company": "天天科技有限公司",
            "switches": {"international": True, "force_captcha": True},
            "guard": {"countries": ["86", "852"], "work_bits": 14},
            "daily_cap_micros": 10_000_000,
            "low_balance_micros": 0,
            "test_phone": {"phone": "18200008888"},
        }
    )

    assert changed == replace(
        DEMO_APP,
        name="天天商城",
        company="天天科技有限公司",
        switches=Switches(international=True, force_captcha=True),
        guard=Guard(countries=("852", "86"), work_bits=14),
        daily_cap_micros=10_000_000,
        low_balance_micros=0,
        test_phone=TestPhone("+8618200008888", "246810"),
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", None),
        ("company", ""),
        ("daily_cap_micros", None),
        ("low_balance_micros", None),
        ("test_phone", None),
    ],
)
def test_an_owner_takes_a_value_away(field: str, value: object) -> None:
    app = replace(
        DEMO_APP,
        company="x",
        daily_cap_micros=1,
        low_balance_micros=1,
        test_phone=TestPhone("+8618200008888", "246810"),
    )

    without: dict[str, Any] = {field: None}

    changes = app_changes.by_owner({field: value}, test_code=lambda: "246810")

    assert changes.apply(app) == replace(app, **without)


def test_what_is_not_named_stays() -> None:
    assert owned({}) == DEMO_APP
    assert owned({"switches": {}}) == DEMO_APP


def test_an_operator_changes_how_the_app_is_run() -> None:
    changed = operated(
        {
            "personal": True,
            "separate_review": True,
            "balance_shards": 10,
            "company": "x",
            "name": "y",
            "switches": {"sms": False},
        }
    )

    assert changed == replace(
        DEMO_APP,
        personal=True,
        separate_review=True,
        balance_shards=10,
        company="x",
        name="y",
        switches=Switches(sms=False),
    )


def test_balance_items_are_never_taken_away() -> None:
    changes = app_changes.by_operator({"balance_shards": 9})

    with pytest.raises(BadParameter, match="it is 10"):
        changes.apply(replace(DEMO_APP, balance_shards=10))


@pytest.mark.parametrize("field", ["personal", "balance_shards", "separate_review", "app_key"])
def test_an_owner_does_not_change_what_operators_decide(field: str) -> None:
    with pytest.raises(BadParameter, match=field):
        owned({field: 2})


@pytest.mark.parametrize("field", ["daily_cap_micros", "test_phone", "master_key", "app_id"])
def test_an_operator_does_not_change_what_owners_decide(field: str) -> None:
    with pytest.raises(BadParameter, match=field):
        operated({field: None})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "【x】"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": 5}, "name"),
        ({"company": "x" * 101}, "company"),
        ({"switches": None}, "switches"),
        ({"switches": {"sms": 1}}, "sms"),
        ({"switches": {"captchas": True}}, "captchas"),
        ({"daily_cap_micros": -1}, "daily_cap_micros"),
        ({"daily_cap_micros": 1.5}, "daily_cap_micros"),
        ({"daily_cap_micros": True}, "daily_cap_micros"),
        ({"daily_cap_micros": "5"}, "daily_cap_micros"),
        ({"low_balance_micros": 10**14}, "low_balance_micros"),
        ({"test_phone": "18200008888"}, "test_phone"),
        ({"test_phone": {"phone": "18200008888", "code": "1"}}, "code"),
        ({"marketing": {"cap": {"count": 0, "days": 7}}}, "count"),
        ({"\ud800": 1}, "One of the fields"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], named: str) -> None:
    with pytest.raises(SignetError) as refusal:
        owned(body)

    assert named in str(refusal.value)


def test_a_test_phone_is_a_phone() -> None:
    with pytest.raises(PhoneInvalid):
        owned({"test_phone": {"phone": "12"}})


@pytest.mark.parametrize("cap", [Cap(3, 30), None])
@pytest.mark.parametrize(
    "changes", [partial(app_changes.by_owner, test_code=str), app_changes.by_operator]
)
def test_owners_and_operators_set_the_cap_on_marketing(
    changes: Callable[[dict[str, Any]], Changes], cap: Cap | None
) -> None:
    app = replace(DEMO_APP, marketing_cap=Cap(2, 7))

    changed = changes({"marketing": marketing.shown(cap)}).apply(app)

    assert changed.marketing_cap == cap
    assert app_changes.shown(changed)["marketing"] == marketing.shown(cap)


def test_the_trail_says_what_was_changed() -> None:
    changes = app_changes.by_owner(
        {"name": "x", "switches": {"sms": False}}, test_code=lambda: "246810"
    )

    assert changes.named == "name, switches.sms"


def test_an_app_is_shown_without_its_master_key() -> None:
    app = replace(DEMO_APP, test_phone=TestPhone("+8618200008888", "246810"), created_by="demo")

    shown = app_changes.shown(app)

    assert "signet-demo-master" not in json.dumps(shown)
    assert shown == {
        "app_id": "signet-demo-app",
        "name": "示例应用",
        "company": None,
        "personal": False,
        "app_key": "signet-demo-key",
        "switches": {
            "sms": True,
            "generic_sms": True,
            "international": False,
            "plain_text_abroad": False,
            "resend_same_code": False,
            "captcha": True,
            "force_captcha": False,
            "bulk_needs_master_key": True,
            "rescue": False,
            "verify_on_sign_up": True,
            "unverified_may_not_log_in": False,
            "unverified_may_reset": False,
            "login_by_code": False,
            "new_session_after_password": True,
            "code_only": False,
            "safe_mode": False,
            "first_proof_resets_access": True,
            "auth_data_needs_master_key": True,
        },
        "guard": {"countries": ["86"], "allowed": [], "servers": [], "work_bits": 12},
        "marketing": {"cap": None},
        "daily_cap_micros": None,
        "low_balance_micros": None,
        "balance_shards": 1,
        "default_signature": "Signet",
        "test_phone": {"phone": "+8618200008888", "code": "246810"},
        "separate_review": False,
        "created_by": "demo",
    }
