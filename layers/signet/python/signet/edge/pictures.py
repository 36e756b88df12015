"""Captcha pictures: a text that people read and that stock OCR does not, as a small PNG.

What a person goes by is hue: a letter has one of three inks, and curves and scraps of letters that
run behind it have the other two. The inks are equally dark, so that to a solver that looks at
greys, as they do, letters and curves are one tangle; and because letters and curves share them, no
colour and no threshold takes the one from the other. docs/decisions/0021-captcha-pictures.md has
what that is worth.

Pillow is imported here and nowhere else: whoever needs a picture imports this module when it does.
"""

import math
from collections.abc import Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from itertools import combinations, groupby, pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from signet.captchas import PICTURE_ALPHABET

# Package and file of each; layers/imaging/Makefile keeps these files and no others.
TYPEFACES = (
    ("font_caladea", "Caladea-Bold.ttf"),
    ("font_fredoka_one", "FredokaOne-Regular.ttf"),
    ("font_hanken_grotesk", "HankenGrotesk-SemiBold.otf"),
    ("font_manrope", "Manrope-Bold.ttf"),
    ("font_source_serif_pro", "SourceSerifPro-Bold.ttf"),
)
_POINTS = 160

# Drawn so many times larger and shrunk, which smooths the edges.
_FINER = 2

# An orange, a blue, and a green or a purple: two of three stay apart for whoever is colour-blind.
_INKS = (1, 2, 3)
_ORANGE, _BLUE, _THIRD = 0.09, 0.64, (0.46, 0.88)
# How bright they are, of 255.
_PAPER_BRIGHT, _INK_BRIGHT = (235.0, 245.0), (70.0, 90.0)
_PAPER_VIVID, _INK_VIVID = 0.5, 0.6

_Size = tuple[int, int]
_Point = tuple[float, float]
_Colour = list[int]


@dataclass(frozen=True, slots=True)
class _Hardness:
    """How far things are bent, as fractions of a letter unless it says degrees."""

    degrees: float
    overlap: float
    curves: int
    scraps: int


# Where letters are small every pixel counts; where they are large people have some to spare.
_TINY = _Hardness(degrees=12, overlap=0.98, curves=3, scraps=1)
_SMALL = _Hardness(degrees=20, overlap=1.03, curves=4, scraps=2)
_LARGE = _Hardness(degrees=26, overlap=1.05, curves=6, scraps=2)
_TINY_PIXELS, _LARGE_PIXELS = 24, 45
_LEAN, _JITTER, _STROKE = 0.22, 0.08, 0.15
_MARGIN, _TALL, _SLIM = 0.06, 0.85, 2.1
# The frame in which a glyph turns, as a multiple of the glyph.
_FRAME = 1.45


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter where it will be drawn; `right` is where the next one's room begins."""

    ink: int
    mask: Image.Image
    at: tuple[int, int]
    right: float


def draw(text: str, *, width: int, height: int, seed: bytes) -> bytes:
    """A PNG of `text`, the same for the same arguments: who asks twice has nothing to average."""
    chance = Random(seed)  # noqa: S311 (the seed is the secret; this only spreads it)
    hardness = _hardness(min(height, 1.4 * width / len(text)))
    picture = Image.new("L", (width * _FINER, height * _FINER))
    letters = _letters(text, picture.size, hardness, chance)
    _draw_curves(picture, letters, hardness, chance)
    _draw_scraps(picture, letters, hardness, chance)
    for letter in chance.sample(letters, len(letters)):
        picture.paste(letter.ink, letter.at, letter.mask)
    return _png(picture, _colours(chance))


def _hardness(pixels: float) -> _Hardness:
    """For letters about so many pixels high."""
    if pixels < _TINY_PIXELS:
        return _TINY
    return _SMALL if pixels < _LARGE_PIXELS else _LARGE


def _letters(text: str, size: _Size, hardness: _Hardness, chance: Random) -> list[_Letter]:
    """The letters from left to right, each as wide as it is by nature, bent on its own."""
    width, height = size
    glyphs = [_glyph(character, chance.choice(TYPEFACES)) for character in text]
    shapes = [(glyph.width / glyph.height) ** 0.9 for glyph in glyphs]
    unit = width * (1 - 2 * _MARGIN) / sum(shapes)
    left, ink = width * _MARGIN, 0
    letters = []
    for glyph, shape in zip(glyphs, shapes, strict=True):
        room = shape * unit
        tall = min(_TALL * height * chance.uniform(0.85, 1.05), _SLIM * unit)
        wide = min(room * hardness.overlap, tall * glyph.width / glyph.height * 1.25)
        mask = _bent(glyph, (wide, tall), hardness.degrees, chance)
        x = left + room * chance.uniform(0.42, 0.58) - mask.width / 2
        y = (height - mask.height + max(0.0, height - tall) * chance.uniform(-0.9, 0.9)) / 2
        ink = _other_ink(ink, chance)
        left += room
        letters.append(_Letter(ink, mask, (round(x), round(y)), left))
    return letters


def _bent(glyph: Image.Image, box: _Point, degrees: float, chance: Random) -> Image.Image:
    """The glyph in the size of `box`, turned, leaning, and its four quarters pulled about."""
    turn, lean = math.radians(chance.uniform(-degrees, degrees)), chance.uniform(-_LEAN, _LEAN)
    cos, sin = math.cos(turn), math.sin(turn)
    corners: dict[tuple[int, int], _Point] = {}
    for row, column in ((row, column) for row in range(3) for column in range(3)):
        x, y = (column - 1) * _FRAME * box[0] / 2, (row - 1) * _FRAME * box[1] / 2
        x, y = cos * x + sin * y, cos * y - sin * x
        across = (x + lean * y) / box[0] + 0.5 + chance.uniform(-_JITTER, _JITTER)
        down = y / box[1] + 0.5 + chance.uniform(-_JITTER, _JITTER)
        corners[row, column] = across * glyph.width, down * glyph.height
    wide, tall = (max(4, round(_FRAME * side)) for side in box)
    xs, ys = (0, wide // 2, wide), (0, tall // 2, tall)
    mesh = [
        (
            (xs[column], ys[row], xs[column + 1], ys[row + 1]),
            (
                *(*corners[row, column], *corners[row + 1, column]),
                *(*corners[row + 1, column + 1], *corners[row, column + 1]),
            ),
        )
        for row in range(2)
        for column in range(2)
    ]
    return glyph.transform((wide, tall), Image.Transform.MESH, mesh, Image.Resampling.NEAREST)


def _draw_curves(
    picture: Image.Image, letters: Sequence[_Letter], hardness: _Hardness, chance: Random
) -> None:
    """Curves as thick as stems; behind each letter they have another ink than it."""
    pen = ImageDraw.Draw(picture)
    room = letters[-1].right / len(letters)
    thick = max(2, round(_STROKE * min(_TALL * picture.height, 1.6 * room)))
    for _ in range(hardness.curves):
        inks = [_other_ink(letter.ink, chance) for letter in letters]
        points = _curve(picture.size, chance)
        steps = [
            (inks[_nearest(letters, (start[0] + end[0]) / 2)], start, end)
            for start, end in pairwise(points)
        ]
        for ink, run in groupby(steps, key=lambda step: step[0]):
            parts = list(run)
            line = [parts[0][1], *(end for _, _, end in parts)]
            pen.line(line, fill=ink, width=thick)


def _curve(size: _Size, chance: Random) -> list[_Point]:
    """Points of a Bézier curve from the left edge to the right."""
    width, height = size
    ends = [chance.uniform(0, 1) * height for _ in range(2)]
    pulls = [chance.uniform(-0.5, 1.5) * height for _ in range(2)]
    xs = (-0.05, chance.uniform(0.1, 0.5), chance.uniform(0.5, 0.9), 1.05)
    ys = (ends[0], *pulls, ends[1])
    points = []
    for step in range(13):
        t = step / 12
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x = width * sum(weight * x for weight, x in zip(weights, xs, strict=True))
        y = sum(weight * y for weight, y in zip(weights, ys, strict=True))
        points.append((x, y))
    return points


def _draw_scraps(
    picture: Image.Image, letters: Sequence[_Letter], hardness: _Hardness, chance: Random
) -> None:
    """Pieces of letters behind the letters, turned any way."""
    width, height = picture.size
    for _ in range(hardness.scraps):
        glyph = _glyph(chance.choice(PICTURE_ALPHABET), chance.choice(TYPEFACES))
        tall = height * chance.uniform(0.4, 0.6)
        piece = _bent(glyph, (min(tall, letters[-1].right / len(letters)), tall), 180, chance)
        kept = chance.uniform(0.35, 0.6)
        if chance.random() < 0.5:
            piece = piece.crop((0, 0, round(piece.width * kept), piece.height))
        else:
            piece = piece.crop((0, round(piece.height * kept), piece.width, piece.height))
        x, y = chance.uniform(0, width - piece.width), chance.uniform(-0.2, 0.9) * height
        behind = letters[_nearest(letters, x + piece.width / 2)]
        picture.paste(_other_ink(behind.ink, chance), (round(x), round(y)), piece)


def _colours(chance: Random) -> list[_Colour]:
    """Paper and the three inks, and what lies between any two of them, for smooth edges."""
    hues = [_ORANGE, _BLUE, chance.choice(_THIRD)]
    chance.shuffle(hues)
    bright = chance.uniform(*_INK_BRIGHT)
    colours = [_shade(chance.random(), _PAPER_VIVID, chance.uniform(*_PAPER_BRIGHT))]
    for hue in hues:
        near = (hue + chance.uniform(-0.035, 0.035)) % 1
        colours.append(_shade(near, _INK_VIVID, bright + chance.uniform(-6, 6)))
    return colours + [_between(one, other) for one, other in combinations(colours, 2)]


def _shade(hue: float, saturation: float, bright: float) -> _Colour:
    """The colour of that hue whose grey, as Pillow and everybody else makes it, is `bright`."""
    low, high = 0.0, 1.0
    colour = (0.0, 0.0, 0.0)
    for _ in range(9):
        middle = (low + high) / 2
        colour = hls_to_rgb(hue, middle, saturation)
        grey = 255 * (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
        low, high = (middle, high) if grey < bright else (low, middle)
    return [round(255 * part) for part in colour]


def _png(picture: Image.Image, colours: list[_Colour]) -> bytes:
    """The picture in its final size and these colours."""
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    picture.putpalette([part for colour in colours for part in colour])
    smooth = picture.convert("RGB").reduce(_FINER)
    file = BytesIO()
    smooth.quantize(palette=palette, dither=Image.Dither.NONE).save(
        file, "PNG", bits=4, compress_level=4
    )
    return file.getvalue()


def _between(one: _Colour, other: _Colour) -> _Colour:
    return [(a + b) // 2 for a, b in zip(one, other, strict=True)]


def _other_ink(ink: int, chance: Random) -> int:
    return chance.choice([other for other in _INKS if other != ink])


def _nearest(letters: Sequence[_Letter], x: float) -> int:
    """Which letter's room `x` is in."""
    inside = (number for number, letter in enumerate(letters) if x < letter.right)
    return next(inside, len(letters) - 1)


@cache
def _glyph(character: str, typeface: tuple[str, str]) -> Image.Image:
    """A letter, large, black or white and without margins."""
    sheet = Image.new("L", (3 * _POINTS, 3 * _POINTS))
    middle = (1.5 * _POINTS, 1.5 * _POINTS)
    ImageDraw.Draw(sheet).text(middle, character, fill=255, font=font(typeface), anchor="mm")
    return sheet.crop(sheet.getbbox()).point([255 * (level > 127) for level in range(256)])


@cache
def font(typeface: tuple[str, str]) -> ImageFont.FreeTypeFont:
    """A typeface of TYPEFACES, from the package that was installed with it."""
    package, name = typeface
    found = find_spec(package)
    if not found or not found.origin:
        raise ModuleNotFoundError(f"no typefaces in {package}")
    return ImageFont.truetype(str(Path(found.origin).parent / "files" / name), _POINTS)
