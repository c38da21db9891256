"""The steps of the wizard: shown with all that was typed, saved with all that is typed."""

import secrets
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import drafting
from campaigns.asking import STEP_FORMS, STEP_LABELS, open_step
from campaigns.checking import STEPS, list_missing
from campaigns.clashing import Clash, describe_clash
from campaigns.clock import database_now
from campaigns.foreseeing import look_ahead
from campaigns.forms import StepForm
from campaigns.models import (
    Campaign,
    CampaignState,
    ReviewDecision,
    Revision,
    RevisionState,
)
from campaigns.moments import write_duration
from campaigns.owning import find_own, signed_in
from campaigns.previewing import preview_wordings
from campaigns.recommending import list_recommended
from campaigns.refusing import Overtaken, Refusal
from campaigns.versioning import Origin, Version
from campaigns.voicing import empty_wording

WRITABLE = (RevisionState.DRAFT, RevisionState.CHANGES_ASKED, RevisionState.REJECTED)
OVER = (CampaignState.CANCELLED, CampaignState.LAUNCHED)
FRESH_SECONDS = 60


@login_required
def wizard(request: HttpRequest, uid: UUID, step: str) -> HttpResponse:
    """One step: shown with all that was typed, saved with all that is typed."""
    campaign = find_own(request, uid)
    if step == "check":
        return _show_check(request, campaign)
    if step not in STEP_FORMS:
        raise Http404
    if request.method != "POST" and not _is_writable(campaign):
        try:
            drafting.refuse_frozen(campaign)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("wizard", campaign.uid, "check")
    if request.method == "POST":
        try:
            form, revision, clash = _save(request, campaign, step)
        except Refusal as refusal:
            return _give_back(request, campaign, step, sentence=str(refusal))
        to = "" if clash else _find_next(request, campaign, step, is_valid=not form.errors)
        if to:
            return redirect(to)
    else:
        revision, clash = campaign.working_revision, None
        form = open_step(step, revision)
    context = {
        **_describe(campaign, revision, step),
        **look_ahead(form, revision),
        "clash": clash,
        **_mark_page(request, revision, step, is_kept=clash is None),
        "form": form,
        "lead": write_duration(settings.REVIEW_LEAD_SECONDS)
        if settings.REVIEW_LEAD_SECONDS
        else "",
    }
    status = HTTPStatus.CONFLICT if clash else HTTPStatus.OK
    return render(request, f"campaigns/step_{step}.html", context, status=status)


@login_required
@require_POST
def wizard_preview(request: HttpRequest, uid: UUID, step: str) -> HttpResponse:
    """Save what is being typed, and show how it will look. Asked for by htmx."""
    campaign = find_own(request, uid)
    if step not in STEP_FORMS:
        raise Http404
    try:
        form, revision, clash = _save(request, campaign, step)
    except Refusal as refusal:
        revision = campaign.working_revision
        context = {
            "campaign": campaign,
            "step": step,
            "saved": True,
            "refusal": str(refusal),
            **_mark_page(request, revision, step, is_kept=False),
        }
        return render(request, "campaigns/_side.html", context)
    context = {
        "campaign": campaign,
        "step": step,
        "saved": True,
        **look_ahead(form, revision),
        "clash": clash,
        **_mark_page(request, revision, step, is_kept=clash is None),
    }
    # The page has the fields that it sent, and none to spare that came after them.
    context["lines"] = [line for line in context.get("lines", ()) if line.name in request.POST]
    return render(request, "campaigns/_side.html", context)


def _give_back(
    request: HttpRequest, campaign: Campaign, step: str, *, sentence: str
) -> HttpResponse:
    """Say why nothing was kept, with all that was typed and is not there already."""
    revision = campaign.working_revision
    form = _read_answers(request, campaign, step)
    form.full_clean()
    typed = describe_clash(form, revision, step=step)
    if not typed.differences:
        messages.error(request, sentence)
        return redirect("wizard", campaign.uid, "check")
    context = {
        **_describe(campaign, revision, step),
        **_date_save(revision),
        "refusal": sentence,
        "typed": typed,
    }
    return render(request, "campaigns/given_back.html", context, status=HTTPStatus.CONFLICT)


def _read_answers(request: HttpRequest, campaign: Campaign, step: str) -> StepForm:
    sent = empty_wording(request.POST)
    return STEP_FORMS[step](sent, request.FILES, instance=campaign.working_revision)


def _save(
    request: HttpRequest, campaign: Campaign, step: str
) -> tuple[StepForm, Revision, Clash | None]:
    """Keep what was sent. With a clash, nothing was kept; may raise Refusal."""
    form = _read_answers(request, campaign, step)
    values, pending = form.split_answers()
    try:
        revision = drafting.save_step(
            campaign,
            by=signed_in(request),
            values=values,
            pending=pending,
            fields=form.fields,
            step=step,
            origin=Origin.read(request.POST),
        )
    except Overtaken:
        revision = campaign.working_revision
        return form, revision, describe_clash(form, revision, step=step)
    return form, revision, None


def _find_next(request: HttpRequest, campaign: Campaign, step: str, *, is_valid: bool) -> str:
    """Where a kept step leads, by the button that sent it; empty: it is shown once more."""
    here = reverse("wizard", args=[campaign.uid, step])
    if "over" in request.POST or "look" in request.POST:
        return here if is_valid else ""
    if "add" in request.POST or "remove" in request.POST:
        return f"{here}#wordings"
    if is_valid:
        return reverse("wizard", args=[campaign.uid, STEPS[STEPS.index(step) + 1]])
    return ""


def _mark_page(
    request: HttpRequest, revision: Revision, step: str, *, is_kept: bool
) -> dict[str, Any]:
    """What a page needs to be told from others: its name, and the version that it is shown.

    One whose answers were not kept stays with the version that it came with: what was saved
    elsewhere may be news to its organiser.
    """
    shown = Version.of(revision, step=step).number
    return {
        "page": secrets.token_urlsafe(9),
        "version": shown if is_kept else Origin.read(request.POST).number or 0,
        **_date_save(revision),
    }


def _date_save(revision: Revision) -> dict[str, Any]:
    """When it was saved, for who reads it on their own clock."""
    saved_on = timezone.localdate(revision.saved_at)
    return {
        "saved_at": revision.saved_at,
        "saved_today": saved_on == timezone.localdate(),
    }


def _is_writable(campaign: Campaign) -> bool:
    return (
        campaign.state not in OVER
        and not campaign.is_frozen(database_now())
        and campaign.working_revision.state in WRITABLE
    )


def _describe(campaign: Campaign, revision: Revision, step: str) -> dict[str, Any]:
    """What every page of the wizard shows: the campaign, and the way through it."""
    missing = list_missing(revision, now=database_now())
    lacking = {each.step for each in missing}
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


def _show_check(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    revision = campaign.working_revision
    decisions = ReviewDecision.objects.filter(revision__campaign=campaign)
    context = {
        **_describe(campaign, revision, "check"),
        **_date_save(revision),
        "recommended": list_recommended(revision, now=database_now()),
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
