"""The launch room, the results, a person's own receipts, and the organiser's controls."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import asking, breaking, holding, pausing, rehearsing, stopping
from launches.echoing import describe_echo
from launches.following import count_clicks, read_clicks
from launches.models import Delivery, DeliveryState, Launch, Unlookable
from launches.offering import is_to_post, list_to_post
from launches.pauses import NetworkPause
from launches.readings import Reading
from launches.recalling import can_be_recalled
from launches.recalls import NOT_THERE, find_recall
from launches.recounting import summarise_recall
from launches.results import count_by_second, find_launch, split_by_network, summarise
from launches.totalling import total_rounds
from launches.vouching import list_unanswered
from networks import registry
from networks.base import Network
from supporters.models import Pledge

FEED = 12
PER_PAGE = 50
UNSENT_STATES = (
    DeliveryState.FAILED,
    DeliveryState.UNCONFIRMED,
    DeliveryState.NOT_SENT,
    DeliveryState.WITHDRAWN,
)


def find_campaign(request: HttpRequest, slug: str) -> Campaign:
    """The campaign if this reader may see it; 404 else."""
    campaign: Campaign = get_object_or_404(
        Campaign.objects.seen_by(request.user).with_pages(), slug=slug
    )
    return campaign


def describe_room(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What the launch room shows now."""
    launch = find_launch(campaign)
    summary = summarise(campaign)
    seconds = count_by_second(launch) if launch else []
    feed = (
        list_shown(launch)
        .select_related("pledge__account", "launch")
        .order_by("-answered_at")[:FEED]
        if launch
        else []
    )
    networks = registry.all_networks()
    now = database_now()
    made = find_recall(launch)
    return {
        "campaign": campaign,
        "launch": launch,
        "summary": summary,
        "networks": [
            (networks.get(tally.network), tally)
            for tally in (split_by_network(launch) if launch else [])
        ],
        "feed": feed,
        "seconds": seconds,
        "busiest": max(seconds, default=0),
        "now": now,
        "standstill": stopping.find_standstill() if launch and not launch.is_over else None,
        "silent_hosts": breaking.count_waiting(launch) if launch and not launch.is_over else [],
        "pauses": _list_pauses(request, campaign, launch=launch),
        "may_rehearse": rehearsing.is_on()
        and campaign.state == CampaignState.SCHEDULED
        and holding.may_steer(request.user, campaign),
        "may_control": launch is not None and holding.may_control(request.user, launch),
        "may_answer": launch is not None and asking.may_answer(request.user, launch),
        "recall": summarise_recall(made) if made else None,
        "can_recall": launch is not None and made is None and can_be_recalled(launch),
        "to_post": list_to_post(campaign, person=request.user, now=now),
        "is_to_post": is_to_post(campaign, person=request.user),
        "unanswered": list_unanswered(request.user).filter(launch=launch) if launch else [],
    }


def list_shown(launch: Launch) -> QuerySet[Delivery]:
    """The posts of supporters who agreed to be shown, without those that were deleted again."""
    posts: QuerySet[Delivery] = Delivery.objects.filter(
        launch=launch, state=DeliveryState.SENT, pledge__is_shown=True
    )
    return posts.exclude(deletions__state__in=NOT_THERE)


def _list_pauses(
    request: HttpRequest, campaign: Campaign, *, launch: Launch | None
) -> list[tuple[NetworkPause, Network]]:
    """What is paused of the networks that this launch posts to; for who may steer it."""
    is_over = launch is not None and launch.is_over
    if is_over or not holding.may_steer(request.user, campaign):
        return []
    lent = Pledge.objects.filter(campaign=campaign).counting().order_by()
    networks = list(lent.values_list("network", flat=True).distinct())
    found = pausing.list_pauses(networks, now=database_now())
    return [(pause, registry.get(pause.network)) for pause in found]


@require_GET
@never_cache
def show_room(request: HttpRequest, slug: str) -> HttpResponse:
    """The last minute's countdown, then the crowd live. htmx asks for the inside alone."""
    campaign = find_campaign(request, slug)
    room = describe_room(request, campaign)
    template = "launches/_room.html" if request.headers.get("HX-Request") else "launches/room.html"
    return render(request, template, room)


@require_GET
def show_results(request: HttpRequest, slug: str) -> HttpResponse:
    """What happened, for anybody; with every reason for who runs the campaign."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or launch.decided_at is None:
        return redirect("launch", slug=campaign.slug)
    context = describe_room(request, campaign)
    context["followed"] = read_clicks(campaign, since=launch.launch_at, now=context["now"])
    if context["may_control"]:
        unsent = (
            Delivery.objects.filter(launch=launch, state__in=UNSENT_STATES)
            .select_related("pledge__account")
            .order_by("pk")
        )
        context["unsent"] = Paginator(unsent, PER_PAGE).get_page(request.GET.get("page"))
    posts = list_shown(launch).select_related("pledge__account", "launch").order_by("answered_at")
    context["posts"] = posts[:PER_PAGE]
    context["further_posts"] = max(0, posts.count() - PER_PAGE)
    echo = describe_echo(total_rounds(launch, now=context["now"]))
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
