"""The first page of a new campaign."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaigns import drafting
from campaigns.asking import STEP_LABELS
from campaigns.forms import ThemeForm
from campaigns.models import Revision
from campaigns.owning import signed_in
from campaigns.refusing import Refusal


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Ask for the theme, then make the draft. Nothing is made by looking."""
    person = signed_in(request)
    form = ThemeForm(request.POST if "theme" in request.POST else None, instance=Revision())
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        try:
            campaign = drafting.create_campaign(
                person, theme=form.cleaned_data["theme"] if form.is_bound else None
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("account_email")
        return redirect("wizard", campaign.uid, "story" if form.is_bound else "theme")
    return render(request, "campaigns/start.html", {"form": form, "labels": STEP_LABELS})
