"""Challenges, their answers, and the seven ways to cheat that rules alone can refuse."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import captchas
from signet.captchas import Challenge, Form, Keys
from signet.errors import BadParameter, CaptchaMissing, CaptchaWrong

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
APP = "signet-demo-app"
KEYS = Keys("0a0b0c0d", {"0a0b0c0d": b"k" * 32, "01020304": b"o" * 32})


def picture(app_id: str = APP, **query: str) -> Challenge:
    return captchas.new_picture(app_id, KEYS, query, now=NOW)


def read(token: object, app_id: str = APP, *, after: float = 0) -> Challenge:
    now = NOW + timedelta(seconds=after)
    return captchas.read(token, app_id, KEYS, form=Form.PICTURE, now=now)


def test_a_token_brings_its_challenge_back() -> None:
    challenge = picture(width="160", height="60", size="5", ttl="90")

    assert read(captchas.token(challenge, KEYS)) == challenge
    assert challenge.shape == (160, 60, 5)
    assert challenge.expires_at == NOW.timestamp() + 90


@pytest.mark.parametrize(
    ("query", "shape", "seconds"),
    [
        ({}, (85, 30, 4), 60),
        ({"width": "0", "height": "0"}, (85, 30, 4), 60),  # Java
        ({"width": "100.0", "height": "50.0"}, (100, 50, 4), 60),  # Swift
        ({"width": "82", "height": "39"}, (82, 39, 4), 60),  # C#
        ({"width": "59.9", "height": "29"}, (60, 30, 4), 60),
        ({"width": "9999", "height": "101"}, (200, 100, 4), 60),
        ({"width": "-5", "height": "nan"}, (60, 30, 4), 60),
        ({"width": "inf", "height": "-inf"}, (85, 30, 4), 60),
        ({"width": "wide", "height": ""}, (85, 30, 4), 60),
        ({"width": "1e400", "height": "1e2"}, (85, 100, 4), 60),
        ({"size": "2", "ttl": "5"}, (85, 30, 3), 10),
        ({"size": "7", "ttl": "181"}, (85, 30, 6), 180),
        ({"size": "0", "ttl": "0"}, (85, 30, 4), 60),
    ],
)
def test_sizes_are_clamped_and_nonsense_is_the_default(
    query: dict[str, str], shape: tuple[int, int, int], seconds: int
) -> None:
    challenge = picture(**query)

    assert challenge.shape == shape
    assert challenge.expires_at - NOW.timestamp() == seconds


def test_answers_follow_from_the_token_alone() -> None:
    challenge = picture(size="6")
    again = read(captchas.token(challenge, KEYS))

    assert captchas.written_answer(again, KEYS) == captchas.written_answer(challenge, KEYS)
    assert captchas.spoken_answer(again, KEYS) == captchas.spoken_answer(challenge, KEYS)
    assert captchas.chance(again, KEYS) == captchas.chance(challenge, KEYS)


def test_answers_have_the_size_and_the_alphabet_asked_for() -> None:
    for _ in range(200):
        challenge = picture(size="6")
        shown, said = (
            captchas.written_answer(challenge, KEYS),
            captchas.spoken_answer(challenge, KEYS),
        )

        assert len(shown) == 6
        assert set(shown) <= set(captchas.PICTURE_ALPHABET)
        assert len(said) == 6
        assert said.isdigit()


def test_no_two_challenges_are_alike() -> None:
    challenges = [picture() for _ in range(500)]

    assert len({challenge.id for challenge in challenges}) == 500
    assert len({captchas.written_answer(one, KEYS) for one in challenges}) > 480


def test_the_alphabet_has_no_look_alikes() -> None:
    for alike in ("0ODQ", "1IL", "2Z", "5S", "8B", "UV", "6G", "9G", "CG"):
        assert len(set(alike) & set(captchas.PICTURE_ALPHABET)) <= 1, alike


@pytest.mark.parametrize("typed", ["{}", " {} ", "{} ", "\u3000{}"])
def test_an_answer_may_be_typed_in_many_ways(typed: str) -> None:
    challenge = picture()
    right = captchas.written_answer(challenge, KEYS)
    wide = "".join(chr(ord(character) + 0xFEE0) for character in right)

    for form in (right, right.lower(), " ".join(right), wide):
        answer = captchas.typed(typed.format(form))
        assert captchas.is_right(challenge, KEYS, answer), form


def test_digits_may_come_as_a_number() -> None:
    challenge = next(
        one for one in iter(picture, None) if captchas.spoken_answer(one, KEYS)[0] != "0"
    )

    answer = captchas.typed(int(captchas.spoken_answer(challenge, KEYS)))
    assert captchas.is_right(challenge, KEYS, answer)


@pytest.mark.parametrize("value", [None, "", "  ", True, 1.5, [], {}])
def test_no_answer_is_said_to_be_missing(value: object) -> None:
    with pytest.raises(BadParameter, match="captcha_code"):
        captchas.typed(value)


def test_a_wrong_answer_is_wrong() -> None:
    challenge = picture()
    right = captchas.written_answer(challenge, KEYS)
    wrong = ("A" if right[0] != "A" else "B") + right[1:]

    assert not captchas.is_right(challenge, KEYS, wrong)
    assert not captchas.is_right(challenge, KEYS, right[:-1])
    assert not captchas.is_right(challenge, KEYS, "\ud800")


@pytest.mark.parametrize(
    "token",
    [None, 7, "", "R2cxkqSz", "A" * 50, "é" * 50, "=" * 50, "A" * 10_000, ["x"]],
)
def test_what_is_no_token_is_refused(token: object) -> None:
    with pytest.raises(CaptchaWrong):
        read(token)


def test_a_token_is_for_its_own_app() -> None:
    token = captchas.token(picture(), KEYS)

    with pytest.raises(CaptchaWrong):
        read(token, "another-app")


def test_a_token_ends() -> None:
    token = captchas.token(picture(), KEYS)

    read(token, after=59)
    with pytest.raises(CaptchaWrong):
        read(token, after=60)


def test_work_is_no_picture() -> None:
    work = captchas.new_work(APP, KEYS, bits=12, ttl=300, now=NOW)

    with pytest.raises(CaptchaWrong):
        read(captchas.token(work, KEYS))


def test_a_token_of_an_unknown_key_is_refused() -> None:
    stranger = Keys("ffffffff", {"ffffffff": b"s" * 32})
    token = captchas.token(captchas.new_picture(APP, stranger, {}, now=NOW), stranger)

    with pytest.raises(CaptchaWrong):
        read(token)


def test_a_token_of_a_former_key_goes_on() -> None:
    former = replace(KEYS, current="01020304")
    challenge = captchas.new_picture(APP, former, {}, now=NOW)

    assert read(captchas.token(challenge, former)) == challenge


@given(st.integers(0, 36), st.integers(1, 255))
def test_no_byte_of_a_token_can_be_changed(place: int, flipped: int) -> None:
    packed = bytearray(urlsafe_b64decode(captchas.token(picture(), KEYS) + "=="))
    packed[place] ^= flipped
    token = urlsafe_b64encode(bytes(packed)).decode().rstrip("=")

    with pytest.raises(CaptchaWrong):
        read(token)


def test_parts_of_two_tokens_make_no_third() -> None:
    one, other = (captchas.token(picture(), KEYS) for _ in range(2))
    first, second = (urlsafe_b64decode(token + "==") for token in (one, other))

    for cut in range(1, len(first)):
        spliced = urlsafe_b64encode(first[:cut] + second[cut:]).decode().rstrip("=")
        if spliced not in (one, other):
            with pytest.raises(CaptchaWrong):
                read(spliced)


def test_one_text_alone_stands_for_a_token() -> None:
    token = captchas.token(picture(), KEYS)

    for other in (token + "=", token + "==", token + "\n", " " + token, token[:-1]):
        with pytest.raises(CaptchaWrong):
            read(other)


def test_fields_cannot_move_into_one_another() -> None:
    # The same bytes in a row, divided in another way.
    nonce = b"n" * 12
    one = Challenge(Form.PICTURE, "app", "0a0b0c0d", 1, (85, 30, 4), nonce)
    other = Challenge(Form.PICTURE, "app\0", "0a0b0c0d", 1, (85, 30, 4), nonce)

    assert captchas.chance(one, KEYS) != captchas.chance(other, KEYS)


def test_a_validate_token_is_of_one_challenge_and_one_answer() -> None:
    challenge, other = picture(), picture()
    right = captchas.written_answer(challenge, KEYS)
    token = captchas.validate_token(challenge, KEYS, right)

    assert captchas.validate_token(challenge, KEYS, right) == token
    assert captchas.validate_token(challenge, KEYS, "AAAA") != token
    assert captchas.validate_token(other, KEYS, right) != token
    assert captchas.proof(token)[0] == challenge.id


@pytest.mark.parametrize("token", ["", "x", "A" * 37, "A" * 39, "é" * 38, "A" * 10_000])
def test_what_cannot_be_a_validate_token_is_refused(token: str) -> None:
    with pytest.raises(CaptchaMissing):
        captchas.proof(token)


def test_a_challenge_does_not_tell_its_answer() -> None:
    # Who knows neither key: nothing of an answer is in its token or in its validate_token.
    challenge = picture(size="6")
    right = captchas.written_answer(challenge, KEYS)

    packed = urlsafe_b64decode(captchas.token(challenge, KEYS) + "==")
    assert right.encode() not in packed
    assert len(packed) == 37
