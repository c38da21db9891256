"""Paints the site's icons from its own ``static/img/favicon.svg``: one drawing, every size.

The pictures are kept in ``static/img``, since browsers ask for them by name;
``manage.py draw_icons`` writes them anew, and a test compares the two.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw

FOLDER = Path(settings.BASE_DIR) / "static" / "img"
DRAWING = FOLDER / "favicon.svg"
SIDE = 48  # the drawing's own, in its units
FINER = 8  # Pillow's circles have rough edges: drawn larger, made smaller
COLOURS = 64  # two, and what lies between them at the edges
FULL = 1.0  # the field fills the picture from edge to edge
# Whoever cuts an icon to a shape of their own leaves a circle of 80 % (W3C, Web Application
# Manifest, "safe zone"); the mark keeps a little more away from it.
SAFE = 0.74


@dataclass(frozen=True, kw_only=True)
class Circle:
    """One circle of the drawing, in its units; no fill or no stroke is ""."""

    radius: float
    fill: str
    stroke: str
    width: float


@dataclass(frozen=True, kw_only=True)
class Icon:
    """A picture of so many pixels; a ``square`` one is filled to its corners."""

    side: int
    square: bool = False
    part: float = FULL


ICONS = {
    "icon-32.png": Icon(side=32),
    "icon-180.png": Icon(side=180, square=True, part=0.86),  # Apple rounds the corners itself
    "icon-192.png": Icon(side=192),
    "icon-512.png": Icon(side=512),
    "icon-maskable-192.png": Icon(side=192, square=True, part=SAFE),
    "icon-maskable-512.png": Icon(side=512, square=True, part=SAFE),
}
ICO = "favicon.ico"
ICO_SIDES = (16, 32, 48)


def read_circles() -> list[Circle]:
    """The circles of the drawing, from below to above; groups hand their colours down."""
    found: list[Circle] = []

    def walk(element: ET.Element, fill: str, stroke: str) -> None:
        fill, stroke = element.get("fill", fill), element.get("stroke", stroke)
        if element.tag.endswith("circle"):
            found.append(
                Circle(
                    radius=float(element.attrib["r"]),
                    fill="" if fill == "none" else fill,
                    stroke=stroke,
                    width=float(element.get("stroke-width", 0)),
                )
            )
        for child in element:
            walk(child, fill, stroke)

    walk(ET.parse(DRAWING).getroot(), "", "")  # noqa: S314 - a file of our own
    return found


def paint_icon(icon: Icon) -> Image.Image:
    """Paint the drawing at the size of an icon, on nothing or on a field of its own colour."""
    ground, *marks = read_circles()
    large = icon.side * FINER
    picture = Image.new("RGBA", (large, large), ground.fill if icon.square else (0, 0, 0, 0))
    pen, scale, middle = ImageDraw.Draw(picture), large * icon.part / SIDE, large / 2

    def draw(radius: float, colour: str) -> None:
        reach = radius * scale
        pen.ellipse((middle - reach, middle - reach, middle + reach, middle + reach), fill=colour)

    if not icon.square:
        draw(ground.radius, ground.fill)
    # From outside inwards: a ring is a disc with a smaller one of the ground's colour on it.
    for mark in sorted(marks, key=lambda each: -each.radius):
        draw(mark.radius + mark.width / 2, mark.stroke or mark.fill)
        if not mark.fill:
            draw(mark.radius - mark.width / 2, ground.fill)
    small = picture.resize((icon.side, icon.side), Image.Resampling.BOX)
    return small.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def paint_files() -> dict[str, bytes]:
    """Every icon, by the name of its file in ``static/img``."""
    files = {name: _save(paint_icon(icon), "PNG", optimize=True) for name, icon in ICONS.items()}
    sizes = [(side, side) for side in ICO_SIDES]
    smaller = [paint_icon(Icon(side=side)).convert("RGBA") for side in ICO_SIDES]
    files[ICO] = _save(smaller[-1], "ICO", sizes=sizes, append_images=smaller[:-1])
    return files


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
