"""What people promise to post by their own hand, and what stands for it.

A model of its own and no kind of ``Pledge``: the statements that plan, claim and send posts can
then never meet one, and nothing of it is ever taken for sent.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Revision
from networks.base import Composition
from networks.composers import Composer
from networks.registry import get_composer
from supporters.consents import Consent
from supporters.states import AccountState, PledgeState


class Unoffered(models.TextChoices):
    """Why a promise was never offered."""

    CANCELLED = "cancelled", _("The campaign was called off, so there is nothing to post.")
    MISSED = "missed", _("Not enough people were in at the moment, so there is nothing to post.")
    LATE = "late", _("The launch stood still until it was too late, so there is nothing to post.")


class AssistedPledgeQuerySet(models.QuerySet["AssistedPledge"]):
    """Reading assisted pledges."""

    def counting(self) -> AssistedPledgeQuerySet:
        """Those that stand: not withdrawn, and with a confirmed address or a linked account."""
        by_account = self.filter(
            person__linked_accounts__state__in=[AccountState.LINKED, AccountState.NEEDS_RELINK]
        )
        stands = ~Q(email="") | Q(pk__in=by_account.order_by().values("pk"))
        return self.exclude(state=PledgeState.WITHDRAWN).filter(stands)

    def to_do(self) -> AssistedPledgeQuerySet:
        """Those that were offered, and are not reported as posted."""
        return self.filter(state=PledgeState.CALLED, reported_at=None)

    def coming(self) -> AssistedPledgeQuerySet:
        """Those that are still to be offered."""
        return self.filter(state=PledgeState.LIVE, ended_at=None)


class AssistedPledge(Consent):
    """One person's promise to post a campaign's words on one network by their own hand.

    ``email`` is the confirmed address that stands for it; where it is empty, a linked account of
    theirs does. At the moment it is offered (``called``, ``offered_at``): from then on its owner
    may report it as posted. ``ended_at``: it never was offered, and its owner was told why.
    """

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="assisted_pledges",
        verbose_name=_("campaign"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="assisted_pledges",
        verbose_name=_("whose it is"),
    )
    network = models.CharField(_("network"), max_length=20)
    email = models.EmailField(_("confirmed address"), blank=True)
    offered_at = models.DateTimeField(_("offered"), null=True, blank=True)
    reported_at = models.DateTimeField(_("reported as posted"), null=True, blank=True)
    ended_at = models.DateTimeField(_("never offered, and told"), null=True, blank=True)
    ended_why = models.CharField(max_length=10, choices=Unoffered.choices, blank=True)

    objects: ClassVar[Any] = AssistedPledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("assisted pledge")
        verbose_name_plural = _("assisted pledges")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="assisted_pledge_once_per_network",
                fields=["campaign", "person", "network"],
                condition=~Q(state="withdrawn"),
            ),
            models.CheckConstraint(
                name="assisted_pledge_state_is_known", condition=Q(state__in=PledgeState.values)
            ),
            models.CheckConstraint(name="assisted_pledge_has_words", condition=~Q(text="")),
            models.CheckConstraint(
                name="assisted_pledge_is_called_when_offered",
                condition=Q(state="called", offered_at__isnull=False)
                | (~Q(state="called") & Q(offered_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="assisted_pledge_is_offered_before_it_is_reported",
                condition=Q(reported_at__isnull=True) | Q(offered_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "state"], name="assisted_campaign_state"),
        ]

    def __str__(self) -> str:
        return f"{self.person} → {self.campaign} ({self.network})"

    @property
    def composer(self) -> Composer:
        """Where it is posted."""
        return get_composer(self.network)

    @property
    def composition(self) -> Composition:
        """The page that opens with its words, and with the link only if that is among them."""
        link = self.revision.carried_link
        return self.composer.compose(self.text, link=link if link in self.text else "")


class ConfirmRequest(models.Model):
    """Somebody wrote an address, and has to open the mail that was sent there.

    Used once (by deleting the row), and short-lived. ``networks`` is empty for who wants to be
    reminded only; else ``text`` are the exact words that were agreed to, begun as the wording at
    ``wording``. ``name`` is what the wall may show of somebody whom nobody knows here yet.
    """

    token_digest = models.CharField(max_length=64, unique=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(_("address"))
    language = models.CharField(max_length=5, choices=settings.ALL_LANGUAGES, default="en")
    networks = models.JSONField(default=list, blank=True)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)
    wording = models.PositiveSmallIntegerField(default=1, db_default=1)
    name = models.CharField(max_length=80, blank=True)
    is_shown = models.BooleanField(default=False)
    source = models.CharField(
        _("door"), max_length=32, blank=True, default="", db_default="", editable=False
    )
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="confirm_request_has_words_for_networks",
                condition=Q(networks=[]) | ~Q(text=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.pk})"


class Reminder(models.Model):
    """An address that wants to hear of one launch. It is nobody's pledge and counts nowhere.

    ``mark`` is what its links bear (``addressing.mark_address``); empty where an old process made
    the row.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="reminders", verbose_name=_("campaign")
    )
    email = models.EmailField(_("address"))
    language = models.CharField(
        _("language"), max_length=5, choices=settings.ALL_LANGUAGES, default="en"
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    mark = models.CharField(max_length=64, editable=False, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints: ClassVar = [
            models.UniqueConstraint(name="reminder_once_per_address", fields=["campaign", "email"]),
        ]
        indexes: ClassVar = [models.Index(fields=["campaign", "mark"], name="reminder_by_mark")]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.pk})"
