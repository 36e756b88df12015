"""Exports of users as LeanCloud writes them, of any size, about 600 bytes a user."""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path
from random import Random
from typing import Any

_HEADER = '#filetype:JSON-streaming {"type":"Class","class":"_User"}'
# The hash of one costs a millisecond, and an import does not look into it.
_PASSWORDS = 100
# What each user of an export has that no other may have: see `users`.
CLAIMS = ("username", "email", "mobilePhoneNumber", "sessionToken")


def write(file: Path, count: int) -> None:
    """Write an export of so many users; the same for the same count."""
    with file.open("w") as out:
        out.write(f"{_HEADER}\n")
        out.writelines(f"{json.dumps(user, ensure_ascii=False)}\n" for user in _users(count))


def _users(count: int) -> Iterator[dict[str, Any]]:
    random = Random(count)
    passwords = [_password(random, f"password {number}") for number in range(_PASSWORDS)]
    for number in range(count):
        yield {
            "objectId": f"{0x5F2A7C00 + number:08x}{random.getrandbits(64):016x}",
            "username": f"user{number}",
            **passwords[number % _PASSWORDS],
            "email": f"user{number}@example.com",
            "emailVerified": number % 2 == 0,
            "mobilePhoneNumber": f"+86186{number:08}",
            "mobilePhoneVerified": True,
            "sessionToken": f"{random.getrandbits(96):024x}",
            "ACL": {"*": {"read": True}, "role:admin": {"read": True, "write": True}},
            "nickname": f"用户{number}",
            "score": number % 1000,
            "createdAt": "2019-03-11T08:00:00.123Z",
            "updatedAt": {"__type": "Date", "iso": "2024-11-30T02:18:51.000Z"},
        }


def _password(random: Random, password: str) -> dict[str, str]:
    """LeanCloud's scheme, written down here once more: `passwords` is what it is compared with."""
    salt = f"{random.getrandbits(200):050x}"
    value = f"{salt}{password}".encode()
    for _ in range(513):
        value = sha512(value).digest()
    return {"password": b64encode(value).decode(), "salt": salt}
