"""One call to a carrier outside AWS: how long it may take, where it may go, how it fails."""

import logging
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from ipaddress import ip_address
from ssl import SSLCertVerificationError
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
)

from signet.carriers import CarrierError, CredentialsInvalid, OutcomeUnknown

# Seconds. Together shorter than a lease, so that a slow answer is known to be lost before anybody
# else looks.
CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 10.0

# A frozen function may hold a connection that the other side has given up long ago. A message lost
# on it would have an outcome that nobody knows, so each has a connection of its own.
HEADERS = {"Connection": "close"}

# Whoever logs everything gets whole requests from these: numbers, codes and keys.
_TALKATIVE = ("urllib3", "darabonba-core", "tencentcloud_sdk_common")

# The request never left this machine.
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, SSLCertVerificationError)

# What a vendor's error code looks like. Four digits in a row may be part of a number or a code.
_CODE = re.compile(r"(?!.*\d{4})[A-Za-z][A-Za-z0-9_.:-]{0,79}")


class Meaning(Enum):
    """What a vendor's error code says about the message."""

    REFUSED = "surely not taken, and will not be as it is"
    NOT_NOW = "surely not taken, but may be in a while"
    BAD_NUMBER = "surely not taken, because of the number"
    UNKNOWN = "it may have been taken"


def failure(
    code: object, meaning: Meaning, *, otherwise: str = "unreadable", billable: bool = False
) -> CarrierError | OutcomeUnknown:
    """What to raise for a vendor's code; `otherwise` is the reason if it is no code at all."""
    reason = code if isinstance(code, str) and _CODE.fullmatch(code) else otherwise
    if meaning is Meaning.UNKNOWN:
        return OutcomeUnknown(reason)
    return CarrierError(
        reason,
        retryable=meaning is Meaning.NOT_NOW,
        billable=billable,
        bad_number=meaning is Meaning.BAD_NUMBER,
    )


def lost(error: BaseException, *, before: BaseException | None) -> CarrierError | OutcomeUnknown:
    """What to raise for a call that brought no answer.

    `before` is what was being handled when the call began (`sys.exception()`): Python chains it
    to every later error, and it says nothing about this call.
    """
    causes = list(_causes(error, seen={id(before)}))
    for cause in causes:
        if isinstance(cause, _NOT_SENT):
            return CarrierError(type(cause).__name__, retryable=True)
    network = (
        cause
        for cause in causes
        if isinstance(cause, HTTPError) and not isinstance(cause, MaxRetryError)
    )
    return OutcomeUnknown(type(next(network, error)).__name__)


def address(url: str) -> SplitResult:
    """The parts of a carrier's URL. Raises CredentialsInvalid unless it is https.

    Plain http is good enough to reach this machine, by an address that can be nothing else.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise CredentialsInvalid("the URL cannot be read") from None
    if not parts.hostname:
        raise CredentialsInvalid("the URL names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise CredentialsInvalid("the URL is not https")
    return parts


def field(fields: Mapping[str, object], name: str, *, default: str | None = None) -> str:
    """A text of a carrier's secret. Raises CredentialsInvalid where it is missing or none."""
    found = fields.get(name)
    if found in (None, "") and default is not None:
        return default
    if not isinstance(found, str) or not found:
        raise CredentialsInvalid(f"the carrier's secret has no text called {name}")
    return found


def endpoint(fields: Mapping[str, object], name: str, default: str) -> str:
    """The address of a service, which a carrier's secret may name. Raises CredentialsInvalid."""
    found = field(fields, name, default=default)
    address(found)
    return found


def hush() -> None:
    """Keep libraries that log whole requests at DEBUG from doing so."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _causes(error: BaseException, *, seen: set[int]) -> Iterator[BaseException]:
    """The error and whatever led to it, also where an SDK keeps it in an attribute."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    kept = getattr(error, "inner_exception", None)
    for cause in (error.__cause__, error.__context__, kept):
        if isinstance(cause, BaseException):
            yield from _causes(cause, seen=seen)
