"""Reports from readers: kept for the operators, told in one mail an hour at most."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.models import Campaign, CampaignReport
from campaigns.refusing import Refusal

MOST_OPEN = 200  # of one campaign: by then somebody has to look, not to read more
TOLD_AGAIN_AFTER = timedelta(hours=1)
NAMED = 20  # campaigns in one mail
REVIEW_RIGHT = "campaigns.change_campaign"


def report(campaign: Campaign, *, reason: str, words: str = "", email: str = "") -> None:
    """Keep a report. Raises Refusal once so many wait that nobody could read one more."""
    if campaign.reports.filter(settled_at=None).count() >= MOST_OPEN:
        raise Refusal(_("Many people reported this campaign already. It is going to be looked at."))
    CampaignReport.objects.create(
        campaign=campaign,
        reason=reason,
        words=words,
        email=email.lower(),
        reported_at=database_now(),
    )


def tell_of_reports() -> int:
    """One mail to each operator about all that came since the last one; how many reports.

    It says how many there are of which campaign, and nothing that a stranger wrote.
    """
    with transaction.atomic():
        now = database_now()
        if CampaignReport.objects.filter(told_at__gt=now - TOLD_AGAIN_AFTER).exists():
            return 0
        untold = list(
            CampaignReport.objects.filter(told_at=None, settled_at=None)
            .select_related("campaign__approved")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[: MOST_OPEN * NAMED]
        )
        if not untold:
            return 0
        counts = Counter(each.campaign for each in untold)
        for person in User.objects.filter(is_staff=True, is_active=True, email__isnull=False):
            if person.has_perm(REVIEW_RIGHT):
                queue_mail(
                    person.email or "",
                    person=person,
                    template="reported",
                    language=person.language,
                    context={"counts": counts.most_common(NAMED), "reports": len(untold)},
                )
        CampaignReport.objects.filter(pk__in=[each.pk for each in untold]).update(told_at=now)
    return len(untold)
