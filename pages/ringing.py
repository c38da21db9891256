"""Lays dots out on rings, and draws runs of them as SVG.

One dot is one voice. Ring k has radius (k + 0.6) · 22 and about 6k places, and is turned by the
golden angle. A run of dots is a single circle or arc: `pathLength` is its number of dots, and a
dash of nearly no length with a round cap makes each of them. So a crowd weighs a few kilobytes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

STEP = 22  # between two rings, and between two dots of one ring
GOLDEN_DEGREES = 137.508  # each ring is turned by the golden angle: no seam, no spokes
GOLDEN_PART = 0.6180339887498949
FEWEST_RINGS = 3  # a first supporter is one dot in a wide field, not a moon


@dataclass(frozen=True, slots=True)
class Ring:
    """One circle of evenly spaced places: radius in drawing units, turn in degrees."""

    radius: float
    turn: float
    dots: int


def show(value: float) -> str:
    """Give a coordinate with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def lay_rings(*, inner: int, total: int, channel: bool = False) -> list[Ring]:
    """Lay out enough rings for `total` dots, of which the first ones hold exactly `inner`.

    Ring k has about 6k places. With `channel`, the rings past `inner` stand clear of the goal line.
    """
    last_inner = math.ceil((math.sqrt(9 + 12 * inner) - 3) / 6)
    triangle = last_inner * (last_inner + 1) / 2
    rings: list[Ring] = []
    held = 0
    while len(rings) < last_inner or held < total:
        k = len(rings) + 1
        outside = k > last_inner
        upto = held + 6 * (k + channel) if outside else round(inner * k * (k + 1) / 2 / triangle)
        rings.append(
            Ring((k + 0.6 + (outside and channel)) * STEP, k * GOLDEN_DEGREES - 90, upto - held)
        )
        held = upto
    return rings


def draw_arc(ring: Ring, *, first: int, dots: int, tone: str) -> SafeString:
    """Draw `dots` neighbouring places of a ring, from place `first` on."""
    turn = ring.turn + 360 * first / ring.dots
    if dots == ring.dots:
        return format_html(
            '<circle class="{}" r="{}" pathLength="{}" stroke-dasharray="0.001 0.999"'
            ' transform="rotate({})"/>',
            tone,
            show(ring.radius),
            dots,
            show(turn % 360),
        )
    sweep = 360 * (dots - 0.5) / ring.dots
    start, end = math.radians(turn), math.radians(turn + sweep)
    return format_html(
        '<path class="{}" d="M{} {}A{} {} 0 {} 1 {} {}" pathLength="{}"'
        ' stroke-dasharray="0.001 0.999"/>',
        tone,
        show(ring.radius * math.cos(start)),
        show(ring.radius * math.sin(start)),
        show(ring.radius),
        show(ring.radius),
        int(sweep > 180),
        show(ring.radius * math.cos(end)),
        show(ring.radius * math.sin(end)),
        show(dots - 0.5),
    )


def draw_runs(rings: Sequence[Ring], runs: Sequence[tuple[int, str]]) -> SafeString:
    """Draw runs of dots, as (number, tone), one after the other from the middle outwards."""

    def cut() -> Iterator[SafeString]:
        ring_start = 0
        for ring in rings:
            ring_end, run_start = ring_start + ring.dots, 0
            for dots, tone in runs:
                first, last = (
                    max(ring_start, run_start),
                    min(ring_end, run_start + dots),
                )
                if last > first:
                    yield draw_arc(ring, first=first - ring_start, dots=last - first, tone=tone)
                run_start += dots
            ring_start = ring_end

    return format_html_join("", "{}", ((part,) for part in cut()))


def locate_dot(rings: Sequence[Ring], index: int) -> tuple[float, float]:
    """Give the place of a dot, counted from the middle; raises IndexError past the last ring."""
    for ring in rings:
        if index < ring.dots:
            angle = math.radians(ring.turn + 360 * index / ring.dots)
            return ring.radius * math.cos(angle), ring.radius * math.sin(angle)
        index -= ring.dots
    message = "no such dot"
    raise IndexError(message)


def spread(among: int) -> list[int]:
    """Give the numbers below `among` in an order that scatters them, the same at every call.

    When `among` grows, the earlier numbers keep their order: a live picture does not jump.
    """
    return sorted(range(among), key=lambda index: index * GOLDEN_PART % 1)
