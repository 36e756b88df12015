"""Captchas under fire: a challenge is judged once, and what it proves is spent once."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import boto3

from signet import captchas, days
from signet.captchas import Form
from signet.store import captcha_keys
from tests.conftest import DEMO_APP
from tests.gateway import rest_event
from tests.races.workers import Outcome, Workers

_HEADERS = {"X-LC-Id": DEMO_APP.app_id, "X-LC-Key": DEMO_APP.app_key.current}


def test_a_hundred_answers_at_once_are_one_judgement(workers: Workers) -> None:
    for _ in range(10):
        token = asked(workers)
        right = answer(token)
        wrong = ["".join(letters) for letters in product("AB", repeat=4)]
        guesses = [right, *(wrong * 7)][:100]

        outcome = judged(workers, token, guesses)

        # Whichever came first was judged; the others were not looked at.
        assert outcome.successes <= 1
        assert sum(1 for item in items() if item["pk"].endswith(nonce(token))) == 1


def test_a_hundred_right_answers_at_once_are_one_answer(workers: Workers) -> None:
    token = asked(workers)

    outcome = judged(workers, token, [answer(token)] * 100)

    tokens = {json.loads(reply["body"])["validate_token"] for reply in outcome.replies}
    assert outcome.successes == 100
    assert len(tokens) == 1


def test_a_hundred_sends_with_one_token_are_one_send(workers: Workers) -> None:
    token = asked(workers)
    (reply,) = judged(workers, token, [answer(token)]).replies
    proof = json.loads(reply["body"])["validate_token"]
    bodies = [
        json.dumps({"mobilePhoneNumber": f"+86185{number:08d}", "validate_token": proof})
        for number in range(100)
    ]

    outcome = workers.run(
        "request", [rest_event("/1.1/requestSmsCode", body, headers=_HEADERS) for body in bodies]
    )

    assert outcome.successes == 1
    assert outcome.codes.count(608) == 99


def asked(workers: Workers) -> str:
    event = rest_event("/1.1/requestCaptcha", "", method="GET", headers=_HEADERS)
    (reply,) = workers.run("captcha", [event]).replies
    return str(json.loads(reply["body"])["captcha_token"])


def judged(workers: Workers, token: str, answers: list[str]) -> Outcome:
    bodies = [json.dumps({"captcha_token": token, "captcha_code": one}) for one in answers]
    return workers.run(
        "captcha", [rest_event("/1.1/verifyCaptcha", body, headers=_HEADERS) for body in bodies]
    )


def answer(token: str) -> str:
    keys = captcha_keys.keys()
    return captchas.written_answer(_challenge(token), keys)


def nonce(token: str) -> str:
    return _challenge(token).id


def _challenge(token: str) -> captchas.Challenge:
    # The processes live at noon; see tests/races/workers.
    noon = days.start(days.of(datetime.now(UTC))) + timedelta(hours=12)
    keys = captcha_keys.keys()
    return captchas.read(token, DEMO_APP.app_id, keys, form=Form.PICTURE, now=noon)


def items() -> list[dict[str, Any]]:
    table = boto3.resource("dynamodb").Table("challenges")
    found: list[dict[str, Any]] = table.scan(ConsistentRead=True)["Items"]
    return found
