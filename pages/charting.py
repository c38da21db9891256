"""Draws charts as SVG shapes that stretch; their words stay HTML beside them, and a table follows.

A label is what a reader who sees no picture is told: say what the chart shows, not what it is.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from campaigns.numbering import group_digits
from pages.ringing import show

BASE_LINE = SafeString('<line class="plot__base" x1="0" x2="100" y1="100" y2="100"/>')


def frame_plot(content: SafeString, *, label: str, grid: int) -> SafeString:
    """Put a chart's shapes into a frame of 100 by 100 with `grid` lines above the base."""
    return format_html(
        '<svg class="plot" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}{}{}</svg>',
        label,
        format_html_join(
            "",
            '<line class="plot__grid" x1="0" x2="100" y1="{0}" y2="{0}"/>',
            ((show(100 * line / grid),) for line in range(grid)),
        ),
        content,
        BASE_LINE,
    )


def draw_bars(
    values: Sequence[float],
    *,
    label: str,
    top: float = 0,
    voice: Collection[int] = (),
    grid: int = 4,
) -> SafeString:
    """Draw one bar per value; `top` is the upper edge (default: the highest value).

    The bars whose index is in `voice` take the strong colour.
    """
    top = top or max(values, default=0) or 1
    width = 100 / len(values) if values else 100

    def bars() -> Iterator[tuple[str, ...]]:
        for index, value in enumerate(values):
            height = min(100.0, 100 * value / top)
            if height > 0:
                tone = " plot__bar--voice" if index in voice else ""
                left, inside = (index + 0.14) * width, 0.72 * width
                yield (
                    tone,
                    *(show(part) for part in (left, 100 - height, inside, height)),
                )

    return frame_plot(
        format_html_join(
            "",
            '<rect class="plot__bar{}" x="{}" y="{}" width="{}" height="{}"/>',
            bars(),
        ),
        label=label,
        grid=grid,
    )


def trace(series: Sequence[float], *, top: float) -> str:
    """Give the points of a line that goes from the left edge to the right one."""
    steps = max(1, len(series) - 1)
    return " ".join(
        f"{show(100 * index / steps)},{show(100 - min(100.0, 100 * value / top))}"
        for index, value in enumerate(series)
    )


def list_ticks(highest: float) -> list[int]:
    """Give five round numbers, from above the highest value down to 0: a chart's edge and grid."""
    steps = (digit * 10**power for power in count() for digit in (1, 2, 3, 4, 5, 6, 8))
    step = next(step for step in steps if highest <= 4 * step)
    return [step * line for line in (4, 3, 2, 1, 0)]


def draw_lines(
    series: Sequence[Sequence[float]], *, label: str, top: float = 0, area: bool = True
) -> SafeString:
    """Draw up to four lines, told apart by their strokes; `area` fills below the first one."""
    top = top or max((value for line in series for value in line), default=0) or 1
    first = trace(series[0], top=top) if area and series and series[0] else ""
    filled = (
        format_html('<polygon class="plot__area" points="0,100 {} 100,100"/>', first)
        if first
        else ""
    )
    drawn = format_html_join(
        "",
        '<polyline class="plot__line plot__line--{}" points="{}"/>',
        ((number, trace(line, top=top)) for number, line in enumerate(series, 1)),
    )
    return frame_plot(format_html("{}{}", filled, drawn), label=label, grid=4)


def draw_split(
    sent: int, failed: int, unknown: int, *, waiting: int = 0, label: str = ""
) -> SafeString:
    """Draw how one network's deliveries stand: sent, failed, waiting, and a hollow rest.

    The rest is what is not confirmed. What waits is pale, and told only while there is some.
    """
    total = max(1, sent + failed + unknown + waiting)
    done, lost, left = (100 * part / total for part in (sent, failed, waiting))
    said = gettext("%(sent)s sent, %(failed)s failed, %(unknown)s not confirmed")
    if waiting:
        said = gettext(
            "%(sent)s sent, %(failed)s failed, %(waiting)s waiting, %(unknown)s not confirmed"
        )
    label = label or said % {
        "sent": group_digits(sent),
        "failed": group_digits(failed),
        "waiting": group_digits(waiting),
        "unknown": group_digits(unknown),
    }
    return format_html(
        '<svg role="img" aria-label="{}">'
        '<rect class="split__open" x="{}%" width="{}%" height="18"/>'
        '<rect class="split__rest" x="0.75" y="0.75" width="99.4%" height="16.5"/>'
        '<rect class="split__done" width="{}%" height="18"/>'
        '<rect class="split__fail" x="{}%" width="{}%" height="18"/></svg>',
        label,
        *(show(done + lost), show(left), show(done), show(done), show(lost)),
    )
