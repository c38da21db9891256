"""How long a post took, in words: ``{% load lags %}``."""

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from launches.lagging import LagSpan

register = template.Library()

MINUTE = 60


@register.filter
def lag(milliseconds: int | None) -> str:
    """Seconds, finer the fewer; minutes from two on; – when unknown."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds >= 120:
        return _("%(number)s min") % {"number": number_format(round(seconds / 60), 0)}
    digits = 2 if seconds < 1 else 1 if seconds < 10 else 0
    return _("%(number)s s") % {"number": number_format(round(seconds, digits), digits)}


@register.filter
def lag_end(span: LagSpan) -> SafeString:
    """Where a span ends, on two short lines: “5” over “s”, “> 30” over “min” for one without."""
    end = span.from_seconds if span.to_seconds is None else span.to_seconds
    number, unit = (end, _("s")) if end < MINUTE else (end // MINUTE, _("min"))
    more = "> " if span.to_seconds is None else ""
    return format_html("{}{}<br>{}", more, number, unit)


@register.filter
def lag_span(span: LagSpan) -> str:
    """From when to when: “2 to 5 s”, “1 to 2 min”, “more than 30 min”."""
    start, end = span.from_seconds, span.to_seconds
    if end is None:
        return _("more than %(number)s min") % {"number": start // MINUTE}
    if start < MINUTE:
        return _("%(start)s to %(end)s s") % {"start": start, "end": end}
    return _("%(start)s to %(end)s min") % {"start": start // MINUTE, "end": end // MINUTE}
