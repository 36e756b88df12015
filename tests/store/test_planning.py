"""What a planner reads of apps, their words and the deployment's prices."""

from dataclasses import replace
from types import SimpleNamespace

from signet.apps import Guard, ReviewState, Signature, Switches, Use
from signet.limits import Kind
from signet.planning import Reach
from signet.store import deployment, planning
from signet.store.apps import AppItem
from signet.templates import Template
from tests.conftest import DEMO_APP, record_app
from tests.store.build import APP_ID, NOW, put_signature


def test_whom_an_app_may_text_and_as_whom(tables: SimpleNamespace) -> None:
    switches, guard = Switches(international=True), Guard(countries=("44", "86"))
    record_app(replace(DEMO_APP, company="示例公司", switches=switches, guard=guard))

    assert planning.reach(APP_ID) == Reach("示例应用", "示例公司", switches, guard)


def test_the_words_in_use(tables: SimpleNamespace) -> None:
    signature = Signature("Shop", "示例商城", "s2", use=Use.MARKETING, version=3)
    put_signature(APP_ID, signature)
    AppItem(
        APP_ID, "template#Sale", kind="marketing", text="八折", version=2, state="approved"
    ).save()

    assert planning.signature(APP_ID, "Shop") == signature
    assert planning.template(APP_ID, "Sale") == Template("Sale", Kind.MARKETING, "八折", 2)


def test_a_template_of_which_no_version_is_in_use(tables: SimpleNamespace) -> None:
    AppItem(APP_ID, "template#Sale", kind="marketing", version=0, state="pending").save()

    found = planning.template(APP_ID, "Sale")

    assert found == Template("Sale", Kind.MARKETING, "", 0, ReviewState.PENDING)


def test_the_prices_that_an_operator_has_set(tables: SimpleNamespace) -> None:
    assert planning.prices() == {}

    deployment.set_prices({"86": 45_000}, by="operator", now=NOW)

    assert planning.prices() == {"86": 45_000}


def test_what_is_not_there_is_none(tables: SimpleNamespace) -> None:
    assert planning.reach("nobody") is None
    assert planning.template("nobody", "Sale") is None
    assert planning.signature("nobody", "Shop") is None
