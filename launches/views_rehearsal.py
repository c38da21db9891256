"""The page on which a launch is tried out: for the organiser of a campaign, and for operators."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import rehearsing
from launches.holding import may_steer
from launches.rehearsal_results import describe, list_texts
from launches.rehearsal_tabling import TABLES
from launches.rehearsals import Rehearsal
from launches.rehearsing import RehearsalRefused
from launches.views import find_campaign
from launches.views_tables import write_table
from networks import registry

PER_PAGE = 20


@never_cache
@login_required
@require_GET
def show_rehearsal(request: HttpRequest, slug: str) -> HttpResponse:
    """The latest rehearsal, live while it lasts. htmx asks for the inside alone."""
    campaign = _find(request, slug)
    is_part = bool(request.headers.get("HX-Request"))
    context = _describe(campaign, most=1 if is_part else 1 + rehearsing.KEPT)
    latest = context["rehearsal"]
    if is_part:
        answer = render(request, "launches/_rehearsal.html", context)
        if latest is None or not latest.is_open:
            answer["HX-Refresh"] = "true"  # with all that is shown once it is over
        return answer
    if latest is not None and not latest.is_open:
        texts = Paginator(list_texts(latest), PER_PAGE).get_page(request.GET.get("page"))
        networks = registry.all_networks()
        context["page"] = texts
        context["texts"] = [(post, networks.get(post.network)) for post in texts]
    return render(request, "launches/rehearsal.html", context)


@never_cache
@login_required
@require_GET
def export_rehearsal(request: HttpRequest, slug: str, table: str) -> StreamingHttpResponse:
    """One of the page's tables for a spreadsheet (CSV), for who may read the page."""
    campaign = _find(request, slug)
    if table not in TABLES:
        raise Http404
    return write_table(TABLES[table](campaign), name=f"{campaign.slug}-rehearsal-{table}")


@login_required
@require_POST
def begin_rehearsal(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a rehearsal; a worker begins it within seconds."""
    campaign = _find(request, slug)
    assert isinstance(request.user, User)
    try:
        rehearsing.ask(campaign, person=request.user)
    except RehearsalRefused as error:
        messages.error(request, error.sentence)
    return redirect("rehearsal", slug=campaign.slug)


@login_required
@require_POST
def stop_rehearsal(request: HttpRequest, slug: str) -> HttpResponse:
    """End the one that is to begin or under way."""
    campaign = _find(request, slug)
    for rehearsal in rehearsing.find_work().filter(campaign=campaign):
        if rehearsing.stop(rehearsal, why=rehearsing.BY_HAND):
            messages.success(request, _("The rehearsal is stopped."))
    return redirect("rehearsal", slug=campaign.slug)


def _find(request: HttpRequest, slug: str) -> Campaign:
    campaign = find_campaign(request, slug)
    if not may_steer(request.user, campaign):
        raise PermissionDenied
    return campaign


def _describe(campaign: Campaign, *, most: int) -> dict[str, Any]:
    known = list(Rehearsal.objects.filter(campaign=campaign).order_by("-pk")[:most])
    outcomes = [describe(each) for each in known]
    latest = outcomes[0] if outcomes else None
    networks = registry.all_networks()
    rows = latest.networks if latest else []
    return {
        "campaign": campaign,
        "zone": (campaign.approved.zone if campaign.approved else "") or "UTC",
        "rehearsal": known[0] if known else None,
        "outcome": latest,
        "summary": latest,  # what the table of a launch's networks takes
        "networks": [(networks.get(row.network), row) for row in rows],
        "earlier": outcomes[1:],
        "obstacle": rehearsing.find_obstacle(campaign, now=database_now()),
    }
