"""Standard Webhooks: what a signed POST carries, and secrets as people are shown them.

    webhook-id: what is told, the same however often it is told
    webhook-timestamp: seconds since 1970
    webhook-signature: v1,<base64 of HMAC-SHA256(key, "<id>.<timestamp>.<body>")>, one for each
        key that is valid, with spaces between

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256

_PREFIX = "whsec_"
# The specification asks for 24 to 64 bytes.
_KEY_BYTES = range(24, 65)


class SecretInvalid(Exception):
    """The text is not `whsec_` and 24 to 64 bytes in base64."""


def key(secret: str) -> bytes:
    """The key in a secret. Raises SecretInvalid."""
    encoded = secret.removeprefix(_PREFIX)
    try:
        found = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        found = b""
    if encoded == secret or len(found) not in _KEY_BYTES:
        raise SecretInvalid
    return found


def secret(key: bytes) -> str:
    """The key as people are shown it."""
    return _PREFIX + base64.b64encode(key).decode()


def headers(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a request with this body, signed with each of the keys."""
    written = str(timestamp)
    signatures = (signature(each, webhook_id.encode(), written, body) for each in keys)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": written,
        "webhook-signature": " ".join(signatures),
    }


def signature(key: bytes, webhook_id: bytes, timestamp: str, body: bytes) -> str:
    """What such a request is signed with."""
    signed = b".".join((webhook_id, timestamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}"
