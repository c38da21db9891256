"""Launches as entries for people's calendars (RFC 5545): one, or all that are coming.

Its id never changes, so that a calendar that reads it again moves the entry along with the moment,
and strikes it when the campaign is called off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from icalendar import Alarm, Calendar, Event, vDuration, vText

from campaigns.models import Campaign, CampaignState
from supporters.doors import add_door

LASTS = timedelta(minutes=15)
RINGS_BEFORE = timedelta(minutes=10)
READ_AGAIN = timedelta(hours=1)
DOOR = "calendar"
CONTENT_TYPE = "text/calendar; charset=utf-8"


@never_cache
@require_safe
def show_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The entry of one launch. 404 for a campaign that this reader may not see."""
    seen = Campaign.objects.seen_by(request.user).filter(approved__isnull=False)
    campaign: Campaign = get_object_or_404(seen.select_related("approved"), slug=slug)
    if campaign.launch_at is None:
        raise Http404
    answer = HttpResponse(write_entry(campaign, at=campaign.launch_at), content_type=CONTENT_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{campaign.slug}.ics"'
    answer["X-Robots-Tag"] = "noindex"
    return answer


def write_entry(campaign: Campaign, *, at: datetime) -> bytes:
    """The calendar with the one entry, in the reader's language."""
    is_cancelled = campaign.state == CampaignState.CANCELLED
    calendar = _open_calendar(method="CANCEL" if is_cancelled else "PUBLISH")
    event = _make_event(campaign, at=at)
    event.add("url", _find_address(campaign))
    if not is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event["summary"])
        alarm.add("trigger", -RINGS_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def write_all(campaigns: Sequence[Campaign]) -> bytes:
    """A calendar of launches to subscribe to, in the reader's language. Nothing rings.

    Name and pace are those of RFC 7986, and once more as older programs read them.
    """
    calendar = _open_calendar(method="PUBLISH")
    name = _("Launches on CrowdSpeak")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", READ_AGAIN)
    calendar.add("x-published-ttl", vDuration(READ_AGAIN))
    for campaign in campaigns:
        if campaign.launch_at is not None:
            event = _make_event(campaign, at=campaign.launch_at)
            event.add("url", add_door(_find_address(campaign), DOOR))
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _open_calendar(*, method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//CrowdSpeak//{settings.SITE_HOST}//")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _make_event(campaign: Campaign, *, at: datetime) -> Event:
    """The entry, but for its address and what rings. The same id in every calendar."""
    is_cancelled = campaign.state == CampaignState.CANCELLED
    event = Event()
    event.add("uid", f"{campaign.uid}@{settings.SITE_HOST}")
    # Every change of the moment is a revision of its own, and nothing comes after a cancellation.
    event.add("sequence", campaign.revision.number - 1 + int(is_cancelled))
    event.add("dtstamp", campaign.updated_at)
    event.add("last-modified", campaign.updated_at)
    event.add("dtstart", at)
    event.add("dtend", at + LASTS)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    language = get_language() or settings.LANGUAGE_CODE
    summary = _("Everybody says it now: %(title)s") % {"title": campaign.title}
    event.add("summary", vText(summary), parameters={"LANGUAGE": language})
    event.add("description", _describe(_find_address(campaign)))
    return event


def _find_address(campaign: Campaign) -> str:
    return f"{settings.SITE_URL}{campaign.get_absolute_url()}"


def _describe(address: str) -> str:
    return _(
        "Who promised to post it by their own hand finds it in the mail of that moment, or in My "
        "pledges. The campaign: %(address)s"
    ) % {"address": address}
