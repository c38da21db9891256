"""What a browser was about when it left for a network, so that nothing of it is lost on the way.

Kept in the session that such a way needs anyway, until it is over: for which campaign and by which
door somebody came, what they typed and for which network, which accounts they had chosen for a
campaign, and what they had filled in beside its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, QueryDict

from campaigns.models import Campaign
from supporters.forms import name_words
from supporters.models import LinkedAccount

ERRAND = "linking"
CHOICE = "lending"
WORDS = name_words("")
FIELDS = {"revision", "wording", "is_shown", "receipt_email"}
MOST_KEPT = 20_000  # characters of a form; one with longer words is not kept


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a browser went to a network for: an account by what was ``typed``, or one to renew.

    ``renewed`` is the handle that it had then; it may have another one when it comes back.
    """

    campaign_id: int | None = None
    door: str = ""
    network: str = ""
    typed: str = ""
    renewed: str = ""
    renewed_id: int | None = None


def leave(request: HttpRequest, errand: Errand) -> str:
    """Note what it is all for; gives the session's key, of a new session if need be."""
    request.session[ERRAND] = asdict(errand)
    if not request.session.session_key:
        request.session.create()
    return request.session.session_key or ""


def find_errand(request: HttpRequest) -> Errand:
    """What this browser was last sent to a network for; an empty one for nothing."""
    kept: dict[str, Any] = request.session.get(ERRAND, {})
    names = {each.name for each in fields(Errand)}
    return Errand(**{name: value for name, value in kept.items() if name in names})


def end_errand(request: HttpRequest) -> None:
    """Forget it: an account came back."""
    request.session.pop(ERRAND, None)


def find_campaign_of(request: HttpRequest, *, told: Campaign | None = None) -> Campaign | None:
    """The campaign that it was all for, if its reader may still see it.

    ``told`` is what is known of that otherwise: the session may be another browser's.
    """
    pk = told.pk if told else find_errand(request).campaign_id
    found: Campaign | None = (
        Campaign.objects.seen_by(request.user).filter(pk=pk or 0, approved__isnull=False).first()
    )
    return found


def find_missing(errand: Errand, accounts: Sequence[LinkedAccount]) -> str:
    """The account that was asked for by its name, where others came back; empty where it came.

    Names alone are compared: a server may call its accounts by another domain than its own.
    """
    if errand.renewed_id is not None:
        came = errand.renewed_id in {account.pk for account in accounts}
        return "" if came else errand.renewed
    name, at, _host = errand.typed.strip().lstrip("@").partition("@")
    if not at or "/" in name:
        return ""
    names = {account.handle.lstrip("@").partition("@")[0].casefold() for account in accounts}
    return "" if name.casefold() in names else errand.typed


def note_choice(
    session: SessionBase,
    campaign: Campaign,
    *,
    account_ids: Iterable[int],
    form: QueryDict | None = None,
) -> None:
    """Keep which accounts are chosen for a campaign, and what the form with its words holds.

    Without ``form`` what was filled in before stays. Of one campaign at a time.
    """
    kept = _find_choice(session, campaign).get("form", "")
    if form is not None:
        fields = [name for name in form if name in FIELDS or name.startswith(WORDS)]
        kept = urlencode([(name, form[name]) for name in fields])
    session[CHOICE] = {
        "campaign": campaign.pk,
        "accounts": list(account_ids),
        "form": kept if len(kept) <= MOST_KEPT else "",
    }


def find_chosen(session: SessionBase, campaign: Campaign) -> list[int] | None:
    """The keys of the accounts that were chosen for a campaign; None where nothing was yet."""
    chosen: list[int] | None = _find_choice(session, campaign).get("accounts")
    return chosen


def find_form(session: SessionBase, campaign: Campaign) -> QueryDict | None:
    """What was filled in beside a campaign's words, as it was sent; None for nothing."""
    kept = _find_choice(session, campaign).get("form", "")
    return QueryDict(kept) if kept else None


def end_choice(session: SessionBase) -> None:
    """Forget it: it is agreed to."""
    session.pop(CHOICE, None)


def _find_choice(session: SessionBase, campaign: Campaign) -> dict[str, Any]:
    kept: dict[str, Any] = session.get(CHOICE, {})
    return kept if kept.get("campaign") == campaign.pk else {}
