"""Taking a reader's door along, in any template: `{% load doors %}`."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from supporters.doors import NAME, add_door, find_door

register = template.Library()


@register.simple_tag(takes_context=True)
def door_query(context: Mapping[str, Any]) -> str:
    """Give the query that takes the door along, like `?from=poster`; empty without one."""
    return add_door("", find_door(context["request"]))


@register.simple_tag(takes_context=True)
def door_field(context: Mapping[str, Any]) -> SafeString:
    """Give the hidden field that takes the door along; empty without one."""
    door = find_door(context["request"])
    if not door:
        return SafeString("")
    return format_html('<input type="hidden" name="{}" value="{}">', NAME, door)
