"""The router: what has no function of its own."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from functions.router import app as router
from signet.edge import functions as edge_functions
from tests.functions.service import APP_KEY, Service, event, http_event, serve
from tests.test_template import ACCOUNT_PATHS


@pytest.fixture
def lambdas(tables: object) -> Iterator[Stubber]:
    """The Lambda service, which expects the calls that a test adds."""
    edge_functions._client.cache_clear()
    with Stubber(edge_functions._client()) as stub:
        yield stub
    edge_functions._client.cache_clear()


def answers(stub: Stubber, function: str, called_with: Any, reply: Any, **fields: str) -> None:
    payload = io.BytesIO(json.dumps(reply).encode())
    expected = {"FunctionName": function, "Payload": json.dumps(called_with)}
    stub.add_response("invoke", {"Payload": payload, **fields}, expected)


# --- GET /1.1/date ----------------------------------------------------------------------------

DATE = re.compile(r'\{"__type":"Date","iso":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}')


def test_the_event_of_the_repository_is_answered_with_the_date() -> None:
    reply = serve(router.handler, event("router"))

    assert reply.status == 200
    assert DATE.fullmatch(reply.text)


@pytest.mark.parametrize("raw", [None, "", "null", "{}", "{"])
@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "application/json;charset=UTF-8"}, APP_KEY]
)
def test_the_date_needs_no_credentials_and_minds_no_body(
    headers: dict[str, str], raw: str | None
) -> None:
    reply = serve(router.handler, http_event("router", headers=headers, raw=raw))

    assert DATE.fullmatch(reply.text)


@pytest.mark.parametrize("path", ["//1.1/date", "/1.1//date"])
def test_the_date_is_found_behind_doubled_slashes(path: str) -> None:
    assert serve(router.handler, http_event("router", path=path)).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_date_is_only_for_get(method: str) -> None:
    reply = serve(
        router.handler,
        http_event("router", method=method, raw='{"mobilePhoneNumber": "+8618612345678"}'),
    )

    assert (reply.status, reply.code) == (404, 1)


# --- 404 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/1.1",
        "/1.1/",
        "/1/requestSmsCode",
        "/1.1/classes/_User",
        "/1.1/users",
        "/1.1/logout",
        "/favicon.ico",
        "/1.1/date/..",
        "/1.1/../date",
        "/1.1/./date",
        "/1.1/%2e%2e/date",
        "/1.1/%252e/date",
        "//1.1/verifySmsCode/..",
        "//1.1/verifySmsCode/../requestSmsCode",
        "/../../etc/passwd",
        "/1.1/date\\..",
        "/中文",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_other_path_is_404_with_code_1(path: str, method: str) -> None:
    reply = serve(router.handler, http_event("router", path=path, method=method, headers=APP_KEY))

    assert (reply.status, reply.text) == (
        404,
        '{"code":1,"error":"This path is not part of Signet."}',
    )


def test_a_path_that_has_a_function_is_not_forwarded_as_it_is(lambdas: Stubber) -> None:
    asked = http_event("request", headers=APP_KEY, raw="{}")

    assert serve(router.handler, asked).status == 404


# --- Forwarding -------------------------------------------------------------------------------

REPLY = {"statusCode": 200, "headers": {}, "body": "{}"}


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("//1.1/requestSmsCode", "request-function"),
        ("/1.1//requestSmsCode", "request-function"),
        ("//1.1//requestSmsCode", "request-function"),
        ("//1.1/verifySmsCode/123456", "verify-function"),
        ("/1.1/verifySmsCode//１２３４５６", "verify-function"),
    ],
)
def test_a_path_with_doubled_slashes_is_handed_to_its_function(
    lambdas: Stubber, path: str, function: str
) -> None:
    asked = http_event("request", path=path, headers=APP_KEY, raw="{}")
    answers(lambdas, function, asked, REPLY)

    assert router.handler(asked, None) == REPLY
    lambdas.assert_no_pending_responses()


def test_every_path_of_accounts_is_handed_on_with_any_method(lambdas: Stubber) -> None:
    for path in ACCOUNT_PATHS:
        for method in ("GET", "POST", "PUT", "DELETE"):
            written = f"//1.1//{path.replace('{proxy+}', 'me').replace('{code}', '123456')}"
            asked = http_event("request", path=written, method=method, headers=APP_KEY, raw="{}")
            answers(lambdas, "account-function", asked, REPLY)

            assert router.handler(asked, None) == REPLY
    lambdas.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "//1.1/requestCaptcha"),
        ("POST", "/1.1//requestCaptcha"),  # the text/plain form of the JavaScript SDK
        ("POST", "//1.1/verifyCaptcha"),
        ("GET", "//1.1//requestProofOfWork"),
        ("POST", "/1.1//verifyProofOfWork"),
        ("GET", "//1.1/proofOfWork.js"),
    ],
)
def test_every_path_of_captchas_is_handed_on(lambdas: Stubber, method: str, path: str) -> None:
    asked = http_event("captcha", path=path, method=method, headers=APP_KEY, raw="{}")
    answers(lambdas, "captcha-function", asked, REPLY)

    assert router.handler(asked, None) == REPLY
    lambdas.assert_no_pending_responses()


@pytest.mark.parametrize("path", ["//1.1/captchaImage", "//1.1/captchaSound"])
def test_pictures_and_sounds_are_another_apis(lambdas: Stubber, path: str) -> None:
    assert serve(router.handler, http_event("router", path=path)).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_post_is_handed_on(lambdas: Stubber, method: str) -> None:
    asked = http_event("request", path="//1.1/requestSmsCode", method=method, headers=APP_KEY)

    assert serve(router.handler, asked).status == 404


def test_what_a_crashed_function_says_is_not_passed_on(lambdas: Stubber) -> None:
    asked = http_event("request", path="//1.1/requestSmsCode", headers=APP_KEY, raw="{}")
    crash = {"errorMessage": "secret", "errorType": "KeyError"}
    answers(lambdas, "request-function", asked, crash, FunctionError="Unhandled")

    reply = serve(router.handler, asked)

    assert (reply.status, reply.code) == (500, 1)
    assert "secret" not in reply.text


def test_a_function_that_cannot_be_called_is_a_failure_in_shape(lambdas: Stubber) -> None:
    asked = http_event("request", path="//1.1/requestSmsCode", headers=APP_KEY, raw="{}")
    lambdas.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)

    reply = serve(router.handler, asked)

    assert (reply.status >= 500, reply.code) == (True, 1)


def test_a_function_that_does_not_answer_is_a_failure_in_shape(tables: object) -> None:
    def late(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="lambda")

    edge_functions._client.cache_clear()
    edge_functions._client().meta.events.register("before-call.lambda.Invoke", late)

    try:
        reply = serve(
            router.handler,
            http_event("request", path="//1.1/requestSmsCode", headers=APP_KEY, raw="{}"),
        )
    finally:
        edge_functions._client.cache_clear()

    assert (reply.status >= 500, reply.code) == (True, 1)


def test_a_forwarded_call_is_answered_by_the_real_function(
    service: Service, lambdas: Stubber
) -> None:
    from functions.request import app as request_function
    from tests.gateway import CONTEXT

    body = json.dumps({"mobilePhoneNumber": "+8618612345678"})
    asked = http_event("request", path="//1.1/requestSmsCode", headers=APP_KEY, raw=body)
    answers(lambdas, "request-function", asked, request_function.handler(asked, CONTEXT))

    assert service.route(asked).code == 0
