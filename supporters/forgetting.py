"""Deleting what waits for an address, with the mails that were sent there for it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from supporters.models import ConfirmRequest, Reminder
from supporters.topics import find_mails_on


def erase_requests(requests: QuerySet[ConfirmRequest]) -> int:
    """Delete these with the mails that asked for them to be confirmed; how many of these."""
    with transaction.atomic():
        keys = [each.pk for each in requests.select_for_update().order_by("pk")]
        find_mails_on(request__in=keys).delete()
        ConfirmRequest.objects.filter(pk__in=keys).delete()
    return len(keys)


def erase_reminders(reminders: QuerySet[Reminder]) -> int:
    """The same. Whoever is just being reminded holds the row: their mail is written by then."""
    with transaction.atomic():
        keys = [each.pk for each in reminders.select_for_update().order_by("pk")]
        find_mails_on(reminder__in=keys).delete()
        Reminder.objects.filter(pk__in=keys).delete()
    return len(keys)
