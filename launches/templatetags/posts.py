"""A reader's own posts, for pages of earlier stages that cannot ask for them."""

from collections.abc import Mapping
from typing import Any

from django import template

from accounts.models import User
from launches.models import FINAL_STATES, Delivery, DeliveryState
from launches.vouching import list_own
from supporters.models import Pledge

register = template.Library()


@register.inclusion_tag("launches/_unanswered.html")
def unanswered_posts(posts: Mapping[int | None, Delivery]) -> dict[str, Any]:
    """Say which of a person's posts are unconfirmed, and wait for their word; newest first."""
    unconfirmed = [each for each in posts.values() if each.state == DeliveryState.UNCONFIRMED]
    return {"unanswered": [each for each in reversed(unconfirmed) if each.owner_said_at is None]}


@register.simple_tag
def ended_posts(person: User) -> dict[int | None, Delivery]:
    """This person's posts that have ended in real launches, by the ids of their pledges."""
    ended = list_own(person).filter(state__in=FINAL_STATES).order_by("pk")
    ended = ended.prefetch_related("deletions")
    return {each.pledge_id: each for each in ended}


@register.filter
def of_pledge(posts: Mapping[int | None, Delivery], pledge: Pledge) -> Delivery | None:
    """The post of this pledge, if it has ended."""
    return posts.get(pledge.pk)
