"""Mail a campaign's news to who supports it: once to each, within what they want to be asked.

Pulled by the tick in small portions. How far it came stands on the update's row, which is locked
meanwhile: a process that dies has either written a portion's mails and moved the mark, or neither.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from post_office.models import PRIORITY, STATUS, Email

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.models import Campaign, CampaignUpdate
from supporters.addressing import address_unsubscribe, write_unsubscribe_headers
from supporters.models import Ask, AskKind, AssistedPledge, Pledge, PledgeState
from supporters.soliciting import Askable, find_askable, list_people

LISTED = 5  # pieces of news in My pledges
# Mails that wait for the others at once. No more are written meanwhile, so that what is removed is
# not on its way to everybody already, and the outbox does not look stuck.
MOST_WAITING = 1_000

logger = logging.getLogger(__name__)


def mail_updates(*, limit: int) -> int:
    """Write the mails of one update to the next ``limit`` people; how many were looked at.

    0: there is nothing to do, or an update has just come to its end.
    """
    with transaction.atomic():
        due = CampaignUpdate.objects.to_mail(database_now()).select_related("campaign__approved")
        update = due.select_for_update(skip_locked=True, of=("self",)).first()
        if update is None:
            return 0
        now = database_now()
        keys = list_people(update.campaign, after=update.mailed_up_to, limit=limit)
        changes = {"mailed_up_to": keys[-1]} if keys else {"mail_ended_at": now}
        for each in find_askable(keys, campaign=update.campaign, now=now):
            try:
                with transaction.atomic():
                    _tell(each, update=update, now=now)
            except Exception:
                # One that cannot be written must not keep the others waiting for ever.
                logger.exception("update %s: person %s was not told", update.pk, each.person.pk)
        CampaignUpdate.objects.filter(pk=update.pk).update(**changes)
    return len(keys)


def has_room() -> bool:
    """Whether the outbox has let go of enough of what was written before."""
    waiting = Email.objects.filter(
        status__in=[STATUS.queued, STATUS.requeued], priority=PRIORITY.low
    )
    return bool(waiting.order_by()[:MOST_WAITING].count() < MOST_WAITING)


def list_news(person_id: int) -> list[CampaignUpdate]:
    """The latest news of what this person supports, whether it was mailed to them or not."""
    standing = [
        model.objects.filter(person=person_id, campaign=OuterRef("campaign")).exclude(
            state=PledgeState.WITHDRAWN
        )
        for model in (Pledge, AssistedPledge)
    ]
    found = CampaignUpdate.objects.shown().filter(Exists(standing[0]) | Exists(standing[1]))
    found = found.filter(campaign__in=Campaign.objects.approved())
    return list(found.select_related("campaign__approved")[:LISTED])


def _tell(askable: Askable, *, update: CampaignUpdate, now: datetime) -> None:
    ask = Ask.objects.create(
        person=askable.person,
        campaign=update.campaign,
        kind=AskKind.UPDATE,
        update_told=update,
        is_mailed=askable.may_mail,
        decided_at=now,
    )
    if not askable.may_mail:
        return
    campaign = update.campaign
    stop_path = address_unsubscribe(campaign, person_id=askable.person.pk)
    mail = queue_mail(
        askable.email,
        person=askable.person,
        template="update",
        language=askable.person.language,
        context={
            "campaign": campaign,
            "revision": campaign.revision,
            "update": update,
            "path": reverse("campaign", args=[campaign.slug]),
            "stop_path": stop_path,
        },
        headers=write_unsubscribe_headers(stop_path),
        can_wait=True,
    )
    Ask.objects.filter(pk=ask.pk).update(mail=mail)
