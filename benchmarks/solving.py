"""What ddddocr reads in pictures: names on standard input, JSON on standard output.

Run by the interpreter of .venv-solvers, so it imports nothing of ours. For each file, what both of
its models read in the picture as it comes, and what they read as somebody would try who has looked
at our pictures: inverted, one of red, green and blue only, and each of its inks only, black on
white, which with a palette are there to be read in the file.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import ddddocr
import onnxruntime
from PIL import Image, ImageOps

_INKS, _DARK = 6, 128


def read(files: list[str]) -> dict[str, dict[str, list[str]]]:
    """The readings of each file, by how it was shown."""
    with contextlib.redirect_stdout(sys.stderr):  # it advertises
        solvers = [ddddocr.DdddOcr(show_ad=False, beta=beta) for beta in (False, True)]
    return {
        file: {way: [_classify(solver, shown) for solver in solvers] for way, shown in _ways(file)}
        for file in files
    }


def _ways(file: str) -> Iterator[tuple[str, Image.Image]]:
    opened = Image.open(file)
    picture = opened.convert("RGB")
    yield "plain", picture
    yield "inverted", ImageOps.invert(picture)
    yield from zip(("red", "green", "blue"), picture.split(), strict=True)
    for number, mask in enumerate(_ink_masks(opened)):
        yield f"ink {number}", mask


def _ink_masks(opened: Image.Image) -> Iterator[Image.Image]:
    """Of the dark colours those that cover the most; without a palette, of eight to be found."""
    found = opened if opened.mode == "P" else opened.convert("RGB").quantize(8)
    palette = found.getpalette("RGB") or []
    counts = found.histogram()
    common = sorted(range(len(palette) // 3), key=counts.__getitem__, reverse=True)
    inks = [colour for colour in common if counts[colour] and _grey(palette, colour) < _DARK]
    for ink in inks[:_INKS]:
        yield found.point([255 * (colour != ink) for colour in range(256)], "L")


def _grey(palette: list[int], colour: int) -> float:
    red, green, blue = palette[3 * colour : 3 * colour + 3]
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _classify(solver: Any, shown: Image.Image) -> str:
    file = BytesIO()
    shown.save(file, "PNG")
    return str(solver.classification(file.getvalue())).upper()


def _on_one_processor(session: Any) -> Any:
    """Two of these programs at once are faster than each on all processors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def start(*args: Any, **others: Any) -> Any:
        return session(*args, **{**others, "sess_options": options})

    return start


if __name__ == "__main__":
    onnxruntime.InferenceSession = _on_one_processor(onnxruntime.InferenceSession)
    print(json.dumps(read(sys.stdin.read().split("\n"))))
