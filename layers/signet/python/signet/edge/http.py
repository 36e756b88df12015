"""HTTP as LeanCloud speaks it: one door in, one shape out.

`serve` normalises a gateway event, routes it and shapes every answer, the unexpected ones
included, because the Python and PHP SDKs take a body without `error` for success whatever the
status says (wire.md 4.1). Routing is our own: docs/decisions has what a library costs here.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import unquote

from signet import addresses, credentials
from signet.apps import App
from signet.credentials import Authority, Credentials
from signet.edge import settings
from signet.edge.logs import logger
from signet.errors import BadParameter, MalformedBody, NotFound, SignetError, Unauthorized
from signet.fields import restore_plus

HEADERS = {
    "Content-Type": "application/json;charset=utf-8",
    "Cache-Control": "no-cache,no-store",
    "Pragma": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}

Event = dict[str, Any]
Reply = dict[str, Any]
Body = Mapping[str, object]

_SLASHES = re.compile(r"/{2,}")
_PARAMETER = re.compile(r"\{(\w+)\}")
_MAX_IDEMPOTENCY_KEY = 255
_SESSION_HEADERS = ("x-lc-session", "x-avoscloud-session-token", "x-uluru-session-token")


@dataclass(frozen=True)
class Call:
    """One request. Header names are lower case; `parameters` are the path's, decoded.

    `source_ip` is the caller's, or a declared proxy's word for it: nobody else can make it up.
    `origin` is where the gateway was called, `https://` and host and stage: no header's word.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw_body: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    source_ip: str = ""
    origin: str = ""

    @cached_property
    def body(self) -> Body:
        """The body's fields, the reserved ones of the text/plain form left out.

        `null` and nothing are an empty object (wire.md 1.2). Raises MalformedBody.
        """
        fields = _json_object(self.raw_body)
        return {name: value for name, value in fields.items() if not _is_reserved(name)}

    @property
    def fields(self) -> Body:
        """The fields of the query, and before them those of the body.

        For calls that SDKs make in either way (wire.md 7.2, 9.3). Raises MalformedBody.
        """
        queried = {name: value for name, value in self.query.items() if value}
        if "mobilePhoneNumber" in queried:
            queried["mobilePhoneNumber"] = restore_plus(queried["mobilePhoneNumber"])
        return queried | {name: value for name, value in self.body.items() if value != ""}

    @property
    def session_token(self) -> str:
        """The session that the call is made in, "" for none; a GET's query wins (wire.md 2.5).

        Other methods have none there: a verification's code of `../x?session_token=…` would.
        """
        given = (
            self.query.get("session_token", "") if self.method == "GET" else "",
            *(self.headers.get(name, "") for name in _SESSION_HEADERS),
            _text_fields(self.headers, self.raw_body).get("_SessionToken") or "",
        )
        return next((str(token).strip() for token in given if str(token).strip()), "")

    @cached_property
    def credentials(self) -> Credentials | None:
        """What the request claims to be, by its headers or by the text/plain form."""
        return credentials.from_headers(self.headers) or credentials.from_body(
            _text_fields(self.headers, self.raw_body)
        )

    @property
    def request_id(self) -> str:
        """The same for identical copies of a request signed to the millisecond, else unique.

        Sixteen hex digits: a number's item keeps several and should stay within 1 kB.
        """
        if self.credentials is None or not self.credentials.is_unique:
            return token_hex(8)
        return self._digest(self.credentials.sign)[:16]

    @property
    def idempotency(self) -> tuple[str, str] | None:
        """The Idempotency-Key and a digest of what it was sent with. Raises BadParameter."""
        key = self.headers.get("idempotency-key", "").strip()
        if len(key) > _MAX_IDEMPOTENCY_KEY:
            raise BadParameter(f"Idempotency-Key is longer than {_MAX_IDEMPOTENCY_KEY} characters.")
        return (key, self._digest()) if key else None

    def _digest(self, *more: str) -> str:
        joined = "\0".join((self.path, self.raw_body, *more))
        return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was proved to be calling."""

    app: App
    authority: Authority


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not simply 200 with a JSON object; text and bytes go out as they are.

    `headers` are added to `HEADERS` or replace them.
    """

    body: Body | str | bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Route:
    """A method and a path such as `/1.1/verifySmsCode/{code}`, and who answers it."""

    def __init__(self, method: str, path: str, answer: Callable[[Call], Body | Answer]) -> None:
        self.method = method
        self.path = path
        self.answer = answer
        self._pattern = re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path.replace(".", r"\.")))

    def match(self, call: Call) -> Mapping[str, str] | None:
        """The path's parameters if the route is for this call."""
        found = self._pattern.fullmatch(call.path) if call.method == self.method else None
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items()}


def serve(event: Event, routes: Sequence[Route]) -> Reply:
    """Answer one gateway event; the door of every HTTP function."""
    try:
        return _accepted(answer(parse(event), routes))
    except SignetError as error:
        return _refusal(error)
    except Exception:  # noqa: BLE001 (the last door: whatever comes must leave in shape)
        logger.exception("unexpected_error")
        return failure()


def failure() -> Reply:
    """The answer when something unexpected went wrong."""
    return {**_refusal(SignetError()), "statusCode": 500}


def parse(event: Event) -> Call:
    """The call in a REST API event, with one spelling of its path and its real method.

    Slashes are collapsed and nothing else is: a path with a dot segment, raw or encoded, is
    NotFound, or a "code" of `../x` would reach another route (review.md 1.3).
    """
    path = collapse(event.get("path") or "/")
    if has_dot_segment(path):
        raise NotFound
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf-8", errors="replace")
    headers = {
        name.lower(): str(value)
        for name, value in (event.get("headers") or {}).items()
        if value is not None
    }
    emulated = _text_fields(headers, body).get("_method")
    return Call(
        method=str(emulated or event["httpMethod"]).upper(),
        path=path,
        headers=headers,
        query={k: str(v) for k, v in (event.get("queryStringParameters") or {}).items()},
        raw_body=body,
        source_ip=_source_ip(event, headers),
        origin=_origin(event),
    )


def collapse(path: str) -> str:
    """The path with doubled slashes made one."""
    return _SLASHES.sub("/", path)


def has_dot_segment(path: str) -> bool:
    """Whether a segment of the path is `.` or `..`, as it is or once or twice decoded."""
    forms = (path, unquote(path), unquote(unquote(path)))
    return any(part in (".", "..") for form in forms for part in re.split(r"[/\\]", form))


def authenticate(call: Call, find: Callable[[str], App | None], *, now: datetime) -> Caller:
    """The caller, if the request proves one. Raises Unauthorized."""
    claimed = call.credentials
    app = find(claimed.app_id) if claimed else None
    if claimed is None or app is None:
        raise Unauthorized
    return Caller(app, credentials.prove(claimed, app, now=now))


def _source_ip(event: Event, headers: Mapping[str, str]) -> str:
    identity = (event.get("requestContext") or {}).get("identity") or {}
    proxies = settings.value("SIGNET_TRUSTED_PROXIES").replace(",", " ").split()
    return addresses.caller(str(identity.get("sourceIp") or ""), headers, proxies)


def _origin(event: Event) -> str:
    context = event.get("requestContext") or {}
    stage = str(context.get("path") or "").removesuffix(event.get("path") or "/")
    return f"https://{context.get('domainName', '')}{stage}"


def answer(call: Call, routes: Sequence[Route]) -> Body | Answer:
    """What the first route that is for the call answers. Raises NotFound."""
    for route in routes:
        parameters = route.match(call)
        if parameters is not None:
            return route.answer(replace(call, parameters=parameters) if parameters else call)
    raise NotFound


def _json_object(text: str) -> dict[str, object]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise MalformedBody from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedBody
    return value


def _no_number(constant: str) -> None:
    # NaN and Infinity are not JSON, and no client could read them back.
    raise ValueError(constant)


def _text_fields(headers: Mapping[str, str], body: str) -> dict[str, object]:
    """The fields of the text/plain form, which carries method and credentials (wire.md 2.4)."""
    if "text/plain" not in headers.get("content-type", "").lower():
        return {}
    try:
        return _json_object(body)
    except MalformedBody:
        return {}


def _is_reserved(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _accepted(answered: Body | Answer) -> Reply:
    if isinstance(answered, Answer):
        return _shaped(answered.status, answered.body, answered.headers)
    return _shaped(200, answered)


def refusal_body(error: SignetError) -> Body:
    """What a refusal says: `code`, `error`, and `retry_after` where waiting helps."""
    # The JS SDK shows apps every field of the body, but no header.
    wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
    sentence = error.sentence(settings.value("SIGNET_ERROR_LANGUAGE"))
    return {"code": error.code, "error": sentence, **error.fields, **wait}


def _refusal(error: SignetError) -> Reply:
    wait = None if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return _shaped(error.status, refusal_body(error), wait)


def _shaped(
    status: int, body: Body | str | bytes, headers: Mapping[str, str] | None = None
) -> Reply:
    reply: Reply = {"statusCode": status, "headers": {**HEADERS, **(headers or {})}}
    if isinstance(body, bytes):
        return {**reply, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return {**reply, "body": body}
