"""A launch as an entry for people's calendars (RFC 5545).

Its id never changes, so that a calendar that reads it again moves the entry along with the moment,
and strikes it when the campaign is called off.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from icalendar import Alarm, Calendar, Event, vText

from campaigns.models import Campaign, CampaignState

LASTS = timedelta(minutes=15)
RINGS_BEFORE = timedelta(minutes=10)
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
    calendar = Calendar()
    calendar.add("prodid", f"-//CrowdSpeak//{settings.SITE_HOST}//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
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
    address = f"{settings.SITE_URL}{campaign.get_absolute_url()}"
    event.add("url", address)
    event.add("description", _describe(address))
    if not is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", -RINGS_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _describe(address: str) -> str:
    return _(
        "Who promised to post it by their own hand finds it in the mail of that moment, or in My "
        "pledges. The campaign: %(address)s"
    ) % {"address": address}
