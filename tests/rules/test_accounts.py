"""What account calls ask for: who logs in by what, and which codes for how long."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import accounts
from signet.accounts import Login
from signet.credentials import Authority
from signet.errors import (
    BadParameter,
    PasswordMissing,
    PhoneInvalid,
    PhoneMissing,
    SignetError,
    UsernameMissing,
)
from signet.limits import Channel
from signet.send_requests import SendRequest

PHONE, E164 = "186-1234-5678", "+8618612345678"
NUMBER = {"mobilePhoneNumber": PHONE}
BY_NUMBER = f"phone#{E164}"


# --- Logging in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "claim", "password", "code"),
    [
        ({"username": "a", "password": "p"}, "username#a", "p", None),
        ({"email": "a@b.c", "password": "p"}, "email#a@b.c", "p", None),
        ({**NUMBER, "password": "p"}, BY_NUMBER, "p", None),
        ({**NUMBER, "smsCode": "123456"}, BY_NUMBER, None, "123456"),
        # Some SDKs send a number (wire.md 17).
        ({**NUMBER, "smsCode": 123456}, BY_NUMBER, None, "123456"),
        ({**NUMBER, "smsCode": " 123456 "}, BY_NUMBER, None, "123456"),
        ({"mobilePhoneNumber": 18_612_345_678, "smsCode": "1"}, BY_NUMBER, None, "1"),
        # Python posts all attributes: a username goes before an address, and both before a
        # number without a code (wire.md 9.3).
        ({"username": "a", "email": "a@b.c", "password": "p"}, "username#a", "p", None),
        ({"username": "a", **NUMBER, "password": "p"}, "username#a", "p", None),
        ({"email": "a@b.c", **NUMBER, "password": "p"}, "email#a@b.c", "p", None),
        ({"username": "a", "email": "e", **NUMBER, "smsCode": "1"}, BY_NUMBER, None, "1"),
        ({**NUMBER, "password": "p", "smsCode": "1"}, BY_NUMBER, None, "1"),
        ({**NUMBER, "password": "p", "smsCode": ""}, BY_NUMBER, "p", None),
        ({**NUMBER, "password": "p", "smsCode": " "}, BY_NUMBER, "p", None),
        ({**NUMBER, "password": "p", "smsCode": True}, BY_NUMBER, "p", None),
        ({**NUMBER, "password": "p", "smsCode": ["1"]}, BY_NUMBER, "p", None),
        ({"username": "a", "password": "p", "smsCode": "1"}, "username#a", "p", None),
        ({"username": "a", "password": "p", "mobilePhoneNumber": "12"}, "username#a", "p", None),
        ({"username": "", "email": "a@b.c", "password": "p"}, "email#a@b.c", "p", None),
        ({"username": 7, "email": "a@b.c", "password": "p"}, "email#a@b.c", "p", None),
        ({"username": " ", "password": " "}, "username# ", " ", None),
        ({"username": "a", "password": "p", "objectId": "x"}, "username#a", "p", None),
    ],
)
def test_somebody_logs_in_by_a_name_and_a_password_or_a_code(
    fields: dict[str, object], claim: str, password: str | None, code: str | None
) -> None:
    wanted = accounts.login(fields)

    assert (wanted.claim, wanted.password, wanted.code) == (claim, password, code)
    assert (wanted.phone is not None) is (claim == BY_NUMBER)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, UsernameMissing),
        ({"password": "p"}, UsernameMissing),
        ({"smsCode": "123456"}, UsernameMissing),
        (
            {"username": "", "email": None, "mobilePhoneNumber": "", "password": "p"},
            UsernameMissing,
        ),
        ({"username": ["a"], "password": "p"}, UsernameMissing),
        ({"username": "a"}, PasswordMissing),
        ({"username": "a", "password": ""}, PasswordMissing),
        ({"username": "a", "password": 123456}, PasswordMissing),
        ({"username": "a", "smsCode": "123456"}, PasswordMissing),
        ({"email": "a@b.c"}, PasswordMissing),
        (NUMBER, PasswordMissing),
        ({"mobilePhoneNumber": "12", "password": "p"}, PhoneInvalid),
        ({"mobilePhoneNumber": True, "password": "p"}, PhoneInvalid),
        ({"mobilePhoneNumber": {}, "smsCode": "1"}, PhoneInvalid),
        ({"username": "a", "mobilePhoneNumber": "12", "smsCode": "1"}, PhoneInvalid),
    ],
)
def test_a_login_lacks_nothing(fields: dict[str, object], error: type[SignetError]) -> None:
    with pytest.raises(error):
        accounts.login(fields)


NAMES = ["username", "email", "mobilePhoneNumber", "password", "smsCode"]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([PHONE, [], {}])
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_is_sent_is_a_login_by_one_means_or_refused(fields: dict[str, Any]) -> None:
    try:
        wanted = accounts.login(fields)
    except SignetError:
        return

    assert isinstance(wanted, Login)
    assert (wanted.password is None) is (wanted.code is not None)
    assert wanted.code is None or wanted.phone is not None


# --- Codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["123456", " 123456", 123456])
def test_a_number_and_its_code_sign_up_or_log_in(code: object) -> None:
    phone, given_code = accounts.by_mobile_phone({**NUMBER, "smsCode": code})

    assert (phone.e164, phone.written, given_code) == (E164, PHONE, "123456")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"smsCode": "123456"}, PhoneMissing),
        ({"mobilePhoneNumber": "12", "smsCode": "123456"}, PhoneInvalid),
        (NUMBER, BadParameter),
        *[({**NUMBER, "smsCode": code}, BadParameter) for code in (None, "", " ", True, [1], 1.5)],
    ],
)
def test_without_a_number_and_a_code_nobody_signs_up(
    body: dict[str, object], error: type[SignetError]
) -> None:
    with pytest.raises(error):
        accounts.by_mobile_phone(body)


def test_a_code_is_asked_for_with_a_number_and_nothing_else() -> None:
    request = accounts.code_request({**NUMBER, "template": "x", "ttl": 5, "name": "【x】"})

    assert (request.phone.e164, request.template, request.name) == (E164, None, None)
    assert request.ttl == timedelta(minutes=10)
    with pytest.raises(PhoneMissing):
        accounts.code_request({})


def change_request(**fields: Any) -> SendRequest:
    body = {**NUMBER, **fields}
    return accounts.change_request(body, authority=Authority.CLIENT, app_name="示例应用")


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [
        (None, timedelta(minutes=6)),
        ("", timedelta(minutes=6)),
        (1, timedelta(minutes=1)),
        (10, timedelta(minutes=10)),
        ("10", timedelta(minutes=10)),
        (10.0, timedelta(minutes=10)),
        (30, timedelta(minutes=30)),
        # Two SDKs send seconds (wire.md 9.13).
        (31, timedelta(seconds=31)),
        (360, timedelta(minutes=6)),
        ("360", timedelta(minutes=6)),
        (1_800, timedelta(minutes=30)),
    ],
)
def test_a_ttl_of_a_change_is_in_minutes_and_beyond_thirty_in_seconds(
    ttl: object, expected: timedelta
) -> None:
    assert change_request(ttl=ttl).ttl == expected


@pytest.mark.parametrize(
    "ttl",
    [
        0,
        -1,
        0.5,
        1_801,
        "x",
        True,
        [6],
        {},
        "nan",
        "inf",
        float("nan"),
        float("inf"),
        "1e400",
        10**400,
    ],
    ids=lambda ttl: str(ttl)[:12],
)
def test_any_other_ttl_of_a_change_is_refused(ttl: object) -> None:
    with pytest.raises(BadParameter, match="ttl must be 1 to 30 minutes"):
        change_request(ttl=ttl)


def test_java_asks_for_a_change_with_all_options_of_an_sms() -> None:
    request = change_request(smsType="sms", name="天东商城", op="付款", template="t", sign="s")

    assert (request.name, request.operation) == ("天东商城", "付款")
    assert (request.template, request.sign) == ("t", "s")
    assert change_request(smsType="voice").channel is Channel.VOICE


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("123456", "123456"),
        (123456, "123456"),
        (" 123456", " 123456"),
        (None, ""),
        ("", ""),
        (["123456"], ""),
        (1.5, ""),
    ],
)
def test_a_confirmation_has_a_code_or_one_that_is_none(value: object, code: str) -> None:
    assert accounts.confirmation({**NUMBER, "code": value}, "code") == code
    assert accounts.confirmation(NUMBER, "code") == ""


@pytest.mark.parametrize("number", [None, ""])
def test_a_confirmation_needs_a_number_before_its_code(number: object) -> None:
    with pytest.raises(PhoneMissing):
        accounts.confirmation({"mobilePhoneNumber": number, "code": "123456"}, "code")


# --- Passwords --------------------------------------------------------------------------------


@pytest.mark.parametrize("new", ["new", None, 7])
def test_a_new_password_comes_with_the_old_one(new: object) -> None:
    body = {"old_password": "old", "new_password": new}

    assert accounts.passwords_of(body) == ("old", new)


@pytest.mark.parametrize("old", [None, "", 7, ["old"]])
def test_without_the_old_password_there_is_no_new_one(old: object) -> None:
    with pytest.raises(PasswordMissing):
        accounts.passwords_of({"old_password": old, "new_password": "new"})
