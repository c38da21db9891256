"""What somebody agreed to: the exact words, and the launch and the condition that they are for.

Shared by everything that is said in a person's name, whether we post it or they do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from campaigns.models import Campaign, Revision
from supporters.states import PledgeState


def leaves_until(*, launch_at: datetime, latest_at: datetime, agreed: timedelta) -> datetime:
    """The last moment at which a post may leave whose supporter agreed to so much lateness."""
    return min(latest_at, launch_at + agreed)


class Consent(models.Model):
    """The words began as the wording of ``revision`` at ``wording``; ``has_own_words`` is whether
    their owner wrote them in another way.

    When the organiser changes the message, its owner is told once (``told_of``) and asked until
    they took the new words or kept theirs (``settled_for``). ``source`` is the door that they came
    by (``doors.py``); empty: none was named.
    """

    # Each kind declares these itself: what is read from the other side has another name.
    objects: ClassVar[Any]
    campaign: models.ForeignKey[Campaign, Campaign]
    campaign_id: int
    person: models.ForeignKey[User, User]
    person_id: int

    # Nobody asks for the consents to a revision, and each index is written at a launch's moment.
    revision = models.ForeignKey(
        Revision,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("revision"),
    )
    text = models.TextField(_("exact words"))
    wording = models.PositiveSmallIntegerField(_("wording"), default=1, db_default=1)
    has_own_words = models.BooleanField(_("own words"), default=False, db_default=False)
    told_of = models.ForeignKey(
        Revision,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    settled_for = models.ForeignKey(
        Revision,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    language = models.CharField(_("language"), max_length=5)
    state = models.CharField(
        _("state"), max_length=10, choices=PledgeState.choices, default=PledgeState.LIVE
    )
    is_shown = models.BooleanField(_("shown on the wall"), default=False)
    receipt_language = models.CharField(max_length=5, choices=settings.ALL_LANGUAGES, default="en")
    agreed_launch_at = models.DateTimeField(_("launch it was pledged for"))
    agreed_latest_at = models.DateTimeField(_("latest time it was pledged for"))
    agreed_threshold = models.PositiveIntegerField(
        _("goal it was pledged for"), null=True, blank=True
    )
    source = models.CharField(
        _("door"), max_length=32, blank=True, default="", db_default="", editable=False
    )
    pledged_at = models.DateTimeField(_("pledged"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, db_default=Now())
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        abstract = True

    def leaves_until(self, *, launch_at: datetime, latest_at: datetime) -> datetime:
        """The last moment at which it may leave or be offered, in a launch with these times.

        How late after the moment that may be is part of what was agreed to: it moves along with
        the moment, and never grows.
        """
        agreed = self.agreed_latest_at - self.agreed_launch_at
        return leaves_until(launch_at=launch_at, latest_at=latest_at, agreed=agreed)

    def can_be_edited(self, now: datetime) -> bool:
        """Whether its words may still change: until T-60 s."""
        moment = self.campaign.launch_at
        return (
            self.state == PledgeState.LIVE
            and self.campaign.is_open(now)
            and moment is not None
            and (moment - now).total_seconds() > settings.WORDS_FREEZE_SECONDS
        )
