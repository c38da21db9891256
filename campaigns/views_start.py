"""How a new campaign begins: on an empty page, from an example, or from one of one's own."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import drafting, starting
from campaigns.asking import STEP_LABELS
from campaigns.examples import list_examples
from campaigns.forms import ThemeForm
from campaigns.models import Campaign, Revision
from campaigns.owning import find_own, signed_in
from campaigns.refusing import Refusal

OWN_MOST = 12


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Ask how to begin, then make the draft. Nothing is made by looking."""
    person = signed_in(request)
    language = get_language() or ""
    if request.method == "POST" and "example" in request.POST:
        key = request.POST["example"]
        return _begin(
            request,
            lambda: starting.begin_example(person, key=key, language=language),
            step="story",
            done=_("Fill in what stands in [[double brackets]], and change what you like."),
        )
    form = ThemeForm(request.POST if "theme" in request.POST else None, instance=Revision())
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        theme = form.cleaned_data["theme"] if form.is_bound else None
        return _begin(
            request,
            lambda: drafting.create_campaign(person, theme=theme),
            step="story" if form.is_bound else "theme",
        )
    own = Campaign.objects.filter(organiser=person).with_pages().order_by("-created_at", "-pk")
    context = {
        "form": form,
        "labels": STEP_LABELS,
        "examples": list_examples(language),
        "own": own[:OWN_MOST],
    }
    return render(request, "campaigns/start.html", context)


@login_required
@require_POST
def campaign_duplicate(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Begin a new one with everything but the moment of one's own."""
    campaign = find_own(request, uid)
    return _begin(
        request,
        lambda: starting.duplicate(campaign, by=signed_in(request)),
        step="story",
        done=_("This is a copy, with everything but the moment. Change what is different now."),
    )


def _begin(
    request: HttpRequest, make: Callable[[], Campaign], *, step: str, done: str = ""
) -> HttpResponse:
    """Make the draft and go to its first question, or to where what it lacks is given."""
    try:
        campaign = make()
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("start" if signed_in(request).email else "account_email")
    if done:
        messages.success(request, done)
    return redirect("wizard", campaign.uid, step)
