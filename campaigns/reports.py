"""What a reader tells the site's operators about a campaign; nothing of it is ever shown."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

WORDS_LENGTH = 1_000


class ReportReason(models.TextChoices):
    FALSE = "false", _("It says something that is not true")
    HATE = "hate", _("It insults or threatens people")
    ASTROTURF = "astroturf", _("It pretends to be somebody, or a movement that is not there")
    SPAM = "spam", _("It is advertising, or a fraud")
    RIGHTS = "rights", _("It uses what belongs to somebody else, or tells private things")
    OTHER = "other", _("Something else")


class CampaignReport(models.Model):
    """One report, from anybody. ``told_at``: in a mail to the operators; ``settled_at``: read."""

    campaign = models.ForeignKey(
        "campaigns.Campaign",
        on_delete=models.CASCADE,
        related_name="reports",
        verbose_name=_("campaign"),
    )
    reason = models.CharField(_("reason"), max_length=12, choices=ReportReason.choices)
    words = models.TextField(_("in their words"), max_length=WORDS_LENGTH, blank=True)
    email = models.EmailField(_("address, not confirmed"), blank=True)
    reported_at = models.DateTimeField(_("reported"), default=timezone.now, db_index=True)
    told_at = models.DateTimeField(_("operators told"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="report_reason_is_known", condition=Q(reason__in=ReportReason.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.get_reason_display()})"
