"""What is known of posts that nobody can prove: for the account's owner, who may answer, and for
who runs the campaign or the site, who may read it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import holding, vouching
from launches.evidence import list_steps, tell_evidence
from launches.forms import WhereForm
from launches.keeping import can_keep
from launches.models import OPEN_STATES, Delivery, DeliveryState
from launches.recalls import find_recall
from launches.results import find_launch
from launches.views import PER_PAGE, find_campaign
from launches.views_tables import write_table
from launches.vouching import VouchRefused
from networks import registry


@never_cache
@login_required
@require_GET
def show_post(request: HttpRequest, pk: int) -> HttpResponse:
    """One post of the reader's own: what happened, and while it is unconfirmed what they may say.

    404 for anybody else's.
    """
    delivery = find_own(request, pk)
    return _show(request, delivery, form=WhereForm(delivery=delivery))


@login_required
@require_POST
def say_there(request: HttpRequest, pk: int) -> HttpResponse:
    """Its owner says that it is there."""
    delivery = find_own(request, pk)
    form = WhereForm(request.POST, delivery=delivery)
    if not form.is_valid():
        return _show(request, delivery, form=form, status=422)
    assert isinstance(request.user, User)
    try:
        vouching.say_there(delivery, person=request.user, url=form.cleaned_data["url"])
    except VouchRefused as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("Thank you. It is kept as your word, and not sent again."))
    return redirect("my_post", pk=delivery.pk)


@login_required
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Its owner does not say so any more."""
    delivery = find_own(request, pk)
    assert isinstance(request.user, User)
    try:
        vouching.take_back(delivery, person=request.user)
    except VouchRefused as error:
        messages.error(request, error.sentence)
    return redirect("my_post", pk=delivery.pk)


@login_required
@require_POST
def send_anyway(request: HttpRequest, pk: int) -> HttpResponse:
    """Its owner has it sent once more."""
    delivery = find_own(request, pk)
    assert isinstance(request.user, User)
    seen = request.POST.get("attempt", "")
    try:
        vouching.send_anyway(
            delivery,
            person=request.user,
            seen_attempt=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1,
        )
    except VouchRefused as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("It is on its way. What came of it stands here in a moment."))
    return redirect("my_post", pk=delivery.pk)


@never_cache
@login_required
@require_GET
def show_unconfirmed(request: HttpRequest, slug: str) -> HttpResponse:
    """Every unconfirmed post of a launch with its evidence, for who may steer it. No buttons."""
    campaign = find_campaign(request, slug)
    page = Paginator(_find_unconfirmed(request, campaign), PER_PAGE).get_page(
        request.GET.get("page")
    )
    networks = registry.all_networks()
    context = {
        "campaign": campaign,
        "zone": _read_zone(campaign),
        "page": page,
        "rows": [(each, networks.get(each.network), list_steps(each)) for each in page],
    }
    return render(request, "launches/unconfirmed.html", context)


@never_cache
@login_required
@require_GET
def export_unconfirmed(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The same evidence as a table for a spreadsheet (CSV), written as it is read."""
    campaign = find_campaign(request, slug)
    unconfirmed = _find_unconfirmed(request, campaign).iterator(chunk_size=1000)
    return write_table(tell_evidence(unconfirmed), name=f"{campaign.slug}-unconfirmed")


def _find_unconfirmed(request: HttpRequest, campaign: Campaign) -> QuerySet[Delivery]:
    """The unconfirmed posts of its launch. Raises PermissionDenied."""
    launch = find_launch(campaign)
    if launch is None or not holding.may_control(request.user, launch):
        raise PermissionDenied
    found: QuerySet[Delivery] = Delivery.objects.filter(
        launch=launch, state=DeliveryState.UNCONFIRMED
    )
    return found.select_related("pledge__account").prefetch_related("attempts").order_by("pk")


def find_own(request: HttpRequest, pk: int) -> Delivery:
    """A post of the reader's own; 404 for anybody else's."""
    assert isinstance(request.user, User)
    mine = vouching.list_own(request.user).filter(erased_at=None)
    found: Delivery = get_object_or_404(mine, pk=pk)
    return found


def _show(
    request: HttpRequest, delivery: Delivery, *, form: WhereForm, status: int = 200
) -> HttpResponse:
    campaign = delivery.launch.campaign
    assert delivery.pledge is not None, "its owner is who asks"
    made = find_recall(delivery.launch)
    lines = list(delivery.deletions.order_by("pk")) if made else []
    context: dict[str, Any] = {
        "delivery": delivery,
        "campaign": campaign,
        "account": delivery.pledge.account,
        "text": delivery.text or delivery.pledge.text,
        "network": registry.get(delivery.network),
        "zone": _read_zone(campaign),
        "steps": list_steps(delivery),
        "until": vouching.leaves_until(delivery),
        "obstacle": vouching.find_obstacle(delivery, now=database_now()),
        "is_open": delivery.state in OPEN_STATES and not delivery.launch.is_over,
        "recall": made,
        "lines": lines,
        "can_keep": can_keep(delivery, lines),
        "is_left": any(line.is_left for line in lines),
        "form": form,
    }
    return render(request, "launches/post.html", context, status=status)


def _read_zone(campaign: Any) -> str:
    return (campaign.approved.zone if campaign.approved else "") or "UTC"
