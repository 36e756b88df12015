"""The shield through the functions: what callers, phones and owners see of an attack."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from functions.guard import app as guard_function
from signet.apps import App
from signet.store import apps, deployment, shield, table
from tests.conftest import WORLD
from tests.functions.console_calls import OPERATOR, Reply, call, owner
from tests.functions.service import APP_KEY, MASTER_KEY, PHONE, Service
from tests.functions.test_captcha import proved
from tests.store.build import NOW

APP_ID = "signet-demo-app"
ABROAD = {"guard": WORLD, "switches": {"international": True}, "credit_micros": 10**9}
MakeApp = Callable[..., App]


def victim(place: int) -> str:
    """A number in one range of ten thousand: +998 99 394 xxxx."""
    return f"+99899394{place * 37 % 10_000:04d}"


@pytest.fixture
def attacked(deployment: Service, make_app: MakeApp, stopped: None) -> Service:
    """An app that sends to Uzbekistan, at a price."""
    make_app(**ABROAD)
    price()
    return deployment


def price() -> None:
    deployment.set_prices({"998": 400_000}, by=OPERATOR, now=NOW)


def enforce() -> None:
    deployment.set_enforcing(on=True, by=OPERATOR, now=NOW)


def attack(service: Service, requests: int, *, start: int = 0, **options: Any) -> list[int]:
    """LeanCloud's numbers in the answers to requests for one range, 0 for a success."""
    return [
        service.request(victim(place), **options).code for place in range(start, start + requests)
    ]


def guarded(path: str = "", body: object = None, **query: str) -> Reply:
    method = "GET" if body is None else "POST"
    place = f"/console/api/guard{path}"
    return call(method, place, body, headers=owner(), query=query, handler=guard_function.handler)


def test_while_it_observes_nothing_is_refused_and_the_report_says_what_would_be(
    attacked: Service,
) -> None:
    assert attack(attacked, 40) == [0] * 40

    found = guarded().body
    assert found["shield"] == "observe"
    assert found["refused"] == found["challenged"] == {"count": 0, "price_micros": 0}
    would = found["would_refuse"]["count"] + found["would_challenge"]["count"]
    assert 10 <= would <= 35
    assert found["would_refuse"]["price_micros"] == found["would_refuse"]["count"] * 400_000


def test_where_it_enforces_a_captcha_is_asked_for_and_then_nothing_is_sent(
    attacked: Service,
) -> None:
    enforce()
    answers = attack(attacked, 40)

    first = answers.index(608)
    assert first <= 15
    assert set(answers[first:]) == {608}
    # Whoever solves every captcha is stopped a little later.
    solved = [
        attacked.request(victim(place), validate_token=proved()).code for place in range(40, 60)
    ]
    assert solved[0] == 0
    assert solved[-1] == 601
    refused = attacked.request(victim(99), validate_token=proved())
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert refused.body["retry_after"] == int(refused.headers["Retry-After"])


def test_a_refused_request_burns_no_captcha_and_no_limit(attacked: Service) -> None:
    enforce()
    attack(attacked, 40)
    for place in range(40, 60):
        attacked.request(victim(place), validate_token=proved())
    token = proved()

    assert attacked.request(victim(99), validate_token=token).code == 601
    assert attacked.request(PHONE, validate_token=token).code == 0


def test_other_numbers_of_the_country_go_on(attacked: Service) -> None:
    enforce()
    attack(attacked, 40)

    assert attacked.request("+998901234567").code == 0
    assert attacked.request(PHONE).code == 0


def test_another_app_is_not_touched(attacked: Service, make_app: MakeApp) -> None:
    enforce()
    make_app(app_id="another-app", **ABROAD)
    attack(attacked, 40)

    other = {**APP_KEY, "X-LC-Id": "another-app"}
    assert attacked.request(victim(77), headers=other).code == 0


def test_codes_that_are_used_close_nothing(attacked: Service) -> None:
    enforce()
    for place in range(40):
        code = attacked.code(number=victim(place))
        assert attacked.verify(code, victim(place)).code == 0


def test_one_address_that_asks_for_everybody_is_stopped(
    deployment: Service, make_app: MakeApp, advance: Callable[[int], None]
) -> None:
    make_app(credit_micros=10**9)
    enforce()
    codes = []
    for place in range(120):
        codes.append(deployment.request(f"+861{38 + place % 7}{place * 8_191 % 10**8:08d}").code)
        advance(2)

    # Until a minute has passed, they might all still be typed.
    assert codes[:20] == [0] * 20
    assert {*codes[70:]} <= {601, 608}
    # A server calls for all of its users.
    assert deployment.request(PHONE, headers=MASTER_KEY).code == 0
    by_proxy = {**MASTER_KEY, "X-Client-IP": "198.51.100.9"}
    assert deployment.request("+8618612345679", headers=by_proxy).code == 0


def test_an_allowed_range_is_left_alone(deployment: Service, make_app: MakeApp) -> None:
    from dataclasses import replace

    make_app(**ABROAD | {"guard": replace(WORLD, allowed=("+99899394",))})
    price()
    enforce()

    assert attack(deployment, 40) == [0] * 40
    assert guarded("/locks").body == {"locks": [], "lifted": []}


def test_a_lock_is_shown_and_lifted(attacked: Service) -> None:
    enforce()
    attack(attacked, 40)

    found = guarded("/locks").body["locks"]
    lock = next(one for one in found if one["label"] == "+99899394")
    assert (lock["level"], lock["step"]) == ("ten_thousand", "challenge")
    assert lock["unverified"] >= lock["threshold"] > 0
    assert lock["window_seconds"] == 600

    for one in found:
        assert guarded("/locks/lift", {"node": one["node"]}).body == {}
    shield.CONTAINERS.forget()

    assert attacked.request(victim(88)).code == 0
    left = guarded("/locks").body
    assert left["locks"] == []
    assert {one["by"] for one in left["lifted"]} == {f"owner:{APP_ID}"}
    assert guarded("/locks/lift", {"node": found[0]["node"]}).refusal == (404, 101)


def test_every_decision_is_a_record_with_its_reason(attacked: Service) -> None:
    enforce()
    answers = attack(attacked, 40)

    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = guarded("/decisions", limit="7", **({"cursor": cursor} if cursor else {})).body
        items += page["items"]
        cursor = page["cursor"]
        if not cursor:
            break
    assert len(items) == answers.count(608)
    assert len({one["id"] for one in items}) == len(items)
    for one in items:
        assert one["enforced"]
        assert one["step"] == "challenge"
        assert one["unverified"] >= one["threshold"]
        assert re.fullmatch(r"\+9989\*{4}\d{4}", one["phone"])
        assert one["price_micros"] == 400_000


def test_a_decision_of_another_day_is_not_todays(attacked: Service) -> None:
    attack(attacked, 40)

    assert guarded("/decisions", day="20200101").body == {"items": [], "cursor": None}
    assert guarded(day="20200101").body["would_refuse"]["count"] == 0


@pytest.mark.parametrize("day", ["today", "2026112", "20261301"])
def test_a_day_that_is_none_is_refused(service: Service, day: str) -> None:
    assert guarded("/decisions", day=day).refusal == (400, 1)
    assert guarded(day=day).refusal == (400, 1)


@pytest.mark.parametrize(
    "body", [{}, {"node": ""}, {"node": 5}, {"node": "x" * 99}, {"node": "a", "all": True}]
)
def test_a_lock_that_is_none_is_refused(service: Service, body: Mapping[str, object]) -> None:
    assert guarded("/locks/lift", body).refusal == (400, 1)


@pytest.mark.parametrize("enforced", [False, True])
def test_a_table_that_does_not_answer_stops_sending_only_where_it_is_enforced(
    service: Service, monkeypatch: pytest.MonkeyPatch, *, enforced: bool
) -> None:
    from signet.errors import Unavailable

    if enforced:
        enforce()
    apps.forget()
    shield.CONTAINERS.forget()

    def down(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(table, "once", down)

    reply = service.request()

    assert reply.status == (503 if enforced else 200)
