"""Feeds and the calendar of launches: for programs that come again. Nobody is known by them."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import knows_nobody
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Visibility
from campaigns.updates import CampaignUpdate
from pages.calendar import CONTENT_TYPE, write_all
from pages.feeding import MOST_ENTRIES, MOST_UPDATES, Feed, write_board, write_campaign
from pages.forms import SearchForm
from pages.listing import find_coming, find_past, list_rows, narrow
from pages.serving import find_public, serve

FEED_SECONDS = 300
MOST_DATES = 200
STRUCK_FOR = timedelta(days=7)  # after its moment, what was called off is no more in the calendar


@knows_nobody
@require_safe
def show_feed(request: HttpRequest) -> HttpResponse:
    """Listed campaigns as the explore page finds them: coming, or with ``state=past`` past."""
    form = SearchForm(request.GET)
    is_past = request.GET.get("state") == "past"
    found = narrow(find_past() if is_past else find_coming(), **form.seek())
    body = write_board(
        list_rows(list(found[:MOST_ENTRIES]), now=database_now()),
        title=_("What was said on CrowdSpeak") if is_past else _("Launches on CrowdSpeak"),
        path=reverse("explore"),
        language=_find_language(),
    )
    return serve(request, body, content_type=Feed.content_type, max_age=FEED_SECONDS)


@knows_nobody
@require_safe
def show_campaign_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """A campaign's launch, news and results; 404 for what a stranger may not see."""
    campaign = find_public(slug)
    (row,) = list_rows([campaign], now=database_now())
    updates = list(CampaignUpdate.objects.filter(campaign=campaign).shown()[:MOST_UPDATES])
    return serve(
        request,
        write_campaign(row, updates=updates, language=_find_language()),
        content_type=Feed.content_type,
        max_age=FEED_SECONDS,
        is_listed=campaign.visibility == Visibility.PUBLIC,
    )


@knows_nobody
@require_safe
def show_all_dates(request: HttpRequest) -> HttpResponse:
    """All coming launches, by the filters of the explore page, as a calendar to subscribe to.

    What was called off stays in it, struck, until a week after its moment.
    """
    form = SearchForm(request.GET)
    called_off = Q(state=CampaignState.CANCELLED, launch_at__gt=database_now() - STRUCK_FOR)
    shown = Campaign.objects.listed().filter(Q(state=CampaignState.SCHEDULED) | called_off)
    found = narrow(shown.with_pages().order_by("launch_at", "pk"), **form.seek())
    return serve(
        request,
        write_all(list(found[:MOST_DATES])),
        content_type=CONTENT_TYPE,
        max_age=FEED_SECONDS,
    )


def _find_language() -> str:
    return get_language() or settings.LANGUAGE_CODE
