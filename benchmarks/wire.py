"""AWS calls on the wire: an emulator with a listener in front, and a stub that repeats replies.

Both live in the benchmark's own process, so neither is in the CPU time of the one measured.
"""

import binascii
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

_DYNAMODB = "DynamoDB_20120810."
_S3 = "S3."
# Of one hop, or written anew by whoever passes it on.
_NOT_PASSED_ON = ("content-length", "expect", "connection", "transfer-encoding")
_READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query"})


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call: what was asked as it was asked, what was answered, and what it consumed."""

    operation: str
    place: str
    request: bytes
    reply: bytes
    content_type: str
    status: int
    read_units: float = 0
    write_units: float = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """botocore's name of the service, for those that `request` and `verify` call."""
        return {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs"}[self.operation.split(".")[0]]

    @property
    def name(self) -> str:
        """The operation without its service."""
        return self.operation.rpartition(".")[2]

    def is_of(self, table: str, name: str) -> bool:
        """Whether it is this operation on this table."""
        return self.name == name and f'"{table}"'.encode() in self.request


@dataclass(frozen=True, slots=True)
class _Asked:
    operation: str
    body: bytes
    headers: dict[str, str]
    path: str = "/"

    @property
    def method(self) -> str:
        """HTTP's; only S3 has others than POST."""
        return self.operation.removeprefix(_S3) if self.operation.startswith(_S3) else "POST"


class Recorder:
    """Passes calls on to an emulator, keeps them, and asks DynamoDB what each one consumed."""

    def __init__(self, emulator: str) -> None:
        self.calls: list[Call] = []
        self._host = emulator.removeprefix("http://")

    def answer(self, asked: _Asked) -> Call:
        """Forward the call, but for one of another function: nobody waits for what that does."""
        if asked.operation.startswith("/"):
            call = Call(asked.operation, "", asked.body, b"", "application/json", 202)
            self.calls.append(call)
            return call
        body = asked.body
        if asked.operation.startswith(_DYNAMODB):
            body = json.dumps(json.loads(body) | {"ReturnConsumedCapacity": "INDEXES"}).encode()
        connection = http.client.HTTPConnection(self._host, timeout=30)
        kept = {n: v for n, v in asked.headers.items() if n.lower() not in _NOT_PASSED_ON}
        connection.request(asked.method, asked.path, body, kept)
        response = connection.getresponse()
        reply = response.read()
        connection.close()
        call = _call(asked, reply, response)
        self.calls.append(call)
        return call


class Replay:
    """Answers each operation in each place as it was answered before; the last answer counts."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = {(call.operation, call.place): call for call in calls if call.status == 200}

    def answer(self, asked: _Asked) -> Call:
        """The recorded answer."""
        return self._calls[asked.operation, _place(asked)]


@contextmanager
def serving(answer: Callable[[_Asked], Call]) -> Iterator[str]:
    """Serve AWS calls on a free local port; yields the endpoint."""

    class Handler(_Handler):
        answered_by = staticmethod(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="aws", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a benchmark's table is its output."""


@contextmanager
def telling() -> Iterator[str]:
    """An app's endpoint that takes everything; yields its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        threading.Thread(target=server.serve_forever, name="endpoint", daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    answered_by: Callable[[_Asked], Call]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = dict(self.headers.items())
        target = self.headers.get("X-Amz-Target")
        # Lambda's operation is in its path.
        operation = target or parse_qs(body.decode()).get("Action", [self.path])[0]
        self._answer(_Asked(operation, body, headers))

    def do_PUT(self) -> None:
        self._of_s3()

    def do_GET(self) -> None:
        self._of_s3()

    def do_HEAD(self) -> None:
        self._of_s3()

    def _of_s3(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers.items())
        self._answer(_Asked(f"{_S3}{self.command}", body, headers, self.path))

    def _answer(self, asked: _Asked) -> None:
        call = self.answered_by(asked)
        self.send_response(call.status)
        for name, value in call.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", call.content_type)
        self.send_header("Content-Length", str(len(call.reply)))
        if call.operation.startswith(_DYNAMODB):
            # botocore checks it, so it is part of what a call costs.
            self.send_header("x-amz-crc32", str(binascii.crc32(call.reply)))
        self.end_headers()
        self.wfile.write(call.reply)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a benchmark's table is its output."""


def _call(asked: _Asked, reply: bytes, response: http.client.HTTPResponse) -> Call:
    read = write = 0.0
    if asked.operation.startswith(_DYNAMODB):
        document = json.loads(reply)
        consumed = document.pop("ConsumedCapacity", [])
        entries = consumed if isinstance(consumed, list) else [consumed]
        units = sum(entry["CapacityUnits"] for entry in entries) or _of_batch(asked)
        reply = json.dumps(document).encode()
        if asked.operation.removeprefix(_DYNAMODB) in _READS:
            read = units
        else:
            write = units
    return Call(
        operation=asked.operation,
        place=_place(asked),
        request=asked.body,
        reply=reply,
        content_type=response.headers["Content-Type"] or "application/xml",
        status=response.status,
        read_units=read,
        write_units=write,
        headers={"ETag": response.headers["ETag"]} if response.headers["ETag"] else {},
    )


def _of_batch(asked: _Asked) -> float:
    """What a BatchGetItem of small items consumes, which the emulator does not say."""
    tables = json.loads(asked.body).get("RequestItems", {}).values()
    return sum(len(one["Keys"]) * (1 if one.get("ConsistentRead") else 0.5) for one in tables)


def _place(asked: _Asked) -> str:
    """The table, and for a read of one item its key: a process reads several of one table."""
    if not asked.operation.startswith(_DYNAMODB):
        return ""
    document = json.loads(asked.body)
    key = document["Key"] if asked.operation.endswith(".GetItem") else ""
    return f"{document.get('TableName', '')} {json.dumps(key)}"
