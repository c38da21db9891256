"""Names that people gave, within a sentence of ours: `{% load names %}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def isolate(name: object) -> SafeString:
    """Keep a name's own direction within it: Arabic would turn round what follows it in the line.

    For `blocktranslate … with`; where a name stands in an element alone, give that `dir="auto"`.
    """
    return format_html("<bdi>{}</bdi>", name)
