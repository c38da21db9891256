"""What came of posts, in words: ``{% load echoes %}``."""

from collections.abc import Sequence

from django import template
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, ngettext_lazy

from launches.readings import NUMBERS, Reading

register = template.Library()

PHRASES = {
    "likes": ngettext_lazy("%(shown)s like", "%(shown)s likes", "number"),
    "reposts": ngettext_lazy("%(shown)s repost", "%(shown)s reposts", "number"),
    "replies": ngettext_lazy("%(shown)s reply", "%(shown)s replies", "number"),
    "quotes": ngettext_lazy("%(shown)s quote", "%(shown)s quotes", "number"),
    "impressions": ngettext_lazy("%(shown)s view", "%(shown)s views", "number"),
}


@register.filter
def span(seconds: int) -> str:
    """How long after the launch, in the largest unit that it is a whole number of."""
    if seconds % 86_400 == 0:
        days = seconds // 86_400
        return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
    if seconds % 3600 == 0:
        hours = seconds // 3600
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    if seconds % 60 == 0:
        minutes = seconds // 60
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    return ngettext("%(number)s second", "%(number)s seconds", seconds) % {"number": seconds}


@register.filter
def spans(all_seconds: list[int]) -> str:
    """The same for several: “1 hour, 1 day and 7 days”."""
    return str(get_text_list([span(seconds) for seconds in all_seconds], gettext("and")))


@register.filter
def latest_told(readings: Sequence[Reading]) -> Reading | None:
    """Of one post's readings, the latest first, the last one in which any number was told."""
    return next((reading for reading in readings if told(reading)), None)


@register.filter
def told(reading: Reading) -> str:
    """The numbers of a reading that its network told; empty when it told none."""
    numbers = [(name, getattr(reading, name)) for name in NUMBERS]
    phrases = [
        str(PHRASES[name] % {"number": number, "shown": number_format(number, force_grouping=True)})
        for name, number in numbers
        if number is not None
    ]
    return str(get_text_list(phrases, gettext("and"))) if phrases else ""
