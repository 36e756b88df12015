"""Records as they are listed: newest first, page by page, nothing twice and nothing left out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from signet.codes import Purpose
from signet.errors import Missing
from signet.messages import RETENTION, State
from signet.records import Page, Wanted
from signet.store import records
from signet.tries import Outcome, Try
from tests.conftest import DEMO_APP
from tests.store.build import APP_ID, NOW, PHONE, SECONDS, client, put

pytestmark = pytest.mark.usefixtures("tables")

DAY = "20261122"
OTHER_PHONE = "+8613900000000"


def sort_key(number: int) -> str:
    """The sort key of the n-th message of the day."""
    return f"{number:012x}{'0' * 20}"


def record(number: int, *, shard: int | None = None, **changes: Any) -> str:
    """Write the record of the n-th message of the day; its id."""
    shard = number * 5 % 8 if shard is None else shard
    fields: dict[str, Any] = {
        "pk": f"{APP_ID}#{DAY}#{shard}",
        "sk": sort_key(number),
        "app_phone": f"{APP_ID}#{PHONE}",
        "kind": "verification",
        "channel": "sms",
        "signature": "Signet",
        "state": "awaiting_receipt",
        "segments": 1,
        "price": 50_000,
        "created_at": SECONDS,
        "ttl": SECONDS + int(RETENTION.total_seconds()),
        "attempts": 1,
    }
    fields |= changes
    put("messages", **fields)
    return f"{fields['pk'].split('#')[1]}-{shard}-{fields['sk']}"


def find(*, now: datetime = NOW, shards: int = 8, **wanted: Any) -> Page:
    app = replace(DEMO_APP, message_shards=shards)
    return records.find(app, Wanted(**({"day": DAY, "phone": None} | wanted)), now=now)


def ids(page: Page) -> list[str]:
    return [one.message_id for one in page.records]


def pages(**wanted: Any) -> list[list[str]]:
    """All pages of a list, each asked for with the cursor of the one before."""
    found, cursor = [], None
    while True:
        page = find(before=cursor, **wanted)
        found.append(ids(page))
        cursor = page.cursor
        if cursor is None:
            return found


# --- A day ------------------------------------------------------------------------------------


def test_a_day_without_messages_has_no_records() -> None:
    assert find() == Page([], None)


def test_a_day_is_listed_newest_first_across_its_partitions() -> None:
    written = [record(number) for number in range(30)]

    page = find()

    assert ids(page) == written[::-1]
    assert page.cursor is None


@pytest.mark.parametrize("limit", [1, 7, 29, 30, 31])
def test_pages_in_a_row_have_every_record_once(limit: int) -> None:
    written = [record(number) for number in range(30)]

    found = pages(limit=limit)

    assert [one for page in found for one in page] == written[::-1]
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)


def test_a_day_that_fell_into_one_partition_is_whole() -> None:
    written = [record(number, shard=6) for number in range(45)]

    assert [one for page in pages(limit=20) for one in page] == written[::-1]


def test_records_that_arrive_between_two_pages_do_not_move_the_second() -> None:
    written = [record(number) for number in range(10)]
    first = find(limit=5)
    record(10)

    second = find(limit=5, before=first.cursor)

    assert ids(first) + ids(second) == written[::-1]


def test_a_day_has_nothing_of_other_days_and_other_apps() -> None:
    record(1, pk=f"{APP_ID}#20261121#3", shard=3)
    record(2, pk=f"another-app#{DAY}#3", shard=3, app_phone=f"another-app#{PHONE}")
    mine = record(3)

    assert ids(find()) == [mine]


def test_partitions_that_an_app_gained_are_listed() -> None:
    mine = record(1, shard=40)

    assert ids(find(shards=64)) == [mine]


def test_a_record_comes_back_with_all_that_is_known() -> None:
    message_id = record(
        1,
        purpose="l",
        template="Order_Notice",
        template_version=3,
        carrier="alibaba",
        carrier_message_id="9007",
        refunded=1,
        reason="Throttled",
        attempts=2,
        queued_at=SECONDS + 1,
        claimed_at=SECONDS + 2,
        sent_at=SECONDS + 3,
        verified_at=SECONDS + 4,
        ended_at=SECONDS + 5,
    )

    (found,) = find().records

    assert found.message_id == message_id
    assert (found.phone, found.signature) == (PHONE, "Signet")
    assert found.purpose is Purpose.LOGIN
    assert (found.template, found.template_version) == ("Order_Notice", 3)
    assert (found.carrier, found.carrier_message_id) == ("alibaba", "9007")
    assert (found.segments, found.price_micros, found.refunded) == (1, 50_000, True)
    assert (found.reason, found.attempts) == ("Throttled", 2)
    assert (found.created_at, found.queued_at, found.claimed_at) == (
        SECONDS,
        SECONDS + 1,
        SECONDS + 2,
    )
    assert (found.sent_at, found.verified_at, found.ended_at) == (
        SECONDS + 3,
        SECONDS + 4,
        SECONDS + 5,
    )
    assert records.get(APP_ID, message_id, now=NOW) == found


def test_a_message_without_a_code_has_no_purpose() -> None:
    record(1, kind="notification")

    (found,) = find(day=None, phone=PHONE).records

    assert found.purpose is None


def test_a_record_is_gone_after_two_months_though_the_table_still_has_it() -> None:
    message_id = record(1)
    later = NOW + RETENTION

    assert find(now=later).records == []
    with pytest.raises(Missing):
        records.get(APP_ID, message_id, now=later)
    assert ids(find(now=later - timedelta(seconds=1))) == [message_id]


# --- A state ----------------------------------------------------------------------------------


def test_a_state_is_found_among_the_records_of_a_day() -> None:
    written = [record(number) for number in range(40)]
    failed = [
        record(number, state="call_failed") for number in range(40) if number in {3, 17, 33, 38}
    ]
    assert set(failed) < set(written)

    found = pages(state=State.CALL_FAILED, limit=2)

    assert [one for page in found for one in page] == failed[::-1]


def test_one_call_looks_at_so_many_records_and_says_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "LOOKED_AT", 10)
    oldest = record(0, state="expired")
    for number in range(1, 25):
        record(number)

    found = pages(state=State.EXPIRED, limit=5)

    assert found == [[], [], [oldest]]


# --- A phone ----------------------------------------------------------------------------------


def test_a_phone_is_listed_newest_first_over_all_days() -> None:
    older = record(1, pk=f"{APP_ID}#20261120#2", shard=2)
    newer = record(2)
    record(3, app_phone=f"{APP_ID}#{OTHER_PHONE}")
    record(4, pk=f"another-app#{DAY}#4", shard=4, app_phone=f"another-app#{PHONE}")

    assert ids(find(day=None, phone=PHONE)) == [newer, older]


def test_the_pages_of_a_phone_have_every_record_once() -> None:
    written = [record(number) for number in range(13)]

    found = pages(day=None, phone=PHONE, limit=5)

    assert [len(page) for page in found] == [5, 5, 3]
    assert [one for page in found for one in page] == written[::-1]


def test_a_phone_is_listed_with_a_state() -> None:
    for number in range(12):
        record(number)
    failed = record(2, state="call_failed")

    found = pages(day=None, phone=PHONE, state=State.CALL_FAILED, limit=1)

    assert [one for page in found for one in page] == [failed]


def test_a_record_that_only_the_index_knows_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = record(1)
    monkeypatch.setattr(records, "_items", lambda listed: _but_the_newest(listed))
    record(2)

    assert ids(find(day=None, phone=PHONE)) == [kept]


def _but_the_newest(listed: list[Any]) -> list[Any]:
    client("dynamodb").delete_item(
        TableName="messages", Key={"pk": {"S": listed[0].pk}, "sk": {"S": listed[0].sk}}
    )
    return _read(listed)


_read = records._items


# --- One message ------------------------------------------------------------------------------


@pytest.mark.parametrize("message_id", ["x", f"{DAY}-3-{sort_key(9)}", f"{DAY}-0-{sort_key(1)}"])
def test_a_message_that_is_not_there_is_missing(message_id: str) -> None:
    record(1, shard=3)

    with pytest.raises(Missing):
        records.get(APP_ID, message_id, now=NOW)


def test_the_message_of_another_app_is_missing() -> None:
    message_id = record(1)

    with pytest.raises(Missing):
        records.get("another-app", message_id, now=NOW)


def test_a_record_has_what_carriers_answered_and_what_the_receipt_said() -> None:
    refusal = Try("alibaba", Outcome.REFUSED, "isv.BUSINESS_LIMIT_CONTROL", SECONDS, 310)
    taken = Try("tencent", Outcome.ACCEPTED, "", SECONDS + 1, 420)
    told: dict[str, Any] = {
        "report": "undelivered",
        "report_reason": "MK:0023",
        "report_carrier": "tencent",
    }
    message_id = record(
        1, try1=refusal.packed(), try2=taken.packed(), reported_at=SECONDS + 9, **told
    )

    found = records.get(APP_ID, message_id, now=NOW)

    assert found.tries == (refusal, taken)
    assert found.report is State.UNDELIVERED
    assert (found.reported_at, found.report_reason) == (SECONDS + 9, "MK:0023")
    assert found.report_carrier == "tencent"
