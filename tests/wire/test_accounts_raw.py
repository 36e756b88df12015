"""Accounts as the SDKs that are not run here write them (wire.md 17): by hand, to the byte."""

import json
import time
from collections.abc import Callable
from hashlib import md5
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.wire.people import Accounts, Person

NewPerson = Callable[[], Person]
Headers = dict[str, str]


def sign(accounts: Accounts, *, milliseconds: bool = True, master: bool = False) -> Headers:
    """The signature that most SDKs send."""
    now = str(int(time.time() * (1000 if milliseconds else 1)))
    key = accounts.keys.master_key if master else accounts.keys.app_key
    digest = md5(f"{now}{key}".encode(), usedforsecurity=False).hexdigest()
    suffix = ",master" if master else ""
    return {"X-LC-Id": accounts.keys.app_id, "X-LC-Sign": f"{digest},{now}{suffix}"}


def session_of(accounts: Accounts, person: Person) -> str:
    """A session of somebody with an account."""
    login = {"username": person.name, "password": person.password}
    token = accounts.call("POST", "login", login).json["sessionToken"]
    assert isinstance(token, str)
    return token


# --- PHP: signatures by the second, everything in batches, a raw plus sign ---


def php(accounts: Accounts) -> Headers:
    return sign(accounts, milliseconds=False) | {
        "Content-Type": "application/json;charset=utf-8",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "LeanCloud PHP SDK 0.14.2",
        "X-LC-Prod": "0",
    }


def batch(accounts: Accounts, *requests: dict[str, Any], session: str | None = None) -> Any:
    """What PHP's carrier is answered for its calls."""
    reply = accounts.call(
        "POST", "batch", {"requests": requests}, by=php(accounts), session=session
    )
    assert reply.status == 200
    return reply.json


def test_php_signs_up_saves_and_reads_by_batches(accounts: Accounts, person: Person) -> None:
    users = "/1.1/classes/_User"
    new = {"username": person.name, "password": person.password, "visits": 1}
    sign_up = {"method": "POST", "path": users, "body": new}

    (made,) = batch(accounts, sign_up)
    user = made["success"]
    # The same second, the same signature: and yet no copy, but somebody who wants a taken name.
    (again,) = batch(accounts, sign_up)
    assert (again["error"]["code"], "success" in again) == (202, False)

    accounts.seen.add(user["sessionToken"])
    mine = f"{users}/{user['objectId']}"
    change = {"visits": {"__op": "Increment", "amount": 1}}
    answers = batch(
        accounts,
        {"method": "PUT", "path": mine, "body": change},
        {"method": "GET", "path": mine},
        {"method": "GET", "path": f"{users}/{'0' * 24}"},
        {"method": "DELETE", "path": f"{users}/{'0' * 24}"},
        session=user["sessionToken"],
    )
    changed, read, missing, foreign = answers
    assert set(changed["success"]) == {"objectId", "updatedAt"}
    assert (read["success"]["visits"], read["success"]["username"]) == (2, person.name)
    assert missing == {"success": None}
    assert foreign["error"]["code"] == 206


def test_php_logs_in_by_a_code_with_get_and_a_raw_plus(accounts: Accounts, person: Person) -> None:
    accounts.register(person)
    ask = {"mobilePhoneNumber": person.phone.number}
    assert accounts.call("POST", "requestLoginSmsCode", ask, by=php(accounts)).text == "{}"
    code = person.phone.code()
    login = f"login?mobilePhoneNumber={person.phone.number}&smsCode={code}"

    user = accounts.call("GET", login, by=php(accounts))

    assert (user.status, user.json["username"]) == (200, person.name)
    assert user.json["sessionToken"]
    assert accounts.call("GET", login, by=php(accounts)).json["code"] == 603
    by_password = f"login?username={person.name}&password={person.password}"
    assert accounts.call("GET", by_password).json["sessionToken"] == user.json["sessionToken"]


def test_php_logs_out_and_its_token_goes_on_working(accounts: Accounts, person: Person) -> None:
    accounts.register(person)
    token = session_of(accounts, person)

    out = accounts.call("POST", "logout", "null", by=php(accounts), session=token)
    nobody = accounts.call("POST", "logout", "null", by=php(accounts), session="0")

    assert (out.status, out.text) == (200, "{}")
    assert (nobody.status, nobody.json["code"]) == (400, 211)
    assert accounts.call("GET", "users/me", session=token).status == 200


def test_php_becomes_somebody_and_renews_the_session(
    accounts: Accounts, new_person: NewPerson
) -> None:
    before, person = new_person(), new_person()
    accounts.register(before)
    user = accounts.register(person)
    others, own = session_of(accounts, before), session_of(accounts, person)

    # The header still holds whoever was logged in: the query wins (wire.md 2.5).
    became = accounts.call(
        "GET", f"users/me?session_token={own}", "null", by=php(accounts), session=others
    )
    assert (became.json["objectId"], became.json["sessionToken"]) == (user["objectId"], own)
    refresh = f"users/{user['objectId']}/refreshSessionToken"
    renewed = accounts.call("PUT", refresh, "null", by=php(accounts), session=own).json
    assert {"objectId", "updatedAt", "sessionToken"} <= set(renewed)
    assert renewed["sessionToken"] != own
    ended = accounts.call("GET", f"users/me?session_token={own}", by=php(accounts))
    assert (ended.status, ended.json) == (400, {"code": 211, "error": "Could not find user."})
    assert accounts.call("PUT", refresh, "null", by=php(accounts), session=others).status == 403


def test_php_asks_all_its_questions_in_batches_with_the_master_key(
    accounts: Accounts, person: Person
) -> None:
    accounts.register(person)
    where = json.dumps({"username": person.name})
    asked = {"method": "GET", "path": "/1.1/classes/_User", "params": {"where": where, "limit": 1}}
    by = sign(accounts, milliseconds=False, master=True)

    reply = accounts.call("POST", "batch", {"requests": [asked, {**asked, "method": "get"}]}, by=by)

    names = [[one["username"] for one in each["success"]["results"]] for each in reply.json]
    assert names == [[person.name]] * 2


# --- Java: an empty session, a content type on a GET, all options of an SMS ---


def java(accounts: Accounts, *, master: bool = False) -> Headers:
    return sign(accounts, master=master) | {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-LC-Prod": "1",
    }


def test_java_sends_an_empty_session_where_it_has_none(accounts: Accounts, person: Person) -> None:
    new = {"username": person.name, "password": person.password}

    made = accounts.call("POST", "users", new, by=java(accounts), session="")

    assert (made.status, made.json["username"]) == (201, person.name)
    assert made.headers["location"] == f"/1.1/classes/_User/{made.json['objectId']}"
    token, mine = made.json["sessionToken"], f"users/{made.json['objectId']}"
    # It names the session twice; elsewhere an empty one is none.
    me = accounts.call("GET", f"users/me?session_token={token}", by=java(accounts), session=token)
    assert me.json["objectId"] == made.json["objectId"]
    assert accounts.call("GET", "users/me", by=java(accounts), session="").json["code"] == 211
    saved = accounts.call("PUT", mine, {"city": "上海"}, by=java(accounts), session="")
    assert (saved.status, saved.json["code"]) == (403, 206)
    where = quote(json.dumps({"username": person.name}))
    found = accounts.call(
        "GET", f"users?where={where}&limit=1", by=java(accounts, master=True), session=""
    )
    assert [user["username"] for user in found.json["results"]] == [person.name]


def test_java_changes_a_number_with_all_options_of_an_sms(
    accounts: Accounts, new_person: NewPerson
) -> None:
    person, new = new_person(), new_person()
    accounts.register(person)
    token = session_of(accounts, person)
    options = {
        "mobilePhoneNumber": new.number,
        "smsType": "sms",
        "ttl": 10,
        "name": "天天商城",
        "op": "换绑手机",
        "sign": "Wire",
        "validate_token": "",
    }

    asked = accounts.call(
        "POST", "requestChangePhoneNumber", options, by=java(accounts), session=token
    )

    assert (asked.status, asked.text) == (200, "{}")
    code = new.phone.code()
    assert new.phone.messages()[0]["text"] == (
        "【天天商城】您正在使用天天商城服务进行换绑手机，"
        f"您的验证码是 {code}，请在 10 分钟内完成验证。"
    )
    confirm = {"mobilePhoneNumber": new.number, "code": code}
    nobody = accounts.call("POST", "requestChangePhoneNumber", options, by=java(accounts))
    assert nobody.json["code"] == 206
    changed = accounts.call("POST", "changePhoneNumber", confirm, by=java(accounts), session="")
    assert set(changed.json) == {"objectId", "updatedAt"}


# --- Objective-C and Swift: saves by internal ids, the token in the query ---


@pytest.mark.parametrize("method", ["POST", "post"], ids=["objc", "swift"])
def test_objc_and_swift_sign_up_and_save_by_internal_ids(
    accounts: Accounts, new_person: NewPerson, method: str
) -> None:
    person, other = new_person(), new_person()
    internal = str(uuid4()).upper()
    new = {"username": person.name, "password": person.password, "__children": []}
    request = {
        "method": method,
        "path": "/1.1/users",
        "body": {**new, "__internalId": internal},
        "new": True,
    }

    made = accounts.call("POST", "batch/save", {"requests": [request]}, by=sign(accounts))

    assert (made.status, list(made.json)) == (200, [internal])
    user = made.json[internal]
    assert {"objectId", "createdAt", "updatedAt", "sessionToken"} <= set(user)
    assert not {"__internalId", "__children", "password"} & set(user)
    change = {
        "method": "PUT" if method == "POST" else "put",
        "path": f"/1.1/users/{user['objectId']}",
        "body": {"city": "上海", "__internalId": user["objectId"]},
    }
    body = {"requests": [change]}
    token = user["sessionToken"]
    saved = accounts.call("POST", "batch/save", body, by=sign(accounts), session=token)
    assert list(saved.json) == [user["objectId"]]
    me = accounts.call("GET", "users/me", session=token).json
    assert me["city"] == "上海"
    assert "__internalId" not in me
    # Both look at the status alone, so what one of the calls is refused with is the whole's.
    second = {**request, "body": {"username": other.name, "__internalId": internal}}
    refused = accounts.call("POST", "batch/save", {"requests": [second]}, by=sign(accounts))
    assert (refused.status, refused.json["code"]) == (400, 201)


def test_objc_and_swift_log_in_by_a_token_that_is_not_the_headers(
    accounts: Accounts, new_person: NewPerson
) -> None:
    before, person = new_person(), new_person()
    accounts.register(before)
    user = accounts.register(person)
    others, own = session_of(accounts, before), session_of(accounts, person)
    become = f"users/me?session_token={own}"

    by_query = accounts.call("GET", become, by=sign(accounts), session=others).json
    by_stale_header = accounts.call("GET", become, by=sign(accounts), session="0").json
    by_stale_query = accounts.call(
        "GET", "users/me?session_token=0", by=sign(accounts), session=others
    ).json

    assert by_query["objectId"] == by_stale_header["objectId"] == user["objectId"]
    assert by_stale_query["code"] == 211


def test_objc_wraps_a_long_question_in_a_batch(accounts: Accounts, person: Person) -> None:
    accounts.register(person)
    names = [person.name, *(f"{person.name}-{number}" for number in range(200))]
    where = json.dumps({"username": {"$in": names}})
    request = {"method": "GET", "path": "/1.1/classes/_User", "params": {"where": where}}
    raw_master_key = accounts.keys.master | {"Accept-Encoding": "gzip"}

    reply = accounts.call("POST", "batch", {"requests": [request]}, by=raw_master_key)

    assert [user["username"] for user in reply.json[0]["success"]["results"]] == [person.name]


def test_objc_signs_up_by_phone_with_a_password(accounts: Accounts, person: Person) -> None:
    accounts.call("POST", "requestSmsCode", {"mobilePhoneNumber": person.number})
    new = {
        "mobilePhoneNumber": person.number,
        "smsCode": person.phone.code(),
        "password": person.password,
    }

    user = accounts.call("POST", "usersByMobilePhone", new, by=sign(accounts))

    assert (user.status, user.json["mobilePhoneVerified"]) == (201, True)
    login = {"mobilePhoneNumber": person.phone.number, "password": person.password}
    assert accounts.call("POST", "login", login).json["objectId"] == user.json["objectId"]


# --- CSharp: paths that end in a question mark, seconds, the test number ---


def test_csharp_ends_its_paths_in_a_question_mark(accounts: Accounts, person: Person) -> None:
    new = {"username": person.name, "password": person.password}
    made = accounts.call("POST", "users?", new, by=sign(accounts))
    logged_in = accounts.call("POST", "login?", new, by=sign(accounts))

    assert (made.status, logged_in.status) == (201, 200)
    token = logged_in.json["sessionToken"]
    me = accounts.call("GET", "users/me?", by=sign(accounts), session=token)
    assert me.json["objectId"] == made.json["objectId"]
    mine = f"classes/_User/{made.json['objectId']}?"
    saved = accounts.call("PUT", mine, {"city": "上海"}, by=accounts.keys.master)
    assert saved.status == 200
    unknown = accounts.call("POST", "login?", {"username": "nobody", "password": "x"}).json
    assert unknown == {"code": 211, "error": "Could not find user."}


def test_csharp_and_dart_count_the_life_of_a_code_in_seconds(
    accounts: Accounts, new_person: NewPerson
) -> None:
    person, new = new_person(), new_person()
    accounts.register(person)
    token = session_of(accounts, person)
    ask = {"mobilePhoneNumber": new.number, "ttl": 360}

    asked = accounts.call(
        "POST", "requestChangePhoneNumber?", ask, by=sign(accounts), session=token
    )

    assert asked.text == "{}"
    assert "6 分钟内" in new.phone.wait_for(1)[0]["text"]


def test_csharp_and_dart_give_the_test_number_to_whoever_is_logged_in(
    accounts: Accounts, person: Person
) -> None:
    accounts.register(person)
    by_test_phone = {"mobilePhoneNumber": accounts.test_phone, "smsCode": accounts.test_code}
    owner = accounts.call("POST", "usersByMobilePhone", by_test_phone).json
    accounts.as_master("PUT", f"users/{owner['objectId']}", {"mobilePhoneNumber": None})
    confirm = {"mobilePhoneNumber": accounts.test_phone, "code": accounts.test_code}

    token = session_of(accounts, person)
    changed = accounts.call("POST", "changePhoneNumber?", confirm, by=sign(accounts), session=token)

    assert changed.status == 200
    me = accounts.call("GET", "users/me", session=token).json
    assert (me["mobilePhoneNumber"], me["mobilePhoneVerified"]) == (accounts.test_phone, True)
    login = {"mobilePhoneNumber": accounts.test_phone, "smsCode": accounts.test_code}
    assert accounts.call("POST", "login", login).json["objectId"] == changed.json["objectId"]


# --- Go: the key in clear, a reset by POST, exactly 200 ---


def go(accounts: Accounts) -> Headers:
    return accounts.keys.client | {"X-LC-Prod": "", "User-Agent": "LeanCloud Golang SDK/0.3.2"}


def test_go_signs_up_by_an_address_and_a_password(accounts: Accounts, person: Person) -> None:
    new = {"email": person.email, "password": person.password}

    made = accounts.call("POST", "users", new, by=go(accounts))
    logged_in = accounts.call("POST", "login", new, by=go(accounts))

    assert (made.status, made.json["username"]) == (201, person.email)
    assert logged_in.json["objectId"] == made.json["objectId"]
    assert accounts.call("POST", "users", new, by=go(accounts)).json["code"] in (202, 203)


def test_go_resets_a_password_by_post_and_wants_exactly_200(
    accounts: Accounts, new_person: NewPerson
) -> None:
    person, unproved, coder = (new_person() for _ in range(3))
    accounts.register(person)
    accounts.register(coder)
    accounts.register(unproved, verified=False)
    for call, who in [
        ("requestPasswordResetBySmsCode", person),
        ("requestMobilePhoneVerify", unproved),
        ("requestLoginSmsCode", coder),
    ]:
        asked = accounts.call("POST", call, {"mobilePhoneNumber": who.number}, by=go(accounts))
        assert (asked.status, asked.text) == (200, "{}")
    new, reset = person.new_password(), f"resetPasswordBySmsCode/{person.phone.code()}"
    body = {"mobilePhoneNumber": person.number, "password": new}

    done = accounts.call("POST", reset, body, by=go(accounts))

    assert (done.status, done.text) == (200, "{}")
    login = {"username": person.name, "password": new}
    assert accounts.call("POST", "login", login, by=go(accounts)).status == 200
    assert accounts.call("POST", reset, body, by=go(accounts)).json["code"] == 603


# --- Dart, and the form from before CORS ---


def test_dart_signs_up_by_the_class(accounts: Accounts, person: Person) -> None:
    new = {
        "username": person.name,
        "password": person.password,
        "mobilePhoneNumber": person.number,
    }

    made = accounts.call("POST", "classes/_User", new, by=sign(accounts))

    assert (made.status, made.json["mobilePhoneNumber"]) == (201, person.number)
    assert (made.json["mobilePhoneVerified"], made.json["emailVerified"]) == (False, False)
    token, code = made.json["sessionToken"], person.phone.code()
    # How Python spelt it until 2022, without a number (wire.md 9.9).
    proved = accounts.call("POST", f"verfyMobilePhone/{code}", "{}", session=token)
    assert proved.json["objectId"] == made.json["objectId"]
    mine = f"classes/_User/{made.json['objectId']}"
    read = accounts.call("GET", mine, by=sign(accounts)).json
    assert read["mobilePhoneVerified"] is True
    assert not {"sessionToken", "password", "authData", "ACL"} & set(read)
    assert accounts.call("DELETE", mine, "{}", by=sign(accounts), session=token).text == "{}"
    assert accounts.call("GET", mine, by=sign(accounts)).json["code"] == 211


def test_the_text_plain_form_logs_in_and_carries_the_session(
    accounts: Accounts, person: Person
) -> None:
    user = accounts.register(person)
    text = {"Content-Type": "text/plain;charset=utf-8"}
    who = {
        "_ApplicationId": accounts.keys.app_id,
        "_ApplicationKey": accounts.keys.app_key,
        "_ClientVersion": "js0.5",
    }
    login = {"username": person.name, "password": person.password}

    posted = accounts.call("POST", "login", {**who, **login, "_method": "POST"}, by=text)
    emulated = accounts.call("POST", "login", {**who, **login, "_method": "GET"}, by=text)

    assert posted.json["sessionToken"] == emulated.json["sessionToken"]
    in_session = who | {"_SessionToken": posted.json["sessionToken"]}
    me = accounts.call("POST", "users/me", in_session | {"_method": "GET"}, by=text)
    assert me.json["objectId"] == user["objectId"]
    mine = f"users/{user['objectId']}"
    change = in_session | {"_method": "PUT", "city": "上海"}
    assert accounts.call("POST", mine, change, by=text).status == 200
    read = accounts.call("POST", mine, who | {"_method": "GET"}, by=text).json
    assert read["city"] == "上海"
    assert not any(name.startswith("_") for name in read)
