"""Records: what is asked for, what is shown, what a spreadsheet gets."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import records
from signet.codes import Purpose
from signet.errors import BadParameter, Missing, PhoneInvalid
from signet.limits import Channel, Kind
from signet.messages import State
from signet.records import Record, Wanted

SORT_KEY = "0199abcdef01" + "0" * 20
RECORD = Record(
    message_id=f"20261122-3-{SORT_KEY}",
    created_at=1_795_334_400,
    phone="+8618612345678",
    kind=Kind.NOTIFICATION,
    purpose=None,
    channel=Channel.SMS,
    template="Order_Notice",
    template_version=2,
    signature="sign_BuyBuyBuy",
    state=State.AWAITING_RECEIPT,
    segments=1,
    price_micros=50_000,
    refunded=False,
    carrier="sns",
    carrier_message_id="abc-1",
)

# --- What is asked for ------------------------------------------------------------------------


def test_a_day_is_asked_for_fifty_at_a_time() -> None:
    assert records.parse({"day": "20261122"}) == Wanted(day="20261122", phone=None, limit=50)


@pytest.mark.parametrize("written", ["18612345678", "+8618612345678", " 8618612345678"])
def test_a_phone_may_be_written_as_people_write_it(written: str) -> None:
    assert records.parse({"phone": written}).phone == "+8618612345678"


def test_everything_that_can_be_asked_for() -> None:
    wanted = records.parse(
        {"day": "20261122", "state": "call_failed", "limit": "100", "cursor": SORT_KEY}
    )

    assert wanted == Wanted(
        day="20261122", phone=None, state=State.CALL_FAILED, limit=100, before=SORT_KEY
    )


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "day or phone"),
        ({"day": "", "phone": ""}, "day or phone"),
        ({"day": "20261122", "phone": "18612345678"}, "day or phone"),
        ({"day": "2026112"}, "day"),
        ({"day": "20261131"}, "day"),
        ({"day": "2026-11-22"}, "day"),
        ({"day": "２０２６１１２２"}, "day"),
        ({"day": "00000000"}, "day"),
        ({"day": "20261122", "state": "lost"}, "state"),
        ({"day": "20261122", "limit": "0"}, "limit"),
        ({"day": "20261122", "limit": "101"}, "limit"),
        ({"day": "20261122", "limit": "1e2"}, "limit"),
        ({"day": "20261122", "limit": "-1"}, "limit"),
        ({"day": "20261122", "limit": "１"}, "limit"),
        ({"day": "20261122", "limit": "9" * 5000}, "limit"),
        ({"day": "20261122", "cursor": "x"}, "cursor"),
        ({"day": "20261122", "cursor": SORT_KEY + "\n"}, "cursor"),
    ],
)
def test_what_cannot_be_asked_for_is_named(query: dict[str, str], named: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        records.parse(query)

    assert named in str(refusal.value)


def test_a_phone_that_is_none_is_refused() -> None:
    with pytest.raises(PhoneInvalid):
        records.parse({"phone": "12"})


def test_the_states_that_there_are_are_named() -> None:
    with pytest.raises(BadParameter, match=r"queued, .*verified.*, expired"):
        records.parse({"day": "20261122", "state": "lost"})


def test_an_export_is_of_a_day() -> None:
    with pytest.raises(BadParameter, match="day"):
        records.parse_export({"phone": "18612345678"})


def test_an_export_has_long_pages() -> None:
    assert records.parse_export({"day": "20261122", "limit": "5"}).limit == 1_000


# --- Message ids ------------------------------------------------------------------------------


def test_an_id_says_where_its_record_lies() -> None:
    assert records.place(RECORD.message_id) == ("20261122", 3, SORT_KEY)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        "20261122-3-",
        f"20261122-3000-{SORT_KEY}",
        f"other#20261122-3-{SORT_KEY}",
        f"20261122-3-{SORT_KEY}0",
        f"２０２６１１２２-3-{SORT_KEY}",
        f"20261122-3-{SORT_KEY}\n",
    ],
)
def test_what_is_no_id_has_no_record(written: str) -> None:
    with pytest.raises(Missing):
        records.place(written)


# --- What is shown ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8618612345678", "+86186****5678"),
        ("+14155552671", "+141****2671"),
        ("+6591234567", "+65****4567"),
        ("+2907123", "****7123"),
    ],
)
def test_four_digits_of_a_number_are_hidden(phone: str, masked: str) -> None:
    assert records.mask(phone) == masked


def test_a_record_is_shown_without_its_number() -> None:
    assert records.shown(RECORD) == {
        "message_id": f"20261122-3-{SORT_KEY}",
        "created_at": "2026-11-22T08:00:00Z",
        "phone": "+86186****5678",
        "kind": "notification",
        "purpose": None,
        "channel": "sms",
        "template": "Order_Notice",
        "template_version": 2,
        "signature": "sign_BuyBuyBuy",
        "state": "awaiting_receipt",
        "segments": 1,
        "price_micros": 50_000,
        "refunded": False,
        "carrier": "sns",
        "carrier_message_id": "abc-1",
        "reason": None,
        "held_until": None,
    }


@pytest.mark.parametrize(
    ("purpose", "word"),
    [
        (Purpose.SMS, "generic"),
        (Purpose.VERIFY, "verify_phone"),
        (Purpose.LOGIN, "login"),
        (Purpose.RESET, "reset_password"),
        (Purpose.CHANGE, "change_phone"),
    ],
)
def test_what_a_code_was_for_is_said_in_a_word(purpose: Purpose, word: str) -> None:
    record = replace(RECORD, kind=Kind.VERIFICATION, purpose=purpose)

    (row,) = rows(records.csv_page([record], is_first=False))

    assert records.shown(record)["purpose"] == word
    assert row[records.SHOWN.index("purpose")] == word


def test_no_purpose_is_without_a_word() -> None:
    codes = [replace(RECORD, purpose=purpose) for purpose in Purpose]

    assert len({records.shown(one)["purpose"] for one in codes}) == len(Purpose)


def test_marketing_that_waits_says_until_when() -> None:
    shown = records.shown(replace(RECORD, kind=Kind.MARKETING, held_until=1_795_392_000))
    assert shown["held_until"] == "2026-11-23T00:00:00Z"


def test_what_is_shown_is_json() -> None:
    assert json.loads(json.dumps(records.shown(RECORD)))["state"] == "awaiting_receipt"


# --- CSV --------------------------------------------------------------------------------------


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_spreadsheet_gets_names_and_a_byte_order_mark_once() -> None:
    first = records.csv_page([RECORD], is_first=True)
    second = records.csv_page([RECORD], is_first=False)

    assert first.startswith("\ufeffmessage_id,created_at,phone,")
    assert first.endswith(second)
    assert len(rows(second)) == 1
    assert (first + second).count("\ufeff") == 1


def test_a_row_has_what_is_shown() -> None:
    (row,) = rows(records.csv_page([RECORD], is_first=False))

    assert dict(zip(records.SHOWN, row, strict=True)) == {
        "message_id": f"20261122-3-{SORT_KEY}",
        "created_at": "2026-11-22T08:00:00Z",
        "phone": "'+86186****5678",
        "kind": "notification",
        "purpose": "",
        "channel": "sms",
        "template": "Order_Notice",
        "template_version": "2",
        "signature": "sign_BuyBuyBuy",
        "state": "awaiting_receipt",
        "segments": "1",
        "price_micros": "50000",
        "refunded": "false",
        "carrier": "sns",
        "carrier_message_id": "abc-1",
        "reason": "",
        "held_until": "",
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    record = replace(RECORD, reason=f"{start}HYPERLINK(1)", signature=f"{start}1")

    (row,) = rows(records.csv_page([record], is_first=False))

    assert row[records.SHOWN.index("reason")] == f"'{start}HYPERLINK(1)"
    assert row[records.SHOWN.index("signature")] == f"'{start}1"


@given(texts=st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_whatever_a_carrier_says_stays_in_its_cell(texts: list[str]) -> None:
    said = [replace(RECORD, reason=text, template=text) for text in texts]

    read = rows(records.csv_page(said, is_first=False))

    assert [row[records.SHOWN.index("reason")].removeprefix("'") for row in read] == [
        text.removeprefix("'") for text in texts
    ]
    assert not any(
        row[records.SHOWN.index("reason")].startswith(("=", "+", "-", "@", "\t", "\r"))
        for row in read
    )
