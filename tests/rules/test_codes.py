"""Codes are derived, uniform and bound to whom they were sent; guesses are judged in order."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import codes
from signet.codes import Guess, Keyring, LiveCode, OnlyCode, Purpose, Subject

KEY = b"t" * 64
KEYRING = Keyring("k1", {"k1": KEY})
SUBJECT = Subject("signet-demo-app", Purpose.SMS, "+8618612345678")
NONCE = bytes(range(16))
CODE = "327107"
WRONG = "327108"
NOW = 1_795_334_400


def guess(code: str, request_id: str, *, keyring: Keyring = KEYRING, now: int = NOW) -> Guess:
    return codes.new_guess(keyring, SUBJECT, code, request_id=request_id, now=now)


def live(*guesses: Guess, key_id: str = "k1") -> LiveCode:
    return LiveCode(NONCE, key_id, NOW + 600, "20261122-3-ff", guesses)


# A change here makes every code that is on its way to a phone wrong: it needs a new label.
@pytest.mark.parametrize(
    ("key", "subject", "nonce", "code"),
    [
        (KEY, SUBJECT, bytes(16), "761431"),
        (KEY, SUBJECT, NONCE, CODE),
        (
            b"k" * 32,
            Subject("FFnN2hso42Wej3pWq4X5qlu4-gzGzoHsz", Purpose.SMS, "+12015550123"),
            bytes(range(16, 32)),
            "576680",
        ),
    ],
)
def test_a_code_follows_from_key_subject_and_nonce_as_it_always_did(
    key: bytes, subject: Subject, nonce: bytes, code: str
) -> None:
    assert codes.derive(key, subject, nonce) == code


def test_a_guess_is_written_as_it_always_was() -> None:
    packed = guess("123456", "0123456789abcdef").pack()

    assert packed.hex() == "6b02a10070a990eb988699876b31"


@pytest.mark.parametrize(
    "other",
    [
        Subject("signet-demo-apq", Purpose.SMS, "+8618612345678"),
        Subject("signet-demo-app", Purpose.SMS, "+8618612345679"),
        Subject("signet-demo-ap", Purpose.SMS, "p+8618612345678"),
    ],
)
def test_a_code_is_bound_to_app_and_phone(other: Subject) -> None:
    nonces = [bytes([number]) * 16 for number in range(8)]

    assert [codes.derive(KEY, other, nonce) for nonce in nonces] != [
        codes.derive(KEY, SUBJECT, nonce) for nonce in nonces
    ]


@pytest.mark.parametrize(
    "other",
    [
        Subject("other-app", Purpose.SMS, SUBJECT.phone),
        Subject(SUBJECT.app_id, Purpose.SMS, "+8618612345679"),
    ],
)
def test_the_digest_of_a_guess_is_bound_to_app_and_phone(other: Subject) -> None:
    here = codes.new_guess(KEYRING, SUBJECT, CODE, request_id="a", now=NOW)
    there = codes.new_guess(KEYRING, other, CODE, request_id="a", now=NOW)

    assert here.digest != there.digest


def test_a_code_is_bound_to_its_key_and_nonce() -> None:
    derived = {
        codes.derive(key, SUBJECT, nonce)
        for key in (KEY, b"u" * 64)
        for nonce in (NONCE, bytes(16), NONCE[::-1])
    }

    assert len(derived) == 6


def test_a_hundred_thousand_codes_are_uniform_and_six_digits() -> None:
    chance = random.Random(20261122)
    derived = [codes.derive(KEY, SUBJECT, chance.randbytes(16)) for _ in range(100_000)]

    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in derived)
    # Chi-square with 9 and with 999 degrees of freedom; the bounds are the 99.99 % quantiles.
    for place in range(6):
        assert chi_square([code[place] for code in derived], kinds=10) < 33.8
    assert chi_square([code[:3] for code in derived], kinds=1_000) < 1_174
    assert chi_square([code[3:] for code in derived], kinds=1_000) < 1_174


def chi_square(values: Sequence[str], *, kinds: int) -> float:
    expected = len(values) / kinds
    counts = Counter(values)
    missing = kinds - len(counts)
    return sum((n - expected) ** 2 / expected for n in counts.values()) + missing * expected


def test_two_nonces_are_never_the_same() -> None:
    drawn = {codes.new_nonce() for _ in range(1_000)}

    assert len(drawn) == 1_000
    assert {len(nonce) for nonce in drawn} == {codes.NONCE_BYTES}


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("１２３４５６", "123456"),
        ("1 2\u30003\t4\n56", "123456"),
        ("000000", "000000"),
        ("12345", None),
        ("1234567", None),
        ("", None),
        ("      ", None),
        ("12345a", None),
        ("+12345", None),
        ("-12345", None),
        ("1e1000", None),
        ("0x1234", None),
        ("12.456", None),
        ("123,456", None),
        ("١٢٣٤٥٦", None),
        ("一二三四五六", None),
        ("../../x", None),
        ("null", None),
    ],
)
def test_a_typed_code_is_six_digits_or_nothing(text: str, digits: str | None) -> None:
    assert codes.typed(text) == digits


@given(st.text())
def test_whatever_is_typed_becomes_six_ascii_digits_or_nothing(text: str) -> None:
    digits = codes.typed(text)

    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdecimal())


@given(
    at=st.integers(0, 2**32 - 1),
    digest=st.binary(min_size=8, max_size=8),
    key_id=st.text(st.characters(codec="ascii"), max_size=12),
    request_id=st.text(max_size=32),
)
def test_a_guess_survives_being_written(
    at: int, digest: bytes, key_id: str, request_id: str
) -> None:
    original = Guess(request_id, at, digest, key_id)

    assert Guess.unpack(request_id, original.pack()) == original


def test_the_right_code_wins() -> None:
    mine = guess(CODE, "mine")

    assert codes.is_winner(live(mine), mine, keyring=KEYRING, subject=SUBJECT)


def test_a_wrong_code_does_not_win() -> None:
    mine = guess(WRONG, "mine")

    assert not codes.is_winner(live(mine), mine, keyring=KEYRING, subject=SUBJECT)


def test_the_first_right_guess_wins_whatever_wrong_ones_came_before() -> None:
    wrong, first, second = guess(WRONG, "a"), guess(CODE, "b"), guess(CODE, "c")
    code = live(wrong, first, second)

    winners = [
        each.request_id
        for each in (wrong, first, second)
        if codes.is_winner(code, each, keyring=KEYRING, subject=SUBJECT)
    ]

    assert winners == ["b"]


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_at_most_one_of_the_counted_guesses_wins_and_one_does_if_any_is_right(
    rights: list[bool],
) -> None:
    counted = [guess(CODE if right else WRONG, str(n)) for n, right in enumerate(rights)]
    code = live(*counted)

    wins = [codes.is_winner(code, each, keyring=KEYRING, subject=SUBJECT) for each in counted]

    assert wins == [right and n == rights.index(True) for n, right in enumerate(rights)]


def test_a_code_of_another_phone_does_not_win() -> None:
    other = Subject(SUBJECT.app_id, Purpose.SMS, "+8618612345679")
    mine = guess(CODE, "mine")

    assert not codes.is_winner(live(mine), mine, keyring=KEYRING, subject=other)


def test_a_guess_counted_after_a_rotation_still_fits_a_code_of_the_old_key() -> None:
    rotated = Keyring("k2", {"k1": KEY, "k2": b"u" * 64})
    mine = guess(CODE, "mine", keyring=rotated)

    assert mine.key_id == "k2"
    assert codes.is_winner(live(mine), mine, keyring=rotated, subject=SUBJECT)


def test_a_win_before_a_rotation_is_seen_by_a_guess_after_it() -> None:
    rotated = Keyring("k2", {"k1": KEY, "k2": b"u" * 64})
    before, after = guess(CODE, "a"), guess(CODE, "b", keyring=rotated)

    assert not codes.is_winner(live(before, after), after, keyring=rotated, subject=SUBJECT)


def test_a_guess_of_a_dropped_key_lets_nobody_in() -> None:
    dropped = Keyring("k2", {"k2": b"u" * 64})
    mine = guess(codes.derive(b"u" * 64, SUBJECT, NONCE), "mine")

    assert not codes.is_winner(live(mine, key_id="k2"), mine, keyring=dropped, subject=SUBJECT)


@pytest.mark.parametrize(("seconds", "found"), [(0, True), (10, True), (11, False)])
def test_a_copy_within_ten_seconds_is_answered_like_the_first(seconds: int, found: bool) -> None:
    first = guess(CODE, "same")
    then = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds)

    answered = codes.answered_before(live(first), "same", now=then)

    assert answered == (first if found else None)


def test_another_request_is_no_copy() -> None:
    now = datetime.fromtimestamp(NOW, UTC)

    assert codes.answered_before(live(guess(CODE, "a")), "b", now=now) is None


# --- Codes that are found without their number -------------------------------------------------

BOTH = Keyring("k2", {"k1": KEY, "k2": b"u" * 64})


def only(
    key_id: str = "k1",
    code: str = CODE,
    *,
    app_id: str = SUBJECT.app_id,
    purpose: Purpose = Purpose.VERIFY,
) -> str:
    return codes.only_code(key_id, BOTH, code, app_id=app_id, purpose=purpose).digest


# A change here lets nobody confirm by a code that was sent before it: it needs a new label.
def test_a_code_is_found_by_what_it_always_was() -> None:
    found = codes.only_code("k1", KEYRING, CODE, app_id=SUBJECT.app_id, purpose=Purpose.VERIFY)

    assert found == OnlyCode("e5735cf54dacc30f6edafdcae1d92591", "k1")


@pytest.mark.parametrize(
    "other",
    [
        only("k2"),
        only(code=WRONG),
        only(code=""),
        only(app_id="signet-demo-apq"),
        only(app_id="signet-demo-ap"),
        only(purpose=Purpose.RESET),
        only(purpose=Purpose.SMS),
    ],
)
def test_a_code_is_found_by_its_own_key_app_purpose_and_digits(other: str) -> None:
    assert other != only()


def test_what_a_code_is_found_by_is_neither_code_nor_guess() -> None:
    subject = Subject(SUBJECT.app_id, Purpose.VERIFY, SUBJECT.phone)
    counted = codes.new_guess(KEYRING, subject, CODE, request_id="a", now=NOW)

    assert CODE not in only()
    assert not only().startswith(counted.digest.hex())


def test_all_codes_of_an_app_are_found_apart() -> None:
    assert len({only(code=f"{number:06d}") for number in range(2_000)}) == 2_000
