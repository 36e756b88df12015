"""What a user is: ids and names, what only one user can have, times, and who sees what of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signet import users
from signet.errors import (
    BadParameter,
    CodeInvalid,
    EmailInvalid,
    EmailTaken,
    NameTaken,
    PhoneTaken,
    SignetError,
    UsernameInvalid,
    UsernameMissing,
    UsernameTaken,
)
from signet.users import User

PHONE = "+8618612345678"
NOW = 1_795_334_400_000
USER = User("signet-demo-app", "5f1e00000000000000000001", NOW, NOW + 1)
FULL = replace(
    USER,
    username="hjiang",
    email="hang@leancloud.rocks",
    phone=PHONE,
    written_phone="186-1234-5678",
    phone_verified=True,
    password="$argon2id$…",
    attributes={"gender": "男", "ACL": {"*": {"read": True}}},
    auth={"weixin": {"openid": "o1"}, "_weixin_unionid": {"uid": "u1"}},
    sessions=("d1", "d2"),
)


# --- Ids and names ----------------------------------------------------------------------------


def test_an_id_is_twenty_four_hex_digits_in_the_order_of_the_seconds() -> None:
    now = datetime.fromtimestamp(NOW / 1000, UTC)
    made = [users.new_id(now + timedelta(seconds=second)) for second in (0, 1, 2, 3600)]

    assert all(re.fullmatch("[0-9a-f]{24}", each) and users.is_id(each) for each in made)
    assert made == sorted(made)


def test_two_ids_of_a_second_are_two() -> None:
    now = datetime.fromtimestamp(NOW / 1000, UTC)

    assert len({users.new_id(now) for _ in range(100)}) == 100


def test_an_id_of_a_request_is_the_same_every_time() -> None:
    assert users.id_of(0x5F1E0000, "0123456789abcdef") == "5f1e00000123456789abcdef"
    assert users.id_of(1, "0123456789abcdefff") == "000000010123456789abcdef"


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("5f1e00000000000000000001", True),
        ("A_b-9", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a#b", False),
        ("a/b", False),
        ("a b", False),
        ("a\n", False),
        ("号", False),
        ("٣", False),
    ],
)
def test_what_can_be_an_id(text: str, is_id: bool) -> None:
    assert users.is_id(text) is is_id


def test_a_generated_username_looks_like_leanclouds() -> None:
    made = {users.generated_username() for _ in range(50)}

    assert len(made) == 50
    assert all(re.fullmatch("[0-9a-z]{25}", name) for name in made)


@pytest.mark.parametrize("value", ["hjiang", "江", " x ", "186-1234-5678", "a#b", "x" * 255])
def test_a_username_is_kept_as_it_is(value: str) -> None:
    assert users.username(value) == value


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, UsernameMissing),
        ("", UsernameMissing),
        (" ", UsernameInvalid),
        ("\u3000\t", UsernameInvalid),
        ("x" * 256, UsernameInvalid),
        (7, UsernameInvalid),
        (False, UsernameInvalid),
        (["x"], UsernameInvalid),
        ({}, UsernameInvalid),
    ],
)
def test_what_is_no_username_is_refused(value: object, error: type[SignetError]) -> None:
    with pytest.raises(error):
        users.username(value)


@pytest.mark.parametrize(
    "value", ["a@b.c", "hang+x@mail.leancloud.rocks", "江@例子.中国", f"{'x' * 251}@b.c"]
)
def test_an_address_has_one_at_and_a_host_with_a_dot(value: str) -> None:
    assert users.email(value) == value


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "a", "a@b", "@b.c", "a@", "a@.c", "a@b.", "a@b..c", "a@b@c.d"),
        *("a b@c.d", "a@b.c\n", f"{'x' * 252}@b.c", 7, True, ["a@b.c"]),
    ],
)
def test_what_is_no_address_is_refused(value: object) -> None:
    with pytest.raises(EmailInvalid):
        users.email(value)


# --- What only one user can have --------------------------------------------------------------


def test_the_claims_of_a_user_are_all_that_nobody_else_can_have() -> None:
    assert USER.claims == frozenset()
    assert FULL.claims == {
        "username#hjiang",
        "email#hang@leancloud.rocks",
        f"phone#{PHONE}",
        "auth#weixin#o1",
        "auth#_weixin_unionid#u1",
        "session#d1",
        "session#d2",
    }


def test_another_spelling_of_a_number_is_the_same_claim() -> None:
    assert replace(FULL, written_phone=PHONE).claims == FULL.claims


@pytest.mark.parametrize(
    ("fields", "person"),
    [
        ({"uid": "u", "openid": "o", "id": "i"}, "u"),
        ({"openid": "o", "id": "i"}, "o"),
        ({"id": "i"}, "i"),
        ({"uid": "", "id": "i"}, "i"),
        ({"uid": None, "openid": ["x"], "id": "i"}, "i"),
        ({"id": 7}, "7"),
        ({"id": 0}, None),
        ({"uid": ""}, None),
        ({"access_token": "x"}, None),
        ({}, None),
    ],
)
def test_who_somebody_is_on_a_platform(fields: dict[str, object], person: str | None) -> None:
    assert users.platform_id(fields) == person


def test_the_main_claim_of_a_platform_comes_first_and_what_names_nobody_claims_nothing() -> None:
    auth = {"weixin": {"uid": "1"}, "_weixin_unionid": {"uid": "2"}, "x": {}, "y": None, "z": "3"}

    assert users.auth_claims(auth) == ["auth#weixin#1", "auth#_weixin_unionid#2"]


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        (["username#a"], UsernameTaken),
        (["email#a@b.c"], EmailTaken),
        ([f"phone#{PHONE}"], PhoneTaken),
        (["auth#weixin#1"], NameTaken),
        (["session#d1"], NameTaken),
        ([f"phone#{PHONE}", "username#a"], UsernameTaken),
        ([f"phone#{PHONE}", "email#a@b.c"], EmailTaken),
        (["auth#weixin#1", f"phone#{PHONE}"], PhoneTaken),
        (["auth#username#phone#1"], NameTaken),
    ],
)
def test_a_username_is_named_before_an_address_and_that_before_a_number(
    claims: list[str], error: type[SignetError]
) -> None:
    assert type(users.taken(claims)) is error
    assert type(users.taken(reversed(claims))) is error


# --- Proofs -----------------------------------------------------------------------------------


def test_a_proof_is_of_the_number_that_the_user_has() -> None:
    unproved = replace(FULL, phone_verified=False)

    assert users.proved(unproved, PHONE) == FULL
    assert users.proved(FULL, PHONE) == FULL


@pytest.mark.parametrize("phone", [None, "+8618612345679"])
def test_a_proof_says_nothing_of_another_number(phone: str | None) -> None:
    with pytest.raises(CodeInvalid):
        users.proved(replace(FULL, phone=phone), PHONE)


# --- Times ------------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_568_873_163_116, "2019-09-19T06:06:03.116Z"),
        (users.milliseconds(FIRST), "0001-01-01T00:00:00.000Z"),
        (users.milliseconds(LAST), "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_with_three_digits_of_a_second(time: int, written: str) -> None:
    assert users.iso(time) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2015-06-29T02:18:51.000Z", "2015-06-29T02:18:51.000Z"),
        ("2015-06-29T02:18:51Z", "2015-06-29T02:18:51.000Z"),
        ("2015-06-29T10:18:51.5+08:00", "2015-06-29T02:18:51.500Z"),
        ("2015-06-29T02:18:51.250999Z", "2015-06-29T02:18:51.250Z"),
        ("2015-06-29T02:18:51", "2015-06-29T02:18:51.000Z"),
        ("2015-06-29", "2015-06-29T00:00:00.000Z"),
        ({"__type": "Date", "iso": "2016-07-01T08:00:00.250Z"}, "2016-07-01T08:00:00.250Z"),
    ],
)
def test_a_time_is_read_in_every_form_of_leanclouds(value: object, written: str) -> None:
    assert users.iso(users.parse_time(value)) == written


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "yesterday", "2015-13-01", "2015-06-29T25:00:00Z", "\ud800"),
        *({}, {"__type": "Date"}, {"iso": None}, [], True, 1.5),
        *("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"),
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(BadParameter, match="ISO 8601"):
        users.parse_time(value)


@given(st.integers(users.milliseconds(FIRST), users.milliseconds(LAST)))
@example(1_078_625_331_860)
def test_a_time_that_was_written_is_read_as_the_same(time: int) -> None:
    assert users.parse_time(users.iso(time)) == time
    assert users.parse_time({"__type": "Date", "iso": users.iso(time)}) == time
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", users.iso(time))


OFFSETS = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_a_time_of_anywhere_is_kept_to_the_millisecond_or_refused(time: datetime) -> None:
    try:
        read = users.parse_time(time.isoformat())
    except BadParameter:
        assert time.year in (1, 9999)
        return
    assert timedelta() <= time - EPOCH - timedelta(milliseconds=read) < timedelta(milliseconds=1)


# --- What of a user is shown ------------------------------------------------------------------

ALWAYS = {
    "objectId": USER.object_id,
    "createdAt": users.iso(NOW),
    "updatedAt": users.iso(NOW + 1),
    "emailVerified": False,
    "mobilePhoneVerified": False,
}
SHOWN = {
    **ALWAYS,
    "username": "hjiang",
    "email": "hang@leancloud.rocks",
    "mobilePhoneNumber": "186-1234-5678",
    "mobilePhoneVerified": True,
    "gender": "男",
}
AUTH = {"authData": FULL.auth}
ACL = {"ACL": {"*": {"read": True}}}


@pytest.mark.parametrize(
    ("user", "options", "shown"),
    [
        (USER, {"own": True}, ALWAYS),
        (USER, {"own": False, "acl": True}, ALWAYS),
        (FULL, {"own": False}, SHOWN),
        (FULL, {"own": True}, {**SHOWN, **AUTH}),
        (FULL, {"own": False, "acl": True}, {**SHOWN, **ACL}),
        (FULL, {"own": True, "acl": True}, {**SHOWN, **AUTH, **ACL}),
        (FULL, {"own": True, "token": "t1"}, {**SHOWN, **AUTH, "sessionToken": "t1"}),
        (replace(USER, phone=PHONE), {"own": False}, {**ALWAYS, "mobilePhoneNumber": PHONE}),
    ],
)
def test_a_user_is_shown_to_itself_and_to_strangers(
    user: User, options: dict[str, Any], shown: dict[str, object]
) -> None:
    assert users.document(user, **options) == shown


def test_an_attribute_cannot_pass_for_a_field() -> None:
    attributes = {"objectId": "x", "createdAt": "x", "mobilePhoneVerified": True}

    assert users.document(replace(USER, attributes=attributes), own=True) == ALWAYS


def test_a_stamp_is_what_sdks_need_of_a_change() -> None:
    assert users.stamp(FULL) == {name: SHOWN[name] for name in ("objectId", "updatedAt")}


READER = replace(USER, object_id="reader")
READS, READS_NOT = {"read": True}, {"read": False}


@pytest.mark.parametrize(
    ("acl", "reader", "may"),
    [
        (None, None, True),
        ({}, None, False),
        ("*", None, True),
        ({"*": READS}, None, True),
        ({"*": READS_NOT}, None, False),
        ({"*": {"write": True}}, None, False),
        ({"*": {"read": "true"}}, None, False),
        ({"*": {"read": 1}}, None, False),
        ({"*": True}, None, False),
        ({"": READS}, None, False),
        ({"role:admin": READS}, READER, False),
        ({"reader": READS}, None, False),
        ({"reader": READS}, READER, True),
        ({"reader": READS_NOT}, READER, False),
        ({"*": READS_NOT, "reader": READS}, READER, True),
        ({"*": READS, "reader": READS_NOT}, READER, True),
        ({"another": READS}, READER, False),
    ],
)
def test_an_acl_says_who_reads_a_user(acl: object, reader: User | None, may: bool) -> None:
    attributes = {} if acl is None else {"ACL": acl}

    assert users.may_read(replace(USER, attributes=attributes), reader) is may
