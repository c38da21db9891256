"""Django's ``date``, finished as the reader's language wants it: a builtin of every template."""

from datetime import date as day
from typing import Any

from django import template
from django.template import defaultfilters

from campaigns.moments import finish_date

register = template.Library()


@register.filter(expects_localtime=True, is_safe=False)
def date(value: day | str | None, arg: str | None = None) -> Any:
    """Write a date or a moment by a format, as Django's own filter does."""
    return finish_date(str(defaultfilters.date(value, arg)))
