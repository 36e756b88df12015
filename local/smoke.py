"""`make smoke URL=…`: checks a deployment from outside, with calls that need no phone.

It asks what an emulator cannot prove: that every reply, the gateway's own included, has
LeanCloud's shape (wire.md 4.1), on the real thing. Nothing is sent and nothing is changed.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

REQUEST = "/1.1/requestSmsCode"
VERIFY = "/1.1/verifySmsCode"
DATE = "/1.1/date"
CAPTCHA = "/1.1/requestCaptcha"
WRONG_CAPTCHA = '{"captcha_token": "x", "captcha_code": "x"}'
CONSOLE = "/console/api"
PHONE = '{"mobilePhoneNumber": "18600000000"}'
ORIGIN = "https://shop.example"
# What the browser build of the JavaScript SDK sends, and X-LC-Key for everybody else.
SDK_HEADERS = ("content-type", "x-lc-id", "x-lc-key", "x-lc-sign", "x-lc-ua", "x-lc-session")


@dataclass(frozen=True)
class Check:
    """One call and what must come back. `code` None: anything but an error."""

    name: str
    path: str
    status: tuple[int, ...]
    code: tuple[int, ...] | None
    method: str = "POST"
    body: str | None = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    keyed: bool = True
    also: Callable[[httpx.Response], str | None] = lambda _: None


def checks(*, app_id: str, app_key: str, master_key: str | None) -> Iterator[Check]:
    """Every check, in the order of the table."""
    yield from _credentials(app_id, app_key, master_key)
    yield from _bodies()
    yield from _codes()
    yield from _paths()
    yield from _sizes()
    asks = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(SDK_HEADERS),
    }
    call = Check("preflight", REQUEST, (200, 204), None, "OPTIONS", None)
    yield replace(call, headers=asks, keyed=False, also=_preflight)


def _credentials(app_id: str, app_key: str, master_key: str | None) -> Iterator[Check]:
    yield Check("no credentials", REQUEST, (401,), (401,), keyed=False)
    yield _with_key("wrong key", app_id, "wrong", 401)
    yield _with_key("app key as master key", app_id, f"{app_key},master", 401)
    if master_key:
        yield _with_key("master key", app_id, f"{master_key},master", 212)


def _with_key(name: str, app_id: str, key: str, code: int) -> Check:
    headers = {"X-LC-Id": app_id, "X-LC-Key": key}
    status = 401 if code == 401 else 400
    return Check(name, REQUEST, (status,), (code,), headers=headers, keyed=False)


def _bodies() -> Iterator[Check]:
    yield Check("no phone", REQUEST, (400,), (212,))
    yield Check("body null", REQUEST, (400,), (212,), body="null")
    yield Check("empty body", REQUEST, (400,), (212,), body="")
    yield Check("not JSON", REQUEST, (400,), (107,), body="{")
    yield Check("a JSON list", REQUEST, (400,), (107,), body="[]")
    yield Check("bad phone", REQUEST, (400,), (127,), body='{"mobilePhoneNumber": "1"}')


def _codes() -> Iterator[Check]:
    query = f"{VERIFY}/000000?mobilePhoneNumber=+8618600000000"
    yield Check("wrong code", f"{VERIFY}/000000", (400,), (603,), body=PHONE)
    yield Check("malformed code", f"{VERIFY}/abc", (400,), (603,), body=PHONE)
    yield Check("phone in the query, raw +", query, (400,), (603,), body=None)
    yield Check("code without phone", f"{VERIFY}/000000", (400,), (212, 603))


def _paths() -> Iterator[Check]:
    yield Check("date, no credentials", DATE, (200,), None, "GET", None, keyed=False)
    yield Check("date, GET with a body", DATE, (200,), None, "GET", "null")
    yield Check("date, trailing ?", f"{DATE}?", (200,), None, "GET", None)
    yield Check("unknown path", "/1.1/nothing", (404,), (1,), "GET", None)
    yield Check("unknown method", REQUEST, (404,), (1,), "DELETE")
    yield Check("console page", "/console", (200,), None, "GET", None, keyed=False, also=_page)
    yield Check("console, not signed in", f"{CONSOLE}/session", (401,), (401,), "GET", None)
    yield Check("console, app key", f"{CONSOLE}/app", (403,), (403,), "GET", None)
    yield Check("templates, app key", f"{CONSOLE}/templates", (403,), (403,), "GET", None)
    yield Check("captcha", CAPTCHA, (200,), None, "GET", None, also=_pictures)
    yield Check("wrong captcha", "/1.1/verifyCaptcha", (400,), (1, 119), body=WRONG_CAPTCHA)
    yield Check("root", "/", (404,), (1,), "GET", None, also=_local_page)
    yield Check("dots", f"{VERIFY}/../requestSmsCode", (400, 403, 404), (), body=PHONE)
    yield Check("dots, encoded", f"{VERIFY}/%2e%2e%2fdate", (400, 403, 404), (), body=PHONE)
    yield Check("double slashes", "//1.1//verifySmsCode//000000", (400,), (603,), body=PHONE)


def _sizes() -> Iterator[Check]:
    long_header = {"X-Long": "x" * 7000}
    big = json.dumps({"mobilePhoneNumber": "1" * 5_000_000})
    yield Check("long path", "/1.1/" + "x" * 7000, (400, 404, 414), (), "GET", None)
    yield Check("long header", DATE, (200,), None, "GET", None, headers=long_header)
    yield Check("5 MB body", REQUEST, (400,), (127,), body=big)


def run(check: Check, client: httpx.Client, keys: dict[str, str]) -> str | None:
    """What is wrong with the reply, None when nothing is."""
    try:
        reply = client.send(_request(check, client.base_url, keys))
    except httpx.HTTPError as error:
        return f"no answer: {type(error).__name__}"
    return check.also(reply) if check.method == "OPTIONS" else _wrong_shape(check, reply)


def _request(check: Check, base: httpx.URL, keys: dict[str, str]) -> httpx.Request:
    headers = {"Content-Type": "application/json", "Origin": ORIGIN}
    headers |= (keys if check.keyed else {}) | check.headers
    prefix = base.raw_path.rstrip(b"/")
    return httpx.Request(
        check.method,
        base,
        headers=headers,
        content=check.body.encode() if check.body is not None else None,
        # As it stands: httpx, like every client, would take the dots away.
        extensions={"target": prefix + check.path.encode()},
    )


def _wrong_shape(check: Check, reply: httpx.Response) -> str | None:
    special = check.also(reply)
    if special is not None:
        return special or None
    if reply.status_code not in check.status:
        return f"HTTP {reply.status_code} instead of {' or '.join(map(str, check.status))}"
    if reply.headers.get("Access-Control-Allow-Origin") is None:
        return "no Access-Control-Allow-Origin: a browser would hide the reply"
    if not reply.headers.get("Content-Type", "").startswith("application/json"):
        return f"Content-Type {reply.headers.get('Content-Type')!r}"
    try:
        body = reply.json()
    except ValueError:
        return "the body is not JSON"
    if check.code is None:
        return "an error in a success" if "error" in body else None
    return _wrong_error(check.code, body)


def _wrong_error(codes: tuple[int, ...], body: object) -> str | None:
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return "no `error`: the Python and PHP SDKs take this reply for a success"
    if type(body.get("code")) is not int:
        return "`code` is not an integer"
    if codes and body["code"] not in codes:
        return f"code {body['code']} instead of {' or '.join(map(str, codes))}"
    return None


def _page(reply: httpx.Response) -> str | None:
    """A page: "" says that it is one."""
    page = reply.headers.get("Content-Type", "").startswith("text/html")
    return "" if page and reply.status_code == 200 else None


def _local_page(reply: httpx.Response) -> str | None:
    """The local stack has a page at the root: "" says that this is it."""
    page = reply.headers.get("Content-Type", "").startswith("text/html")
    return "" if page and reply.url.host in {"127.0.0.1", "localhost"} else None


def _pictures(reply: httpx.Response) -> str | None:
    """A captcha whose picture and sound are bytes, as browsers ask for them: "" says it is one.

    Captchas may be switched off (119).
    """
    if reply.status_code == 400 and reply.json().get("code") == 119:
        return ""
    if reply.status_code != 200:
        return None
    for name, accepted, start in (
        ("captcha_url", "image/avif,image/webp,*/*;q=0.8", b"\x89PNG"),
        ("captcha_sound_url", "audio/webm,audio/wav,*/*;q=0.5", b"RIFF"),
    ):
        url = reply.json().get(name, "")
        try:
            fetched = httpx.get(url, headers={"Accept": accepted}, timeout=30)
        except httpx.HTTPError as error:
            return f"{name}: no answer: {type(error).__name__}"
        if not fetched.content.startswith(start):
            return f"{name}: HTTP {fetched.status_code}, {fetched.headers.get('Content-Type')}"
    return ""


def _preflight(reply: httpx.Response) -> str | None:
    if reply.status_code not in {200, 204}:
        return f"HTTP {reply.status_code}"
    allowed = reply.headers.get("Access-Control-Allow-Headers", "").lower()
    missing = [name for name in SDK_HEADERS if name not in allowed]
    if missing:
        return f"preflight does not allow {', '.join(missing)}"
    if reply.headers.get("Access-Control-Allow-Origin") not in {"*", ORIGIN}:
        return "preflight does not allow the origin"
    return None


def main() -> int:
    """Print the table; 1 when any check failed."""
    url = os.environ.get("URL", "").rstrip("/")
    app_id, app_key = os.environ.get("APP_ID", ""), os.environ.get("APP_KEY", "")
    if not (urlsplit(url).scheme and app_id and app_key):
        print("Usage: make smoke URL=https://… APP_ID=… APP_KEY=… [MASTER_KEY=…]")
        return 2
    keys = {"X-LC-Id": app_id, "X-LC-Key": app_key}
    failed = 0
    master_key = os.environ.get("MASTER_KEY") or None
    with httpx.Client(base_url=url, timeout=30, follow_redirects=False) as client:
        for check in checks(app_id=app_id, app_key=app_key, master_key=master_key):
            problem = run(check, client, keys)
            failed += problem is not None
            print(f"{'failed' if problem else 'ok':6}  {check.name:28}  {problem or ''}".rstrip())
    print(f"\n{failed} failed." if failed else "\nAll is well.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
