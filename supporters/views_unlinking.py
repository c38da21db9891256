"""Giving an account back, and being told what became of it: here, and at its network."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from campaigns.numbering import fill_in
from networks.registry import get
from supporters.models import AccountState, LinkedAccount
from supporters.revoking import Ending, Revocation
from supporters.unlinking import Cut, unlink


@login_required
@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Unlink one account."""
    assert isinstance(request.user, User)
    linked = LinkedAccount.objects.exclude(state=AccountState.UNLINKED)
    account = get_object_or_404(linked.select_related("known_server"), pk=pk, person=request.user)
    try:
        outcome = unlink(account, person=request.user)
    except LinkedAccount.DoesNotExist:  # twice at once
        return redirect("my_pledges")
    is_done = outcome.is_revoked or outcome.is_shared
    level = messages.SUCCESS if is_done else messages.WARNING
    messages.add_message(request, level, describe_revocation(account, told=outcome.revocation))
    for level, sentence in _describe_cut(outcome):
        messages.add_message(request, level, sentence)
    return redirect("my_pledges")


def describe_revocation(account: LinkedAccount, *, told: Revocation) -> str:
    """What became of an account that was unlinked, and what its owner can still do."""
    adapter = get(account.network)
    # Where there is one server only, its owner knows it by the network's name.
    place = account.known_server.host if adapter.address_label else adapter.label
    facts = {"handle": account.handle, "host": place, "reason": told.sentence}
    match told.ending:
        case Ending.REVOKED:
            said = _("%(handle)s is unlinked. We deleted the key here, and %(host)s revoked it.")
        case Ending.SHARED:
            said = _(
                "%(handle)s is unlinked: we deleted the key here. %(host)s knows one authorisation "
                "for all your accounts there; it is revoked when you unlink the last one."
            )
        case Ending.OWNERS:
            said = _(
                "%(handle)s is unlinked: we deleted the key here. Remove CrowdSpeak at %(host)s "
                "as well: only you can. %(reason)s"
            )
        case Ending.LATER:
            said = _(
                "%(handle)s is unlinked, and nothing is posted from it any more. %(host)s could "
                "not be told: we go on trying for a day, keep the key sealed for that alone, and "
                "delete it then. If you do not want to wait, remove CrowdSpeak there yourself, in "
                "your account's settings."
            )
        case Ending.LOST:
            said = _(
                "%(handle)s is unlinked, and nothing is posted from it any more. %(host)s could "
                "not be told, so remove CrowdSpeak there yourself, in your account's settings."
            )
    return said % facts


def _describe_cut(cut: Cut) -> Iterator[tuple[int, str]]:
    if cut.withdrawn:
        said = ngettext(
            "One pledge is withdrawn with it.",
            "%(number)d pledges are withdrawn with it.",
            cut.withdrawn,
        )
        yield messages.SUCCESS, fill_in(said, {"number": cut.withdrawn})
    if cut.promises:
        said = ngettext(
            "You had promised to post once by your own hand, and nothing but this account stood "
            "for it: that is withdrawn too. Confirm an e-mail address to promise it again.",
            "You had promised to post %(number)d times by your own hand, and nothing but this "
            "account stood for it: that is withdrawn too. Confirm an e-mail address to promise it "
            "again.",
            cut.promises,
        )
        yield messages.WARNING, fill_in(said, {"number": cut.promises})
    if cut.called:
        yield (
            messages.WARNING,
            _("It was called for a launch already: that post has left or just leaves, and stays."),
        )
