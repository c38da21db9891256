"""What an organiser does with the whole of a campaign; and the pictures of all."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from campaigns import drafting
from campaigns.models import Campaign
from campaigns.owning import find_own, signed_in
from campaigns.pictures import find_stored, is_ours
from campaigns.refusing import Refusal

YEAR_SECONDS = 365 * 86400


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


def _act(
    request: HttpRequest,
    uid: UUID,
    action: Callable[[Campaign, User], object],
    *,
    done: str,
) -> HttpResponse:
    """Do one thing, say what came of it, and go back to the page that shows it."""
    campaign = find_own(request, uid)
    try:
        action(campaign, signed_in(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("wizard", campaign.uid, "check")
