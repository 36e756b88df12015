"""What ddddocr reads in pictures: names on standard input, JSON on standard output.

Run by the interpreter of .venv-solvers, so it imports nothing of ours. For each file, what both of
its models read in the picture as it comes, and what they read when it is inverted or when they are
given one of its colours only, as somebody would try who has looked at our pictures.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import ddddocr
from PIL import Image, ImageOps


def read(files: list[str]) -> dict[str, dict[str, list[str]]]:
    """The readings of each file, by how it was shown."""
    with contextlib.redirect_stdout(sys.stderr):  # it advertises
        solvers = [ddddocr.DdddOcr(show_ad=False, beta=beta) for beta in (False, True)]
    return {
        file: {way: [_classify(solver, shown) for solver in solvers] for way, shown in _ways(file)}
        for file in files
    }


def _ways(file: str) -> Iterator[tuple[str, Image.Image]]:
    picture = Image.open(file).convert("RGB")
    yield "plain", picture
    yield "inverted", ImageOps.invert(picture)
    yield from zip(("red", "green", "blue"), picture.split(), strict=True)


def _classify(solver: Any, shown: Image.Image) -> str:
    file = BytesIO()
    shown.save(file, "PNG")
    return str(solver.classification(file.getvalue())).upper()


if __name__ == "__main__":
    print(json.dumps(read(sys.stdin.read().split("\n"))))
