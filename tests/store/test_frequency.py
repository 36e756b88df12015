"""How often a number was sent an app's marketing: the cap holds, and a message counts once."""

from dataclasses import replace

import pytest

from signet.apps import Cap
from signet.errors import TooFast, TooFrequent
from signet.limits import DAY, Kind
from signet.store import frequency, phones
from signet.store.phones import AlreadyAccepted, NotPaid, Send
from tests.store import build
from tests.store.build import APP_ID, PHONE, after, dynamodb_table, new_message, new_send

pytestmark = pytest.mark.usefixtures("tables")

CAP = Cap(2, 7)
OTHER = "+8618700000000"


def count(name: str, *, days: float = 0, cap: Cap = CAP, phone: str = PHONE) -> bool:
    return frequency.count(APP_ID, phone, cap, name, now=after(days * DAY))


def test_a_number_is_sent_no_more_than_its_cap_in_any_days() -> None:
    assert [count("m1"), count("m2", days=3), count("m3", days=6.99)] == [True, True, False]
    assert count("m4", days=7)
    assert not count("m5", days=9.99)
    assert count("m6", days=10)


def test_the_same_message_counts_once() -> None:
    assert [count("m1"), count("m1", days=1), count("m1", days=2)] == [True] * 3
    assert count("m2", days=3)
    assert [count("m3", days=4), count("m2", days=4), count("m1", days=4)] == [False, True, True]


def test_each_number_and_each_app_has_its_own_count() -> None:
    once = Cap(1, 1)
    assert count("m1", cap=once)
    assert not count("m2", cap=once)
    assert count("m2", cap=once, phone=OTHER)
    assert frequency.count("another-app", PHONE, once, "m2", now=after(0))


def test_a_cap_that_is_lowered_holds_at_once() -> None:
    assert count("m1", cap=Cap(3, 7))
    assert count("m2", cap=Cap(3, 7))
    assert not count("m3", cap=Cap(1, 7))


def test_those_who_had_their_share_are_told_from_all_others() -> None:
    numbers = [f"+861870000{number:04}" for number in range(230)]
    for phone in (numbers[0], numbers[150], numbers[229]):
        count("m1", phone=phone)
        count("m2", phone=phone)
    count("m1", phone=numbers[7])

    found = frequency.capped(APP_ID, [*numbers, numbers[0]], CAP, now=after(DAY))

    assert found == {numbers[0], numbers[150], numbers[229]}
    assert frequency.capped(APP_ID, numbers, CAP, now=after(7 * DAY)) == set()
    assert frequency.capped(APP_ID, [], CAP, now=after(0)) == set()


def test_it_is_remembered_for_as_long_as_it_counts_whatever_else_is_sent() -> None:
    count("m1")
    phones.accept(new_send(at=DAY), None)

    (item,) = (item for item in dynamodb_table("phones").scan()["Items"] if "#cap#" in item["pk"])
    assert item["ttl"] == int(after(7 * DAY).timestamp())


# --- In the transaction that accepts a send ---------------------------------------------------


def advert(request_id: str, *, days: float = 0, cap: Cap | None = CAP) -> Send:
    send = new_send(request_id, at=days * DAY, kind=Kind.MARKETING)
    return replace(send, cap=cap.limit if cap else None)


def accept(send: Send, *, micros: int = 0) -> None:
    message = new_message(send, kind=Kind.MARKETING)
    charge = build.new_charge(micros) if micros else None
    phones.accept(send, message, charge)


def test_an_accepted_send_counts_in_the_same_cap() -> None:
    accept(advert("r1"))
    assert count("m1", days=1)

    with pytest.raises(TooFrequent) as refused:
        accept(advert("r2", days=2))

    assert refused.value.retry_after == 5 * DAY
    accept(advert("r3", days=7))


@pytest.mark.parametrize("micros", [0, 50_000])
def test_what_the_cap_refuses_counts_and_costs_nothing(micros: int) -> None:
    build.give(1_000_000)
    count("m1")
    count("m2")
    before = build.balance_item()

    with pytest.raises(TooFrequent):
        accept(advert("r1", days=1), micros=micros)

    assert build.message_items() == []
    assert build.balance_item() == before
    assert build.phone_item() == {}


def test_a_send_that_another_limit_refuses_does_not_count() -> None:
    accept(advert("r1", cap=None))
    with pytest.raises(TooFast):
        accept(advert("r2", days=5 / DAY))

    assert [count("m1"), count("m2"), count("m3")] == [True, True, False]


def test_a_send_that_is_not_paid_does_not_count() -> None:
    build.give(10)
    with pytest.raises(NotPaid):
        accept(advert("r1"), micros=50_000)

    assert [count("m1"), count("m2"), count("m3")] == [True, True, False]


def test_a_repeated_request_is_known_though_the_cap_is_reached() -> None:
    accept(advert("r1", cap=Cap(1, 7)))

    with pytest.raises(AlreadyAccepted):
        accept(advert("r1", days=1 / DAY, cap=Cap(1, 7)))


def test_the_wait_is_that_of_the_cap_where_a_shorter_limit_refuses_too() -> None:
    accept(advert("r1", cap=Cap(1, 7)))

    with pytest.raises(TooFast) as refused:
        accept(advert("r2", days=5 / DAY, cap=Cap(1, 7)))

    assert refused.value.retry_after == 7 * DAY - 5
