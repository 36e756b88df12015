"""The key of digests: made once, kept for good, and noticed when it is another one."""

import logging

import pytest

from signet.errors import Unavailable
from signet.store import digests
from tests.store.build import APP_ID, PHONE, client

pytestmark = pytest.mark.usefixtures("tables")

KEY = {"app_id": {"S": "#digests"}, "item": {"S": "key"}}


def stored_key() -> str:
    return str(client("dynamodb").get_item(TableName="apps", Key=KEY)["Item"]["digest_key"]["S"])


def replace_key(key: str) -> None:
    client("dynamodb").put_item(TableName="apps", Item=KEY | {"digest_key": {"S": key}})


def test_nobody_who_only_reads_makes_a_key() -> None:
    assert digests.known() is None
    assert "Item" not in client("dynamodb").get_item(TableName="apps", Key=KEY)


def test_the_key_is_made_once_and_each_process_has_the_same() -> None:
    first = digests.made()(APP_ID, PHONE)
    digests.forget()
    again = digests.made()(APP_ID, PHONE)
    digests.forget()
    known = digests.known()

    assert known is not None
    assert first == again == known(APP_ID, PHONE)
    assert len(bytes.fromhex(stored_key())) == 32


def test_a_digest_says_nothing_without_its_key_and_app() -> None:
    digest = digests.made()

    assert len(digest(APP_ID, PHONE)) == 32
    assert len({digest(APP_ID, PHONE), digest("b", PHONE), digest(APP_ID, "+8618612345670")}) == 3
    first = digest(APP_ID, PHONE)
    client("dynamodb").delete_item(TableName="apps", Key=KEY)
    client("dynamodb").delete_item(
        TableName="opt-outs", Key={"app_id": {"S": "#deployment"}, "person": {"S": "#key"}}
    )
    digests.forget()
    assert digests.made()(APP_ID, PHONE) != first


def test_a_key_that_was_made_and_no_more_is_used() -> None:
    """Killed between the key and its check."""
    replace_key("ab" * 32)

    assert digests.known() is None
    digests.made()

    assert stored_key() == "ab" * 32


@pytest.mark.parametrize("lost", [True, False])
def test_with_another_key_than_the_table_was_written_with_nothing_is_read_or_written(
    lost: bool, caplog: pytest.LogCaptureFixture
) -> None:
    digests.made()
    digests.forget()
    if lost:
        client("dynamodb").delete_item(TableName="apps", Key=KEY)
    else:
        replace_key("ab" * 32)

    with caplog.at_level(logging.ERROR):
        for ask in (digests.known, digests.made):
            with pytest.raises(Unavailable):
                ask()

    assert {record.message for record in caplog.records} == {"digest_key_lost"}
