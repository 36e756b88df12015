"""What API Gateway and Lambda hand to a function."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


def rest_event(
    path: str,
    body: str | None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A REST API proxy event, version 1.0."""
    sent = dict(headers or {})
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "stage": "live",
            "httpMethod": method,
            "path": f"/live{path}",
            "requestId": "test",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


CONTEXT = SimpleNamespace(
    aws_request_id="test",
    function_name="test",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    get_remaining_time_in_millis=lambda: 10_000,
)
