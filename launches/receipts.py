"""Tell supporters what was posted in their name, and organisers what came of their launch.

Pulled by the tick in small batches; each mail is a row in the transaction that marks it as queued.
"""

import logging

from django.db import transaction
from django.db.models import Q

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from launches.models import (
    FINAL_STATES,
    OPEN_STATES,
    Delivery,
    DeliveryState,
    Launch,
    LaunchKind,
    LaunchState,
)
from launches.recalls import DeletionState, find_recall
from launches.results import summarise
from supporters.mails import may_hold_words
from supporters.topics import note_accounts

logger = logging.getLogger(__name__)

ENDED = (LaunchState.FINISHED, LaunchState.MISSED, LaunchState.CANCELLED)


def queue_receipts(*, limit: int) -> int:
    """One receipt for each delivery that ended and whose owner gave an address. Gives how many."""
    with transaction.atomic():
        due = list(
            Delivery.objects.filter(
                receipt_queued_at=None, state__in=FINAL_STATES, launch__kind=LaunchKind.REAL
            )
            .exclude(launch__state=LaunchState.HELD)
            .filter(pledge__isnull=False)
            .select_related("launch__campaign__approved", "pledge__account", "pledge__person")
            .prefetch_related("deletions")
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        for delivery in due:
            try:
                with transaction.atomic():
                    _queue_receipt(delivery)
            except Exception:
                # One that cannot be written must not keep the others waiting for ever.
                logger.exception("the receipt of delivery %s could not be written", delivery.pk)
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in due]).update(
            receipt_queued_at=database_now()
        )
    return len(due)


def _queue_receipt(delivery: Delivery) -> None:
    pledge = delivery.pledge
    assert pledge is not None
    if not pledge.receipt_email:
        return
    lines = sorted(delivery.deletions.all(), key=lambda line: line.pk)
    mail = queue_mail(
        pledge.receipt_email,
        person=pledge.person,
        template="receipt",
        language=pledge.receipt_language,
        context={
            "delivery": delivery,
            "pledge": pledge,
            "campaign": delivery.launch.campaign,
            "was_missed": delivery.launch.state == LaunchState.MISSED,
            "was_sent": delivery.state == DeliveryState.SENT,
            "is_unconfirmed": delivery.state == DeliveryState.UNCONFIRMED,
            "lines": lines,
            "is_kept": any(line.state == DeletionState.KEPT for line in lines),
            "is_left": any(line.is_left for line in lines),
            "text": delivery.text if may_hold_words(pledge, email=pledge.receipt_email) else "",
        },
    )
    note_accounts(mail, [pledge.account])


def tell_organisers(*, limit: int) -> int:
    """One mail to the organiser of each launch that is over. Gives how many."""
    with transaction.atomic():
        over = list(
            Launch.objects.filter(told_at=None, kind=LaunchKind.REAL, state__in=ENDED)
            .filter(~Q(deliveries__state__in=OPEN_STATES))
            .select_related("campaign__organiser", "campaign__approved")
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        for launch in over:
            organiser = launch.campaign.organiser
            if organiser.email:
                queue_mail(
                    organiser.email,
                    person=organiser,
                    template="launched",
                    language=organiser.language,
                    context={
                        "launch": launch,
                        "campaign": launch.campaign,
                        "person": organiser,
                        "summary": summarise(launch.campaign),
                        "recall": find_recall(launch),
                    },
                )
        Launch.objects.filter(pk__in=[launch.pk for launch in over]).update(told_at=database_now())
    return len(over)
