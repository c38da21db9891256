"""What somebody promised to post by their own hand: before the moment, at it, and after.

The same page twice: for who is signed in, and by the signed address in a mail, which leads to one
person's promises to one campaign and to nothing else of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.addressing import PROMISE, REMINDER, has_ended, read_token
from supporters.assisting import report, take_back_report, withdraw
from supporters.confirming import find_reminder, forget_reminder
from supporters.models import AssistedPledge, PledgeState
from supporters.pledging import PledgeRefused
from supporters.reading import read_by_hand
from supporters.rewording import compare_words, has_new_words, with_wordings
from supporters.standing import find_address

MOMENT_IS_NEAR = timedelta(minutes=2)  # from then on the page looks by itself whether it is time


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def my_promise(request: HttpRequest, slug: str) -> HttpResponse:
    """A person's own promises to one campaign. 404 where there are none."""
    assert isinstance(request.user, User)
    return _serve(request, promises=find_promises(request.user.pk, campaign__slug=slug))


@never_cache
@require_http_methods(["GET", "POST"])
def signed_promise(request: HttpRequest, token: str) -> HttpResponse:
    """The same by the address in a mail, until a week after the launch. Signs nobody in."""
    promises = find_signed_promises(token)
    if has_ended(promises[0].campaign, now=database_now()):
        return render(request, "supporters/link_ended.html", status=410)
    return _serve(request, promises=promises)


@never_cache
@require_http_methods(["GET", "POST"])
def signed_reminder(request: HttpRequest, token: str) -> HttpResponse:
    """Whether this address is to be reminded, and the button that ends it."""
    read = read_token(token, purpose=REMINDER)
    if read is None:
        raise Http404
    campaign_id, mark = read
    campaign = get_object_or_404(Campaign.objects.select_related("approved"), pk=campaign_id)
    reminder = find_reminder(campaign, mark=mark)
    if request.method == "POST":
        if reminder is not None:
            forget_reminder(campaign, email=reminder.email)
        return redirect(request.path)
    context = {"campaign": campaign, "reminder": reminder, "zone": _zone(campaign)}
    return render(request, "supporters/reminder.html", context)


def list_promises(person: User) -> list[AssistedPledge]:
    """All that somebody ever promised, the latest launch last."""
    found = with_wordings(AssistedPledge.objects.filter(person=person))
    return list(
        found.select_related("campaign__organiser", "person").order_by("campaign__launch_at", "pk")
    )


def describe_promises(
    promises: Sequence[AssistedPledge], *, here: str = ""
) -> list[dict[str, Any]]:
    """What a page shows of promises; ``sign`` is the state of a pill.

    ``is_open``: something is still to be done, by us or by its owner. ``news`` are the organiser's
    new words while its owner has still to choose, at ``words_url``: below ``here``, else where who
    is signed in may go.
    """
    now = database_now()
    rows = []
    for promised in promises:
        can_edit = promised.can_be_edited(now)
        page = here or reverse("promise", args=[promised.campaign.slug])
        sign = str(promised.state)
        if promised.state == PledgeState.CALLED:
            sign = "reported" if promised.reported_at else "offered"
        elif promised.ended_at:
            sign = "not_sent"
        rows.append(
            {
                "promised": promised,
                "composition": promised.composition,
                "reading": read_by_hand(promised.composer, text=promised.text),
                "sign": sign,
                "can_edit": can_edit,
                "words_url": f"{page}{promised.pk}/words/",
                "news": compare_words(promised) if can_edit and has_new_words(promised) else None,
                "is_open": sign in ("live", "offered")
                and not has_ended(promised.campaign, now=now),
            }
        )
    return rows


def find_promises(person_id: int, **campaign: Any) -> list[AssistedPledge]:
    """The latest promise of this person for each network. Raises Http404 where there is none.

    Those of a person whose access was switched off, or to a campaign out of sight, are not found.
    """
    found = (
        with_wordings(
            AssistedPledge.objects.filter(person=person_id, person__is_active=True, **campaign)
        )
        .exclude(campaign__state=CampaignState.SUSPENDED)
        .select_related("campaign__organiser", "person")
        .order_by("pk")
    )
    latest = {each.network: each for each in found}
    if not latest:
        raise Http404
    return sorted(latest.values(), key=lambda each: each.state == PledgeState.WITHDRAWN)


def find_signed_promises(token: str) -> list[AssistedPledge]:
    """The same by the address in a mail. Raises Http404, also for an address that is not ours."""
    read = read_token(token, purpose=PROMISE)
    if read is None:
        raise Http404
    campaign_id, person_id = read
    return find_promises(person_id, campaign=campaign_id)


def _serve(request: HttpRequest, *, promises: Sequence[AssistedPledge]) -> HttpResponse:
    """Do what was pressed, or show the page."""
    if request.method == "POST":
        pressed = str(request.POST.get("promise", ""))
        chosen = next((each for each in promises if str(each.pk) == pressed), None)
        if chosen is None:
            raise Http404
        _act(request, chosen)
        return redirect(request.path)
    now = database_now()
    campaign = promises[0].campaign
    context = {
        "campaign": campaign,
        "zone": _zone(campaign),
        "rows": describe_promises(promises, here=request.path),
        "is_offered": any(each.state == PledgeState.CALLED for each in promises),
        "is_to_do": any(each.offered_at and not each.reported_at for each in promises),
        "is_coming": _is_coming(promises),
        "looks_again": _is_coming(promises) and _is_near(campaign, now=now),
        "has_address": bool(promises[0].email or find_address(promises[0].person)),
        "is_closed": has_ended(campaign, now=now),
        "here": request.path,
    }
    return render(request, "supporters/promise.html", context)


def _act(request: HttpRequest, chosen: AssistedPledge) -> None:
    label = chosen.composer.label
    person = chosen.person
    try:
        if "report" in request.POST:
            report(chosen, person=person)
            messages.success(
                request, _("Thank you: noted as posted on %(network)s.") % {"network": label}
            )
        elif "not_posted" in request.POST:
            take_back_report(chosen, person=person)
            messages.success(
                request, _("Noted: it was not posted on %(network)s.") % {"network": label}
            )
        elif "withdraw" in request.POST:
            withdraw(chosen, person=person)
            messages.success(
                request,
                _("Withdrawn: we will not ask you to post on %(network)s.") % {"network": label},
            )
    except PledgeRefused as error:
        messages.error(request, error.sentence)


def _is_coming(promises: Sequence[AssistedPledge]) -> bool:
    """Whether something of it is still to be offered."""
    return any(each.state == PledgeState.LIVE and not each.ended_at for each in promises)


def _is_near(campaign: Campaign, *, now: datetime) -> bool:
    """Whether the moment is about to come, or has come and its offer is on the way."""
    return (
        campaign.launch_at is not None
        and campaign.latest_at is not None
        and campaign.launch_at - MOMENT_IS_NEAR < now < campaign.latest_at
    )


def _zone(campaign: Campaign) -> str:
    return campaign.revision.zone or "UTC"
