"""Calls that carry others: /1.1/batch, by which PHP does everything, and /1.1/batch/save, by
which Objective-C and Swift save objects (wire.md 10).

The calls inside are made with the credentials and the session of the one outside. They count as
calls for every limit, and none of them may carry others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from signet.edge import http
from signet.edge.http import Answer, Body, Call, Route
from signet.errors import BadParameter, NotFound, SignetError, UserNotFound

MOST = 50
_INTERNAL_ID = "__internalId"


def each(call: Call, routes: Sequence[Route]) -> Answer:
    """What /1.1/batch answers: `success` or `error` for each call, in their order."""
    outcomes = [_outcome(one, routes) for one in _calls(call)]
    return Answer(json.dumps(outcomes, ensure_ascii=False, separators=(",", ":")))


def saved(call: Call, routes: Sequence[Route]) -> Body:
    """What /1.1/batch/save answers: an object for each call, by its internal id.

    The SDKs look at the status alone, so the first refusal is that of the whole call.
    """
    answers: dict[str, object] = {}
    for one in _calls(call):
        body = one.body
        name = body.get(_INTERNAL_ID) or one.path.rpartition("/")[2]
        answers[str(name)] = _body(http.answer(one, routes))
    return answers


def _outcome(call: Call, routes: Sequence[Route]) -> dict[str, object]:
    try:
        return {"success": _body(http.answer(call, routes))}
    except UserNotFound as error:
        # As it was recorded, for an object; whose session it is, is another question.
        if call.method == "GET" and not call.path.endswith("/me"):
            return {"success": None}
        return {"error": http.refusal_body(error)}
    except SignetError as error:
        return {"error": http.refusal_body(error)}


def _calls(call: Call) -> list[Call]:
    requests = call.body.get("requests")
    if not isinstance(requests, list):
        raise BadParameter("requests must be a list.")
    if len(requests) > MOST:
        raise BadParameter(f"requests holds more than {MOST} calls.")
    return [_call(call, request) for request in requests]


def _call(outer: Call, request: object) -> Call:
    if not isinstance(request, Mapping):
        raise BadParameter("Each of the requests must be an object.")
    method, path = request.get("method"), request.get("path")
    if not isinstance(method, str) or not isinstance(path, str):
        raise BadParameter("Each of the requests must have a method and a path.")
    parts = urlsplit(http.collapse(path))
    if http.has_dot_segment(parts.path):
        raise NotFound
    body = request.get("body")
    query = {**dict(parse_qsl(parts.query)), **_params(request.get("params"))}
    return replace(
        outer,
        method=method.upper(),
        path=unquote(parts.path),
        headers=_headers(outer),
        query=query,
        raw_body=json.dumps({} if body is None else body),
    )


def _headers(outer: Call) -> Mapping[str, str]:
    """The headers of the call outside, with what the text/plain form has in its body instead."""
    claimed = outer.credentials
    if claimed is None or "text/plain" not in outer.headers.get("content-type", ""):
        return outer.headers
    return {
        **outer.headers,
        "content-type": "application/json",
        "x-lc-id": claimed.app_id,
        "x-lc-key": claimed.key or f"{claimed.master_key},master",
        "x-lc-session": outer.session_token,
    }


def _params(params: object) -> dict[str, str]:
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise BadParameter("params must be an object.")
    return {str(name): _text(value) for name, value in params.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _body(answered: Body | Answer) -> object:
    return answered.body if isinstance(answered, Answer) else answered
