"""Accounts by the unmodified Python SDK, which looks at no status: each refusal must raise."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.stack import Stack
from tests.wire.people import Accounts, Person
from tests.wire.sdks import Kept, Sdk, python_sdk

NewPerson = Callable[[], Person]
Call = list[Any]
USER = "leancloud.User"


@pytest.fixture(scope="module")
def _process(stack: Stack, accounts: Accounts, seen: set[str]) -> Iterator[Sdk]:
    with python_sdk(stack.url, accounts.keys, seen) as sdk:
        yield sdk


@pytest.fixture
def py(_process: Sdk) -> Sdk:
    """The SDK as a client's, with nobody logged in."""
    _process.do("as_client")
    _process.do("nobody")
    return _process


def sign_up(sdk: Sdk, person: Person, **fields: object) -> None:
    """Sign up, keeping `user`."""
    sdk.do(f"user = {USER}")
    for name, value in fields.items():
        sdk.do("user.set", name, value)
    sdk.do("user.sign_up", person.name, person.password)


def log_in(sdk: Sdk, person: Person, password: str | None = None) -> None:
    """Log in, keeping `user`."""
    sdk.do(f"user = {USER}")
    sdk.do("user.login", person.name, password or person.password)


def test_a_sign_up_with_a_phone_and_every_way_back_in(py: Sdk, person: Person) -> None:
    sign_up(py, person, mobilePhoneNumber=person.number, email=person.email, city="上海")
    user = py.do(f"{USER}.get_current")
    assert (user["mobilePhoneNumber"], user["mobilePhoneVerified"]) == (person.number, False)
    assert (len(user["objectId"]), len(user["sessionToken"])) == (24, 25)
    assert "password" not in user
    verify = [f"{USER}.verify_mobile_phone_number", person.phone.code(), person.number]
    py.do(*verify)
    py.do("user.fetch")
    assert py.do("user.get", "mobilePhoneVerified") is True
    assert py.refused(*verify) == 603

    py.do("nobody")
    log_in(py, person)
    by_name = py.do(f"{USER}.get_current")
    py.do(f"user = {USER}")
    py.do("user.login", None, person.password, person.email)
    by_email = py.do(f"{USER}.get_current")
    by_phone = py.do(f"{USER}.login_with_mobile_phone", person.number, person.password)
    became = py.do(f"became = {USER}.become", user["sessionToken"])
    for again in (by_name, by_email, by_phone, became):
        assert again["objectId"] == user["objectId"]
        assert again["sessionToken"] == user["sessionToken"]
        assert again["city"] == "上海"
    assert py.do("became.is_authenticated") is True


def test_a_code_that_logs_in_is_sent_to_proved_numbers(
    py: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    person, unproved, unknown = (new_person() for _ in range(3))
    accounts.register(person)
    accounts.register(unproved, verified=False)
    ask = f"{USER}.request_login_sms_code"

    assert py.refused(ask, unknown.number) == 213
    assert py.refused(ask, unproved.number) == 215
    py.do(ask, person.number)

    # It has no call that logs in by a code; what its users write is this.
    login = {"mobilePhoneNumber": person.number, "smsCode": person.phone.code()}
    py.do("client.post", "/login", login)
    assert py.refused("client.post", "/login", login) == 603
    assert py.refused(ask, person.number) == 1


def test_a_sign_up_and_then_a_login_by_the_code_of_request_sms_code(
    py: Sdk, accounts: Accounts, person: Person
) -> None:
    py.do("cloud.request_sms_code", person.number)
    call = f"{USER}.signup_or_login_with_mobile_phone"
    enter = [call, person.phone.number, person.phone.code()]

    user = py.do(*enter)

    assert (user["mobilePhoneNumber"], user["mobilePhoneVerified"]) == (person.phone.number, True)
    assert py.do(f"{USER}.get_current")["sessionToken"] == user["sessionToken"]
    assert "smsCode" not in user
    assert py.refused(*enter) == 603
    first, second = (py.do(call, accounts.test_phone, accounts.test_code) for _ in range(2))
    assert first["objectId"] == second["objectId"] != user["objectId"]


def test_attributes_are_set_counted_listed_and_unset(py: Sdk, person: Person) -> None:
    sign_up(py, person, nick="a", visits=1)
    calls: list[Call] = [
        ["set", "city", "上海"],
        ["increment", "visits", 4],
        ["unset", "nick"],
        ["add", "tags", "new"],
        ["save"],
        ["add_unique", "tags", "new"],
        ["set", "profile", {"level": 1}],
        ["save"],
        ["add", "tags", "old"],
        ["save"],
        ["remove", "tags", "new"],
        ["save"],
    ]
    for call, *arguments in calls:
        py.do(f"user.{call}", *arguments)
    py.do("fresh = leancloud.User.create_without_data", py.do("user.id"))
    py.do("fresh.fetch")

    user = py.do("fresh.dump")

    assert (user["city"], user["visits"]) == ("上海", 5)
    assert (user["tags"], user["profile"]) == (["old"], {"level": 1})
    assert "nick" not in user


def test_several_users_are_saved_and_destroyed_at_once(py: Sdk, new_person: NewPerson) -> None:
    people = [new_person() for _ in range(2)]
    py.do("as_master")
    for name, person in zip("ab", people, strict=True):
        py.do(f"{name} = {USER}")
        py.do(f"{name}.set", {"username": person.name, "password": person.password})

    py.do(f"{USER}.save_all", [Kept("a"), Kept("b")])
    py.do("as_client")
    log_in(py, people[0])
    assert py.refused(f"{USER}.destroy_all", [Kept("b")]) == 206
    py.do("as_master")
    py.do(f"{USER}.destroy_all", [Kept("a"), Kept("b")])
    py.do("as_client")
    assert py.refused("user.login", people[0].name, people[0].password) == 211


def test_whoever_is_destroyed_is_nobody(py: Sdk, person: Person) -> None:
    sign_up(py, person)
    token = py.do("user.get_session_token")

    py.do("user.destroy")

    assert py.do("user.is_authenticated") is False
    assert py.refused(f"{USER}.become", token) == 211


def test_a_new_session_or_password_ends_the_old_session(py: Sdk, person: Person) -> None:
    sign_up(py, person)
    first = py.do("user.get_session_token")
    py.do(f"old = {USER}.become", first)
    py.do(f"{USER}.set_current", Kept("user"))

    py.do("user.refresh_session_token")
    assert py.do("user.get_session_token") != first
    assert py.do("old.is_authenticated") is False
    assert py.do("user.is_authenticated") is True

    new = person.new_password()
    assert py.refused("user.update_password", "wrong", new) == 210
    second = py.do("user.get_session_token")
    py.do("user.update_password", person.password, new)
    assert py.do("user.get_session_token") != second
    assert py.do("user.is_authenticated") is True
    assert py.refused("user.login", person.name, person.password) == 210
    log_in(py, person, new)


def test_a_number_is_verified_by_request(py: Sdk, accounts: Accounts, person: Person) -> None:
    accounts.register(person, verified=False)
    ask = [f"{USER}.request_mobile_phone_verify", person.number]
    py.do(*ask)
    assert py.refused(*ask) == 1
    code = person.phone.code()

    verify = f"{USER}.verify_mobile_phone_number"
    assert py.refused(verify, "12x456", person.number) == 603
    assert py.refused(verify, code, None) == 212
    # The session of another user changes nothing: the number says whose it is.
    py.do(verify, code, person.phone.number)

    log_in(py, person)
    assert py.do("user.get", "mobilePhoneVerified") is True
    py.do(*ask)  # and sends nothing
    assert len(person.phone.messages()) == 1
    assert py.refused(ask[0], "+8618600000000") == 213


def test_a_password_is_reset_by_a_code(py: Sdk, accounts: Accounts, new_person: NewPerson) -> None:
    person, unproved = new_person(), new_person()
    accounts.register(person)
    accounts.register(unproved, verified=False)
    log_in(py, person)
    py.do(f"old = {USER}.get_current")
    ask, reset = f"{USER}.request_password_reset_by_sms_code", f"{USER}.reset_password_by_sms_code"
    assert py.refused(ask, "+8618600000000") == 213
    assert py.refused(ask, unproved.number) == 215
    py.do(ask, person.number)
    code, new = person.phone.code(), person.new_password()

    assert py.refused(reset, "12x456", new, person.number) == 603
    assert py.refused(reset, code, new, None) == 212
    assert py.refused(reset, code, "", person.number) == 201
    py.do(reset, code, new, person.number)

    assert py.refused(reset, code, new, person.number) == 603
    assert py.do("old.is_authenticated") is False
    assert py.refused("old.login", person.name, person.password) == 210
    log_in(py, person, new)


def test_a_number_is_changed_by_a_code_to_the_new_one(
    py: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    person, other, new = (new_person() for _ in range(3))
    accounts.register(person)
    accounts.register(other)
    ask, change = f"{USER}.request_change_phone_number", f"{USER}.change_phone_number"
    assert py.refused(ask, new.number) == 206
    # Its own tests demand 603 of a bad code of somebody logged out (wire.md 9.14).
    assert py.refused(change, "xxxxxx", new.number) == 603

    log_in(py, person)
    assert py.refused(ask, other.number) == 214
    py.do(ask, new.number, 5)
    assert py.refused(ask, new.number) == 1
    code = new.phone.code()
    py.do("nobody")
    py.do(change, code, new.number)  # the code knows who asked for it

    assert py.refused(change, code, new.number) == 603
    user = py.do(f"{USER}.login_with_mobile_phone", new.number, person.password)
    assert (user["mobilePhoneNumber"], user["mobilePhoneVerified"]) == (new.number, True)


def test_another_service_vouches_for_somebody(py: Sdk, new_person: NewPerson) -> None:
    weixin, weibo = ({"openid": new_person().name, "access_token": "t"} for _ in range(2))

    user = py.do(f"user = {USER}.login_with", "weixin", weixin)
    again = py.do(f"user = {USER}.login_with", "weixin", weixin)
    both = py.do("user.link_with", "weibo", weibo)
    other = py.do(f"{USER}.login_with", "weibo", weibo)

    assert user["objectId"] == again["objectId"] == both["objectId"] == other["objectId"]
    assert user["sessionToken"] == again["sessionToken"]
    assert len(again["username"]) == 25
    py.do(f"{USER}.set_current", Kept("user"))
    py.do("user.unlink_from", "weibo")
    assert py.do("user.is_linked", "weibo") is False
    py.do("user.fetch")
    assert list(py.do("user.get", "authData")) == ["weixin"]
    py.do(f"stranger = {USER}.login_with", "weibo", weibo)
    assert py.refused("stranger.link_with", "weixin", weixin) == 137


def test_users_are_found_with_the_master_key_alone(
    py: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    team = f"team-{new_person().name}"
    people = [new_person() for _ in range(3)]
    for age, person in enumerate(people):
        accounts.register(person, team=team, age=age)

    def query(*conditions: Call) -> None:
        py.do(f"query = {USER}.query")
        for name, *arguments in [["equal_to", "team", team], *conditions]:
            py.do(f"query.{name}", *arguments)

    def ages(*conditions: Call) -> list[int]:
        query(*conditions)
        return [user["age"] for user in py.do("query.find")]

    query()
    assert py.refused("query.find") == 403
    assert py.refused("query.first") == 403
    assert py.refused("query.count") == 403
    py.do("as_master")
    assert py.do("query.count") == 3
    assert sorted(ages(["greater_than", "age", 0])) == [1, 2]
    assert sorted(ages(["contained_in", "age", [0, 2, 9]])) == [0, 2]
    assert ages(["descending", "age"], ["limit", 2]) == [2, 1]
    assert ages(["ascending", "age"], ["skip", 1]) == [1, 2]
    query(["equal_to", "mobilePhoneNumber", people[1].phone.number], ["select", "age"])
    (found,) = py.do("query.find")
    assert found["age"] == 1
    assert "username" not in found
    query(["equal_to", "username", people[2].name])
    first = py.do("found = query.first")
    assert (first["age"], first["sessionToken"]) == (2, None)
    # The owner's server changes anybody.
    py.do("found.set", "city", "上海")
    py.do("found.save")
    assert py.do("query.get", first["objectId"])["city"] == "上海"


def test_what_is_taken_blank_or_wrong_raises(
    py: Sdk, accounts: Accounts, new_person: NewPerson
) -> None:
    known, new = new_person(), new_person()
    other = accounts.register(known)

    def refused(name: str = new.name, password: str = new.password, **fields: Any) -> Any:
        py.do(f"user = {USER}")
        for field, value in fields.items():
            py.do("user.set", field, value)
        return py.refused("user.sign_up", name, password)

    assert refused(name=known.name) == 202
    assert refused(email=known.email) == 203
    assert refused(mobilePhoneNumber=known.phone.number) == 214
    assert refused(mobilePhoneNumber="12345") == 127
    assert refused(email="nobody") == 125
    assert refused(name="   ") == 217
    assert refused(password="   ") == 218
    assert refused(**{"a-b": "x"}) == 105
    assert refused(mobilePhoneVerified=True) == 117
    py.do(f"user = {USER}")
    assert py.refused("user.save") == 200
    assert py.refused("user.login", new.name) == 201
    py.do(f"user = {USER}")
    assert py.refused("user.login", None, new.password) == 200
    sign_up(py, new)
    py.do(f"other = {USER}.create_without_data", other["objectId"])
    py.do("other.set", "city", "上海")
    assert py.refused("other.save") == 206
    assert py.refused("other.destroy") == 206
    py.do(f"ghost = {USER}.create_without_data", "0" * 24)
    assert py.refused("ghost.fetch") == 211
    assert py.refused(f"{USER}.become", "0" * 25) == 211


def test_seven_failures_lock_an_account_until_a_reset(
    py: Sdk, accounts: Accounts, person: Person
) -> None:
    accounts.register(person)
    py.do(f"user = {USER}")
    tries = [py.refused("user.login", person.name, "wrong") for _ in range(7)]

    locked = py.refused("user.login", person.name, person.password)

    assert (tries, locked) == ([210] * 7, 219)
    py.do(f"{USER}.request_password_reset_by_sms_code", person.number)
    new = person.new_password()
    py.do(f"{USER}.reset_password_by_sms_code", person.phone.code(), new, person.number)
    log_in(py, person, new)


def test_in_safe_mode_nothing_tells_who_has_an_account(
    stack: Stack, safe: Accounts, new_person: NewPerson, seen: set[str]
) -> None:
    known, unknown = new_person(), new_person()
    safe.register(known)
    with python_sdk(stack.url, safe.keys, seen) as py:
        for call in (
            "request_login_sms_code",
            "request_password_reset_by_sms_code",
            "request_mobile_phone_verify",
        ):
            other = new_person()
            py.do(f"{USER}.{call}", other.number)
            assert other.phone.messages() == []
        for person in (known, unknown):
            by_phone = [f"{USER}.login_with_mobile_phone", person.number, "wrong"]
            assert py.refused(*by_phone) == 210
            reset = [f"{USER}.reset_password_by_sms_code", "000000", "new", person.number]
            assert py.refused(*reset) == 603
        py.do(f"user = {USER}")
        py.do("user.set", "mobilePhoneNumber", unknown.number)
        assert py.refused("user.sign_up", unknown.name, unknown.password) == 119


def test_what_is_not_offered_raises(py: Sdk, person: Person) -> None:
    sign_up(py, person)

    assert py.refused(f"{USER}.request_password_reset", person.email) == 119
    assert py.refused(f"{USER}.request_email_verify", person.email) == 119
    assert py.refused("user.follow", "0" * 24) == 1
    assert py.refused("user.unfollow", "0" * 24) == 1
    assert py.refused("user.get_roles") == 1
