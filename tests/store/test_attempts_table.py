"""Tries are counted before anything is compared, and taken back when they succeed."""

import pytest

from signet import limits
from signet.errors import AccountLocked, TooManyAttempts
from signet.store import attempts
from tests.store.build import APP_ID, NOW, SECONDS, after, client, put

pytestmark = pytest.mark.usefixtures("tables")

WHO, ADDRESS = "5f1e00000000000000000001", "203.0.113.7"
QUARTER = 900


def fail(times: int, *, at: int = 0, who: str = WHO, app_id: str = APP_ID) -> None:
    """So many failed logins, a second apart."""
    for second in range(times):
        attempts.begin_login(app_id, who, now=after(at + second))


def locked_for(at: int, who: str = WHO) -> int | None:
    """How long a login at that time is told to wait."""
    with pytest.raises(AccountLocked) as refused:
        fail(1, at=at, who=who)
    return refused.value.retry_after


def items() -> list[dict[str, dict[str, str]]]:
    """Everything that is counted."""
    found: list[dict[str, dict[str, str]]] = client("dynamodb").scan(TableName="phones")["Items"]
    return found


# --- Logins -----------------------------------------------------------------------------------


def test_six_failures_lock_nobody_and_the_seventh_is_still_compared() -> None:
    fail(7)

    assert locked_for(at=7) == QUARTER - 1


def test_the_lock_lasts_a_quarter_of_an_hour_from_the_seventh_failure() -> None:
    fail(6)
    fail(1, at=100)

    assert locked_for(at=100) == QUARTER
    assert locked_for(at=100 + QUARTER - 1) == 1
    fail(1, at=100 + QUARTER)


def test_who_is_locked_is_not_counted() -> None:
    fail(7)
    before = items()

    locked_for(at=7)
    locked_for(at=500)

    assert items() == before


def test_failures_after_the_lock_lock_again_when_there_are_seven() -> None:
    fail(7)
    fail(7, at=6 + QUARTER)

    assert locked_for(at=13 + QUARTER) == QUARTER - 1


def test_a_failure_of_a_quarter_of_an_hour_ago_does_not_count() -> None:
    fail(6)
    fail(1, at=QUARTER)

    assert len(items()) == 1
    # Five of the first six are younger, and this one.
    fail(1, at=QUARTER)
    assert locked_for(at=QUARTER) == QUARTER


def test_six_failures_and_right_passwords_between_them_lock_nobody() -> None:
    for second in range(8):
        fail(1, at=second)
        attempts.login_succeeded(APP_ID, WHO)
    fail(6, at=8)
    fail(1, at=14)
    attempts.login_succeeded(APP_ID, WHO)

    fail(1, at=15)


def test_the_seventh_try_unlocks_if_it_is_right_and_the_six_before_still_count() -> None:
    fail(7)
    attempts.login_succeeded(APP_ID, WHO)

    fail(1, at=7)
    assert locked_for(at=8) == QUARTER - 1


def test_a_reset_forgets_all_failures() -> None:
    fail(7)

    attempts.unlock(APP_ID, WHO)

    fail(7, at=7)
    assert locked_for(at=14) == QUARTER - 1


@pytest.mark.parametrize(("app_id", "who"), [(APP_ID, "username#x"), ("signet-other-app", WHO)])
def test_a_lock_is_of_one_of_one_app(app_id: str, who: str) -> None:
    fail(7)

    fail(1, at=7, who=who, app_id=app_id)
    attempts.unlock(app_id, who)
    assert locked_for(at=7) == QUARTER - 1


@pytest.mark.parametrize("who", ["username#\ud800", "username#a|b", f"email#{'x' * 5_000}"])
def test_whatever_somebody_calls_themselves_is_counted(who: str) -> None:
    fail(7, who=who)

    assert locked_for(at=7, who=who) == QUARTER - 1
    assert all(len(item["pk"]["S"]) < 100 for item in items())


# --- Codes without their number ---------------------------------------------------------------


def try_code(at: int = 0, *, address: str = ADDRESS, app_id: str = APP_ID) -> None:
    attempts.count_code_only(app_id, address, now=after(at))


def test_ten_codes_in_a_quarter_of_an_hour_come_from_an_address() -> None:
    for second in range(10):
        try_code(second)

    with pytest.raises(TooManyAttempts) as refused:
        try_code(10)

    assert refused.value.retry_after == QUARTER - 10
    try_code(10, address="203.0.113.8")
    try_code(10, app_id="signet-other-app")
    try_code(QUARTER)


def test_a_hundred_codes_in_an_hour_are_tried_in_an_app() -> None:
    put("phones", pk=f"{APP_ID}#alone#{SECONDS // 3_600}", tried=limits.CODE_ONLY_AN_HOUR - 1)
    left = 3_600 - SECONDS % 3_600
    try_code()

    with pytest.raises(TooManyAttempts) as refused:
        try_code(left - 1)

    assert refused.value.retry_after == 1
    try_code(app_id="signet-other-app")
    try_code(left)


def test_a_right_code_is_taken_back_from_both() -> None:
    for second in range(11):
        try_code(second)
        attempts.code_only_succeeded(APP_ID, ADDRESS, now=after(second))
    assert {item["tried"]["N"] for item in items() if "tried" in item} == {"0"}

    for second in range(10):
        try_code(11 + second)
    with pytest.raises(TooManyAttempts):
        try_code(21)


def test_a_code_that_was_refused_an_address_is_not_counted_for_the_app() -> None:
    for _ in range(10):
        try_code()
    for _ in range(5):
        with pytest.raises(TooManyAttempts):
            try_code(1)

    assert {item["tried"]["N"] for item in items() if "tried" in item} == {"10"}


# --- What there is not ------------------------------------------------------------------------


def test_what_was_never_counted_is_taken_back_without_a_trace() -> None:
    attempts.login_succeeded(APP_ID, WHO)
    attempts.unlock(APP_ID, WHO)
    attempts.code_only_succeeded(APP_ID, ADDRESS, now=NOW)

    assert items() == []


def test_what_is_counted_is_forgotten_in_a_day() -> None:
    fail(1)
    try_code()

    assert {item["ttl"]["N"] for item in items()} == {str(SECONDS + 86_400)}
    assert len(items()) == 3
    assert ADDRESS not in str(items())
