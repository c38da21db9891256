"""Passing a campaign on: its address for people, and the pages on which networks share it.

Nothing here asks anybody: an address of a network is followed by whoever clicks on it, and by
nobody before.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings

from campaigns.models import Campaign
from networks.registry import all_composers
from supporters.doors import add_door


@dataclass(frozen=True, kw_only=True)
class Way:
    """One network to pass a campaign on by: ``url`` is its own page, filled in."""

    name: str
    label: str
    code: str
    url: str


def address_page(campaign: Campaign, *, door: str = "") -> str:
    """The whole address of a campaign's page, for people who come by that door."""
    return add_door(f"{settings.SITE_URL}{campaign.get_absolute_url()}", door)


def list_ways(campaign: Campaign) -> list[Way]:
    """The networks and messengers that are on, each with the campaign's title and address.

    Each address names its network as the door, so that the organiser sees what sharing there did.
    """
    ways = []
    for name, composer in all_composers().items():
        link = address_page(campaign, door=name)
        composition = composer.compose(f"{campaign.title}\n{link}", link=link)
        ways.append(Way(name=name, label=composer.label, code=composer.code, url=composition.url))
    return ways


def address_mail(campaign: Campaign) -> str:
    """A ``mailto:`` address (RFC 6068) of a mail that is still to be addressed."""
    query = {"subject": campaign.title, "body": address_page(campaign, door="mail")}
    return f"mailto:?{urlencode(query, quote_via=quote)}"
