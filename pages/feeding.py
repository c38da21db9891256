"""Launches and results as Atom feeds (RFC 4287)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext

from campaigns.models import Campaign
from campaigns.updates import CampaignUpdate
from pages.carding import say
from pages.listing import Row
from pages.passing import address_page
from pages.staging import Stage
from supporters.doors import add_door

MOST_ENTRIES = 50
MOST_UPDATES = 20
DOOR = "feed"
# Characters that XML cannot hold (https://www.w3.org/TR/xml/#charsets).
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Feed(Atom1Feed):
    """The same bytes for the same entries, also when there are none."""

    def latest_post_date(self) -> datetime:
        """When the newest entry changed; long ago when there is none."""
        dates = [each["updateddate"] for each in self.items]
        return max(dates, default=datetime(2000, 1, 1, tzinfo=UTC))


def write_board(rows: Sequence[Row], *, title: str, path: str, language: str) -> bytes:
    """Launches that are coming, or what came of those that are past, as the explore page lists."""
    feed = _open(title=title, address=f"{settings.SITE_URL}{path}", language=language)
    for row in rows:
        if row.stage.has_results and row.outcome is not None:
            _add_results(feed, row, language=language)
        else:
            _add_launch(feed, row, language=language)
    return _write(feed)


def write_campaign(row: Row, *, updates: Sequence[CampaignUpdate], language: str) -> bytes:
    """One campaign's launch, its news, and its results once they are there."""
    feed = _open(
        title=row.campaign.title, address=address_page(row.campaign, door=DOOR), language=language
    )
    if row.stage.has_results and row.outcome is not None:
        _add_results(feed, row, language=language)
    for update in updates:
        _add_update(feed, row.campaign, update)
    _add_launch(feed, row, language=language)
    return _write(feed)


def _open(*, title: str, address: str, language: str) -> Feed:
    return Feed(title=_clean(title), link=address, description="", language=language)


def _add_launch(feed: Feed, row: Row, *, language: str) -> None:
    """When it is, and whether it still is. The same entry until the end, brought up to date."""
    campaign = row.campaign
    title = campaign.title
    if row.stage == Stage.CANCELLED:
        title = gettext("Cancelled: %(title)s") % {"title": title}
    words = say(row, language=language)
    _add(
        feed,
        campaign,
        title=title,
        address=address_page(campaign, door=DOOR),
        sentences=[words.foot, campaign.revision.summary],
        ident=campaign.uid,
    )


def _add_results(feed: Feed, row: Row, *, language: str) -> None:
    """What came of it. Numbers that still change do not make it new again."""
    campaign = row.campaign
    words = say(row, language=language)
    path = reverse("results", args=[campaign.slug])
    _add(
        feed,
        campaign,
        title=gettext("What happened: %(title)s") % {"title": campaign.title},
        address=add_door(f"{settings.SITE_URL}{path}", DOOR),
        sentences=[f"{words.number} {words.counted}", words.foot],
        ident=uuid.uuid5(campaign.uid, "results"),
    )


def _add_update(feed: Feed, campaign: Campaign, update: CampaignUpdate) -> None:
    """A piece of news, whole; new again once it was corrected."""
    feed.add_item(
        title=_clean(update.title),
        link=f"{address_page(campaign, door=DOOR)}#news-{update.pk}",
        description=_clean(update.text_html),
        author_name=_clean(str(campaign.organiser)),
        unique_id=f"urn:uuid:{uuid.uuid5(campaign.uid, f'update {update.pk}')}",
        pubdate=update.written_at,
        updateddate=update.corrected_at or update.written_at,
    )


def _add(
    feed: Feed,
    campaign: Campaign,
    *,
    title: str,
    address: str,
    sentences: Sequence[str],
    ident: uuid.UUID,
) -> None:
    feed.add_item(
        title=_clean(title),
        link=address,
        # Readers take it for HTML (``type="html"``), and these are plain words.
        description=escape(_clean(" – ".join(each for each in sentences if each))),
        author_name=_clean(str(campaign.organiser)),
        unique_id=f"urn:uuid:{ident}",
        pubdate=campaign.created_at,
        updateddate=campaign.updated_at,
    )


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text)


def _write(feed: Feed) -> bytes:
    return str(feed.writeString("utf-8")).encode()
