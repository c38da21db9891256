"""Paints the picture by which a campaign is known on networks: 1200 × 630, as a PNG.

The stage of the design (ink on marigold), the crowd in the geometry of ``pages/ringing.py``, and
beside it the words. Drawn at twice the size and made smaller, since Pillow's circles have rough
edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from pages.drawing import scale_crowd
from pages.lettering import (
    REGULAR,
    Block,
    begins_from_right,
    measure,
    prepare,
    set_block,
    write,
)
from pages.ringing import FEWEST_RINGS, GOLDEN_DEGREES, STEP, Ring, lay_rings, locate_dot

WIDTH, HEIGHT = 1200, 630
TWICE = 2
# ``--color-stage`` and ``--color-on-stage`` of static/css/tokens.css by day, as sRGB.
MARIGOLD = "#ffbc19"
INK = "#1e1812"
SOFT = "#2a241d"

MARGIN = 60
CROWD = 550  # a square at the right
WORDS = WIDTH - CROWD - 2 * MARGIN - 10
TITLE_SIZES = range(84, 39, -4)
NUMBER_SIZE = 92
SMALL = 30
SMALL_SIZES = range(SMALL, 21, -2)
MARK_RADII = ((10.25, 3.6), (16.25, 2.4), (22.25, 1.3))  # of 48, as pages/picturing.py has it


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a picture says: a title, a number with what it counts, and a line at the foot.

    Each may be empty. ``lent`` and ``goal`` are the crowd's (None: the home page's, which is
    nobody's); ``scaled`` says how many one dot stands for, where that is more than one.
    """

    title: str
    number: str = ""
    counted: str = ""
    foot: str = ""
    scaled: str = ""
    lent: int | None = None
    goal: int = 0


def paint(words: Words) -> bytes:
    """The picture. Not to be called by two threads at once (``lettering``)."""
    image = Image.new("RGB", (WIDTH * TWICE, HEIGHT * TWICE), MARIGOLD)
    draw = ImageDraw.Draw(image)
    _paint_mark(draw)
    foot = _paint_foot(draw, words)
    _paint_title(draw, words.title, bottom=foot)
    _paint_crowd(draw, words)
    drawn = BytesIO()
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    # Two colours and what lies between them: 32 are enough, and a quarter of the weight.
    small.quantize(32, dither=Image.Dither.NONE).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _paint_mark(draw: ImageDraw.ImageDraw) -> None:
    side = 52
    middle, unit = MARGIN + side / 2, side / 48
    for radius, stroke in ((5.0, 0.0), *MARK_RADII):
        _circle(draw, middle, middle, radius * unit, stroke=stroke * unit)
    at = ((MARGIN + side + 14) * TWICE, (middle + 11) * TWICE)
    write(draw, "CrowdSpeak", at=at, size=32 * TWICE, fill=INK)


def _paint_title(draw: ImageDraw.ImageDraw, title: str, *, bottom: int) -> None:
    """Between the mark and what stands below. What cannot be written is left out."""
    text = prepare(title)
    if not text:
        return
    top = MARGIN + 52 + 26
    block = set_block(
        text,
        width=WORDS * TWICE,
        height=(bottom - top - 20) * TWICE,
        sizes=range(TITLE_SIZES.start * TWICE, TITLE_SIZES.stop * TWICE, -4 * TWICE),
    )
    _write_block(draw, block, top=top, is_from_right=begins_from_right(text))


def _write_block(
    draw: ImageDraw.ImageDraw, block: Block, *, top: float, is_from_right: bool
) -> None:
    y = top * TWICE + block.size * 0.92
    for line in block.lines:
        x: float = MARGIN * TWICE
        if is_from_right:
            x += WORDS * TWICE - measure(line, size=block.size)
        write(draw, line, at=(x, y), size=block.size, fill=INK)
        y += block.leading


def _paint_foot(draw: ImageDraw.ImageDraw, words: Words) -> int:
    """The number and the lines below it, from the foot upwards; gives where they begin."""
    y = HEIGHT - MARGIN
    for line in (words.foot, words.counted):
        if text := prepare(line):
            size = _fit(text)
            write(
                draw,
                text,
                at=(MARGIN * TWICE, y * TWICE),
                size=size * TWICE,
                fill=SOFT,
                weight=REGULAR,
            )
            y -= round(SMALL * 1.4)
    if words.number:
        y -= 6
        at = (MARGIN * TWICE - 4, y * TWICE)
        write(draw, words.number, at=at, size=NUMBER_SIZE * TWICE, fill=INK)
        y -= NUMBER_SIZE
    return y


def _fit(text: str) -> int:
    """The size at which a small line is no wider than the words' column."""
    sizes = (size for size in SMALL_SIZES if _is_within(text, size))
    return next(sizes, SMALL_SIZES[-1])


def _is_within(text: str, size: int) -> bool:
    return measure(text, size=size * TWICE, weight=REGULAR) <= WORDS * TWICE


def _paint_crowd(draw: ImageDraw.ImageDraw, words: Words) -> None:
    x, y = WIDTH - MARGIN / 2 - CROWD / 2, HEIGHT / 2
    if words.lent is None:
        _paint_hero(draw, x=x, y=y)
        return
    dots, goal_dots, scale = scale_crowd(words.lent, goal=words.goal)
    rings = lay_rings(inner=goal_dots or dots, total=dots, channel=bool(words.goal))
    line = (len(lay_rings(inner=goal_dots, total=goal_dots)) + 1.1) * STEP if words.goal else 0
    reach = max([FEWEST_RINGS * STEP, line, *(ring.radius for ring in rings)]) + STEP
    unit = (CROWD - (40 if scale > 1 else 0)) / 2 / reach
    _circle(draw, x, y, 17 * unit)
    _paint_dots(draw, rings, lent=dots, shown=max(dots, goal_dots), at=(x, y), unit=unit)
    if words.goal:
        _circle(draw, x, y, line * unit, stroke=max(2.0, 4 * unit))
    if scale > 1 and (text := prepare(words.scaled)):
        width = measure(text, size=20 * TWICE, weight=REGULAR)
        at = (x * TWICE - width / 2, (HEIGHT - 20) * TWICE)
        write(draw, text, at=at, size=20 * TWICE, fill=SOFT, weight=REGULAR)


def _paint_dots(
    draw: ImageDraw.ImageDraw,
    rings: list[Ring],
    *,
    lent: int,
    shown: int,
    at: tuple[float, float],
    unit: float,
) -> None:
    """Full dots are lent, small ones asked for."""
    for index in range(shown):
        dot_x, dot_y = locate_dot(rings, index)
        radius = 13.5 / 2 if index < lent else 4.5 / 2
        _circle(draw, at[0] + dot_x * unit, at[1] + dot_y * unit, max(0.7, radius * unit))


def _paint_hero(draw: ImageDraw.ImageDraw, *, x: float, y: float) -> None:
    """Sound: loud at the dot, fading outwards, as on the home page."""
    rings, unit = 15, CROWD / 2 / (14 * STEP)
    _circle(draw, x, y, 21 * unit)
    for k in range(1, rings + 1):
        ring = Ring(k * STEP + 10, k * GOLDEN_DEGREES, 6 * k)
        radius = (4 + 17 * (1 - (k - 1) / (rings - 1)) ** 1.25) / 2 * unit
        for index in range(ring.dots):
            dot_x, dot_y = locate_dot([ring], index)
            _circle(draw, x + dot_x * unit, y + dot_y * unit, radius)


def _circle(
    draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, *, stroke: float = 0
) -> None:
    """A dot, or a ring whose line is ``stroke`` wide and has the radius in its middle."""
    outer = (radius + stroke / 2) * TWICE
    box = (x * TWICE - outer, y * TWICE - outer, x * TWICE + outer, y * TWICE + outer)
    if stroke:
        draw.ellipse(box, outline=INK, width=max(1, round(stroke * TWICE)))
    else:
        draw.ellipse(box, fill=INK)
