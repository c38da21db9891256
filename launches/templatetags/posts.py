"""A reader's own posts, for pages of earlier stages that cannot ask for them."""

from collections.abc import Mapping
from typing import Any

from django import template

from accounts.models import User
from launches.models import FINAL_STATES, Delivery, LaunchKind
from launches.vouching import list_unanswered
from supporters.models import Pledge

register = template.Library()


@register.inclusion_tag("launches/_unanswered.html")
def unanswered_posts(person: object) -> dict[str, Any]:
    """Say which posts of this person are unconfirmed, and wait for their word."""
    return {"unanswered": list_unanswered(person).order_by("-pk")}


@register.simple_tag
def ended_posts(person: User) -> dict[int | None, Delivery]:
    """This person's posts that have ended in real launches, by the ids of their pledges."""
    ended = Delivery.objects.filter(
        pledge__person=person, launch__kind=LaunchKind.REAL, state__in=FINAL_STATES
    )
    return {each.pledge_id: each for each in ended.order_by("pk")}


@register.filter
def of_pledge(posts: Mapping[int | None, Delivery], pledge: Pledge) -> Delivery | None:
    """The post of this pledge, if it has ended."""
    return posts.get(pledge.pk)
