"""Tell who has something to expect that the moment is a day away: once, within their budget.

Pulled by the tick in small portions, and resumed as the mails of news are (``spreading``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.models import Campaign, CampaignState
from networks.registry import automatic_networks
from supporters.addressing import address_promise, address_unsubscribe, write_unsubscribe_headers
from supporters.models import Ask, AskKind, AssistedPledge, Eve, Pledge, PledgeState
from supporters.soliciting import Askable, find_askable, list_people

BEFORE = timedelta(hours=24)
NOT_AFTER = timedelta(hours=2)  # before the moment it would say nothing new any more
FRESH = timedelta(hours=24)  # who agreed since then read the moment just now

logger = logging.getLogger(__name__)


@dataclass
class Expected:
    """What one person has to expect of a campaign."""

    pledges: list[Pledge] = field(default_factory=list)
    promises: list[AssistedPledge] = field(default_factory=list)


def tell_of_tomorrow(*, limit: int) -> int:
    """Write to the next ``limit`` people of one campaign; how many were looked at. 0: none."""
    with transaction.atomic():
        now = database_now()
        done = Eve.objects.filter(campaign=OuterRef("pk"), ended_at__isnull=False)
        campaign = (
            Campaign.objects.filter(
                ~Exists(done),
                state=CampaignState.SCHEDULED,
                launch_at__gt=now + NOT_AFTER,
                launch_at__lte=now + BEFORE,
            )
            .select_related("approved")
            .order_by("launch_at", "pk")
            .first()
        )
        if campaign is None:
            return 0
        Eve.objects.get_or_create(campaign=campaign)
        eve = Eve.objects.select_for_update(skip_locked=True).filter(campaign=campaign).first()
        if eve is None or eve.ended_at is not None:
            return 0
        keys = list_people(campaign, after=eve.told_up_to, limit=limit)
        expected = _find_expected(campaign, keys, agreed_before=now - FRESH)
        for each in find_askable(list(expected), campaign=campaign, now=now):
            try:
                with transaction.atomic():
                    _tell(each, campaign=campaign, expected=expected[each.person.pk], now=now)
            except Exception:
                # One that cannot be written must not keep the others waiting for ever.
                logger.exception("campaign %s: %s was not told", campaign.pk, each.person.pk)
        changes = {"told_up_to": keys[-1]} if keys else {"ended_at": now}
        Eve.objects.filter(pk=eve.pk).update(**changes)
    return len(keys)


def _find_expected(
    campaign: Campaign, keys: Sequence[int], *, agreed_before: datetime
) -> dict[int, Expected]:
    """What each has to expect; nobody is in it to whom nothing will happen."""
    facts = {"campaign": campaign, "person__in": keys, "pledged_at__lt": agreed_before}
    pledges = Pledge.objects.filter(
        state=PledgeState.LIVE, network__in=list(automatic_networks()), **facts
    )
    promises = AssistedPledge.objects.coming().counting().filter(**facts)
    expected: dict[int, Expected] = {}
    for pledge in pledges.select_related("account").order_by("pk"):
        expected.setdefault(pledge.person_id, Expected()).pledges.append(pledge)
    for promised in promises.order_by("pk"):
        expected.setdefault(promised.person_id, Expected()).promises.append(promised)
    return expected


def _tell(askable: Askable, *, campaign: Campaign, expected: Expected, now: datetime) -> None:
    person = askable.person
    ask = Ask.objects.create(
        person=person,
        campaign=campaign,
        kind=AskKind.TOMORROW,
        is_mailed=askable.may_mail,
        decided_at=now,
    )
    if not askable.may_mail:
        return
    stop_path = address_unsubscribe(campaign, person_id=person.pk)
    mail = queue_mail(
        askable.email,
        person=person,
        template="tomorrow",
        language=person.language,
        context={
            "campaign": campaign,
            "revision": campaign.revision,
            "pledges": expected.pledges,
            "places": [each.composer.label for each in expected.promises],
            "promise_path": address_promise(campaign, person_id=person.pk)
            if expected.promises
            else "",
            "stop_path": stop_path,
        },
        headers=write_unsubscribe_headers(stop_path),
        expires_at=campaign.launch_at,
        can_wait=True,
    )
    Ask.objects.filter(pk=ask.pk).update(mail=mail)
