"""When the organiser's words change after a pledge: its owner is told, compares and chooses.

Until they do, the words they agreed to stand. Who chose for a revision is not asked again for it,
nor for another one that says the same; and nobody is asked whose words are still among the
organiser's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.comparing import Piece, mark_difference
from campaigns.models import Campaign, CampaignState, Revision
from supporters import mails
from supporters.choosing import deal_wording
from supporters.mails import MOST_AT_ONCE, Recipient, find_recipient
from supporters.models import Pledge, PledgeQuerySet, PledgeState
from supporters.pledging import PledgeRefused, Reading, WordsChanged, change_words, read_words


@dataclass(frozen=True, kw_only=True)
class NewWording:
    """One of the organiser's wordings of now; what differs from the pledge's words is marked."""

    position: int
    reading: Reading
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


def with_wordings(pledges: PledgeQuerySet) -> PledgeQuerySet:
    """Pledges with every wording that is compared here, in few queries."""
    found: PledgeQuerySet = pledges.select_related(
        "campaign__approved", "revision", "told_of", "settled_for"
    ).prefetch_related(
        "campaign__approved__wordings",
        "revision__wordings",
        "told_of__wordings",
        "settled_for__wordings",
    )
    return found


def has_new_words(pledge: Pledge) -> bool:
    """Whether its owner has still to choose between these words and the organiser's new ones."""
    return _is_news(pledge, since=pledge.settled_for)


def compare_words(pledge: Pledge) -> NewWords | None:
    """The pledge's words beside the organiser's of now; None where there are no others.

    First comes the successor of the wording that its owner had chosen, else the one dealt to them.
    """
    newer = pledge.campaign.approved
    assert newer is not None, "pledges are made to approved campaigns"
    texts = {position: text for position, text in newer.texts.items() if text != pledge.text}
    if not texts:
        return None
    readings = {position: read_words(pledge.account, text=text) for position, text in texts.items()}
    first = pledge.wording
    if first not in readings or not readings[first].fits:
        first = deal_wording(
            texts, campaign=pledge.campaign, person=pledge.person, accounts=[pledge.account]
        )
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


def take_words(pledge: Pledge, *, person: User, revision_id: str, wording: str) -> None:
    """Post one of the organiser's wordings of now instead. Raises PledgeRefused, WordsChanged.

    ``revision_id`` and ``wording`` name what the page showed: an approved revision never changes.
    """
    newer = _get_seen(pledge.campaign, revision_id=revision_id)
    text = newer.texts.get(int(wording)) if wording.isdecimal() else None
    if text is None:
        raise PledgeRefused(_("Choose one of the wordings."))
    change_words(pledge, person=person, text=text, revision=newer)


def keep_words(pledge: Pledge, *, person: User, revision_id: str) -> None:
    """Let the pledge's words stand beside the organiser's new ones, for good.

    Raises PledgeRefused, WordsChanged.
    """
    with transaction.atomic():
        held: Campaign = Campaign.objects.lock_shared(pledge.campaign_id)
        newer = _get_seen(held, revision_id=revision_id)
        kept = Pledge.objects.filter(pk=pledge.pk, person=person, state=PledgeState.LIVE).update(
            settled_for=newer, told_of=newer
        )
    if not kept:
        raise PledgeRefused(_("This pledge does not stand any more."))


def tell_of_new_words(limit: int = MOST_AT_ONCE) -> int:
    """Tell supporters whose organiser changed the words; how many pledges were looked through.

    Each pledge remembers which revision its owner was told of, in the transaction that queues the
    mail: so each change is told once, by however many ticks. Somebody who lent several accounts to
    a campaign gets one mail.
    """
    can_change_from = database_now() + timedelta(seconds=settings.WORDS_FREEZE_SECONDS)
    with transaction.atomic():
        waiting: list[Pledge] = list(
            with_wordings(
                Pledge.objects.select_for_update(of=("self",), skip_locked=True).filter(
                    ~Q(revision=F("campaign__approved")),
                    ~Q(told_of=F("campaign__approved")),
                    state=PledgeState.LIVE,
                    campaign__state=CampaignState.SCHEDULED,
                    campaign__launch_at__gt=can_change_from,
                    campaign__approved__number__gt=1,
                )
            )
            .select_related("person", "account__known_server")
            .order_by("campaign_id", "person_id", "pk")[:limit]
        )
        done = 0
        for pledges in _group_whole(waiting, limit=limit):
            _tell(pledges)
            newer = pledges[0].campaign.approved
            keys = [pledge.pk for pledge in pledges]
            done += Pledge.objects.filter(pk__in=keys).update(told_of=newer)
    return done


def _is_news(pledge: Pledge, *, since: Revision | None) -> bool:
    """Whether the organiser's words of now are others than its own, and than those of ``since``."""
    newer = pledge.campaign.approved
    if newer is None or newer.pk == pledge.revision_id:
        return False
    now = set(newer.texts.values())
    began_as = pledge.revision.texts.get(pledge.wording)
    if pledge.text in now or began_as in now:
        return False
    return since is None or set(since.texts.values()) != now


def _get_seen(campaign: Campaign, *, revision_id: str) -> Revision:
    """The approved revision, if it is the one that the page showed."""
    newer = campaign.approved
    if newer is None or str(newer.pk) != revision_id:
        raise WordsChanged(_("The organiser's words changed once more. Read them again."))
    return newer


def _group_whole(waiting: list[Pledge], *, limit: int) -> list[list[Pledge]]:
    """One person's pledges to one campaign together; the last ones wait where some may be left."""
    grouped = groupby(waiting, key=lambda pledge: (pledge.campaign_id, pledge.person_id))
    groups = [list(pledges) for _key, pledges in grouped]
    return groups[:-1] if len(waiting) == limit and len(groups) > 1 else groups


def _tell(pledges: list[Pledge]) -> None:
    """Queue the mails about one person's pledges to one campaign, one to each address."""
    news: defaultdict[Recipient, list[Pledge]] = defaultdict(list)
    for pledge in pledges:
        recipient = find_recipient(pledge)
        if recipient and has_new_words(pledge) and _is_news(pledge, since=pledge.told_of):
            news[recipient].append(pledge)
    for recipient, concerned in news.items():
        mails.queue_new_words(recipient, pledges=concerned)
