"""Every reply that is not a yes, as the Python SDK reads it: it must raise for all of them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from signet import errors
from signet.edge import http
from tests.schemas import TEMPLATE
from tests.wire import sdks

Canned = tuple[int, dict[str, str], str]


def of_functions() -> Iterator[Canned]:
    """Every refusal a function can answer, in both languages, and its unexpected failure."""
    classes = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SignetError)
    ]
    for kind in classes:
        for language in ("zh", "en"):
            body = {"code": kind.code, "error": kind().sentence(language)}
            yield kind.status, http.HEADERS, json.dumps(body)
    failure = http.failure()
    yield failure["statusCode"], failure["headers"], failure["body"]


def of_the_gateway() -> Iterator[Canned]:
    """Every body in the template, with the content type it is sent with."""
    responses = TEMPLATE["Resources"]["Api"]["Properties"]["GatewayResponses"]
    for response in responses.values():
        for content_type, body in response["ResponseTemplates"].items():
            yield int(response.get("StatusCode", 403)), {"Content-Type": content_type}, body


class Canner(HTTPServer):
    """Answers the n-th request with the n-th reply."""

    def __init__(self, replies: list[Canned]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = iter(replies)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Canner

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = next(self.server.replies)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("source", [of_functions, of_the_gateway])
def test_the_python_sdk_never_takes_a_refusal_for_a_yes(source: Any) -> None:
    replies = list(source())
    assert len(replies) > 10
    with Canner(replies) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        calls = [["verify_sms_code", "+8618612345678", "123456"]] * len(replies)

        answers = sdks.python(server.url, *calls)
        server.shutdown()

    expected = [json.loads(body)["code"] for _, _, body in replies]
    assert [answer.get("code") for answer in answers] == expected
