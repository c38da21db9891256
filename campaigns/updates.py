"""What an organiser tells between the review and long after the launch; the thanks too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.states import CampaignState
from campaigns.story import render_story

CORRECTABLE = timedelta(minutes=15)  # then its mails leave, and it can only be removed
MAILED_WITHIN = timedelta(days=7)  # a campaign that was suspended for longer mails old news to none
TITLE_LENGTH = 70  # with what its mail's subject adds it stays within 80
TEXT_LENGTH = 4_000
HEADING_SHIFT = 3  # on the page its own title is a heading of the third level
# Where news can be written and mailed. Who supported what was cancelled has been told of that.
TELLING_STATES = (CampaignState.SCHEDULED, CampaignState.LAUNCHED)


class CampaignUpdateQuerySet(models.QuerySet["CampaignUpdate"]):
    """Reading updates."""

    def shown(self) -> CampaignUpdateQuerySet:
        """Those on the campaign's page, the newest first."""
        return self.filter(removed_at=None).order_by("-written_at", "-pk")

    def to_mail(self, now: datetime) -> CampaignUpdateQuerySet:
        """Those whose mails may leave and have not all left, the oldest first.

        Not while the campaign is suspended, and never for an organiser who was shut out or erased.
        """
        return self.filter(
            wants_mail=True,
            mail_ended_at=None,
            removed_at=None,
            written_at__lte=now - CORRECTABLE,
            written_at__gt=now - MAILED_WITHIN,
            campaign__state__in=TELLING_STATES,
            campaign__organiser__is_active=True,
        ).order_by("written_at", "pk")


class CampaignUpdate(models.Model):
    """One piece of news of a campaign, in the story's Markdown.

    ``mailed_up_to`` is the key of the last person whose mail was written, in their order; with
    ``mail_ended_at`` nobody is left. Removed ones stay for the staff, with who did it and why;
    an organiser needs no reason.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign",
        on_delete=models.CASCADE,
        related_name="updates",
        verbose_name=_("campaign"),
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    text = models.TextField(_("text"), max_length=TEXT_LENGTH)
    wants_mail = models.BooleanField(_("mailed to supporters"), default=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True)
    mailed_up_to = models.BigIntegerField(default=0, editable=False)
    mail_ended_at = models.DateTimeField(_("mails all written"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("removed by"),
    )
    removed_why = models.TextField(_("reason"), blank=True)

    objects: ClassVar[Any] = CampaignUpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        constraints: ClassVar = [
            models.CheckConstraint(name="update_has_words", condition=~Q(title="") & ~Q(text="")),
            models.CheckConstraint(
                name="update_reason_is_of_a_removal",
                condition=Q(removed_why="") | Q(removed_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "-written_at"], name="update_of_campaign"),
            models.Index(
                fields=["written_at"],
                name="update_to_mail",
                condition=Q(wants_mail=True, mail_ended_at=None, removed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def text_html(self) -> SafeString:
        """The text, ready for a page."""
        return render_story(self.text, shift=HEADING_SHIFT)

    @property
    def mails_leave_at(self) -> datetime:
        """Until then it can be corrected."""
        return self.written_at + CORRECTABLE

    def can_be_corrected(self, now: datetime) -> bool:
        """Whether its words may still change."""
        return self.removed_at is None and now < self.mails_leave_at
