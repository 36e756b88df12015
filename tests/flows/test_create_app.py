"""Creating an app: all of it or nothing, with free credit that the ledger explains."""

import re
from dataclasses import replace

import pytest

from signet.apps import App, Cap, Key, Signature, Switches, TestPhone
from signet.errors import BadParameter, NameTaken
from signet.flows.create_app import NewApp, create_app
from signet.store import apps, balances, ledger
from signet.store.balances import Account
from signet.store.ledger import Credit, Day
from tests.store.build import NOW, PRICE, SECONDS, TODAY, balance_items, ledger_items, put

pytestmark = pytest.mark.usefixtures("tables")

NEW = NewApp("示例应用", app_id="signet-new-app", app_key="key-of-it", master_key="master-of-it")


def test_an_app_that_is_only_named_gets_id_and_keys_nobody_can_guess() -> None:
    first, second = (create_app(NewApp("示例应用"), now=NOW) for _ in range(2))

    assert re.fullmatch("[A-Za-z0-9]{24}", first.app_id)
    assert re.fullmatch("[A-Za-z0-9]{24}", first.app_key.current)
    assert re.fullmatch("[A-Za-z0-9]{32}", first.master_key.current)
    values = [(app.app_id, app.app_key.current, app.master_key.current) for app in (first, second)]
    assert len({value for each in values for value in each}) == 6


def test_what_is_known_of_an_app_is_kept() -> None:
    new = replace(
        NEW,
        signature=Signature("Signet", "示例商城", "s1"),
        company="示例公司",
        personal=True,
        test_phone=TestPhone("+8618200008888", "246810"),
        created_by="demo",
        separate_review=True,
        switches=Switches(bulk_needs_master_key=False),
    )

    create_app(new, now=NOW)

    assert apps.get("signet-new-app") == App(
        app_id="signet-new-app",
        name="示例应用",
        app_key=Key("key-of-it"),
        master_key=Key("master-of-it"),
        switches=Switches(bulk_needs_master_key=False),
        default_signature=new.signature,
        test_phone=new.test_phone,
        company="示例公司",
        personal=True,
        created_by="demo",
        separate_review=True,
        marketing_cap=Cap(2, 7),
    )
    assert apps.signature("signet-new-app", "Signet") == new.signature


def test_a_new_app_has_five_yuan_of_which_the_ledger_knows() -> None:
    create_app(NEW, now=NOW)

    account = Account("signet-new-app")
    assert balances.balance(account) == 5_000_000
    assert 5_000_000 // PRICE == 100
    assert ledger.credits("signet-new-app", limit=9) == [
        Credit(5_000_000, SECONDS, "signet", "opening")
    ]
    assert ledger.list_days(account, since=TODAY) == [Day(TODAY, credited=5_000_000)]
    ledger.check(account)


@pytest.mark.parametrize("micros", [0, 100_000_000])
def test_whoever_creates_an_app_may_say_what_it_has(micros: int) -> None:
    create_app(NEW, now=NOW, credit_micros=micros)

    assert balances.balance(Account("signet-new-app")) == micros
    ledger.check(Account("signet-new-app"))


def test_an_id_is_given_once_and_the_first_app_stays_as_it_was() -> None:
    create_app(NEW, now=NOW)

    with pytest.raises(NameTaken, match="signet-new-app"):
        create_app(replace(NEW, name="thief", app_key="another-key"), now=NOW, credit_micros=7)

    found = apps.get("signet-new-app")
    assert found is not None
    assert (found.name, found.app_key) == ("示例应用", Key("key-of-it"))
    assert balances.balance(Account("signet-new-app")) == 5_000_000


def test_an_id_whose_balance_is_still_there_is_not_given_again() -> None:
    put("balances", pk="signet-new-app#0", balance=3)

    with pytest.raises(NameTaken):
        create_app(NEW, now=NOW)

    assert apps.get("signet-new-app") is None
    assert ledger_items("signet-new-app") == {}


@pytest.mark.parametrize(
    "app_id",
    ["FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz", "123456789", "x" * 64, "a_b-c_d-e"],
)
def test_an_id_of_leancloud_can_be_kept(app_id: str) -> None:
    assert create_app(replace(NEW, app_id=app_id), now=NOW).app_id == app_id


@pytest.mark.parametrize(
    "app_id",
    [
        "",
        "12345678",
        "x" * 65,
        "FFnN2hso42Wej3pWq4X5qlu4-MdYXbMMI",
        "signet#demo",
        "signet/demo",
        "signet demo",
        "#deployment",
        "应用应用应用应用应用",
        "signet-demo\n",
    ],
)
def test_an_id_that_no_sdk_or_table_would_take_is_refused_and_leaves_nothing(app_id: str) -> None:
    with pytest.raises(BadParameter, match="app id"):
        create_app(replace(NEW, app_id=app_id), now=NOW)

    assert balance_items(app_id) == []
