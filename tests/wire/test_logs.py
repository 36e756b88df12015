"""Nothing secret in any log: exactly the codes, numbers, addresses, passwords, session tokens and
keys that the tests saw are sought.
"""

import re
from collections.abc import Callable, Iterator

import boto3

from local.stack import Stack
from tests.wire import raw
from tests.wire.people import Accounts, Person
from tests.wire.phone import Phone

TOKEN_LENGTH = 25  # wire.md 2.5
KEYS = {"signet-demo-key", "signet-demo-master", "signet-demo-operator"}
AUTH = {
    "X-LC-Id": "signet-demo-app",
    "X-LC-Key": "signet-demo-key",
    "Content-Type": "application/json",
}


def post(stack: Stack, target: str, body: str) -> raw.Reply:
    return raw.send(stack.url, "POST", target, headers=AUTH, body=body)


def exercise(stack: Stack, phone: Phone, seen: set[str]) -> None:
    """Send, guess wrong, verify, verify again, and go wrong in every way a caller can."""
    ask = f'{{"mobilePhoneNumber": "{phone.number}"}}'
    post(stack, "/1.1/requestSmsCode", ask)
    code = phone.code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    seen.add(wrong)
    for target in (wrong, code, code):
        post(stack, f"/1.1/verifySmsCode/{target}", ask)
        post(stack, f"/1.1/verifySmsCode/{target}?mobilePhoneNumber={phone.number}", "{")
        post(stack, f"/1.1/unknown/{target}/../{phone.number}", ask)
        post(stack, f"//1.1//verifySmsCode/{target}", ask)
    post(stack, "/1.1/requestSmsCode", ask)


def exercise_account(accounts: Accounts, person: Person, new: Person) -> None:
    """Sign up, log in by name, by a GET and by a code, go wrong at each, reset and rename."""
    made = accounts.call("POST", "users", person.account).json
    token, code = made["sessionToken"], person.phone.code()
    mine = f"users/{made['objectId']}"
    for body in ({"username": person.name, "password": person.password}, {}, "{"):
        accounts.call("POST", "login", body, session=token)
    for query in (
        f"username={person.name}&password={person.password}",
        f"email={person.email}&password={new.password}",
        f"mobilePhoneNumber={person.phone.number}&smsCode={code}",
    ):
        accounts.call("GET", f"login?{query}")
        accounts.call("GET", f"/users/me?session_token={token}&{query}")
    accounts.call("GET", f"unknown/{token}?session_token={token}")
    for call in ("verifyMobilePhone", "resetPasswordBySmsCode", "verifySmsCode"):
        body = {"mobilePhoneNumber": person.number, "password": new.password}
        accounts.call("POST", f"{call}/{code}", body, session=token)
    accounts.call("PUT", mine, {"email": new.email, "password": new.password}, session=token)
    accounts.call("PUT", mine, {"email": [new.email]}, session=token)
    request = {"method": "GET", "path": f"/1.1/users/me?session_token={token}"}
    accounts.call("POST", "batch", {"requests": [request, token]})


def function_logs(stack: Stack) -> Iterator[str]:
    """Every line that a function wrote, the runtime's own included."""
    logs = boto3.client("logs", endpoint_url=stack.aws_endpoint)
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            yield from (event["message"] for event in page["events"])


def test_nothing_secret_is_in_any_log_or_queue(
    stack: Stack, accounts: Accounts, new_person: Callable[[], Person], seen: set[str]
) -> None:
    for _ in range(3):
        exercise(stack, new_person().phone, seen)
    exercise_account(accounts, new_person(), new_person())

    written = [*function_logs(stack), *stack.ministack.queue_bodies()]
    written += [file.read_text(errors="replace") for file in stack.log_dir.iterdir()]

    assert sum('"message":"accepted"' in line for line in written) >= 3  # it really reads them
    assert len([secret for secret in seen if len(secret) == TOKEN_LENGTH]) >= 2
    everything = "\n".join(written)
    # Whole words: six digits may well stand inside a random id.
    for secret in {one for one in seen | KEYS if one in everything}:
        pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])")
        assert [line for line in written if pattern.search(line)] == []
