"""Pages of the virtual carriers: where Signet posts, what they are told to do wrong, replies."""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from local.carriers import NAMES, VirtualCarrier
from local.chaos import Chaos, ChaosInvalid, parse
from local.clock import iso
from local.phones import Phones
from local.replies import answer, refusal

Page = Callable[[Request], Awaitable[Response]]
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_REPLY = 1000
_NOT_JSON = "Malformed json object. A json dictionary is expected."


class CarrierPages:
    """All pages under /local that are about carriers."""

    def __init__(
        self,
        carriers: Mapping[str, VirtualCarrier],
        phones: Phones,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """`now` is Signet's clock."""
        self._carriers = carriers
        self._phones = phones
        self._now = now
        self._replies: list[dict[str, object]] = []

    def pages(self) -> dict[tuple[str, str], Page]:
        """By method and path."""
        found: dict[tuple[str, str], Page] = {
            ("GET", "/local/carriers"): self._show,
            ("GET", "/local/chaos"): self._show_chaos,
            ("POST", "/local/chaos"): self._set_chaos,
            ("DELETE", "/local/chaos"): self._end_chaos,
            ("GET", "/local/replies"): self._show_replies,
            ("POST", "/local/replies"): self._reply,
        }
        for name, carrier in self._carriers.items():
            found["POST", f"/local/carriers/{name}"] = carrier.take
            found["GET", f"/local/carriers/{name}"] = _requests(carrier)
        return found

    async def close(self) -> None:
        """Stop the carriers."""
        for carrier in self._carriers.values():
            await carrier.close()

    async def _show(self, _: Request) -> Response:
        return answer([carrier.shown() for carrier in self._carriers.values()])

    async def _show_chaos(self, _: Request) -> Response:
        return answer({name: one.chaos.shown() for name, one in self._carriers.items()})

    async def _set_chaos(self, request: Request) -> Response:
        body = _object(await request.body())
        if body is None:
            return refusal(400, 107, _NOT_JSON)
        carrier = self._carriers.get(str(body.pop("carrier", "")))
        if carrier is None:
            return refusal(400, 1, f"carrier must be {' or '.join(self._carriers)}.")
        try:
            carrier.chaos = parse(body)
        except ChaosInvalid as invalid:
            return refusal(400, 1, str(invalid))
        return await self._show_chaos(request)

    async def _end_chaos(self, request: Request) -> Response:
        for carrier in self._carriers.values():
            carrier.chaos = Chaos()
        return await self._show_chaos(request)

    async def _reply(self, request: Request) -> Response:
        body = _object(await request.body())
        if body is None:
            return refusal(400, 107, _NOT_JSON)
        phone, text = body.get("from"), body.get("text")
        if not isinstance(phone, str) or not _E164.fullmatch(phone):
            return refusal(400, 127, "from must be a number such as +8618612345678.")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST_REPLY:
            return refusal(400, 1, f"text must be 1 to {_LONGEST_REPLY} characters.")
        return await self._pass_on(phone, text)

    async def _pass_on(self, phone: str, text: str) -> Response:
        """By the carrier that brought the last message to that number, to the app it was from."""
        last = self._phones.last_to(phone)
        carrier = self._carriers[last.carrier if last else NAMES[0]]
        reply: dict[str, object] = {
            "id": f"mo_{secrets.token_hex(8)}",
            "from": phone,
            "text": text,
        }
        to: dict[str, object] = {"app_id": last.app_id} if last else {}
        try:
            taken = await carrier.reply(reply | to)
        except httpx.HTTPError as error:
            return refusal(502, 1, f"Signet did not answer: {type(error).__name__}.")
        if taken.is_error:
            said = f"HTTP {taken.status_code} {taken.text[:200]}"
            return refusal(502, 1, f"Signet did not take the reply: {said}")
        sent_at = iso(await run_in_threadpool(self._now))
        passed = reply | to | {"carrier": carrier.name, "sent_at": sent_at}
        self._replies.append(passed)
        return answer(passed)

    async def _show_replies(self, _: Request) -> Response:
        return answer(self._replies[::-1])


def _requests(carrier: VirtualCarrier) -> Page:
    async def page(_: Request) -> Response:
        return answer(carrier.requests())

    return page


def _object(body: bytes) -> dict[str, object] | None:
    """A body's JSON object; None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
