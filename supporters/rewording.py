"""Changing the words of a pledge; and choosing, when the organiser's words changed after it.

The same for what we post and for what people post by their own hand. Until its owner chooses, the
words they agreed to stand. Who chose for a revision is not asked again for it, nor for another one
that says the same; and nobody is asked whose words are still among the organiser's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.comparing import Piece, mark_difference
from campaigns.models import Campaign, Revision
from supporters.choosing import deal_wording
from supporters.consents import Consent
from supporters.models import PledgeState
from supporters.pledging import PledgeRefused, WordsChanged, clean_words, find_wording
from supporters.reading import Counted, read_for

Agreed = TypeVar("Agreed", bound=Consent)


@dataclass(frozen=True, kw_only=True)
class NewWording:
    """One of the organiser's wordings of now; what differs from the pledge's words is marked."""

    position: int
    reading: Counted
    pieces: list[Piece]


@dataclass(frozen=True, kw_only=True)
class NewWords:
    """The organiser's wordings of now that a pledge does not say, the one to offer first.

    ``mine`` are the pledge's words, with what that one does not have marked.
    """

    revision: Revision
    wordings: list[NewWording]
    mine: list[Piece]

    @property
    def first(self) -> NewWording | None:
        """The one to be chosen when nothing is said; None where none fits."""
        fitting = (wording for wording in self.wordings if wording.reading.fits)
        return next(fitting, None)


def with_wordings(pledges: QuerySet[Agreed]) -> QuerySet[Agreed]:
    """Pledges with every wording that is compared here, in few queries."""
    return pledges.select_related(
        "campaign__approved", "revision", "told_of", "settled_for"
    ).prefetch_related(
        "campaign__approved__wordings",
        "revision__wordings",
        "told_of__wordings",
        "settled_for__wordings",
    )


def change_words(
    pledge: Consent, *, person: User, text: str, revision: Revision | None = None
) -> None:
    """Replace a pledge's exact words, until a minute before the launch.

    ``revision`` is the approved one whose words are taken over, if they are. Raises PledgeRefused.
    """
    words = clean_words(text)
    if not words:
        raise PledgeRefused(_("A post needs words. Write some, or withdraw the pledge."))
    with transaction.atomic():
        held: Campaign = Campaign.objects.lock_shared(pledge.campaign_id)
        now = database_now()
        mine = _own(pledge, person=person).select_for_update(of=("self",)).get()
        mine.campaign = held
        if not mine.can_be_edited(now):
            raise PledgeRefused(
                _("These words cannot be changed any more. You can still withdraw the pledge.")
                if mine.state == PledgeState.LIVE and held.is_open(now)
                else _("These words cannot be changed any more.")
            )
        if revision is not None and held.approved_id != revision.pk:
            raise WordsChanged(_("The organiser's words changed once more. Read them again."))
        if sentence := read_for(mine, text=words).sentence:
            raise PledgeRefused(sentence)
        given = find_wording(revision or mine.revision, text=words)
        _own(mine, person=person).filter(state=PledgeState.LIVE).update(
            text=words,
            wording=given or mine.wording,
            has_own_words=given is None,
            changed_at=now,
            **({"revision": revision, "language": revision.language} if revision else {}),
        )


def has_new_words(pledge: Consent) -> bool:
    """Whether its owner has still to choose between these words and the organiser's new ones."""
    return is_news(pledge, since=pledge.settled_for)


def is_news(pledge: Consent, *, since: Revision | None) -> bool:
    """Whether the organiser's words of now are others than its own, and than those of ``since``."""
    newer = pledge.campaign.approved
    if newer is None or newer.pk == pledge.revision_id:
        return False
    now = set(newer.texts.values())
    began_as = pledge.revision.texts.get(pledge.wording)
    if pledge.text in now or began_as in now:
        return False
    return since is None or set(since.texts.values()) != now


def compare_words(pledge: Consent) -> NewWords | None:
    """The pledge's words beside the organiser's of now; None where there are no others.

    First comes the successor of the wording that its owner had chosen, else the one dealt to them.
    """
    newer = pledge.campaign.approved
    assert newer is not None, "pledges are made to approved campaigns"
    texts = {position: text for position, text in newer.texts.items() if text != pledge.text}
    if not texts:
        return None
    readings = {position: read_for(pledge, text=text) for position, text in texts.items()}
    fitting = {position: text for position, text in texts.items() if readings[position].fits}
    first = pledge.wording
    if first not in fitting:
        first = deal_wording(fitting or texts, campaign=pledge.campaign, person=pledge.person)
    marked = mark_difference(pledge.text, texts[first])
    wordings = [
        NewWording(
            position=position,
            reading=reading,
            # The others were never this one: what they share with it says nothing.
            pieces=marked.after
            if position == first
            else [Piece(text=reading.text, is_changed=False)],
        )
        for position, reading in readings.items()
    ]
    wordings.sort(key=lambda wording: wording.position != first)
    return NewWords(revision=newer, wordings=wordings, mine=marked.before)


def take_words(pledge: Consent, *, person: User, revision_id: str, wording: str) -> None:
    """Post one of the organiser's wordings of now instead. Raises PledgeRefused, WordsChanged.

    ``revision_id`` and ``wording`` name what the page showed: an approved revision never changes.
    """
    newer = _get_seen(pledge.campaign, revision_id=revision_id)
    text = {str(position): text for position, text in newer.texts.items()}.get(wording)
    if text is None:
        raise PledgeRefused(_("Choose one of the wordings."))
    change_words(pledge, person=person, text=text, revision=newer)


def keep_words(pledge: Consent, *, person: User, revision_id: str) -> None:
    """Let the pledge's words stand beside the organiser's new ones, for good.

    Raises PledgeRefused, WordsChanged.
    """
    with transaction.atomic():
        held: Campaign = Campaign.objects.lock_shared(pledge.campaign_id)
        newer = _get_seen(held, revision_id=revision_id)
        mine = _own(pledge, person=person).filter(state=PledgeState.LIVE)
        kept = mine.update(settled_for=newer, told_of=newer)
    if not kept:
        raise PledgeRefused(_("This pledge does not stand any more."))


def _own(pledge: Agreed, *, person: User) -> QuerySet[Agreed]:
    """The row of a pledge, of whichever kind, if it is this person's."""
    found: QuerySet[Agreed] = type(pledge).objects.filter(pk=pledge.pk, person=person)
    return found


def _get_seen(campaign: Campaign, *, revision_id: str) -> Revision:
    """The approved revision, if it is the one that the page showed."""
    newer = campaign.approved
    if newer is None or str(newer.pk) != revision_id:
        raise WordsChanged(_("The organiser's words changed once more. Read them again."))
    return newer
