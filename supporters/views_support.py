"""Support, step by step: choose accounts, authorise, read and agree, thanks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, Revision
from networks.registry import all_composers, automatic_networks, get, get_composer
from supporters.choosing import complete_words, deal_wording, list_options
from supporters.doors import add_door, find_door
from supporters.forms import AgreeForm, LinkForm, name_words
from supporters.models import AccountState, AssistedPledge, LinkedAccount, Pledge, PledgeState
from supporters.pledging import (
    PledgeRefused,
    Reading,
    join_words,
    pledge,
    read_words,
    refuse_closed,
    sign_words,
)
from supporters.returning import (
    Errand,
    end_choice,
    find_chosen,
    find_errand,
    find_form,
    note_choice,
)
from supporters.standing import find_address
from supporters.tokens import find_end


@never_cache
@require_GET
def support(request: HttpRequest, slug: str) -> HttpResponse:
    """Which accounts to lend: those that are linked, and how to link others."""
    return show_support(request, campaign=find_campaign(request, slug=slug))


@never_cache
@require_http_methods(["GET", "POST"])
def agree(request: HttpRequest, slug: str) -> HttpResponse:
    """The exact post of each account, and one button (``agree``) that is the consent to it.

    Whatever else is sent from the form, by a script or another button, only shows the post anew,
    or (``more``) leads to the other accounts; it is kept until it is agreed to.
    """
    campaign = find_campaign(request, slug=slug)
    asked = request.POST if request.method == "POST" else request.GET
    left_out = {asked.get("leave")}
    chosen = [
        int(pk)
        for pk in asked.getlist("account")
        if pk.isdecimal() and len(pk) < 19 and pk not in left_out
    ]
    person = request.user if isinstance(request.user, User) else None
    accounts = _list_usable(person, pks=chosen) if person else []
    if person is None or not accounts:
        return redirect(add_door(reverse("support", args=[slug]), find_door(request)))
    if find_why_closed(campaign):
        return show_support(request, campaign=campaign)
    revision = get_approved(campaign)
    filled_in = request.POST if request.method == "POST" else None
    note_choice(
        request.session, campaign, account_ids=[each.pk for each in accounts], form=filled_in
    )
    if "more" in request.POST:
        return redirect(add_door(reverse("support", args=[slug]), find_door(request)))
    form = _open_form(request, revision=revision, campaign=campaign, accounts=accounts)
    if "agree" in request.POST and form.is_valid():
        wording = form.cleaned_data["wording"]
        try:
            pledge(
                campaign,
                person=person,
                account_ids=chosen,
                seen=request.POST.get("seen", ""),
                wording=wording,
                words=form.cleaned_data[name_words(wording)],
                is_shown=form.cleaned_data["is_shown"],
                receipt_email=form.cleaned_data["receipt_email"],
                receipt_language=(get_language() or "en")[:2],
                told_of_recall=request.POST.get("told") == "recall",
                source=find_door(request),
            )
        except PledgeRefused as error:
            campaign = find_campaign(request, slug=slug)
            revision = get_approved(campaign)
            form = _open_form(request, revision=revision, campaign=campaign, accounts=accounts)
            form.add_error(None, error.sentence)
        else:
            end_choice(request.session)
            return redirect("support_thanks", slug=slug)
    return _show_agree(request, campaign=campaign, form=form, accounts=accounts)


@never_cache
@require_GET
def thank(request: HttpRequest, slug: str) -> HttpResponse:
    """Thanks, what happens next, and how to pass it on."""
    campaign = find_campaign(request, slug=slug)
    if not request.user.is_authenticated:
        return redirect("support", slug=slug)
    pledges = (
        Pledge.objects.filter(campaign=campaign, person=request.user)
        .counting()
        .select_related("account")
        .order_by("pk")
    )
    promised = list_promised(campaign, person=request.user)
    if not pledges and not promised:
        return redirect("support", slug=slug)
    address = request.build_absolute_uri(reverse("campaign", args=[campaign.slug]))
    context = {
        **describe_campaign(campaign),
        "pledges": pledges,
        "composers": [get_composer(name) for name in promised],
        "is_told": bool(find_address(request.user)),
        "address": address,
    }
    return render(request, "supporters/thanks.html", context)


def find_campaign(request: HttpRequest, *, slug: str) -> Campaign:
    """A campaign that this reader may see and that was approved. Raises Http404."""
    seen = Campaign.objects.seen_by(request.user).filter(approved__isnull=False)
    seen = seen.select_related("approved", "organiser").prefetch_related("approved__wordings")
    return get_object_or_404(seen, slug=slug)


def show_support(
    request: HttpRequest, *, campaign: Campaign, tried: LinkForm | None = None
) -> HttpResponse:
    """The page of ``support``; ``tried`` is a form that came back with an error."""
    accounts: Sequence[LinkedAccount] = []
    lent: set[int] = set()
    promised: list[str] = []
    if request.user.is_authenticated:
        accounts = list(
            LinkedAccount.objects.filter(person=request.user, network__in=automatic_networks())
            .exclude(state=AccountState.UNLINKED)
            .order_by("linked_at")
        )
        lent = set(
            Pledge.objects.filter(campaign=campaign, person=request.user)
            .counting()
            .values_list("account_id", flat=True)
        )
        promised = list_promised(campaign, person=request.user)
    composers = [each for name, each in all_composers().items() if name not in promised]
    context = {
        **describe_campaign(campaign),
        "accounts": describe_accounts(
            accounts, lent=lent, chosen=find_chosen(request.session, campaign)
        ),
        "can_choose": any(one.is_linked and one.pk not in lent for one in accounts),
        "link_forms": list_link_forms(tried=tried, errand=find_errand(request)),
        "by_hand_alone": [each for each in composers if not each.is_lendable],
        "by_hand_too": [each for each in composers if each.is_lendable],
        "promised": [get_composer(name) for name in promised],
        "tried": tried,
        "closed": find_why_closed(campaign),
    }
    return render(request, "supporters/support.html", context, status=422 if tried else 200)


def list_promised(campaign: Campaign, *, person: User) -> list[str]:
    """The networks on which this person promised to post by their own hand."""
    promised = AssistedPledge.objects.filter(campaign=campaign, person=person)
    standing = promised.exclude(state=PledgeState.WITHDRAWN).order_by("pk")
    return list(standing.values_list("network", flat=True))


def list_link_forms(
    *, tried: LinkForm | None = None, errand: Errand | None = None
) -> list[LinkForm]:
    """One form for each network that accounts can be lent on, the one just tried in its place.

    What was typed before an ``errand`` from which no account came back stands in its field, and
    that network before the others.
    """
    typed = {errand.network: errand.typed} if errand else {}
    adapters = sorted(automatic_networks().items(), key=lambda named: named[0] not in typed)
    return [
        tried
        if tried and tried.adapter.name == name
        else LinkForm(adapter=adapter, initial={"address": typed.get(name, "")})
        for name, adapter in adapters
    ]


def describe_accounts(
    accounts: Sequence[LinkedAccount], *, lent: set[int], chosen: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """What a page shows of linked accounts; ``lent`` are the ones that are lent already.

    ``chosen`` are those that their owner chose; where nothing was chosen yet, all are proposed.
    """
    return [
        {
            "account": account,
            "adapter": get(account.network),
            "is_lent": account.pk in lent,
            "is_chosen": chosen is None or account.pk in chosen,
        }
        for account in accounts
    ]


def agree_address(campaign: Campaign, *, account_ids: Sequence[int], door: str = "") -> str:
    """Where the words are read for these accounts, by who came by that door."""
    query = urlencode([("account", pk) for pk in account_ids])
    return add_door(f"{reverse('support_agree', args=[campaign.slug])}?{query}", door)


def _list_usable(person: User, *, pks: Sequence[int]) -> list[LinkedAccount]:
    return list(
        LinkedAccount.objects.filter(
            pk__in=pks, person=person, state=AccountState.LINKED, network__in=automatic_networks()
        )
        .select_related("known_server")
        .order_by("pk")
    )


def get_approved(campaign: Campaign) -> Revision:
    """The revision that readers see. Raises Http404."""
    if campaign.approved is None:
        raise Http404
    return campaign.approved


def _show_agree(
    request: HttpRequest,
    *,
    campaign: Campaign,
    form: AgreeForm,
    accounts: Sequence[LinkedAccount],
) -> HttpResponse:
    """The page of ``agree``, or the part of it with the posts when a script asks."""
    revision = get_approved(campaign)
    text = _read_text(form, revision=revision)
    readings = [read_words(account, text=text) for account in accounts]
    context = {
        **describe_campaign(campaign),
        "form": form,
        "options": list_options(revision, form=form, accounts=accounts),
        "posts": [_describe_reading(reading) for reading in readings],
        "ending": _list_ending(accounts, campaign=campaign),
        "fits": all(reading.fits for reading in readings),
        "seen": sign_words(revision, text=text),
    }
    if request.headers.get("HX-Request"):
        return render(request, "supporters/_exact.html", context | {"is_part": True})
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, "supporters/agree.html", context, status=status)


def _open_form(
    request: HttpRequest,
    *,
    revision: Revision,
    campaign: Campaign,
    accounts: Sequence[LinkedAccount],
) -> AgreeForm:
    """The form as it was sent, now or before its sender went away to a network.

    Else with the wording that is this person's, as it was given.
    """
    assert isinstance(request.user, User)
    person = request.user
    dealt = deal_wording(revision.texts, campaign=campaign, person=person, accounts=accounts)
    filled_in = find_form(request.session, campaign)
    if request.method == "POST":
        filled_in = request.POST
    sent = complete_words(filled_in, revision=revision, dealt=dealt) if filled_in else None
    initial = {"wording": dealt, "receipt_email": person.email or ""}
    form = AgreeForm(sent, messages=revision.offered_messages, initial=initial)
    form.full_clean()
    return form


def _read_text(form: AgreeForm, *, revision: Revision) -> str:
    """The exact words as the form has them; the organiser's where nobody could post those."""
    wording = int(form["wording"].value())
    written = form.cleaned_data if form.is_bound else {}
    return join_words(revision, wording=wording, words=written.get(name_words(wording), ""))


def find_why_closed(campaign: Campaign) -> str:
    """Why the campaign takes no pledges now; empty when it does."""
    try:
        refuse_closed(campaign, now=database_now())
    except PledgeRefused as error:
        return error.sentence
    return ""


def describe_campaign(campaign: Campaign) -> dict[str, Any]:
    revision = get_approved(campaign)
    return {"campaign": campaign, "revision": revision, "zone": revision.zone or "UTC"}


def _list_ending(
    accounts: Sequence[LinkedAccount], *, campaign: Campaign
) -> list[tuple[LinkedAccount, datetime]]:
    """The accounts whose authorisation ends before a post could leave, unless its owner renews it.

    They may be lent all the same: whoever has to renew is asked in the days before the launch.
    """
    assert campaign.latest_at is not None, "an open campaign has a latest time"
    ends = [(account, find_end(account)) for account in accounts]
    return [(account, end) for account, end in ends if end is not None and end < campaign.latest_at]


def _describe_reading(reading: Reading) -> dict[str, Any]:
    return {"reading": reading, "account": reading.account, "adapter": get(reading.account.network)}
