"""Having a launch's posts deleted again: the page that says what happens, and the owners' word."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from launches import holding, keeping
from launches.forms import RecallForm
from launches.keeping import KeepRefused
from launches.recalling import RecallRefused, can_be_recalled, recall
from launches.recalls import find_recall
from launches.recounting import foresee
from launches.results import find_launch
from launches.views import find_campaign
from launches.views_evidence import find_own


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
