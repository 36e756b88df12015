"""Codes that verify, log in, reset and change numbers, and the switches (wire.md 9.8 to 14)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signet.apps import App, TestPhone
from signet.store import users as store
from tests.functions.account_calls import (
    APP_KEY,
    MASTER_KEY,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    Accounts,
)
from tests.functions.service import Service, wrong
from tests.store.build import APP_ID, client, message_items

# Limits are to the second: a slow machine must not see another one.
pytestmark = pytest.mark.usefixtures("stopped")

MakeApp = Callable[..., App]
MakeAccounts = Callable[..., Accounts]


@pytest.fixture
def with_switches(deployment: Service, make_app: MakeApp) -> MakeAccounts:
    """The demo app with these switches of its own."""

    def make(**switches: bool) -> Accounts:
        make_app(switches=switches)
        return Accounts(deployment)

    return make


@pytest.fixture
def accounts(with_switches: MakeAccounts) -> Accounts:
    """The demo app, in which codes log in."""
    return with_switches(login_by_code=True, verify_on_sign_up=False)


def records() -> list[dict[str, Any]]:
    return list(client("dynamodb").scan(TableName="messages")["Items"])


# --- Verifying a number -----------------------------------------------------------------------


def test_the_guides_story_of_a_sign_up(with_switches: MakeAccounts) -> None:
    accounts = with_switches()
    made = accounts.sign_up(mobilePhoneNumber="186-1234-5678")
    session = made["sessionToken"]
    (code,) = accounts.codes()

    verified = accounts.post(f"verifyMobilePhone/{code}", "null", session=session)

    assert accounts.text() == (
        "【示例商城】欢迎使用“示例应用”服务，您的验证码是 123456，请输入完成验证。"
    )
    assert set(verified.json) == {"objectId", "updatedAt"}
    assert accounts.get("users/me", session=session)["mobilePhoneVerified"] is True


def test_a_number_is_verified_later_as_well(accounts: Accounts) -> None:
    made = accounts.sign_up(mobilePhoneNumber=PHONE)
    accounts.post("requestMobilePhoneVerify", {"mobilePhoneNumber": "18612345678"})
    (code,) = accounts.codes()

    reply = accounts.post(f"verfyMobilePhone/{code}", {"mobilePhoneNumber": "18612345678"})

    assert reply["objectId"] == made["objectId"]
    assert accounts.get(f"users/{made['objectId']}")["mobilePhoneVerified"] is True
    again = accounts.post(f"verifyMobilePhone/{code}", {"mobilePhoneNumber": PHONE})
    assert again.code == 603


def test_who_is_verified_gets_no_code_and_who_is_nobody_neither(accounts: Accounts) -> None:
    accounts.verified()

    assert accounts.post("requestMobilePhoneVerify", {"mobilePhoneNumber": PHONE}).json == {}
    other = accounts.post("requestMobilePhoneVerify", {"mobilePhoneNumber": OTHER_PHONE})
    assert other.code == 213
    assert accounts.codes() == []


@pytest.mark.parametrize("sends", [True, False])
def test_a_number_that_a_client_sets_is_sent_a_code_if_the_app_wants_that(
    with_switches: MakeAccounts, sends: bool
) -> None:
    accounts = with_switches(verify_on_sign_up=sends)
    made = accounts.sign_up()
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    assert accounts.put(place, {"mobilePhoneNumber": PHONE}, session=session).code == 0
    assert accounts.put(place, {"mobilePhoneNumber": "18612345678"}, session=session).code == 0

    assert len(accounts.codes()) == int(sends)
    accounts.sign_up("by-the-owner", mobilePhoneNumber=OTHER_PHONE, headers=MASTER_KEY)
    assert accounts.codes(OTHER_PHONE) == []


def test_another_number_is_another_proof_and_another_spelling_is_not(accounts: Accounts) -> None:
    made = accounts.verified()
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    accounts.put(place, {"mobilePhoneNumber": "186 1234 5678"}, session=session)
    assert accounts.get(place)["mobilePhoneVerified"] is True
    accounts.put(place, {"mobilePhoneNumber": OTHER_PHONE}, session=session)

    read = accounts.get(place).json
    assert (read["mobilePhoneNumber"], read["mobilePhoneVerified"]) == (OTHER_PHONE, False)
    accounts.put(place, {"mobilePhoneNumber": {"__op": "Delete"}}, session=session)
    assert "mobilePhoneNumber" not in accounts.get(place).json


def test_a_sign_up_and_its_code_are_one(with_switches: MakeAccounts) -> None:
    accounts = with_switches()
    accounts.sign_up(mobilePhoneNumber=PHONE)

    taken = accounts.sign_up("other", mobilePhoneNumber=PHONE)
    too_fast = accounts.service.request(PHONE)

    assert taken.code == 214
    assert too_fast.code == 1
    assert len(records()) == 1
    # A limit that refuses the code refuses the user as well.
    accounts.call("DELETE", f"users/{_owner(PHONE)}", headers=MASTER_KEY)
    assert accounts.sign_up("other", mobilePhoneNumber=PHONE).code == 1
    assert store.find(APP_ID, "username#other") is None


def _owner(phone: str) -> str:
    owner = store.find(APP_ID, f"phone#{phone}")
    assert owner
    return owner.object_id


def test_a_sign_up_that_is_repeated_by_its_key_gets_the_first_answer(
    with_switches: MakeAccounts,
) -> None:
    accounts = with_switches()
    headers = {**APP_KEY, "Idempotency-Key": "order-7"}

    first = accounts.sign_up(mobilePhoneNumber=PHONE, headers=headers)
    again = accounts.sign_up(mobilePhoneNumber=PHONE, headers=headers)
    other = accounts.sign_up("other", mobilePhoneNumber=OTHER_PHONE, headers=headers)

    assert (again.status, again.json) == (201, first.json)
    assert other.code == 1
    assert len(records()) == 1


# --- Logging in by a code ---------------------------------------------------------------------


def test_a_code_logs_in_once(accounts: Accounts) -> None:
    made = accounts.verified()
    code = accounts.asked("requestLoginSmsCode")

    reply = accounts.log_in(mobilePhoneNumber=PHONE, smsCode=code)

    assert reply["sessionToken"] == made["sessionToken"]
    assert accounts.log_in(mobilePhoneNumber=PHONE, smsCode=code).code == 603
    assert accounts.text().startswith("【示例商城】您正在使用示例应用服务进行登录，")


def test_php_logs_in_by_a_code_in_the_query(accounts: Accounts) -> None:
    accounts.verified()
    code = accounts.asked("requestLoginSmsCode")
    query = {"mobilePhoneNumber": " 8618612345678", "smsCode": code}

    assert accounts.get("login", query=query).code == 0


def test_a_login_code_is_for_numbers_that_were_proved(accounts: Accounts) -> None:
    accounts.sign_up(mobilePhoneNumber=PHONE)

    assert accounts.post("requestLoginSmsCode", {"mobilePhoneNumber": PHONE}).code == 215
    assert accounts.post("requestLoginSmsCode", {"mobilePhoneNumber": OTHER_PHONE}).code == 213


def test_where_codes_do_not_log_in_none_is_sent(with_switches: MakeAccounts) -> None:
    accounts = with_switches()
    accounts.verified()

    reply = accounts.post("requestLoginSmsCode", {"mobilePhoneNumber": PHONE})

    assert reply.code == 119
    assert "login_by_code" in reply.error
    assert accounts.log_in(mobilePhoneNumber=PHONE, smsCode="123456").code == 119


def test_wrong_codes_lock_as_wrong_passwords_do_and_a_reset_unlocks(accounts: Accounts) -> None:
    accounts.verified()
    code = accounts.asked("requestLoginSmsCode")
    for step in range(4):
        reply = accounts.log_in(mobilePhoneNumber=PHONE, smsCode=wrong(code, step + 1))
        assert reply.code == 603
    for _ in range(3):
        assert accounts.log_in(username="hjiang", password="wrong").code == 210
    assert accounts.log_in(mobilePhoneNumber=PHONE, smsCode=code).code == 219
    assert accounts.log_in().code == 219

    _forget_sends()
    reset = accounts.asked("requestPasswordResetBySmsCode")
    body = {"password": "new", "mobilePhoneNumber": PHONE}
    assert accounts.put(f"resetPasswordBySmsCode/{reset}", body).json == {}

    assert accounts.log_in(username="hjiang", password="new").code == 0


def _forget_sends(phone: str = PHONE) -> None:
    """Let a number be sent to again at once."""
    client("dynamodb").update_item(
        TableName="phones",
        Key={"pk": {"S": f"{APP_ID}#{phone}"}},
        UpdateExpression="REMOVE a1, s1b1",
    )


# --- A number that nobody proved, and what it may do ------------------------------------------


@pytest.mark.parametrize("blocked", [True, False])
def test_an_unproved_number_does_not_log_in_where_the_app_forbids_it(
    with_switches: MakeAccounts, blocked: bool
) -> None:
    accounts = with_switches(verify_on_sign_up=False, unverified_may_not_log_in=blocked)
    accounts.sign_up(mobilePhoneNumber=PHONE)

    by_phone = accounts.log_in(mobilePhoneNumber=PHONE, password=PASSWORD)

    assert by_phone.code == (215 if blocked else 0)
    assert accounts.log_in(mobilePhoneNumber=PHONE, password="wrong").code == 210
    assert accounts.log_in().code == 0


@pytest.mark.parametrize("may", [True, False])
def test_an_unproved_number_resets_where_the_app_allows_it(
    with_switches: MakeAccounts, may: bool
) -> None:
    accounts = with_switches(verify_on_sign_up=False, unverified_may_reset=may)
    accounts.sign_up(mobilePhoneNumber=PHONE)

    reply = accounts.post("requestPasswordResetBySmsCode", {"mobilePhoneNumber": PHONE})

    assert reply.code == (0 if may else 215)
    assert len(accounts.codes()) == int(may)


# --- A new password ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_code_sets_a_new_password_and_ends_all_sessions(accounts: Accounts, method: str) -> None:
    made = accounts.verified()
    code = accounts.asked("requestPasswordResetBySmsCode")
    body = {"password": "new", "mobilePhoneNumber": "18612345678"}

    reply = accounts.call(method, f"resetPasswordBySmsCode/{code}", body)

    assert reply.json == {}
    assert accounts.get("users/me", session=made["sessionToken"]).code == 211
    assert accounts.log_in().code == 210
    assert accounts.log_in(username="hjiang", password="new").code == 0
    assert accounts.call(method, f"resetPasswordBySmsCode/{code}", body).code == 603
    assert accounts.text() == (
        "【示例商城】您请求重设应用“示例应用”的密码，请输入验证码 123456 验证，"
        "验证码仅在 10 分钟内有效。"
    )


@pytest.mark.parametrize("resets", [True, False])
def test_a_reset_is_a_first_proof_too(with_switches: MakeAccounts, resets: bool) -> None:
    accounts = with_switches(
        unverified_may_reset=True, verify_on_sign_up=False, first_proof_resets_access=resets
    )
    weixin = {"weixin": {"openid": "o1"}}
    made = accounts.sign_up(
        "squatter", mobilePhoneNumber=PHONE, authData=weixin, headers=MASTER_KEY
    )
    code = accounts.asked("requestPasswordResetBySmsCode")
    body = {"password": "new", "mobilePhoneNumber": PHONE}

    assert accounts.put(f"resetPasswordBySmsCode/{code}", body).code == 0

    user = accounts.get(f"users/{made['objectId']}", headers=MASTER_KEY).json
    assert user["mobilePhoneVerified"] is True
    assert ("authData" in user) == (not resets)


def test_a_password_that_is_none_spends_no_code(accounts: Accounts) -> None:
    accounts.verified()
    code = accounts.asked("requestPasswordResetBySmsCode")
    path = f"resetPasswordBySmsCode/{code}"

    assert accounts.put(path, {"mobilePhoneNumber": PHONE}).code == 201
    assert accounts.put(path, {"password": " ", "mobilePhoneNumber": PHONE}).code == 218
    assert accounts.put(path, {"password": "new", "mobilePhoneNumber": "12"}).code == 127
    assert accounts.put(path, {"password": "new", "mobilePhoneNumber": PHONE}).code == 0


def test_nobody_resets_the_password_of_nobody(accounts: Accounts) -> None:
    reply = accounts.post("requestPasswordResetBySmsCode", {"mobilePhoneNumber": PHONE})

    assert reply.code == 213


# --- Another number ---------------------------------------------------------------------------


def test_a_number_is_changed_by_a_code_that_it_received(accounts: Accounts) -> None:
    made = accounts.verified()
    session = made["sessionToken"]
    code = accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=session)

    body = {"mobilePhoneNumber": OTHER_PHONE, "code": code}
    reply = accounts.post("changePhoneNumber", body)

    assert set(reply.json) == {"objectId", "updatedAt"}
    me = accounts.get("users/me", session=session).json
    assert (me["mobilePhoneNumber"], me["mobilePhoneVerified"]) == (OTHER_PHONE, True)
    assert store.find(APP_ID, f"phone#{PHONE}") is None
    assert accounts.post("changePhoneNumber", body).code == 603
    assert accounts.text(OTHER_PHONE).endswith(
        "进行绑定手机号，您的验证码是 123456，请在 6 分钟内完成验证。"
    )


@pytest.mark.parametrize(
    ("ttl", "minutes"), [(None, 6), (10, 10), ("30", 30), (360, 6), (90, 1), (1800, 30)]
)
def test_a_short_ttl_is_in_minutes_and_a_long_one_in_seconds(
    accounts: Accounts, ttl: object, minutes: int
) -> None:
    session = accounts.verified()["sessionToken"]
    body = {"mobilePhoneNumber": OTHER_PHONE, "ttl": ttl, "smsType": "sms", "op": "换号"}

    assert accounts.post("requestChangePhoneNumber", body, session=session).code == 0

    assert f"进行换号，您的验证码是 123456，请在 {minutes} 分钟内" in accounts.text(OTHER_PHONE)


@pytest.mark.parametrize(("carrier", "answer"), [("webhook", 0), ("sns", 1)])
def test_a_new_number_is_called_where_java_asks_for_that_and_a_carrier_calls(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, carrier: str, answer: int
) -> None:
    session = accounts.verified()["sessionToken"]
    monkeypatch.setenv("SIGNET_CARRIER", carrier)
    body = {"mobilePhoneNumber": OTHER_PHONE, "smsType": "voice"}

    reply = accounts.post("requestChangePhoneNumber", body, session=session)

    assert reply.code == answer
    sent = [one["channel"] for one in message_items() if one["app_phone"].endswith(OTHER_PHONE)]
    assert sent == (["voice"] if answer == 0 else [])


@pytest.mark.parametrize("ttl", [0, -1, 1801, "x", True, [5]])
def test_a_ttl_out_of_range_is_refused(accounts: Accounts, ttl: object) -> None:
    session = accounts.verified()["sessionToken"]
    body = {"mobilePhoneNumber": OTHER_PHONE, "ttl": ttl}

    assert accounts.post("requestChangePhoneNumber", body, session=session).code == 1


def test_a_change_needs_a_session_and_a_free_number(accounts: Accounts) -> None:
    session = accounts.verified()["sessionToken"]
    accounts.verified("other", OTHER_PHONE)
    body = {"mobilePhoneNumber": OTHER_PHONE}

    assert accounts.post("requestChangePhoneNumber", body).code == 206
    assert accounts.post("requestChangePhoneNumber", body, session=session).code == 214
    assert accounts.post("changePhoneNumber", {**body, "code": "123456"}).code == 603
    assert accounts.post("changePhoneNumber", body).code == 603
    assert accounts.post("changePhoneNumber", {"code": "123456"}).code == 212


def test_a_code_changes_the_number_of_whoever_asked_last_and_of_nobody_else(
    accounts: Accounts,
) -> None:
    one, two = accounts.verified(), accounts.verified("other", "+8613012345678")
    first = accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=one["sessionToken"])
    _forget_sends(OTHER_PHONE)
    last = accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=two["sessionToken"])
    body = {"mobilePhoneNumber": OTHER_PHONE}

    replaced = accounts.post("changePhoneNumber", {**body, "code": first})
    assert replaced.code == (603 if first != last else 0)
    stolen = accounts.post("changePhoneNumber", {**body, "code": last}, session=one["sessionToken"])
    assert stolen.code == 603
    assert accounts.get("users/me", session=one["sessionToken"])["mobilePhoneNumber"] == PHONE


def test_a_live_code_of_another_user_is_not_sent_again(with_switches: MakeAccounts) -> None:
    accounts = with_switches(resend_same_code=True, verify_on_sign_up=False)
    one, two = accounts.verified(), accounts.verified("other", "+8613012345678")
    accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=one["sessionToken"])
    _forget_sends(OTHER_PHONE)
    code = accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=two["sessionToken"])

    reply = accounts.post("changePhoneNumber", {"mobilePhoneNumber": OTHER_PHONE, "code": code})

    assert reply["objectId"] == two["objectId"]


def test_a_number_that_was_taken_meanwhile_stays_taken(accounts: Accounts) -> None:
    session = accounts.verified()["sessionToken"]
    code = accounts.asked("requestChangePhoneNumber", OTHER_PHONE, session=session)
    other = accounts.verified("other", OTHER_PHONE)

    body = {"mobilePhoneNumber": OTHER_PHONE, "code": code}
    assert accounts.post("changePhoneNumber", body, session=session).code == 214

    assert _owner(OTHER_PHONE) == other["objectId"]
    assert accounts.get("users/me", session=session)["mobilePhoneNumber"] == PHONE


def test_a_notification_brings_no_code(accounts: Accounts) -> None:
    from tests.functions.service import put_template

    put_template("您的订单 {{order_id}} 已经发货。")
    session = accounts.verified()["sessionToken"]
    body = {"mobilePhoneNumber": OTHER_PHONE, "template": "Order_Notice", "order_id": "7"}

    reply = accounts.post("requestChangePhoneNumber", body, session=session, headers=MASTER_KEY)

    assert reply.code == 1
    assert records() == []


# --- usersByMobilePhone -----------------------------------------------------------------------


def test_a_code_of_request_sms_code_makes_a_user_and_then_logs_in(accounts: Accounts) -> None:
    code = accounts.service.code()
    body = {"mobilePhoneNumber": "18612345678", "smsCode": code, "nickname": "江"}

    made = accounts.post("usersByMobilePhone", body)
    _forget_sends()
    body["smsCode"] = accounts.service.code()
    again = accounts.post("usersByMobilePhone", body)

    assert (made.status, again.status) == (201, 200)
    assert made["username"] == made["mobilePhoneNumber"] == "18612345678"
    assert (made["mobilePhoneVerified"], made["nickname"]) == (True, "江")
    assert "smsCode" not in made.json
    assert again["sessionToken"] == made["sessionToken"]
    assert accounts.log_in(mobilePhoneNumber=PHONE, password="").code == 201
    assert accounts.log_in(mobilePhoneNumber=PHONE, password="x").code == 210


def test_a_password_counts_only_for_a_new_user(accounts: Accounts) -> None:
    body = {"mobilePhoneNumber": PHONE, "username": "hjiang", "password": PASSWORD}
    accounts.post("usersByMobilePhone", {**body, "smsCode": accounts.service.code()})
    _forget_sends()
    again = {**body, "password": "other", "smsCode": accounts.service.code()}

    assert accounts.post("usersByMobilePhone", again).code == 0

    assert accounts.log_in().code == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"mobilePhoneNumber": PHONE, "smsCode": "000000"}, 603),
        ({"mobilePhoneNumber": PHONE}, 1),
        ({"smsCode": "000000"}, 212),
        ({"mobilePhoneNumber": "12", "smsCode": "000000"}, 127),
    ],
)
def test_without_a_right_code_nobody_is_made(
    accounts: Accounts, body: dict[str, str], code: int
) -> None:
    assert accounts.post("usersByMobilePhone", body).code == code
    assert store.find(APP_ID, f"phone#{PHONE}") is None


def test_a_name_that_looks_like_the_number_keeps_nobody_out(accounts: Accounts) -> None:
    accounts.sign_up("18612345678")
    body = {"mobilePhoneNumber": "18612345678", "smsCode": accounts.service.code()}

    made = accounts.post("usersByMobilePhone", body)

    assert made.status == 201
    assert made["username"] != "18612345678"


def test_a_name_that_was_asked_for_and_is_taken_is_202(accounts: Accounts) -> None:
    accounts.sign_up()
    body = {"mobilePhoneNumber": PHONE, "smsCode": accounts.service.code(), "username": "hjiang"}

    assert accounts.post("usersByMobilePhone", body).code == 202


@pytest.mark.parametrize("resets", [True, False])
def test_whoever_proves_a_number_first_ends_what_was_set_up_for_it(
    with_switches: MakeAccounts, resets: bool
) -> None:
    accounts = with_switches(
        verify_on_sign_up=False, first_proof_resets_access=resets, auth_data_needs_master_key=False
    )
    linked = {"authData": {"weixin": {"openid": "o1"}}}
    squatter = accounts.sign_up("squatter", mobilePhoneNumber=PHONE, authData=linked["authData"])
    body = {"mobilePhoneNumber": PHONE, "smsCode": accounts.service.code()}

    owner = accounts.post("usersByMobilePhone", body)

    assert owner["objectId"] == squatter["objectId"]
    assert owner["mobilePhoneVerified"] is True
    ended = accounts.get("users/me", session=squatter["sessionToken"]).code == 211
    refused = accounts.log_in(username="squatter", password=PASSWORD).code == 210
    unlinked = accounts.post("users", linked)["objectId"] != owner["objectId"]
    assert (ended, refused, unlinked) == (resets, resets, resets)


def test_a_proof_says_nothing_of_a_number_that_came_meanwhile(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = accounts.sign_up(mobilePhoneNumber=PHONE)
    before = store.find(APP_ID, f"phone#{PHONE}")
    code = accounts.service.code()
    change = {"mobilePhoneNumber": OTHER_PHONE}
    accounts.put(f"users/{made['objectId']}", change, session=made["sessionToken"])
    monkeypatch.setattr(store, "find", lambda app_id, claim: before)

    proved = accounts.post("usersByMobilePhone", {"mobilePhoneNumber": PHONE, "smsCode": code})

    assert proved.code == 603
    user = store.get(APP_ID, made["objectId"])
    assert user
    assert (user.phone, user.phone_verified) == (OTHER_PHONE, False)


@pytest.mark.parametrize("username", [None, ""])
def test_an_empty_name_is_none(accounts: Accounts, username: str | None) -> None:
    body = {"mobilePhoneNumber": PHONE, "smsCode": accounts.service.code(), "username": username}

    assert accounts.post("usersByMobilePhone", body)["username"] == PHONE


def test_a_proved_number_keeps_its_password_and_sessions(accounts: Accounts) -> None:
    made = accounts.verified()
    body = {"mobilePhoneNumber": PHONE, "smsCode": accounts.service.code()}

    accounts.post("usersByMobilePhone", body)

    assert accounts.get("users/me", session=made["sessionToken"]).code == 0
    assert accounts.log_in().code == 0


# --- Purposes ---------------------------------------------------------------------------------


def test_a_code_of_one_purpose_works_for_no_other(
    with_switches: MakeAccounts,
) -> None:
    accounts = with_switches(login_by_code=True, unverified_may_reset=True, verify_on_sign_up=False)
    number = {"mobilePhoneNumber": PHONE}
    made = accounts.verified()
    session = made["sessionToken"]

    def tries(code: str) -> dict[str, int]:
        return {
            "sms": accounts.service.verify(code).code,
            "users": accounts.post("usersByMobilePhone", {**number, "smsCode": code}).code,
            "verify": accounts.post(f"verifyMobilePhone/{code}", number).code,
            "login": accounts.log_in(**number, smsCode=code).code,
            "reset": accounts.put(
                f"resetPasswordBySmsCode/{code}", {**number, "password": "x"}
            ).code,
            "change": accounts.post("changePhoneNumber", {**number, "code": code}).code,
        }

    login = accounts.asked("requestLoginSmsCode")
    assert {name for name, code in tries(login).items() if code == 0} == {"login"}
    _forget_sends()
    reset = accounts.asked("requestPasswordResetBySmsCode")
    assert {name for name, code in tries(reset).items() if code == 0} == {"reset"}
    _forget_sends()
    change = accounts.asked(
        "requestChangePhoneNumber",
        session=accounts.log_in(username="hjiang", password="x")["sessionToken"],
    )
    assert {name for name, code in tries(change).items() if code == 0} == {"change"}
    _forget_sends()
    store.change(APP_ID, made["objectId"], lambda user: replace(user, phone_verified=False))
    verify = accounts.asked("requestMobilePhoneVerify")
    assert {name for name, code in tries(verify).items() if code == 0} == {"verify"}
    _forget_sends()
    generic = accounts.service.code()
    assert {name for name, code in tries(generic).items() if code == 0} == {"sms"}
    assert session


def test_codes_of_accounts_share_the_limits_and_guesses_of_their_number(
    accounts: Accounts,
) -> None:
    accounts.verified()
    accounts.asked("requestLoginSmsCode")

    assert accounts.service.request(PHONE).code == 1
    reset = accounts.post("requestPasswordResetBySmsCode", {"mobilePhoneNumber": PHONE})
    assert reset.code == 1
    assert reset["retry_after"] == 60


def test_five_guesses_at_a_code_are_the_end_of_it(accounts: Accounts) -> None:
    accounts.sign_up(mobilePhoneNumber=PHONE)
    code = accounts.asked("requestMobilePhoneVerify")
    number = {"mobilePhoneNumber": PHONE}
    for step in range(5):
        assert accounts.post(f"verifyMobilePhone/{wrong(code, step + 1)}", number).code == 603

    assert accounts.post(f"verifyMobilePhone/{code}", number).code == 603


@pytest.mark.parametrize(("switches", "code"), [({"sms": False}, 119), ({"generic_sms": False}, 0)])
def test_codes_of_accounts_need_the_service_and_not_the_generic_calls(
    with_switches: MakeAccounts, switches: dict[str, bool], code: int
) -> None:
    accounts = with_switches(login_by_code=True, **switches)
    accounts.verified()

    assert accounts.post("requestLoginSmsCode", {"mobilePhoneNumber": PHONE}).code == code


def test_a_forced_captcha_is_forced_here_too(with_switches: MakeAccounts) -> None:
    accounts = with_switches(login_by_code=True, force_captcha=True)
    accounts.verified()
    number = {"mobilePhoneNumber": PHONE}

    assert accounts.post("requestLoginSmsCode", number).code == 608
    assert accounts.sign_up("other", mobilePhoneNumber=OTHER_PHONE).code == 608
    assert accounts.post("requestLoginSmsCode", number, headers=MASTER_KEY).code == 0


# --- The test phone ---------------------------------------------------------------------------


def test_the_test_phones_fixed_code_works_everywhere_again_and_again(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(
        test_phone=TestPhone(PHONE, "246810"),
        switches={"login_by_code": True, "verify_on_sign_up": False},
    )
    accounts, number, code = Accounts(deployment), {"mobilePhoneNumber": PHONE}, "246810"

    made = accounts.post("usersByMobilePhone", {**number, "smsCode": code})
    session = made["sessionToken"]

    assert accounts.post(f"verifyMobilePhone/{code}", number).code == 0
    assert accounts.log_in(**number, smsCode=code).code == 0
    other = accounts.sign_up("other")
    change = {**number, "code": code}
    assert accounts.post("changePhoneNumber", change, session=session).code == 0
    assert accounts.post("changePhoneNumber", change, session=other["sessionToken"]).code == 214
    assert accounts.post("changePhoneNumber", change).code == 206
    reset = {**number, "password": "new"}
    assert accounts.put(f"resetPasswordBySmsCode/{code}", reset).code == 0
    assert accounts.log_in(**number, password="new").code == 0
    assert records() == []


def test_a_sign_up_with_the_test_phone_sends_nothing(
    deployment: Service, make_app: MakeApp
) -> None:
    make_app(test_phone=TestPhone(PHONE, "246810"))
    accounts = Accounts(deployment)

    assert accounts.sign_up(mobilePhoneNumber=PHONE).status == 201
    assert records() == []
