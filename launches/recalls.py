"""A recall: the posts of one launch are deleted again, and the ledger says what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from launches.reasons import Reasoned, StateQuerySet

if TYPE_CHECKING:
    from launches.models import Launch


class Recall(models.Model):
    """Somebody had the posts of a launch deleted; once for each launch, and for good.

    ``why`` is the asker's own words, which nobody reviewed: the posts' owners and whoever steers
    the launch read them on their pages, and no mail holds them. ``finished_at``: nothing is open
    any more. Proof of a further post that comes after it takes the recall up again. ``told_at``:
    the asker and the organiser were told that it is through, which happens once.
    """

    launch = models.OneToOneField(
        "launches.Launch", on_delete=models.PROTECT, related_name="recall", verbose_name=_("launch")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    why = models.CharField(_("reason"), max_length=400, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")

    def __str__(self) -> str:
        return f"recall of launch {self.launch_id}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be deleted, or may still turn out to be there."""
        return self.finished_at is None


def find_recall(launch: Launch | None) -> Recall | None:
    """The recall of a launch, if there is one."""
    return Recall.objects.filter(launch=launch).first() if launch is not None else None


class DeletionState(models.TextChoices):
    WAITING = "waiting", _("To be deleted")
    CLAIMED = "claimed", _("Being deleted")
    DELETED = "deleted", _("Deleted again")
    GONE = "gone", _("Was not there any more")
    KEPT = "kept", _("Kept by its owner")
    BY_HAND = "by_hand", _("Only its owner can delete it")
    REFUSED = "refused", _("Its network refused")
    GIVEN_UP = "given_up", _("Given up")


OPEN_DELETIONS = (DeletionState.WAITING, DeletionState.CLAIMED)
ENDED_DELETIONS = tuple(state for state in DeletionState if state not in OPEN_DELETIONS)
NOT_THERE = (DeletionState.DELETED, DeletionState.GONE)
# What ends without the post being gone, although nobody wants it to stay.
LEFT_THERE = (DeletionState.BY_HAND, DeletionState.REFUSED, DeletionState.GIVEN_UP)

# The shape that says it, as a delivery's states have them (``pages.labelling``).
SIGNS = {
    **dict.fromkeys(OPEN_DELETIONS, "waiting"),
    **dict.fromkeys(NOT_THERE, "sent"),
    **dict.fromkeys(LEFT_THERE, "failed"),
    DeletionState.KEPT: "unknown",
}


class Deletion(Reasoned, models.Model):
    """One post that a recall is to delete, and what became of it: a line of the ledger.

    The delivery itself stays ``sent``, since it was. ``remote_id`` is empty where no id is known:
    the post could not be proved, or its owner was erased; nothing can be asked for then.

    ``attempt`` counts claims and is the fence: only who holds the latest number may record.
    ``tries`` counts the requests that may have reached the network. ``is_uncertain``: one of them
    may have deleted it without our knowing, so that its absence is our doing. ``told_at``: its
    owner was told how it ended.
    """

    recall = models.ForeignKey(
        Recall,
        on_delete=models.PROTECT,
        related_name="deletions",
        db_index=False,
        verbose_name=_("recall"),
    )
    delivery = models.ForeignKey(
        "launches.Delivery",
        on_delete=models.CASCADE,
        related_name="deletions",
        verbose_name=_("delivery"),
    )
    remote_id = models.CharField(_("the network's id"), max_length=400, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=DeletionState.choices, default=DeletionState.WAITING
    )
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    is_uncertain = models.BooleanField(_("is uncertain"), default=False)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    noted_at = models.DateTimeField(_("noted"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    told_at = models.DateTimeField(_("owner told"), null=True)
    reason = models.TextField(blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)

    objects: ClassVar[Any] = StateQuerySet.as_manager()

    class Meta:
        verbose_name = _("deletion")
        verbose_name_plural = _("deletions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="deletion_once_a_post", fields=["recall", "delivery", "remote_id"]
            ),
            models.CheckConstraint(
                name="deletion_state_is_known", condition=Q(state__in=DeletionState.values)
            ),
            models.CheckConstraint(
                name="claimed_deletion_has_a_lease",
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="deletion_ends_once",
                condition=Q(state__in=["waiting", "claimed"], ended_at__isnull=True)
                | (~Q(state__in=["waiting", "claimed"]) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="waiting_deletion_names_a_post",
                condition=~Q(state="waiting") | ~Q(remote_id=""),
            ),
            models.CheckConstraint(
                name="deleted_post_was_asked_for",
                condition=~Q(state__in=["deleted", "gone"]) | Q(tries__gte=1),
            ),
            models.CheckConstraint(
                name="post_that_stays_has_a_reason",
                condition=~Q(state__in=["by_hand", "refused", "given_up"])
                | ~Q(reason="")
                | Q(remote_id=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="deletion_open",
                fields=["due_at"],
                condition=Q(state__in=["waiting", "claimed"]),
            ),
            models.Index(
                name="deletion_untold", fields=["ended_at"], condition=Q(told_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} ({self.get_state_display()})"

    @property
    def sign(self) -> str:
        """The state whose shape says it."""
        return SIGNS[DeletionState(self.state)]

    @property
    def owners_word(self) -> str:
        """What became of it, said to its owner."""
        if self.state == DeletionState.BY_HAND:
            return gettext("Only you can delete it")
        if self.state == DeletionState.KEPT:
            return gettext("You keep it")
        return str(DeletionState(self.state).label)

    @property
    def is_left(self) -> bool:
        """Whether the post is still there, as far as is known, and only its owner can change it."""
        return self.state in LEFT_THERE

    @property
    def is_over(self) -> bool:
        """Whether the post is not there any more."""
        return self.state in NOT_THERE
