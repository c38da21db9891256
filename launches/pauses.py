"""What is paused, and what the machinery remembers of itself: few rows, and not of one launch."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from launches.reasons import Reasoned


class NetworkPause(Reasoned, models.Model):
    """A network that nothing is sent to until a moment: it failed as a whole (credits, the app).

    ``paused_at`` is when it began, or when the operators were last told that it goes on.
    """

    network = models.CharField(_("network"), max_length=20, primary_key=True)
    until = models.DateTimeField(_("until"))
    reason = models.TextField(_("reason"))
    reason_facts = models.JSONField(default=dict, blank=True)
    paused_at = models.DateTimeField(_("paused"), default=timezone.now)

    class Meta:
        verbose_name = _("paused network")
        verbose_name_plural = _("paused networks")

    def __str__(self) -> str:
        return self.network


class HostPause(models.Model):
    """A host that nothing is sent to until a moment: it does not answer, or asked to be left alone.

    ``silences`` counts how often in a row it was given up for not answering (``breaking``); from
    ``until`` on one request at a time finds out whether it answers again. 0: it asked us to wait
    (``resting``), and from ``until`` on everything goes on.
    """

    host = models.CharField(_("host"), max_length=260, primary_key=True)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))
    silences = models.PositiveIntegerField(_("silences"), default=0, db_default=0)

    class Meta:
        verbose_name = _("paused host")
        verbose_name_plural = _("paused hosts")

    def __str__(self) -> str:
        return self.host


class Standstill(models.Model):
    """While this row stands no launch posts anything (``stopping``). There is one at most."""

    reason = models.CharField(
        _("reason"), max_length=400, help_text=_("The organisers of launches that wait read it.")
    )
    paused_at = models.DateTimeField(_("paused"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pause of all launches")
        verbose_name_plural = _("pause of all launches")
        constraints: ClassVar = [
            models.CheckConstraint(name="one_standstill", condition=Q(pk=1)),
        ]

    def __str__(self) -> str:
        return gettext("All launches are paused")


class Heartbeat(models.Model):
    """When a part of the machinery last showed life."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Installation(models.Model):
    """What this database remembers of the installation it belongs to; one row.

    When it differs from the site's address, the instance id or the fingerprint key that are kept
    outside, this is a copy or a restored backup: nothing leaves until ``manage.py adopt``.
    """

    site_url = models.CharField(max_length=300)
    instance_id = models.CharField(max_length=80)
    fingerprint_check = models.CharField(max_length=64)
    adopted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.site_url
