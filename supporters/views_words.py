"""Changing the words of one pledge: one's own, or the organiser's new ones taken over or left.

One page for both kinds: for an account that is lent, and for what is posted by hand, which can also
be reached by the signed address in a mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
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
from networks.registry import get
from supporters.addressing import has_ended
from supporters.consents import Consent
from supporters.forms import WordsForm
from supporters.models import AssistedPledge, Pledge
from supporters.pledging import PledgeRefused, WordsChanged, clean_words
from supporters.reading import read_for
from supporters.rewording import (
    change_words,
    compare_words,
    has_new_words,
    keep_words,
    take_words,
    with_wordings,
)
from supporters.views_promises import find_promises, find_signed_promises


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The words of an account's pledge. 404 for anybody else's."""
    pledge = get_object_or_404(
        with_wordings(Pledge.objects.select_related("account__known_server", "person")),
        pk=pk,
        person=request.user,
    )
    place = {"account": pledge.account, "adapter": get(pledge.network)}
    return _serve(request, pledge, back=reverse("my_pledges"), place=place)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def my_promise_words(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The words of what one posts by hand. 404 for anybody else's."""
    assert isinstance(request.user, User)
    promises = find_promises(request.user.pk, campaign__slug=slug)
    return _serve_promise(request, promises, pk=pk, back=reverse("promise", args=[slug]))


@never_cache
@require_http_methods(["GET", "POST"])
def signed_promise_words(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """The same by the address in a mail, as long as that leads anywhere. Signs nobody in."""
    promises = find_signed_promises(token)
    return _serve_promise(request, promises, pk=pk, back=reverse("promise_signed", args=[token]))


def _serve_promise(
    request: HttpRequest, promises: Sequence[AssistedPledge], *, pk: int, back: str
) -> HttpResponse:
    promised = next((each for each in promises if each.pk == pk), None)
    if promised is None:
        raise Http404
    if has_ended(promised.campaign, now=database_now()):
        return redirect(back)
    place = {"composer": promised.composer}
    return _serve(request, promised, back=back, place=place)


def _serve(
    request: HttpRequest, pledge: Consent, *, back: str, place: dict[str, Any]
) -> HttpResponse:
    """Do what the button says, and go ``back``; else show the page, to a script the post alone.

    ``place`` is where it is posted: the facts beside its text.
    """
    is_written = "text" in request.POST
    form = WordsForm(request.POST if is_written else None, initial={"text": pledge.text})
    text = pledge.text
    if request.method == "POST":
        try:
            if done := _choose_words(request, pledge, form=form):
                messages.success(request, done)
                return redirect(back)
            if form.is_valid():
                text = clean_words(form.cleaned_data["text"])
        except PledgeRefused as error:
            form = form if is_written else WordsForm({"text": pledge.text})
            form.add_error("text" if is_written else None, error.sentence)
    context = {
        "pledge": pledge,
        "form": form,
        "post": {**place, "reading": read_for(pledge, text=text)},
        "can_edit": pledge.can_be_edited(database_now()),
        "is_outdated": has_new_words(pledge),
        "news": compare_words(pledge),
        "back": back,
        "here": request.path,
    }
    if request.headers.get("HX-Request"):
        return render(request, "supporters/_edited.html", context | {"is_part": True})
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "supporters/edit.html", context, status=status)


def _choose_words(request: HttpRequest, pledge: Consent, *, form: WordsForm) -> str:
    """Do what the button says; a sentence that says what was done, empty when nothing was.

    Raises PledgeRefused.
    """
    person, sent = pledge.person, request.POST
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
