"""The sending limits of the real function, against a log and a brute-force count."""

import json
import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from functions.request import app as request
from signet.edge import clock
from tests.conftest import DEMO_APP
from tests.gateway import CONTEXT, rest_event

REQUESTS = 1_500
DAY = 86_400


def expected_refusal(log: list[tuple[int, str]], now: int, sign: str) -> int | None:
    """The code of the first limit that refuses, counted the slow way (wire.md 12.1)."""
    if any(now - at < 10 for at, _ in log):
        return 1
    mine = [at for at, signed in log if signed == sign]
    if any(now - at < 60 for at in mine):
        return 601
    if sum(now - at < DAY for at in mine) >= 10:
        return 601
    return None


def test_fifteen_hundred_random_requests_are_judged_like_a_log_would(
    module_emulated: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(12)
    now = datetime(2026, 12, 1, tzinfo=UTC)
    logs: dict[str, list[tuple[int, str]]] = {}
    verdicts = set()

    for _ in range(REQUESTS):
        now += timedelta(seconds=chance.choice([0, 1, 3, 9, 10, 11, 30, 59, 60, 61, 600, 7_000]))
        monkeypatch.setattr(clock, "now", lambda at=now: at)
        phone = chance.choice(["+8618700010001", "+8618700010002"])
        sign = chance.choice(["Signet", "second"])
        log = logs.setdefault(phone, [])
        seconds = int(now.timestamp())
        expected = expected_refusal(log, seconds, sign)

        reply = send(phone, sign)

        assert (reply.get("code"), phone, sign) == (expected, phone, sign)
        verdicts.add(expected)
        if expected is None:
            log.append((seconds, sign))
        else:
            # The promise of Retry-After: then, and not a second before, the limits allow it.
            wait = reply["retry_after"]
            assert expected_refusal(log, seconds + wait, sign) is None
            assert expected_refusal(log, seconds + wait - 1, sign) is not None
    assert verdicts == {None, 1, 601}


def send(phone: str, sign: str) -> dict[str, int]:
    event = rest_event(
        "/1.1/requestSmsCode",
        json.dumps({"mobilePhoneNumber": phone, "sign": sign}),
        headers={"X-LC-Id": DEMO_APP.app_id, "X-LC-Key": DEMO_APP.app_key.current},
    )
    answer: dict[str, int] = json.loads(request.handler(event, CONTEXT)["body"])
    return answer
