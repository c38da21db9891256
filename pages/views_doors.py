"""The organiser's own links to a campaign, who came by each, and how many there were each day."""

import csv
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from campaigns.models import PAGE_STATES, Campaign
from launches.gathering import chart_supporters, trace_supporters
from launches.tabling import tell_days
from launches.views_tables import write_table
from pages.forms import DoorForm
from pages.passing import address_page
from supporters.arriving import count_arrivals

USUAL = ("mail", "poster", "site", "press")
MOST_IN_FILE = 1_000


@never_cache
@login_required
@require_safe
def show_doors(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Links to copy, one more of the organiser's naming (``name``), and the numbers of each."""
    campaign = _find_own(request, uid)
    form = DoorForm(request.GET if "name" in request.GET else None)
    named = form.cleaned_data["name"] if form.is_valid() else ""
    doors = [named, *USUAL] if named and named not in USUAL else list(USUAL)
    context = {
        "form": form,
        "campaign": campaign,
        "links": [(door, address_page(campaign, door=door)) for door in doors],
        "arrivals": count_arrivals(campaign),
        **chart_supporters(campaign),
        "supporters_csv": reverse("supporters_csv", args=[campaign.uid]),
    }
    status = 422 if form.errors else 200
    return render(request, "pages/doors.html", context, status=status)


@never_cache
@login_required
@require_safe
def export_doors(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same numbers as CSV, with up to a thousand doors."""
    campaign = _find_own(request, uid)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="doors-{campaign.slug}.csv"'
    writer = csv.writer(answer)
    writer.writerow([_("Door"), _("People"), _("Accounts lent"), _("By their own hand")])
    for each in count_arrivals(campaign, most=MOST_IN_FILE):
        # A door has letters, digits and hyphens within: no program takes it for a formula.
        door = each.door if each.doors == 1 else _("%(number)s others") % {"number": each.doors}
        writer.writerow([door, each.people, each.accounts, each.by_hand])
    return answer


@never_cache
@login_required
@require_safe
def export_supporters(request: HttpRequest, uid: UUID) -> StreamingHttpResponse:
    """How many stood behind it at the end of each day, as CSV."""
    campaign = _find_own(request, uid)
    return write_table(tell_days(trace_supporters(campaign)), name=f"{campaign.slug}-supporters")


def _find_own(request: HttpRequest, uid: UUID) -> Campaign:
    """A campaign in public, for its organiser; for others it is not there. Raises Http404."""
    assert isinstance(request.user, User), "login_required lets nobody else in"
    mine = Campaign.objects.filter(organiser=request.user, approved__isnull=False)
    found: Campaign = get_object_or_404(mine.filter(state__in=PAGE_STATES).with_pages(), uid=uid)
    return found
