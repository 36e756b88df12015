"""The phone in the test's hand, and the memory of everything secret that was seen on it."""

import json
import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from local.stack import Stack


@dataclass
class Phone:
    """One number on the virtual phone; every code and number seen goes into `seen`."""

    stack: Stack
    number: str
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.seen |= {self.number, self.number.removeprefix("+86")}

    def messages(self) -> list[dict[str, Any]]:
        """What has arrived, newest first."""
        query = urllib.parse.urlencode({"phone": self.number})
        with urllib.request.urlopen(
            f"{self.stack.url}/local/messages?{query}", timeout=10
        ) as reply:
            found: list[dict[str, Any]] = json.load(reply)
        return found

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The messages once there are `count`; fails when they do not come."""
        deadline = time.monotonic() + 20
        while len(found := self.messages()) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages arrived"
            time.sleep(0.1)
        return found

    def code(self, count: int = 1) -> str:
        """The code in the newest message, once `count` have arrived."""
        match = re.search(r"(?<!\d)\d{6}(?!\d)", self.wait_for(count)[0]["text"])
        assert match
        self.seen.add(match.group())
        return match.group()
