"""What is read of an app without its keys."""

from dataclasses import replace
from types import SimpleNamespace

from signet.apps import Guard, Switches
from signet.planning import Reach
from signet.store import reach
from tests.conftest import DEMO_APP, record_app


def test_whom_an_app_may_text_and_as_whom(tables: SimpleNamespace) -> None:
    switches, guard = Switches(international=True), Guard(countries=("44", "86"))
    record_app(replace(DEMO_APP, company="示例公司", switches=switches, guard=guard))

    assert reach.get(DEMO_APP.app_id) == Reach("示例应用", "示例公司", switches, guard)


def test_an_app_that_is_not_there_reaches_nobody(tables: SimpleNamespace) -> None:
    assert reach.get("nobody") is None
