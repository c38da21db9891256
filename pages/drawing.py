"""Draws the crowd of a campaign and its launch. Colours and strokes are in `static/css/rings.css`.

Every function gives a safe string; every label is escaped here.
"""

from collections.abc import Mapping
from itertools import count

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from campaigns.numbering import group_digits
from pages.labelling import count_by_shape
from pages.ringing import FEWEST_RINGS, STEP, draw_runs, lay_rings, locate_dot, show, spread

MOST_DOTS = 3000  # a page stays light, and a dot stays visible on a phone


def choose_scale(total: int) -> int:
    """Give how many supporters one dot stands for: 1, 2, 5, 10, 20, 50…"""
    steps = (digit * int(10**power) for power in count() for digit in (1, 2, 5))
    return next(step for step in steps if total <= MOST_DOTS * step)


def frame_crowd(
    *content: SafeString | str,
    reach: float,
    label: str,
    scale: int = 1,
    waves: int = 0,
    foot: float = 0,
) -> SafeString:
    """Put a crowd into its square frame of `reach` on every side of the voice in the middle.

    `foot` is the room that the content needs below the square. Where a dot stands for several
    supporters, a line under the crowd and the label say so.
    """
    below: SafeString | str = ""
    height = 2 * reach + foot
    if scale > 1:
        scaled = gettext("One dot stands for %(scale)s supporters.") % {
            "scale": group_digits(scale)
        }
        label = f"{label} {scaled}"
        size = reach * 0.075
        height += 1.7 * size
        below = format_html(
            '<text class="crowd__scale" y="{}" text-anchor="middle" font-size="{}">{}</text>',
            show(reach + foot + 1.2 * size),
            show(size),
            scaled,
        )
    return format_html(
        '<svg class="crowd" viewBox="{0} {0} {1} {2}" role="img" aria-label="{3}">{4}'
        '<circle class="crowd__voice" r="17"/>{5}{6}</svg>',
        show(-reach),
        show(2 * reach),
        show(height),
        label,
        format_html_join("", '<circle class="crowd__wave" r="{}"/>', [(show(reach),)] * waves),
        format_html_join("", "{}", ((part,) for part in content)),
        below,
    )


def count_toward(people: int, *, goal: int) -> str:
    """Say what a number of people beside it is a part of: the goal, at least one."""
    if goal == 1:
        return ngettext("supporter of the one needed", "supporters of the one needed", people)
    counted = ngettext(
        "supporter of the %(goal)s needed", "supporters of the %(goal)s needed", people
    )
    return counted % {"goal": group_digits(goal)}


def describe_crowd(lent: int, *, goal: int) -> str:
    """Say in a sentence what the crowd shows; `goal` is 0 where there is none."""
    numbers = {
        "lent": group_digits(lent),
        "goal": group_digits(goal),
        "past": group_digits(max(0, lent - goal)),
    }
    if not goal:
        return ngettext("%(lent)s supporter.", "%(lent)s supporters.", lent) % numbers
    if lent < goal:
        said = ngettext(
            "%(lent)s of the one supporter needed.",
            "%(lent)s of the %(goal)s supporters needed.",
            goal,
        )
    elif lent == goal:
        said = ngettext(
            "%(lent)s supporter. The goal of %(goal)s is reached.",
            "%(lent)s supporters. The goal of %(goal)s is reached.",
            lent,
        )
    else:
        said = gettext("%(lent)s supporters. The goal of %(goal)s is passed by %(past)s.")
    return said % numbers


def scale_crowd(lent: int, *, goal: int) -> tuple[int, int, int]:
    """Give (dots lent, dots of the goal, supporters per dot).

    However coarse the scale, one supporter is seen, a goal not reached is not seen full, and one
    that is passed is seen passed.
    """
    scale = choose_scale(max(lent, goal))
    if scale == 1:
        return lent, goal, 1
    dots, goal_dots = lent // scale, max(goal // scale, 2 if goal else 0)
    if lent:
        dots = max(dots, 1)
    if goal and lent < goal:
        dots = min(dots, goal_dots - 1)
    elif goal and lent > goal:
        dots = max(dots, goal_dots + 1)
    elif goal:
        dots = goal_dots
    return dots, goal_dots, scale


def draw_crowd(
    lent: int, *, goal: int | None = None, label: str = "", waves: int = 0
) -> SafeString:
    """Draw the supporters of a campaign against its threshold.

    Full dots are lent, small ones asked for. The goal line goes round exactly `goal` dots; what is
    past it lies outside. Without a goal there are only the voices.
    """
    lent, goal = max(0, lent), max(0, goal or 0)
    label = label or describe_crowd(lent, goal=goal)
    dots, goal_dots, scale = scale_crowd(lent, goal=goal)
    rings = lay_rings(inner=goal_dots or dots, total=dots, channel=bool(goal))
    off = max(0, goal_dots - dots)
    drawn = draw_runs(rings, [(dots, "crowd__on"), (off, "crowd__off")])
    outermost = max([FEWEST_RINGS * STEP, *(ring.radius for ring in rings)]) + STEP
    if not goal:
        return frame_crowd(drawn, reach=outermost, label=label, scale=scale, waves=waves)
    line = (len(lay_rings(inner=goal_dots, total=goal_dots)) + 1.1) * STEP
    reach = max(outermost, line + STEP)
    size = reach * 0.085
    passed = dots > goal_dots
    # Hung below the line, the number hides no dot; once there are voices outside it stands in the
    # channel between them, on a ground of its own.
    goal_line = format_html(
        '<circle class="crowd__goal" r="{}"/>'
        '<text y="{}" text-anchor="middle" font-size="{}" stroke-width="{}">{}</text>',
        show(line),
        show(line + size * (0.36 if passed else 1)),
        show(size),
        show(size * 0.55 if passed else 0),
        group_digits(goal),
    )
    return frame_crowd(
        drawn,
        goal_line,
        reach=reach,
        label=label,
        scale=scale,
        waves=waves,
        foot=0 if passed else max(0.0, line + 1.2 * size - reach),
    )


def draw_launch(
    counts: Mapping[str, int], *, label: str = "", crest: int = 0, waves: int = 0
) -> SafeString:
    """Draw a launch: full dots sent, small waiting, crosses failed, hollow rings not confirmed.

    `counts` has the number of deliveries by state; the `crest` newest sent ones are drawn larger.
    """
    shapes = count_by_shape(counts)
    if not label:
        label = gettext(
            "Posts sent: %(sent)s, waiting: %(waiting)s, failed: %(failed)s,"
            " not confirmed: %(unknown)s. Each dot is one post; the full dots are sent."
        ) % {shape: group_digits(number) for shape, number in shapes.items()}
    scale = choose_scale(sum(shapes.values()))
    dots = {shape: max(1, round(n / scale)) if n else 0 for shape, n in shapes.items()}
    done = dots["sent"] + dots["failed"] + dots["unknown"]
    total = done + dots["waiting"]
    rings = lay_rings(inner=total, total=total)
    newest = min(done, round(max(0, crest) / scale))
    runs = [
        (done - newest, "crowd__on"),
        (newest, "crowd__crest"),
        (dots["waiting"], "crowd__off"),
    ]
    places = spread(done)
    holes = [*places[: dots["failed"]], *places[done - dots["unknown"] :]]
    marks = [draw_failed] * dots["failed"] + [draw_unknown] * dots["unknown"]
    holed = (mark(*locate_dot(rings, hole)) for mark, hole in zip(marks, holes, strict=True))
    outermost = max([FEWEST_RINGS * STEP, *(ring.radius for ring in rings)])
    return frame_crowd(
        draw_runs(rings, runs),
        format_html_join("", "{}", ((hole,) for hole in holed)),
        reach=outermost + 1.4 * STEP,
        label=label,
        scale=scale,
        waves=waves,
    )


def draw_failed(x: float, y: float) -> SafeString:
    """Draw a cross in place of a dot."""
    return format_html(
        '<circle class="crowd__hole" cx="{}" cy="{}" r="13"/>'
        '<path class="crowd__failed" d="M{} {}l14 14m0-14l-14 14"/>',
        *(show(value) for value in (x, y, x - 7, y - 7)),
    )


def draw_unknown(x: float, y: float) -> SafeString:
    """Draw a hollow ring in place of a dot."""
    return format_html(
        '<circle class="crowd__hole" cx="{0}" cy="{1}" r="13"/>'
        '<circle class="crowd__unknown" cx="{0}" cy="{1}" r="7"/>',
        show(x),
        show(y),
    )
