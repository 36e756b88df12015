"""What a virtual carrier tells Signet, as gateways do: receipts in batches, replies at once."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx
from starlette.concurrency import run_in_threadpool

from local import signing

# Receipts of one moment go in one request: a function is invoked for each.
_GATHER_SECONDS = 0.2
_MOST_AT_ONCE = 50
# A request that was not answered well is repeated after so many seconds, under the same id.
_AGAIN_AFTER = (1, 2, 4, 8)
_TIMEOUT_SECONDS = 30

Fields = Mapping[str, object]


class Reporter:
    """Speaks for one carrier to the API at `url`. Belongs to one event loop.

    `now` is Signet's clock, by which it judges how old a request is.
    """

    def __init__(self, carrier: str, key: bytes, *, url: str, now: Callable[[], datetime]) -> None:
        self._place = f"{url}/carriers/{carrier}"
        self._key = key
        self._now = now
        self._waiting: list[Fields] = []
        self._sending: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def receipt(self, receipt: Fields) -> None:
        """Report a receipt soon."""
        self._waiting.append(receipt)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_receipts())

    async def reply(self, reply: Fields) -> httpx.Response:
        """Pass on what a person wrote; the API's answer. Raises httpx.HTTPError without one."""
        return await self._post("replies", {"v": 1, "replies": [reply]}, id=_new_id())

    async def close(self) -> None:
        """Stop; what was not reported yet is lost."""
        if self._sending:
            self._sending.cancel()
        if self._client:
            await self._client.aclose()

    async def _send_receipts(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            await self._report(batch)

    async def _report(self, batch: list[Fields]) -> None:
        id = _new_id()
        for pause in (*_AGAIN_AFTER, 0):
            if await self._is_settled(batch, id=id):
                return
            await asyncio.sleep(pause)

    async def _is_settled(self, batch: list[Fields], *, id: str) -> bool:
        """Report; whether that is the end of it, as the API took it or never will."""
        try:
            answer = await self._post("receipts", {"v": 1, "receipts": batch}, id=id)
        except httpx.HTTPError:
            return False
        return answer.status_code < 500 and answer.status_code != 429

    async def _post(self, what: str, content: Fields, *, id: str) -> httpx.Response:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        body = json.dumps(content, ensure_ascii=False).encode()
        now = await run_in_threadpool(self._now)
        headers = signing.signed(self._key, body, id=id, timestamp=int(now.timestamp()))
        return await self._client.post(
            f"{self._place}/{what}",
            content=body,
            headers=headers | {"Content-Type": "application/json; charset=utf-8"},
        )


def _new_id() -> str:
    return f"evt_{secrets.token_hex(12)}"
