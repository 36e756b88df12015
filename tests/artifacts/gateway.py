"""Passes AWS calls on to the emulator and writes down what IAM would have been asked."""

import contextlib
import http.client
import json
import re
import threading
import urllib.parse
from collections.abc import Collection, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# (action, resource) as tests/test_template.py writes them.
Grant = tuple[str, str]


def is_allowed(asked: Grant, permissions: Collection[Grant]) -> bool:
    """Whether one of the permissions covers what was asked, with all attributes it names."""
    action, resource = asked
    plain, wanted = action.split(" ")[0], action.partition(" of ")[2]
    allowed = [granted for granted, target in permissions if target == resource]
    readable = [granted.partition(" of ") for granted in allowed]
    return (
        plain in allowed
        or action in allowed
        or any(
            granted == plain and wanted and set(wanted.split()) <= set(attributes.split())
            for granted, _, attributes in readable
        )
    )


_IAM_NAMES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
_OF_SCHEDULES = {"POST": "CreateSchedule", "PUT": "UpdateSchedule", "DELETE": "DeleteSchedule"}
# Of the deployment's group, which is the only one that is named.
SCHEDULES = (
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${ScheduleGroup}/*"
)
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@contextlib.contextmanager
def recording(emulator: str, names: Mapping[str, str]) -> Iterator[tuple[str, set[Grant]]]:
    """An endpoint in front of the emulator, and the set its calls are written into.

    `names` turns a table's, queue's, bucket's or secret's name into what the template calls it.
    """
    asked: set[Grant] = set()
    upstream = urllib.parse.urlsplit(emulator).netloc

    class Recorder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.update(_grants(self.path, dict(self.headers.items()), body, names))
            self._pass_on(body)

        def do_GET(self) -> None:
            asked.add(_path_grant(self.command, self.path, names))
            self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        do_HEAD = do_PUT = do_DELETE = do_GET

        def _pass_on(self, body: bytes) -> None:
            connection = http.client.HTTPConnection(upstream, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            reply = connection.getresponse()
            content = reply.read()
            connection.close()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            # What HEAD tells is the length of what GET would give.
            length = reply.headers["Content-Length"] if self.command == "HEAD" else len(content)
            self.send_header("Content-Length", str(length))
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


def _path_grant(method: str, path: str, names: Mapping[str, str]) -> Grant:
    """What is asked by a path alone: EventBridge Scheduler, else S3."""
    if path.startswith("/schedules/"):
        return f"scheduler:{_OF_SCHEDULES[method]}", SCHEDULES
    return _object_grant(method, path, names)


def _object_grant(method: str, path: str, names: Mapping[str, str]) -> Grant:
    """What S3 is asked: only objects, of the bucket in front of the path."""
    bucket, _, key = urllib.parse.unquote(urllib.parse.urlsplit(path).path)[1:].partition("/")
    place = f"${{{names[bucket]}.Arn}}"
    if method == "PUT":
        return "s3:PutObject", f"{place}/{key.split('/')[0]}/*" if "/" in key else f"{place}/*"
    # Of audiences a function reads what it needs, by its folder.
    folder = f"{key.split('/')[0]}/" if names[bucket] == "Audiences" else ""
    return "s3:GetObject", f"{place}/{folder}*"


def _deleting_grants(path: str, body: bytes, names: Mapping[str, str]) -> Iterator[Grant]:
    """What S3 is asked to delete, many objects at once."""
    place = f"${{{names[urllib.parse.urlsplit(path).path.strip('/')]}.Arn}}"
    for folder in re.findall(r"<Key>([^/<]+)/", body.decode()):
        yield "s3:DeleteObject", f"{place}/{folder}/*"


def _grants(
    path: str, headers: Mapping[str, str], body: bytes, names: Mapping[str, str]
) -> Iterator[Grant]:
    target = headers.get("X-Amz-Target", "")
    if path.startswith("/schedules/"):
        yield _path_grant("POST", path, names)
    elif target:
        service, _, operation = target.partition(".")
        action = f"{_IAM_NAMES.get(service, service)}:{operation}"
        asked = json.loads(body)
        if "Entries" in asked:
            yield action, f"{names[asked['Entries'][0]['EventBusName']]}.Arn"
        else:
            yield from _json_grants(action, asked, names)
    elif "/functions/" in path:
        function = urllib.parse.unquote(path.split("/functions/")[1].split("/")[0])
        yield "lambda:InvokeFunction", f"{names[function]}.Arn"
    elif path.endswith("?delete"):
        yield from _deleting_grants(path, body, names)
    else:
        fields = urllib.parse.parse_qs(body.decode())
        action = f"sns:{fields['Action'][0]}"
        if "TopicArn" in fields:
            yield action, names[fields["TopicArn"][0]]
        else:
            yield action, "not arn:${AWS::Partition}:sns:*:*:*"


def _json_grants(action: str, body: dict[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    if action in {"dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"}:
        for item in body["TransactItems"]:
            ((kind, one),) = item.items()
            yield f"dynamodb:{kind}Item", f"{names[one['TableName']]}.Arn"
    elif action == "dynamodb:BatchGetItem":
        for table in body["RequestItems"]:
            yield action, f"{names[table]}.Arn"
    elif action in {"dynamodb:GetItem", "dynamodb:UpdateItem"}:
        yield action + _only(action, body), f"{names[body['TableName']]}.Arn"
    elif action == "dynamodb:Query" and "IndexName" in body:
        yield action, f"${{{names[body['TableName']]}.Arn}}/index/{body['IndexName']}"
    elif action.startswith("secretsmanager:"):
        yield action, names[body["SecretId"]]
    else:
        resource = body.get("TableName") or body["QueueUrl"]
        yield action, f"{names[resource]}.Arn"


def _only(action: str, body: dict[str, Any]) -> str:
    """Which attributes a read or a write of the deployment's items is about."""
    given = body.get("ExpressionAttributeNames", {})
    if body["Key"].get("app_id") == {"S": "#digests"}:
        return " in #digests"
    if action == "dynamodb:UpdateItem" and body["Key"].get("app_id") == {"S": "#deployment"}:
        return f" of {' '.join(sorted({*body['Key'], *given.values()}))} in #deployment"
    if "ProjectionExpression" not in body:
        return ""
    asked_for = body["ProjectionExpression"].replace(" ", "").split(",")
    return f" of {' '.join(sorted({*body['Key'], *(given.get(n, n) for n in asked_for)}))}"
