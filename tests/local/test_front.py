"""The front passes requests on as they come, and refuses in LeanCloud's shape."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from starlette.types import Receive, Scope, Send

from local.answers import Answers
from local.carrier_pages import CarrierPages
from local.clock import Clock
from local.front import Front
from local.inbox import Inbox
from local.ministack import free_port
from local.phones import Phones
from local.proxy import Upstream
from tests.local.serving import served

BASE = "/restapis/abc/live/_user_request_"


async def recorder(scope: Scope, receive: Receive, send: Send) -> None:
    """An upstream that answers with what reached it."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        event = await receive()
        body += event["body"]
        more = event["more_body"]
    seen = {
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
        "body": body.decode(),
    }
    content = json.dumps(seen).encode()
    headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", b"text/html; charset=utf-8"),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
        (b"set-cookie", b"signet_session=a.b; Path=/; HttpOnly; SameSite=Strict"),
    ]
    await send({"type": "http.response.start", "status": 203, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def front(upstream: str) -> Front:
    """A front whose API lies there; its own pages are not asked for here."""
    return Front(
        upstream=Upstream(upstream, BASE),
        pictures=Upstream(upstream, BASE),
        inbox=cast(Inbox, None),
        carriers=CarrierPages({}, Phones(), now=lambda: datetime.now(UTC)),
        answers=cast(Answers, None),
        clock=cast(Clock, None),
        wake=lambda: None,
    )


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A front before the recorder."""
    with ExitStack() as stack:
        upstream = stack.enter_context(served(recorder))
        yield stack.enter_context(served(front(f"http://127.0.0.1:{upstream}")))


def exchange(port: int, request: bytes) -> tuple[str, str]:
    """Send bytes as they are; the head and the body of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    head, body = answer.decode().split("\r\n\r\n", 1)
    return head, body


def passed_on(port: int, line: str, *headers: str, body: str = "") -> dict[str, Any]:
    """What reaches the upstream of a request with that first line."""
    lines = [f"{line} HTTP/1.1", "Host: sms.example:99", *headers, "Connection: close", "", body]
    _, answer = exchange(port, "\r\n".join(lines).encode())
    seen: dict[str, Any] = json.loads(answer)
    return seen


@pytest.mark.parametrize(
    "path",
    [
        "//1.1//requestSmsCode",
        "/1.1/verifySmsCode/../requestSmsCode",
        "/1.1/verifySmsCode/%2e%2E%2Fx",
        "/1.1/./a;b",
        "/%E4%BD%A0",
        "/phone/",
        "/%70hone",
        "/unknown",
    ],
)
def test_a_path_reaches_the_api_as_it_was_sent(port: int, path: str) -> None:
    assert passed_on(port, f"GET {path}")["path"] == BASE + path


def test_a_query_reaches_the_api_as_it_was_sent(port: int) -> None:
    query = "mobilePhoneNumber=+86186&a=%2B&a=[1]|&b"
    assert passed_on(port, f"POST /1.1/x?{query}")["query"] == query


def test_a_bare_question_mark_is_no_query(port: int) -> None:
    assert passed_on(port, "GET /1.1/date?")["query"] == ""


def test_a_get_may_have_a_body(port: int) -> None:
    seen = passed_on(port, "GET /1.1/date", "Content-Length: 4", body="null")
    assert seen["body"] == "null"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_is_passed_on(port: int, method: str) -> None:
    assert passed_on(port, f"{method} /1.1/x")["method"] == method


def test_headers_arrive_in_order_and_twice_if_sent_twice(port: int) -> None:
    seen = passed_on(port, "GET /1.1/x", "X-LC-Id: a", "X-Twice: 1", "X-Twice: 2")
    sent = [["host", "sms.example:99"], ["x-lc-id", "a"], ["x-twice", "1"], ["x-twice", "2"]]
    assert seen["headers"][: len(sent)] == sent


def test_a_caller_cannot_make_up_where_the_request_comes_from(port: int) -> None:
    claimed = ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
    seen = passed_on(port, "GET /1.1/x", *claimed)
    added = [["x-forwarded-for", "127.0.0.1"], ["x-forwarded-proto", "http"]]
    assert seen["headers"] == [["host", "sms.example:99"], *added]


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/app.js", "/console/api/app"])
def test_the_console_is_the_deployments_own(port: int, path: str) -> None:
    assert passed_on(port, f"GET {path}")["path"] == BASE + path


def test_the_answer_comes_back_with_its_status_and_headers(port: int) -> None:
    head, _ = exchange(port, b"GET /1.1/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert head.startswith("HTTP/1.1 203 ")
    assert head.count("x-twice: ") == 2
    assert "content-type: text/html; charset=utf-8\r\n" in head
    assert "set-cookie: signet_session=a.b; Path=/; HttpOnly; SameSite=Strict" in head


def test_without_an_api_the_refusal_has_leanclouds_shape() -> None:
    with served(front(f"http://127.0.0.1:{free_port()}")) as port:
        head, body = exchange(
            port,
            b"POST /1.1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )
    assert head.startswith("HTTP/1.1 502 ")
    assert json.loads(body) == {"code": 502, "error": "The local stack's AWS does not answer."}
