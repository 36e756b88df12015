"""What account calls ask for, parsed once (wire.md 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from signet import phones, send_requests, users
from signet.credentials import Authority
from signet.errors import BadParameter, PasswordMissing, PhoneMissing, UsernameMissing
from signet.phones import Phone
from signet.send_requests import MAX_TTL, SendRequest

Body = Mapping[str, Any]

# Of requestChangePhoneNumber; up to the longest number of minutes it is taken for minutes,
# beyond that for the seconds that C# and Dart send (wire.md 9.13).
CHANGE_TTL = timedelta(minutes=6)


# The call that verifies a number, and how Python spelt it until 2022 (wire.md 9.9).
VERIFY_PHONE = ("verifyMobilePhone", "verfyMobilePhone")


@dataclass(frozen=True, slots=True)
class Login:
    """Who wants to log in, by a claim of `users`, and by what: a password or a code.

    `phone` is there if the claim is a number.
    """

    claim: str
    password: str | None = None
    code: str | None = None
    phone: Phone | None = None


def login(fields: Body) -> Login:
    """One of LeanCloud's four ways to log in; a username goes before an e-mail address.

    Raises UsernameMissing, PasswordMissing, PhoneInvalid.
    """
    name, address = _text(fields, "username"), _text(fields, "email")
    number = fields.get("mobilePhoneNumber")
    code, password = _code(fields), _text(fields, "password")
    if number not in (None, "") and (code or not (name or address)):
        phone = phones.parse(number)
        claim = users.phone_claim(phone.e164)
        if code:
            return Login(claim, code=code, phone=phone)
        return Login(claim, password=_given(password), phone=phone)
    if name:
        return Login(users.username_claim(name), password=_given(password))
    if address:
        return Login(users.email_claim(address), password=_given(password))
    raise UsernameMissing


def by_mobile_phone(body: Body) -> tuple[Phone, str]:
    """The number and the code of usersByMobilePhone. Raises PhoneMissing and BadParameter."""
    phone = phones.parse(body.get("mobilePhoneNumber"))
    code = _code(body)
    if not code:
        raise BadParameter("smsCode is missing.")
    return phone, code


def code_request(body: Body) -> SendRequest:
    """The request of a code for a number, in the built-in text. Raises PhoneInvalid."""
    phone = phones.parse(body.get("mobilePhoneNumber"))
    return SendRequest(phone, validate_token=send_requests.proof_of(body))


def change_request(body: Body, *, authority: Authority, app_name: str) -> SendRequest:
    """The request of a code to change a number, which Java sends with all options of an SMS.

    Raises what `send_requests.parse` raises.
    """
    rest = {name: value for name, value in body.items() if name != "ttl"}
    request = send_requests.parse(rest, authority=authority, app_name=app_name)
    return replace(request, ttl=_change_ttl(body.get("ttl")))


def confirmation(fields: Body, name: str) -> str:
    """The code in a body; "" for none, which no code is. Raises PhoneMissing."""
    if fields.get("mobilePhoneNumber") in (None, ""):
        raise PhoneMissing
    value = fields.get(name)
    return str(value) if isinstance(value, str | int) else ""


def passwords_of(body: Body) -> tuple[str, object]:
    """The old password, and what is to be the new one. Raises PasswordMissing."""
    return _given(_text(body, "old_password")), body.get("new_password")


def _change_ttl(value: object) -> timedelta:
    if value in (None, ""):
        return CHANGE_TTL
    longest = MAX_TTL // timedelta(minutes=1)
    wrong = BadParameter(
        f"ttl must be 1 to {longest} minutes, or up to {longest * 60} if it is in seconds."
    )
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise wrong from None
    if not 1 <= number <= longest * 60:
        raise wrong
    return timedelta(minutes=number) if number <= longest else timedelta(seconds=number)


def _text(fields: Body, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _code(fields: Body) -> str | None:
    value = fields.get("smsCode")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _given(password: str | None) -> str:
    if password is None:
        raise PasswordMissing
    return password
