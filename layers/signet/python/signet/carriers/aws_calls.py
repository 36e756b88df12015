"""One call to an AWS messaging service, and what its failure means."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from signet.carriers import CarrierError, OutcomeUnknown, web_calls
from signet.carriers.web_calls import Meaning
from signet.edge import aws

# Shorter than a lease, so that a slow answer is known to be lost before anybody else looks.
_READ_TIMEOUT = 10

# The request never left this machine.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError)


def client(service: str) -> aws.Client:
    """A client that calls once: a retry inside botocore could send a second SMS."""
    made = aws.client(service, read_timeout=_READ_TIMEOUT, attempts=1)
    # A connection that was kept while the function slept may be dead: the call would be lost on
    # it, and nobody could say whether the message was.
    made.meta.events.register("before-send", _on_a_fresh_connection)
    return made


def _on_a_fresh_connection(request: Any, **_: Any) -> None:
    request.headers["Connection"] = "close"


def call(request: Callable[[], Mapping[str, Any]], meanings: Mapping[str, Meaning]) -> str:
    """Make the request, return its MessageId. Raises CarrierError or OutcomeUnknown.

    `meanings` are those of the vendor's codes, with the reason behind a dot where there is one;
    any other 4xx is a final refusal, and a 5xx tells nothing. AWS charges for no refusal.
    """
    try:
        return str(request()["MessageId"])
    except ClientError as error:
        raise _failure(error, meanings) from error
    except _NOT_SENT as error:
        raise CarrierError(type(error).__name__, retryable=True) from error
    except (BotoCoreError, ResponseParserError, KeyError) as error:
        raise OutcomeUnknown(type(error).__name__) from error


def _failure(error: ClientError, meanings: Mapping[str, Meaning]) -> CarrierError | OutcomeUnknown:
    response: Mapping[str, Any] = error.response
    code = response.get("Error", {}).get("Code", "unknown")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    reason = response.get("Reason")
    code = f"{code}.{reason}" if reason else code
    other = Meaning.REFUSED if 400 <= status < 500 else Meaning.UNKNOWN
    return web_calls.failure(code, meanings.get(code, other), otherwise=f"http_{status}")
