"""The organiser's pages: start, the steps of the wizard, and what is done with the whole."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from campaigns import drafting
from campaigns.asking import STEP_FORMS, open_step
from campaigns.checking import STEPS, list_missing
from campaigns.clock import database_now
from campaigns.forms import StepForm, ThemeForm
from campaigns.models import (
    MOST_WORDINGS,
    Campaign,
    CampaignState,
    ReviewDecision,
    Revision,
    RevisionState,
)
from campaigns.moments import write_duration
from campaigns.pictures import find_stored, is_ours
from campaigns.previewing import preview_wordings
from campaigns.refusing import Refusal
from campaigns.voicing import MessageForm, empty_wording

STEP_LABELS = {
    "theme": gettext_lazy("Theme"),
    "story": gettext_lazy("Story"),
    "message": gettext_lazy("Message"),
    "moment": gettext_lazy("Moment and goal"),
    "check": gettext_lazy("Check and send"),
}
WRITABLE = (RevisionState.DRAFT, RevisionState.CHANGES_ASKED, RevisionState.REJECTED)
OVER = (CampaignState.CANCELLED, CampaignState.LAUNCHED)
FRESH_SECONDS = 60
YEAR_SECONDS = 365 * 86400


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Ask for the theme, then make the draft. Nothing is made by looking."""
    person = _signed_in(request)
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


@login_required
def wizard(request: HttpRequest, uid: UUID, step: str) -> HttpResponse:
    """One step: shown with all that was typed, saved with all that is typed."""
    campaign = _find_own(request, uid)
    if step == "check":
        return _show_check(request, campaign)
    if step not in STEP_FORMS:
        raise Http404
    if not _is_writable(campaign):
        try:
            drafting.refuse_frozen(campaign)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("wizard", campaign.uid, "check")
    if request.method == "POST":
        try:
            form, revision = _save(request, campaign, step)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("wizard", campaign.uid, "check")
        if "add" in request.POST or "remove" in request.POST:
            return redirect(f"{reverse('wizard', args=[campaign.uid, step])}#wordings")
        if not form.errors:
            return redirect("wizard", campaign.uid, STEPS[STEPS.index(step) + 1])
    else:
        revision = campaign.working_revision
        form = open_step(step, revision)
    context = {
        **_describe(campaign, revision, step),
        **_look_ahead(form, revision),
        "form": form,
        "lead": write_duration(settings.REVIEW_LEAD_SECONDS)
        if settings.REVIEW_LEAD_SECONDS
        else "",
    }
    return render(request, f"campaigns/step_{step}.html", context)


@login_required
@require_POST
def wizard_preview(request: HttpRequest, uid: UUID, step: str) -> HttpResponse:
    """Save what is being typed, and show how it will look. Asked for by htmx."""
    campaign = _find_own(request, uid)
    if step not in STEP_FORMS:
        raise Http404
    try:
        form, revision = _save(request, campaign, step)
    except Refusal as refusal:
        return render(request, "campaigns/_side.html", {"refusal": str(refusal), "step": step})
    context = {"step": step, "saved": True, **_look_ahead(form, revision)}
    # The page has the fields that it sent, and none to spare that came after them.
    context["lines"] = [line for line in context.get("lines", ()) if line.name in request.POST]
    return render(request, "campaigns/_side.html", context)


@login_required
@require_POST
def campaign_submit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Send it for review."""
    return _act(
        request,
        uid,
        lambda campaign, person: drafting.submit(campaign.working_revision, by=person),
        done=_("Sent for review. You will get a mail as soon as somebody has decided."),
    )


@login_required
@require_POST
def campaign_take_back(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take it out of review, to change it."""
    return _act(
        request,
        uid,
        lambda campaign, person: drafting.take_back(campaign.working_revision, by=person),
        done=_("It is yours again. Send it once more when you are ready."),
    )


@login_required
@require_POST
def campaign_revise(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Open a draft of what was validated."""
    return _act(
        request,
        uid,
        lambda campaign, person: drafting.revise(campaign, by=person),
        done=_("Change what you like. What is public stays until a reviewer validates the change."),
    )


@login_required
@require_POST
def campaign_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Call it off."""
    return _act(
        request,
        uid,
        lambda campaign, person: drafting.cancel(campaign, by=person),
        done=_("The campaign is cancelled. Nothing of it will be sent."),
    )


@require_safe
def picture(request: HttpRequest, name: str) -> FileResponse:
    """A campaign's picture. Its name is random and its content never changes."""
    stored = find_stored(name)
    if not is_ours(name) or not default_storage.exists(stored):
        raise Http404
    answer = FileResponse(default_storage.open(stored), content_type="image/jpeg")
    answer["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "login_required lets nobody else in"
    return request.user


def _find_own(request: HttpRequest, uid: UUID) -> Campaign:
    """The campaign, for its organiser; for others it is not there."""
    mine = Campaign.objects.filter(organiser=_signed_in(request))
    found: Campaign = get_object_or_404(mine.with_pages(), uid=uid)
    return found


def _act(
    request: HttpRequest,
    uid: UUID,
    action: Callable[[Campaign, User], object],
    *,
    done: str,
) -> HttpResponse:
    """Do one thing, say what came of it, and go back to the page that shows it."""
    campaign = _find_own(request, uid)
    try:
        action(campaign, _signed_in(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("wizard", campaign.uid, "check")


def _save(request: HttpRequest, campaign: Campaign, step: str) -> tuple[StepForm, Revision]:
    sent = empty_wording(request.POST)
    form = STEP_FORMS[step](sent, request.FILES, instance=campaign.working_revision)
    values, pending = form.split_answers()
    revision = drafting.save_step(
        campaign, by=_signed_in(request), values=values, pending=pending, fields=form.fields
    )
    return form, revision


def _is_writable(campaign: Campaign) -> bool:
    return (
        campaign.state not in OVER
        and not campaign.is_frozen(database_now())
        and campaign.working_revision.state in WRITABLE
    )


def _describe(campaign: Campaign, revision: Revision, step: str) -> dict[str, Any]:
    """What every page of the wizard shows: the campaign, and the way through it."""
    missing = list_missing(revision, now=database_now())
    lacking = {name for name, _sentence in missing}
    writable = _is_writable(campaign)
    return {
        "campaign": campaign,
        "revision": revision,
        "title": revision.title or _("Untitled campaign"),
        "step": step,
        "number": STEPS.index(step) + 1,
        "count": len(STEPS),
        "before": STEPS[STEPS.index(step) - 1] if step != STEPS[0] else "",
        "missing": missing,
        "is_fresh": (database_now() - revision.saved_at).total_seconds() < FRESH_SECONDS,
        "is_writable": writable,
        "steps": [
            {
                "name": name,
                "label": label,
                "is_done": name not in lacking and name != "check",
                "is_open": writable or name == "check",
            }
            for name, label in STEP_LABELS.items()
        ],
    }


def _look_ahead(form: StepForm, revision: Revision) -> dict[str, Any]:
    """What stands beside the form: how it will look."""
    if isinstance(form, MessageForm):
        previews = form.preview_typed()
        return {
            "wordings": previews,
            "lines": form.list_lines(previews),
            "most_wordings": MOST_WORDINGS,
            "revision": revision,
        }
    return {"revision": revision}


def _show_check(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    revision = campaign.working_revision
    decisions = ReviewDecision.objects.filter(revision__campaign=campaign)
    context = {
        **_describe(campaign, revision, "check"),
        "wordings": preview_wordings(revision.texts) if revision.message else [],
        "decisions": decisions.select_related("revision").order_by("-decided_at", "-pk"),
        "can_take_back": revision.state == RevisionState.IN_REVIEW,
        "can_revise": campaign.state in (CampaignState.SCHEDULED, CampaignState.SUSPENDED)
        and revision.state in (RevisionState.APPROVED, RevisionState.REJECTED)
        and not campaign.is_frozen(database_now()),
        "can_cancel": campaign.state not in (*OVER, CampaignState.REJECTED),
        "lead": write_duration(settings.REVIEW_LEAD_SECONDS)
        if settings.REVIEW_LEAD_SECONDS
        else "",
    }
    return render(request, "campaigns/check.html", context)
