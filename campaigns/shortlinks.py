"""Where a short link leads, and how often it was followed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ShortLink(models.Model):
    """An address of this site that leads to one exact target of one campaign, for good.

    Made when a revision that has it is validated; before that it leads nowhere. Never changed but
    for ``is_off`` (an admin's: its target turned out to be a harm), never deleted.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign",
        on_delete=models.PROTECT,
        related_name="short_links",
        verbose_name=_("campaign"),
    )
    code = models.CharField(_("code"), max_length=16, unique=True)
    target = models.URLField(_("leads to"), max_length=400)
    is_off = models.BooleanField(_("switched off"), default=False, db_default=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("short link")
        verbose_name_plural = _("short links")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="short_link_once_per_target", fields=["campaign", "target"]
            ),
            models.CheckConstraint(
                name="short_link_leads_to_the_web",
                condition=Q(target__istartswith="https://") | Q(target__istartswith="http://"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} → {self.target}"


class ClickCount(models.Model):
    """How often a short link was followed within one hour, robots and previews left out.

    A number, and nothing of who clicked.
    """

    link = models.ForeignKey(ShortLink, on_delete=models.CASCADE, related_name="counts")
    hour = models.DateTimeField(_("beginning of the hour"))
    clicks = models.PositiveIntegerField(_("clicks"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="click_count_once_per_hour", fields=["link", "hour"]),
            models.CheckConstraint(name="click_count_is_positive", condition=Q(clicks__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}, {self.hour}: {self.clicks}"
