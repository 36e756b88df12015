"""Record spoken digits with eSpeak NG: `python record.py <folder>` writes a package of data.

A file per language, `zh.pcm` and `en.pcm`: one byte, how many voices there are; ten lengths per
voice, each two bytes, the low one first; then the samples of voice 0 saying 0 to 9, of voice 1, …:
11,025 a second, one channel, signed bytes, all equally loud, without the silence around them.
"""

import ctypes
import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from pathlib import Path

import espeakng_loader

RATE = 11_025

# espeak-ng/speak_lib.h
SYNCHRONOUS, UTF8 = 2, 1
SPEED, PITCH = 1, 3

# The low-pass before every second sample goes: samples on each side of one, and where it cuts, as
# a share of the highest frequency that eSpeak NG's rate holds.
HALF_WIDTH = 32
CUTOFF = 0.47

# How loud the loud parts are, of 127: peaks of speech are four to five times as high.
LOUDNESS = 24
FRAME = RATE // 100
# What is this much quieter than the loudest hundredth of a second is silence, or no vowel.
SILENCE, QUIET = 0.01, 0.1
# Hundredths of a second that are kept around: an f begins below the threshold.
MARGIN = 2


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, in eSpeak NG's words: speed in words a minute, pitch from 0 to 99."""

    name: str
    speed: int
    pitch: int


DIGITS = {
    "zh": ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"],
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}
# In English those whose every digit a recogniser of speech understands; in Chinese those whose
# tones can be measured. docs/decisions/0022-sound-challenges.md says how.
VOICES = {
    "zh": [
        *(Voice("cmn+f1", 130, 50), Voice("cmn+f2", 120, 50), Voice("cmn+f3", 115, 50)),
        *(Voice("cmn+f5", 120, 40), Voice("cmn+m2", 115, 60), Voice("cmn+m3", 115, 50)),
        *(Voice("cmn+m5", 115, 50), Voice("cmn+Diogo", 120, 65)),
    ],
    "en": [
        *(Voice("en-us+f2", 125, 50), Voice("en-us+edward", 140, 65), Voice("en-us", 140, 65)),
        *(Voice("en-us+m4", 140, 65), Voice("en-us+m5", 125, 50), Voice("en-us+m6", 140, 35)),
        *(Voice("en+klatt4", 140, 65), Voice("en+Diogo", 140, 65)),
    ],
}

SAMPLES = ctypes.POINTER(ctypes.c_short)
HEARD = ctypes.CFUNCTYPE(ctypes.c_int, SAMPLES, ctypes.c_int, ctypes.c_void_p)

INIT = '"""Spoken digits for sound challenges: data only."""\n'


class Speaker:
    """eSpeak NG. One per process."""

    def __init__(self) -> None:
        self._heard: list[int] = []
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        data = espeakng_loader.get_data_path().encode()
        if self._library.espeak_Initialize(SYNCHRONOUS, 0, data, 0) != 2 * RATE:
            sys.exit("eSpeak NG does not start, or speaks at another rate")
        # Kept: the library calls it long after.
        self._callback = HEARD(self._hear)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: Voice) -> list[int]:
        """Samples of 16 bits, 22,050 a second."""
        self._must(self._library.espeak_SetVoiceByName(voice.name.encode()), voice.name)
        self._must(self._library.espeak_SetParameter(SPEED, voice.speed, 0), voice.name)
        self._must(self._library.espeak_SetParameter(PITCH, voice.pitch, 0), voice.name)
        # Its s and f are noise: seeded by the clock, no two builds would be the same.
        self._must(self._library.espeak_ng_SetRandSeed(1), voice.name)
        self._heard.clear()
        written = text.encode()
        said = self._library.espeak_Synth(written, len(written) + 1, 0, 1, 0, UTF8, None, None)
        self._must(said, text)
        return list(self._heard)

    def _hear(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if samples and count > 0:
            self._heard.extend(samples[:count])
        return 0

    def _must(self, failed: int, what: str) -> None:
        if failed:
            sys.exit(f"eSpeak NG cannot say {what}")


def record(speaker: Speaker, language: str) -> bytes:
    """The file of one language."""
    said = [
        _packed(speaker.say(digit, voice))
        for voice in VOICES[language]
        for digit in DIGITS[language]
    ]
    lengths = b"".join(len(samples).to_bytes(2, "little") for samples in said)
    return bytes([len(VOICES[language])]) + lengths + b"".join(said)


def _packed(samples: Sequence[int]) -> bytes:
    """Half as many samples, trimmed and as loud as all others, as signed bytes."""
    trimmed = _trimmed(_halved(samples))
    gain = LOUDNESS / _loudness(trimmed)
    return array("b", [max(-127, min(127, round(value * gain))) for value in trimmed]).tobytes()


def _halved(samples: Sequence[int]) -> list[float]:
    """Every second sample, without what half the rate cannot hold."""
    weights = _low_pass()
    padded = [0] * HALF_WIDTH + list(samples) + [0] * HALF_WIDTH
    return [
        sum(map(mul, weights, padded[start : start + len(weights)]))
        for start in range(0, len(samples), 2)
    ]


def _low_pass() -> list[float]:
    """Weights of the samples around one: a sinc with a Hann window."""
    weights = []
    for away in range(-HALF_WIDTH, HALF_WIDTH + 1):
        angle = math.pi * CUTOFF * away
        sinc = math.sin(angle) / angle if angle else 1.0
        weights.append(sinc * (0.5 + 0.5 * math.cos(math.pi * away / (HALF_WIDTH + 1))))
    return [weight / sum(weights) for weight in weights]


def _trimmed(samples: Sequence[float]) -> Sequence[float]:
    levels = _levels(samples)
    loud = [place for place, level in enumerate(levels) if level > SILENCE * max(levels)]
    first, last = max(0, loud[0] - MARGIN), loud[-1] + 1 + MARGIN
    return samples[first * FRAME : last * FRAME]


def _loudness(samples: Sequence[float]) -> float:
    """The root mean square of all that is not quiet."""
    levels = _levels(samples)
    loud = [level for level in levels if level > QUIET * max(levels)]
    return math.sqrt(sum(level**2 for level in loud) / len(loud))


def _levels(samples: Sequence[float]) -> list[float]:
    """The root mean square of each hundredth of a second."""
    edges = range(0, len(samples) + 1, FRAME)
    return [
        math.sqrt(sum(value**2 for value in samples[start:end]) / FRAME)
        for start, end in pairwise(edges)
    ]


def main(folder: Path) -> None:
    """Write the package."""
    folder.mkdir(parents=True, exist_ok=True)
    speaker = Speaker()
    for language in VOICES:
        (folder / f"{language}.pcm").write_bytes(record(speaker, language))
    (folder / "__init__.py").write_text(INIT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
