"""Days of marketing to numbers all over the world: request, sweeper and sender.

Each number is asked for once: one half at any time of a day, the other just before its hours end.
The queue hands over a quarter of an hour late, so that those meet the end on their way. The hours
that are checked here are this test's own, and so is the arithmetic.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from signet import phones
from signet.apps import App, Guard
from signet.errors import PhoneInvalid
from signet.phones import dial_code
from tests.functions.marketing import (
    COMPANY,
    advertise,
    put_words,
    recording_carrier,
    stopped_clock,
)
from tests.functions.service import Service
from tests.store import build
from tests.store.build import message_items

START = datetime(2026, 10, 24, 15, 0, tzinfo=UTC)
STEP = timedelta(minutes=15)
A_DAY = 24 * 4
PRICE = 500_000
# Country -> hours of the law, in minutes, and weekdays; all others as None.
HOURS: dict[str | None, tuple[int, int, range]] = {
    "US": (480, 1_260, range(1, 8)),
    "KR": (480, 1_260, range(1, 8)),
    "IN": (600, 1_260, range(1, 8)),
    "FR": (510, 1_200, range(1, 7)),
    "KZ": (540, 1_200, range(1, 8)),
    None: (480, 1_200, range(1, 8)),
}


def _number_in(zone: str) -> str | None:
    """A number that gets SMS and lies in that zone only, by the real data."""
    prefixes = sorted(prefix for prefix, zones in TIMEZONE_DATA.items() if zones == (zone,))
    for prefix in prefixes[:40]:
        for filled in ("5550123456789", "2345678901234", "7123456789012", "9123456789012"):
            for length in range(9, 15):
                try:
                    return phones.parse(f"+{(prefix + filled)[:length]}").e164
                except PhoneInvalid:
                    continue
    return None


ZONES = sorted({zone for zones in TIMEZONE_DATA.values() for zone in zones})
IN_ONE_ZONE = {zone: number for zone in ZONES if (number := _number_in(zone))}
IN_SEVERAL = ("+79161234567", "+61412345678", "+351912345678", "+34612345678")
NUMBERS = [*random.Random(7).sample(sorted(IN_ONE_ZONE.values()), 75), *IN_SEVERAL]
NUMBERS += [n for n in ("+12025550123", "+33612345678", "+919876543210") if n not in NUMBERS]


def _may_be_sent(number: str, now: datetime) -> bool:
    """By the clocks of all zones that the number may lie in."""
    parsed = phonenumbers.parse(number)
    region = phonenumbers.region_code_for_number(parsed)
    opens, closes, days = HOURS.get(region, HOURS[None])
    clocks = [now.astimezone(ZoneInfo(zone)) for zone in _zones(number)]
    return all(
        opens <= clock.hour * 60 + clock.minute < closes and clock.isoweekday() in days
        for clock in clocks
    )


def _zones(number: str) -> tuple[str, ...]:
    """Where the number lies: the longest of its prefixes that is known."""
    if number in IN_SEVERAL:
        return TIMEZONE_DATA[dial_code(number)]
    digits = number.removeprefix("+")
    known = (digits[:length] for length in range(len(digits), 0, -1))
    return TIMEZONE_DATA[next(prefix for prefix in known if prefix in TIMEZONE_DATA)]


@pytest.fixture
def world(
    deployment: Service, make_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> Service:
    """A company that may send marketing anywhere."""
    dials = sorted({dial_code(number) for number in NUMBERS})
    make_app(
        company=COMPANY.company,
        guard=Guard(countries=tuple(dials)),
        switches={"international": True},
    )
    put_words()
    prices = json.dumps(dict.fromkeys(dials, PRICE))
    build.put("apps", app_id="#deployment", item="settings", prices=prices)
    return deployment


def test_no_message_is_sent_outside_its_hours_and_none_is_dropped(
    world: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = stopped_clock(monkeypatch)
    sent: list[datetime] = []
    carrier = recording_carrier(monkeypatch, on_submit=lambda: sent.append(hands.now))
    zones = {zone for number in NUMBERS for zone in _zones(number)}
    offsets = {START.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}
    assert len(zones) >= 40
    assert len(offsets) >= 24
    wanted = _asked_for()
    late = {number for number, step in wanted.items() if _ends_after(number, step)}
    assert len(late) > 30

    queued: list[dict[str, object]] = []
    for step in range(3 * A_DAY):
        hands.now = START + step * STEP
        assert not queued or world.send(queued) == []
        for number in (number for number, at in wanted.items() if at == step):
            assert advertise(world, number).code == 0
        world.sweep()
        queued = _everything(world)

    assert Counter(message.phone for message in carrier.handed) == Counter(NUMBERS)
    assert {item["state"] for item in message_items()} == {"awaiting_receipt"}
    outside = [
        (message.phone, f"{at:%d %H:%M}")
        for message, at in zip(carrier.handed, sent, strict=True)
        if not _may_be_sent(message.phone, at)
    ]
    assert outside == []
    held = {item["app_phone"].partition("#")[2] for item in message_items() if "held_until" in item}
    assert late < held < set(NUMBERS)
    assert build.held() == 100_000_000 - PRICE * len(NUMBERS)


def _asked_for() -> dict[str, int]:
    """The step at which each number is asked for."""
    chance = random.Random(11)
    wanted = {number: chance.randrange(A_DAY) for number in NUMBERS}
    for number in NUMBERS[::2]:
        ends = (step for step in range(A_DAY) if _ends_after(number, step))
        wanted[number] = next(ends, wanted[number])
    return wanted


def _ends_after(number: str, step: int) -> bool:
    """Whether the number's hours end before the queue hands over what was put then."""
    now = START + step * STEP
    return _may_be_sent(number, now) and not _may_be_sent(number, now + STEP)


def _everything(service: Service) -> list[dict[str, object]]:
    """All that lies in the bulk queue."""
    found: list[dict[str, object]] = []
    while some := service.queued_in_bulk():
        found += some
    return found
