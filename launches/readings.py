"""What became of a post, read at some times after its launch: one row for each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# What people do with a post, as ``networks.base.Numbers`` has it.
NUMBERS = ("likes", "reposts", "replies", "quotes", "impressions")
NOTHING_TOLD = Q(**{f"{name}__isnull": True for name in NUMBERS})


class Reading(models.Model):
    """One delivery's numbers in one round. A number that was not told is NULL, never 0.

    ``after_seconds`` names the round: how long after the launch it is due. ``read_at`` is None
    while its network has not answered, and stays so when it could not be read in time. Nobody asks
    for it before ``lease_until``: a worker holds it, or its network wants to be left alone.
    ``is_gone``: its network said that the post is not there any more. ``was_left_out``: an answer
    about several posts told nothing of it, so that it is asked for by itself.
    """

    delivery = models.ForeignKey(
        "launches.Delivery", on_delete=models.CASCADE, related_name="readings", db_index=False
    )
    launch = models.ForeignKey(
        "launches.Launch", on_delete=models.PROTECT, related_name="readings", db_index=False
    )
    after_seconds = models.PositiveIntegerField(_("after the launch, in seconds"))
    lease_until = models.DateTimeField(null=True, editable=False)
    was_left_out = models.BooleanField(default=False, db_default=False, editable=False)
    read_at = models.DateTimeField(_("read"), null=True)
    is_gone = models.BooleanField(_("gone"), default=False, db_default=False)
    likes = models.PositiveIntegerField(_("likes"), null=True)
    reposts = models.PositiveIntegerField(_("reposts"), null=True)
    replies = models.PositiveIntegerField(_("replies"), null=True)
    quotes = models.PositiveIntegerField(_("quotes"), null=True)
    impressions = models.PositiveIntegerField(_("views"), null=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="reading_once_a_round", fields=["delivery", "after_seconds"]
            ),
            models.CheckConstraint(
                name="unread_reading_tells_nothing",
                condition=Q(read_at__isnull=False) | (Q(is_gone=False) & NOTHING_TOLD),
            ),
            models.CheckConstraint(
                name="gone_post_has_no_numbers", condition=Q(is_gone=False) | NOTHING_TOLD
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["launch", "after_seconds"], name="reading_launch_round"),
            models.Index(
                fields=["launch", "after_seconds"],
                name="reading_launch_round_unread",
                condition=Q(read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} after {self.after_seconds} s"
