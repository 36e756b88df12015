"""Which item of a balance pays, when none can, and that no unit is lost on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import charges
from signet.charges import Charge, Purse
from signet.errors import BalanceTooLow, DailyCapReached, SignetError

DAY = "20261122"
CHARGE = Charge("signet-demo-app", 50, DAY, shards=3)
CAPPED = replace(CHARGE, cap_micros=300)


def purses(*held: int, spent: Sequence[int] = ()) -> list[Purse]:
    """Items that hold so much, and have paid so much today."""
    paid = [*spent, *[0] * len(held)]
    return [Purse(shard, micros, paid[shard]) for shard, micros in enumerate(held)]


def held(items: Sequence[Purse]) -> int:
    return sum(item.micros for item in items)


def spent(items: Sequence[Purse]) -> int:
    return sum(item.spent for item in items)


def room(charge: Charge, item: Purse) -> int | None:
    """What the item may still pay today, None without a cap."""
    share = replace(charge, shard=item.shard).cap_share
    return None if share is None else share - item.spent


def can_pay(charge: Charge, item: Purse) -> bool:
    left = room(charge, item)
    return item.micros >= charge.micros and (left is None or left >= charge.micros)


# --- Shares -----------------------------------------------------------------------------------


@given(st.integers(-(10**12), 10**12), st.integers(1, charges.MAX_SHARDS))
def test_the_shares_of_an_amount_add_up_to_it_and_differ_by_one_unit_at_most(
    amount: int, shards: int
) -> None:
    shares = [charges.share(amount, shard, shards) for shard in range(shards)]

    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 1


def test_one_item_has_the_whole_cap() -> None:
    assert replace(CAPPED, shards=1).cap_share == 300
    assert [replace(CAPPED, shard=shard).cap_share for shard in range(3)] == [100, 100, 100]
    assert CHARGE.cap_share is None


@pytest.mark.parametrize("shards", [1, 10, 64])
def test_the_first_choice_of_messages_spreads_evenly_over_all_items(shards: int) -> None:
    chosen = [charges.first_choice(f"20261122-3-{n:032x}", shards) for n in range(shards * 200)]

    assert set(chosen) == set(range(shards))
    assert max(chosen.count(shard) for shard in range(shards)) < 300


def test_the_first_choice_of_a_message_never_changes() -> None:
    assert [charges.first_choice("20261122-3-abc", 10) for _ in range(3)] == [9, 9, 9]


# --- Who pays ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "shard"),
    [
        (purses(50, 0, 0), 0),
        (purses(0, 50, 0), 1),
        (purses(49, 49, 50), 2),
        (purses(10**12, 0, 0), 0),
    ],
)
def test_another_item_pays_for_one_that_is_short(items: list[Purse], shard: int) -> None:
    for asked in range(3):
        assert charges.payer(replace(CHARGE, shard=asked), items) == replace(CHARGE, shard=shard)


def test_those_who_find_their_item_short_do_not_all_go_to_the_same_one() -> None:
    found = [charges.payer(replace(CHARGE, shard=asked), purses(90, 90, 90)) for asked in range(3)]

    assert {charge.shard for charge in found if charge} == {0, 1, 2}


@pytest.mark.parametrize("items", [purses(49, 1, 0), purses(17, 17, 17), purses(49, 49, 49)])
def test_nobody_pays_alone_what_all_have_together(items: list[Purse]) -> None:
    assert charges.payer(CHARGE, items) is None


@pytest.mark.parametrize(
    ("charge", "items", "error"),
    [
        (CHARGE, purses(49), BalanceTooLow),
        (CHARGE, purses(0, 0, 0), BalanceTooLow),
        (CHARGE, purses(16, 16, 17), BalanceTooLow),
        (CAPPED, purses(90, 90, 90, spent=[100, 100, 51]), DailyCapReached),
        (CAPPED, purses(0, 0, 0, spent=[300]), DailyCapReached),
        (replace(CAPPED, cap_micros=0), purses(90, 90, 90), DailyCapReached),
        (replace(CAPPED, cap_micros=49), purses(90, 90, 90), DailyCapReached),
        (CAPPED, purses(10, 10, 10), BalanceTooLow),
    ],
)
def test_a_refusal_says_what_all_together_cannot_pay(
    charge: Charge, items: list[Purse], error: type[SignetError]
) -> None:
    with pytest.raises(error):
        charges.payer(charge, items)


@pytest.mark.parametrize(
    ("items", "shard"),
    [
        (purses(90, 90, 90, spent=[100, 50, 100]), 1),
        (purses(90, 10, 90, spent=[100, 0, 0]), 2),
        (purses(90, 90, 90, spent=[-100, 200, 200]), 0),
    ],
)
def test_an_item_at_its_share_of_the_cap_does_not_pay(items: list[Purse], shard: int) -> None:
    assert charges.payer(CAPPED, items) == replace(CAPPED, shard=shard)


def test_money_in_one_item_and_room_under_the_cap_in_another_are_brought_together() -> None:
    items = purses(90, 10, 0, spent=[100, 0, 100])

    assert charges.payer(CAPPED, items) is None
    assert charges.payer(CAPPED, charges.gathered(CAPPED, items)) == replace(CAPPED, shard=0)


# --- Moving money between the items -----------------------------------------------------------

amounts = st.integers(0, 500)
items_of_three = st.tuples(amounts, amounts, amounts, amounts, amounts, amounts).map(
    lambda six: purses(*six[:3], spent=six[3:])
)
charges_of_three = st.builds(
    replace,
    st.just(CHARGE),
    micros=st.integers(1, 500),
    cap_micros=st.none() | st.integers(0, 2_000),
)


@given(charges_of_three, items_of_three)
def test_gathering_loses_nothing_and_leaves_all_room_with_the_first(
    charge: Charge, items: list[Purse]
) -> None:
    after = charges.gathered(charge, items)

    assert held(after) == held(items)
    assert [item.micros for item in after[1:]] == [0, 0]
    if charge.cap_micros is not None:
        assert spent(after) == spent(items)
        assert [room(charge, item) for item in after[1:]] == [0, 0]
        assert room(charge, after[0]) == charge.cap_micros - spent(items)


@given(charges_of_three, items_of_three)
def test_what_is_gathered_pays_unless_it_is_really_too_little(
    charge: Charge, items: list[Purse]
) -> None:
    too_low = held(items) < charge.micros
    capped = charge.cap_micros is not None and spent(items) + charge.micros > charge.cap_micros
    after = charges.gathered(charge, items)

    if too_low or capped:
        with pytest.raises(DailyCapReached if capped else BalanceTooLow):
            charges.payer(charge, after)
    else:
        assert charges.payer(charge, after) == replace(charge, shard=0)


@given(charges_of_three, items_of_three)
def test_levelling_loses_nothing_and_shares_money_and_room_evenly(
    charge: Charge, items: list[Purse]
) -> None:
    after = charges.levelled(charge, items)

    assert [item.micros for item in after] == [
        charges.share(held(items), shard, 3) for shard in range(3)
    ]
    if charge.cap_micros is not None:
        left = charge.cap_micros - spent(items)
        assert spent(after) == spent(items)
        assert [room(charge, item) for item in after] == [
            charges.share(left, shard, 3) for shard in range(3)
        ]


@dataclass
class Account:
    """A balance as the store keeps it, for one caller after another."""

    items: list[Purse]

    def send(self, charge: Charge) -> SignetError | None:
        """Debit as `store.balances` does: the first choice, another one, all gathered."""
        try:
            if not can_pay(charge, self.items[charge.shard]):
                charge = self._find(charge)
        except SignetError as refusal:
            return refusal
        paying = self.items[charge.shard]
        self.items[charge.shard] = Purse(
            paying.shard, paying.micros - charge.micros, paying.spent + charge.micros
        )
        return None

    def _find(self, charge: Charge) -> Charge:
        found = charges.payer(charge, self.items)
        if found is None:
            self.items = charges.gathered(charge, self.items)
            found = charges.payer(charge, self.items)
        assert found is not None
        assert can_pay(found, self.items[found.shard])
        return found


# In units as large as prices are: what matters is how they divide.
steps = st.lists(
    st.tuples(st.sampled_from(["send", "credit", "cap"]), st.integers(1, 60), st.integers(0, 9)),
    max_size=60,
)


@given(steps, st.integers(1, 10), st.integers(0, 300), st.none() | st.integers(0, 300))
def test_any_run_of_sends_is_refused_only_when_all_there_is_does_not_suffice(
    run: list[tuple[str, int, int]], shards: int, opening: int, cap: int | None
) -> None:
    shares = [charges.share(opening, shard, shards) for shard in range(shards)]
    account = Account(purses(*shares))
    credited, charged = opening, 0
    for step, amount, chance in run:
        if step == "credit":
            shard = chance % shards
            item = account.items[shard]
            account.items[shard] = replace(item, micros=item.micros + amount)
            credited += amount
            continue
        charge = Charge("app", amount, DAY, chance % shards, shards, cap)
        if step == "cap":
            cap = charged + amount - 20 if cap is not None else None
            account.items = charges.levelled(replace(charge, cap_micros=cap), account.items)
            continue

        refusal = account.send(charge)

        expected: type[SignetError] | None = None
        if cap is not None and charged + amount > cap:
            expected = DailyCapReached
        elif credited - charged < amount:
            expected = BalanceTooLow
        assert (type(refusal) if refusal else None) is expected
        charged += 0 if refusal else amount
        assert all(item.micros >= 0 for item in account.items)
        assert held(account.items) == credited - charged
        assert spent(account.items) == charged
