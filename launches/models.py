"""The moment and the work: a launch, its deliveries, and every attempt at one.

The database is the queue. A delivery's state, lease and attempt number are all there is to know;
messages between processes only say "look".
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Revision
from launches import lookups, pauses, readings, recalls, rehearsals  # noqa: F401 -- models
from launches.reasons import Reasoned, StateQuerySet
from networks.errors import gettext_noop
from supporters.models import Pledge

# Why a launch is held that only its operator can let go on.
ASKED = gettext_noop(
    "The scheduler had stood still, and a network in this launch does not show what was posted "
    "there. The operator decides whether those posts are sent."
)


class LaunchKind(models.TextChoices):
    """Every launch is a real one: a rehearsal has rows of its own (``rehearsals``).

    The other kind was drawn first, and nothing ever made one. It stays: the choice alone could go
    without a statement to the database, but the column could not, which the constraint
    ``one_real_launch_per_campaign`` and two dozen conditions name (``kind="real"``) and each
    version that still runs during an upgrade writes. With it, those conditions can be tested to
    leave out what is not real: a row of this kind is never told of, counted, recalled or taken up.
    """

    REAL = "real", _("Launch")
    REHEARSAL = "rehearsal", _("Rehearsal")


class LaunchState(models.TextChoices):
    SCHEDULED = "scheduled", pgettext_lazy("launch", "Scheduled")
    ARMED = "armed", pgettext_lazy("launch", "Armed")
    FIRING = "firing", pgettext_lazy("launch", "Firing")
    HELD = "held", pgettext_lazy("launch", "Held")
    FINISHED = "finished", pgettext_lazy("launch", "Finished")
    MISSED = "missed", pgettext_lazy("launch", "Missed")
    CANCELLED = "cancelled", pgettext_lazy("launch", "Cancelled")


class Unlookable(models.TextChoices):
    """What becomes of posts that were to be looked up first, on a network that shows nothing."""

    ASK = "ask", _("The operator is asked")
    SEND = "send", _("Sent all the same")
    LEAVE = "leave", _("Left unsent")


class Launch(models.Model):
    """One launch of a campaign. A partial unique constraint allows one real launch, ever.

    ``armed_to`` is the highest key that any pledge had when it was armed last. ``look_first`` is
    set when the scheduler had been silent around the moment, or the database was restored or
    cloned: every delivery is looked up before it is sent. ``unlookable`` is what the operator said
    of those that cannot be. ``late_told_at`` and ``ended_told_at``: when operators were told that
    nobody had begun it, and of how it ended, if there was anything to tell. ``canary`` is
    how many go first, and until ``canary_until`` nothing else does (``canary``).
    ``pause_told_at``: when the organiser was last told that all launches are paused.
    ``erased_offered`` and ``erased_reported`` are posts by people's own hands of whom nothing else
    is kept any more.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="launches", verbose_name=_("campaign")
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=LaunchKind.choices, default=LaunchKind.REAL
    )
    state = models.CharField(
        _("state"), max_length=10, choices=LaunchState.choices, default=LaunchState.SCHEDULED
    )
    launch_at = models.DateTimeField(_("launch"))
    latest_at = models.DateTimeField(_("latest time"))
    threshold = models.PositiveIntegerField(_("threshold"), null=True, blank=True)
    people = models.PositiveIntegerField(_("people at the launch"), null=True, blank=True)
    pledges = models.PositiveIntegerField(_("pledges at the launch"), null=True, blank=True)
    armed_to = models.BigIntegerField(default=0, db_default=0, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    canary = models.PositiveIntegerField(_("canary"), default=0, db_default=0, editable=False)
    canary_until = models.DateTimeField(null=True, blank=True, editable=False)
    held_at = models.DateTimeField(_("held"), null=True, blank=True)
    held_why = models.CharField(_("why it is held"), max_length=240, blank=True)
    look_first = models.BooleanField(_("look before sending"), default=False)
    unlookable = models.CharField(
        _("what cannot be looked up"),
        max_length=5,
        choices=Unlookable.choices,
        default=Unlookable.ASK,
        db_default=Unlookable.ASK,
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    told_at = models.DateTimeField(_("organiser told"), null=True, blank=True)
    late_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_offered = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    erased_reported = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("launch")
        verbose_name_plural = _("launches")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_real_launch_per_campaign", fields=["campaign"], condition=Q(kind="real")
            ),
            models.CheckConstraint(
                name="launch_state_is_known", condition=Q(state__in=LaunchState.values)
            ),
            models.CheckConstraint(
                name="launch_is_decided_before_it_fires",
                condition=~Q(state__in=["firing", "held", "finished", "missed"])
                | Q(decided_at__isnull=False, people__isnull=False, pledges__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "launch_at"], name="launch_state_at")]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.get_state_display()})"

    @property
    def held_sentence(self) -> str:
        """Why it is held, in the reader's language."""
        return gettext(self.held_why) if self.held_why else ""

    @property
    def asks(self) -> bool:
        """Whether it waits for the operator's answer (``asking``)."""
        return self.state == LaunchState.HELD and self.held_why == ASKED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state in (LaunchState.FINISHED, LaunchState.MISSED, LaunchState.CANCELLED)


class DeliveryState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Being looked up")
    UNCONFIRMED = "unconfirmed", _("Not confirmed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    NOT_SENT = "not_sent", _("Not sent")


FINAL_STATES = (
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNCONFIRMED,
    DeliveryState.WITHDRAWN,
    DeliveryState.NOT_SENT,
)
OPEN_STATES = tuple(state for state in DeliveryState if state not in FINAL_STATES)


class DeliveryQuerySet(StateQuerySet["Delivery"]):
    """Reading deliveries."""

    def forget_releases(self) -> int:
        """End every leave to send without proof: more may have left since than is known here."""
        return self.exclude(released_attempt=None).update(released_attempt=None)


class Delivery(Reasoned, models.Model):
    """One post for one pledge in one launch.

    ``attempt`` counts claims and is the fence: only who holds the latest number may record.
    ``tries`` counts the requests that may have reached the network. ``text``, ``language`` and
    ``revision`` are copied from the pledge when it is claimed. ``prepared`` is what the network
    made ready before the moment, for those that do (``preparing``). ``is_uncertain`` once an
    attempt may have arrived without our knowing: from then on it is never sent without a look.
    ``is_canary``: it goes before the others. ``erased_at``: its owner is erased. Fingerprint, state
    and times stay, and nothing else.

    ``owner_said_at``: while it is unconfirmed, its owner says that it is there (and where): their
    word, and no proof. ``released_attempt`` is the number of the one claim that its owner lets be
    sent without proof that nothing is there; of any other number it says nothing (``vouching``).
    ``kept_at``: its owner keeps the post, whoever recalls the launch (``keeping``).
    """

    # No indexes but those that are read: each one is written twice for each post of a launch.
    # Armed by a statement that holds the launch's row, which nothing deletes: checked once more for
    # each of a hundred thousand it takes a sixth of the time that arming may.
    launch = models.ForeignKey(
        Launch,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
        verbose_name=_("launch"),
    )
    pledge = models.ForeignKey(
        Pledge,
        on_delete=models.SET_NULL,
        null=True,
        related_name="deliveries",
        verbose_name=_("pledge"),
    )
    account_fingerprint = models.CharField(max_length=64)
    network = models.CharField(_("network"), max_length=20)
    host = models.CharField(_("host"), max_length=260)
    state = models.CharField(
        _("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.PLANNED
    )
    text = models.TextField(_("words"), blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    # Copied from the pledge's own, by the statement that reads it. Checked anew for each post it
    # would lock the revision's row thousands of times in the first seconds.
    revision = models.ForeignKey(
        Revision,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("revision"),
    )
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    prepared = models.TextField(blank=True, db_default="")
    due_at = models.DateTimeField(_("due"), null=True)
    first_tried_at = models.DateTimeField(_("first tried"), null=True)
    is_uncertain = models.BooleanField(_("is uncertain"), default=False)
    is_canary = models.BooleanField(default=False, db_default=False)
    answered_at = models.DateTimeField(_("answered"), null=True)
    remote_id = models.CharField(_("the network's id"), max_length=400, blank=True)
    permalink = models.URLField(_("permalink"), max_length=600, blank=True)
    other_remote_id = models.CharField(
        _("the network's other id"),
        max_length=400,
        blank=True,
        help_text=_("A second post for the same pledge: an alarm."),
    )
    reason = models.TextField(blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)
    receipt_queued_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True, editable=False)
    owner_said_at = models.DateTimeField(_("its owner says that it is there"), null=True)
    owner_said_url = models.URLField(max_length=600, blank=True, db_default="", editable=False)
    released_attempt = models.PositiveIntegerField(null=True, editable=False)
    kept_at = models.DateTimeField(_("kept by its owner"), null=True, editable=False)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_delivery_per_account", fields=["launch", "account_fingerprint"]
            ),
            models.CheckConstraint(
                name="delivery_state_is_known", condition=Q(state__in=DeliveryState.values)
            ),
            models.CheckConstraint(
                name="sent_delivery_has_proof",
                condition=~Q(state="sent") | ~Q(remote_id="") | Q(erased_at__isnull=False),
            ),
            models.CheckConstraint(
                name="erased_delivery_tells_nothing",
                condition=Q(erased_at__isnull=True)
                | Q(
                    text="",
                    host="",
                    prepared="",
                    remote_id="",
                    other_remote_id="",
                    permalink="",
                ),
            ),
            models.CheckConstraint(
                name="erased_delivery_says_nowhere",
                condition=Q(erased_at__isnull=True) | Q(owner_said_url=""),
            ),
            models.CheckConstraint(
                name="owner_says_where_it_is_there",
                condition=Q(owner_said_url="") | Q(owner_said_at__isnull=False),
            ),
            models.CheckConstraint(
                name="claimed_delivery_has_a_lease",
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["launch", "state", "due_at"], name="delivery_launch_state_due"),
            models.Index(
                name="delivery_planned", fields=["launch", "id"], condition=Q(state="planned")
            ),
            models.Index(fields=["launch"], name="delivery_canary", condition=Q(is_canary=True)),
            models.Index(
                name="delivery_tried",
                fields=["launch"],
                condition=Q(state__in=["unknown", "waiting"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network}:{self.pk} ({self.get_state_display()})"

    @property
    def is_taken_away(self) -> bool:
        """Whether a recall deleted it, or found it gone: nobody is sent there any more."""
        lines = self.deletions.all()
        return any(line.is_over and line.remote_id == self.remote_id for line in lines)

    @property
    def lag_ms(self) -> int | None:
        """From the announced moment to the network's answer, in milliseconds."""
        if self.answered_at is None:
            return None
        return round((self.answered_at - self.launch.launch_at).total_seconds() * 1000)


class AttemptOutcome(models.TextChoices):
    SENT = "sent", _("Sent")
    FOUND = "found", _("Found there")
    ABSENT = "absent", _("Not there")
    LATER = "later", _("To be tried later")
    FAILED = "failed", _("Refused")
    UNKNOWN = "unknown", _("No clear answer")
    EXPIRED = "expired", _("Worker lost")
    RELEASED = "released", _("To be sent, its owner said")


class Attempt(Reasoned, models.Model):
    """What came of one claim. Written with the result, never changed.

    ``RELEASED`` is no claim: its owner, and nobody else, had it sent once more at that time.
    """

    # Written while the delivery's own row is locked, and joined with it, so that it is there.
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="attempts",
        db_index=False,
        db_constraint=False,
        verbose_name=_("delivery"),
    )
    number = models.PositiveIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=AttemptOutcome.choices)
    started_at = models.DateTimeField(_("began"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    remote_id = models.CharField(max_length=400, blank=True)
    reason = models.TextField(blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints: ClassVar = [
            models.UniqueConstraint(name="attempt_number_once", fields=["delivery", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}/{self.number}: {self.outcome}"
