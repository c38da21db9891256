"""A campaign on other people's sites: the widget's code, and what oEmbed answers.

By https://oembed.com, version 1.0: JSON alone; 501 for another format, 404 for an address of which
nothing can be embedded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.models import Campaign

WIDTH, HEIGHT = 480, 260  # CSS pixels: what the widget needs with a title of two lines
LEAST_WIDTH, LEAST_HEIGHT = 200, 120  # below that nothing can be read
KEPT_SECONDS = 3600
EMBEDDED = ("campaign", "campaign_embed", "launch", "results")  # pages that stand for a campaign


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of a frame, in CSS pixels."""

    width: int = WIDTH
    height: int = HEIGHT

    def within(self, *, width: int | None, height: int | None) -> Size:
        """No larger than that (None: whatever)."""
        return Size(
            width=min(self.width, width or WIDTH), height=min(self.height, height or HEIGHT)
        )


def read_slug(address: str) -> str | None:
    """The campaign that an address of this site is about; None for any other address."""
    try:
        parts = urlsplit(address)
        found = resolve(parts.path or "/")
    except (ValueError, Resolver404):
        return None
    is_ours = (
        parts.scheme in ("http", "https") and parts.netloc == urlsplit(settings.SITE_URL).netloc
    )
    if not is_ours or found.url_name not in EMBEDDED:
        return None
    return str(found.kwargs["slug"])


def write_frame(campaign: Campaign, *, size: Size | None = None) -> SafeString:
    """The code to paste into another page."""
    size = size or Size()
    return format_html(
        '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy"'
        ' style="border:0;max-width:100%"></iframe>',
        f"{settings.SITE_URL}{reverse('campaign_embed', args=[campaign.slug])}",
        size.width,
        size.height,
        campaign.title,
    )


def describe(campaign: Campaign, *, language: str, width: int | None, height: int | None) -> Any:
    """What oEmbed answers of a campaign, for a place of at most that size (CSS pixels)."""
    size = Size().within(width=width, height=height)
    told = {
        "version": "1.0",
        "type": "rich",
        "title": campaign.title,
        "author_name": str(campaign.organiser),
        "provider_name": "CrowdSpeak",
        "provider_url": settings.SITE_URL,
        "cache_age": KEPT_SECONDS,
        "html": write_frame(campaign, size=size),
        "width": size.width,
        "height": size.height,
    }
    # A thumbnail has to fit as well, and there is one size of it.
    if (width or 1200) >= 1200 and (height or 630) >= 630:
        path = reverse("campaign_card", args=[campaign.slug, language])
        told |= {
            "thumbnail_url": f"{settings.SITE_URL}{path}",
            "thumbnail_width": 1200,
            "thumbnail_height": 630,
        }
    return told
