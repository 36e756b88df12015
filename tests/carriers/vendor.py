"""A vendor's server on this machine: checks the signature, answers as told, counts the calls."""

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
    seconds: float = 0
    hangs_up: bool = False
    cuts_short: bool = False
    calls: list[Call] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Vendor]:
    """A vendor on a free port of this machine."""
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            vendor.calls.append(Call(self.path, headers, body))
            self.close_connection = True
            if vendor.hangs_up:
                return
            time.sleep(vendor.seconds)
            try:
                self.send_response(vendor.status)
                self.send_header("Content-Length", str(len(vendor.body)))
                self.end_headers()
                sent = vendor.body[: len(vendor.body) // 2] if vendor.cuts_short else vendor.body
                self.wfile.write(sent)
            except OSError:
                return  # the caller did not wait

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
