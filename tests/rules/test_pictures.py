"""Captcha pictures: the same every time, small, and never twice alike otherwise.

Whether people read them and solvers do not is measured, by `make bench`.
"""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from signet.captchas import PICTURE_ALPHABET
from signet.edge import pictures
from tests.tools import REPO

SIZES = [(60, 30), (85, 30), (60, 100), (160, 60), (200, 30), (200, 100)]
MOST_BYTES = 8192


def drawn(text: str = "ACE3", *, size: tuple[int, int] = (85, 30), seed: bytes = b"1") -> bytes:
    return pictures.draw(text, width=size[0], height=size[1], seed=seed)


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


def differing(one: bytes, other: bytes) -> float:
    """Which part of two pictures is not the same."""
    difference = ImageChops.difference(opened(one).convert("RGB"), opened(other).convert("RGB"))
    histogram = difference.convert("L").histogram()
    return sum(histogram[20:]) / sum(histogram)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(PICTURE_ALPHABET, min_size=3, max_size=6),
    width=st.integers(60, 200),
    height=st.integers(30, 100),
    seed=st.binary(max_size=64),
)
def test_any_picture_is_a_small_png_of_its_size(
    text: str, width: int, height: int, seed: bytes
) -> None:
    png = pictures.draw(text, width=width, height=height, seed=seed)

    picture = opened(png)
    assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (width, height))
    assert len(png) <= MOST_BYTES


@pytest.mark.parametrize("size", SIZES)
def test_the_same_arguments_draw_the_same_picture(size: tuple[int, int]) -> None:
    assert drawn(size=size) == drawn(size=size)


def test_another_process_draws_the_same_picture() -> None:
    program = (
        "import sys; from signet.edge import pictures; "
        "sys.stdout.buffer.write(pictures.draw('ACE3', width=85, height=30, seed=b'1'))"
    )
    layer = REPO / "layers" / "signet" / "python"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(layer), "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == drawn()


def test_nothing_but_the_picture_can_be_read_in_the_file() -> None:
    assert set(opened(drawn()).info) <= {"transparency"}


@pytest.mark.parametrize("size", SIZES)
def test_another_seed_draws_another_picture(size: tuple[int, int]) -> None:
    made = [drawn(size=size, seed=b"%d" % seed) for seed in range(6)]

    assert min(differing(one, other) for one, other in combinations(made, 2)) > 0.2


@pytest.mark.parametrize("length", range(1, 7))
def test_a_text_of_any_length_fills_the_picture(length: int) -> None:
    assert drawn("W" * length, size=(60, 30)) != drawn("W" * (length + 1), size=(60, 30))


def letters(count: int) -> Iterator[list[pictures._Letter]]:
    for seed in range(count):
        chance = Random(seed)
        yield pictures._letters("AAAA", (170, 60), pictures._hardness(30), chance)


def test_a_letter_is_never_where_it_was_and_never_as_it_was() -> None:
    firsts = [row[0] for row in letters(30)]

    assert len({letter.at for letter in firsts}) > 15
    assert len({letter.mask.tobytes() for letter in firsts}) == 30


def test_a_letter_has_three_inks_and_its_neighbour_begins_with_another() -> None:
    rows = [[letter.inks for letter in row] for row in letters(30)]

    assert all(len(set(inks)) == 3 for row in rows for inks in row)
    assert all(one[0] != other[0] for row in rows for one, other in pairwise(row))
    assert {ink for row in rows for inks in row for ink in inks} == {1, 2, 3, 4, 5, 6}


def test_inks_cannot_be_told_apart_by_how_dark_they_are() -> None:
    for seed in range(30):
        inks = pictures._colours(Random(seed))[1:7]
        greys = [opened_pixel(ink) for ink in inks]
        assert max(greys) - min(greys) <= 8


def test_what_is_behind_a_letter_is_equal_to_it_in_red_or_green_or_blue() -> None:
    for seed in range(30):
        colours = pictures._colours(Random(seed))
        pairs = [(colours[ink], colours[pictures._opposite(ink)]) for ink in (1, 2, 3)]
        equal = [
            [channel for channel in range(3) if one[channel] == other[channel]]
            for one, other in pairs
        ]
        assert equal == [[2], [1], [0]]


def opened_pixel(colour: list[int]) -> int:
    grey = Image.new("RGB", (1, 1), tuple(colour)).convert("L").getpixel((0, 0))
    assert isinstance(grey, int)
    return grey


@pytest.mark.parametrize("typeface", pictures.TYPEFACES, ids=lambda typeface: typeface[1])
def test_every_typeface_has_every_character(typeface: tuple[str, str]) -> None:
    missing = pictures._glyph("\U0010fffd", typeface).tobytes()
    glyphs = [pictures._glyph(character, typeface).tobytes() for character in PICTURE_ALPHABET]

    assert missing not in glyphs
    assert len(set(glyphs)) == len(PICTURE_ALPHABET)


def test_the_typefaces_are_several_and_mixed_in_one_picture() -> None:
    shapes = {pictures._glyph("A", typeface).tobytes() for typeface in pictures.TYPEFACES}

    assert len(shapes) == len(pictures.TYPEFACES) >= 4


def test_the_alphabet_has_no_look_alikes_and_is_large_enough() -> None:
    assert PICTURE_ALPHABET.upper() == PICTURE_ALPHABET
    assert len(set(PICTURE_ALPHABET)) == len(PICTURE_ALPHABET) >= 16
    for alike in ("0ODQ", "1IL", "2Z", "5S", "8B", "UV", "6CG", "4A", "7T", "XK"):
        assert len(set(alike) & set(PICTURE_ALPHABET)) <= 1


def test_the_layer_keeps_the_typefaces_that_are_drawn_with() -> None:
    makefile = (REPO / "layers" / "imaging" / "Makefile").read_text()
    requirements = (REPO / "layers" / "imaging" / "requirements.txt").read_text()

    for package, name in pictures.TYPEFACES:
        assert name in makefile
        assert f"{package.replace('_', '-')}==" in requirements


@pytest.mark.parametrize("size", SIZES)
def test_papers_and_inks_are_all_that_is_seen(size: tuple[int, int]) -> None:
    colours = opened(drawn(size=size)).convert("RGB").getcolors()

    assert colours is not None
    assert 7 <= len(colours) <= 16
