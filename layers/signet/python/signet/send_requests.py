"""requestSmsCode's body, parsed once: what an app asks to be sent (wire.md 7.1)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from signet import phones
from signet.credentials import Authority
from signet.errors import BadParameter, TemplateNotFound
from signet.limits import Channel
from signet.phones import Phone

DEFAULT_TTL = timedelta(minutes=10)
MAX_TTL = timedelta(minutes=30)

# Limits on text that anyone holding the public app key can put under a trusted signature
# (review.md 4.1): short, no link, no second code.
MAX_CLIENT_TEXT = 20
MAX_CLIENT_DIGITS = 3
_MAX_TEXT = 200
_CLIENT_PUNCTUATION = frozenset(" -_·・&+'’“”\"《》「」()（）、，,!！")
# Letters, digits and marks that look like a full stop (Unicode's confusables.txt, "002E").
_LIKE_A_DOT = frozenset("\u0660\u06f0\ua4f8\U0001d16d")

_REGION = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What to send: `name`, `operation` and `sign` are None when the app did not say."""

    phone: Phone
    channel: Channel = Channel.SMS
    ttl: timedelta = DEFAULT_TTL
    name: str | None = None
    operation: str | None = None
    sign: str | None = None


def parse(body: Mapping[str, object], *, authority: Authority, app_name: str) -> SendRequest:
    """The request in `body`. Raises the SignetError that names what is wrong.

    `app_name` is trusted: a client may send it as `name` whatever it looks like.
    """
    name, operation, sign = (_text(body, field_name) for field_name in ("name", "op", "sign"))
    for field_name, value in (("name", name), ("op", operation), ("sign", sign)):
        _check_text(field_name, value)
    if authority is Authority.CLIENT:
        _check_client_texts({"name": None if name == app_name else name, "op": operation})
    if body.get("template") not in (None, ""):
        raise TemplateNotFound
    return SendRequest(
        phone=phones.parse(body.get("mobilePhoneNumber"), region=_region(body)),
        channel=_channel(body),
        ttl=_ttl(body.get("ttl")),
        name=name,
        operation=operation,
        sign=sign,
    )


def _text(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadParameter(f"{name} must be a string.")
    return str(value).strip() or None


def _channel(body: Mapping[str, object]) -> Channel:
    value = _text(body, "smsType")
    if value in (None, Channel.SMS):
        return Channel.SMS
    if value == Channel.VOICE:
        raise BadParameter("smsType voice is not offered by this server.")
    raise BadParameter("smsType must be sms or voice.")


def _region(body: Mapping[str, object]) -> str:
    # A parameter of 2015 that flask-leancloud-sms still sends (wire.md 7.1).
    value = _text(body, "countryCode")
    return value.upper() if value and _REGION.fullmatch(value.upper()) else "CN"


def _ttl(value: object) -> timedelta:
    """Minutes as a number or a numeric string; SDKs send 10, "10" and 10.0."""
    if value is None or value == "":
        return DEFAULT_TTL
    error = BadParameter(f"ttl must be between 1 and {MAX_TTL // timedelta(minutes=1)} minutes.")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise error
    try:
        minutes = float(value)
    except (ValueError, OverflowError):
        raise error from None
    if not (1 <= minutes <= MAX_TTL / timedelta(minutes=1) and minutes.is_integer()):
        raise error
    return timedelta(minutes=minutes)


def _check_text(name: str, value: str | None) -> None:
    if value is None:
        return
    if len(value) > _MAX_TEXT:
        raise BadParameter(f"{name} is longer than {_MAX_TEXT} characters.")
    if any(character in "【】" or not character.isprintable() for character in value):
        raise BadParameter(f"{name} must not contain 【, 】 or control characters.")


def _check_client_texts(texts: Mapping[str, str | None]) -> None:
    given = {name: value for name, value in texts.items() if value}
    for name, value in given.items():
        if len(value) > MAX_CLIENT_TEXT:
            raise BadParameter(
                f"{name} is longer than {MAX_CLIENT_TEXT} characters; "
                "longer ones need the master key."
            )
        if not all(_is_plain(character) for character in _as_read(value)):
            raise BadParameter(
                f"{name} may hold letters, digits, spaces and a few signs; "
                "others, such as those of a link, need the master key."
            )
    numerals = sum(max(_digits(value), _digits(_as_read(value))) for value in given.values())
    if numerals > MAX_CLIENT_DIGITS:
        raise BadParameter(
            f"{' and '.join(given)} hold more than {MAX_CLIENT_DIGITS} digits, "
            "which could pass for a code; that needs the master key."
        )


def _as_read(value: str) -> str:
    # ⒈ reads as "1." and ㊱ as 36: what counts is what a person makes of it.
    return unicodedata.normalize("NFKC", value)


def _is_plain(character: str) -> bool:
    # An allow-list: whatever could make a link (dots, slashes, colons, @) is not on it.
    if character in _LIKE_A_DOT:
        return False
    return unicodedata.category(character)[0] in "LMN" or character in _CLIENT_PUNCTUATION


def _digits(value: str) -> int:
    """How many digits a text reads as; 一 is one, 百 and 万 are words, Ⅻ counts as 12."""
    return sum(_digits_of(character) for character in value)


def _digits_of(character: str) -> int:
    number = unicodedata.numeric(character, None)
    if number is None or number < 0:
        return 0
    if unicodedata.category(character).startswith("N"):
        return len(str(int(number)))
    return 1 if number <= 9 else 0
