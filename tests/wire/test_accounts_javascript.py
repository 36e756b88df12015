"""Accounts by the unmodified JavaScript SDK: its account calls, and what they are refused with."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.stack import Stack
from tests.wire.people import Accounts, Person
from tests.wire.sdks import Kept, Sdk, javascript_sdk

NewPerson = Callable[[], Person]
Call = list[Any]


@pytest.fixture(scope="module")
def _process(stack: Stack, accounts: Accounts, seen: set[str]) -> Iterator[Sdk]:
    with javascript_sdk(stack.url, accounts.keys, seen) as sdk:
        yield sdk


@pytest.fixture
def js(_process: Sdk) -> Sdk:
    """The SDK with nobody logged in."""
    _process.do("AV.User.logOut")
    return _process


def log_in(sdk: Sdk, person: Person) -> None:
    """Log in, keeping `user`."""
    sdk.do("user = AV.User.logIn", person.name, person.password)


def test_a_sign_up_with_a_phone_and_every_way_back_in(js: Sdk, person: Person) -> None:
    more = {"mobilePhoneNumber": person.number, "email": person.email, "city": "上海"}

    user = js.do("user = AV.User.signUp", person.name, person.password, more)

    assert user["username"] == person.name
    assert user["mobilePhoneNumber"] == person.number
    assert user["mobilePhoneVerified"] is False
    assert (len(user["objectId"]), len(user["sessionToken"])) == (24, 25)
    assert "password" not in user
    code = person.phone.code()
    # 4.15.2 sends no number: it is the session's user's (wire.md 9.9).
    assert js.do("AV.User.verifyMobilePhone", code)["objectId"] == user["objectId"]
    assert js.do("user.fetch")["mobilePhoneVerified"] is True
    assert js.refused("AV.User.verifyMobilePhone", code) == 603

    js.do("AV.User.logOut")
    assert js.do("AV.User.current") is None
    for call, name in [
        ("AV.User.logIn", person.name),
        ("AV.User.loginWithEmail", person.email),
        ("AV.User.logInWithMobilePhone", person.number),
    ]:
        again = js.do(call, name, person.password)
        assert again["objectId"] == user["objectId"]
        assert again["sessionToken"] == user["sessionToken"]
        assert again["city"] == "上海"

    js.do("AV.User.logOut")
    became = js.do("became = AV.User.become", user["sessionToken"])
    assert (became["username"], became["sessionToken"]) == (person.name, user["sessionToken"])
    assert js.do("became.isAuthenticated") is True


def test_a_login_by_code(js: Sdk, accounts: Accounts, person: Person) -> None:
    user = accounts.register(person)

    assert js.do("AV.User.requestLoginSmsCode", person.number) == {}
    code = person.phone.code()

    logged_in = js.do("AV.User.logInWithMobilePhoneSmsCode", person.number, code)
    assert logged_in["objectId"] == user["objectId"]
    assert js.do("AV.User.current")["sessionToken"] == logged_in["sessionToken"]
    assert js.refused("AV.User.logInWithMobilePhoneSmsCode", person.number, code) == 603


def test_a_sign_up_and_then_a_login_by_the_code_of_request_sms_code(
    js: Sdk, accounts: Accounts, person: Person
) -> None:
    js.do("AV.Cloud.requestSmsCode", person.number)
    code = person.phone.code()

    user = js.do("AV.User.signUpOrlogInWithMobilePhone", person.number, code, {"city": "上海"})

    assert user["username"] == user["mobilePhoneNumber"] == person.number
    assert (user["mobilePhoneVerified"], user["city"]) == (True, "上海")
    assert "smsCode" not in user
    again = ["AV.User.signUpOrlogInWithMobilePhone", person.number, code]
    assert js.refused(*again) == 603
    by_test_phone = [again[0], accounts.test_phone, accounts.test_code]
    first, second = js.do(*by_test_phone), js.do(*by_test_phone)
    assert first["objectId"] == second["objectId"] != user["objectId"]


def test_attributes_are_set_counted_listed_and_unset(js: Sdk, person: Person) -> None:
    js.do("user = AV.User.signUp", person.name, person.password, {"nick": "a", "visits": 1})
    js.do("user.set", {"city": "上海", "profile": {"level": 1, "job": "cook"}})
    js.do("user.increment", "visits", 4)
    js.do("user.unset", "nick")
    js.do("user.add", "tags", "new")
    js.do("user.save")
    js.do("user.addUnique", "tags", "new")
    js.do("user.save")
    js.do("user.add", "tags", "old")
    js.do("user.set", "profile.level", 2)
    js.do("user.unset", "profile.job")
    js.do("user.save")
    js.do("user.remove", "tags", "new")
    js.do("user.increment", "profile.level")
    saved = js.do("user.save", None, {"fetchWhenSave": True})

    for user in (saved, js.do("user.fetch")):
        assert user["city"] == "上海"
        assert (user["visits"], user["tags"], user["profile"]) == (5, ["old"], {"level": 3})
        assert "nick" not in user
    assert js.do("user.save", {"sessionToken": "x", "mobilePhoneVerified": False})


def test_several_users_are_saved_at_once(js: Sdk, new_person: NewPerson) -> None:
    first, second, third = (new_person() for _ in range(3))
    for name, person in (("a", first), ("b", second), ("c", third)):
        js.do(f"{name} = new AV.User", {"username": person.name, "password": person.password})

    saved = js.do("AV.Object.saveAll", [Kept("a"), Kept("b")])

    assert [user["username"] for user in saved] == [first.name, second.name]
    assert all(len(user["sessionToken"]) == 25 for user in saved)
    js.do("again = new AV.User", {"username": first.name, "password": third.password})
    assert js.refused("AV.Object.saveAll", [Kept("again"), Kept("c")]) == 202
    assert js.do("AV.User.logIn", third.name, third.password)  # the other one was saved
    log_in(js, second)
    assert js.do("AV.Object.fetchAll", [Kept("user")])[0]["username"] == second.name


def test_whoever_is_destroyed_is_nobody(js: Sdk, person: Person) -> None:
    user = js.do("user = AV.User.signUp", person.name, person.password)

    js.do("user.destroy")

    assert js.do("user.isAuthenticated") is False
    assert js.refused("AV.User.become", user["sessionToken"]) == 211
    assert js.refused("AV.User.logIn", person.name, person.password) == 211


def test_a_new_session_or_password_ends_the_old_session(js: Sdk, person: Person) -> None:
    first = js.do("user = AV.User.signUp", person.name, person.password)["sessionToken"]
    js.do("old = AV.User.become", first)

    second = js.do("user.refreshSessionToken")["sessionToken"]
    assert first != second
    assert js.do("old.isAuthenticated") is False
    assert js.do("user.isAuthenticated") is True

    log_in(js, person)
    new = person.new_password()
    assert js.refused("user.updatePassword", "wrong", new) == 210
    before = js.do("user.getSessionToken")
    changed = js.do("user.updatePassword", person.password, new)
    assert changed["sessionToken"] != before == second
    assert js.do("user.isAuthenticated") is True
    assert js.refused("AV.User.become", second) == 211
    assert js.refused("AV.User.logIn", person.name, person.password) == 210
    assert js.do("AV.User.logIn", person.name, new)["sessionToken"] == changed["sessionToken"]


def test_a_number_is_verified_by_request(js: Sdk, accounts: Accounts, person: Person) -> None:
    accounts.register(person, verified=False)
    log_in(js, person)

    assert js.do("AV.User.requestMobilePhoneVerify", person.number) == {}
    assert js.refused("AV.User.requestMobilePhoneVerify", person.number) == 1
    code = person.phone.code()

    assert js.refused("AV.User.verifyMobilePhone", "abc") == 603
    js.do("AV.User.logOut")
    # Without a number and a session it would be the code alone that says who it is (wire.md 13.2).
    assert js.refused("AV.User.verifyMobilePhone", code) == 212
    log_in(js, person)
    js.do("AV.User.verifyMobilePhone", code)
    assert js.do("user.fetch")["mobilePhoneVerified"] is True
    assert js.do("AV.User.requestMobilePhoneVerify", person.number) == {}  # and sends nothing
    assert len(person.phone.messages()) == 1


def test_a_password_is_not_reset_by_a_code_alone(
    js: Sdk, accounts: Accounts, person: Person
) -> None:
    accounts.register(person)

    assert js.do("AV.User.requestPasswordResetBySmsCode", person.number) == {}
    code = person.phone.code()

    assert js.refused("AV.User.resetPasswordBySmsCode", code, person.new_password()) == 212


def test_codes_alone_verify_and_reset_where_the_app_allows_it(
    stack: Stack, codes_alone: Accounts, new_person: NewPerson, seen: set[str]
) -> None:
    unproved, forgetful = new_person(), new_person()
    codes_alone.register(unproved, verified=False)
    codes_alone.register(forgetful)
    with javascript_sdk(stack.url, codes_alone.keys, seen) as js:
        js.do("AV.User.requestMobilePhoneVerify", unproved.number)
        js.do("AV.User.requestPasswordResetBySmsCode", forgetful.number)
        by_phone = ["AV.User.logInWithMobilePhone", unproved.number, unproved.password]
        assert js.refused(*by_phone) == 215
        assert js.do("AV.User.logIn", unproved.name, unproved.password)
        before = js.do("before = AV.User.logIn", forgetful.name, forgetful.password)
        js.do("AV.User.logOut")

        js.do("AV.User.verifyMobilePhone", unproved.phone.code())
        assert js.do(*by_phone)["mobilePhoneVerified"] is True

        new, code = forgetful.new_password(), forgetful.phone.code()
        assert js.refused("AV.User.resetPasswordBySmsCode", code, "  ") == 218
        assert js.do("AV.User.resetPasswordBySmsCode", code, new) == {}
        assert js.refused("AV.User.resetPasswordBySmsCode", code, new) == 603
        assert js.do("before.isAuthenticated") is False
        assert js.refused("AV.User.logIn", forgetful.name, forgetful.password) == 210
        after = js.do("AV.User.logIn", forgetful.name, new)
        assert after["sessionToken"] != before["sessionToken"]
        # And logging in by a code is off, as it is by default.
        assert js.refused("AV.User.requestLoginSmsCode", forgetful.number) == 119
        assert js.refused("AV.User.logInWithMobilePhoneSmsCode", forgetful.number, code) == 119


def test_a_number_is_changed_by_a_code_to_the_new_one(
    js: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    person, other, new = (new_person() for _ in range(3))
    accounts.register(person)
    accounts.register(other)
    assert js.refused("AV.User.requestChangePhoneNumber", new.number) == 206

    log_in(js, person)
    assert js.refused("AV.User.requestChangePhoneNumber", other.number) == 214
    assert js.do("AV.User.requestChangePhoneNumber", new.number, 10, {"ttl": 10}) == {}
    code = new.phone.code()
    assert js.refused("AV.User.changePhoneNumber", new.number, "abc") == 603
    changed = js.do("AV.User.changePhoneNumber", new.number, code)
    assert changed["objectId"] == js.do("user.fetch")["objectId"]
    assert js.refused("AV.User.changePhoneNumber", new.number, code) == 603

    user = js.do("AV.User.logInWithMobilePhone", new.number, person.password)
    assert (user["mobilePhoneNumber"], user["mobilePhoneVerified"]) == (new.number, True)
    assert js.refused("AV.User.logInWithMobilePhone", person.number, person.password) == 211


def test_a_number_that_is_saved_must_be_proved(
    js: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    person, new = new_person(), new_person()
    accounts.register(person)
    log_in(js, person)

    saved = js.do("user.save", {"mobilePhoneNumber": new.number}, {"fetchWhenSave": True})

    assert (saved["mobilePhoneNumber"], saved["mobilePhoneVerified"]) == (new.number, False)
    js.do("AV.User.verifyMobilePhone", new.phone.code())
    assert js.do("user.fetch")["mobilePhoneVerified"] is True


def test_another_service_vouches_for_somebody(js: Sdk, new_person: NewPerson) -> None:
    weixin, weibo = ({"openid": new_person().name, "access_token": "t"} for _ in range(2))
    absent = {"openid": new_person().name}
    js.do("fresh = new AV.User", {"city": "上海"})
    assert js.refused("AV.User.loginWithAuthData", absent, "weixin", {"failOnNotExist": True}) == (
        211
    )

    user = js.do("fresh.loginWithAuthData", weixin, "weixin")
    again = js.do("user = AV.User.loginWithAuthData", weixin, "weixin", {"failOnNotExist": True})

    assert user["objectId"] == again["objectId"]
    assert user["sessionToken"] == again["sessionToken"]
    assert (len(again["username"]), again["city"]) == (25, "上海")
    both = js.do("user.associateWithAuthData", weibo, "weibo")
    assert set(both["authData"]) == {"weixin", "weibo"}
    assert js.do("AV.User.loginWithAuthData", weibo, "weibo")["objectId"] == user["objectId"]
    js.do("user = AV.User.current")
    left = js.do("user.dissociateAuthData", "weixin")
    assert list(left["authData"]) == ["weibo"]
    assert list(js.do("user.fetch")["authData"]) == ["weibo"]
    other = js.do("other = AV.User.loginWithAuthData", weixin, "weixin")
    assert other["objectId"] != user["objectId"]
    assert js.refused("other.associateWithAuthData", weibo, "weibo") == 137


def test_somebody_anonymous_becomes_somebody(js: Sdk, person: Person) -> None:
    anonymous = js.do("user = AV.User.loginAnonymously")
    assert js.do("user.isAnonymous") is True

    js.do("user.set", {"username": person.name, "password": person.password})
    named = js.do("user.signUp")

    assert named["objectId"] == anonymous["objectId"]
    assert js.do("user.isAnonymous") is False
    again = js.do("AV.User.logIn", person.name, person.password)
    assert again["objectId"] == anonymous["objectId"]


def test_a_union_id_is_one_person_in_two_apps_of_a_platform(js: Sdk, new_person: NewPerson) -> None:
    on_phone, in_page, union = (new_person().name for _ in range(3))
    main = {"unionIdPlatform": "weixin", "asMainAccount": True}
    call = "AV.User.loginWithAuthDataAndUnionId"

    user = js.do(f"user = {call}", {"openid": on_phone}, "weixinapp", union, main)
    same = js.do(call, {"openid": in_page}, "weixinpage", union, main)

    assert user["objectId"] == same["objectId"]
    assert {"weixinapp", "_weixin_unionid"} <= set(user["authData"])
    other = new_person().name
    linked: Call = [
        "user.associateWithAuthDataAndUnionId",
        {"openid": other},
        "weixingame",
        union,
        main,
    ]
    assert js.do(*linked)["objectId"] == user["objectId"]


@pytest.mark.parametrize("kind", ["Weapp", "QQApp"])
def test_a_mini_app_vouches_for_somebody(js: Sdk, new_person: NewPerson, kind: str) -> None:
    union, main = new_person().name, {"asMainAccount": True}
    js.do("entersMiniApp", new_person().name)

    user = js.do(f"user = AV.User.loginWith{kind}")
    assert js.do(f"AV.User.loginWith{kind}")["objectId"] == user["objectId"]
    assert js.do(f"user.associateWith{kind}")["objectId"] == user["objectId"]
    assert js.do("AV.User.loginWithMiniApp")["objectId"]
    js.do("entersMiniApp", new_person().name)
    united = js.do(f"user = AV.User.loginWith{kind}WithUnionId", union, main)
    js.do("entersMiniApp", new_person().name)
    again = js.do(f"AV.User.loginWith{kind}WithUnionId", union, main)
    assert again["objectId"] == united["objectId"]
    linked = js.do(f"user.associateWith{kind}WithUnionId", union, main)
    assert linked["objectId"] == united["objectId"]


def test_users_are_found_with_the_master_key_alone(
    js: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    team = f"team-{new_person().name}"
    people = [new_person() for _ in range(3)]
    for age, person in enumerate(people):
        accounts.register(person, team=team, age=age)
    master = {"useMasterKey": True}

    def query(*conditions: Call) -> None:
        js.do("query = new AV.Query", "_User")
        for name, *arguments in [["equalTo", "team", team], *conditions]:
            js.do(f"query.{name}", *arguments)

    def ages(*conditions: Call) -> list[int]:
        query(*conditions)
        return [user["age"] for user in js.do("query.find", master)]

    query()
    assert js.refused("query.find") == 403
    assert js.refused("query.count") == 403
    assert js.do("query.count", master) == 3
    assert sorted(ages(["greaterThan", "age", 0])) == [1, 2]
    assert sorted(ages(["containedIn", "age", [0, 2, 9]])) == [0, 2]
    assert ages(["descending", "age"], ["limit", 2]) == [2, 1]
    assert ages(["ascending", "age"], ["skip", 1]) == [1, 2]
    query(["equalTo", "mobilePhoneNumber", people[1].phone.number], ["select", "age"])
    (found,) = js.do("query.find", master)
    assert found["age"] == 1
    assert "username" not in found
    query(["equalTo", "username", people[2].name])
    first = js.do("query.first", master)
    assert (first["age"], first["sessionToken"]) == (2, None)
    query(["matches", "username", "person"])
    assert js.refused("query.find", master) == 1


def test_what_is_taken_blank_or_wrong_is_named(
    js: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    known, new = new_person(), new_person()
    accounts.register(known)

    def sign_up(name: str = new.name, password: str = new.password, **more: str) -> int:
        code = js.refused("AV.User.signUp", name, password, more)
        assert isinstance(code, int)
        return code

    assert sign_up(name=known.name) == 202
    assert sign_up(email=known.email) == 203
    assert sign_up(mobilePhoneNumber=known.phone.number) == 214
    assert sign_up(mobilePhoneNumber="12345") == 127
    assert sign_up(email="nobody") == 125
    assert sign_up(name="   ") == 217
    assert sign_up(password="   ") == 218
    assert sign_up(**{"mobilePhoneVerified": "yes"}) == 117
    js.do("blank = new AV.User", {})
    assert js.refused("blank.save") == 200
    assert js.refused("blank.save", {"username": new.name}) == 201

    log_in(js, known)
    js.do("other = AV.Object.createWithoutData", "_User", accounts.register(new)["objectId"])
    assert js.refused("other.save", {"city": "上海"}) == 206
    assert js.refused("other.destroy") == 206
    for field, value, code in [
        ("username", new.name, 202),
        ("email", new.email, 203),
        ("mobilePhoneNumber", new.number, 214),
    ]:
        assert js.refused("user.save", field, value) == code
        js.do("user.revert")
    js.do("nobody = AV.Object.createWithoutData", "_User", "0" * 24)
    assert js.refused("nobody.fetch") == 211


def test_unknown_and_unproved_numbers_get_no_code(
    js: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    unproved, unknown = new_person(), new_person()
    accounts.register(unproved, verified=False)

    for call in ("requestLoginSmsCode", "requestPasswordResetBySmsCode"):
        assert js.refused(f"AV.User.{call}", unknown.number) == 213
        assert js.refused(f"AV.User.{call}", unproved.number) == 215
        assert js.refused(f"AV.User.{call}", "") == 212
        assert js.refused(f"AV.User.{call}", "12345") == 127
    assert js.refused("AV.User.requestMobilePhoneVerify", unknown.number) == 213
    code = ["AV.User.logInWithMobilePhoneSmsCode", unknown.number, "123456"]
    assert js.refused(*code) == 211
    assert js.refused("AV.User.signUpOrlogInWithMobilePhone", *code[1:]) == 603
    assert unproved.phone.messages() == unknown.phone.messages() == []


def test_seven_failures_lock_an_account(js: Sdk, accounts: Accounts, person: Person) -> None:
    accounts.register(person)

    # However they are named, it is one account.
    tries = [js.refused("AV.User.logIn", person.name, "wrong") for _ in range(3)]
    tries += [js.refused("AV.User.loginWithEmail", person.email, "wrong") for _ in range(2)]
    by_phone = "AV.User.logInWithMobilePhone"
    tries += [js.refused(by_phone, person.number, "wrong") for _ in range(2)]

    assert tries == [210] * 7
    locked = js.outcome("AV.User.logIn", person.name, person.password)
    assert locked["code"] == 219
    assert 0 < locked["retryAfter"] <= 900


def test_in_safe_mode_nothing_tells_who_has_an_account(
    stack: Stack, safe: Accounts, new_person: NewPerson, seen: set[str]
) -> None:
    known, unknown = new_person(), new_person()
    safe.register(known)
    with javascript_sdk(stack.url, safe.keys, seen) as js:
        signed_up = ["AV.User.signUp", unknown.name, unknown.password]
        assert js.refused(*signed_up, {"mobilePhoneNumber": unknown.number}) == 119
        for call in ("requestLoginSmsCode", "requestPasswordResetBySmsCode"):
            other = new_person()
            assert js.do(f"AV.User.{call}", other.number) == {}
            assert other.phone.messages() == []
        assert js.do("AV.User.requestLoginSmsCode", known.number) == {}
        for person in (known, unknown):
            assert js.refused("AV.User.logIn", person.name, "wrong") == 210
            by_code = ["AV.User.logInWithMobilePhoneSmsCode", person.number, "000000"]
            assert js.refused(*by_code) == 603
        code = known.phone.code()
        assert js.do("AV.User.logInWithMobilePhoneSmsCode", known.number, code)["sessionToken"]


def test_what_is_not_offered_says_so(js: Sdk, person: Person) -> None:
    js.do("user = AV.User.signUp", person.name, person.password)

    assert js.refused("AV.User.requestPasswordReset", person.email) == 119
    assert js.refused("AV.User.requestEmailVerify", person.email) == 119
    assert js.refused("user.follow", "0" * 24) == 1
    assert js.refused("user.unfollow", "0" * 24) == 1
    assert js.refused("user.getFollowersAndFollowees") == 1
    assert js.refused("user.getRoles") == 1
