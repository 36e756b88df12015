"""What senders may know of an app for its marketing."""

from dataclasses import replace

import pytest

from signet.apps import App, Cap, Switches
from signet.marketing import Facts
from signet.quiet_hours import Window
from signet.store import apps, marketing
from tests.conftest import DEMO_APP, record_app

pytestmark = pytest.mark.usefixtures("tables")


@pytest.mark.parametrize(
    ("app", "facts"),
    [
        (DEMO_APP, Facts(None, True, None, None)),
        (
            replace(DEMO_APP, company="天东公司", marketing_cap=Cap(2, 7)),
            Facts("天东公司", True, Cap(2, 7), None),
        ),
        (replace(DEMO_APP, switches=Switches(sms=False)), Facts(None, False, None, None)),
    ],
)
def test_the_facts_are_those_of_the_app(app: App, facts: Facts) -> None:
    record_app(app)
    assert marketing.facts(app.app_id) == facts


def test_an_app_that_is_gone_may_send_nothing() -> None:
    assert marketing.facts("nobody") == Facts(None, False, None, None)


def test_the_deployments_hours_are_among_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNET_QUIET_HOURS", "09:00-19:30")
    record_app(DEMO_APP)

    assert marketing.facts(DEMO_APP.app_id).window == Window(540, 1_170)


@pytest.mark.parametrize("cap", [Cap(1, 30), None])
def test_an_app_keeps_its_cap(cap: Cap | None) -> None:
    record_app(replace(DEMO_APP, marketing_cap=Cap(2, 7)))

    changed = apps.change(DEMO_APP.app_id, lambda app: replace(app, marketing_cap=cap))

    assert changed.marketing_cap == cap
    found = apps.read(DEMO_APP.app_id)
    assert found
    assert found.marketing_cap == cap
