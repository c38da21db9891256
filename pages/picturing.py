"""Draws what stands for sound: the mark, the ring of progress, the home page's pictures, and the
picture of a campaign that has no image."""

import math
import unicodedata
from collections.abc import Iterator
from itertools import cycle, islice

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from pages.ringing import (
    FEWEST_RINGS,
    GOLDEN_DEGREES,
    STEP,
    Ring,
    draw_arc,
    locate_dot,
    show,
    spread,
)

LOOKS = ("", "standin--ink", "standin--water")
LETTERS = 26  # of the alphabet, and rings of a picture: enough to reach its farthest corner
RING_RADII = (10.5, 16.5, 22.5)

MARK = SafeString(
    '<svg class="mark" viewBox="0 0 48 48" aria-hidden="true">'
    '<circle class="mark__dot" cx="24" cy="24" r="5"/>'
    '<circle cx="24" cy="24" r="10.25" stroke-width="3.6"/>'
    '<circle cx="24" cy="24" r="16.25" stroke-width="2.4"/>'
    '<circle cx="24" cy="24" r="22.25" stroke-width="1.3"/></svg>'
)


def draw_ring(
    lent: int, *, goal: int | None = None, label: str = "", small: bool = False
) -> SafeString:
    """Draw progress at 56 px: a dot and three rings, a third of the way each, dots when passed."""
    part = lent / goal if goal else 0.0
    if not label and goal:
        percent = number_format(100 * lent // goal, force_grouping=True)
        label = gettext("%(percent)s per cent of the goal") % {"percent": percent}
    elif not label:
        label = gettext("No minimum: it goes out whatever the number")

    def circles() -> Iterator[SafeString]:
        for number, radius in enumerate(RING_RADII):
            turn, share = 2 * math.pi * radius, min(1.0, part * 3 - number)
            if share < 1:
                yield format_html('<circle class="ring__off" cx="28" cy="28" r="{}"/>', radius)
            if 0 < share < 1:
                yield format_html(
                    '<circle class="ring__on" cx="28" cy="28" r="{}" stroke-dasharray="{} {}"'
                    ' transform="rotate(-90 28 28)"/>',
                    *(radius, show(turn * share), show(turn)),
                )
            elif share >= 1:
                yield format_html('<circle class="ring__on" cx="28" cy="28" r="{}"/>', radius)
        if part > 1:
            yield SafeString('<circle class="ring__past" cx="28" cy="28" r="26.3"/>')

    return format_html(
        '<svg class="ring{}" viewBox="0 0 56 56" role="img" aria-label="{}">'
        '<circle class="ring__dot" cx="28" cy="28" r="4.5"/>{}</svg>',
        " ring--small" if small else "",
        label,
        format_html_join("", "{}", ((circle,) for circle in circles())),
    )


def draw_hero(rings: int = 30) -> SafeString:
    """Draw sound for the head of the home page: loud at the dot, fading outwards."""
    return format_html(
        '<svg class="crowd hero__crowd" viewBox="-680 -680 1360 1360" aria-hidden="true">'
        '<circle class="crowd__voice" r="21"/>{}</svg>',
        format_html_join(
            "",
            '<circle r="{}" stroke-width="{}" pathLength="{}" stroke-dasharray="0.001 0.999"'
            ' transform="rotate({})"/>',
            (
                (
                    k * STEP + 10,
                    show(4 + 17 * (1 - (k - 1) / max(1, rings - 1)) ** 1.25),
                    6 * k,
                    show(k * GOLDEN_DEGREES % 360),
                )
                for k in range(1, rings + 1)
            ),
        ),
    )


def draw_story(stage: int) -> SafeString:
    """Draw one of the three moments: 1 written, 2 lent, 3 said; raises KeyError for another."""
    rings = {1: 0, 2: 5, 3: 11}[stage]
    reach = show(max(FEWEST_RINGS * STEP - 6, (rings + 1.6) * STEP))

    def dots() -> Iterator[SafeString]:
        for k in range(1, rings + 1):
            ring = Ring((k + 0.6) * STEP, k * GOLDEN_DEGREES, 6 * k)
            tone = "crowd__on" if stage == 3 else "crowd__off"
            yield draw_arc(ring, first=0, dots=ring.dots, tone=tone)
            if stage == 2:
                lent = max(1, int(ring.dots * (0.62 - 0.06 * k)))
                for place in spread(ring.dots)[:lent]:
                    x, y = locate_dot([ring], place)
                    yield format_html('<path class="crowd__on" d="M{} {}h.01"/>', show(x), show(y))

    return format_html(
        '<svg class="crowd story__pic" viewBox="-{0} -{0} {1} {1}" aria-hidden="true">'
        '<circle class="crowd__voice" r="14"/>{2}</svg>',
        reach,
        show(2 * float(reach)),
        format_html_join("", "{}", ((dot,) for dot in dots())),
    )


def draw_quiet() -> SafeString:
    """Draw the mark at rest: a voice, kept."""
    return format_html(
        '<svg class="never__pic" viewBox="-250 -250 500 500" aria-hidden="true">{}'
        '<circle class="never__dot" r="22"/></svg>',
        format_html_join(
            "",
            '<circle r="{}" stroke-width="{}"/>',
            ((show(44 * 1.42**k), show(10 / 1.3**k)) for k in range(6)),
        ),
    )


def weigh_letters(text: str) -> list[int]:
    """Give each letter's place in the alphabet; other scripts fold into the same 26.

    There are always 26 of them: a short text goes round again.
    """
    folded = unicodedata.normalize("NFD", text.lower())
    letters = [char for char in folded if char.isalpha()]
    places = [
        ord(char) - ord("a") + 1 if char.isascii() else ord(char) % LETTERS + 1 for char in letters
    ]
    return list(islice(cycle(places or [1, 13, 26]), LETTERS))


def draw_standin(
    name: str,
    *,
    theme: str = "",
    look: str | None = None,
    width: int = 600,
    height: int = 400,
) -> SafeString:
    """Draw a picture from a campaign's name: one ring per letter, larger dots for later letters.

    The theme chooses among three looks unless `look` ("", "standin--ink", "standin--water") is
    given. The same name and theme always give the same picture.
    """
    weights = weigh_letters(name)
    seed = sum(weight * place for place, weight in enumerate(weights, 1))
    if look is None:
        look = LOOKS[sum(weigh_letters(theme)) % len(LOOKS)] if theme else LOOKS[seed % len(LOOKS)]
    return format_html(
        '<svg class="standin {}" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice"'
        ' aria-hidden="true"><rect width="{}" height="{}"/>'
        '<g transform="translate({} {}) scale({})">'
        '<circle class="standin__dot" r="15"/>{}</g></svg>',
        look,
        *(width, height, width, height),
        show(width * (0.2 + 0.6 * (seed % 97) / 97)),
        show(height * (0.25 + 0.5 * (seed % 53) / 53)),
        show(max(width / 600, height / 400)),
        format_html_join(
            "",
            '<circle r="{}" stroke-width="{}" pathLength="{}" stroke-dasharray="0.001 0.999"'
            ' transform="rotate({})"/>',
            (
                (
                    12 + k * 24,
                    show(4 + weight * 0.62),
                    round(2 * math.pi * (12 + k * 24) / 27),
                    show(k * GOLDEN_DEGREES % 360),
                )
                for k, weight in enumerate(weights, 1)
            ),
        ),
    )
