"""Guesses under fire: five are compared, one wins, nothing is counted twice."""

import math
import random

import boto3
import pytest

from signet import codes
from signet.codes import Purpose, Subject
from signet.messages import MessageRef
from signet.store import messages, phones
from tests.conftest import DEMO_APP, KEYS
from tests.gateway import rest_event
from tests.races.workers import Outcome, Workers

ROUNDS = 200
GUESSES = 40

_HEADERS = {"X-LC-Id": DEMO_APP.app_id, "X-LC-Key": DEMO_APP.app_key.current}


def test_two_hundred_parallel_requests_for_one_phone_make_one_message(workers: Workers) -> None:
    outcome = request(workers, "+8618600000001", times=200)

    assert outcome.successes == 1
    refused = [reply for reply in outcome.replies if reply["statusCode"] != 200]
    assert all('"code":1' in reply["body"] for reply in refused)
    assert len(messages_to("+8618600000001")) == 1


@pytest.mark.parametrize("wrong", range(7))
def test_after_k_wrong_guesses_the_right_one_succeeds_only_up_to_four(
    workers: Workers, wrong: int
) -> None:
    phone = f"+86186100000{wrong:02d}"
    code = issue(workers, phone)

    for place in range(wrong):
        assert guess(workers, phone, [other(code, place + 1)]).successes == 0

    assert guess(workers, phone, [code]).successes == (1 if wrong <= 4 else 0)


def test_forty_parallel_guesses_compare_five_and_never_let_two_in(workers: Workers) -> None:
    chance = random.Random(20270112)
    successes = 0
    for number in range(ROUNDS):
        phone = f"+86187{number:08d}"
        code = issue(workers, phone)
        guesses = [code, *(other(code, step) for step in range(1, GUESSES))]
        chance.shuffle(guesses)

        outcome = guess(workers, phone, guesses)

        assert outcome.compared == codes.GUESSES_PER_CODE
        assert outcome.successes <= 1
        successes += outcome.successes
    # The right one is at a random place, and five of forty are looked at: binomial, four sigma.
    expected = ROUNDS * codes.GUESSES_PER_CODE / GUESSES
    sigma = math.sqrt(expected * (1 - codes.GUESSES_PER_CODE / GUESSES))
    assert abs(successes - expected) <= 4 * sigma


def test_a_hundred_parallel_right_guesses_have_one_winner(workers: Workers) -> None:
    code = issue(workers, "+8618600000002")

    assert guess(workers, "+8618600000002", [code] * 100).successes == 1


def test_twenty_guesses_a_day_are_the_end_whatever_the_codes(workers: Workers) -> None:
    phone = "+8618600000003"
    compared = 0
    for round_ in range(6):
        code = issue(workers, phone, forget_limits=True)
        wrong = [other(code, place + 1) for place in range(5)]
        compared += guess(workers, phone, wrong if round_ < 5 else [code]).compared

    assert compared == 20


def request(workers: Workers, phone: str, *, times: int = 1) -> Outcome:
    body = f'{{"mobilePhoneNumber": "{phone}"}}'
    return workers.run(
        "request",
        [rest_event("/1.1/requestSmsCode", body, headers=_HEADERS) for _ in range(times)],
    )


def guess(workers: Workers, phone: str, guesses: list[str]) -> Outcome:
    body = f'{{"mobilePhoneNumber": "{phone}"}}'
    return workers.run(
        "verify",
        [rest_event(f"/1.1/verifySmsCode/{code}", body, headers=_HEADERS) for code in guesses],
    )


def issue(workers: Workers, phone: str, *, forget_limits: bool = False) -> str:
    """Have a code issued and delivered; the code as the phone would show it."""
    if forget_limits:
        forget_sends(phone)
    assert request(workers, phone).successes == 1
    return deliver(phone)


def deliver(phone: str) -> str:
    """What the sender does up to the carrier: choose the key, derive the code."""
    (ref,) = messages_to(phone)[-1:]
    live = phones.pin_key(messages.get(ref), KEYS["current"])
    assert live is not None
    subject = Subject(DEMO_APP.app_id, Purpose.SMS, phone)
    return codes.derive(KEYS["k1"].encode(), subject, live.nonce)


def messages_to(phone: str) -> list[MessageRef]:

    found = boto3.client("dynamodb").query(
        TableName="messages",
        IndexName="by_phone",
        KeyConditionExpression="app_phone = :p",
        ExpressionAttributeValues={":p": {"S": f"{DEMO_APP.app_id}#{phone}"}},
    )["Items"]
    refs = []
    for item in found:
        app_id, day, shard = item["pk"]["S"].split("#")
        refs.append(MessageRef(app_id, f"{day}-{shard}-{item['sk']['S']}"))
    return refs


def forget_sends(phone: str) -> None:
    """Let a number be sent to again at once; its guesses stay counted."""
    boto3.client("dynamodb").update_item(
        TableName="phones",
        Key={"pk": {"S": f"{DEMO_APP.app_id}#{phone}"}},
        UpdateExpression="REMOVE a1, s1b1",
    )


def other(code: str, step: int) -> str:
    return f"{(int(code) + step) % 10**codes.DIGITS:0{codes.DIGITS}d}"
