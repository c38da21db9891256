"""Tell whoever had a launch recalled, and its organiser, what became of the posts: once.

Pulled by the tick when nothing of a recall is open any more. A proof that comes later takes the
recall up again, and its post is deleted as well; of that there is no second mail. It changes none
of what the first one asks for, since nothing is asked of them: the owners are told each time, and
the launch room has the numbers of now, as the mail says.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from launches.recalls import Recall
from launches.recounting import RecallSummary, summarise_recall

# What was through before is no news: also not after an upgrade, or a long standstill.
FINISHED_WITHIN = timedelta(days=2)

logger = logging.getLogger(__name__)


def tell_askers(now: datetime, *, limit: int) -> int:
    """Mail the numbers of recalls that are through. Gives how many recalls.

    The mark is made in the transaction of the mails, on the row that it locks: of any number of
    ticks one tells.
    """
    with transaction.atomic():
        through = list(
            Recall.objects.filter(told_at=None, finished_at__gt=now - FINISHED_WITHIN)
            .select_related("asked_by", "launch__campaign__organiser", "launch__campaign__approved")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:limit]
        )
        for made in through:
            try:
                with transaction.atomic():
                    _tell(made)
            except Exception:
                # One that cannot be written must not keep the others waiting for ever.
                logger.exception("nobody was told that recall %s is through", made.pk)
        told = Recall.objects.filter(pk__in=[made.pk for made in through])
        told.update(told_at=database_now())
    return len(through)


def _tell(made: Recall) -> None:
    summary = summarise_recall(made)
    organiser = made.launch.campaign.organiser
    asker = made.asked_by
    _write(organiser, made, summary)
    if asker is not None and asker.pk != organiser.pk:
        _write(asker, made, summary)


def _write(person: User, made: Recall, summary: RecallSummary) -> None:
    """One mail, to who has an address and may come in. The asker's own words are not in it."""
    if not person.email or not person.is_active:
        return
    campaign = made.launch.campaign
    queue_mail(
        person.email,
        person=person,
        template="recall_ended",
        language=person.language,
        context={
            "campaign": campaign,
            "recall": made,
            "summary": summary,
            "is_organiser": person.pk == campaign.organiser_id,
            "zone": (campaign.approved.zone if campaign.approved else "") or "UTC",
        },
    )
