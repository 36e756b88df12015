"""Captcha pictures: a text that people read and that stock OCR does not, as a small PNG.

What a person goes by is hue. Six inks stand in a ring, equally dark, and those opposite each other
are equal in one more of red, green and blue as well. A letter has three inks, one below the other,
that are neighbours in the ring, so that to the eye its hue drifts and does not jump; the curves
behind each part of it have the ink opposite, which stands out most. To a solver that looks at
greys, as they do, letters and curves are one tangle, and shown red, green or blue alone a third of
each letter still is; any one ink is parts of letters and of curves.
docs/decisions/0021-captcha-pictures.md has what that is worth.

Pillow is imported here and nowhere else: whoever needs a picture imports this module when it does.
"""

import math
from collections.abc import Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

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

# From red over brown, olive, green and blue to violet, and round again. Opposites are equally blue,
# equally green or equally red, in this order.
_INKS = 6
_Range = tuple[float, float]
_SHARED: tuple[tuple[int, _Range], ...] = ((2, (20, 130)), (1, (45, 85)), (0, (30, 110)))
_WEIGHTS = (0.299, 0.587, 0.114)
_SHORT_OF_PURE = 0.06
# How bright they are, of 255.
_PAPER_BRIGHT, _INK_BRIGHT, _INK_STRAYS = (235.0, 245.0), (72.0, 88.0), 3.0
_PAPER_VIVID = 0.5

_Size = tuple[int, int]
_Point = tuple[float, float]
_Colour = list[int]


@dataclass(frozen=True, slots=True)
class _Hardness:
    """How far things are bent, as fractions of a letter unless it says degrees."""

    degrees: float
    overlap: float
    curves: int
    cuts: int


# Bends cost people more than they cost solvers; so do curves where letters are tiny or large.
_TINY = _Hardness(degrees=8, overlap=0.98, curves=5, cuts=1)
_SMALL = _Hardness(degrees=6, overlap=0.96, curves=6, cuts=2)
_MIDDLING = _Hardness(degrees=12, overlap=1.0, curves=7, cuts=2)
_LARGE = _Hardness(degrees=12, overlap=1.0, curves=4, cuts=1)
_BY_PIXELS = ((24, _TINY), (45, _SMALL), (65, _MIDDLING))
_LEAN, _JITTER, _STROKE, _CUT = 0.22, 0.05, 0.15, 0.035
_MARGIN, _TALL, _SLIM = 0.06, 0.85, 2.1
# The frame in which a glyph turns, as a multiple of the glyph.
_FRAME = 1.45


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter where it will be drawn, and the room that is its own from top to bottom.

    `inks` are those of its parts, and `seams` how far down one ends, at `left` and at `right`.
    """

    inks: tuple[int, ...]
    seams: tuple[_Point, ...]
    mask: Image.Image
    at: tuple[int, int]
    left: float
    right: float


def draw(text: str, *, width: int, height: int, seed: bytes) -> bytes:
    """A PNG of `text`, the same for the same arguments: who asks twice has nothing to average."""
    chance = Random(seed)  # noqa: S311 (the seed is the secret; this only spreads it)
    hardness = _hardness(min(height, 1.4 * width / len(text)))
    picture = Image.new("L", (width * _FINER, height * _FINER))
    letters = _letters(text, picture.size, hardness, chance)
    picture.paste(
        _behind(letters, picture.size), mask=_curves(letters, picture.size, hardness, chance)
    )
    for letter in chance.sample(letters, len(letters)):
        picture.paste(_painted(letter), letter.at, letter.mask)
    _cut(picture, hardness, chance)
    return _png(picture, _colours(chance))


def _hardness(pixels: float) -> _Hardness:
    """For letters about so many pixels high."""
    return next((hardness for below, hardness in _BY_PIXELS if pixels < below), _LARGE)


def _letters(text: str, size: _Size, hardness: _Hardness, chance: Random) -> list[_Letter]:
    """The letters from left to right, each as wide as it is by nature, bent on its own."""
    width, height = size
    glyphs = [_glyph(character, chance.choice(TYPEFACES)) for character in text]
    shapes = [(glyph.width / glyph.height) ** 0.9 for glyph in glyphs]
    unit = width * (1 - 2 * _MARGIN) / sum(shapes)
    left, ink = width * _MARGIN, chance.randrange(_INKS)
    letters = []
    for glyph, shape in zip(glyphs, shapes, strict=True):
        room = shape * unit
        tall = min(_TALL * height * chance.uniform(0.85, 1.05), _SLIM * unit)
        wide = min(room * hardness.overlap, tall * glyph.width / glyph.height * 1.25)
        mask = _bent(glyph, (wide, tall), hardness.degrees, chance)
        x = left + room * chance.uniform(0.42, 0.58) - mask.width / 2
        y = (height - mask.height + max(0.0, height - tall) * chance.uniform(-0.9, 0.9)) / 2
        ink += chance.choice((2, 3, 4))
        inks, seams = _parts(ink, height, chance)
        letters.append(_Letter(inks, seams, mask, (round(x), round(y)), left, left + room))
        left += room
    return letters


def _parts(first: int, height: int, chance: Random) -> tuple[tuple[int, ...], tuple[_Point, ...]]:
    """Inks for the parts of a letter, one beside the other in the ring, and slanted seams."""
    step = chance.choice((-1, 1))
    inks = tuple((first + step * part) % _INKS + 1 for part in range(3))
    seams = []
    for part in (1, 2):
        middle = part / 3 + chance.uniform(-0.1, 0.1)
        ends = (middle + chance.uniform(-0.2, 0.2), middle + chance.uniform(-0.2, 0.2))
        seams.append((ends[0] * height, ends[1] * height))
    return inks, tuple(seams)


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


def _painted(letter: _Letter) -> Image.Image:
    """The inks of a letter, as large as its mask, to be pasted through it."""
    sheet = Image.new("L", letter.mask.size, letter.inks[0])
    pen = ImageDraw.Draw(sheet)
    x, y = letter.at
    for ink, (left, right) in zip(letter.inks[1:], letter.seams, strict=True):
        slope = (right - left) / (letter.right - letter.left)
        start = left + slope * (x - letter.left) - y
        _fill_below(pen, (0, start), (sheet.width, start + slope * sheet.width), sheet.height, ink)
    return sheet


def _behind(letters: Sequence[_Letter], size: _Size) -> Image.Image:
    """For each part of each letter's room the ink opposite, to be pasted through the curves."""
    sheet = Image.new("L", size)
    pen = ImageDraw.Draw(sheet)
    edges = [0, *(round(letter.right) for letter in letters[:-1]), size[0]]
    for letter, (start, end) in zip(letters, pairwise(edges), strict=True):
        seams = ((0.0, 0.0), *letter.seams)
        for ink, (left, right) in zip(letter.inks, seams, strict=True):
            _fill_below(pen, (start, left), (end, right), size[1], _opposite(ink))
    return sheet


def _fill_below(
    pen: ImageDraw.ImageDraw, left: _Point, right: _Point, bottom: int, ink: int
) -> None:
    depth = max(bottom, left[1], right[1])
    pen.polygon([left, right, (right[0], depth), (left[0], depth)], fill=ink)


def _curves(
    letters: Sequence[_Letter], size: _Size, hardness: _Hardness, chance: Random
) -> Image.Image:
    """Where curves run, as thick as stems."""
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    room = letters[-1].right / len(letters)
    thick = max(2, round(_STROKE * min(_TALL * size[1], 1.6 * room)))
    for _ in range(hardness.curves):
        pen.line(_curve(size, chance), fill=255, width=thick)
    return mask


def _cut(picture: Image.Image, hardness: _Hardness, chance: Random) -> None:
    """Hair-lines of paper through everything, which cost solvers far more than they cost people."""
    pen = ImageDraw.Draw(picture)
    for _ in range(hardness.cuts):
        pen.line(_curve(picture.size, chance), fill=0, width=max(2, round(_CUT * picture.height)))


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


def _colours(chance: Random) -> list[_Colour]:
    """Paper and the inks, and what lies between paper and ink or between opposites, for edges."""
    bright = chance.uniform(*_INK_BRIGHT)
    paper = _shade(chance.random(), _PAPER_VIVID, chance.uniform(*_PAPER_BRIGHT))
    pairs = [
        _opposites(channel, chance.uniform(*levels), bright + chance.uniform(-1, 1) * _INK_STRAYS)
        for channel, levels in _SHARED
    ]
    inks = [pair[side] for side in (0, 1) for pair in pairs]
    mixed = [_between(paper, ink) for ink in inks] + [_between(*pair) for pair in pairs]
    return [paper, *inks, *mixed]


def _opposites(shared: int, level: float, bright: float) -> tuple[_Colour, _Colour]:
    """Two colours, both so bright and with that level of one channel, and otherwise far apart."""
    first, second = (channel for channel in range(3) if channel != shared)
    rest = bright - _WEIGHTS[shared] * level
    most = min(255.0, rest / _WEIGHTS[first])
    least = max(0.0, (rest - _WEIGHTS[second] * 255) / _WEIGHTS[first])
    short = _SHORT_OF_PURE * (most - least)
    made = []
    for value in (most - short, least + short):
        colour = [round(level)] * 3
        colour[first] = round(value)
        colour[second] = round((rest - _WEIGHTS[first] * value) / _WEIGHTS[second])
        made.append(colour)
    return made[0], made[1]


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


def _opposite(ink: int) -> int:
    return (ink + _INKS // 2 - 1) % _INKS + 1


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
