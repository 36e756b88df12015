"""Passes AWS calls on to the emulator and writes down what IAM would have been asked."""

import contextlib
import http.client
import json
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# (action, resource) as tests/test_template.py writes them.
Grant = tuple[str, str]

_IAM_NAMES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs"}
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@contextlib.contextmanager
def recording(emulator: str, names: Mapping[str, str]) -> Iterator[tuple[str, set[Grant]]]:
    """An endpoint in front of the emulator, and the set its calls are written into.

    `names` turns a table's, queue's or secret's name into what the template calls it.
    """
    asked: set[Grant] = set()
    upstream = urllib.parse.urlsplit(emulator).netloc

    class Recorder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.update(_grants(self.path, dict(self.headers.items()), body, names))
            connection = http.client.HTTPConnection(upstream, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers.items()))
            reply = connection.getresponse()
            content = reply.read()
            connection.close()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _grants(
    path: str, headers: Mapping[str, str], body: bytes, names: Mapping[str, str]
) -> Iterator[Grant]:
    target = headers.get("X-Amz-Target", "")
    if target:
        service, _, operation = target.partition(".")
        action = f"{_IAM_NAMES.get(service, service)}:{operation}"
        yield from _json_grants(action, json.loads(body), names)
    elif "/functions/" in path:
        function = urllib.parse.unquote(path.split("/functions/")[1].split("/")[0])
        yield "lambda:InvokeFunction", f"{names[function]}.Arn"
    else:
        fields = urllib.parse.parse_qs(body.decode())
        target_kind = "TopicArn" if "TopicArn" in fields else "not arn:${AWS::Partition}:sns:*:*:*"
        yield f"SendsBySns: sns:{fields['Action'][0]}", target_kind


def _json_grants(action: str, body: dict[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    if action == "dynamodb:TransactWriteItems":
        for item in body["TransactItems"]:
            ((kind, write),) = item.items()
            yield f"dynamodb:{kind}Item", f"{names[write['TableName']]}.Arn"
    elif action == "dynamodb:Query" and "IndexName" in body:
        yield action, f"${{{names[body['TableName']]}.Arn}}/index/{body['IndexName']}"
    elif action.startswith("secretsmanager:"):
        yield action, names[body["SecretId"]]
    else:
        resource = body.get("TableName") or body["QueueUrl"]
        yield action, f"{names[resource]}.Arn"
