"""My pledges: what was lent, in which words, and every way to take it back."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import CampaignState
from networks.registry import get
from supporters.forms import LinkForm, WordsForm
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.pledging import (
    PledgeRefused,
    WordsChanged,
    change_words,
    clean_words,
    read_words,
    withdraw,
)
from supporters.rewording import (
    compare_words,
    has_new_words,
    keep_words,
    take_words,
    with_wordings,
)
from supporters.unlinking import unlink
from supporters.views_promises import describe_promises, list_promises
from supporters.views_support import describe_accounts, list_link_forms


@never_cache
@require_GET
def my_pledges(request: HttpRequest) -> HttpResponse:
    """Every pledge with its exact words, and every linked account. Anybody may open it."""
    return show_pledges(request)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the exact words of a pledge, take the organiser's new ones over, or keep one's own.

    Only the buttons for it change something: whatever else is sent shows the post anew, to a script
    that part of the page alone.
    """
    assert isinstance(request.user, User)
    pledge = _find_pledge(request, pk=pk)
    is_written = "text" in request.POST
    form = WordsForm(request.POST if is_written else None, initial={"text": pledge.text})
    text = pledge.text
    if request.method == "POST":
        try:
            if done := _choose_words(request, pledge, form=form):
                messages.success(request, done)
                return redirect("my_pledges")
            if form.is_valid():
                text = clean_words(form.cleaned_data["text"])
        except PledgeRefused as error:
            form = form if is_written else WordsForm({"text": pledge.text})
            form.add_error("text" if is_written else None, error.sentence)
    context = {
        "pledge": pledge,
        "form": form,
        "post": _describe_post(pledge, text=text),
        "can_edit": pledge.can_be_edited(database_now()),
        "is_outdated": has_new_words(pledge),
        "news": compare_words(pledge),
    }
    if request.headers.get("HX-Request"):
        return render(request, "supporters/_edited.html", context | {"is_part": True})
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "supporters/edit.html", context, status=status)


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
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Unlink one account."""
    assert isinstance(request.user, User)
    linked = LinkedAccount.objects.exclude(state=AccountState.UNLINKED)
    account = get_object_or_404(linked, pk=pk, person=request.user)
    try:
        outcome = unlink(account, person=request.user)
    except LinkedAccount.DoesNotExist:  # twice at once
        return redirect("my_pledges")
    facts = {"handle": account.handle, "host": account.known_server.host}
    if outcome.is_revoked:
        messages.success(
            request,
            _("%(handle)s is unlinked. We deleted the key here, and %(host)s revoked it.") % facts,
        )
    elif outcome.is_shared:
        messages.success(
            request,
            _(
                "%(handle)s is unlinked: we deleted the key here. %(host)s knows one authorisation "
                "for all your accounts there; it is revoked when you unlink the last one."
            )
            % facts,
        )
    else:
        messages.warning(
            request,
            _(
                "%(handle)s is unlinked: we deleted the key here. %(host)s could not be told, so "
                "you may want to remove CrowdSpeak there yourself, in your account's settings."
            )
            % facts,
        )
    if outcome.withdrawn:
        messages.success(
            request,
            ngettext(
                "One pledge is withdrawn with it.",
                "%(number)d pledges are withdrawn with it.",
                outcome.withdrawn,
            )
            % {"number": outcome.withdrawn},
        )
    if outcome.called:
        messages.warning(request, _("A launch has begun: its post has left, or leaves just now."))
    return redirect("my_pledges")


def show_pledges(request: HttpRequest, *, tried: LinkForm | None = None) -> HttpResponse:
    """The page of ``my_pledges``; ``tried`` is a form that came back with an error."""
    status = 422 if tried else 200
    context: dict[str, Any] = {"link_forms": list_link_forms(tried=tried), "tried": tried}
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


def _choose_words(request: HttpRequest, pledge: Pledge, *, form: WordsForm) -> str:
    """Do what the button says; a sentence that says what was done, empty when nothing was.

    Raises PledgeRefused.
    """
    assert isinstance(request.user, User)
    person, sent = request.user, request.POST
    if "take" in sent:
        revision_id, wording = sent["take"], sent.get("wording", "")
        take_words(pledge, person=person, revision_id=revision_id, wording=wording)
        return _("You took the organiser's new words.")
    if "keep" in sent:
        keep_words(pledge, person=person, revision_id=sent["keep"])
        return _("Your words stay as you agreed to them.")
    if "agree" not in sent or not form.is_valid():
        return ""
    change_words(pledge, person=person, text=clean_words(form.cleaned_data["text"]))
    with suppress(WordsChanged):  # written beside the organiser's new words: that is a choice too
        keep_words(pledge, person=person, revision_id=sent.get("revision", ""))
    return _("Your words are changed.")


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
        "post": _describe_post(pledge, text=pledge.text),
        "is_coming": is_coming,
        "news": compare_words(pledge) if can_edit and has_new_words(pledge) else None,
        "can_edit": can_edit,
        "sign": sign,
    }


def _describe_post(pledge: Pledge, *, text: str) -> dict[str, Any]:
    account = pledge.account
    return {
        "reading": read_words(account, text=text),
        "account": account,
        "adapter": get(account.network),
    }
