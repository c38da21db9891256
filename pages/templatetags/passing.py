"""Passing a campaign on, for any template: `{% load passing %}`."""

from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from campaigns.models import Campaign
from campaigns.numbering import group_digits
from launches.models import LaunchState
from launches.results import Summary
from pages import embedding, passing

register = template.Library()


@register.simple_tag
def page_address(campaign: Campaign, door: str = "") -> str:
    """Give the whole address of a campaign's page, for people who come by that door."""
    return passing.address_page(campaign, door=door)


@register.simple_tag
def ways_to_share(campaign: Campaign) -> list[passing.Way]:
    """Give the networks to pass it on by."""
    return passing.list_ways(campaign)


@register.simple_tag
def mail_to_share(campaign: Campaign) -> str:
    """Give the address of a mail with it."""
    return passing.address_mail(campaign)


@register.simple_tag
def card_address(campaign: Campaign, number: int) -> str:
    """Give the address of a campaign's picture; networks fetch it anew once the number differs."""
    path = reverse("campaign_card", args=[campaign.slug, _find_language()])
    return f"{settings.SITE_URL}{path}?v={campaign.approved_id}-{campaign.state}-{number}"


@register.simple_tag
def home_card_address() -> str:
    """Give the address of the site's own picture."""
    return f"{settings.SITE_URL}{reverse('home_card', args=[_find_language()])}"


@register.simple_tag
def frame_code(campaign: Campaign) -> SafeString:
    """Give the code of the widget, escaped: a page shows it, and does not do it."""
    return escape(embedding.write_frame(campaign))


@register.simple_tag
def oembed_address(campaign: Campaign) -> str:
    """Give where programs ask how to embed a campaign."""
    query = urlencode({"url": passing.address_page(campaign), "format": "json"})
    return f"{settings.SITE_URL}{reverse('oembed')}?{query}"


@register.simple_tag
def results_in_short(summary: Summary) -> str:
    """Say in a sentence what came of a launch, for cards and search engines."""
    if summary.state == LaunchState.MISSED:
        return gettext("Not enough people were in at the moment, so nothing was posted.")
    numbers = {"sent": group_digits(summary.sent), "total": group_digits(summary.pledges)}
    return (
        ngettext(
            "%(sent)s of %(total)s post was sent, and what was not is explained.",
            "%(sent)s of %(total)s posts were sent, and what was not is explained.",
            summary.pledges,
        )
        % numbers
    )


def _find_language() -> str:
    return (get_language() or settings.LANGUAGE_CODE)[:2]
