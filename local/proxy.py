"""Pass a request to the deployed API and its answer back, to the byte: paths are mapped, no more.

Replies of a real gateway that the emulator does not imitate are not imitated here either
(docs/decisions): template assertions and `make smoke` prove those.
"""

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.replies import refusal

# Belong to one connection, not to the message (RFC 9110 section 7.6.1).
HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
# What API Gateway says of the connection it took a request from, whatever the caller says of it:
# Signet's session cookie is not for HTTPS only when it comes by http, as it does here.
SAID_BY_GATEWAY = {b"x-forwarded-for", b"x-forwarded-proto"}
# API Gateway gives an integration 29 seconds.
TIMEOUT = httpx.Timeout(5, read=29)


class Upstream:
    """An ASGI app: the API that lies at `base_path` of the emulator, seen at the root."""

    def __init__(self, url: str, base_path: str) -> None:
        self._url = url
        self._base_path = base_path.encode()
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=False, limits=httpx.Limits(max_connections=None)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._forward(Request(scope, receive))
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def close(self) -> None:
        """Close the connections to the emulator."""
        await self._client.aclose()

    async def _forward(self, request: Request) -> Response:
        outgoing = await self._upstream_request(request)
        try:
            reply = await self._client.send(outgoing, stream=True)
            # Raw: what is compressed stays so.
            body = b"".join([chunk async for chunk in reply.aiter_raw()])
            await reply.aclose()
        except httpx.TimeoutException:
            return refusal(504, 124, "The request timed out on the server.")
        except httpx.HTTPError:
            return refusal(502, 502, "The local stack's AWS does not answer.")
        answer = Response(body, reply.status_code)
        answer.raw_headers = [
            (name.lower(), value)
            for name, value in reply.headers.raw
            if name.lower() not in HOP_BY_HOP
        ]
        return answer

    async def _upstream_request(self, request: Request) -> httpx.Request:
        query: bytes = request.scope["query_string"]
        client = request.client.host if request.client else "127.0.0.1"
        dropped = HOP_BY_HOP | SAID_BY_GATEWAY
        kept = [pair for pair in request.headers.raw if pair[0] not in dropped]
        said = [(b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", b"http")]
        target = self._base_path + request.scope["raw_path"] + (b"?" + query if query else b"")
        return httpx.Request(
            request.method,
            self._url,
            headers=kept + said,
            content=await request.body(),
            # httpx would normalise a URL; this target goes out as it is.
            extensions={"target": target},
        )
