"""The console's API, as owners and the demo operator call it."""

import json
from base64 import b64encode
from typing import Any

from local.stack import Stack
from tests.wire import raw

OPERATOR = {"Authorization": f"Basic {b64encode(b'demo:signet-demo-operator').decode()}"}


def call(stack: Stack, headers: dict[str, str], method: str, path: str, body: Any = None) -> Any:
    """What the console's API answers, which must be yes."""
    target = f"/console/api{path}"
    reply = raw.send(stack.url, method, target, headers=headers, body=json.dumps(body))
    assert reply.status in (200, 201), reply.text
    return reply.json
