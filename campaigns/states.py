"""The states of a campaign and of its revisions, and every move there is."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CampaignState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("campaign", "Draft")
    IN_REVIEW = "in_review", pgettext_lazy("campaign", "In review")
    CHANGES_ASKED = "changes_asked", pgettext_lazy("campaign", "Changes asked")
    REJECTED = "rejected", pgettext_lazy("campaign", "Rejected")
    SCHEDULED = "scheduled", pgettext_lazy("campaign", "Scheduled")
    SUSPENDED = "suspended", pgettext_lazy("campaign", "Suspended")
    CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")
    LAUNCHED = "launched", pgettext_lazy("campaign", "Launched")


# Every move there is. Whoever moves a campaign goes through ``CampaignQuerySet.move``.
MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"in_review", "cancelled"}),
    "in_review": frozenset({"draft", "changes_asked", "rejected", "scheduled", "cancelled"}),
    "changes_asked": frozenset({"in_review", "cancelled"}),
    "rejected": frozenset({"in_review"}),
    "scheduled": frozenset({"suspended", "cancelled", "launched"}),
    "suspended": frozenset({"scheduled", "cancelled"}),
    "cancelled": frozenset(),
    "launched": frozenset(),
}


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Listed: anyone can find it here")
    UNLISTED = "unlisted", _("Unlisted: only people with its address see it")


PAGE_STATES = (CampaignState.SCHEDULED, CampaignState.CANCELLED, CampaignState.LAUNCHED)


class RevisionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    CHANGES_ASKED = "changes_asked", _("Changes asked")
    REJECTED = "rejected", _("Rejected")
    SUPERSEDED = "superseded", _("Superseded")


class Verdict(models.TextChoices):
    APPROVED = "approved", _("Validated")
    CHANGES_ASKED = "changes_asked", _("Changes asked")
    REJECTED = "rejected", _("Rejected")
    SUSPENDED = "suspended", _("Suspended")
    RESUMED = "resumed", _("Resumed")
    CANCELLED = "cancelled", _("Cancelled")
