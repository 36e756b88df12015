"""Calling an app's endpoint, which a stranger chose: one signed POST to a public address.

The name is looked up here, every address it has must be public, and the connection goes to the
very address that was looked at: a name that means something else a moment later changes nothing.
Redirects are not followed. A request takes five seconds at most, whatever drips meanwhile. Of an
answer only its status is read. Failure mode: what went wrong is the answer.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from http.client import HTTPConnection, HTTPException

from signet import standard_webhooks
from signet.edge import settings
from signet.endpoints import Endpoint, are_public
from signet.errors import BadParameter

SECONDS = 5.0

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Signet (+https://www.standardwebhooks.com)",
    "Connection": "close",
}


class _Unreachable(Exception):
    """There is no connection; the word says why."""


def allows_private() -> bool:
    """Whether endpoints may be http and lie in private networks: never in the cloud."""
    return settings.value("SIGNET_PRIVATE_WEBHOOKS") == "on"


def post(url: str, keys: Sequence[bytes], webhook_id: str, body: str) -> str:
    """Tell an endpoint; its HTTP status, or a word for what went wrong:

    `url`, `name_unknown`, `not_public`, `connection`, `tls`, `certificate`, `timeout`, `answer`.
    """
    end = time.monotonic() + SECONDS
    content = body.encode()
    headers = standard_webhooks.headers(keys, webhook_id, int(time.time()), content)
    try:
        endpoint = Endpoint.parse(url, private=allows_private())
        with _connected(endpoint, end) as connection:
            connection.putrequest("POST", endpoint.target, skip_host=True)
            for name, value in {"Host": endpoint.authority, **_HEADERS, **headers}.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            with connection.getresponse() as answer:
                # Headers that were cut off look like headers that ended.
                return str(answer.status) if time.monotonic() < end else "timeout"
    except BadParameter:
        return "url"
    except _Unreachable as reason:
        return str(reason)
    except (OSError, HTTPException, ValueError):
        return "timeout" if time.monotonic() >= end else "answer"


@contextmanager
def _connected(endpoint: Endpoint, end: float) -> Iterator[HTTPConnection]:
    """A connection to the endpoint that is cut off at `end`. Raises _Unreachable."""
    with (
        closing(_opened(endpoint, end)) as wire,
        _until(end, wire),
        closing(HTTPConnection("endpoint")) as connection,
    ):
        # It never connects by itself: the name would be looked up again.
        connection.auto_open = 0
        connection.sock = _secured(endpoint, wire, end) if endpoint.is_https else wire
        yield connection


def _opened(endpoint: Endpoint, end: float) -> socket.socket:
    for address in _addresses(endpoint):
        try:
            return socket.create_connection((address, endpoint.port), _left(end))
        except OSError:
            continue
    raise _Unreachable("timeout" if time.monotonic() >= end else "connection")


def _addresses(endpoint: Endpoint) -> list[str]:
    """What the name leads to, IPv4 first: a function has no IPv6. Raises _Unreachable."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Unreachable("name_unknown") from None
    addresses = [str(each[4][0]) for each in sorted(found, key=lambda each: each[0])]
    if not allows_private() and not are_public(addresses):
        raise _Unreachable("not_public")
    return addresses


def _secured(endpoint: Endpoint, wire: socket.socket, end: float) -> ssl.SSLSocket:
    try:
        return _tls().wrap_socket(wire, server_hostname=endpoint.host)
    except ssl.SSLCertVerificationError:
        raise _Unreachable("certificate") from None
    except ssl.SSLError:
        raise _Unreachable("timeout" if time.monotonic() >= end else "tls") from None


@contextmanager
def _until(end: float, wire: socket.socket) -> Iterator[None]:
    """Cut the wire off at `end`: a timeout of each read would let an answer drip for hours."""
    # A duplicate stays ours when TLS takes the socket over.
    with closing(wire.dup()) as held:
        timer = threading.Timer(_left(end), _cut, [held])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(wire: socket.socket) -> None:
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself


def _left(end: float) -> float:
    return max(0.01, end - time.monotonic())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
