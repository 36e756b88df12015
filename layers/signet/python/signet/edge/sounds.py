"""Spoken digits over noise: the challenge for whoever cannot see one.

Each digit is said by another voice, a little faster or slower and louder or softer, after a pause
of another length. Behind them is noise, and babble: the same voices, backwards. All of it follows
from the seed. The recordings come with the layer of layers/sounds, where their format is written.
"""

import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256, shake_256
from importlib import resources
from itertools import accumulate, pairwise
from operator import add

RATE = 11_025

_LANGUAGES = ("zh", "en")
_MOST_DIGITS = 12
_DIGITS = 10

# Seconds before, between and after the digits.
_LEAD_IN, _PAUSE, _END = (0.5, 0.9), (0.4, 0.9), (0.4, 0.6)
# Beside those of the recordings.
_SPEED, _LOUDNESS = (0.9, 1.1), (0.6, 0.85)
# The loudness of noise and babble beside that of recordings, and how dense the babble is: the next
# of its snippets begins after such a share of the last.
_NOISE, _BABBLE, _NEXT = 0.2, (0.1, 0.2), (0.3, 0.9)
# The noise is loudest where speech is: each of its samples keeps so much of the one before.
_KEPT = (0.6, 0.85)

# How loud recordings are, of 127: LOUDNESS in layers/sounds/record.py.
_RECORDED = 24
# Of random bytes: 256 / sqrt(12).
_WHITE = 73.9

# A sum of samples as an unsigned byte; what is below zero is found from the end.
_BYTES = bytes([max(0, min(255, 128 + value)) for value in (*range(512), *range(-512, 0))])


@dataclass(frozen=True, slots=True)
class Saying:
    """A digit of a challenge: where its samples begin, and the samples, of -127 to 127."""

    digit: int
    start: int
    samples: Sequence[int]

    @property
    def end(self) -> int:
        """Where the next pause begins."""
        return self.start + len(self.samples)


def speak(digits: str, *, language: str, seed: bytes) -> bytes:
    """A WAV file, one channel, 8 bits, the same for the same arguments.

    Raises ValueError for a language that is not zh or en, and for what is not one to twelve digits.
    """
    sayings = say(digits, language=language, seed=seed)
    chance = _Chance(b"behind" + seed)
    length = sayings[-1].end + round(RATE * chance.between(*_END))
    sound = _noise(length, chance.between(*_KEPT), seed)
    for saying in (*_babble(length, _recordings(language), chance), *sayings):
        _lay(saying, sound)
    return _wav(bytes(map(_BYTES.__getitem__, sound)))


def say(digits: str, *, language: str, seed: bytes) -> list[Saying]:
    """The digits of a challenge without what is behind them. Raises as `speak` does."""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        raise ValueError("not one to twelve digits")
    voices, chance = _recordings(language), _Chance(b"digits" + seed)
    said: list[Saying] = []
    for digit in map(int, digits):
        pause = chance.between(*_PAUSE) if said else chance.between(*_LEAD_IN)
        start = round(RATE * pause) + (said[-1].end if said else 0)
        recording = _softer(chance.one_of(voices)[digit], chance.between(*_LOUDNESS))
        samples = _faster(recording, chance.between(*_SPEED))
        said.append(Saying(digit, start, samples))
    return said


class _Chance:
    """Numbers that follow from a seed, on every Python, and tell nothing about each other."""

    def __init__(self, seed: bytes) -> None:
        self._seed, self._drawn = seed, 0

    def between(self, low: float, high: float) -> float:
        """Not `high` itself."""
        self._drawn += 1
        drawn = sha256(self._drawn.to_bytes(4, "big") + self._seed).digest()
        return low + (high - low) * int.from_bytes(drawn[:6], "big") / 2**48

    def one_of(self, voices: Sequence[Sequence[bytes]]) -> Sequence[bytes]:
        """Any of them."""
        return voices[int(self.between(0, len(voices)))]


@cache
def _recordings(language: str) -> Sequence[Sequence[bytes]]:
    """Samples, as signed bytes, by voice and digit."""
    if language not in _LANGUAGES:
        raise ValueError("not a language that is spoken")
    content = resources.files("signet_sounds").joinpath(f"{language}.pcm").read_bytes()
    said = content[0] * _DIGITS
    lengths = struct.unpack_from(f"<{said}H", content, 1)
    ends = list(accumulate(lengths, initial=1 + 2 * said))
    samples = [content[start:end] for start, end in pairwise(ends)]
    return [samples[first : first + _DIGITS] for first in range(0, said, _DIGITS)]


def _softer(recording: bytes, loudness: float) -> Sequence[int]:
    levels = [round(loudness * (byte - 256 if byte > 127 else byte)) for byte in range(256)]
    return memoryview(recording.translate(bytes(level % 256 for level in levels))).cast("b")


def _faster(samples: Sequence[int], speed: float) -> Sequence[int]:
    """The samples played at another speed, which moves the pitch as well."""
    result = array("h")
    for number in range(int((len(samples) - 1) / speed)):
        place = number * speed
        before = int(place)
        here, there = samples[before], samples[before + 1]
        result.append(round(here + (there - here) * (place - before)))
    return result


def _noise(length: int, kept: float, seed: bytes) -> "array[int]":
    """Noise that is as loud for all values of `kept`."""
    gain = _NOISE * _RECORDED / _WHITE * math.sqrt(1 - kept**2)
    drawn = [gain * (byte - 127.5) for byte in range(256)]
    white = map(drawn.__getitem__, shake_256(b"noise" + seed).digest(length))
    return array("h", map(round, accumulate(white, lambda last, new: kept * last + new)))


def _babble(length: int, voices: Sequence[Sequence[bytes]], chance: _Chance) -> Iterator[Saying]:
    """Digits backwards, which nobody mistakes for digits, from the beginning to the end."""
    start = 0
    while True:
        digit = int(chance.between(0, _DIGITS))
        recording = chance.one_of(voices)[digit][::-1]
        saying = Saying(digit, start, _softer(recording, chance.between(*_BABBLE)))
        if saying.end > length:
            return
        yield saying
        start += int(len(recording) * chance.between(*_NEXT))


def _lay(saying: Saying, sound: "array[int]") -> None:
    under = sound[saying.start : saying.end]
    sound[saying.start : saying.end] = array("h", map(add, under, saying.samples))


def _wav(samples: bytes) -> bytes:
    """Microsoft and IBM, Multimedia Programming Interface, 1991: RIFF, WAVE, PCM."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE, 1, 8)
    # A chunk of an odd length is followed by a byte that does not count.
    data = struct.pack("<4sI", b"data", len(samples)) + samples + b"\0" * (len(samples) % 2)
    content = b"WAVE" + form + data
    return struct.pack("<4sI", b"RIFF", len(content)) + content
