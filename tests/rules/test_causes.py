"""Causes: what vendors' codes mean, in words."""

import pytest

from signet import causes
from signet.causes import Cause


@pytest.mark.parametrize(
    ("carrier", "reason", "cause"),
    [
        ("alibaba", "isv.BUSINESS_LIMIT_CONTROL", Cause.THROTTLED),
        ("alibaba", "isv.AMOUNT_NOT_ENOUGH", Cause.BALANCE),
        ("alibaba", "AMOUNT_NOT_ENOUGH", Cause.BALANCE),
        ("alibaba", "MOBILE_NUMBER_ILLEGAL", Cause.BAD_NUMBER),
        ("alibaba", "Throttling.User", Cause.THROTTLED),
        ("alibaba", "MK:0023", Cause.PHONE_OFF),
        ("tencent", "LimitExceeded.PhoneNumberDailyLimit", Cause.NUMBER_LIMIT),
        ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", Cause.BALANCE),
        ("tencent", "FailedOperation.PhoneNumberInBlacklist", Cause.OPTED_OUT),
        ("tencent", "AuthFailure.SecretIdNotFound", Cause.CREDENTIALS),
        ("tencent", "RequestLimitExceeded.IPLimitExceeded", Cause.THROTTLED),
        ("twilio", "30003", Cause.PHONE_OFF),
        ("twilio", "twilio 21610", Cause.OPTED_OUT),
        ("twilio", "E30007", Cause.CONTENT),
        ("sns", "OptedOut", Cause.OPTED_OUT),
        ("end-user-messaging", "TEXT_UNREACHABLE", Cause.PHONE_OFF),
        ("end-user-messaging", "ServiceQuotaExceededException", Cause.DAILY_LIMIT),
        ("webhook-b", "http_429", Cause.THROTTLED),
        ("webhook", "UNDELIV", Cause.UNREACHABLE),
        (None, "REJECTD", Cause.REJECTED),
        ("alibaba", "MI:9999", Cause.UNREACHABLE),
        ("tencent", "no template mapping for Order_Notice version 2", Cause.NO_MAPPING),
        ("tencent", "no signature mapping for Signet", Cause.NO_MAPPING),
        ("alibaba", "no variable order for vendor template SMS_1", Cause.NO_MAPPING),
        ("alibaba", "NewConnectionError", Cause.NOT_SENT),
    ],
)
def test_a_code_that_people_meet_has_a_cause(
    carrier: str | None, reason: str, cause: Cause
) -> None:
    assert causes.find(carrier, reason) is cause


@pytest.mark.parametrize(
    ("carrier", "reason"),
    [
        ("alibaba", None),
        ("alibaba", ""),
        ("alibaba", "isv.SOMETHING_NEW"),
        # Another vendor's number is not Twilio's.
        ("tencent", "30003"),
        ("twilio", "130003"),
        ("sns", "UNKNOWN"),
        ("alibaba", "MK:12"),
    ],
)
def test_a_code_that_nobody_knows_has_none(carrier: str, reason: str | None) -> None:
    assert causes.find(carrier, reason) is None


def test_a_known_code_is_said_in_words_and_an_unknown_one_as_it_is() -> None:
    assert causes.words("alibaba", "isv.BUSINESS_LIMIT_CONTROL") == (
        "触发频率限制（isv.BUSINESS_LIMIT_CONTROL）",
        "too many messages in too short a time (isv.BUSINESS_LIMIT_CONTROL)",
    )
    assert causes.words("alibaba", "NEW") == ("NEW", "NEW")


def test_every_cause_has_words_of_its_own() -> None:
    assert len({cause.zh for cause in Cause}) == len({cause.en for cause in Cause}) == len(Cause)
