"""Supporting a campaign by one's own hand: words, consent, the mail that confirms an address."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from campaigns.models import Campaign, Revision
from networks.composers import Composer
from networks.registry import get_composer
from supporters.addressing import address_promise, address_reminder
from supporters.assisting import find_composers, promise
from supporters.choosing import complete_words, deal_wording, list_options
from supporters.confirming import ask_promise, ask_reminder, confirm, find_request, remind
from supporters.doors import add_door, find_door
from supporters.explaining import explain_wait
from supporters.forms import PromiseForm, RemindForm, name_words
from supporters.models import ConfirmRequest
from supporters.pledging import PledgeRefused, join_words, sign_words
from supporters.reading import HandReading, read_by_hand
from supporters.standing import find_address, has_standing
from supporters.throttling import take_turn
from supporters.views_support import (
    describe_campaign,
    find_campaign,
    find_why_closed,
    get_approved,
    show_support,
)


class TooMany(PledgeRefused):
    """Too many mails were asked for from one internet connection."""

    def __init__(self, seconds: int) -> None:
        super().__init__(explain_wait(seconds))
        self.seconds = seconds


@never_cache
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest, slug: str) -> HttpResponse:
    """The exact post for each place, and one button (``agree``) that promises to post it there.

    Whatever else is sent from the form, by a script or another button, only shows the post anew.
    """
    campaign = find_campaign(request, slug=slug)
    asked = request.POST if request.method == "POST" else request.GET
    left_out = asked.get("leave")
    composers = find_composers([name for name in asked.getlist("network") if name != left_out])
    if not composers:
        messages.error(request, _("Choose at least one place to post it."))
        return redirect(add_door(reverse("support", args=[slug]), find_door(request)))
    if find_why_closed(campaign):
        return show_support(request, campaign=campaign)
    form = _open_form(request, campaign=campaign, composers=composers)
    refused: PledgeRefused | None = None
    if "agree" in request.POST and form.is_valid():
        try:
            return _agree(request, campaign=campaign, form=form, composers=composers)
        except PledgeRefused as error:
            refused = error
            campaign = find_campaign(request, slug=slug)
            form = _open_form(request, campaign=campaign, composers=composers)
            form.add_error(None, error.sentence)
    answer = _show_by_hand(request, campaign=campaign, form=form, composers=composers)
    return _note_wait(answer, refused)


@never_cache
@require_http_methods(["GET", "POST"])
def be_reminded(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to be told of the moment, and nothing else."""
    campaign = find_campaign(request, slug=slug)
    if find_why_closed(campaign):
        return show_support(request, campaign=campaign)
    person = request.user if isinstance(request.user, User) else None
    address = find_address(person) if person else ""
    form = RemindForm(request.POST or None, initial={"email": address})
    refused: PledgeRefused | None = None
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            if email == address:
                remind(campaign, email=email, language=_language())
                return redirect(address_reminder(campaign, email=email))
            _take_turn_to_mail(request)
            ask_reminder(campaign, email=email, language=_language())
            return redirect("support_mail_sent", slug=slug)
        except PledgeRefused as error:
            refused = error
            form.add_error(None, error.sentence)
    status = 422 if form.is_bound else 200
    context = {**describe_campaign(campaign), "form": form}
    answer = render(request, "supporters/remind.html", context, status=status)
    return _note_wait(answer, refused)


@never_cache
@require_GET
def mail_sent(request: HttpRequest, slug: str) -> HttpResponse:
    """A mail is on its way, and what to do with it."""
    campaign = find_campaign(request, slug=slug)
    return render(request, "supporters/mail_sent.html", describe_campaign(campaign))


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """What was asked for with this address, and the button that confirms it.

    Opening it confirms nothing: programs that look for viruses open every link. Nobody is signed
    in by it.
    """
    found = find_request(token)
    if found is None:
        return render(request, "supporters/confirm_gone.html", status=410)
    closed = find_why_closed(found.campaign)
    if request.method == "POST" and not closed:
        try:
            confirmed = confirm(token)
        except PledgeRefused as error:
            closed = error.sentence
        else:
            if confirmed is None:
                return render(request, "supporters/confirm_gone.html", status=410)
            messages.success(request, _("Thank you: your address is confirmed."))
            if confirmed.person is None:
                return redirect(address_reminder(found.campaign, email=found.email))
            return redirect(address_promise(found.campaign, person_id=confirmed.person.pk))
    context = {**_describe_request(found), "closed": closed, "token": token}
    return render(request, "supporters/confirm.html", context, status=422 if closed else 200)


def _agree(
    request: HttpRequest, *, campaign: Campaign, form: PromiseForm, composers: Sequence[Composer]
) -> HttpResponse:
    """Promise, or send the mail that confirms it. Raises PledgeRefused."""
    data = form.cleaned_data
    wording = data["wording"]
    facts: dict[str, Any] = {
        "networks": [composer.name for composer in composers],
        "seen": request.POST.get("seen", ""),
        "wording": wording,
        "words": data[name_words(wording)],
        "language": _language(),
        "source": find_door(request),
    }
    if "email" in form.fields:
        _take_turn_to_mail(request)
        name = data["name"]
        ask_promise(campaign, email=data["email"], name=name, is_shown=bool(name), **facts)
        return redirect("support_mail_sent", slug=campaign.slug)
    assert isinstance(request.user, User)
    promise(campaign, person=request.user, is_shown=data["is_shown"], **facts)
    return redirect("support_thanks", slug=campaign.slug)


def _open_form(
    request: HttpRequest, *, campaign: Campaign, composers: Sequence[Composer]
) -> PromiseForm:
    """The form as it was sent; else with the wording that is this reader's, as it was given."""
    person = request.user if isinstance(request.user, User) else None
    revision = get_approved(campaign)
    dealt = _deal(revision, campaign=campaign, person=person, composers=composers)
    sent = None
    if request.method == "POST":
        sent = complete_words(request.POST, revision=revision, dealt=dealt)
    form = PromiseForm(
        sent,
        messages=revision.offered_messages,
        initial={"wording": dealt},
        is_known=person is not None and has_standing(person),
    )
    form.full_clean()
    return form


def _deal(
    revision: Revision, *, campaign: Campaign, person: User | None, composers: Sequence[Composer]
) -> int:
    """The wording that is chosen at first, among those that fit; for a stranger any of them."""
    texts = revision.texts
    fitting = {
        position: text
        for position, text in texts.items()
        if all(read_by_hand(composer, text=text).fits for composer in composers)
    }
    if person is None:
        return random.choice(list(fitting or texts))  # noqa: S311  (nothing secret)
    return deal_wording(fitting or texts, campaign=campaign, person=person)


def _show_by_hand(
    request: HttpRequest, *, campaign: Campaign, form: PromiseForm, composers: Sequence[Composer]
) -> HttpResponse:
    """The page of ``by_hand``, or the part of it with the posts when a script asks."""
    revision = get_approved(campaign)
    written = form.cleaned_data if form.is_bound else {}
    wording = int(form["wording"].value())
    text = join_words(revision, wording=wording, words=written.get(name_words(wording), ""))
    posts = [read_by_hand(composer, text=text) for composer in composers]
    options = [
        replace(option, problems=_list_problems(revision.texts[option.position], composers))
        for option in list_options(revision, form=form, accounts=[])
    ]
    context = {
        **describe_campaign(campaign),
        "form": form,
        "options": options,
        "posts": posts,
        "fits": all(post.fits for post in posts),
        "seen": sign_words(revision, text=text),
        "here": request.path,
    }
    if request.headers.get("HX-Request"):
        return render(request, "supporters/_by_hand_exact.html", context | {"is_part": True})
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "supporters/by_hand.html", context, status=status)


def _list_problems(text: str, composers: Sequence[Composer]) -> list[str]:
    found = [read_by_hand(composer, text=text).sentence for composer in composers]
    return [sentence for sentence in found if sentence]


def _describe_request(found: ConfirmRequest) -> dict[str, Any]:
    posts: list[HandReading] = [
        read_by_hand(get_composer(name), text=found.text) for name in found.networks
    ]
    return {**describe_campaign(found.campaign), "request_made": found, "posts": posts}


def _take_turn_to_mail(request: HttpRequest) -> None:
    """Count one more mail that a visitor has us write to an address. Raises TooMany."""
    seconds = take_turn(request.META["REMOTE_ADDR"], purpose="mail")
    if seconds:
        raise TooMany(seconds)


def _note_wait(answer: HttpResponse, refused: PledgeRefused | None) -> HttpResponse:
    """The same page, with the status that says when to come again if that is the matter."""
    if isinstance(refused, TooMany):
        answer.status_code = 429
        answer["Retry-After"] = str(refused.seconds)
    return answer


def _language() -> str:
    return (get_language() or "en")[:2]
