"""The virtual carriers as the deployed stack uses them."""

import time
from typing import Any

import httpx

from local.stack import Stack

KEYS = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}


def messages(stack: Stack, phone: str) -> list[dict[str, Any]]:
    """What is on a phone, once something is."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        reply = httpx.get(f"{stack.url}/local/messages", params={"phone": phone})
        found: list[dict[str, Any]] = reply.json()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


def test_a_code_comes_by_the_first_virtual_carrier_with_what_signet_recorded(stack: Stack) -> None:
    phone = "+8618512340001"
    asked = httpx.post(
        f"{stack.url}/1.1/requestSmsCode",
        headers=KEYS,
        json={"mobilePhoneNumber": phone},
        timeout=30,
    )
    assert asked.json() == {}
    (message,) = messages(stack, phone)
    assert (message["carrier"], message["channel"], message["kind"]) == (
        "webhook",
        "sms",
        "verification",
    )
    assert (message["to"], message["segments"], message["app_id"]) == (phone, 1, KEYS["X-LC-Id"])
    requests = httpx.get(f"{stack.url}/local/carriers/webhook").json()
    assert message["message_id"] in {one["message_id"] for one in requests}
