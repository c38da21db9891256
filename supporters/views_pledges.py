"""My pledges: what was lent, in which words, and every way to take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import CampaignState
from networks.registry import automatic_networks, get
from supporters import soliciting
from supporters.forms import AsksForm, LinkForm
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.pledging import PledgeRefused, read_words, withdraw
from supporters.returning import find_errand
from supporters.rewording import compare_words, has_new_words, with_wordings
from supporters.soliciting import find_choice, list_muted
from supporters.spreading import list_news
from supporters.views_promises import describe_promises, list_promises
from supporters.views_support import describe_accounts, list_link_forms


@never_cache
@require_GET
def my_pledges(request: HttpRequest) -> HttpResponse:
    """Every pledge with its exact words, and every linked account. Anybody may open it."""
    return show_pledges(request)


@login_required
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one pledge."""
    assert isinstance(request.user, User)
    pledge = _find_pledge(request, pk=pk)
    try:
        withdraw(pledge, person=request.user)
    except PledgeRefused as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request,
            _("Withdrawn: nothing will be posted from %(handle)s for this campaign.")
            % {"handle": pledge.account.handle},
        )
    return redirect("my_pledges")


@login_required
@require_POST
def choose_asks(request: HttpRequest) -> HttpResponse:
    """How often a week organisers may ask for something by mail."""
    assert isinstance(request.user, User)
    form = AsksForm(request.POST)
    if form.is_valid():
        soliciting.choose_asks(request.user, number=form.cleaned_data["asks"])
        messages.success(request, _("Noted: you are mailed no more often than that."))
    else:
        messages.error(request, _("Choose one of the numbers."))
    return redirect("my_pledges")


def show_pledges(request: HttpRequest, *, tried: LinkForm | None = None) -> HttpResponse:
    """The page of ``my_pledges``; ``tried`` is a form that came back with an error."""
    status = 422 if tried else 200
    forms = list_link_forms(tried=tried, errand=find_errand(request))
    context: dict[str, Any] = {"link_forms": forms, "tried": tried}
    if not request.user.is_authenticated:
        return render(request, "supporters/pledges_anonymous.html", context, status=status)
    now = database_now()
    pledges = list(
        with_wordings(Pledge.objects.filter(person=request.user))
        .select_related("account__known_server", "person")
        .order_by("-campaign__launch_at", "-pk")
    )
    rows = [_describe_pledge(pledge, now=now) for pledge in pledges]
    promises = describe_promises(list_promises(request.user))
    accounts = (
        LinkedAccount.objects.filter(person=request.user)
        .exclude(state=AccountState.UNLINKED)
        .order_by("linked_at")
    )
    context |= {
        "promised": [row for row in promises if row["is_open"]],
        "promised_past": [row for row in promises if not row["is_open"]],
        "coming": [row for row in reversed(rows) if row["is_coming"]],
        "past": [row for row in rows if not row["is_coming"]],
        "accounts": describe_accounts(list(accounts), lent=set()),
        "news": list_news(request.user.pk),
        "muted": list_muted(request.user),
        "asks_form": AsksForm(initial={"asks": find_choice(request.user)}),
    }
    return render(request, "supporters/pledges.html", context, status=status)


def _find_pledge(request: HttpRequest, *, pk: int) -> Pledge:
    """One of the person's own pledges. Raises Http404 for anybody else's."""
    found: Pledge = get_object_or_404(
        with_wordings(Pledge.objects.select_related("account__known_server", "person")),
        pk=pk,
        person=request.user,
    )
    return found


def _describe_pledge(pledge: Pledge, *, now: datetime) -> dict[str, Any]:
    """What a page shows of a pledge; ``sign`` is the state of its pill.

    ``news`` are the organiser's new words while its owner has still to choose.
    """
    campaign = pledge.campaign
    is_coming = pledge.state == PledgeState.LIVE and campaign.state in (
        CampaignState.SCHEDULED,
        CampaignState.SUSPENDED,
    )
    can_edit = pledge.can_be_edited(now)
    sign = str(pledge.state)
    if is_coming:
        sign = "ready" if pledge.account.is_linked else "renew"
    return {
        "pledge": pledge,
        "post": {
            "reading": read_words(pledge.account, text=pledge.text),
            "account": pledge.account,
            "adapter": get(pledge.network),
        },
        "is_coming": is_coming,
        "is_posted_to": pledge.network in automatic_networks(),
        "news": compare_words(pledge) if can_edit and has_new_words(pledge) else None,
        "can_edit": can_edit,
        "sign": sign,
    }
