"""Tell each owner once what became of their post when its launch was recalled.

Pulled by the tick in small portions. Who keeps their post, or had deleted it, knows already; their
pages say it.
"""

from __future__ import annotations

import logging
from collections import defaultdict

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from launches.recalls import LEFT_THERE, OPEN_DELETIONS, Deletion, DeletionState
from supporters.mails import find_recipient
from supporters.topics import note_accounts

TOLD = (DeletionState.DELETED, *LEFT_THERE)

logger = logging.getLogger(__name__)


def tell_owners(*, limit: int) -> int:
    """One mail for each post that was deleted or could not be. Gives how many posts.

    Not before all is known of a post that is there twice. The mark is made in the transaction of
    the mail.
    """
    open_ones = Deletion.objects.filter(
        recall=OuterRef("recall"), delivery=OuterRef("delivery"), state__in=OPEN_DELETIONS
    )
    untold = Deletion.objects.filter(
        ~Exists(open_ones), state__in=TOLD, told_at=None, delivery__pledge__isnull=False
    )
    with transaction.atomic():
        lines = list(
            untold.order_by("delivery_id", "pk")
            .select_related(
                "recall__launch__campaign__approved",
                "delivery__pledge__account",
                "delivery__pledge__person",
            )
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        posts: defaultdict[int, list[Deletion]] = defaultdict(list)
        for line in lines:
            posts[line.delivery_id].append(line)
        for each in posts.values():
            try:
                with transaction.atomic():
                    _tell(each)
            except Exception:
                # One that cannot be written must not keep the others waiting for ever.
                logger.exception("the owner of delivery %s was not told", each[0].delivery_id)
        told = Deletion.objects.filter(pk__in=[line.pk for line in lines])
        told.update(told_at=database_now())
    return len(posts)


def _tell(lines: list[Deletion]) -> None:
    """Write to the owner of one post. What the asker gave as a reason is on the page, not here."""
    delivery = lines[0].delivery
    pledge = delivery.pledge
    assert pledge is not None, "only those are told who are known"
    recipient = find_recipient(pledge)
    if recipient is None:
        return
    left = [line for line in lines if line.is_left]
    mail = queue_mail(
        recipient.email,
        person=pledge.person,
        template="recalled",
        language=recipient.language,
        context={
            "campaign": lines[0].recall.launch.campaign,
            "delivery": delivery,
            "account": pledge.account,
            "left": left,
            "address": delivery.permalink or delivery.owner_said_url or pledge.account.url,
        },
    )
    note_accounts(mail, [pledge.account])
