"""What is deleted by itself once nobody needs it any more; "What we keep" tells how long that is.

A few rows at a time, every minute, so that no launch waits for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from post_office.models import STATUS, Email

from campaigns.clock import database_now
from campaigns.models import CampaignReport
from supporters.models import Ask, ErasureRequest

MAILS_LAST = timedelta(days=90)
SIGN_INS_LAST = timedelta(days=30)
REQUESTS_LAST = timedelta(days=90)
ASKS_LAST = timedelta(days=90)  # a budget counts a week, and news is mailed within one
REPORTS_LAST = timedelta(days=90)
AT_ONCE = 500


def purge_old() -> int:
    """Delete what is too old: mails, notes of sign-ins, sessions that are over. Gives how many.

    A mail that still waits to be sent is kept, however old it is.
    """
    now = database_now()
    return sum(_delete(found) for found in _list_old(now))


def _list_old(now: datetime) -> list[QuerySet[Any]]:
    sign_ins = now - SIGN_INS_LAST
    settled = Email.objects.exclude(status__in=[STATUS.queued, STATUS.requeued])
    return [
        settled.filter(created__lt=now - MAILS_LAST),
        AccessAttempt.objects.filter(attempt_time__lt=sign_ins),
        AccessFailureLog.objects.filter(attempt_time__lt=sign_ins),
        AccessLog.objects.filter(attempt_time__lt=sign_ins),
        Session.objects.filter(expire_date__lt=now),
        CampaignReport.objects.filter(reported_at__lt=now - REPORTS_LAST),
        Ask.objects.filter(decided_at__lt=now - ASKS_LAST),
        ErasureRequest.objects.filter(asked_at__lt=now - REQUESTS_LAST),
    ]


def _delete(found: QuerySet[Any]) -> int:
    """The oldest few of them; what hangs on a row (a mail's log) goes with it."""
    keys = list(found.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if keys:
        found.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001 -- Django's name
    return len(keys)
