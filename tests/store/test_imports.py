"""Imports: many users in few transactions, each whole or not at all, and a place to go on from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.transactions import TransactWrite

from signet import users
from signet.exports import Place
from signet.imports import Progress
from signet.store import imports, table
from signet.store import users as store
from signet.store.imports import Made, Source, Taken, TakenOver
from signet.users import User
from tests.store.build import APP_ID, NOW, PHONE, client

pytestmark = pytest.mark.usefixtures("tables", "one_at_a_time")

CREATED, THERE = Made.CREATED, Made.THERE
SOURCE = Source("users.jsonl", "7 abc", 7)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of these tests bear one thread."""
    monkeypatch.setattr(imports, "_AT_ONCE", 1)


def new_user(object_id: str, **fields: Any) -> User:
    at = users.milliseconds(NOW)
    return replace(User(APP_ID, object_id, at, at, username=f"name of {object_id}"), **fields)


def in_table() -> dict[str, Any]:
    """Every item of the table by its key."""
    return {item["pk"]["S"]: item for item in client("dynamodb").scan(TableName="users")["Items"]}


@contextmanager
def transactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many items each transaction has that is tried."""
    sizes: list[int] = []
    real = table.transact

    def counted(build: Any) -> None:
        def build_counted(writes: TransactWrite) -> None:
            build(writes)
            sizes.append(len(writes._put_items))

        real(build_counted)

    with monkeypatch.context() as patch:
        patch.setattr(table, "transact", counted)
        yield sizes


def test_users_are_written_as_if_one_by_one() -> None:
    new = [
        new_user(
            f"u{n}",
            phone=f"+86186{n:08}",
            email=f"{n}@example.com",
            attributes={"n": n, "深": [{"a": None}]},
            auth={"weixin": {"openid": str(n)}},
            sessions=(f"digest{n}",),
        )
        for n in range(25)
    ]

    assert imports.create_many(new) == [CREATED] * 25

    assert [store.get(APP_ID, user.object_id) for user in new] == new
    assert all(store.find(APP_ID, claim) == user for user in new for claim in user.claims)


def test_a_transaction_holds_as_many_users_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    new = [new_user(f"u{n}") for n in range(120)]

    with transactions(monkeypatch) as sizes:
        imports.create_many(new)

    assert sizes == [100, 100, 40]


def test_large_users_share_no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    new = [new_user(f"u{n}", attributes={"text": "x" * 120_000}) for n in range(10)]

    with transactions(monkeypatch) as sizes:
        assert imports.create_many(new) == [CREATED] * 10

    assert sizes == [16, 4]


def test_who_is_there_is_left_alone() -> None:
    old = new_user("u1", username="old", phone=PHONE)
    store.create(old)
    store.change(APP_ID, "u1", lambda user: replace(user, username="changed", phone=None))
    before = in_table()

    assert imports.create_many([old]) == [THERE]

    assert in_table() == before


def test_importing_twice_changes_nothing() -> None:
    new = [new_user(f"u{n}", phone=f"+86186{n:08}") for n in range(70)]
    imports.create_many(new)
    before = in_table()

    assert imports.create_many(new) == [THERE] * 70

    assert in_table() == before


def test_a_user_that_comes_between_the_look_and_the_write_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = [new_user(f"u{n}") for n in range(3)]
    store.create(new[1])
    monkeypatch.setattr(store, "existing", lambda *_: set())

    assert imports.create_many(new) == [CREATED, THERE, CREATED]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "taken"}, "username"),
        ({"email": "a@example.com"}, "email"),
        ({"phone": PHONE}, "mobilePhoneNumber"),
        ({"auth": {"weixin": {"openid": "o#1"}}}, "authData.weixin"),
        ({"sessions": ("d1",)}, "sessionToken"),
    ],
)
def test_who_wants_what_another_has_is_refused_and_the_others_are_not(
    fields: dict[str, Any], field: str
) -> None:
    owner = new_user(
        "owner",
        username="taken",
        email="a@example.com",
        phone=PHONE,
        auth={"weixin": {"openid": "o#1"}},
        sessions=("d1",),
    )
    store.create(owner)
    new = [new_user("u0"), new_user("u1", **fields), new_user("u2")]

    assert imports.create_many(new) == [CREATED, Taken(field), CREATED]

    assert store.get(APP_ID, "u1") is None
    assert store.get(APP_ID, "owner") == owner


def test_who_is_there_is_not_refused_for_what_it_gave_up_since() -> None:
    old = new_user("u1", phone=PHONE)
    store.create(old)
    store.change(APP_ID, "u1", lambda user: replace(user, phone=None))
    store.create(new_user("u2", phone=PHONE))

    assert imports.create_many([old]) == [THERE]


def test_of_two_in_a_file_who_want_the_same_the_first_gets_it() -> None:
    new = [
        new_user("u1", username="same"),
        new_user("u2", username="same"),
        new_user("u1", username="other"),
        new_user("u3"),
    ]

    assert imports.create_many(new) == [CREATED, Taken("username"), THERE, CREATED]

    assert store.find(APP_ID, "username#other") is None


def test_nobody_is_nothing_to_write() -> None:
    assert imports.create_many([]) == []


# --- how far it has come ------------------------------------------------------------------

FAR = Progress(Place(5, 2, in_array=False), created=3, there=2, refused=1, left_out=1)


def test_a_new_import_begins_at_the_beginning() -> None:
    standing = imports.begin(APP_ID, SOURCE, "r1", now=1)

    assert standing.progress == Progress()
    assert imports.find(APP_ID, SOURCE.name) == standing


def test_another_run_goes_on_where_one_was_cut_off() -> None:
    first = imports.begin(APP_ID, SOURCE, "r1", now=1)
    imports.save(APP_ID, replace(first, progress=FAR, updated_at=2))

    second = imports.begin(APP_ID, SOURCE, "r2", now=3)

    assert second == replace(first, run="r2", progress=FAR, updated_at=3)


def test_a_run_that_was_taken_over_records_nothing_more() -> None:
    first = imports.begin(APP_ID, SOURCE, "r1", now=1)
    second = imports.begin(APP_ID, SOURCE, "r2", now=2)

    with pytest.raises(TakenOver):
        imports.save(APP_ID, replace(first, progress=FAR))

    assert imports.find(APP_ID, SOURCE.name) == second


@pytest.mark.parametrize(
    "ended",
    [{"progress": replace(FAR, is_finished=True)}, {"problem": "The file is compressed."}],
)
def test_an_import_that_ended_is_looked_at_from_its_beginning(ended: dict[str, Any]) -> None:
    first = imports.begin(APP_ID, SOURCE, "r1", now=1)
    imports.save(APP_ID, replace(first, **ended))
    found = imports.find(APP_ID, SOURCE.name)
    assert found == replace(first, **ended)
    assert found.has_ended

    second = imports.begin(APP_ID, SOURCE, "r2", now=9)

    assert second == imports.Standing(SOURCE, "r2", Progress(), 9, 9)
    assert imports.find(APP_ID, SOURCE.name) == second


@pytest.mark.parametrize("other", [{"identity": "7 def"}, {"size": 8}])
def test_another_file_of_the_same_name_begins_anew(other: dict[str, Any]) -> None:
    first = imports.begin(APP_ID, SOURCE, "r1", now=1)
    imports.save(APP_ID, replace(first, progress=FAR))

    second = imports.begin(APP_ID, replace(SOURCE, **other), "r2", now=3)

    assert second.progress == Progress()


def test_imports_of_other_apps_and_names_are_others() -> None:
    imports.begin(APP_ID, SOURCE, "r1", now=1)

    assert imports.find("signet-other-app", SOURCE.name) is None
    assert imports.find(APP_ID, "other.jsonl") is None
    assert list(store.every(APP_ID)) == []
