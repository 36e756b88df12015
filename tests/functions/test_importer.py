"""The importer: users in an object of the bucket become users, in as many calls as it takes."""

import gzip
import json
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.importer import app as importer
from signet import passwords, users
from signet.edge import functions, objects
from signet.errors import Unavailable
from signet.flows import import_users as flow
from signet.store import imports
from signet.store import users as store
from signet.store.imports import Standing
from tests.functions.service import Service, event
from tests.rules.test_passwords import DIGEST, SALT
from tests.store.build import APP_ID, client

pytestmark = pytest.mark.usefixtures("service", "one_at_a_time")

KEY = event("importer")["key"]
HJIANG = {"objectId": "u1", "username": "hjiang", "password": DIGEST, "salt": SALT}
OTHERS = [
    {"objectId": "u2", "username": "hjiang"},
    {"objectId": "u3", "username": "long", "mobilePhoneNumber": "12"},
    {"objectId": "u4", "username": "last"},
]


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of these tests bear one thread; parts are small."""
    monkeypatch.setattr(imports, "_AT_ONCE", 1)
    monkeypatch.setattr(flow, "PART_OBJECTS", 1)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the importer called for later."""
    called: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(functions, "invoke_later", lambda *call: called.append(call))
    return called


def put(*found: object, key: str = KEY) -> None:
    """Put an export into the bucket."""
    put_text("".join(f"{json.dumps(one)}\n" for one in found).encode(), key=key)


def put_text(text: bytes, *, key: str = KEY) -> None:
    client("s3").put_object(Bucket="imports", Key=key, Body=text)


def run(*, seconds_left: float = 900, request_id: str = "r1", **changes: Any) -> int:
    """One call of the importer; how many objects it has seen."""
    context = SimpleNamespace(
        aws_request_id=request_id,
        function_name="importer",
        get_remaining_time_in_millis=lambda: seconds_left * 1000,
    )
    return importer.handler({**event("importer"), **changes}, context)["seen"]


def standing() -> Standing:
    found = imports.find(APP_ID, KEY)
    assert found is not None
    return found


def report() -> list[dict[str, Any]]:
    """The lines of all parts of the report, in the order of their names."""
    listed = client("s3").list_objects_v2(Bucket="imports", Prefix="reports/").get("Contents", [])
    parts = [client("s3").get_object(Bucket="imports", Key=one["Key"])["Body"] for one in listed]
    return [json.loads(line) for part in parts for line in part.read().splitlines()]


def test_users_of_the_file_are_users_of_the_app() -> None:
    put(HJIANG, *OTHERS)

    assert run() == 4

    user = store.get(APP_ID, "u1")
    assert user
    assert passwords.matches(user.password, "password")
    assert store.find(APP_ID, users.username_claim("last"))
    progress = standing().progress
    assert (progress.created, progress.there, progress.refused, progress.left_out) == (3, 0, 1, 1)
    assert progress.is_finished


def test_the_report_names_lines_and_reasons_and_no_person() -> None:
    put(HJIANG, *OTHERS)

    run()

    assert report() == [
        {
            "line": 2,
            "offset": len(json.dumps(HJIANG)) + 1,
            "objectId": "u2",
            "imported": False,
            "reason": "username: Another user has it.",
        },
        {
            "line": 3,
            "offset": len(json.dumps(HJIANG)) + len(json.dumps(OTHERS[0])) + 2,
            "objectId": "u3",
            "imported": True,
            "reason": "mobilePhoneNumber: The mobile phone number was invalid.",
        },
    ]


def test_a_call_stops_before_its_time_is_over_and_calls_for_the_next(
    later: list[tuple[str, dict[str, Any]]],
) -> None:
    put(HJIANG, *OTHERS)

    assert run(seconds_left=89) == 1

    assert later == [("importer", {**event("importer"), "continues": True})]
    assert store.get(APP_ID, "u4") is None


def test_the_calls_together_are_one_import(later: list[tuple[str, dict[str, Any]]]) -> None:
    put(HJIANG, *OTHERS)
    run(seconds_left=1, request_id="r0")

    for number, (_, called_with) in enumerate(later, 1):
        run(seconds_left=1, request_id=f"r{number}", **called_with)

    assert len(later) == 4
    assert standing().progress.created == 3
    assert standing().progress.is_finished
    assert [line["objectId"] for line in report()] == ["u2", "u3"]


def test_a_late_copy_of_a_call_for_the_rest_does_nothing() -> None:
    put(HJIANG)
    run()
    before = standing()

    assert run(request_id="r2", continues=True) == 0

    assert standing() == before


def test_the_same_file_again_changes_nobody(later: list[tuple[str, dict[str, Any]]]) -> None:
    put(HJIANG, *OTHERS)
    run()
    before = client("dynamodb").get_item(TableName="users", Key={"pk": {"S": f"{APP_ID}#user#u1"}})[
        "Item"
    ]

    assert run(request_id="r2") == 4

    after = client("dynamodb").get_item(TableName="users", Key={"pk": {"S": f"{APP_ID}#user#u1"}})
    assert after["Item"] == before
    assert (standing().progress.created, standing().progress.there) == (0, 3)


def test_a_file_that_is_replaced_meanwhile_is_read_from_its_beginning(
    later: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(HJIANG, *OTHERS)
    run(seconds_left=1)
    put({"objectId": "new"}, HJIANG)

    run(request_id="r2", continues=True)

    assert store.get(APP_ID, "new")
    assert standing().progress.seen == 2


def test_what_is_replaced_while_it_is_read_is_not_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 10)
    put(HJIANG)
    blocks = objects.blocks(objects.describe(KEY), 0)
    next(blocks)
    put({"objectId": "new"}, HJIANG)

    with pytest.raises(Unavailable):
        next(blocks)


def test_blocks_are_all_of_the_file_from_any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 10)
    put_text(b"0123456789abcdefghijk")

    read = objects.describe(KEY)

    assert list(objects.blocks(read, 0)) == [b"0123456789", b"abcdefghij", b"k"]
    assert list(objects.blocks(read, 15)) == [b"fghijk"]
    assert list(objects.blocks(read, 21)) == []


def test_an_empty_file_is_imported_at_once() -> None:
    put_text(b"")

    assert run() == 0

    assert standing().progress.is_finished


def test_a_file_that_is_no_export_fails_and_says_why() -> None:
    put_text(gzip.compress(b"{}"))

    assert run() == 0

    assert standing().problem == "The file is compressed: unpack it first."
    assert standing().has_ended


@pytest.mark.parametrize("changes", [{"key": "none.jsonl"}, {"app_id": "signet-no-app"}])
def test_without_a_file_or_an_app_there_is_nothing_to_import(changes: dict[str, Any]) -> None:
    put(HJIANG)

    assert run(**changes) == 0

    assert imports.find(APP_ID, KEY) is None


@pytest.mark.parametrize("changes", [{"v": 2}, {"v": 0}])
def test_an_event_of_another_version_is_a_failure(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="version"):
        run(**changes)


def test_tables_that_do_not_answer_are_a_failure_from_which_the_next_try_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(HJIANG, *OTHERS)
    with monkeypatch.context() as patch:
        patch.setattr(imports, "create_many", failing_after(1))
        patch.setattr(time, "sleep", lambda _: None)
        with pytest.raises(Unavailable):
            run()
    assert standing().progress.created == 1

    assert run() == 4

    assert standing().progress.created == 3


def failing_after(count: int) -> Callable[..., Any]:
    """The store's function, which does not answer after so many calls."""
    real, left = imports.create_many, iter(range(count))

    def create_many(new: Any) -> Any:
        if next(left, None) is None:
            raise Unavailable
        return real(new)

    return create_many


def test_a_run_that_was_taken_over_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    put(HJIANG, *OTHERS)
    real = imports.create_many

    def taken_over(new: Any) -> Any:
        source = standing().source
        imports.begin(APP_ID, source, "another", now=1)
        return real(new)

    monkeypatch.setattr(imports, "create_many", taken_over)

    assert run() == 0

    assert standing().run == "another"


def test_a_bucket_that_does_not_answer_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            def fail(**_: Any) -> Any:
                raise ClientError({"Error": {"Code": "SlowDown"}}, operation)

            return fail

    monkeypatch.setattr(objects, "_client", Down)

    with pytest.raises(Unavailable):
        run()
    with pytest.raises(Unavailable):
        objects.write("reports/x", b"")


def test_the_log_has_counts_and_nobody(caplog: pytest.LogCaptureFixture) -> None:
    put({**HJIANG, "mobilePhoneNumber": "18612345678", "email": "hang@leancloud.rocks"}, *OTHERS)

    with caplog.at_level(logging.INFO):
        run()

    (record,) = [vars(each) for each in caplog.records if each.name.startswith("signet")]
    assert record["message"] == "imported"
    assert record["counts"] == {"created": 3, "there": 0, "refused": 1, "left_out": 1}
    for private in ("18612345678", "hjiang", "hang@", SALT):
        assert private not in str(record)


def test_a_call_for_later_is_an_event(deployment: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        functions, "_client", lambda: SimpleNamespace(invoke=lambda **call: sent.append(call))
    )

    functions.invoke_later("importer", {"v": 1})

    assert sent == [{"FunctionName": "importer", "InvocationType": "Event", "Payload": '{"v": 1}'}]
