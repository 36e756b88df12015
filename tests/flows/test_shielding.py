"""Who is judged by the shield, what they are told, and what is kept of it."""

from dataclasses import replace
from typing import Any

import pytest

from signet.apps import App, Guard, Switches
from signet.credentials import Authority
from signet.errors import CaptchaMissing, SignetError, TooFrequent, Unavailable
from signet.flows.shielding import Asked, Passage, let_pass
from signet.limits import Kind
from signet.shield import Lock, Step, Verdict
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeShield
from tests.store.build import NOW, PHONE, SECONDS, new_message, new_send

ADDRESS = "203.0.113.7"


def lock(step: Step) -> Lock:
    return Lock("c86", step, "share", 31, 2, 20, 600, SECONDS - 60, SECONDS + 540)


def verdict(step: Step) -> Verdict:
    return Verdict(step, lock(step), retry_after=540)


def asked(
    app: App = DEMO_APP,
    authority: Authority = Authority.CLIENT,
    kind: Kind = Kind.VERIFICATION,
    *,
    address: str | None = ADDRESS,
    solved: bool = False,
) -> Asked:
    message = new_message(new_send(kind=kind), price=50_000, kind=kind)
    return Asked(app, authority, address, message, solved, NOW)


def passed(shield: FakeShield, **options: Any) -> Passage | None:
    return let_pass(shield.stores, asked(**options))


def test_a_client_is_judged_by_number_and_address() -> None:
    shield = FakeShield()

    assert passed(shield) is not None
    ((attempt, _),) = shield.asked
    assert attempt.phone == PHONE
    assert attempt.address is not None
    assert ADDRESS not in attempt.address
    assert not attempt.solved


def test_addresses_are_counted_by_app() -> None:
    shield = FakeShield()

    for app in (DEMO_APP, replace(DEMO_APP, app_id="another-app")):
        passed(shield, app=app)

    one, other = (attempt.address for attempt, _ in shield.asked)
    assert one != other


@pytest.mark.parametrize(
    ("options", "verifies", "solved"),
    [
        ({}, True, False),
        ({"solved": True}, True, True),
        ({"authority": Authority.MASTER, "address": None}, True, True),
        ({"kind": Kind.NOTIFICATION}, False, False),
        ({"app": replace(DEMO_APP, switches=Switches(captcha=False))}, True, True),
    ],
    ids=["client", "with a captcha", "server", "notification", "no captcha to be had"],
)
def test_who_cannot_solve_anything_is_asked_to_solve_nothing(
    options: dict[str, Any], verifies: bool, solved: bool
) -> None:
    shield = FakeShield()

    passed(shield, **options)

    ((attempt, _),) = shield.asked
    assert (attempt.verifies, attempt.solved) == (verifies, solved)


def test_a_servers_notification_is_not_judged() -> None:
    shield = FakeShield(verdict(Step.REFUSE), enforces=True)

    assert passed(shield, authority=Authority.MASTER, kind=Kind.NOTIFICATION) is None
    assert shield.asked == []


def test_the_apps_list_goes_along() -> None:
    shield = FakeShield()

    passed(shield, app=replace(DEMO_APP, guard=Guard(allowed=("+86186",))))

    assert shield.asked[0][1] == ("+86186",)


@pytest.mark.parametrize(
    ("step", "error", "code", "wait"),
    [(Step.CHALLENGE, CaptchaMissing, 608, None), (Step.REFUSE, TooFrequent, 601, 540)],
)
def test_a_stopped_send_is_told_why_and_recorded(
    step: Step, error: type[SignetError], code: int, wait: int | None
) -> None:
    shield = FakeShield(verdict(step), enforces=True)

    with pytest.raises(error) as stopped:
        passed(shield)

    assert (stopped.value.code, stopped.value.retry_after) == (code, wait)
    (made,) = shield.decisions
    assert (made.step, made.enforced, made.node, made.rule) == (step, True, "c86", "share")
    assert (made.sent, made.verified, made.threshold, made.window) == (31, 2, 20, 600)
    assert (made.phone, made.price_micros) == (PHONE, 50_000)
    assert shield.flushes == 1


@pytest.mark.parametrize("step", [Step.CHALLENGE, Step.REFUSE])
def test_an_observed_decision_stops_nothing(step: Step) -> None:
    shield = FakeShield(verdict(step))

    assert passed(shield) is not None
    assert [made.enforced for made in shield.decisions] == [False]


def test_who_knows_nothing_refuses_where_it_is_enforced() -> None:
    with pytest.raises(Unavailable):
        passed(FakeShield(Unavailable(), enforces=True))


def test_who_knows_nothing_lets_pass_where_it_is_observed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert passed(FakeShield(Unavailable())) is None
    assert "shield_unavailable" in caplog.text


def test_a_decision_that_cannot_be_kept_is_still_made(caplog: pytest.LogCaptureFixture) -> None:
    shield = FakeShield(verdict(Step.REFUSE), enforces=True, recording_fails=True)

    with pytest.raises(TooFrequent):
        passed(shield)
    assert "decision_not_recorded" in caplog.text
    assert PHONE not in caplog.text
