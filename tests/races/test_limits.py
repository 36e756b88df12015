"""The sending limits of the real function, against a log and a brute-force count."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from functions.request import app as request
from signet.edge import clock
from signet.store.balances import Account
from tests.conftest import DEMO_APP
from tests.gateway import CONTEXT, rest_event
from tests.races.books import put_template

REQUESTS = 1_500
DAY = 86_400


# Time, signature, and the template: None sends a code.
Sent = tuple[int, str, str | None]


def expected_refusal(log: list[Sent], now: int, sign: str, template: str | None) -> int | None:
    """The code of the first limit that refuses, counted the slow way (wire.md 12.1)."""
    if any(now - at < 10 for at, _, _ in log):
        return 1
    if any(now - at < 60 for at, signed, _ in log if signed == sign):
        return 601
    daily = 10 if template is None else 15
    if sum(now - at < DAY for at, *same in log if same == [sign, template]) >= daily:
        return 601
    return None


def test_fifteen_hundred_random_requests_are_judged_like_a_log_would(
    module_emulated: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(12)
    now = datetime(2026, 12, 1, tzinfo=UTC)
    logs: dict[str, list[Sent]] = {}
    verdicts = Counter[tuple[int | None, str | None]]()
    put_template(Account(DEMO_APP.app_id), "Notice", "已发货")

    for _ in range(REQUESTS):
        now += timedelta(seconds=chance.choice([0, 1, 3, 9, 10, 11, 30, 59, 60, 61, 600, 7_000]))
        monkeypatch.setattr(clock, "now", lambda at=now: at)
        phone = chance.choice(["+8618700010001", "+8618700010002"])
        sign = chance.choice(["Signet", "second"])
        template = chance.choice([None, "Notice"])
        log = logs.setdefault(phone, [])
        seconds = int(now.timestamp())
        expected = expected_refusal(log, seconds, sign, template)

        reply = send(phone, sign, template)

        assert (reply.get("code"), phone, sign, template) == (expected, phone, sign, template)
        verdicts[expected, template] += 1
        if expected is None:
            log.append((seconds, sign, template))
        else:
            # The promise of Retry-After: then, and not a second before, the limits allow it.
            wait = reply["retry_after"]
            assert expected_refusal(log, seconds + wait, sign, template) is None
            assert expected_refusal(log, seconds + wait - 1, sign, template) is not None
    assert all(verdicts[code, kind] > 9 for code in (None, 1, 601) for kind in (None, "Notice"))


def send(phone: str, sign: str, template: str | None) -> dict[str, int]:
    event = rest_event(
        "/1.1/requestSmsCode",
        json.dumps({"mobilePhoneNumber": phone, "sign": sign, "template": template}),
        headers={
            "X-LC-Id": DEMO_APP.app_id,
            "X-LC-Key": f"{DEMO_APP.master_key.current},master",
        },
    )
    answer: dict[str, int] = json.loads(request.handler(event, CONTEXT)["body"])
    return answer
