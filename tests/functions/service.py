"""Signet's functions as the gateway and the queues call them, and what the outside then sees."""

import copy
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from functions.request import app as request_function
from functions.review import app as review_function
from functions.router import app as router_function
from functions.sender import app as sender_function
from functions.sweeper import app as sweeper_function
from functions.verify import app as verify_function
from signet.edge.http import HEADERS
from signet.store import apps
from tests.gateway import CONTEXT
from tests.store.build import client, put

EVENTS = Path(__file__).resolve().parents[2] / "events"
PHONE = "+8618612345678"
APP_KEY = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-key"}
MASTER_KEY = {"X-LC-Id": "signet-demo-app", "X-LC-Key": "signet-demo-master,master"}
OPERATOR = {"Authorization": f"Basic {b64encode(b'demo:signet-demo-operator').decode()}"}
OTHER_OPERATOR = {"Authorization": f"Basic {b64encode(b'other:signet-demo-operator').decode()}"}
NOBODY: Mapping[str, str] = {}

Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]


@dataclass(frozen=True)
class Reply:
    """What the gateway passes on."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def code(self) -> int:
        """LeanCloud's number for a refusal; 0 for the one success there is."""
        if (self.status, self.text) == (200, "{}"):
            return 0
        number = json.loads(self.text)["code"]
        assert type(number) is int
        return number

    @property
    def error(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.text)["error"])

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the body."""
        fields: dict[str, Any] = json.loads(self.text)
        return fields


def event(name: str) -> Event:
    """A copy of the event in events/."""
    loaded: Event = json.loads((EVENTS / f"{name}.json").read_text())
    return copy.deepcopy(loaded)


def http_event(
    name: str,
    *,
    path: str | None = None,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    raw: str | None = None,
    query: Mapping[str, str] | None = None,
    base64: bool = False,
) -> Event:
    """An event of events/ with another path, credentials, body or query."""
    changed = event(name)
    if path is not None:
        changed["path"] = path
        changed["requestContext"]["path"] = f"/live{path}"
    if method is not None:
        changed["httpMethod"] = changed["requestContext"]["httpMethod"] = method
    if headers is not None:
        kept = {
            key: value
            for key, value in changed["headers"].items()
            if not key.lower().startswith("x-lc-")
            and key.lower() not in {each.lower() for each in headers}
        }
        changed["headers"] = {**kept, **headers}
        changed["multiValueHeaders"] = {key: [v] for key, v in changed["headers"].items()}
    if query is not None:
        changed["queryStringParameters"] = dict(query)
        changed["multiValueQueryStringParameters"] = {key: [v] for key, v in query.items()}
    changed["body"] = raw
    changed["isBase64Encoded"] = base64
    return changed


def serve(handler: Handler, called_with: Event) -> Reply:
    """The reply, after a look at what every reply must have (wire.md 4.1)."""
    reply = handler(called_with, CONTEXT)
    assert set(reply) == {"statusCode", "headers", "body"}
    assert {name: reply["headers"][name] for name in HEADERS} == HEADERS
    body = json.loads(reply["body"])
    assert isinstance(body, dict)
    if reply["statusCode"] in (200, 201):
        assert "error" not in body
    else:
        assert type(body["code"]) is int
        assert isinstance(body["error"], str)
        assert body["error"]
    return Reply(reply["statusCode"], reply["headers"], reply["body"])


@dataclass
class Service:
    """One deployment: a method for each thing that people and machines do with it."""

    codes_queue: str
    bulk_queue: str
    alarm_topic: str

    def request(
        self,
        number: object = PHONE,
        *,
        headers: Mapping[str, str] = APP_KEY,
        raw: str | None = None,
        path: str = "/1.1/requestSmsCode",
        **fields: object,
    ) -> Reply:
        """Ask for a code."""
        body = {"mobilePhoneNumber": number, "smsType": "sms", **fields}
        text = json.dumps(body) if raw is None else raw
        return serve(
            request_function.handler,
            http_event("request", path=path, headers=headers, raw=text),
        )

    def verify(
        self,
        code: str,
        number: object = PHONE,
        *,
        headers: Mapping[str, str] = APP_KEY,
        raw: str | None = None,
        query: Mapping[str, str] | None = None,
        path: str | None = None,
    ) -> Reply:
        """Try a code."""
        text = json.dumps({"mobilePhoneNumber": number}) if raw is None else raw
        return serve(
            verify_function.handler,
            http_event(
                "verify",
                path=path or f"/1.1/verifySmsCode/{code}",
                headers=headers,
                raw=text,
                query=query,
            ),
        )

    def review(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] = MASTER_KEY,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call the part of the console's API that is the function `review`."""
        called_with = http_event(
            "review",
            method=method,
            path=f"/console/api/{quote(path)}",
            headers=headers,
            raw=None if body is None else json.dumps(body),
            query=query,
        )
        return serve(review_function.handler, called_with)

    def route(self, called_with: Event) -> Reply:
        """Call the router."""
        return serve(router_function.handler, called_with)

    def queued(self) -> list[dict[str, Any]]:
        """Take what lies in the codes queue, as the records of an event."""
        return self._received(self.codes_queue)

    def queued_in_bulk(self) -> list[dict[str, Any]]:
        """The same of the queue for everything else."""
        return self._received(self.bulk_queue)

    def _received(self, queue_url: str) -> list[dict[str, Any]]:
        found = client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        (shape,) = event("sender")["Records"]
        return [
            {
                **shape,
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
            }
            for message in found.get("Messages", [])
        ]

    def send(self, records: list[dict[str, Any]] | None = None) -> list[str]:
        """Run the sender over queue records; the ids of those that failed."""
        if records is None:
            records = [*self.queued(), *self.queued_in_bulk()]
        reply = sender_function.handler({"Records": records}, CONTEXT)
        return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]

    def sweep(self) -> int:
        """Run the sweeper; how many messages it looked at."""
        return int(sweeper_function.handler(event("sweeper"), CONTEXT)["seen"])

    def close_days(self) -> None:
        """Run the sweeper as it runs every hour."""
        sweeper_function.handler({"task": "close_days"}, CONTEXT)

    def alarms(self) -> list[tuple[str, str]]:
        """What the topic of alarms was told: (subject, text), oldest first."""
        topic = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[self.alarm_topic]
        return [(str(sent[2]), str(sent[1])) for sent in topic.sent_notifications]

    def texts(self) -> list[tuple[str, str]]:
        """What reached phones through SNS: (number, text), oldest first."""
        sent = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        return [(number, text) for number, text in sent.values()]

    def code(self, **fields: Any) -> str:
        """Ask for a code, deliver it and read it on the phone."""
        reply = self.request(**fields)
        assert reply.code == 0, reply
        assert self.send() == []
        return code_in(self.texts()[-1][1])


def put_template(
    text: str,
    *,
    name: str = "Order_Notice",
    kind: str = "notification",
    version: int = 1,
    state: str = "approved",
) -> None:
    """Put a version of the demo app's template in use, or only there when it is not approved."""
    words = {"app_id": "signet-demo-app", "name": name, "kind": kind, "state": state}
    approved = state == "approved"
    in_use = {"text": text, "version": version} if approved else {"version": 0}
    put("apps", **words, **in_use, latest=version, item=f"template#{name}")
    put("apps", **words, text=text, item=f"template-version#{name}#{version:06d}")
    apps.forget()


def code_in(text: str) -> str:
    """The six digits of a text."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found
    return found.group()


def wrong(code: str, step: int = 1) -> str:
    """Another code."""
    return f"{(int(code) + step) % 10**6:06d}"


def signed(
    time: str = "1795334400123",
    *,
    key: str = "signet-demo-key",
    suffix: str = "",
    app_id: str = "signet-demo-app",
) -> dict[str, str]:
    """The headers of a call signed at `time`, in the caller's own unit."""
    digest = md5(f"{time}{key}".encode(), usedforsecurity=False).hexdigest()
    return {"X-LC-Id": app_id, "X-LC-Sign": f"{digest},{time}{suffix}"}
