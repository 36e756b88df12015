"""Secrets: the keys that codes are derived from, and the credentials of a carrier outside AWS.

    {"current": "k1", "k1": "<64 characters>"}

    {"alibaba": {…}, "tencent": {…}, "webhook": {…}}    in a secret that only senders can read

Rotation (review.md 6.1): add k2, wait for caches, make it current, drop k1 later. Failure mode:
closed; without keys nothing is derived and nothing compared.
"""

import json
import time
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from signet.codes import Keyring
from signet.edge import aws, settings
from signet.errors import Unavailable

# How long a process may go on with what it read: a rotation waits this long between its steps.
CACHE_SECONDS = 300

# Operators were here once; now they are in the Apps table.
_NOT_KEYS = frozenset({"current", "operators"})

_cached: tuple[float, Keyring] | None = None
_carriers: tuple[float, str] | None = None


def keyring(*, known: str | None = None) -> Keyring:
    """The code keys, at most `CACHE_SECONDS` old, or fresh when `known` is not among them.

    Raises Unavailable when the secret cannot be read.
    """
    global _cached
    if _cached is None or _cached[0] < time.monotonic() or _lacks(_cached[1], known):
        _cached = (time.monotonic() + CACHE_SECONDS, parse(_read("SIGNET_SECRET_ARN")))
    return _cached[1]


def carrier_credentials(name: str) -> str:
    """A carrier's credentials as a JSON object, `{}` when nobody entered any.

    At most `CACHE_SECONDS` old. Raises Unavailable when the secret cannot be read.
    """
    global _carriers
    if _carriers is None or _carriers[0] < time.monotonic():
        text = _read("SIGNET_CARRIER_SECRET_ARN", without_value="{}")
        _carriers = (time.monotonic() + CACHE_SECONDS, text)
    return json.dumps(json.loads(_carriers[1]).get(name, {}))


def parse(text: str) -> Keyring:
    """The keyring in the secret's JSON."""
    fields = json.loads(text)
    keys = {name: value.encode() for name, value in fields.items() if name not in _NOT_KEYS}
    return Keyring(current=fields["current"], keys=keys)


def _lacks(keyring: Keyring, known: str | None) -> bool:
    return known is not None and known not in keyring.keys


@cache
def _client() -> aws.Client:
    return aws.client("secretsmanager")


def _read(setting: str, *, without_value: str | None = None) -> str:
    try:
        reply = _client().get_secret_value(SecretId=settings.value(setting))
    except (BotoCoreError, ClientError) as error:
        if without_value is not None and _has_no_value(error):
            return without_value
        raise Unavailable from error
    return str(reply["SecretString"])


def _has_no_value(error: Exception) -> bool:
    """A secret is made without a value, which is told like a secret that is not there."""
    code = error.response["Error"].get("Code") if isinstance(error, ClientError) else None
    return code == "ResourceNotFoundException"
