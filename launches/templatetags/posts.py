"""A reader's own posts, for pages of earlier stages that cannot ask for them."""

from typing import Any

from django import template

from launches.vouching import list_unanswered

register = template.Library()


@register.inclusion_tag("launches/_unanswered.html")
def unanswered_posts(person: object) -> dict[str, Any]:
    """Say which posts of this person are unconfirmed, and wait for their word."""
    return {"unanswered": list_unanswered(person).order_by("-pk")}
