"""The virtual carriers: gateways of one's own (signet.carriers.webhook) that end on this machine.

Each takes signed POSTs, puts messages on the virtual phones, reports receipts and passes replies
on, and misbehaves as it is told (local.chaos).
"""

import asyncio
import base64
import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local import signing
from local.chaos import Chaos
from local.phones import Phones, arrived
from local.reporting import Reporter

NAMES = ("webhook", "webhook-b")
# Longer than the sender needs to record that the message was taken.
_RECEIPT_SECONDS = 0.3
# Between a receipt and what follows it when receipts come twice or in the wrong order.
_NEXT_RECEIPT_SECONDS = 1.0
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Handled:
    """A request of Signet's and what came of it; times are seconds since 1970, real ones."""

    message_id: str
    outcome: str
    came: float
    answered: float


class VirtualCarrier:
    """One gateway. Belongs to one event loop."""

    def __init__(
        self,
        name: str,
        *,
        phones: Phones,
        url: str,
        now: Callable[[], datetime],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.chaos = Chaos()
        self.handled: deque[Handled] = deque(maxlen=_MOST_REMEMBERED)
        self._phones = phones
        self._key = key(name)
        self._reporter = Reporter(name, self._key, url=url, now=now)
        self._now = now
        self._draw = draw
        self._underway: set[asyncio.Task[None]] = set()

    async def take(self, request: Request) -> Response:
        """Answer one POST of Signet's."""
        came = time.time()
        body = await request.body()
        if not signing.is_genuine(self._key, request.headers, body, now=came):
            return JSONResponse({"error": "bad_signature"}, 401)
        message = _message(body)
        if message is None:
            return JSONResponse({"error": "bad_request"}, 400)
        chaos = self.chaos
        await asyncio.sleep(chaos.answer_seconds)
        outcome = self._outcome(chaos)
        if outcome in {"delivered", "undelivered"}:
            self._later(self._carry(message, chaos, outcome))
        self.handled.append(Handled(message["message_id"], outcome, came, time.time()))
        return _answer(outcome, chaos, message["message_id"])

    async def reply(self, reply: Mapping[str, object]) -> httpx.Response:
        """Pass on what a person wrote: see Reporter.reply."""
        return await self._reporter.reply(reply)

    async def close(self) -> None:
        """Stop; what is underway gets lost."""
        for task in self._underway:
            task.cancel()
        await self._reporter.close()

    def shown(self) -> dict[str, Any]:
        """What it does at present, and what came of the requests so far."""
        return {
            "name": self.name,
            "chaos": self.chaos.shown(),
            "calm": self.chaos == Chaos(),
            "outcomes": dict(Counter(one.outcome for one in self.handled)),
        }

    def requests(self) -> list[dict[str, object]]:
        """What came of each request, newest first."""
        return [asdict(one) for one in reversed(self.handled)]

    def _outcome(self, chaos: Chaos) -> str:
        chances = {
            "failed": chaos.fail,
            "refused": chaos.refuse,
            "dropped": chaos.drop,
            "undelivered": chaos.undelivered,
        }
        return next(
            (name for name, chance in chances.items() if self._happens(chance)), "delivered"
        )

    def _happens(self, chance: float) -> bool:
        return self._draw() < chance

    async def _carry(self, message: dict[str, Any], chaos: Chaos, state: str) -> None:
        taken = now = await run_in_threadpool(self._now)
        if chaos.delay_seconds:
            await asyncio.sleep(chaos.delay_seconds)
            now = await run_in_threadpool(self._now)
        if state == "delivered":
            self._phones.receive(arrived(message, carrier=self.name, sent=taken, now=now))
        if self._happens(chaos.lose_receipts):
            return
        await asyncio.sleep(_RECEIPT_SECONDS + chaos.receipt_seconds)
        about = {"app_id": message["app_id"], "message_id": message["message_id"]}
        receipt = about | {"state": state, "at": int(now.timestamp())}
        if state == "undelivered":
            receipt["reason"] = "absent"
        self._reporter.receipt(receipt)
        if self._happens(chaos.duplicate):
            await asyncio.sleep(_NEXT_RECEIPT_SECONDS)
            self._reporter.receipt(receipt)
        if chaos.reorder:
            await asyncio.sleep(_NEXT_RECEIPT_SECONDS)
            self._reporter.receipt(about | {"state": "sent", "at": int(taken.timestamp())})

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)


class HangUp(Response):
    """An answer that ends before its end: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more than is sent."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def key(name: str) -> bytes:
    """The key of a virtual carrier; the same on every machine, like all local credentials."""
    return f"signet-demo-gateway-{name}".encode()


def credentials(url: str) -> dict[str, dict[str, object]]:
    """What the stack's secret of carriers holds, for carriers that are served at `url`."""
    return {
        name: {
            "url": f"{url}/local/carriers/{name}",
            "secret": f"whsec_{base64.b64encode(key(name)).decode()}",
            "reports": True,
        }
        for name in NAMES
    }


def _message(body: bytes) -> dict[str, Any] | None:
    """The message in a request; None when it has not what a gateway needs."""
    try:
        message = json.loads(body)
    except ValueError:
        return None
    needed = ("message_id", "app_id", "phone", "kind", "text")
    if not isinstance(message, dict) or message.get("v") != 1:
        return None
    return message if all(isinstance(message.get(name), str) for name in needed) else None


def _answer(outcome: str, chaos: Chaos, message_id: str) -> Response:
    if outcome == "failed":
        return HangUp() if chaos.hang_up else JSONResponse({"error": "failed"}, 500)
    if outcome == "refused":
        refusal = {
            "error": chaos.reason,
            "retryable": chaos.retryable,
            "bad_number": chaos.bad_number,
        }
        return JSONResponse(refusal, 422)
    return JSONResponse({"id": f"v-{message_id}"})
