"""Off to a network's own page and back, and what networks read of us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from campaigns.models import Campaign
from networks.registry import get
from supporters.doors import add_door, find_door
from supporters.explaining import LinkingRefused, explain_wait
from supporters.forms import LinkForm
from supporters.linking import (
    Linked,
    begin_linking,
    begin_relinking,
    find_adapter,
    finish_linking,
)
from supporters.models import AccountState, LinkedAccount, Pledge
from supporters.returning import (
    Errand,
    end_errand,
    find_campaign_of,
    find_chosen,
    find_errand,
    find_missing,
    leave,
)
from supporters.servers import return_address
from supporters.throttling import take_turn
from supporters.views_pledges import show_pledges
from supporters.views_support import agree_address, find_campaign, show_support

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
JUST_NOW = timedelta(minutes=30)
METADATA_SECONDS = 300


@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponseBase:
    """Send the browser to the page of a network on which its owner can authorise us.

    With ``account``: to renew that one. With ``campaign`` (a slug): to lend the account to it.
    Strangers are told to wait (429) when too many come from one address.
    """
    campaign = None
    if request.POST.get("campaign"):
        campaign = find_campaign(request, slug=request.POST["campaign"])
    person = request.user if isinstance(request.user, User) else None
    if request.POST.get("account"):
        return _begin_again(request, person=person, campaign=campaign)
    try:
        adapter = find_adapter(request.POST.get("network", ""))
    except LinkingRefused as error:
        messages.error(request, error.sentence)
        return _go_back(campaign, door=find_door(request))
    form = LinkForm(request.POST, adapter=adapter)
    if form.is_valid():
        errand = Errand(network=adapter.name, typed=form.typed, **_describe_way(request, campaign))
        wait_seconds = 0 if person else take_turn(request.META["REMOTE_ADDR"])
        if wait_seconds:
            return _ask_to_wait(request, form=form, campaign=campaign, seconds=wait_seconds)
        try:
            address = begin_linking(
                adapter.name,
                address=form.typed,
                session_key=leave(request, errand),
                person=person,
                campaign=campaign,
            )
        except LinkingRefused as error:
            form.refuse(error.sentence)
        else:
            return redirect(address)
    return _show_form(request, form=form, campaign=campaign)


@never_cache
@require_GET
def come_back(request: HttpRequest, network: str) -> HttpResponseBase:
    """Where a network sends the browser back to, with a code or a refusal.

    Answers with a redirect in every case, so that the code does not stay in the address bar.
    """
    person = request.user if isinstance(request.user, User) else None
    errand = find_errand(request)
    try:
        linked = finish_linking(
            network,
            answer=request.GET.dict(),
            session_key=request.session.session_key or "",
            person=person,
            language=(get_language() or "en")[:2],
        )
    except LinkingRefused as error:
        messages.error(request, error.sentence)
        return _go_back(find_campaign_of(request, told=error.campaign), door=errand.door)
    end_errand(request)
    if linked.signs_in:
        login(request, linked.person, backend=BACKEND)
    missing = find_missing(errand, linked.accounts)
    if missing:
        messages.warning(request, _explain_other(linked, missing=missing))
    return _go_on(request, linked=linked, door=errand.door)


@require_GET
def describe_client(request: HttpRequest, network: str) -> JsonResponse:
    """What a network's servers read about this site, where it is known by an address."""
    describe = getattr(_find_network(network), "client_metadata", None)
    if describe is None:
        raise Http404
    return _answer(describe(return_address(network)))


@require_GET
def describe_keys(request: HttpRequest, network: str) -> JsonResponse:
    """The public half of the key with which this site signs in at a network's servers."""
    describe = getattr(_find_network(network), "jwks", None)
    if describe is None:
        raise Http404
    return _answer(describe())


def _show_form(request: HttpRequest, *, form: LinkForm, campaign: Campaign | None) -> HttpResponse:
    """The page that the form came from, with its errors and what was typed."""
    if campaign is not None:
        return show_support(request, campaign=campaign, tried=form)
    return show_pledges(request, tried=form)


def _ask_to_wait(
    request: HttpRequest, *, form: LinkForm, campaign: Campaign | None, seconds: int
) -> HttpResponse:
    """The same page: too many came from this address. Nothing was stored, nobody was asked."""
    form.refuse(explain_wait(seconds))
    answer = _show_form(request, form=form, campaign=campaign)
    answer.status_code = 429
    answer["Retry-After"] = str(seconds)
    return answer


def _begin_again(
    request: HttpRequest, *, person: User | None, campaign: Campaign | None
) -> HttpResponseBase:
    """The same for an account that is linked, or was until its authorisation ended."""
    pk = request.POST["account"]
    if person is None or not (pk.isdecimal() and len(pk) < 19):
        raise Http404
    account = get_object_or_404(
        LinkedAccount.objects.exclude(state=AccountState.UNLINKED).select_related("known_server"),
        pk=pk,
        person=person,
    )
    errand = Errand(
        network=account.network,
        renewed=account.handle,
        renewed_id=account.pk,
        **_describe_way(request, campaign),
    )
    session_key = leave(request, errand)
    try:
        return redirect(begin_relinking(account, session_key=session_key, campaign=campaign))
    except LinkingRefused as error:
        messages.error(request, error.sentence)
        return _go_back(campaign, door=find_door(request))


def _describe_way(request: HttpRequest, campaign: Campaign | None) -> dict[str, Any]:
    if campaign is None:
        return {}
    return {"campaign_id": campaign.pk, "door": find_door(request)}


def _explain_other(linked: Linked, *, missing: str) -> str:
    handles = ", ".join(account.handle for account in linked.accounts)
    return _(
        "You came back as %(handles)s, not as %(wanted)s. If you meant that one, sign in as it on "
        "its network's own pages first, then start again here."
    ) % {"handles": handles, "wanted": missing}


def _go_on(request: HttpRequest, *, linked: Linked, door: str) -> HttpResponse:
    """On to the words if there is a campaign to read them for, else to the pledges."""
    handles = ", ".join(account.handle for account in linked.accounts)
    number = len(linked.accounts)
    if linked.campaign is None:
        said = ngettext("%(handles)s is linked.", "%(handles)s are linked.", number)
        messages.success(request, said % {"handles": handles})
        return redirect("my_pledges")
    lent = Pledge.objects.filter(campaign=linked.campaign, person=linked.person).counting()
    marks = [account.fingerprint for account in linked.accounts]
    if lent.filter(fingerprint__in=marks).count() == number:
        said = ngettext(
            "%(handles)s is linked, and lent to this campaign already.",
            "%(handles)s are linked, and lent to this campaign already.",
            number,
        )
        messages.success(request, said % {"handles": handles})
        return _go_back(linked.campaign, door=door)
    # Whoever links two accounts one after the other reads the words for both, and for those that
    # they had chosen before they went to link another.
    chosen = find_chosen(request.session, linked.campaign) or []
    fresh = (
        LinkedAccount.objects.filter(
            Q(linked_at__gt=timezone.now() - JUST_NOW) | Q(pk__in=chosen),
            person=linked.person,
            state=AccountState.LINKED,
        )
        .exclude(pk__in=lent.values("account"))
        .order_by("linked_at")
        .values_list("pk", flat=True)
    )
    return redirect(agree_address(linked.campaign, account_ids=list(fresh), door=door))


def _go_back(campaign: Campaign | None, *, door: str = "") -> HttpResponse:
    if campaign is None:
        return redirect("my_pledges")
    return redirect(add_door(reverse("support", args=[campaign.slug]), door))


def _find_network(name: str) -> Any:
    try:
        return get(name)
    except LookupError:
        raise Http404 from None


def _answer(document: dict[str, Any]) -> JsonResponse:
    answer = JsonResponse(document)
    answer["Cache-Control"] = f"public, max-age={METADATA_SECONDS}"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
