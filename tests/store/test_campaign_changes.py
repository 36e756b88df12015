"""Changes of a campaign's record, told in the trail and paid, under the condition it was seen."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from signet.audits import Entry
from signet.campaigns import Campaign, Content, Schedule, State, Stops
from signet.errors import Missing
from signet.limits import Kind
from signet.store import campaign_charges
from signet.store import campaigns as store
from signet.store.campaigns import Overtaken
from tests.store.build import APP_ID, NOW, balance_item, dynamodb_table, give, new_charge

CAMPAIGN = Campaign(
    app_id=APP_ID,
    campaign_id="c1",
    version=1,
    name="会员日",
    state=State.DRAFT,
    content=Content(Kind.MARKETING, "Member_Sale", 1, "promo", "示例商城", "a1"),
    schedule=Schedule(),
    pace=50,
    stops=Stops(),
    created_at=1,
    updated_at=1,
    created_by="owner:app",
)
ENTRY = Entry(NOW, "owner:app", "start", "campaign:会员日")

Change = Callable[[Campaign], Campaign]


@pytest.fixture(autouse=True)
def recorded(tables: SimpleNamespace) -> None:
    store.create(CAMPAIGN, replace(ENTRY, action="create"))


def renamed(campaign: Campaign) -> Campaign:
    return replace(campaign, name=f"{campaign.name}!")


def meanwhile(change: Change, other: Callable[[], object]) -> Change:
    """The change, before whose first try somebody else does something."""
    tries: list[Campaign] = []

    def changed(before: Campaign) -> Campaign:
        tries.append(before)
        if len(tries) == 1:
            other()
        return change(before)

    return changed


def actions() -> list[str]:
    items = dynamodb_table("apps").scan()["Items"]
    return sorted(str(one["action"]) for one in items if "action" in one)


def test_a_change_that_is_told_meets_another_and_is_made_after_it() -> None:
    other = partial(store.change, APP_ID, "c1", renamed)
    told = store.trailed(lambda after: replace(ENTRY, action="edit", version=after.version))

    after = store.change(APP_ID, "c1", meanwhile(renamed, other), also=told)

    assert after.name == "会员日!!"
    assert store.get(APP_ID, "c1") == after
    assert actions() == ["create", "edit"]


def test_a_change_that_is_not_paid_is_none_and_says_so() -> None:
    give(49_999)
    paid = campaign_charges.paid(new_charge(50_000), ENTRY)
    with pytest.raises(Overtaken):
        store.change(APP_ID, "c1", renamed, also=paid)
    assert store.get(APP_ID, "c1") == CAMPAIGN
    assert actions() == ["create"]


def test_a_paid_change_that_meets_another_is_paid_once() -> None:
    give(100_000)
    paid = campaign_charges.paid(new_charge(50_000), ENTRY)
    other = partial(store.change, APP_ID, "c1", renamed)

    store.change(APP_ID, "c1", meanwhile(renamed, other), also=paid)

    assert balance_item()["balance"] == 50_000
    assert actions() == ["create", "start"]


def test_what_was_deleted_meanwhile_is_missing() -> None:
    delete = partial(store.delete, APP_ID, "c1", ENTRY)
    told = store.trailed(lambda _: ENTRY)
    with pytest.raises(Missing):
        store.change(APP_ID, "c1", meanwhile(renamed, delete), also=told)
    with pytest.raises(Missing):
        store.get(APP_ID, "c1")
    assert actions() == ["create", "start"]


def test_only_a_draft_is_deleted() -> None:
    store.change(APP_ID, "c1", lambda one: replace(one, state=State.SCHEDULED))
    with pytest.raises(Missing):
        store.delete(APP_ID, "c1", ENTRY)
    assert store.get(APP_ID, "c1").state is State.SCHEDULED
