"""The drawings of `pages` for any template: `{% load drawing %}`."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.safestring import SafeString

from pages import charting, labelling, picturing
from pages import drawing as crowds

register = template.Library()


@register.simple_tag
def crowd(lent: int, goal: int | None = None, label: str = "", waves: int = 0) -> SafeString:
    """One dot is one supporter, inside the goal's circle and past it."""
    return crowds.draw_crowd(lent, goal=goal, label=label, waves=waves)


@register.simple_tag
def launch_crowd(
    counts: Mapping[str, int], label: str = "", crest: int = 0, waves: int = 0
) -> SafeString:
    """The crowd while it speaks, from the number of deliveries by state."""
    return crowds.draw_launch(counts, label=label, crest=crest, waves=waves)


@register.simple_tag
def ring(lent: int, goal: int | None = None, label: str = "", small: bool = False) -> SafeString:
    """Progress at the size of a finger."""
    return picturing.draw_ring(lent, goal=goal, label=label, small=small)


@register.simple_tag
def mark() -> SafeString:
    """The mark: one voice, three rings."""
    return picturing.MARK


@register.simple_tag
def hero() -> SafeString:
    """The home page's picture."""
    return picturing.draw_hero()


@register.simple_tag
def story(stage: int) -> SafeString:
    """1 somebody writes, 2 people lend, 3 everybody says it."""
    return picturing.draw_story(stage)


@register.simple_tag
def quiet() -> SafeString:
    """The mark at rest, for the promises."""
    return picturing.draw_quiet()


@register.simple_tag
def standin(
    name: str,
    theme: str = "",
    look: str | None = None,
    width: int = 600,
    height: int = 400,
) -> SafeString:
    """The picture of a campaign that has none."""
    return picturing.draw_standin(name, theme=theme, look=look, width=width, height=height)


@register.simple_tag
def of_goal(people: int, goal: int) -> str:
    """`{% of_goal people goal %}`: what the number of people before it is a part of."""
    return crowds.count_toward(people, goal=goal)


@register.simple_tag
def glyph(state: str) -> SafeString:
    """The shape of a state, alone."""
    return labelling.draw_glyph(state)


@register.simple_tag
def pill(state: str, word: str = "") -> SafeString:
    """The shape of a state with its word."""
    return labelling.draw_pill(state, word=word)


@register.simple_tag
def tally_rows(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The rows of a tally, for `components/_tally.html`."""
    return labelling.tally_states(counts)


@register.simple_tag
def meter(used: int, limit: int) -> SafeString:
    """How full a text is, in the network's own count."""
    return labelling.draw_meter(used, limit=limit)


@register.simple_tag
def bars(
    values: Sequence[float],
    label: str,
    top: float = 0,
    voice: int | None = None,
    grid: int = 4,
) -> SafeString:
    """A bar chart; `voice` is the index of the bar in the strong colour."""
    strong = () if voice is None else (voice,)
    return charting.draw_bars(values, label=label, top=top, voice=strong, grid=grid)


@register.simple_tag
def lines(
    series: Sequence[Sequence[float]], label: str, top: float = 0, area: bool = True
) -> SafeString:
    """A line chart of up to four series."""
    return charting.draw_lines(series, label=label, top=top, area=area)


@register.simple_tag
def ticks(highest: float) -> list[int]:
    """The marks of a chart's vertical edge, the top first."""
    return charting.list_ticks(highest)


@register.simple_tag
def split(sent: int, failed: int, unknown: int, waiting: int = 0, label: str = "") -> SafeString:
    """One network's outcome in one bar."""
    return charting.draw_split(sent, failed, unknown, waiting=waiting, label=label)
