"""Calls of the console's API, as owners, operators and browsers make them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.console import app as console_function
from tests.functions.service import http_event
from tests.gateway import CONTEXT

OPERATOR, OPERATOR_KEY = "demo", "operator-key-of-forty-characters-0123456"


def owner(app_id: str = "signet-demo-app", key: str = "signet-demo-master") -> dict[str, str]:
    """The headers of an app's owner."""
    return {"X-LC-Id": app_id, "X-LC-Key": f"{key},master"}


def client(app_id: str = "signet-demo-app", key: str = "signet-demo-key") -> dict[str, str]:
    """The headers of an app's client."""
    return {"X-LC-Id": app_id, "X-LC-Key": key}


def operator(name: str = OPERATOR, key: str = OPERATOR_KEY) -> dict[str, str]:
    """The headers of an operator."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


@dataclass(frozen=True)
class Reply:
    """What the gateway passes on."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object."""
        found = json.loads(self.text)
        assert isinstance(found, dict)
        return found

    @property
    def refusal(self) -> tuple[int, int]:
        """Status and code of a refusal."""
        assert isinstance(self.body["error"], str)
        assert self.body["error"]
        return self.status, self.body["code"]


def call(
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    handler: Callable[[Any, Any], dict[str, Any]] = console_function.handler,
) -> Reply:
    """Call the console's API, or another function's; a text is sent as it is."""
    raw = body if isinstance(body, str) or body is None else json.dumps(body)
    event = http_event(
        "console", path=path, method=method, headers=headers or {}, raw=raw, query=query or {}
    )
    reply = handler(event, CONTEXT)
    assert set(reply) == {"statusCode", "headers", "body"}
    assert all(isinstance(value, str) for value in reply["headers"].values())
    return Reply(reply["statusCode"], reply["headers"], reply["body"])
