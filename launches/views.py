"""The launch room, the results, a person's own receipts, and the organiser's controls."""

import contextlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import PAGE_STATES, Campaign
from launches import asking, broadcasting, holding
from launches.broadcasting import Unavailable
from launches.concerning import find_mine
from launches.echoing import describe_echo
from launches.following import count_clicks, read_clicks
from launches.gathering import chart_supporters
from launches.glancing import list_shown
from launches.lagging import measure_lags
from launches.models import Delivery, Launch, Unlookable
from launches.readings import Reading
from launches.recalls import find_recall
from launches.recounting import summarise_recall
from launches.results import find_launch, summarise
from launches.surveying import Survey, survey
from launches.tabling import find_unsent
from launches.totalling import total_rounds
from networks import registry

LEAST_REFRESH_SECONDS = 3  # of a page without JavaScript
PER_PAGE = 50


def find_campaign(request: HttpRequest, slug: str) -> Campaign:
    """The campaign if this reader may see it; 404 else."""
    campaign: Campaign = get_object_or_404(
        Campaign.objects.seen_by(request.user).with_pages(), slug=slug
    )
    return campaign


def survey_for(request: HttpRequest, campaign: Campaign) -> Survey:
    """The launch as its watchers see it; for who is signed in, and may have changed it, anew."""
    found = None
    if not request.user.is_authenticated:
        with contextlib.suppress(Unavailable):
            found = broadcasting.find_survey(campaign.slug)
    found = found or survey(Campaign.objects.seen_by(request.user), campaign.slug)
    if found is None:
        raise Http404
    return found


@require_GET
@never_cache
def show_room(request: HttpRequest, slug: str) -> HttpResponse:
    """The last minute's countdown, then the crowd live (``static/js/live.js``)."""
    campaign = find_campaign(request, slug)
    seen = survey_for(request, campaign)
    is_public = campaign.approved_id is not None and campaign.state in PAGE_STATES
    live_at = reverse("launch_live", args=[campaign.slug, get_language()]) if is_public else ""
    context = {
        **broadcasting.describe(seen, campaign.slug),
        **_describe_mine(request, campaign),
        "live_at": live_at,
        "refresh_seconds": max(LEAST_REFRESH_SECONDS, seen.wait_seconds),
    }
    return render(request, "launches/room.html", context)


@require_GET
@never_cache
@login_required
def show_mine(request: HttpRequest, slug: str) -> HttpResponse:
    """What the launch room has for this reader alone, drawn anew."""
    campaign = find_campaign(request, slug)
    context: dict[str, Any] = _describe_mine(request, campaign)
    if context["mine"].may_control:
        found = survey(Campaign.objects.seen_by(request.user), campaign.slug)
        context["summary"] = found.summary if found else None
    return render(request, "launches/_mine.html", context)


def _describe_mine(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    launch = find_launch(campaign)
    mine = find_mine(campaign, launch=launch, reader=request.user, now=database_now())
    return {"campaign": campaign, "launch": launch, "mine": mine, "slug": campaign.slug}


@require_GET
def show_results(request: HttpRequest, slug: str) -> HttpResponse:
    """What happened, for anybody; with every reason for who runs the campaign."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or launch.decided_at is None:
        return redirect("launch", slug=campaign.slug)
    seen, now = survey(Campaign.objects.seen_by(request.user), campaign.slug), database_now()
    context = {**broadcasting.describe(seen, campaign.slug), "campaign": campaign, "launch": launch}
    context.update(chart_supporters(campaign))
    context["followed"] = read_clicks(campaign, since=launch.launch_at, now=now)
    context["lags"] = measure_lags(launch)
    context["may_control"] = holding.may_control(request.user, launch)
    if context["may_control"]:
        context["unsent"] = Paginator(find_unsent(launch), PER_PAGE).get_page(
            request.GET.get("page")
        )
    posts = list_shown(launch).select_related("pledge__account", "launch").order_by("answered_at")
    context["posts"] = posts[:PER_PAGE]
    context["further_posts"] = max(0, posts.count() - PER_PAGE)
    echo = describe_echo(total_rounds(launch, now=now))
    networks = registry.all_networks()
    context["echo"] = echo
    context["echo_networks"] = [(networks.get(str(row.key)), row) for row in echo.networks]
    context["silent_networks"] = [
        network.label
        for network in (networks.get(str(row.key)) for row in echo.networks)
        if network is not None and not network.tells_numbers
    ]
    return render(request, "launches/results.html", context)


@require_GET
@never_cache
def show_results_json(request: HttpRequest, slug: str) -> HttpResponse:
    """The same numbers for machines, in one line."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    rounds = total_rounds(launch, now=database_now()) if launch else []
    numbers = [each.as_json() for each in rounds]
    clicks = count_clicks([campaign]).get(campaign.pk)  # null: not counted
    made = find_recall(launch)
    recalled = summarise_recall(made).as_json() if made else None
    told = {"numbers": numbers, "clicks": clicks, "recall": recalled}
    return JsonResponse({**summarise(campaign).as_json(), **told})


@login_required
@require_GET
def show_receipts(request: HttpRequest) -> HttpResponse:
    """Every post that was, or was not, made in this person's name."""
    assert isinstance(request.user, User)
    answered = Reading.objects.exclude(read_at=None).order_by("-after_seconds")
    deliveries = (
        Delivery.objects.filter(pledge__person=request.user)
        .select_related("pledge__account", "launch__campaign__approved")
        .prefetch_related(Prefetch("readings", answered, to_attr="answered"), "deletions")
        .order_by("-pk")
    )
    page = Paginator(deliveries, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "launches/receipts.html", {"page": page})


def _control(
    request: HttpRequest, slug: str, act: Callable[[Launch], bool], *, done: str, idle: str
) -> HttpResponse:
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or not holding.may_control(request.user, launch):
        raise PermissionDenied
    if act(launch):
        messages.success(request, done)
    else:
        messages.info(request, idle)
    return redirect("launch", slug=campaign.slug)


@login_required
@require_POST
def hold_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop what waits."""
    return _control(
        request,
        slug,
        holding.hold,
        done=_("The launch is held. What waits stays where it is; nothing is lost."),
        idle=_("There was nothing to hold: the launch is not under way."),
    )


@login_required
@require_POST
def resume_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a held launch go on."""
    return _control(
        request,
        slug,
        holding.resume,
        done=_("The launch goes on."),
        idle=_("The launch was not held."),
    )


@login_required
@require_POST
def answer_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """The operator says whether posts that nobody can look up are sent."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or not asking.may_answer(request.user, launch):
        raise PermissionDenied
    sends = request.POST.get("unlookable") == Unlookable.SEND
    if asking.answer(launch, sends=sends):
        messages.success(request, _("The launch goes on."))
    else:
        messages.info(request, _("The launch was not held."))
    return redirect("launch", slug=campaign.slug)


@login_required
@require_POST
def cancel_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """End it: what was not begun is not sent."""
    return _control(
        request,
        slug,
        holding.cancel,
        done=_("The launch is cancelled. What was not begun is not sent."),
        idle=_("The launch was over already."),
    )
