"""Calls of accounts, as SDKs make them, and the codes that then reach phones."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.account import app as account_function
from signet.edge.http import HEADERS
from tests.functions.service import APP_KEY, MASTER_KEY, PHONE, Service, code_in
from tests.gateway import CONTEXT, rest_event

PASSWORD = "f32@ds*@&dsa"
OTHER_PHONE = "+8618612345679"

__all__ = ["APP_KEY", "MASTER_KEY", "OTHER_PHONE", "PASSWORD", "PHONE", "Accounts", "Reply"]


@dataclass(frozen=True)
class Reply:
    """What the gateway passes on."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def code(self) -> int:
        """LeanCloud's number for a refusal; 0 for a success."""
        return int(self.json["code"]) if self.status not in (200, 201) else 0

    @property
    def error(self) -> str:
        """The sentence of a refusal."""
        return str(self.json["error"])

    def __getitem__(self, name: str) -> Any:
        """A field of the body."""
        return self.json[name]


@dataclass
class Accounts:
    """The account calls of one deployment."""

    service: Service

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        session: str | None = None,
        headers: Mapping[str, str] = APP_KEY,
        query: Mapping[str, str] | None = None,
        source_ip: str = "192.0.2.1",
    ) -> Reply:
        """Call one path below /1.1; the reply, after a look at what every reply must have."""
        given = {"Content-Type": "application/json", **headers}
        if session is not None:
            given["X-LC-Session"] = session
        text = body if isinstance(body, str) else json.dumps(body)
        asked = rest_event(f"/1.1/{path}", text, method=method, headers=given, query=query)
        asked["requestContext"]["identity"]["sourceIp"] = source_ip
        answered = account_function.handler(asked, CONTEXT)
        assert set(answered) == {"statusCode", "headers", "body"}
        assert {name: answered["headers"][name] for name in HEADERS} == HEADERS
        reply = Reply(answered["statusCode"], answered["headers"], json.loads(answered["body"]))
        if reply.status in (200, 201):
            assert isinstance(reply.json, list) or "error" not in reply.json
        else:
            assert type(reply.json["code"]) is int
            assert reply.json["error"]
        return reply

    def post(self, path: str, body: object = None, **options: Any) -> Reply:
        """POST."""
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: object = None, **options: Any) -> Reply:
        """PUT."""
        return self.call("PUT", path, body, **options)

    def get(self, path: str, **options: Any) -> Reply:
        """GET, with the body that JavaScript sends (wire.md 1.2)."""
        return self.call("GET", path, **options)

    def sign_up(
        self, username: str = "hjiang", *, headers: Mapping[str, str] = APP_KEY, **fields: object
    ) -> Reply:
        """Sign up, with the guide's password."""
        body = {"username": username, "password": PASSWORD, **fields}
        return self.post("users", body, headers=headers)

    def log_in(self, **fields: object) -> Reply:
        """Log in; with the guide's password and name, unless told otherwise."""
        return self.post("login", fields or {"username": "hjiang", "password": PASSWORD})

    def verified(self, username: str = "hjiang", phone: str = PHONE) -> Reply:
        """A user who has proved a number."""
        made = self.sign_up(username, mobilePhoneNumber=phone, headers=MASTER_KEY)
        place = f"users/{made['objectId']}"
        assert self.put(place, {"mobilePhoneVerified": True}, headers=MASTER_KEY).code == 0
        return made

    def codes(self, phone: str = PHONE) -> list[str]:
        """The codes that have reached a phone, oldest first."""
        self._deliver()
        texts = [text for number, text in self.service.texts() if number == phone]
        return [code_in(text) for text in texts]

    def text(self, phone: str = PHONE) -> str:
        """The newest text on a phone, its digits as they come in the guide."""
        self._deliver()
        newest = [text for number, text in self.service.texts() if number == phone][-1]
        return re.sub(r"(?<!\d)\d{6}(?!\d)", "123456", newest)

    def _deliver(self) -> None:
        waiting = self.service.queued()
        assert not waiting or self.service.send(waiting) == []

    def asked(self, path: str, phone: str = PHONE, **options: Any) -> str:
        """The code that a request brings to a phone."""
        reply = self.post(path, {"mobilePhoneNumber": phone}, **options)
        assert reply.code == 0, reply
        return self.codes(phone)[-1]
