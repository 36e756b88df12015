"""Sound challenges: whether the digits are in them, over noise that a person can hear through."""

import io
import math
import wave
from collections.abc import Sequence
from itertools import pairwise
from operator import mul
from pathlib import Path

import pytest

from signet.edge import sounds

LANGUAGES = ["zh", "en"]
DIGITS = "407918"
SEEDS = [bytes([number]) * 16 for number in range(3)]

pytestmark = pytest.mark.usefixtures("sounds_layer")


def spoken(digits: str, language: str, seed: bytes) -> wave.Wave_read:
    return wave.open(io.BytesIO(sounds.speak(digits, language=language, seed=seed)), "rb")


def signed(digits: str, language: str, seed: bytes) -> list[int]:
    """The samples of a challenge, zero where it is silent."""
    sound = spoken(digits, language, seed)
    return [byte - 128 for byte in sound.readframes(sound.getnframes())]


def loudness(samples: Sequence[int]) -> float:
    return math.sqrt(sum(map(mul, samples, samples)) / len(samples))


def alike(one: Sequence[int], other: Sequence[int]) -> float:
    """1 for the same shape of the same length, about 0 for shapes that have nothing in common."""
    return sum(map(mul, one, other), 0.0) / (loudness(one) * loudness(other) * len(one))


def stretched(recording: bytes, length: int) -> list[int]:
    samples = memoryview(recording).cast("b")
    return [samples[number * len(samples) // length] for number in range(length)]


# --- The file -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_challenge_is_a_short_wav_file(language: str, seed: bytes) -> None:
    sound = spoken(DIGITS, language, seed)

    assert (sound.getnchannels(), sound.getsampwidth()) == (1, 1)
    assert sound.getframerate() == sounds.RATE
    assert 4.5 < sound.getnframes() / sounds.RATE < 11


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lengths_in_the_file_are_right(language: str) -> None:
    for seed in SEEDS:
        content = sounds.speak("12", language=language, seed=seed)

        assert int.from_bytes(content[4:8], "little") == len(content) - 8
        assert int.from_bytes(content[40:44], "little") in {len(content) - 44, len(content) - 45}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_six_digits_fit_into_a_reply(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds._Chance, "between", lambda _, low, high: high - 1e-6)
    monkeypatch.setattr(sounds, "_SPEED", (0.9, 0.9))

    assert len(sounds.speak("777777", language=language, seed=b"")) < 150_000


# --- Chance -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_arguments_sound_the_same(language: str) -> None:
    once, again = (sounds.speak(DIGITS, language=language, seed=b"seed") for _ in range(2))

    assert once == again


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_seed_moves_the_digits_and_changes_what_is_behind(language: str) -> None:
    starts = {sounds.say("11", language=language, seed=seed)[1].start for seed in SEEDS}
    files = {sounds.speak("11", language=language, seed=seed)[44:4_000] for seed in SEEDS}

    assert len(starts) == len(files) == len(SEEDS)


def test_a_digit_has_several_voices() -> None:
    lengths = {
        language: {len(recordings[7]) for recordings in sounds._recordings(language)}
        for language in LANGUAGES
    }

    assert all(len(different) >= 5 for different in lengths.values())


# --- What is heard ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_digit_is_where_it_should_be(language: str, seed: bytes) -> None:
    sound = signed(DIGITS, language, seed)
    sayings = sounds.say(DIGITS, language=language, seed=seed)

    assert [saying.digit for saying in sayings] == [int(digit) for digit in DIGITS]
    for saying in sayings:
        assert alike(sound[saying.start : saying.end], saying.samples) > 0.8


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("digits", ["059", "167"])
def test_what_is_said_is_the_recording_of_that_digit(language: str, digits: str) -> None:
    for saying in sounds.say(digits, language=language, seed=digits.encode()):
        likeness = {
            digit: max(
                alike(stretched(recordings[digit], len(saying.samples)), saying.samples)
                for recordings in sounds._recordings(language)
            )
            for digit in range(10)
        }

        assert max(likeness, key=lambda digit: likeness[digit]) == saying.digit


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_pauses_are_as_long_as_people_need(language: str, seed: bytes) -> None:
    sayings = sounds.say(DIGITS, language=language, seed=seed)
    pauses = [(after.start - before.end) / sounds.RATE for before, after in pairwise(sayings)]

    assert sayings[0].start / sounds.RATE >= 0.5
    assert all(0.39 < pause < 0.91 for pause in pauses)


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_louder_than_what_is_behind_them(language: str) -> None:
    ratios = []
    for seed in SEEDS:
        sound = signed(DIGITS, language, seed)
        for saying in sounds.say(DIGITS, language=language, seed=seed):
            behind = [
                heard - said
                for heard, said in zip(
                    sound[saying.start : saying.end], saying.samples, strict=True
                )
            ]
            ratios.append(20 * math.log10(loudness(saying.samples) / loudness(behind)))

    assert 7 < sum(ratios) / len(ratios) < 12
    assert min(ratios) > 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pause_is_silent(language: str) -> None:
    sound = signed(DIGITS, language, b"seed")
    tenth = sounds.RATE // 10
    tenths = [sound[start : start + tenth] for start in range(0, len(sound) - tenth, tenth)]

    assert min(map(loudness, tenths)) > 3


# --- The recordings -----------------------------------------------------------------------


def test_the_layer_is_small_and_holds_recordings_alone(sounds_layer: Path) -> None:
    files = [path for path in sounds_layer.rglob("*") if path.is_file() and path.suffix != ".pyc"]

    assert {str(path.relative_to(sounds_layer)) for path in files} == {
        *("signet_sounds/__init__.py", "signet_sounds/zh.pcm", "signet_sounds/en.pcm"),
    }
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_recordings_are_short_and_loud(language: str) -> None:
    for recordings in sounds._recordings(language):
        assert len(recordings) == 10
        for recording in recordings:
            assert 0.2 < len(recording) / sounds.RATE < 0.9
            assert 10 < loudness(memoryview(recording).cast("b")) < 30


# --- Mistakes of the caller ---------------------------------------------------------------


@pytest.mark.parametrize("digits", ["", "12 34", "-1", "1a", "１２", "٣", "²", "1" * 13])
def test_what_is_not_digits_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        sounds.speak(digits, language="en", seed=b"seed")


@pytest.mark.parametrize("language", ["", "fr", "EN", "../en"])
def test_another_language_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="language"):
        sounds.speak("1", language=language, seed=b"seed")
