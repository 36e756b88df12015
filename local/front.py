"""The one port: the deployed API at the root path, and the pages that exist only here."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from local.answers import Answers
from local.carrier_pages import CarrierPages
from local.clock import Clock, iso
from local.inbox import Inbox
from local.proxy import Upstream
from local.replies import answer, refusal

PAGES = Path(__file__).resolve().parent / "pages"
# At the root, as on any static host.
SHOP = PAGES / "shop"
# The sound is fetched and then played, and the work is done in a worker: both are blobs.
CONTENT_SECURITY_POLICY = "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:"
# What the second API serves; both are one address here, as they may be behind a CDN.
PICTURES = {"/1.1/captchaImage", "/1.1/captchaSound"}
LONGEST_JUMP = 366 * 24 * 3600

Page = Callable[[Request], Awaitable[Response]]


class Front:
    """An ASGI app. Whatever is not one of its own pages goes to the API as it came."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        pictures: Upstream,
        inbox: Inbox,
        carriers: CarrierPages,
        answers: Answers,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._upstream = upstream
        self._pictures = pictures
        self._inbox = inbox
        self._carriers = carriers
        self._answers = answers
        self._clock = clock
        self._wake = wake
        self._pages: dict[tuple[str, str], Page] = {
            ("GET", "/"): _file(SHOP / "index.html"),
            ("GET", "/phone"): _file(PAGES / "phone.html"),
            ("GET", "/local/messages"): self._messages,
            ("GET", "/local/captcha"): self._captcha,
            ("GET", "/local/clock"): self._show_clock,
            ("POST", "/local/clock"): self._move_clock,
        } | carriers.pages()
        for asset in SHOP.rglob("*.*"):
            self._pages["GET", f"/{asset.relative_to(SHOP).as_posix()}"] = _file(asset)
        for asset in (*PAGES.glob("*.js"), *PAGES.glob("*.css")):
            self._pages["GET", f"/local/{asset.name}"] = _file(asset)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        path = scope["raw_path"].decode("latin-1")
        page = self._pages.get((scope["method"], path))
        if page is None:
            upstream = self._pictures if path in PICTURES else self._upstream
            await upstream(scope, receive, send)
            return
        reply = await page(Request(scope, receive))
        await reply(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] == "lifespan":
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                await self._upstream.close()
                await self._pictures.close()
                await self._carriers.close()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

    async def _messages(self, request: Request) -> Response:
        phone = request.query_params.get("phone")
        if phone:
            # A raw `+` in a query is a space once decoded.
            phone = "+" + phone[1:] if phone.startswith(" ") else phone
        return answer(await run_in_threadpool(self._inbox.texts, phone or None))

    async def _captcha(self, request: Request) -> Response:
        query = request.query_params
        app_id, token = query.get("appId", ""), query.get("token", "")
        found = await run_in_threadpool(self._answers.of, app_id, token)
        return answer(found) if found else refusal(404, 1, "No such captcha, or it is over.")

    async def _show_clock(self, _: Request) -> Response:
        return answer(await run_in_threadpool(self._time))

    async def _move_clock(self, request: Request) -> Response:
        seconds = _jump(await request.body())
        if seconds is None:
            return refusal(400, 1, "advance_seconds must be whole seconds, a year at most.")
        await run_in_threadpool(self._clock.advance, seconds)
        await run_in_threadpool(self._wake)
        return answer(await run_in_threadpool(self._time))

    def _time(self) -> dict[str, Any]:
        return {"offset_seconds": self._clock.offset(), "now": iso(self._clock.now())}


def _jump(body: bytes) -> int | None:
    """The seconds that a request asks to move the clock by; None when it asks badly."""
    try:
        asked = json.loads(body)["advance_seconds"]
    except (ValueError, KeyError, TypeError):
        return None
    if type(asked) is not int or abs(asked) > LONGEST_JUMP:
        return None
    return asked


def _file(path: Path) -> Page:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }

    async def page(_: Request) -> Response:
        return FileResponse(path, headers=headers)

    return page
