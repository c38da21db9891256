"""What reviewers decided, kept for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.states import Verdict

if TYPE_CHECKING:
    from accounts.models import User


class ReviewDecision(models.Model):
    """What an admin decided of a campaign at one of its revisions, and why.

    Never changed, never deleted.
    """

    revision = models.ForeignKey(
        "campaigns.Revision",
        on_delete=models.CASCADE,
        related_name="decisions",
        verbose_name=_("revision"),
    )
    reviewer: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("reviewer"),
    )
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict.choices)
    reason = models.TextField(_("reason"), blank=True)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("review decision")
        verbose_name_plural = _("review decisions")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="decision_against_gives_a_reason",
                condition=Q(verdict="approved") | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.revision}"
