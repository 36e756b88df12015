"""Virtual carriers behind a front of their own, and an API that remembers what they report."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.answers import Answers
from local.carrier_pages import CarrierPages
from local.carriers import NAMES, VirtualCarrier, credentials
from local.clock import Clock
from local.front import Front
from local.inbox import Inbox
from local.ministack import free_port
from local.phones import Arrived, Phones
from local.proxy import Upstream
from signet.carriers import OutgoingMessage
from signet.carriers.webhook import Credentials, Webhook
from signet.limits import Kind
from tests.local.serving import served

PHONE = "+8618612345678"
# Signet's clock is ahead of the machine's.
AHEAD = timedelta(days=3)


@dataclass
class Heard:
    """A request that a carrier made."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_by(self, name: str) -> bool:
        """Whether it has the signature that Standard Webhooks asks for."""
        secret = str(credentials("")[name]["secret"]).removeprefix("whsec_")
        signed = ".".join(
            (self.headers["webhook-id"], self.headers["webhook-timestamp"], self.body.decode())
        )
        mac = hmac.digest(base64.b64decode(secret), signed.encode(), sha256)
        return self.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


@dataclass
class Api:
    """What the deployed API would be: it answers 200, or `answers` first."""

    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Remember one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        self.heard.append(Heard(request.url.path, dict(request.headers), body))
        status = self.answers.pop(0) if self.answers else 200
        await Response("{}", status)(scope, receive, send)

    def receipts(self) -> list[dict[str, Any]]:
        """Every receipt, in the order in which they came."""
        return [
            receipt
            for heard in list(self.heard)
            if heard.path.endswith("/receipts")
            for receipt in heard.content["receipts"]
        ]


@dataclass
class World:
    """Both carriers, the phones, the API, and the clients that Signet has for the carriers."""

    url: str
    api: Api
    phones: Phones

    def webhook(self, name: str = NAMES[0], *, read_timeout: float = 10) -> Webhook:
        """The real client of a virtual carrier."""
        found = Credentials.parse(credentials(self.url)[name])
        return Webhook(found, read_timeout=read_timeout)

    def send(self, message_id: str = "20261126-0-one", name: str = NAMES[0]) -> str:
        """Hand over a message; the id under which it was taken."""
        return self.webhook(name).submit(outgoing(message_id)).carrier_message_id

    def chaos(self, **knobs: object) -> httpx.Response:
        """Turn the first carrier's knobs."""
        body = {"carrier": NAMES[0]} | knobs
        reply = httpx.post(f"{self.url}/local/chaos", json=body)
        assert reply.status_code == 200, reply.text
        return reply

    def arrived(self, count: int = 1) -> list[Arrived]:
        """What is on the phones, once there are so many."""
        until(lambda: len(self.phones.messages()) >= count)
        return self.phones.messages()

    def receipts(self, count: int = 1) -> list[dict[str, Any]]:
        """The receipts, once there are so many."""
        until(lambda: len(self.api.receipts()) >= count)
        return self.api.receipts()


def outgoing(message_id: str = "20261126-0-one") -> OutgoingMessage:
    """A code as the sender hands it over."""
    return OutgoingMessage(
        message_id=message_id,
        app_id="signet-demo-app",
        phone=PHONE,
        kind=Kind.VERIFICATION,
        signature="Signet",
        signature_text="示例商城",
        template=None,
        template_version=None,
        variables={"code": "331380"},
        code="331380",
        text="【示例商城】您的验证码是 331380。",
    )


def signet_now() -> datetime:
    """Signet's time in these tests."""
    return datetime.now(UTC) + AHEAD


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Return once it holds; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@contextmanager
def world(base: str) -> Iterator[World]:
    """Serve it all."""
    api, phones, port = Api(), Phones(), free_port()
    url = f"http://127.0.0.1:{port}"
    carriers = {
        name: VirtualCarrier(name, phones=phones, url=url, now=signet_now) for name in NAMES
    }
    with ExitStack() as stack:
        upstream = f"http://127.0.0.1:{stack.enter_context(served(api))}"
        front = Front(
            upstream=Upstream(upstream, base),
            pictures=Upstream(upstream, base),
            inbox=cast(Inbox, None),
            carriers=CarrierPages(carriers, phones, now=signet_now),
            answers=cast(Answers, None),
            clock=cast(Clock, None),
            wake=lambda: None,
        )
        stack.enter_context(served(front, port))
        yield World(url, api, phones)
