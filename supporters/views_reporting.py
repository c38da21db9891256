"""Reporting a campaign: anybody may, without an account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.forms import ReportForm
from campaigns.models import Campaign
from campaigns.refusing import Refusal
from campaigns.reporting import report
from supporters.throttling import take_turn


@never_cache
@require_http_methods(["GET", "POST"])
def report_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """A short form, and then back to the campaign. 404 for what the reader cannot see."""
    seen = Campaign.objects.seen_by(request.user).filter(approved__isnull=False)
    campaign = get_object_or_404(seen.with_pages(), slug=slug)
    form = ReportForm(request.POST or None)
    wait_seconds = 0
    if request.method == "POST" and form.is_valid():
        wait_seconds = take_turn(request.META["REMOTE_ADDR"], purpose="report")
        if wait_seconds:
            form.add_error(None, _("Too many reports came from your connection. Please wait."))
        else:
            try:
                report(campaign, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Thank you. Whoever runs this site looks at it."))
                return redirect(campaign.get_absolute_url())
    status = 429 if wait_seconds else 422 if form.errors else 200
    context = {"campaign": campaign, "form": form}
    answer = render(request, "supporters/report.html", context, status=status)
    if wait_seconds:
        answer["Retry-After"] = str(wait_seconds)
    return answer
