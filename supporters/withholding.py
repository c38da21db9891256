"""Hold back mails of organisers that were written and have not left, and are not wanted any more.

They wait for all other mails, and a thousand of them at once: meanwhile news is taken off the page,
a moment moves, and people press "no more".
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q
from post_office.models import PRIORITY, STATUS, Email

from campaigns.models import CampaignState
from campaigns.updates import TELLING_STATES
from supporters.models import Ask, AskKind, MailChoice, MutedCampaign

UNSENT = (STATUS.queued, STATUS.requeued)


def withhold_mails(*, limit: int) -> int:
    """Hold back up to ``limit`` mails; how many. One that is being sent just now still leaves."""
    unsent = Email.objects.filter(status__in=UNSENT, priority=PRIORITY.low)
    if not unsent.exists():  # nearly always, and the rest reads what many were asked
        return 0
    of_them = {"person": OuterRef("person")}
    is_muted = Exists(MutedCampaign.objects.filter(**of_them, campaign=OuterRef("campaign")))
    wants_none = Exists(MailChoice.objects.filter(**of_them, asks_per_week=0))
    is_undone = Q(kind=AskKind.UPDATE) & (
        Q(update_told__removed_at__isnull=False) | ~Q(campaign__state__in=TELLING_STATES)
    )
    # A mail of the day before is good until the moment that it tells.
    is_moved = Q(kind=AskKind.TOMORROW) & (
        ~Q(campaign__state=CampaignState.SCHEDULED) | ~Q(mail__expires_at=F("campaign__launch_at"))
    )
    asks = Ask.objects.filter(is_undone | is_moved | is_muted | wants_none)
    found = list(asks.filter(mail__in=unsent).values_list("mail", flat=True)[:limit])
    return unsent.filter(pk__in=found).update(status=STATUS.failed) if found else 0
