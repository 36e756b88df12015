"""The one secret of a deployment: the keys that codes are derived from.

    {"current": "k1", "k1": "<64 characters>", "operators": {"<id>": "<key>"}}

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

_NOT_KEYS = frozenset({"current", "operators"})

_cached: tuple[float, Keyring] | None = None


def keyring(*, known: str | None = None) -> Keyring:
    """The code keys, at most `CACHE_SECONDS` old, or fresh when `known` is not among them.

    Raises Unavailable when the secret cannot be read.
    """
    global _cached
    if _cached is None or _cached[0] < time.monotonic() or _lacks(_cached[1], known):
        _cached = (time.monotonic() + CACHE_SECONDS, parse(_read()))
    return _cached[1]


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


def _read() -> str:
    try:
        reply = _client().get_secret_value(SecretId=settings.value("SIGNET_SECRET_ARN"))
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error
    return str(reply["SecretString"])
