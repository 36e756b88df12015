"""Users who come from LeanCloud: their passwords, ids and sessions, seen by the unmodified SDK."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.deploy import STACK_NAME
from local.ministack import clean_environment
from local.stack import Stack
from tests.rules.test_passwords import DIGEST, SALT
from tests.tools import REPO
from tests.wire.people import Accounts, Person
from tests.wire.sdks import javascript_sdk


def exported(person: Person, number: int) -> dict[str, Any]:
    """A line of LeanCloud's export; the password is that of its documentation."""
    token = f"{person.name[7:]:x<25}"
    person.phone.seen.add(token)
    return {
        "objectId": f"5f2a7c0{number}{person.name[7:]:0>16}",
        "username": person.name,
        "password": DIGEST,
        "salt": SALT,
        "email": person.email,
        "mobilePhoneNumber": person.number,
        "mobilePhoneVerified": True,
        "sessionToken": token,
        "nickname": "老用户",
        "createdAt": "2019-03-11T08:00:00.123Z",
        "updatedAt": {"__type": "Date", "iso": "2024-11-30T02:18:51.000Z"},
    }


def import_users(
    stack: Stack, place: str, app_id: str, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator would, in a folder of its own: it leaves a report there."""
    command = [sys.executable, "-m", "local.import_users", place]
    return subprocess.run(
        [*command, "--app-id", app_id, "--stack", STACK_NAME],
        cwd=cwd,
        env=clean_environment() | {"AWS_ENDPOINT_URL": stack.aws_endpoint, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("deployed", [False, True], ids=["from a file", "by the deployed job"])
def test_whoever_comes_along_logs_in_as_before(
    stack: Stack,
    accounts: Accounts,
    new_person: Callable[[], Person],
    tmp_path: Path,
    deployed: bool,
) -> None:
    lines = [exported(new_person(), number) for number in (1, 2)]
    file = tmp_path / f"users-{deployed}.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    place = str(file)
    if deployed:
        bucket = stack.outputs["ImportsBucket"]
        s3 = boto3.client("s3", endpoint_url=stack.aws_endpoint)
        s3.upload_file(place, bucket, file.name)
        place = f"s3://{bucket}/{file.name}"

    first = import_users(stack, place, accounts.keys.app_id, tmp_path)
    second = import_users(stack, place, accounts.keys.app_id, tmp_path)

    assert "2 users: 2 imported" in first.stdout, first
    assert "0 imported, 2 were there" in second.stdout, second
    with javascript_sdk(stack.url, accounts.keys, accounts.seen) as js:
        one, two = lines
        assert js.refused("AV.User.logIn", one["username"], "wrong") == 210
        user = js.do("AV.User.logIn", one["username"], "password")
        assert user["objectId"] == one["objectId"]
        assert user["nickname"] == "老用户"
        assert user["createdAt"] == one["createdAt"]
        assert js.do("AV.User.logIn", one["username"], "password") == user
        assert (
            js.do("AV.User.logInWithMobilePhone", two["mobilePhoneNumber"], "password")["objectId"]
            == two["objectId"]
        )
        # A released copy of the app goes on in the session that it had.
        assert js.do("AV.User.become", two["sessionToken"])["objectId"] == two["objectId"]
