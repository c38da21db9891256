"""How long a post took, in words: ``{% load lags %}``."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()


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
