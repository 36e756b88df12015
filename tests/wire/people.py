"""Apps with accounts of their own, and the people who have them."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from local.stack import Stack
from tests.wire import console, raw
from tests.wire.phone import Phone
from tests.wire.sdks import Keys

Json = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody who has a phone, and an account or not; nothing of theirs may be in a log."""

    phone: Phone
    name: str = field(default_factory=lambda: f"person-{secrets.token_hex(6)}")
    password: str = field(default_factory=lambda: f"secret-{secrets.token_hex(6)}")

    def __post_init__(self) -> None:
        self.phone.seen |= {self.password, self.email}

    @property
    def email(self) -> str:
        return f"{self.name}@shop.example"

    @property
    def number(self) -> str:
        """The phone's number as people in China write it."""
        return self.phone.number.removeprefix("+86")

    def new_password(self) -> str:
        """Another password of theirs."""
        password = f"secret-{secrets.token_hex(6)}"
        self.phone.seen.add(password)
        return password

    @property
    def account(self) -> Json:
        """What they sign up with."""
        return {
            "username": self.name,
            "password": self.password,
            "email": self.email,
            "mobilePhoneNumber": self.number,
        }


@dataclass(frozen=True)
class Accounts:
    """An app of its own, so that its switches and its users are nobody else's.

    `test_phone` and its code, which the console drew, work without a message.
    """

    stack: Stack
    keys: Keys
    seen: set[str]
    test_phone: str
    test_code: str

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        session: str | None = None,
        by: dict[str, str] | None = None,
    ) -> raw.Reply:
        """A call below /1.1; `by` are headers with credentials, those of the app key if absent."""
        sent = {"Content-Type": "application/json"} | (self.keys.client if by is None else by)
        if session is not None:
            sent["X-LC-Session"] = session
        text = body if isinstance(body, str) else json.dumps(body)
        reply = raw.send(self.stack.url, method, f"/1.1/{path}", headers=sent, body=text)
        self._remember(reply)
        return reply

    def as_master(self, method: str, path: str, body: object = None) -> Json:
        """What a call with the master key is answered, which must be yes."""
        reply = self.call(method, path, body, by=self.keys.master)
        assert reply.status in (200, 201), reply.text
        answer: Json = reply.json
        return answer

    def register(self, person: Person, *, verified: bool = True, **more: object) -> Json:
        """Give somebody an account, the number verified or not, without a message to it."""
        return self.as_master(
            "POST", "users", person.account | {"mobilePhoneVerified": verified} | more
        )

    def _remember(self, reply: raw.Reply) -> None:
        if '"sessionToken"' in reply.text and isinstance(reply.json, dict):
            found = [reply.json, *reply.json.values()]
            tokens = [one.get("sessionToken") for one in found if isinstance(one, dict)]
            self.seen.update(token for token in tokens if isinstance(token, str))


def open_app(stack: Stack, seen: set[str], *, name: str, test_phone: str, **on: bool) -> Accounts:
    """Make an app with these switches on or off, a signature and a test phone, before its first
    use: functions keep an app for half a minute."""
    keys = Keys(f"wire-{name}", f"wire-{name}-key", f"wire-{name}-master")
    new = {"name": name, "app_id": keys[0], "app_key": keys[1], "master_key": keys[2]}
    console.call(stack, console.OPERATOR, "POST", "/apps", new)
    # As in apps that come from LeanCloud, where clients say who they are elsewhere.
    switches = {"auth_data_needs_master_key": False} | on
    changes = {"switches": switches, "test_phone": {"phone": test_phone}}
    app = console.call(stack, keys.master, "PATCH", "/app", changes)
    signature = {
        "name": "Wire",
        "text": "天天商城",
        "use": "verification_notification",
        "owner_kind": "company",
        "proof": "https://example.com/license.png",
    }
    console.call(stack, keys.master, "POST", "/signatures", signature)
    place = f"/review/{keys.app_id}/signature/Wire/1"
    console.call(stack, console.OPERATOR, "POST", f"{place}/approve", {})
    seen |= {*keys[1:], test_phone, test_phone.removeprefix("+86"), app["test_phone"]["code"]}
    return Accounts(stack, keys, seen, test_phone, app["test_phone"]["code"])
