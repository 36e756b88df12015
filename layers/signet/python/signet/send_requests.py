"""requestSmsCode's body, parsed once: what an app asks to be sent (wire.md 7.1)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from signet import phones, templates
from signet.credentials import Authority
from signet.errors import BadParameter
from signet.limits import Channel
from signet.phones import Phone

DEFAULT_TTL = timedelta(minutes=10)
MAX_TTL = timedelta(minutes=30)

# Limits on text that anyone holding the public app key can put under a trusted signature
# (review.md 4.1): short, no link, no second code.
MAX_CLIENT_TEXT = 20
MAX_CLIENT_DIGITS = 3
_MAX_TEXT = 200
MAX_VALUE = 400
_CLIENT_PUNCTUATION = frozenset(" -_·・&+'’“”\"《》「」()（）、，,!！")
# Letters, digits and marks that look like a full stop (Unicode's confusables.txt, "002E").
_LIKE_A_DOT = frozenset("\u0660\u06f0\ua4f8\U0001d16d")

# A time, a date or an amount, and nothing longer: phones make a link of 101.202.103.204.
_FIGURE = re.compile(
    r"(?<![\d.:/])"
    r"(?:\d{1,2}:\d{2}(?::\d{2})?|\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}/\d{1,2}|\d+\.\d{1,2})"
    r"(?![\d.:/])",
    re.ASCII,
)
# How long codes are, here and elsewhere.
_LIKE_A_CODE = range(4, 9)
_REGION = re.compile(r"[A-Z]{2}")

# The fields that mean something to the service; all others may be variables of a template.
# `code` is among them: it is filled in, whatever the caller says.
_OPTIONS = frozenset({*templates.OPTIONS, *templates.RESERVED, "op"})


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What to send: `name`, `operation`, `sign`, `template` are None when the app did not say.

    `validate_token` shows that a captcha was solved.

    `extras` are the fields that a template may use, as they came; see `values`.
    """

    phone: Phone
    channel: Channel = Channel.SMS
    ttl: timedelta = DEFAULT_TTL
    name: str | None = None
    operation: str | None = None
    sign: str | None = None
    template: str | None = None
    validate_token: str | None = None
    extras: Mapping[str, object] = field(default_factory=dict)


def parse(body: Mapping[str, object], *, authority: Authority, app_name: str) -> SendRequest:
    """The request in `body`. Raises the SignetError that names what is wrong.

    `app_name` is trusted: a client may send it as `name` whatever it looks like.
    """
    name, operation, sign = (_text(body, field_name) for field_name in ("name", "op", "sign"))
    template = _template(body)
    for field_name, value in (
        ("name", name),
        ("op", operation),
        ("sign", sign),
        ("template", template),
    ):
        _check_text(field_name, value)
    if authority is Authority.CLIENT:
        _check_client_texts({"name": None if name == app_name else name, "op": operation})
    channel = _channel(body)
    if channel is Channel.VOICE and template:
        raise BadParameter("smsType voice reads out a code, and takes no template.")
    return SendRequest(
        phone=phones.parse(body.get("mobilePhoneNumber"), region=_region(body)),
        channel=channel,
        ttl=_ttl(body.get("ttl")),
        name=name,
        operation=operation,
        sign=sign,
        template=template,
        validate_token=proof_of(body),
        extras={key: value for key, value in body.items() if key not in _OPTIONS},
    )


def proof_of(body: Mapping[str, object]) -> str | None:
    """The validate_token that verifyCaptcha gave, if one came along. Raises BadParameter."""
    value = body.get("validate_token")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadParameter("validate_token must be a string.")
    return value


def values(request: SendRequest, names: Iterable[str], *, authority: Authority) -> dict[str, str]:
    """The values that the request gives for the variables `names` of its template.

    Raises BadParameter, naming the variable, for a value that no text can hold, and for one that
    a client with the public app key must not choose.
    """
    given: dict[str, str] = {}
    for name in names:
        value = request.operation if name == "op" else request.extras.get(name)
        if value is None:
            continue
        given[name] = _value(name, value)
        if authority is Authority.CLIENT:
            _check_client_value(name, given[name])
    return given


def _value(name: str, value: object) -> str:
    """A scalar as a template prints it: 3.0 is 3 for JavaScript, which knows no integers."""
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise BadParameter(f"The variable {name} must be a string or a number.")
    text = str(value).strip()
    if len(text) > MAX_VALUE:
        raise BadParameter(f"The variable {name} is longer than {MAX_VALUE} characters.")
    if not all(may_be_shown(character) for character in text):
        raise BadParameter(f"The variable {name} must not contain 【, 】 or control characters.")
    return text


def _template(body: Mapping[str, object]) -> str | None:
    # flask-leancloud-sms sends a one-element array, a comma too many in its source (wire.md 7.1).
    value = body.get("template")
    if isinstance(value, list) and len(value) == 1:
        return _text({"template": value[0]}, "template")
    return _text(body, "template")


def _text(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadParameter(f"{name} must be a string.")
    return str(value).strip() or None


def _channel(body: Mapping[str, object]) -> Channel:
    value = _text(body, "smsType") or Channel.SMS
    if value not in list(Channel):
        raise BadParameter("smsType must be sms or voice.")
    return Channel(value)


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
    if not all(may_be_shown(character) for character in value):
        raise BadParameter(f"{name} must not contain 【, 】 or control characters.")


def may_be_shown(character: str) -> bool:
    """Whether a text message may hold the character where somebody else's words go."""
    # A second signature would be a lie; Python calls the wide space unprintable, people use it.
    wide = unicodedata.category(character) == "Zs"
    return character not in "【】" and (wide or character.isprintable())


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


def _check_client_value(name: str, value: str) -> None:
    """The text around a variable was reviewed, so its value may be a time or a long number."""
    if len(value) > MAX_CLIENT_TEXT:
        raise BadParameter(
            f"The variable {name} is longer than {MAX_CLIENT_TEXT} characters; "
            "longer ones need the master key."
        )
    if not all(_is_plain(character) for character in _FIGURE.sub("x", _as_read(value))):
        raise BadParameter(
            f"The variable {name} may hold letters, digits, times, amounts and a few signs; "
            "others, such as those of a link, need the master key."
        )
    numbers = _FIGURE.sub("x", "".join(map(_number_or_text, value)))
    words = [character for character in numbers if unicodedata.category(character)[0] in "LN"]
    if all(map(_digits_of, words)) and len(words) in _LIKE_A_CODE:
        raise BadParameter(f"The variable {name} could pass for a code; that needs the master key.")


def _number_or_text(character: str) -> str:
    """A numeral in plain digits, whatever its shape; anything else as people read it."""
    if unicodedata.category(character)[0] == "N":
        return str(int(unicodedata.numeric(character)))
    return _as_read(character)


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
