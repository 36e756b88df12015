"""A vendor's server on this machine: checks the signature, answers as told, counts the calls."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_signed_right(self) -> bool:
        """Whether the signature is that of the test's credentials over just this request."""
        authorization = self.headers["authorization"]
        scope, signed, signature = (part.partition("=")[2] for part in authorization.split(", "))
        _, _, region, service, _ = scope.split("/")
        request = AWSRequest(
            "POST",
            f"http://{self.headers['host']}{self.path}",
            headers={name: self.headers[name] for name in signed.split(";")},
            data=self.body,
        )
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = SigV4Auth(Credentials("test", "test"), service, region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return bool(auth.signature(text, request) == signature)


@dataclass
class Vendor:
    """What the server answers and what it saw. `seconds` of silence come before the answer."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    hangs_up: bool = False
    resets: bool = False
    cuts_short: bool = False
    calls: list[Call] = field(default_factory=list)

    def called(self) -> int:
        """How many calls arrived: one that its caller gave up may still be on its way here."""
        deadline = time.monotonic() + 5
        while not self.calls and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(self.calls)


class Handler(BaseHTTPRequestHandler):
    """Answers every POST as the vendor says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        vendor: Vendor = vars(self.server)["vendor"]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        vendor.calls.append(Call(self.path, headers, body))
        self.close_connection = True
        if vendor.resets:  # to close without lingering sends RST instead of FIN
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if vendor.hangs_up or vendor.resets:
            return
        time.sleep(vendor.seconds)
        try:
            self.answer(vendor)
        except OSError:
            return  # the caller did not wait

    def answer(self, vendor: Vendor) -> None:
        """Send what the vendor says."""
        self.send_response(vendor.status)
        sent = {"Connection": "close", "Content-Length": str(len(vendor.body)), **vendor.headers}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        half = len(vendor.body) // 2
        self.wfile.write(vendor.body[:half] if vendor.cuts_short else vendor.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """A vendor on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    vendor = Vendor(url=f"{scheme}://127.0.0.1:{server.server_port}")
    vars(server)["vendor"] = vendor
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
