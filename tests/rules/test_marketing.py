"""What becomes of a marketing message at the moment of sending."""

from datetime import timedelta
from typing import Any, NoReturn

import pytest

from signet import marketing
from signet.apps import Cap
from signet.errors import BadParameter
from signet.limits import Kind
from signet.marketing import Drop, Facts, Hold, Verdict
from signet.quiet_hours import Window
from tests.rules.test_quiet_hours import CHINA, at
from tests.store.build import new_message, new_send

FACTS = Facts(company="天东公司", sms=True, cap=Cap(2, 7), window=None)
NOON, NIGHT = at("2026-11-27T12:00", "Asia/Shanghai"), at("2026-11-27T22:00", "Asia/Shanghai")
MORNING = at("2026-11-28T08:00", "Asia/Shanghai")


def nobody_asks() -> NoReturn:
    raise AssertionError


@pytest.mark.parametrize(
    ("facts", "key", "is_out", "now", "verdict"),
    [
        (FACTS, CHINA, False, NOON, None),
        (FACTS, CHINA, True, NOON, Drop("opted out")),
        (FACTS, CHINA, False, NIGHT, Hold(MORNING)),
        (FACTS, "", False, NIGHT, None),
        (FACTS._replace(window=Window(780, 840)), CHINA, False, NOON, Hold(at("2026-11-27T05:00"))),
        (FACTS._replace(company=None), CHINA, False, NOON, Drop("no company")),
        (FACTS._replace(company=""), CHINA, False, NIGHT, Drop("no company")),
        (FACTS._replace(sms=False), CHINA, False, NOON, Drop("sms off")),
    ],
)
def test_it_is_sent_held_or_dropped(
    facts: Facts, key: str, is_out: bool, now: Any, verdict: Verdict
) -> None:
    assert marketing.verdict(facts, key, is_out=lambda: is_out, now=now) == verdict


@pytest.mark.parametrize("facts", [FACTS, FACTS._replace(company=None)])
def test_opt_outs_are_looked_up_only_of_what_would_be_sent(facts: Facts) -> None:
    assert marketing.verdict(facts, CHINA, is_out=nobody_asks, now=NIGHT)


def test_a_held_message_lives_from_its_opening_on() -> None:
    message = new_message(new_send(kind=Kind.MARKETING), kind=Kind.MARKETING)

    held = marketing.held(message, MORNING)

    assert held.held_until == MORNING.timestamp()
    assert held.expires_at == (MORNING + timedelta(hours=12)).timestamp()


# --- The cap ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "cap"),
    [
        ({}, None),
        ({"cap": None}, None),
        ({"cap": {"count": 1, "days": 30}}, Cap(1, 30)),
        ({"cap": {"count": 10, "days": 1}}, Cap(10, 1)),
    ],
)
def test_a_cap_is_read_and_shown(given: dict[str, Any], cap: Cap | None) -> None:
    assert marketing.cap({"marketing": given}) == cap
    assert marketing.shown(cap) == {"cap": given.get("cap")}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (None, "marketing"),
        ({"hours": "9-17"}, "hours"),
        ({"cap": 2}, "cap"),
        ({"cap": {"count": 2}}, "days"),
        ({"cap": {"count": 0, "days": 7}}, "count"),
        ({"cap": {"count": 11, "days": 7}}, "count"),
        ({"cap": {"count": True, "days": 7}}, "count"),
        ({"cap": {"count": 2, "days": 31}}, "days"),
        ({"cap": {"count": 2, "days": 7, "hours": 1}}, "hours"),
    ],
)
def test_what_is_no_cap_is_refused_by_its_name(given: object, named: str) -> None:
    with pytest.raises(BadParameter, match=named):
        marketing.cap({"marketing": given})
