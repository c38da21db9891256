"""How often a supporter is asked for something, and what of it they do not want by mail.

An ask is what an organiser wants read: news, or that a moment is near. Receipts and what concerns
somebody's own post are none, and always leave.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, CampaignUpdate

ASKS_PER_WEEK = 3  # across all organisers, unless somebody chose another number
MOST_ASKS_PER_WEEK = 5


class AskKind(models.TextChoices):
    UPDATE = "update", _("News of a campaign")
    TOMORROW = "tomorrow", _("The moment is tomorrow")


class Ask(models.Model):
    """One person and one thing they were to read: mailed, or, at the end of their budget, not.

    Decided once; what was not mailed stands in My pledges all the same. ``mail`` is kept as long as
    mails are, so that one that has not left yet can be held back.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=AskKind.choices)
    update_told = models.ForeignKey(
        CampaignUpdate, on_delete=models.CASCADE, null=True, related_name="asks"
    )
    is_mailed = models.BooleanField()
    mail = models.ForeignKey(
        "post_office.Email", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="ask_once_per_update",
                fields=["person", "update_told"],
                condition=Q(kind="update"),
            ),
            models.UniqueConstraint(
                name="ask_once_of_tomorrow",
                fields=["person", "campaign"],
                condition=Q(kind="tomorrow"),
            ),
            models.CheckConstraint(
                name="ask_of_an_update_names_it",
                condition=Q(kind="update", update_told__isnull=False)
                | (~Q(kind="update") & Q(update_told__isnull=True)),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "decided_at"], name="ask_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} ({self.kind})"


class MailChoice(models.Model):
    """How many asks a week somebody wants by mail; none at all with 0. Without a row, the usual."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    asks_per_week = models.PositiveSmallIntegerField(default=ASKS_PER_WEEK)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="mail_choice_is_a_few",
                condition=Q(asks_per_week__gte=0, asks_per_week__lte=MOST_ASKS_PER_WEEK),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.asks_per_week}"


class MutedCampaign(models.Model):
    """A campaign that somebody wants no news of by mail, though they support it."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    muted_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="muted_once", fields=["person", "campaign"]),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.campaign_id}"


class Eve(models.Model):
    """How far who has something to expect of a launch was told that it is a day away."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="+")
    told_up_to = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = models.Manager()

    def __str__(self) -> str:
        return f"{self.campaign_id}"
