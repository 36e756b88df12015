"""Money under fire: never spent twice, never lost, never refused while there is enough.

Every test has an app of its own, whose books are then added up in two ways: from the ledger with
its open days, and from the records of the messages.
"""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from signet import codes, days, limits, messages
from signet.charges import Charge
from signet.codes import Purpose, Subject
from signet.limits import Channel, Kind
from signet.messages import Message, MessageRef
from signet.store import apps, balances, ledger, phones
from signet.store.balances import Account
from tests.conftest import DEMO_APP
from tests.gateway import rest_event
from tests.races.books import PRICE, books, forget_records, new_account, put_template, top_up
from tests.races.workers import Workers

ABROAD = 1_050_000
# Three segments: 【示例商城】 and 180 characters.
LONG = "{{x}}" + "商" * 170
REFUSED_TOO_LITTLE, REFUSED_BY_CAP = 160, 154


def ask(account: Account, phone: str, **fields: object) -> tuple[str, dict[str, Any]]:
    """A request by the master key, for `Workers.run_mixed`."""
    headers = {"X-LC-Id": account.app_id, "X-LC-Key": f"{DEMO_APP.master_key.current},master"}
    body = json.dumps({"mobilePhoneNumber": phone, **fields})
    return "request", rest_event("/1.1/requestSmsCode", body, headers=headers)


def mainland(number: int) -> str:
    return f"+86139{number:08d}"


@pytest.mark.parametrize("shards", [1, 10])
def test_of_five_hundred_at_once_exactly_the_three_hundred_that_are_paid_for_are_sent(
    workers: Workers, shards: int
) -> None:
    account = new_account(f"three-hundred-{shards}", credit=300 * PRICE, shards=shards)

    outcome = workers.run_mixed([ask(account, mainland(number)) for number in range(500)])

    assert Counter(outcome.codes) == {0: 300, REFUSED_TOO_LITTLE: 200}
    after = books(account)
    assert (len(after.records), after.held) == (300, 0)
    after.add_up()


def test_of_mixed_prices_only_those_are_refused_that_exceed_what_is_left(workers: Workers) -> None:
    account = new_account("mixed", credit=60 * ABROAD + 49_999, shards=10)
    put_template(account, "Long", LONG)
    chance = random.Random(20261122)
    calls, prices = [], []
    for number in range(250):
        kind = chance.choice(["code", "long", "abroad"])
        phone = f"+1201{2_000_000 + number}" if kind == "abroad" else mainland(1_000 + number)
        template = {"template": "Long", "x": number} if kind == "long" else {}
        calls.append(ask(account, phone, **template))
        prices.append({"code": PRICE, "long": 3 * PRICE, "abroad": ABROAD}[kind])

    outcome = workers.run_mixed(calls)

    assert set(outcome.codes) == {0, REFUSED_TOO_LITTLE}
    after = books(account)
    # Nothing came in meanwhile, so what is left now is less than what was left at any refusal.
    refused = [price for code, price in zip(outcome.codes, prices, strict=True) if code]
    assert after.held < min(refused)
    sent = [price for code, price in zip(outcome.codes, prices, strict=True) if not code]
    assert sorted(int(record["price"]) for record in after.records) == sorted(sent)
    after.add_up()


def test_remainders_in_ten_items_are_spent_to_the_last_message(workers: Workers) -> None:
    # No item can pay one message alone: 0.045 yuan in each.
    account = new_account("remainders", credit=9 * PRICE, shards=10)

    outcome = workers.run_mixed([ask(account, mainland(2_000 + number)) for number in range(40)])

    assert Counter(outcome.codes) == {0: 9, REFUSED_TOO_LITTLE: 31}
    after = books(account)
    assert after.held == 0
    after.add_up()


@pytest.mark.parametrize("shards", [1, 10])
def test_a_daily_cap_is_reached_and_never_passed(workers: Workers, shards: int) -> None:
    cap = 60 * PRICE + PRICE // 2
    account = new_account(f"capped-{shards}", credit=1_000 * PRICE, shards=shards, cap=cap)

    outcome = workers.run_mixed([ask(account, mainland(3_000 + number)) for number in range(120)])

    assert Counter(outcome.codes) == {0: 60, REFUSED_BY_CAP: 60}
    after = books(account)
    assert after.charged == 60 * PRICE
    after.add_up()


def test_a_cap_and_a_balance_that_end_at_once_refuse_as_either(workers: Workers) -> None:
    account = new_account("both", credit=30 * PRICE, shards=10, cap=30 * PRICE)

    outcome = workers.run_mixed([ask(account, mainland(4_000 + number)) for number in range(60)])

    assert outcome.successes == 30
    assert set(outcome.codes) <= {0, REFUSED_TOO_LITTLE, REFUSED_BY_CAP}
    books(account).add_up()


def raise_items(account: Account, shards: int, cap: int) -> None:
    """Divide the balance among more items, as the console does."""
    apps.change(account.app_id, lambda app: replace(app, balance_shards=shards))
    day = days.of(datetime.now(UTC))
    balances.level(Account(account.app_id, shards), day=day, cap_micros=cap)


def test_raising_the_number_of_items_under_fire_passes_neither_cap_nor_balance(
    workers: Workers,
) -> None:
    cap = 60 * PRICE
    account = new_account("raised", credit=100 * PRICE, cap=cap)
    calls = [ask(account, mainland(7_000 + number)) for number in range(150)]

    with ThreadPoolExecutor() as threads:
        running = threads.submit(workers.run_mixed, calls)
        for shards in (2, 10, 25):
            raise_items(account, shards, cap)
        outcome = running.result()

    # Each function still remembers the number of items that it read first.
    assert Counter(outcome.codes) == {0: 60, REFUSED_BY_CAP: 90}
    books(account).add_up()


def test_two_hundred_requests_for_one_number_cost_one_message(workers: Workers) -> None:
    account = new_account("one-number", credit=300 * PRICE, shards=10)

    outcome = workers.run_mixed([ask(account, mainland(5_000))] * 200)

    assert outcome.successes == 1
    after = books(account)
    assert (len(after.records), after.held) == (1, 299 * PRICE)
    after.add_up()


def expiring(account: Account, number: int, at: datetime) -> Message:
    """A message accepted at `at`, paid for on that day, that nobody ever sent."""
    subject = Subject(account.app_id, Purpose.SMS, mainland(number))
    send = phones.Send(
        subject=subject,
        limits=limits.for_send(Kind.VERIFICATION, Channel.SMS, "s1"),
        request_id=f"{number:016x}",
        now=at,
        nonce=codes.new_nonce(),
        expires_at=int(at.timestamp()) + 600,
    )
    shard = number % account.shards
    message = Message(
        ref=MessageRef(account.app_id, messages.new_id(at, shards=8)),
        phone=subject.phone,
        kind=Kind.VERIFICATION,
        channel=Channel.SMS,
        purpose=Purpose.SMS,
        signature="Signet",
        signature_text="示例商城",
        created_at=send.seconds,
        expires_at=send.expires_at,
        nonce_tag=messages.nonce_tag(send.nonce or b""),
        segments=1,
        price=PRICE,
        balance_shard=shard,
        variables={"name": "示例应用", "ttl": "10"},
    )
    charge = Charge(account.app_id, PRICE, days.of(at), shard=shard, shards=account.shards)
    phones.accept(send, message, charge)
    return message


@pytest.fixture
def nothing_due(module_emulated: SimpleNamespace) -> None:
    """No messages of other tests, which the sweeper would look at too."""
    forget_records()


@pytest.mark.usefixtures("nothing_due")
@pytest.mark.parametrize("shards", [1, 5])
def test_sends_refunds_and_closings_at_once_leave_books_that_add_up(
    workers: Workers, shards: int
) -> None:
    account = new_account(f"all-at-once-{shards}", credit=20 * PRICE, shards=shards)
    before_yesterday = datetime.now(UTC) - timedelta(days=2)
    top_up(account, 30 * PRICE, at=before_yesterday)
    for number in range(30):
        expiring(account, number, before_yesterday)
    close = ("sweeper", {"task": "close_days"})
    sends = [ask(account, mainland(6_000 + number)) for number in range(100)]
    chance = random.Random(shards)
    calls = [*sends, *[("sweeper", {})] * 10, *[close] * 10]
    chance.shuffle(calls)

    outcome = workers.run_mixed(calls)

    after = books(account)
    assert len(after.records) == 30 + outcome.successes
    assert after.refunded == 30 * PRICE
    # What the app had, and whatever came back before the last was refused.
    assert 20 <= outcome.successes <= 50
    after.add_up()
    closed = [day for day in ledger.list_days(account, since="00000000") if day.charged]
    assert [day.messages for day in closed] == [30, outcome.successes]
    left = {name for item in balances.snapshot(account) for name in item}
    assert f"n{days.of(before_yesterday)}" not in left
