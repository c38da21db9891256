"""A launch tried out at the simulator: a rehearsal, and what came of each of its posts.

Rows of their own, so that no statement that arms, claims, sends, records, counts or tells of posts
can ever meet one of these, whatever its state, and none of these a real one. Nothing here points at
a delivery, and no proof of a post is kept: there is none.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from launches.reasons import Reasoned, StateQuerySet
from supporters.models import Pledge


class RehearsalState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("rehearsal", "About to begin")
    PREPARING = "preparing", pgettext_lazy("rehearsal", "Being prepared")
    RUNNING = "running", pgettext_lazy("rehearsal", "Under way")
    FINISHED = "finished", pgettext_lazy("rehearsal", "Finished")
    STOPPED = "stopped", pgettext_lazy("rehearsal", "Stopped")


OPEN_REHEARSALS = (RehearsalState.ASKED, RehearsalState.PREPARING, RehearsalState.RUNNING)
ON_STAGE = (RehearsalState.PREPARING, RehearsalState.RUNNING)


class Rehearsal(models.Model):
    """One try of a campaign's launch. One at a time is on the stage, of the whole site.

    ``on_stage`` is True while it is, else None, so that the database keeps a second one off.
    ``places`` are the simulator's servers, as they were found. ``alive_until``: while it is being
    prepared, by when its worker has to show life. ``launch_at`` is its own moment, unlike the
    campaign's; ``people`` and ``threshold`` are as they stood then. ``why`` says why it was
    stopped.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rehearsals")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(
        max_length=10, choices=RehearsalState.choices, default=RehearsalState.ASKED
    )
    on_stage = models.BooleanField(null=True, unique=True, editable=False)
    places = models.JSONField(default=dict, editable=False)
    asked_at = models.DateTimeField(default=timezone.now)
    alive_until = models.DateTimeField(null=True, editable=False)
    launch_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    people = models.PositiveIntegerField(null=True)
    threshold = models.PositiveIntegerField(null=True)
    why = models.TextField(blank=True)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_open_rehearsal_per_campaign",
                fields=["campaign"],
                condition=Q(state__in=["asked", "preparing", "running"]),
            ),
            models.CheckConstraint(
                name="rehearsal_state_is_known", condition=Q(state__in=RehearsalState.values)
            ),
            models.CheckConstraint(
                name="rehearsal_on_stage_is_under_way",
                condition=Q(on_stage=True, state__in=["preparing", "running"])
                | Q(on_stage__isnull=True, state__in=["asked", "finished", "stopped"]),
            ),
            models.CheckConstraint(
                name="running_rehearsal_has_a_moment",
                condition=~Q(state="running") | Q(launch_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        """Whether it is still to begin, or under way."""
        return self.state in OPEN_REHEARSALS

    @property
    def sentence(self) -> str:
        """Why it was stopped, in the reader's language; empty where it was not."""
        return gettext(self.why) if self.why else ""


class RehearsedState(models.TextChoices):
    """As a delivery's states, but for what a rehearsal has none of."""

    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Being looked up")
    UNCONFIRMED = "unconfirmed", _("Not confirmed")
    NOT_SENT = "not_sent", _("Not sent")


OPEN_POSTS = (
    RehearsedState.PLANNED,
    RehearsedState.CLAIMED,
    RehearsedState.WAITING,
    RehearsedState.UNKNOWN,
)


class RehearsedPost(Reasoned, models.Model):
    """What would be posted for one pledge, and what the simulator said to it.

    ``host`` is the account's own server, whose pace is kept to; ``place`` the simulated one that
    was asked. ``credentials`` were made up by the simulator, and are forgotten when it is over.
    The rest is as in a ``Delivery``: ``attempt`` counts claims and is the fence. Erasing a pledge
    deletes what was rehearsed of it.
    """

    rehearsal = models.ForeignKey(
        Rehearsal, on_delete=models.CASCADE, related_name="posts", db_index=False
    )
    pledge = models.ForeignKey(Pledge, on_delete=models.CASCADE, related_name="rehearsed")
    network = models.CharField(max_length=20)
    host = models.CharField(max_length=260)
    place = models.CharField(max_length=260, blank=True)
    credentials = models.JSONField(default=dict, editable=False)
    text = models.TextField()
    language = models.CharField(max_length=5)
    state = models.CharField(
        max_length=12, choices=RehearsedState.choices, default=RehearsedState.PLANNED
    )
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    prepared = models.TextField(blank=True)
    first_tried_at = models.DateTimeField(null=True)
    is_uncertain = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)

    objects: ClassVar[Any] = StateQuerySet.as_manager()

    class Meta:
        verbose_name = _("rehearsed post")
        verbose_name_plural = _("rehearsed posts")
        constraints: ClassVar = [
            models.UniqueConstraint(name="pledge_rehearsed_once", fields=["rehearsal", "pledge"]),
            models.CheckConstraint(
                name="rehearsed_state_is_known", condition=Q(state__in=RehearsedState.values)
            ),
            models.CheckConstraint(
                name="claimed_rehearsed_post_has_a_lease",
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["rehearsal", "state", "id"], name="rehearsed_post_state"),
        ]

    def __str__(self) -> str:
        return f"{self.network}:{self.pk} ({self.get_state_display()})"
