"""Captcha pictures: what one costs, how large it is, and how many a solver reads.

Beside each figure stands that of the `captcha` package, the usual one for Python, for the same
texts and sizes. Solvers: Tesseract, which every machine can have, and ddddocr, which bots use.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import TypeVar

from captcha.image import ImageCaptcha
from PIL import Image, ImageDraw, ImageOps

from benchmarks.built import ROOT
from benchmarks.figures import Figure, Progress, say
from signet.captchas import PICTURE_ALPHABET
from signet.edge import pictures

SHEET = ROOT / ".local" / "benchmarks" / "captcha-contact-sheet.png"

_SIZES = ((85, 30), (160, 60), (200, 100))
_EXTREMES = tuple(product((60, 85, 120, 160, 200), (30, 45, 60, 80, 100)))
_MOST_BYTES = 8192
_MOST_SOLVED = 2
_BY_TESSERACT = {"ours": 500, "of captcha": 200}
_BY_DDDDOCR = {"ours": 200, "of captcha": 100}
_AT_ONCE, _SHARE = 2, 50
_SOLVERS = ROOT / ".venv-solvers" / "bin" / "python"
_NEEDS = {"tesseract": "apt-get install tesseract-ocr", "ddddocr": "make venvs-bench"}

_Size = tuple[int, int]
_Draw = Callable[[str, _Size, int], bytes]
_Reading = TypeVar("_Reading")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture in a file, and what it says."""

    file: Path
    text: str


def measure(*, quick: bool) -> list[Figure]:
    """Cost and size; unless it is to be quick, what solvers read, and a sheet to read oneself."""
    say("captcha pictures …")
    found = [*_costs(rounds=60 if quick else 300), _largest()]
    _write_sheet(SHEET)
    say(f"   to read them yourself: {SHEET.relative_to(ROOT)}")
    if quick:
        return found
    return [*found, *_by_tesseract(), *_by_ddddocr()]


def _ours(text: str, size: _Size, number: int) -> bytes:
    return pictures.draw(text, width=size[0], height=size[1], seed=b"%d" % number)


def _theirs(text: str, size: _Size, number: int) -> bytes:
    random.seed(number)
    return ImageCaptcha(*size).generate(text).getvalue()


_BY: dict[str, _Draw] = {"ours": _ours, "of captcha": _theirs}


def _text(number: int, length: int = 4) -> str:
    chance = random.Random(number)
    return "".join(chance.choice(PICTURE_ALPHABET) for _ in range(length))


# --- Cost and size ----------------------------------------------------------------------------


def _costs(*, rounds: int) -> Iterator[Figure]:
    """Processor time of both in turn, warm, so that a busy machine slows both."""
    for size in _SIZES:
        theirs = ImageCaptcha(*size)  # one for all: it keeps its typefaces
        for number in range(rounds // 3):
            _ours(_text(number), size, number)
            theirs.generate(_text(number))
        spent = [0.0, 0.0]
        for number in range(rounds):
            text = _text(number)
            spent[0] += _seconds(partial(_ours, text, size, number))
            spent[1] += _seconds(partial(theirs.generate, text))
        name = f"captcha {_name(size)}: CPU of ours"
        yield Figure(f"{name} / of captcha", spent[0] / spent[1], "x", 1)
        yield Figure(name, spent[0] / rounds * 1000, "ms")


def _seconds(do: Callable[[], object]) -> float:
    start = time.process_time()
    do()
    return time.process_time() - start


def _largest() -> Figure:
    sizes = (
        len(_ours(_text(number, length), size, number))
        for size in _EXTREMES
        for length in range(3, 7)
        for number in range(10)
    )
    return Figure("captcha: largest PNG, 60x30 to 200x100", max(sizes), "bytes", _MOST_BYTES)


# --- Solvers ----------------------------------------------------------------------------------


def _by_tesseract() -> Iterator[Figure]:
    if not shutil.which("tesseract"):
        _say_missing("tesseract")
        return
    for who, size in product(_BY, _SIZES):
        with _drawn(who, size, _BY_TESSERACT[who]) as (folder, drawn):
            for each, (way, prepare) in product(drawn, _WAYS.items()):
                prepare(Image.open(each.file)).save(folder / f"{way}-{each.file.name}")
            readings = _in_shares(
                f"   tesseract, {who}, {_name(size)}",
                [str(folder / f"{way}-{each.file.name}") for way in _WAYS for each in drawn],
                _read_by_tesseract,
            )
        solved = sum(
            any(readings[str(folder / f"{way}-{each.file.name}")] == each.text for way in _WAYS)
            for each in drawn
        )
        budget = _MOST_SOLVED if who == "ours" else None
        name = f"captcha {_name(size)}: Tesseract solves, {who}"
        yield Figure(name, 100 * solved / len(drawn), "%", budget)


def _in_shares(
    what: str, names: Sequence[str], read: Callable[[list[str]], dict[str, _Reading]]
) -> dict[str, _Reading]:
    """What is read in each file, by as many processes at once as most machines can run."""
    shares = [list(names[start : start + _SHARE]) for start in range(0, len(names), _SHARE)]
    progress = Progress(what, len(shares))
    readings: dict[str, _Reading] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for number, share in enumerate(pool.map(read, shares)):
            readings |= share
            progress.done(number + 1)
    return readings


def _read_by_tesseract(names: list[str]) -> dict[str, str]:
    """What it reads in each file, told that a picture is one word."""
    letters = PICTURE_ALPHABET + PICTURE_ALPHABET.lower()
    done = subprocess.run(
        [
            *("tesseract", "stdin", "stdout", "--psm", "8"),
            *("-c", f"tessedit_char_whitelist={letters}", "-c", "page_separator=\f"),
        ],
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        input="\n".join(names) + "\n",
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if done.returncode == 0:
        pages = done.stdout.split("\f")[: len(names)]
        read = ["".join(page.split()).upper() for page in pages]
        return dict(zip(names, read, strict=True))
    # There are pictures that it divides by zero in: that one is not read, the others are.
    if len(names) == 1:
        return {names[0]: ""}
    half = len(names) // 2
    return _read_by_tesseract(names[:half]) | _read_by_tesseract(names[half:])


def _enlarged(picture: Image.Image) -> Image.Image:
    """Grey, some ninety pixels high, its contrast stretched."""
    grey = picture.convert("L")
    times = max(1, round(90 / grey.height))
    larger = grey.resize((grey.width * times, grey.height * times), Image.Resampling.BICUBIC)
    return ImageOps.expand(ImageOps.autocontrast(larger), 20, fill=255)


def _black(picture: Image.Image) -> Image.Image:
    return _enlarged(picture).point([0] * 128 + [255] * 128)


def _white(picture: Image.Image) -> Image.Image:
    return ImageOps.invert(_black(picture))


_WAYS = {"enlarged": _enlarged, "black": _black, "white": _white}


def _by_ddddocr() -> Iterator[Figure]:
    if not _SOLVERS.exists():
        _say_missing("ddddocr")
        return
    for who, size in product(_BY, _SIZES):
        with _drawn(who, size, _BY_DDDDOCR[who]) as (_, drawn):
            readings = _in_shares(
                f"   ddddocr, {who}, {_name(size)}",
                [str(each.file) for each in drawn],
                _read_by_ddddocr,
            )
        right = [_right_ways(readings[str(each.file)], each.text) for each in drawn]
        name = f"captcha {_name(size)}: ddddocr solves, {who}"
        yield Figure(name, _share(("plain" in ways for ways in right), drawn), "%")
        yield Figure(f"{name}, colours tried", _share(map(bool, right), drawn), "%")
        by_ink = (any(way.startswith("ink") for way in ways) for ways in right)
        yield Figure(f"{name}, ink masks alone", _share(by_ink, drawn), "%")


def _right_ways(readings: dict[str, list[str]], text: str) -> set[str]:
    return {way for way, read in readings.items() if text in read}


def _share(solved: Iterable[bool], drawn: Sequence[_Drawn]) -> float:
    return 100 * sum(solved) / len(drawn)


def _read_by_ddddocr(names: list[str]) -> dict[str, dict[str, list[str]]]:
    done = subprocess.run(
        [str(_SOLVERS), str(Path(__file__).parent / "solving.py")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        input="\n".join(names),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    readings: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return readings


@contextmanager
def _drawn(who: str, size: _Size, count: int) -> Iterator[tuple[Path, list[_Drawn]]]:
    """That many pictures in a folder, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = [_Drawn(folder / f"{number:04}.png", _text(number)) for number in range(count)]
        for number, each in enumerate(drawn):
            each.file.write_bytes(_BY[who](each.text, size, number))
        yield folder, drawn


def _say_missing(solver: str) -> None:
    say("")
    say(f"!! MISSING: what {solver} solves is not in the table, as it is not on this machine.")
    say(f"!! Get it: {_NEEDS[solver]}")
    say("")


# --- For people -------------------------------------------------------------------------------


def _write_sheet(file: Path) -> None:
    """Pictures of all sizes, twice as large, with the answers under them."""
    across, down, gap, foot = 4, 5, 12, 16
    wide = across * (2 * _SIZES[-1][0] + gap) + gap
    sheet = Image.new("RGB", (wide, sum(down * (2 * h + gap + foot) for _, h in _SIZES)), "white")
    pen = ImageDraw.Draw(sheet)
    top = 0
    for size in _SIZES:
        for row, column in product(range(down), range(across)):
            number = 10_000 + row * across + column
            picture = Image.open(BytesIO(_ours(_text(number), size, number))).convert("RGB")
            x, y = gap + column * (2 * size[0] + gap), top + row * (2 * size[1] + gap + foot)
            sheet.paste(picture.resize((2 * size[0], 2 * size[1])), (x, y + gap))
            pen.text((x, y + gap + 2 * size[1] + 2), _text(number), fill="black")
        top += down * (2 * size[1] + gap + foot)
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file)


def _name(size: _Size) -> str:
    return f"{size[0]}x{size[1]}"
