"""How a gateway and Signet know each other: https://www.standardwebhooks.com.

The signature is v1,<base64 of HMAC-SHA256(key, "<webhook-id>.<webhook-timestamp>.<body>")>.
"""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256

# Older or newer than this, and a request is somebody's recording.
TOLERANCE_SECONDS = 300


def signed(key: bytes, body: bytes, *, id: str, timestamp: int) -> dict[str, str]:
    """The headers of a signed body."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_signature(key, body, id, str(timestamp))}",
    }


def is_genuine(key: bytes, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Whether one of the signatures is the key's, and young; header names are lower case."""
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 20):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = f"v1,{_signature(key, body, headers.get('webhook-id', ''), timestamp)}".encode()
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(one, expected) for one in given)


def _signature(key: bytes, body: bytes, id: str, timestamp: str) -> str:
    text = b".".join((id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(key, text, sha256)).decode()
