"""Ending mails that nobody needs: by one press in the mail program, or on a page.

The address in the mail says whose mails and which campaign's, signed: whoever has it needs to be
nobody, and can do nothing else with it. All of it can be taken back.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from campaigns.models import Campaign
from supporters.addressing import UNSUBSCRIBE, read_token
from supporters.soliciting import choose_asks, find_choice, hear_again, is_muted, mute


@never_cache
@csrf_exempt  # a mail program has no cookie, and none is looked at (RFC 8058, section 3.1)
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A page with buttons; opening it changes nothing, since programs that check mails open links.

    One press in a mail program posts ``List-Unsubscribe=One-Click``, and must not be redirected.
    404 for an address that is not ours, or of somebody who was erased.
    """
    person, campaign = _read(token)
    if request.method == "POST":
        if "List-Unsubscribe" in request.POST:
            mute(person, campaign=campaign)
        elif _press(request, person, campaign, is_themselves=False):
            return redirect(request.path)
    choice = find_choice(person)
    context = {
        "campaign": campaign,
        "is_ended": choice == 0 or is_muted(person, campaign=campaign),
        "wants_none": choice == 0,
    }
    return render(request, "supporters/unsubscribe.html", context)


@login_required
@require_POST
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """The same in My pledges, for who is signed in."""
    assert isinstance(request.user, User)
    campaign = get_object_or_404(Campaign.objects.filter(approved__isnull=False), slug=slug)
    if _press(request, request.user, campaign, is_themselves=True):
        messages.success(request, _("Noted."))
    return redirect("my_pledges")


def _press(request: HttpRequest, person: User, campaign: Campaign, *, is_themselves: bool) -> bool:
    """Do what a button says; whether there was one."""
    if "campaign" in request.POST:
        mute(person, campaign=campaign)
    elif "all" in request.POST:
        choose_asks(person, number=0)
    elif "again" in request.POST:
        hear_again(person, campaign=campaign, whatever_chosen=is_themselves)
    else:
        return False
    return True


def _read(token: str) -> tuple[User, Campaign]:
    read = read_token(token, purpose=UNSUBSCRIBE)
    if read is None:
        raise Http404
    campaign_id, person_id = read
    person = get_object_or_404(User, pk=person_id, erased_at=None, erasing_at=None)
    campaign = get_object_or_404(Campaign.objects.select_related("approved"), pk=campaign_id)
    return person, campaign
