"""Having a launch's posts deleted again: the page that says what happens, and the owners' word."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from campaigns.models import Campaign
from launches import holding, keeping
from launches.forms import RecallForm
from launches.keeping import KeepRefused
from launches.recalling import RecallRefused, can_be_recalled, recall
from launches.recalls import Deletion, find_recall
from launches.recounting import foresee, tell_foreseen, tell_lines
from launches.results import find_launch
from launches.views import PER_PAGE, find_campaign
from launches.views_evidence import find_own
from launches.views_tables import write_table
from networks import registry


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def recall_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """What would be deleted and what not, and the button; POST with a tick deletes."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or not holding.may_control(request.user, launch):
        raise PermissionDenied
    assert isinstance(request.user, User)
    room = redirect("launch", slug=campaign.slug)
    if find_recall(launch) is not None or not can_be_recalled(launch):
        messages.info(request, _("There is nothing to recall: see here what happened."))
        return room
    form = RecallForm(request.POST or None)
    if not form.is_valid():
        context = {"campaign": campaign, "launch": launch, "form": form, "will": foresee(launch)}
        status = 422 if form.is_bound else 200
        return render(request, "launches/recall.html", context, status=status)
    try:
        is_new = recall(launch, by=request.user, why=form.cleaned_data["why"])
    except RecallRefused as error:
        messages.error(request, error.sentence)
        return room
    if is_new:
        messages.success(request, _("The posts are being deleted. You can follow it here."))
    else:
        messages.info(request, _("It was recalled a moment ago: see here what happens."))
    return room


@never_cache
@login_required
@require_GET
def export_foreseen(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """What would be deleted and what not, as CSV; 404 where the page has nothing to recall."""
    campaign = find_campaign(request, slug)
    launch = find_launch(campaign)
    if launch is None or not holding.may_control(request.user, launch):
        raise PermissionDenied
    if find_recall(launch) is not None or not can_be_recalled(launch):
        raise Http404
    return write_table(tell_foreseen(foresee(launch)), name=f"{campaign.slug}-recall-foreseen")


@never_cache
@login_required
@require_GET
def show_lines(request: HttpRequest, slug: str) -> HttpResponse:
    """Every post that was recalled and what became of it, for who may steer the launch."""
    campaign = find_campaign(request, slug)
    lines = Paginator(_find_lines(request, campaign), PER_PAGE).get_page(request.GET.get("page"))
    networks = registry.all_networks()
    rows = [(line, networks.get(line.delivery.network)) for line in lines]
    context = {"campaign": campaign, "page": lines, "rows": rows}
    return render(request, "launches/recall_lines.html", context)


@never_cache
@login_required
@require_GET
def export_lines(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The same as a table for a spreadsheet (CSV), written as it is read."""
    campaign = find_campaign(request, slug)
    lines = _find_lines(request, campaign).iterator(chunk_size=1000)
    return write_table(tell_lines(lines), name=f"recall-{campaign.slug}")


def _find_lines(request: HttpRequest, campaign: Campaign) -> QuerySet[Deletion]:
    """The ledger of its recall. Raises PermissionDenied, and Http404 where there is none."""
    launch = find_launch(campaign)
    if launch is None or not holding.may_control(request.user, launch):
        raise PermissionDenied
    made = find_recall(launch)
    if made is None:
        raise Http404
    lines: QuerySet[Deletion] = Deletion.objects.filter(recall=made).order_by("pk")
    return lines.select_related("delivery__pledge__account")


@login_required
@require_POST
def keep_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Its owner keeps a post, whoever recalls the launch."""
    delivery = find_own(request, pk)
    assert isinstance(request.user, User)
    try:
        keeping.keep_post(delivery, person=request.user)
    except KeepRefused as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("Your post stays. Nobody but you can delete it now."))
    return redirect("my_post", pk=delivery.pk)


@login_required
@require_POST
def stop_keeping(request: HttpRequest, pk: int) -> HttpResponse:
    """Its owner does not keep it any more."""
    delivery = find_own(request, pk)
    assert isinstance(request.user, User)
    try:
        keeping.stop_keeping(delivery, person=request.user)
    except KeepRefused as error:
        messages.error(request, error.sentence)
    return redirect("my_post", pk=delivery.pk)
