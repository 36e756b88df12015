"""Sound challenges: what six digits cost beside those of the package `captcha`, and their size.

`python -m benchmarks.sounds <rounds>` is the process that is measured: it makes one of ours and one
of theirs in turn.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.built import ROOT, WORK
from benchmarks.figures import Figure, say
from local.ministack import clean_environment
from local.package import build_layer

_LANGUAGES = ("zh", "en")
_DIGITS = "123456"
_RATIO, _BYTES = 1, 150_000


def measure(*, rounds: int) -> list[Figure]:
    """Processor time as a ratio, medians of interleaved rounds; the largest of all in bytes."""
    say("sound challenges, and those of captcha in turn …")
    path = os.pathsep.join(map(str, (ROOT, ROOT / "layers" / "signet" / "python", _recordings())))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sounds", str(rounds)],
        env=clean_environment() | {"PYTHONPATH": path},
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    taken: dict[str, tuple[float, float, int]] = json.loads(done.stdout.splitlines()[-1])
    return [figure for language, values in taken.items() for figure in _figures(language, *values)]


def _figures(language: str, ours: float, theirs: float, size: int) -> list[Figure]:
    return [
        Figure(f"sound challenge: {language}, CPU", ours / theirs, "x captcha", _RATIO),
        Figure(f"sound challenge: {language}, CPU of six digits", ours * 1000, "ms"),
        Figure(f"sound challenge: {language}, size", size, "bytes", _BYTES),
    ]


def _recordings() -> Path:
    layer = build_layer("SoundsLayer", ROOT / "layers" / "sounds", WORK)
    unpacked = WORK / "sounds"
    zipfile.ZipFile(io.BytesIO(layer)).extractall(unpacked)
    return unpacked / "python"


def _inside(rounds: int) -> dict[str, tuple[float, float, int]]:
    """By language: seconds of ours and of theirs, and bytes of ours."""
    # Not at the top: only this process finds them.
    from captcha.audio import AudioCaptcha

    from signet.edge import sounds

    def speak(language: str, number: int) -> bytes:
        return sounds.speak(_DIGITS, language=language, seed=number.to_bytes(4, "big"))

    captcha = AudioCaptcha()
    found = {}
    for language in _LANGUAGES:
        # The first one reads the recordings.
        sizes = [len(speak(language, number)) for number in range(rounds)]
        ours, theirs = [], []
        for number in range(rounds):
            ours.append(_seconds(partial(speak, language, number)))
            theirs.append(_seconds(partial(captcha.generate, _DIGITS)))
        found[language] = statistics.median(ours), statistics.median(theirs), max(sizes)
    return found


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    print(json.dumps(_inside(int(sys.argv[1]))))
