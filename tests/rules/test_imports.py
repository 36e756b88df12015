"""Exported users: what is kept, what is left out with a word, and what is refused."""

from typing import Any

import pytest

from signet import imports, passwords, sessions, users
from signet.errors import SignetError
from signet.imports import Imported, Refused
from tests.rules.test_passwords import DIGEST, SALT

NOW = 1_795_334_400_000
ID = "5f2a7c1e9d8b4a0006e3c1d2"
FULL: dict[str, Any] = {
    "objectId": ID,
    "username": "hjiang",
    "password": DIGEST,
    "salt": SALT,
    "email": "hang@leancloud.rocks",
    "emailVerified": True,
    "mobilePhoneNumber": "186-1234-5678",
    "mobilePhoneVerified": True,
    "sessionToken": "qmdj8pdidnmyzp0c7yqil91oc",
    "authData": {"weixin": {"openid": "o1", "unionid": "u1", "platform": "weixin"}},
    "ACL": {"*": {"read": True}},
    "createdAt": "2015-06-29T02:18:51.000Z",
    "updatedAt": {"__type": "Date", "iso": "2016-07-01T08:00:00.250Z"},
    "nickname": "江",
    "team": {"__type": "Pointer", "className": "Team", "objectId": "t1"},
    "score": 1.5,
    "nothing": None,
    "__type": "Object",
    "className": "_User",
}


def parse(**changes: Any) -> Imported:
    return imports.parse("signet-demo-app", {**FULL, **changes}, now=NOW)


def left_out(**changes: Any) -> str:
    """What the report says of an import without something."""
    return " ".join(parse(**changes).left_out)


def test_everything_of_an_exported_user_is_kept() -> None:
    found = parse()

    user = found.user
    assert found.left_out == ()
    assert (user.object_id, user.username, user.email) == (ID, "hjiang", "hang@leancloud.rocks")
    assert (user.phone, user.written_phone) == ("+8618612345678", "186-1234-5678")
    assert user.email_verified
    assert user.phone_verified
    assert users.iso(user.created_at) == "2015-06-29T02:18:51.000Z"
    assert users.iso(user.updated_at) == "2016-07-01T08:00:00.250Z"
    assert user.auth == {
        "weixin": FULL["authData"]["weixin"],
        "_weixin_unionid": {"uid": "u1"},
    }
    assert user.attributes == {
        name: FULL[name] for name in ("ACL", "nickname", "team", "score", "nothing")
    }


def test_the_password_and_the_session_token_go_on_working() -> None:
    user = parse().user

    assert passwords.matches(user.password, "password")
    assert user.sessions == (sessions.digest("qmdj8pdidnmyzp0c7yqil91oc"),)


@pytest.mark.parametrize("name", ["password", "email", "mobilePhoneNumber", "sessionToken"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_there_is_not_missed(name: str, value: object) -> None:
    assert parse(**{name: value}).left_out == ()


def test_a_user_with_an_id_only_is_a_user() -> None:
    found = imports.parse("signet-demo-app", {"objectId": ID}, now=NOW)

    assert (found.user.created_at, found.user.updated_at) == (NOW, NOW)
    assert found.user.claims == {f"username#{ID}"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mobilePhoneNumber": "12"}, "mobilePhoneNumber: "),
        ({"mobilePhoneNumber": "01012345678"}, "mobilePhoneNumber: "),
        ({"mobilePhoneNumber": {"a": 1}}, "mobilePhoneNumber: "),
        ({"email": "nobody"}, "email: "),
        ({"email": 7}, "email: "),
        ({"password": "clear"}, "password: Not the base64 of a SHA-512."),
        ({"password": "YQ=="}, "password: Not the base64 of a SHA-512."),
        ({"password": 7}, "password: Not the base64 of a SHA-512."),
        ({"salt": None}, "password: Its salt is missing"),
        ({"salt": "a$b"}, "password: Its salt is missing"),
        ({"sessionToken": ["x"]}, "sessionToken: Not a token."),
        ({"sessionToken": "x" * 201}, "sessionToken: Not a token."),
        ({"authData": "x"}, "authData: Not an object."),
        ({"authData": {"weixin": {"unknown": 1}}}, "authData: "),
        ({"authData": {"weixin": {"uid": ""}}}, "authData: "),
        ({"authData": {"we ixin": {"uid": "7"}}}, "authData: "),
        ({"createdAt": "yesterday"}, "createdAt: Not a time in ISO 8601."),
        ({"updatedAt": {"__type": "Date"}}, "updatedAt: Not a time in ISO 8601."),
        ({"username": None}, "username: There is none; the objectId stands for it."),
        ({"username": "x" * 256}, "username: "),
        ({"username": 7}, "username: "),
        ({"authData": {"weixin": {"uid": "1", "x": "x" * 131_072}}}, "authData: "),
        ({"über": 1}, "An attribute: "),
        ({"a.b": 1}, "An attribute: "),
    ],
)
def test_what_cannot_be_used_is_left_out_and_named(
    changes: dict[str, object], expected: str
) -> None:
    found = parse(**changes)

    assert len(found.left_out) == 1
    assert found.left_out[0].startswith(expected)
    assert found.user.object_id == ID


def test_nothing_unproved_is_called_verified() -> None:
    user = parse(mobilePhoneNumber="12", email="nobody").user
    other = parse(mobilePhoneVerified="yes", emailVerified=1).user

    for each in (user, other):
        assert not each.email_verified
        assert not each.phone_verified


def test_a_platform_that_cannot_be_used_does_not_cost_the_others() -> None:
    found = parse(authData={"weixin": {"unknown": 1}, "qq": {"openid": "q1"}, "weibo": None})

    assert found.user.auth == {"qq": {"openid": "q1"}}


def test_a_report_names_fields_and_no_values() -> None:
    secret = "13800-not-a-number"
    said = left_out(
        mobilePhoneNumber=secret, email=secret, password=secret, sessionToken=[secret],
        createdAt=secret, authData={"weixin": {"unknown": secret}},
    )  # fmt: skip

    assert secret not in said
    assert said.count(":") == 6


@pytest.mark.parametrize("object_id", [None, "", "a/b", "x" * 65, 7, "..", "é"])
def test_an_object_without_an_id_is_refused(object_id: object) -> None:
    with pytest.raises(Refused, match="no objectId"):
        parse(objectId=object_id)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": "x" * 131_072}, "larger than 128 kB"),
        ({"deep": nested(40)}, "nested deeper"),
        ({"half": "\ud800"}, "half a character"),
        ({"username": "\ud800"}, "half a character"),
        ({"score": float("inf")}, "number that is none"),
        ({"authData": {f"p{n}": {"uid": "1"} for n in range(99)}}, "too many platforms"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_id(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        parse(**changes)

    assert refused.value.object_id == ID


def test_a_refusal_is_no_answer_to_a_caller() -> None:
    assert not issubclass(Refused, SignetError)
