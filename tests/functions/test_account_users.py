"""Signing up, logging in, sessions, and users as objects (wire.md 9.1 to 9.7, 9.16, 10)."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from signet import passwords
from signet.apps import App
from signet.store import users as store
from tests.functions.account_calls import (
    MASTER_KEY,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    Accounts,
)
from tests.functions.service import Service, signed
from tests.store.build import APP_ID, client

MakeApp = Callable[..., App]


@pytest.fixture
def accounts(deployment: Service, make_app: MakeApp) -> Accounts:
    """The demo app, which does not text whoever signs up."""
    make_app(switches={"verify_on_sign_up": False, "auth_data_needs_master_key": False})
    return Accounts(deployment)


# --- Signing up -------------------------------------------------------------------------------


def test_a_sign_up_is_answered_with_the_whole_user_and_a_session(accounts: Accounts) -> None:
    reply = accounts.sign_up(email="h@lean.rocks", mobilePhoneNumber="186-1234-5678", gender="男")

    assert reply.status == 201
    assert reply.headers["Location"] == f"/1.1/classes/_User/{reply['objectId']}"
    assert re.fullmatch(r"[0-9a-f]{24}", reply["objectId"])
    assert re.fullmatch(r"[0-9a-z]{25}", reply["sessionToken"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", reply["createdAt"])
    assert reply.json == {
        "objectId": reply["objectId"],
        "sessionToken": reply["sessionToken"],
        "createdAt": reply["createdAt"],
        "updatedAt": reply["createdAt"],
        "username": "hjiang",
        "email": "h@lean.rocks",
        "mobilePhoneNumber": "186-1234-5678",
        "gender": "男",
        "emailVerified": False,
        "mobilePhoneVerified": False,
    }


@pytest.mark.parametrize("path", ["users", "classes/_User"])
def test_both_paths_create_users(accounts: Accounts, path: str) -> None:
    body = {"username": "hjiang", "password": PASSWORD}

    made = accounts.post(path, body, query={"fetchWhenSave": "false"})

    assert made.status == 201
    assert accounts.get("users/me", session=made["sessionToken"])["objectId"] == made["objectId"]


def test_a_batch_creates_users_and_answers_each_by_itself(accounts: Accounts) -> None:
    body = {"username": "hjiang", "password": PASSWORD}
    one = {"method": "POST", "path": "/1.1/classes/_User", "body": body}

    reply = accounts.post("batch", {"requests": [one, one]})

    made, refused = reply.json
    assert re.fullmatch(r"[0-9a-z]{25}", made["success"]["sessionToken"])
    assert refused["error"]["code"] == 202


def test_a_batch_save_is_answered_by_the_internal_ids(accounts: Accounts) -> None:
    body = {"username": "hjiang", "password": PASSWORD, "__internalId": "uuid-1", "__children": []}
    one = {"method": "post", "path": "/1.1/users", "body": body, "new": True}

    reply = accounts.post("batch/save", {"requests": [one]})

    made = reply["uuid-1"]
    assert made["sessionToken"]
    assert not {"__internalId", "__children"} & set(made)
    assert accounts.post("batch/save", {"requests": [one]}).code == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"password": "x"}, 200),
        ({"username": "", "password": "x"}, 200),
        ({"username": "x"}, 201),
        ({"username": "x", "password": ""}, 201),
        ({"username": " ", "password": "x"}, 217),
        ({"username": 5, "password": "x"}, 217),
        ({"username": "x" * 256, "password": "x"}, 217),
        ({"username": "x", "password": " "}, 218),
        ({"username": "x", "password": 5}, 218),
        ({"username": "x", "password": "x", "email": "nobody"}, 125),
        ({"username": "x", "password": "x", "mobilePhoneNumber": "12"}, 127),
        ({"username": "x", "password": "x", "1st": 1}, 105),
        ({"username": "x", "password": "x", "a-b": 1}, 105),
        ({"username": "x", "password": "x", "mobilePhoneVerified": True}, 117),
        ({"username": "x", "password": "x", "emailVerified": True}, 117),
        ({"username": "x", "password": "x", "a": "\ud800"}, 1),
        ({"username": "x", "password": "x", "a": "y" * 140_000}, 1),
        ({"username": "x", "password": "x", "authData": "weixin"}, 1),
        ({"authData": {"weixin": {"token": "x"}}}, 1),
        ({"authData": {f"p{number}": {"uid": "1"} for number in range(120)}}, 1),
        ('{"username": "x", "password": "x", "a": NaN}', 107),
        ("[]", 107),
    ],
)
def test_a_sign_up_that_cannot_be_is_refused_and_leaves_nothing(
    accounts: Accounts, body: object, code: int
) -> None:
    assert accounts.post("users", body).code == code
    assert client("dynamodb").scan(TableName="users")["Items"] == []


def test_a_deeply_nested_object_is_refused(accounts: Accounts) -> None:
    nested: Any = 1
    for _ in range(40):
        nested = [nested]

    assert accounts.sign_up(a=nested).code == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"username": "hjiang"}, 202),
        ({"username": "other", "email": "h@lean.rocks"}, 203),
        ({"username": "other", "mobilePhoneNumber": "+86 186 1234 5678"}, 214),
        ({"username": "other", "authData": {"weixin": {"openid": "o1"}}}, 0),
    ],
)
def test_what_another_user_has_is_taken(
    accounts: Accounts, fields: dict[str, Any], code: int
) -> None:
    weixin = {"weixin": {"openid": "o1"}}
    accounts.sign_up(email="h@lean.rocks", mobilePhoneNumber="18612345678", authData=weixin)

    assert accounts.post("users", {"password": "x", **fields}).code == code


def test_a_name_is_anothers_in_other_letters(accounts: Accounts) -> None:
    accounts.sign_up()

    assert accounts.sign_up("HJiang").status == 201


def test_go_signs_up_by_an_address_alone(accounts: Accounts) -> None:
    made = accounts.post("users", {"email": "h@lean.rocks", "password": PASSWORD})

    assert made["username"] == "h@lean.rocks"
    assert accounts.log_in(email="h@lean.rocks", password=PASSWORD).code == 0


def test_an_identical_copy_of_a_signed_sign_up_gets_the_first_answer(accounts: Accounts) -> None:
    copied = signed(str(int(time.time() * 1000)))
    first = accounts.sign_up(headers=copied)

    second = accounts.sign_up(headers=copied)

    assert second.status == 201
    assert second["objectId"] == first["objectId"]
    assert second["sessionToken"] == first["sessionToken"]
    assert accounts.sign_up(headers=signed(str(int(time.time() * 1000) + 5))).code == 202


def test_a_copy_that_comes_late_is_just_another_sign_up(
    accounts: Accounts, advance: Callable[[int], None]
) -> None:
    copied = signed(str(int(time.time() * 1000)))
    accounts.sign_up(headers=copied)
    advance(11)

    assert accounts.sign_up(headers=copied).code == 202


# --- authData ---------------------------------------------------------------------------------

WEIXIN = {"weixin": {"openid": "o1", "access_token": "t1"}}


def test_somebody_of_another_service_is_created_once_and_logged_in_afterwards(
    accounts: Accounts,
) -> None:
    made = accounts.post("users", {"authData": WEIXIN})

    again = accounts.post("users", {"authData": {"weixin": {"openid": "o1", "access_token": "t2"}}})

    assert (made.status, again.status) == (201, 200)
    assert re.fullmatch(r"[0-9a-z]{25}", made["username"])
    assert again["objectId"] == made["objectId"]
    assert again["sessionToken"] == made["sessionToken"]
    assert again["authData"]["weixin"]["access_token"] == "t2"


def test_nobody_is_created_where_only_somebody_known_is_wanted(accounts: Accounts) -> None:
    body, query = {"authData": WEIXIN}, {"failOnNotExist": "true"}

    assert accounts.post("users", body, query=query).code == 211
    accounts.post("users", body)
    assert accounts.post("users", body, query=query).status == 200


def test_a_person_is_the_same_in_all_apps_of_a_platform(accounts: Accounts) -> None:
    mini = {"openid": "o1", "unionid": "u1", "platform": "weixin", "main_account": True}
    web = {"openid": "o2", "unionid": "u1", "platform": "weixin"}
    made = accounts.post("users", {"authData": {"weixin_mini": mini}})

    same = accounts.post("users", {"authData": {"weixin_web": web}})

    assert (same.status, same["objectId"]) == (200, made["objectId"])
    assert set(same["authData"]) == {"weixin_mini", "weixin_web", "_weixin_unionid"}


def test_a_link_is_made_and_cut_by_its_user_alone(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    accounts.put(place, {"authData": WEIXIN}, session=session)
    assert accounts.post("users", {"authData": WEIXIN})["objectId"] == made["objectId"]
    accounts.put(place, {"authData.weixin": {"__op": "Delete"}}, session=session)

    assert accounts.post("users", {"authData": WEIXIN})["objectId"] != made["objectId"]
    assert accounts.put(place, {"authData": WEIXIN}, session=session).code == 137


def test_strangers_do_not_see_what_links_an_account(accounts: Accounts) -> None:
    made = accounts.post("users", {"authData": WEIXIN})
    place = f"users/{made['objectId']}"

    assert "authData" not in accounts.get(place).json
    assert accounts.get(place, session=made["sessionToken"])["authData"] == WEIXIN
    assert accounts.get(place, headers=MASTER_KEY)["authData"] == WEIXIN


@pytest.mark.parametrize(
    "given",
    [
        {"authData": WEIXIN},
        {"authData.weixin": WEIXIN["weixin"]},
        {"username": "x", "password": "x", "authData": WEIXIN},
    ],
)
def test_where_only_servers_may_say_who_somebody_is_elsewhere_clients_do_not(
    deployment: Service, make_app: MakeApp, given: dict[str, Any]
) -> None:
    make_app(switches={"verify_on_sign_up": False})
    accounts = Accounts(deployment)
    made = accounts.sign_up()
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    refused = accounts.post("users", given)

    assert refused.code == 119
    assert "auth_data_needs_master_key" in refused.error
    assert accounts.put(place, given, session=session).code == 119
    assert accounts.post("users", {"authData": WEIXIN}, headers=MASTER_KEY).status == 201
    assert accounts.put(place, {"authData.qq": {"__op": "Delete"}}, session=session).code == 0
    assert accounts.put(place, {"authData": {"qq": None}}, session=session).code == 0


# --- Logging in -------------------------------------------------------------------------------

WAYS = [
    {"username": "hjiang"},
    {"email": "h@lean.rocks"},
    {"mobilePhoneNumber": PHONE},
    {"mobilePhoneNumber": "186 1234 5678"},
    # Python posts all of its object; LeanCloud then looks at the name (wire.md 9.3).
    {"username": "hjiang", "email": "nobody@lean.rocks"},
]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_log_in_has_the_same_session(accounts: Accounts, way: dict[str, str]) -> None:
    made = accounts.sign_up(email="h@lean.rocks", mobilePhoneNumber="18612345678")

    posted = accounts.log_in(**way, password=PASSWORD)
    got = accounts.get("login", query={**way, "password": PASSWORD})

    assert posted.json == got.json == made.json


def test_a_raw_plus_in_a_query_is_a_plus(accounts: Accounts) -> None:
    accounts.sign_up(mobilePhoneNumber=PHONE)
    query = {"mobilePhoneNumber": " 8618612345678", "password": PASSWORD}

    assert accounts.get("login", query=query).code == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"username": "hjiang", "password": "wrong"}, 210),
        ({"mobilePhoneNumber": PHONE, "password": "wrong"}, 210),
        ({"username": "nobody", "password": PASSWORD}, 211),
        ({"email": "nobody@lean.rocks", "password": PASSWORD}, 211),
        ({"mobilePhoneNumber": OTHER_PHONE, "password": PASSWORD}, 211),
        ({"mobilePhoneNumber": "12", "password": PASSWORD}, 127),
        ({"username": "hjiang"}, 201),
        ({"password": PASSWORD}, 200),
        ({}, 200),
        ({"username": "hjiang", "password": "\ud800"}, 210),
        ({"username": "\ud800", "password": "x"}, 211),
        ({"mobilePhoneNumber": PHONE, "smsCode": "123456"}, 119),
    ],
)
def test_a_wrong_login_is_refused(accounts: Accounts, fields: dict[str, Any], code: int) -> None:
    accounts.sign_up(mobilePhoneNumber=PHONE)

    assert accounts.post("login", fields).code == code


def test_six_failures_are_forgiven_and_the_seventh_locks_for_a_quarter_of_an_hour(
    accounts: Accounts, advance: Callable[[int], None]
) -> None:
    accounts.sign_up(email="h@lean.rocks")
    wrong = {"username": "hjiang", "password": "wrong"}
    for _ in range(6):
        assert accounts.log_in(**wrong).code == 210
        assert accounts.log_in().code == 0

    assert accounts.log_in(email="h@lean.rocks", password="wrong").code == 210
    locked = accounts.log_in()

    assert locked.code == 219
    assert 890 <= locked["retry_after"] <= 900
    advance(locked["retry_after"] - 1)
    assert accounts.log_in().code == 219
    advance(2)
    assert accounts.log_in().code == 0


def test_failures_that_are_a_quarter_of_an_hour_apart_lock_nobody(
    accounts: Accounts, advance: Callable[[int], None]
) -> None:
    accounts.sign_up()
    for _ in range(10):
        assert accounts.log_in(username="hjiang", password="wrong").code == 210
        advance(180)

    assert accounts.log_in().code == 0


def test_somebody_elses_lock_is_not_mine(accounts: Accounts) -> None:
    accounts.sign_up()
    accounts.sign_up("other")
    for _ in range(7):
        accounts.log_in(username="other", password="wrong")

    assert accounts.log_in(username="other", password=PASSWORD).code == 219
    assert accounts.log_in().code == 0


def test_an_imported_password_works_and_is_kept_better_from_then_on(accounts: Accounts) -> None:
    from dataclasses import replace

    from tests.rules.test_passwords import DIGEST, SALT

    made = accounts.sign_up()
    kept = f"leancloud${SALT}${DIGEST}"
    store.change(APP_ID, made["objectId"], lambda user: replace(user, password=kept))

    assert accounts.log_in(username="hjiang", password="wrong").code == 210
    assert accounts.log_in(username="hjiang", password="password").code == 0

    user = store.get(APP_ID, made["objectId"])
    assert user
    assert str(user.password).startswith("$argon2id$")
    assert accounts.log_in(username="hjiang", password="password").code == 0


def test_a_password_that_was_changed_meanwhile_opens_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = accounts.sign_up()
    matches = passwords.matches

    def late(kept: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "matches", matches)
        right = matches(kept, password)
        new = {"password": "new"}
        accounts.put(f"users/{made['objectId']}", new, session=made["sessionToken"])
        return right

    monkeypatch.setattr(passwords, "matches", late)

    assert accounts.log_in().code == 210
    assert accounts.log_in(username="hjiang", password="new").code == 0


# --- Sessions ---------------------------------------------------------------------------------


def test_me_is_whose_session_it_is_and_the_query_goes_before_the_header(
    accounts: Accounts,
) -> None:
    one, two = accounts.sign_up(), accounts.sign_up("other")

    by_header = accounts.get("users/me", session=one["sessionToken"])
    query = {"session_token": two["sessionToken"]}
    by_query = accounts.get("users/me", session=one["sessionToken"], query=query)

    assert by_header.json == one.json
    assert by_query.json == two.json


@pytest.mark.parametrize("session", ["0", "", "x" * 25, "x" * 5000, "\ud800"])
def test_nobodys_token_is_nobody_and_stops_nothing_that_needs_none(
    accounts: Accounts, session: str
) -> None:
    accounts.sign_up()

    assert accounts.get("users/me", session=session).code == 211
    login = {"username": "hjiang", "password": PASSWORD}
    assert accounts.post("login", login, session=session).code == 0
    assert accounts.post("logout", session=session).code == 211


def test_logging_out_needs_a_session_and_ends_none(accounts: Accounts) -> None:
    made = accounts.sign_up()

    assert accounts.post("logout", session=made["sessionToken"]).json == {}
    assert accounts.get("users/me", session=made["sessionToken"]).code == 0


def test_a_refreshed_session_ends_all_others(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place = f"users/{made['objectId']}/refreshSessionToken"

    fresh = accounts.put(place, session=made["sessionToken"])

    assert fresh["sessionToken"] != made["sessionToken"]
    assert fresh["objectId"] == made["objectId"]
    assert accounts.get("users/me", session=made["sessionToken"]).code == 211
    assert accounts.get("users/me", session=fresh["sessionToken"]).code == 0
    assert accounts.log_in()["sessionToken"] == fresh["sessionToken"]
    assert accounts.put(place, headers=MASTER_KEY)["sessionToken"] != fresh["sessionToken"]
    assert accounts.put(place).code == 206


@pytest.mark.parametrize("ends", [True, False])
def test_a_new_password_ends_sessions_if_the_app_wants_that(
    deployment: Service, make_app: MakeApp, ends: bool
) -> None:
    make_app(switches={"verify_on_sign_up": False, "new_session_after_password": ends})
    accounts = Accounts(deployment)
    made = accounts.sign_up()
    session, place = made["sessionToken"], f"users/{made['objectId']}/updatePassword"

    changed = accounts.put(
        place, {"old_password": PASSWORD, "new_password": "new"}, session=session
    )

    assert set(changed.json) == {"objectId", "updatedAt", "sessionToken"}
    assert (changed["sessionToken"] != session) == ends
    assert (accounts.get("users/me", session=session).code == 211) == ends
    assert accounts.log_in().code == 210
    again = accounts.log_in(username="hjiang", password="new")
    assert again["sessionToken"] == changed["sessionToken"]


def test_an_old_password_that_is_wrong_changes_nothing_and_is_counted(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place, session = f"users/{made['objectId']}/updatePassword", made["sessionToken"]
    wrong = {"old_password": "wrong", "new_password": "new"}

    assert accounts.put(place, wrong, session=session).code == 210
    assert accounts.put(place, {**wrong, "new_password": ""}, session=session).code == 201
    assert accounts.put(place, {"new_password": "new"}, session=session).code == 201
    assert accounts.put(place, wrong).code == 206
    for _ in range(6):
        assert accounts.put(place, wrong, session=session).code == 210
    assert accounts.put(place, wrong, session=session).code == 219
    assert accounts.log_in().code == 219


# --- Users as objects -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["users", "classes/_User"])
def test_a_user_is_read_without_its_session(accounts: Accounts, path: str) -> None:
    made = accounts.sign_up(gender="男")

    read = accounts.get(f"{path}/{made['objectId']}")

    assert read.json == {k: v for k, v in made.json.items() if k != "sessionToken"}
    assert accounts.get(f"{path}/nobody").code == 211
    some = accounts.get(f"{path}/{made['objectId']}", query={"keys": "gender"})
    assert set(some.json) == {"gender", "objectId", "createdAt", "updatedAt"}


def test_an_acl_is_kept_shown_when_asked_for_and_obeyed(accounts: Accounts) -> None:
    mine, other = accounts.sign_up(), accounts.sign_up("other")
    place, session = f"users/{mine['objectId']}", mine["sessionToken"]
    acl = {mine["objectId"]: {"read": True, "write": True}}
    accounts.put(place, {"ACL": acl}, session=session)

    assert accounts.get(place).code == 403
    assert accounts.get(place, session=other["sessionToken"]).code == 403
    assert "ACL" not in accounts.get(place, session=session).json
    assert accounts.get(place, session=session, query={"returnACL": "true"})["ACL"] == acl
    assert accounts.get(place, headers=MASTER_KEY).code == 0


def test_only_the_user_or_the_owner_of_the_app_changes_a_user(accounts: Accounts) -> None:
    mine, other = accounts.sign_up(), accounts.sign_up("other")
    place = f"users/{mine['objectId']}"

    assert accounts.put(place, {"a": 1}).code == 206
    assert accounts.put(place, {"a": 1}, session=other["sessionToken"]).code == 206
    assert accounts.call("DELETE", place, session=other["sessionToken"]).code == 206
    assert accounts.put(place, {"a": 1}, session=mine["sessionToken"]).code == 0
    assert accounts.put(place, {"a": 2}, headers=MASTER_KEY).code == 0
    assert accounts.get(place)["a"] == 2


def test_changes_are_values_operations_and_dotted_keys(accounts: Accounts) -> None:
    made = accounts.sign_up(score=1, tags=["a"], deep={"x": {"y": 1}})
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    reply = accounts.put(
        place,
        {
            "score": {"__op": "Increment", "amount": 2.5},
            "visits": {"__op": "Increment"},
            "tags": {"__op": "AddUnique", "objects": ["a", "b"]},
            "more": {"__op": "Add", "objects": [1]},
            "deep.x.y": {"__op": "Increment", "amount": 1},
            "deep.z": "new",
            "nothing": {"__op": "Delete"},
        },
        session=session,
    )

    assert set(reply.json) == {"objectId", "updatedAt"}
    read = accounts.get(place).json
    assert (read["score"], read["visits"], read["tags"], read["more"]) == (3.5, 1, ["a", "b"], [1])
    assert read["deep"] == {"x": {"y": 2}, "z": "new"}
    gone = {"tags": {"__op": "Remove", "objects": ["a"]}, "deep.x": {"__op": "Delete"}}
    whole = accounts.put(place, gone, session=session, query={"fetchWhenSave": "true"})
    assert (whole["tags"], whole["deep"], whole["username"]) == (["b"], {"z": "new"}, "hjiang")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"username": ""}, 200),
        ({"username": {"__op": "Delete"}}, 200),
        ({"password": ""}, 201),
        ({"email": "nobody"}, 125),
        ({"mobilePhoneVerified": True}, 117),
        ({"a": {"__op": "AddRelation", "objects": []}}, 1),
        ({"a": {"__op": "Add", "objects": 1}}, 1),
        ({"username.x": 1}, 105),
        ({"score": {"__op": "Increment", "amount": "1"}}, 1),
        ({"name.first": 1}, 105),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    accounts: Accounts, change: dict[str, Any], code: int
) -> None:
    made = accounts.sign_up(score=1, name="江")
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    assert accounts.put(place, {"b": 1, **change}, session=session).code == code
    assert "b" not in accounts.get(place).json


def test_the_owner_of_the_app_sets_what_users_cannot(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place = f"users/{made['objectId']}"

    accounts.put(place, {"mobilePhoneVerified": True, "emailVerified": True}, headers=MASTER_KEY)

    read = accounts.get(place).json
    assert (read["mobilePhoneVerified"], read["emailVerified"]) == (True, True)


def test_a_conditional_change_is_made_only_where_it_fits(accounts: Accounts) -> None:
    made = accounts.sign_up(score=1)
    place, session = f"users/{made['objectId']}", made["sessionToken"]
    spend = {"score": {"__op": "Increment", "amount": -1}}
    where = {"where": '{"score": {"$gte": 1}}'}

    assert accounts.put(place, spend, session=session, query=where).code == 0
    assert accounts.put(place, spend, session=session, query=where).code == 305
    assert accounts.get(place)["score"] == 0


def test_echoes_of_an_object_are_no_changes(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    assert accounts.put(place, made.json, session=session).code == 0
    assert accounts.get("users/me", session=session)["createdAt"] == made["createdAt"]


def test_a_deleted_user_is_gone_and_its_names_are_free(accounts: Accounts) -> None:
    made = accounts.sign_up(mobilePhoneNumber=PHONE)
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    assert accounts.call("DELETE", place, {}, session=session).json == {}

    assert accounts.get(place).code == 211
    assert accounts.get("users/me", session=session).code == 211
    assert accounts.sign_up(mobilePhoneNumber=PHONE).status == 201


def test_a_password_set_by_saving_ends_sessions_too(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place = f"users/{made['objectId']}"

    saved = accounts.put(place, {"password": "new"}, session=made["sessionToken"])

    assert saved["sessionToken"] != made["sessionToken"]
    assert accounts.get("users/me", session=made["sessionToken"]).code == 211
    assert accounts.log_in(username="hjiang", password="new").code == 0


# --- Queries ----------------------------------------------------------------------------------


def test_only_the_owner_of_the_app_looks_for_users(accounts: Accounts) -> None:
    made = accounts.sign_up()

    assert accounts.get("users").code == 403
    assert accounts.get("classes/_User", session=made["sessionToken"]).code == 403
    found = accounts.get("classes/_User", headers=MASTER_KEY)
    assert [one["username"] for one in found["results"]] == ["hjiang"]


def test_queries_select_order_page_and_count(accounts: Accounts) -> None:
    for number in range(7):
        accounts.sign_up(f"user{number}", score=number % 3)

    def find(**query: str) -> Any:
        return accounts.get("users", headers=MASTER_KEY, query=query).json

    def names(**query: str) -> list[str]:
        return [one["username"] for one in find(**query)["results"]]

    assert len(names()) == 7
    assert names(where='{"username": "user3"}') == ["user3"]
    assert sorted(names(where='{"score": {"$gt": 0}}')) == ["user1", "user2", "user4", "user5"]
    assert names(where='{"score": 2}', order="-username") == ["user5", "user2"]
    assert names(order="score,-username", limit="3") == ["user6", "user3", "user0"]
    assert find(count="1", limit="0") == {"results": [], "count": 7}
    everybody, page = names(), names(limit="3")
    last = find(limit="3")["results"][-1]["objectId"]
    rest = names(where=f'{{"objectId": {{"$gt": "{last}"}}}}', order="objectId")
    assert page + rest == everybody
    assert names(skip="5") == everybody[5:]


@pytest.mark.parametrize(
    "where",
    [
        "{",
        "[]",
        '{"a": {"$regex": "x"}}',
        '{"$near": 1}',
        '{"$or": [1]}',
        '{"a": {"$inQuery": {}}}',
    ],
)
def test_a_query_that_is_not_offered_is_refused(accounts: Accounts, where: str) -> None:
    assert accounts.get("users", headers=MASTER_KEY, query={"where": where}).code == 1


# --- Batches ----------------------------------------------------------------------------------


def test_a_batch_reads_writes_and_says_null_of_nobody(accounts: Accounts) -> None:
    made = accounts.sign_up()
    place = f"/1.1/users/{made['objectId']}"
    calls = [
        {"method": "PUT", "path": place, "body": {"a": 1}},
        {"method": "GET", "path": f"{place}?keys=a"},
        {"method": "GET", "path": "/1.1/classes/_User/nobody"},
        {"method": "GET", "path": "/1.1/users/me", "params": {"session_token": "x"}},
        {"method": "GET", "path": "/1.1/classes/Post/1"},
    ]

    reply = accounts.post("batch", {"requests": calls}, session=made["sessionToken"])

    assert reply.json[1]["success"]["a"] == 1
    assert reply.json[2] == {"success": None}
    assert [one.get("error", {}).get("code") for one in reply.json] == [None, None, None, 211, 1]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"requests": {}},
        {"requests": [1]},
        {"requests": [{"path": "/1.1/users"}]},
        {"requests": [{"method": "GET", "path": "/1.1/users"}] * 51},
        {"requests": [{"method": "GET", "path": "/1.1/users", "params": 1}]},
    ],
)
@pytest.mark.parametrize("path", ["batch", "batch/save"])
def test_a_batch_that_is_none_is_refused(accounts: Accounts, path: str, body: object) -> None:
    assert accounts.post(path, body).code == 1


@pytest.mark.parametrize("inner", ["/1.1/batch", "/1.1/users/../batch", "/1.1/batch/save"])
def test_no_batch_is_in_a_batch(accounts: Accounts, inner: str) -> None:
    call = {"method": "POST", "path": inner, "body": {"requests": []}}

    reply = accounts.post("batch", {"requests": [call]})

    assert reply.status == 404 or reply.json[0]["error"]["code"] == 1


@pytest.mark.parametrize("key", ["_ApplicationKey", "_MasterKey"])
def test_a_batch_in_the_text_form_is_made_with_the_credentials_in_its_body(
    accounts: Accounts, key: str
) -> None:
    made = accounts.sign_up()
    keys = {"_ApplicationKey": "signet-demo-key", "_MasterKey": "signet-demo-master"}
    calls = [
        {"method": "PUT", "path": f"/1.1/users/{made['objectId']}", "body": {"a": 1}},
        {"method": "GET", "path": "/1.1/users"},
    ]
    body = {"_ApplicationId": APP_ID, key: keys[key], "requests": calls}
    body["_SessionToken"] = made["sessionToken"]

    changed, found = accounts.post("batch", body, headers={"Content-Type": "text/plain"}).json

    assert changed["success"]["objectId"] == made["objectId"]
    assert ("success" in found) == (key == "_MasterKey")


def test_a_batch_without_credentials_does_nothing(accounts: Accounts) -> None:
    call = {"method": "POST", "path": "/1.1/users", "body": {"username": "x", "password": "x"}}

    for path in ("batch", "batch/save"):
        assert accounts.post(path, {"requests": [call]}, headers={"X-LC-Id": APP_ID}).code == 401


# --- The rest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["requestEmailVerify", "requestPasswordReset"])
def test_e_mail_is_said_not_to_be_offered(accounts: Accounts, path: str) -> None:
    reply = accounts.post(path, {"email": "h@lean.rocks"})

    assert reply.code == 119
    assert "E-mail is not offered" in reply.error


def test_nothing_is_answered_without_credentials(accounts: Accounts) -> None:
    from functions.account.app import ACCOUNTS

    for route in ACCOUNTS:
        path = route.path.removeprefix("/1.1/").format(id="me", code="123456")
        assert accounts.call(route.method, path, {}, headers={}).code == 401, path


def test_apps_do_not_see_each_others_users(accounts: Accounts, make_app: MakeApp) -> None:
    from signet.apps import Key

    make_app(app_id="signet-other-app", app_key=Key("other-key"), master_key=Key("other-master"))
    theirs = {"X-LC-Id": "signet-other-app", "X-LC-Key": "other-key"}
    made = accounts.sign_up(mobilePhoneNumber=PHONE)
    place, session = f"users/{made['objectId']}", made["sessionToken"]

    assert accounts.get(place, headers=theirs).code == 211
    assert accounts.get("users/me", session=session, headers=theirs).code == 211
    assert accounts.put(place, {"a": 1}, session=session, headers=theirs).code == 206
    login = {"username": "hjiang", "password": PASSWORD}
    assert accounts.post("login", login, headers=theirs).code == 211
    master = {**theirs, "X-LC-Key": "other-master,master"}
    assert accounts.get("users", headers=master)["results"] == []
    assert accounts.call("DELETE", place, headers=master).code == 211


def test_no_password_and_no_token_is_in_any_table(accounts: Accounts) -> None:
    made = accounts.sign_up(mobilePhoneNumber=PHONE)
    accounts.log_in()

    tables = client("dynamodb").list_tables()["TableNames"]
    held = str([client("dynamodb").scan(TableName=name)["Items"] for name in tables])

    assert PASSWORD not in held
    assert made["sessionToken"] not in held


def test_a_send_that_was_refused_leaves_no_user(deployment: Service, make_app: MakeApp) -> None:
    make_app(credit_micros=0)
    accounts = Accounts(deployment)

    assert accounts.sign_up(mobilePhoneNumber=PHONE).code == 160
    assert accounts.sign_up(mobilePhoneNumber="+447400123456").code == 1
    assert client("dynamodb").scan(TableName="users")["Items"] == []
    assert accounts.sign_up().status == 201
