"""Telling people, once, that the organiser changed the words after they had agreed to others.

Each pledge remembers which revision its owner was told of, in the transaction that queues the mail:
so each change is told once, by however many ticks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns.clock import database_now
from campaigns.models import CampaignState
from supporters import mails, telling
from supporters.consents import Consent
from supporters.mails import MOST_AT_ONCE, Recipient, find_recipient
from supporters.models import AssistedPledge, Pledge, PledgeState
from supporters.rewording import has_new_words, is_news, with_wordings
from supporters.telling import group_whole

Agreed = TypeVar("Agreed", bound=Consent)


def tell_of_new_words(limit: int = MOST_AT_ONCE) -> int:
    """Tell who lent accounts; gives how many pledges were looked through.

    Somebody who lent several accounts to a campaign gets one mail.
    """
    return _tell_once(
        Pledge.objects.select_related("account__known_server"), tell=_tell_lenders, limit=limit
    )


def tell_promises_of_new_words(limit: int = MOST_AT_ONCE) -> int:
    """Tell who posts by their own hand; gives how many promises were looked through."""
    return _tell_once(AssistedPledge.objects.all(), tell=_tell_promisers, limit=limit)


def _tell_once(
    pledges: QuerySet[Agreed], *, tell: Callable[[list[Agreed]], None], limit: int
) -> int:
    """Give the pledges of one person to one campaign to ``tell``, if its words changed."""
    can_change_from = database_now() + timedelta(seconds=settings.WORDS_FREEZE_SECONDS)
    with transaction.atomic():
        waiting = (
            with_wordings(pledges)
            .select_for_update(of=("self",), skip_locked=True)
            .filter(
                ~Q(revision=F("campaign__approved")),
                ~Q(told_of=F("campaign__approved")),
                state=PledgeState.LIVE,
                campaign__state=CampaignState.SCHEDULED,
                campaign__launch_at__gt=can_change_from,
                campaign__approved__number__gt=1,
            )
            .select_related("person")
            .order_by("campaign_id", "person_id", "pk")[:limit]
        )
        done = 0
        for group in group_whole(waiting, limit=limit):
            tell([each for each in group if _is_to_be_told(each)])
            keys = [each.pk for each in group]
            newer = group[0].campaign.approved
            done += pledges.filter(pk__in=keys).update(told_of=newer)
    return done


def _is_to_be_told(pledge: Consent) -> bool:
    return has_new_words(pledge) and is_news(pledge, since=pledge.told_of)


def _tell_lenders(pledges: list[Pledge]) -> None:
    """Queue the mails about one person's pledges to one campaign, one to each address."""
    news: defaultdict[Recipient, list[Pledge]] = defaultdict(list)
    for pledge in pledges:
        if recipient := find_recipient(pledge):
            news[recipient].append(pledge)
    for recipient, concerned in news.items():
        mails.queue_new_words(recipient, pledges=concerned)


def _tell_promisers(promises: list[AssistedPledge]) -> None:
    if promises:
        telling.queue_new_words(promises)
