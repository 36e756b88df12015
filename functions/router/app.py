"""ANY /{proxy+}: every path without a function of its own.

Collapses doubled slashes (SDKs concatenate a base URL that ends in one, wire.md 1.4) and hands
the request to the function that serves it; `GET /1.1/date` needs no credentials; everything
else is 404, code 1. POST /1.1/date is 404 too: any POST that answers 200 would make a code of
`../date` verify (review.md 1.3).
"""

from signet.edge import clock, functions, http, settings
from signet.edge.logs import logger

# The first part of a path behind /1.1, and who answers it.
_POSTED = {
    "requestSmsCode": "SIGNET_REQUEST_FUNCTION",
    "verifySmsCode": "SIGNET_VERIFY_FUNCTION",
}
_CAPTCHA = {
    *("requestCaptcha", "verifyCaptcha", "requestProofOfWork", "verifyProofOfWork"),
    "proofOfWork.js",
}
_ACCOUNT = {
    *("users", "classes", "usersByMobilePhone", "login", "logout", "batch"),
    *("requestMobilePhoneVerify", "verifyMobilePhone", "verfyMobilePhone"),
    *("requestLoginSmsCode", "requestPasswordResetBySmsCode", "resetPasswordBySmsCode"),
    *("requestChangePhoneNumber", "changePhoneNumber"),
    *("requestEmailVerify", "requestPasswordReset"),
}


def date(call: http.Call) -> http.Body:
    iso = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"__type": "Date", "iso": iso}


ROUTES = [http.Route("GET", "/1.1/date", date)]


def handler(event: http.Event, context: object) -> http.Reply:
    function = _function_for(event)
    return _forward(function, event) if function else http.serve(event, ROUTES)


def _function_for(event: http.Event) -> str | None:
    """The function behind a path that was only misspelt with doubled slashes."""
    written = event.get("path") or "/"
    path = http.collapse(written)
    if path == written or http.has_dot_segment(path):
        return None
    version, name, *_ = [*path.strip("/").split("/"), ""]
    if version != "1.1":
        return None
    if name in _ACCOUNT:
        return settings.value("SIGNET_ACCOUNT_FUNCTION")
    if name in _CAPTCHA:
        return settings.value("SIGNET_CAPTCHA_FUNCTION")
    setting = _POSTED.get(name) if event["httpMethod"] == "POST" else None
    return settings.value(setting) if setting else None


def _forward(function: str, event: http.Event) -> http.Reply:
    try:
        return functions.invoke(function, event)
    except functions.FunctionFailed:
        logger.exception("function_failed")
        return http.failure()
