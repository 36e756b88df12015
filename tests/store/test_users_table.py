"""Users and what only one of them can have: claims that come and go with their user."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from signet import sessions, users
from signet.errors import (
    EmailTaken,
    NameTaken,
    PhoneTaken,
    SignetError,
    UsernameTaken,
    UserNotFound,
)
from signet.store import table
from signet.store import users as store
from signet.users import User
from tests.store.build import APP_ID, KEYRING, NOW, PHONE, client

pytestmark = pytest.mark.usefixtures("tables")


def new_user(**fields: Any) -> User:
    at = users.milliseconds(NOW)
    user = User(APP_ID, users.new_id(NOW), at, at)
    return replace(user, **fields)


def pks() -> set[str]:
    """The keys of all items of the table, without their app."""
    items = client("dynamodb").scan(TableName="users")["Items"]
    return {item["pk"]["S"].removeprefix(f"{APP_ID}#") for item in items}


FULL: dict[str, Any] = {
    "username": "hjiang",
    "email": "hang@leancloud.rocks",
    "phone": PHONE,
    "written_phone": "186-1234-5678",
    "phone_verified": True,
    "password": "$argon2id$…",
    "attributes": {"gender": "男", "score": 1.5, "deep": {"list": [1, None, True]}},
    "auth": {"weixin": {"openid": "o1"}, "_weixin_unionid": {"uid": "u1"}},
}


def test_a_user_is_read_as_it_was_written() -> None:
    user, _ = sessions.opened(new_user(**FULL), KEYRING)

    store.create(user)

    assert store.get(APP_ID, user.object_id) == user
    assert all(store.find(APP_ID, claim) == user for claim in user.claims)


def test_nothing_of_a_deleted_user_stays() -> None:
    user, _ = sessions.opened(new_user(**FULL), KEYRING)
    store.create(user)

    store.delete(APP_ID, user.object_id)

    assert pks() == set()
    with pytest.raises(UserNotFound):
        store.delete(APP_ID, user.object_id)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"username": "hjiang"}, UsernameTaken),
        ({"email": "hang@leancloud.rocks"}, EmailTaken),
        ({"phone": PHONE}, PhoneTaken),
        ({"auth": {"weixin": {"openid": "o1"}}}, NameTaken),
        ({"username": "other", "phone": PHONE}, PhoneTaken),
    ],
)
def test_what_another_user_has_is_refused_and_nothing_is_left(
    fields: dict[str, object], error: type[SignetError]
) -> None:
    store.create(new_user(**FULL))
    before = pks()

    with pytest.raises(error):
        store.create(new_user(**fields))

    assert pks() == before


def test_a_change_moves_claims_and_leaves_the_others() -> None:
    user = new_user(**FULL)
    store.create(user)

    changed = store.change(APP_ID, user.object_id, lambda one: replace(one, username="new"))

    assert store.find(APP_ID, "username#hjiang") is None
    assert store.find(APP_ID, "username#new") == changed
    assert store.find(APP_ID, f"phone#{PHONE}") == changed
    assert changed.revision == 1


def test_a_change_to_what_another_has_changes_nothing() -> None:
    user, other = new_user(**FULL), new_user(username="other")
    store.create(user)
    store.create(other)

    with pytest.raises(UsernameTaken):
        store.change(APP_ID, other.object_id, lambda one: replace(one, username="hjiang"))

    assert store.get(APP_ID, other.object_id) == other
    assert store.find(APP_ID, "username#hjiang") == user


def test_a_change_is_computed_again_when_somebody_was_first() -> None:
    user = new_user(username="hjiang", attributes={"score": 1})
    store.create(user)
    rounds = []

    def add(one: User) -> User:
        rounds.append(one.attributes["score"])
        if len(rounds) == 1:
            store.change(APP_ID, one.object_id, lambda it: replace(it, attributes={"score": 10}))
        return replace(one, attributes={"score": one.attributes["score"] + 1})

    changed = store.change(APP_ID, user.object_id, add)

    assert rounds == [1, 10]
    assert changed.attributes == {"score": 11}
    assert store.get(APP_ID, user.object_id) == changed


def test_a_user_deleted_meanwhile_is_not_found_and_not_made_again() -> None:
    user = new_user(username="hjiang")
    store.create(user)

    def vanish(one: User) -> User:
        store.delete(APP_ID, one.object_id)
        return replace(one, username="new")

    with pytest.raises(UserNotFound):
        store.change(APP_ID, user.object_id, vanish)

    assert pks() == set()


def test_a_change_of_nothing_writes_nothing() -> None:
    user = new_user(username="hjiang")
    store.create(user)

    assert store.change(APP_ID, user.object_id, lambda one: one).revision == 0


def test_the_same_name_in_another_app_is_another_name() -> None:
    store.create(new_user(**FULL))
    theirs = replace(new_user(**FULL), app_id="signet-other-app")

    store.create(theirs)

    assert store.find("signet-other-app", "username#hjiang") == theirs


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The keys of which items are read."""
    keys: list[str] = []

    def note(params: Any, **_: object) -> None:
        keys.append(json.loads(params["body"])["Key"]["pk"]["S"])

    events: Any = table.CONNECTION.client.meta.events
    events.register("before-call.dynamodb.GetItem", note)
    yield keys
    events.unregister("before-call.dynamodb.GetItem", note)


@pytest.mark.parametrize("name", ["x" * 2_048, "商" * 700, "\ud800"], ids=["long", "wide", "half"])
def test_what_can_be_no_key_is_nobodys_and_costs_the_same(asked: list[str], name: str) -> None:
    assert store.find(APP_ID, users.username_claim(name)) is None
    assert store.get(APP_ID, name) is None

    assert len(asked) == 3
    assert all(len(key.encode()) <= 2_048 for key in asked)
    with pytest.raises(UserNotFound):
        store.delete(APP_ID, name)


def test_all_users_are_listed_in_the_order_of_their_ids_and_from_any_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "_PAGE", 7)
    made = [new_user(username=str(number)) for number in range(40)]
    for user in made:
        store.create(user)
    ids = sorted(user.object_id for user in made)

    assert [user.object_id for user in store.every(APP_ID)] == ids
    assert [user.object_id for user in store.every(APP_ID, after=ids[19])] == ids[20:]
    assert [user.object_id for user in store.every(APP_ID, up_to=ids[9])] == ids[:10]
    bounded = store.every(APP_ID, after=ids[4], up_to=ids[9])
    assert [user.object_id for user in bounded] == ids[5:10]
    assert list(store.every("signet-other-app")) == []


def test_no_session_token_and_no_password_is_in_the_table(tables: SimpleNamespace) -> None:
    user, token = sessions.opened(new_user(**FULL), KEYRING)
    store.create(user)

    assert token not in str(client("dynamodb").scan(TableName="users"))
