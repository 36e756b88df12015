"""Reading what carriers call us with: a secret in the URL, JSON, and the fields most of them have.

All of it is a stranger's until its proof holds, and may be garbage even then: whatever cannot be
read as a whole is CallbackRefused, and what is no part of a report is left out.
"""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from signet import phones
from signet.carriers import Callback, CallbackRefused, Receipt, Reply, Reports
from signet.errors import PhoneInvalid, PhoneMissing
from signet.messages import MessageRef

Fields = Mapping[str, object]

_MOST_CHARACTERS = 256 * 1024
_MOST_ENTRIES = 1000
_MOST_TEXT = 2000
_LEAST_KEY = 16

# A vendor's code for what became of a message, DELIVRD or MK:0001. Six digits in a row may be part
# of a number, or a code of ours.
_REASON = re.compile(r"(?!.*\d{6})[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}", re.ASCII)
_REF = re.compile(r"([\w-]{1,64})\.([\w-]{1,64})", re.ASCII)
_SECONDS = re.compile(r"[0-9]{9,11}")


def encoded(text: str) -> bytes:
    """The text's bytes, also where it holds what no UTF-8 can."""
    return text.encode("utf-8", "surrogatepass")


def same(given: str | None, wanted: str) -> bool:
    """Whether two texts are the same, in constant time."""
    return hmac.compare_digest(encoded(given or ""), encoded(wanted))


def is_key(key: str) -> bool:
    """Whether a secret is long enough to stand in the URL of a vendor that signs nothing."""
    return len(key) >= _LEAST_KEY


def demand_key(callback: Callback, key: str) -> None:
    """Raises CallbackRefused unless the URL's `key` is the one of the carrier's secret."""
    if not is_key(key):
        raise CallbackRefused("callback_key is not set, or is shorter than 16 characters")
    if not same(callback.query.get("key"), key):
        raise CallbackRefused("wrong key")


def body(callback: Callback) -> str:
    """The body. Raises CallbackRefused where it is longer than any report is."""
    if len(callback.body) > _MOST_CHARACTERS:
        raise CallbackRefused("too large")
    return callback.body


def fields(callback: Callback) -> Fields:
    """The body's JSON object. Raises CallbackRefused."""
    found = _parsed(callback)
    if not isinstance(found, dict):
        raise CallbackRefused("not a JSON object")
    return found


def entries(callback: Callback) -> list[Fields]:
    """The objects in the body's JSON array, or the one that it is. Raises CallbackRefused."""
    found = _parsed(callback)
    listed = found if isinstance(found, list) else [found]
    if len(listed) > _MOST_ENTRIES:
        raise CallbackRefused("too many entries")
    objects: list[Fields] = [one for one in listed if isinstance(one, dict)]
    if not objects and found != []:
        raise CallbackRefused("not JSON objects")
    return objects


def reports(
    callback: Callback,
    receipt: Callable[[Fields, int], Receipt | None],
    reply: Callable[[Fields, int], Reply | None],
    *,
    answer: str,
) -> Reports:
    """What the entries tell, each read as a receipt and as a reply. Raises CallbackRefused."""
    found = entries(callback)
    receipts = (receipt(one, callback.now) for one in found)
    replies = (reply(one, callback.now) for one in found)
    return Reports(
        receipts=tuple(one for one in receipts if one),
        replies=tuple(one for one in replies if one),
        answer=answer,
    )


def text(fields: Fields, name: str) -> str:
    """A field as text that can be stored; "" where it is none. Whole numbers count as texts."""
    found = fields.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found) if abs(found) < 10**40 else ""
    if not isinstance(found, str):
        return ""
    return found[:_MOST_TEXT].encode("utf-8", "replace").decode()


def reason(code: str) -> str:
    """The vendor's code, if it is one that can be recorded."""
    return code if _REASON.fullmatch(code) else "unreadable"


def named(ref: MessageRef) -> str:
    """A message's name, for vendors that give it back with a receipt."""
    return f"{ref.app_id}.{ref.message_id}"


def ref(name: str) -> MessageRef | None:
    """What `named` wrote; None for anything else."""
    found = _REF.fullmatch(name)
    return MessageRef(found[1], found[2]) if found else None


def phone(written: str) -> str | None:
    """A number as E.164, of the mainland where it names no country; None if it is none."""
    try:
        return phones.parse(written).e164
    except (PhoneInvalid, PhoneMissing):
        return None


def moment(written: str, *, now: int) -> int | None:
    """Epoch seconds of a time as vendors write it; without a zone it is in Beijing.

    None for anything else, and for times to come.
    """
    if _SECONDS.fullmatch(written):
        return _past(int(written), now)
    for read in (_in_beijing, _with_a_zone):
        try:
            return _past(_epoch(read(written)), now)
        except ValueError:
            continue
    return None


def _in_beijing(written: str) -> datetime:
    return datetime.strptime(f"{written} +0800", "%Y-%m-%d %H:%M:%S %z")


def _with_a_zone(written: str) -> datetime:
    return datetime.strptime(written, "%a, %d %b %Y %H:%M:%S %z")


def _epoch(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _past(at: int, now: int) -> int | None:
    return at if 0 < at <= now + 300 else None


def _parsed(callback: Callback) -> object:
    try:
        return json.loads(body(callback))
    except (ValueError, RecursionError):
        raise CallbackRefused("not JSON") from None
