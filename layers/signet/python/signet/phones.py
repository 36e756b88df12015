"""Phone numbers: what callers write, and the one canonical form.

Numbers follow E.164 (ITU-T): `+`, country code, at most 15 digits. A bare number means mainland
China (wire.md 5.1). The metadata is Google's libphonenumber, through phonenumbers.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from signet.errors import PhoneInvalid, PhoneMissing

MAINLAND = 86

# What people put between digits. Letters stay out: libphonenumber would dial them.
_WRITTEN = re.compile(r"\+?[0-9][0-9 ().\-]{4,30}")
# The metadata trails behind new ranges; the ministry hands out 1[3-9] and eleven digits.
_MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Types that cannot receive an SMS, or that only exist to be paid for being called.
_NO_SMS = frozenset({
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can receive an SMS.

    `e164` is the key for everything; `written` is the caller's own spelling, for echoing.
    """

    e164: str
    written: str
    country_code: int

    @property
    def is_mainland(self) -> bool:
        """Whether the number belongs to mainland China."""
        return self.country_code == MAINLAND


def parse(value: object, *, region: str = "CN") -> Phone:
    """The phone in a request field; `region` (ISO 3166 alpha-2) is for numbers without `+`.

    Raises PhoneMissing for an absent or empty value, PhoneInvalid for everything that cannot
    receive an SMS.
    """
    if value is None or value == "":
        raise PhoneMissing
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise PhoneInvalid
    written = str(value)
    text = unicodedata.normalize("NFKC", written).strip()
    if not _WRITTEN.fullmatch(text):
        raise PhoneInvalid
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid from None
    if not _receives_sms(number):
        raise PhoneInvalid
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164=e164, written=written, country_code=number.country_code or 0)


def _receives_sms(number: phonenumbers.PhoneNumber) -> bool:
    if number.country_code == MAINLAND:
        return bool(_MAINLAND_MOBILE.fullmatch(str(number.national_number)))
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) not in _NO_SMS


def dial_code(e164: str) -> str:
    """The country code of an E.164 number, in digits. E.164: none is the beginning of another."""
    digits = e164.removeprefix("+")
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    lengths = (length for length in (1, 2, 3) if int(digits[:length] or 0) in known)
    return digits[: next(lengths, 3)]
