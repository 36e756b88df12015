"""Shares: links by which somebody without a login sees what became of one message.

A link's token says which message, and until when; it is sealed, not stored. The seal is
HMAC-SHA256 with the deployment's session key over the app's master key too, so that a link ends
with its time, with the record, with the master key it was made under, or with the session key.
Nobody counts guesses: 256 bits are not guessed.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from signet import carrier_steps, fields, records
from signet.fields import Body
from signet.records import Record

HOURS = 72
MOST_HOURS = 720

_VERSION = 1
# Apart from what the same key seals for browsers (`edge.console`).
_LABEL = "signet/share/1"
_LONGEST = 1_000
# A reason that is not for everybody: it tells whether a number has an account.
_KEPT_BACK = "kept back"
_FOR_SUPPORT = (
    *("message_id", "created_at", "phone", "kind", "channel", "state"),
    "carrier_message_id",
)


@dataclass(frozen=True, slots=True)
class Share:
    """Which message may be looked at, until when (epoch seconds)."""

    app_id: str
    message_id: str
    expires: int


def hours(body: Body) -> int:
    """For how long a link is wanted. Raises BadParameter."""
    fields.only(body, ("hours",))
    return fields.whole({"hours": HOURS, **body}, "hours", least=1, most=MOST_HOURS)


def sealed(share: Share, *, key: bytes, master_key: str) -> str:
    """The token of a share: letters, digits, `-`, `_` and one `.`."""
    said = json.dumps({"v": _VERSION, **asdict(share)}, separators=(",", ":"))
    encoded = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
    return f"{encoded}.{_mac(encoded, key, master_key)}"


def claimed(token: str) -> Share | None:
    """What a token claims, proved by nothing yet; None for what is no token."""
    encoded = token.partition(".")[0]
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        said = json.loads(base64.b64decode(_padded(encoded), altchars=b"-_", validate=True))
        return _share(said) if said["v"] == _VERSION else None
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None


def is_valid(
    token: str, share: Share, *, key: bytes, master_keys: Iterable[str], now: float
) -> bool:
    """Whether the token that claims `share` was made here, under one of the keys, and is alive."""
    encoded, _, mac = token.partition(".")
    fitting = [
        hmac.compare_digest(mac.encode(), _mac(encoded, key, master_key).encode())
        for master_key in master_keys
    ]
    return any(fitting) and now < share.expires


def for_support(record: Record) -> Record:
    """The record without the reason that would tell of an account."""
    return replace(record, reason="withheld") if record.reason == _KEPT_BACK else record


def shown(record: Record) -> dict[str, object]:
    """What JSON has of the record: no price, no template, no text."""
    known = records.shown(record)
    carrier = carrier_steps.name(record.carrier) if record.carrier else None
    return {name: known[name] for name in _FOR_SUPPORT} | {"carrier": carrier}


def _share(said: dict[str, object]) -> Share:
    share = Share(str(said["app_id"]), str(said["message_id"]), int(str(said["expires"])))
    if asdict(share) != {name: said[name] for name in asdict(share)}:
        raise ValueError("a field is of another type")
    return share


def _padded(encoded: str) -> bytes:
    return (encoded + "=" * (-len(encoded) % 4)).encode()


def _mac(encoded: str, key: bytes, master_key: str) -> str:
    # Neither the label nor the encoded part has a NUL, so the joined form is unambiguous.
    joined = b"\0".join((_LABEL.encode(), encoded.encode(), master_key.encode()))
    return hmac.new(key, joined, sha256).hexdigest()
