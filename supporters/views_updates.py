"""The organiser's desk for news: what was told, to how many, and a form to tell more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.forms import UpdateForm
from campaigns.models import Campaign
from campaigns.refusing import Refusal
from campaigns.updates import TELLING_STATES
from campaigns.updating import correct_update, remove_update, write_update
from supporters.models import Ask

NOBODY = (0, 0)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, uid: UUID) -> HttpResponse:
    """All the news of one's own campaign, and a form for more. 404 for anybody else's."""
    campaign = _find_own(request, uid)
    form = UpdateForm(request.POST or None, initial={"wants_mail": True})
    if request.method == "POST" and form.is_valid():
        try:
            written = write_update(campaign, by=_signed_in(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("It is on the page. Its mails leave in a quarter of an hour.")
                if written.wants_mail
                else _("It is on the page."),
            )
            return redirect("updates", campaign.uid)
    context = {
        "campaign": campaign,
        "form": form,
        "can_write": campaign.state in TELLING_STATES,
        "rows": _describe(campaign),
    }
    return render(request, "supporters/updates.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, uid: UUID, pk: int) -> HttpResponse:
    """Correct one before its mails leave."""
    campaign = _find_own(request, uid)
    update = get_object_or_404(campaign.updates.shown(), pk=pk)
    facts = {name: getattr(update, name) for name in ("title", "text", "wants_mail")}
    form = UpdateForm(request.POST or None, initial=facts)
    if request.method == "POST" and form.is_valid():
        try:
            correct_update(update, by=_signed_in(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Corrected."))
            return redirect("updates", campaign.uid)
    context = {"campaign": campaign, "form": form, "update": update}
    status = 422 if form.errors else 200
    return render(request, "supporters/update_correct.html", context, status=status)


@login_required
@require_POST
def remove(request: HttpRequest, uid: UUID, pk: int) -> HttpResponse:
    """Take one off the page; what was mailed is mailed."""
    campaign = _find_own(request, uid)
    update = get_object_or_404(campaign.updates.all(), pk=pk)
    remove_update(update, by=_signed_in(request))
    messages.success(request, _("It is off the page. Mails that had not left stay here."))
    return redirect("updates", campaign.uid)


def _describe(campaign: Campaign) -> list[dict[str, Any]]:
    """Each piece of news with what can be done with it, and how many got it how."""
    now = database_now()
    told = Ask.objects.filter(update_told__campaign=campaign).order_by()
    counts = {
        key: (mailed, all_of_them - mailed)
        for key, mailed, all_of_them in told.values("update_told")
        .annotate(mailed=Count("pk", filter=Q(is_mailed=True)), told=Count("pk"))
        .values_list("update_told", "mailed", "told")
    }
    leaving = set(campaign.updates.to_mail(now).values_list("pk", flat=True))
    return [
        {
            "update": each,
            "can_correct": each.can_be_corrected(now),
            "waits": each.wants_mail and each.removed_at is None and now < each.mails_leave_at,
            "is_under_way": each.pk in leaving,
            "mailed": counts.get(each.pk, NOBODY)[0],
            "unmailed": counts.get(each.pk, NOBODY)[1],
        }
        for each in campaign.updates.order_by("-written_at", "-pk")
    ]


def _find_own(request: HttpRequest, uid: UUID) -> Campaign:
    """A campaign of theirs that was validated once; for others it is not there."""
    mine = Campaign.objects.filter(organiser=_signed_in(request), approved__isnull=False)
    found: Campaign = get_object_or_404(mine.with_pages(), uid=uid)
    return found


def _signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "login_required lets nobody else in"
    return request.user
