"""Verifying: a guess is counted, then compared, and one alone wins."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from signet import codes
from signet.apps import App, Switches, TestPhone
from signet.codes import Guess, Keyring, LiveCode, Subject
from signet.errors import CodeInvalid, Unavailable
from signet.flows.verify_code import Stores, verify_code
from signet.messages import MessageRef
from signet.store.phones import NoLiveCode, UnknownKey
from signet.store.table import ConditionFailed, TransactionRefused
from tests.conftest import DEMO_APP
from tests.flows.fakes import FakeSecret
from tests.store.build import KEYRING, NOW, PHONE, SECONDS, SUBJECT, after, wrong

NONCE = bytes(range(16))
CODE = codes.derive(KEYRING.keys["k1"], SUBJECT, NONCE)
RESENDS = replace(DEMO_APP, switches=Switches(resend_same_code=True))
ROTATED = Keyring("k2", {**KEYRING.keys, "k2": b"u" * 64})


@dataclass
class FakePhone:
    """A number with one code; counts guesses as the store does."""

    live: LiveCode | None = field(
        default_factory=lambda: LiveCode(NONCE, "k1", SECONDS + 600, "20261122-0-aa", guesses=[])
    )
    budget: int = 20
    counted: int = 0
    recorded: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    recording_fails_with: Exception | None = None

    def spend_guess(self, subject: Subject, guess: Guess, *, key_ids: Iterable[str]) -> LiveCode:
        live = self.live
        if live is None or self.counted >= self.budget:
            raise NoLiveCode(live)
        if live.key_id not in set(key_ids):
            raise UnknownKey(live.key_id or "")
        known = {each.request_id for each in live.guesses}
        if len(live.guesses) >= codes.GUESSES_PER_CODE or guess.request_id in known:
            raise NoLiveCode(live)
        self.counted += 1
        self.live = replace(live, guesses=[*live.guesses, guess])
        return self.live

    def spend_guess_on_test_phone(self, subject: Subject, now: int) -> None:
        if self.counted >= self.budget:
            raise NoLiveCode(None)
        self.counted += 1

    def record_verified(self, ref: MessageRef, now: int) -> None:
        if self.recording_fails_with:
            raise self.recording_fails_with
        self.recorded.append(ref.message_id)

    def mark_used(self, subject: Subject, code: LiveCode, now: int) -> None:
        self.record_verified(MessageRef(subject.app_id, code.message_id), now)
        self.used.append(code.message_id)

    def count_verified(self, app: App, subject: Subject, mark: str, now: int) -> None:
        self.marks.append(mark)


@dataclass
class Verification:
    """Guesses at one number's code."""

    app: App = DEMO_APP
    phone: FakePhone = field(default_factory=FakePhone)
    secret: FakeSecret = field(default_factory=lambda: FakeSecret(KEYRING))
    requests: int = 0

    def guess(self, typed: str, request_id: str | None = None, *, now: datetime = NOW) -> bool:
        """Whether the guess is let in."""
        self.requests += 1
        stores = Stores(
            keyring=self.secret.keyring,
            spend_guess=self.phone.spend_guess,
            spend_guess_on_test_phone=self.phone.spend_guess_on_test_phone,
            record_verified=self.phone.record_verified,
            mark_used=self.phone.mark_used,
            count_verified=self.phone.count_verified,
        )
        request_id = request_id or f"request-{self.requests}"
        try:
            verify_code(SUBJECT, typed, stores, app=self.app, request_id=request_id, now=now)
        except CodeInvalid:
            return False
        return True


def test_the_right_code_is_let_in_once() -> None:
    verification = Verification()

    assert [verification.guess(CODE) for _ in range(3)] == [True, False, False]
    assert verification.phone.recorded == ["20261122-0-aa"]


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.mark.parametrize("typed", [f" {CODE[:3]} {CODE[3:]} ", CODE.translate(FULL_WIDTH)])
def test_the_right_code_may_be_typed_with_spaces_or_full_width(typed: str) -> None:
    assert Verification().guess(typed)


def test_a_wrong_code_is_counted_and_refused() -> None:
    verification = Verification()

    assert not verification.guess(wrong(CODE))
    assert verification.phone.counted == 1
    assert verification.phone.recorded == []


@pytest.mark.parametrize("wrongs", range(7))
def test_after_k_wrong_guesses_the_right_one_is_let_in_if_k_is_at_most_four(wrongs: int) -> None:
    verification = Verification()
    for step in range(wrongs):
        verification.guess(wrong(CODE, step + 1))

    assert verification.guess(CODE) is (wrongs <= 4)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "../x", "12 34", "¹²³"])
def test_what_is_not_six_digits_counts_nothing(typed: str) -> None:
    verification = Verification()

    assert not verification.guess(typed)
    assert verification.phone.counted == 0


def test_a_number_without_a_code_is_refused() -> None:
    assert not Verification(phone=FakePhone(live=None)).guess(CODE)


def test_a_spent_budget_refuses_even_the_right_code() -> None:
    assert not Verification(phone=FakePhone(budget=0)).guess(CODE)


@pytest.mark.parametrize(
    "failure",
    [TransactionRefused([None]), ConditionFailed({}), Unavailable()],
    ids=lambda failure: type(failure).__name__,
)
@pytest.mark.parametrize("app", [DEMO_APP, RESENDS], ids=["plain", "resends"])
def test_a_verification_stands_although_its_use_could_not_be_noted(
    app: App, failure: Exception
) -> None:
    verification = Verification(app, FakePhone(recording_fails_with=failure))

    assert verification.guess(CODE)
    assert not verification.guess(CODE)


def test_a_code_that_could_be_sent_again_is_marked_where_the_sends_look() -> None:
    plain, resending = Verification(), Verification(RESENDS)

    assert plain.guess(CODE)
    assert resending.guess(CODE)

    assert (plain.phone.used, resending.phone.used) == ([], ["20261122-0-aa"])


# --- Copies of one request --------------------------------------------------------------------


def test_a_copy_of_a_right_guess_gets_the_first_answer() -> None:
    verification = Verification()

    assert verification.guess(CODE, "same")
    assert verification.guess(CODE, "same", now=after(10))
    assert verification.phone.counted == 1


def test_a_copy_of_a_wrong_guess_gets_the_first_answer_and_counts_once() -> None:
    verification = Verification()

    assert not verification.guess(wrong(CODE), "same")
    assert not verification.guess(wrong(CODE), "same", now=after(1))
    assert verification.phone.counted == 1


def test_a_copy_after_ten_seconds_is_refused() -> None:
    verification = Verification()

    assert verification.guess(CODE, "same")
    assert not verification.guess(CODE, "same", now=after(11))


def test_another_code_under_the_same_request_is_no_copy() -> None:
    verification = Verification()
    verification.guess(CODE, "same")

    assert not verification.guess(wrong(CODE), "same")


def test_a_copy_of_a_late_winner_still_loses() -> None:
    verification = Verification()

    assert verification.guess(CODE, "first")
    assert not verification.guess(CODE, "second")
    assert not verification.guess(CODE, "second")


# --- Rotating the key -------------------------------------------------------------------------


def test_a_code_of_the_old_key_is_let_in_after_a_rotation() -> None:
    assert Verification(secret=FakeSecret(ROTATED)).guess(CODE)


def test_a_code_of_a_key_this_process_has_not_read_is_counted_once_and_let_in() -> None:
    code = codes.derive(ROTATED.keys["k2"], SUBJECT, NONCE)
    phone = FakePhone(live=LiveCode(NONCE, "k2", SECONDS + 600, "20261122-0-aa", guesses=[]))
    verification = Verification(phone=phone, secret=FakeSecret(KEYRING, newer=ROTATED))

    assert verification.guess(code)
    assert (phone.counted, verification.secret.reads) == (1, 2)


def test_a_code_of_a_key_that_is_gone_is_unavailable_and_counts_nothing() -> None:
    phone = FakePhone(live=LiveCode(NONCE, "k9", SECONDS + 600, "20261122-0-aa", guesses=[]))
    verification = Verification(phone=phone)

    with pytest.raises(Unavailable):
        verification.guess(CODE)

    assert phone.counted == 0


def test_a_code_won_before_a_rotation_is_not_won_again_after_it() -> None:
    verification = Verification()
    verification.guess(CODE)
    verification.secret = FakeSecret(ROTATED)

    assert not verification.guess(CODE)


# --- The test phone ---------------------------------------------------------------------------

WITH_TEST_PHONE = replace(DEMO_APP, test_phone=TestPhone(PHONE, "246810"))


def test_the_fixed_code_is_let_in_again_and_again_without_a_request() -> None:
    verification = Verification(WITH_TEST_PHONE, FakePhone(live=None))

    assert [verification.guess("246810") for _ in range(3)] == [True, True, True]
    assert verification.phone.recorded == []


def test_guesses_at_the_fixed_code_are_counted_and_end() -> None:
    verification = Verification(WITH_TEST_PHONE, FakePhone(live=None, budget=20))

    assert not any(verification.guess(f"{number:06d}") for number in range(20))
    assert not verification.guess("246810")


def test_the_fixed_code_is_worth_nothing_at_another_number() -> None:
    other = replace(WITH_TEST_PHONE, test_phone=TestPhone("+8618200008888", "246810"))

    assert not Verification(other).guess("246810")


def test_a_right_code_is_no_waste_and_a_wrong_one_says_nothing() -> None:
    verification = Verification()
    assert verification.phone.live is not None
    verification.phone.live = replace(verification.phone.live, mark="5i0123456789")

    assert not verification.guess(wrong(CODE))
    assert verification.phone.marks == []
    assert verification.guess(CODE)
    assert verification.phone.marks == ["5i0123456789"]


def test_a_code_without_a_mark_is_counted_nowhere() -> None:
    verification = Verification()

    assert verification.guess(CODE)
    assert verification.phone.marks == []
