"""HTTP without a client's good manners: the request goes out exactly as it is written."""

import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """A parsed reply; header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


def send(
    url: str,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> Reply:
    """Send one request with `target` as its request line's path, untouched."""
    place = urlsplit(url)
    payload = (body or "").encode()
    lines = [f"{method} {target} HTTP/1.1", f"Host: {place.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(payload)}")
    with socket.create_connection((str(place.hostname), int(place.port or 80)), 30) as wire:
        wire.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, rest = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    pairs = (field.partition(":") for field in fields)
    return Reply(
        status=int(status.split()[1]),
        headers={name.lower(): value.strip() for name, _, value in pairs},
        text=_unchunk(rest).decode(),
    )


def _unchunk(body: bytes) -> bytes:
    size, _, rest = body.partition(b"\r\n")
    try:
        length = int(size, 16)
    except ValueError:
        return body
    return rest[:length] + _unchunk(rest[length + 2 :]) if length else b""
