"""Supporters' accounts and what they lent them for.

A token exists only sealed (``vault.py``). A pledge keeps the exact words its owner agreed to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from networks.base import Server
from networks.registry import automatic_networks
from supporters.asks import Ask, AskKind, Eve, MailChoice, MutedCampaign
from supporters.consents import Consent
from supporters.farewells import ErasureRequest, PendingRevocation
from supporters.promises import (
    AssistedPledge,
    AssistedPledgeQuerySet,
    ConfirmRequest,
    Reminder,
    Unoffered,
)
from supporters.states import AccountState, PledgeState
from supporters.topics import MailTopic

__all__ = [
    "CHECKS_BEGIN",
    "AccountState",
    "Ask",
    "AskKind",
    "AssistedPledge",
    "AssistedPledgeQuerySet",
    "ConfirmRequest",
    "ErasureRequest",
    "Eve",
    "KnownServer",
    "LinkRequest",
    "LinkedAccount",
    "MailChoice",
    "MailTopic",
    "MutedCampaign",
    "PendingRevocation",
    "Pledge",
    "PledgeQuerySet",
    "PledgeState",
    "Readiness",
    "Reminder",
    "Unoffered",
]

CHECKS_BEGIN = timedelta(hours=72)  # before a launch, whose accounts are then checked


class KnownServer(models.Model):
    """A host on which accounts live, and our registration there: made once, then kept.

    A registration is good for one way back (``registered_for``): a site that moved registers anew.
    No account is checked there before ``rests_until``: it is in trouble, or asked us to wait.
    """

    network = models.CharField(_("network"), max_length=20)
    host = models.CharField(_("host"), max_length=260)
    url = models.URLField(_("address"), max_length=300)
    version = models.CharField(_("version"), max_length=200, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    sealed_registration = models.TextField(editable=False, blank=True)
    registered_for = models.CharField(max_length=300, editable=False, blank=True)
    registered_at = models.DateTimeField(_("registered"), null=True, blank=True)
    checked_at = models.DateTimeField(_("asked last"), default=timezone.now)
    rests_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("server")
        verbose_name_plural = _("servers")
        constraints: ClassVar = [
            models.UniqueConstraint(name="server_once", fields=["network", "host"]),
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def server(self) -> Server:
        """What adapters take."""
        return Server(
            network=self.network,
            host=self.host,
            url=self.url,
            version=self.version,
            facts=self.facts,
        )


class LinkRequest(models.Model):
    """A supporter on the way to a network's authorisation page and back.

    Bound to the browser's session, used once (by deleting the row), sealed, and short-lived.
    """

    state_digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    known_server = models.ForeignKey(KnownServer, on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, null=True, related_name="+")
    sealed_memo = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now)


class LinkedAccount(models.Model):
    """An account on a network that its owner allowed us to post from.

    ``fingerprint`` is a keyed hash of network, server and the account's immutable id
    (``vault.fingerprint``). ``refreshing_until`` is the lease of whoever refreshes its tokens:
    refresh tokens are used once, so one at a time. ``grant`` is shared by accounts that one
    authorisation covers: revoking it ends them all.

    ``checked_at`` is when the network last let us in: it was linked, its tokens were refreshed, or
    it was asked. ``refused_at`` is when it let us in and said that the account cannot be posted
    from. ``busy_until``: it is just being checked (a lease), or left alone for a while.
    ``ends_at`` is the end of an authorisation that only its owner can renew; it says nothing of
    another ``expires_at`` than its own. ``asked_at`` is when the owner was last asked to renew it.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="linked_accounts",
        verbose_name=_("whose it is"),
    )
    network = models.CharField(_("network"), max_length=20)
    known_server = models.ForeignKey(
        KnownServer, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("server")
    )
    account_id = models.CharField(_("account's id"), max_length=300)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(
        _("state"), max_length=16, choices=AccountState.choices, default=AccountState.LINKED
    )
    handle = models.CharField(_("handle"), max_length=300)
    display_name = models.CharField(_("name"), max_length=200, blank=True)
    url = models.URLField(_("profile"), max_length=400, blank=True)
    followers = models.PositiveBigIntegerField(_("followers"), null=True, blank=True)
    opened_at = models.DateTimeField(_("account opened"), null=True, blank=True)
    sealed_credentials = models.TextField(editable=False, blank=True)
    grant = models.CharField(max_length=120, editable=False, blank=True, db_default="")
    expires_at = models.DateTimeField(_("token ends"), null=True, blank=True)
    refreshing_until = models.DateTimeField(null=True, blank=True, editable=False)
    linked_at = models.DateTimeField(_("linked"), default=timezone.now)
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(_("authorisation ends"), null=True, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked to renew"), null=True, blank=True)
    unlinked_at = models.DateTimeField(_("unlinked"), null=True, blank=True)

    class Meta:
        verbose_name = _("linked account")
        verbose_name_plural = _("linked accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="account_linked_once", fields=["fingerprint"], condition=~Q(state="unlinked")
            ),
            models.CheckConstraint(
                name="unlinked_account_has_no_token",
                condition=~Q(state="unlinked") | Q(sealed_credentials=""),
            ),
        ]

    def __str__(self) -> str:
        return self.handle

    @property
    def is_linked(self) -> bool:
        """Whether a post could be made from it now."""
        return self.state == AccountState.LINKED

    def ends_before(self, moment: datetime) -> bool:
        """Whether its authorisation is known to end before then, unless its owner renews it."""
        return (
            self.ends_at is not None and self.ends_at == self.expires_at and self.ends_at < moment
        )

    @property
    def is_refused(self) -> bool:
        """Whether its network said at the last check that it cannot be posted from."""
        return self.refused_at is not None and self.refused_at > self.checked_at


class Readiness(models.TextChoices):
    """Whether the account of a pledge can be posted from, as far as is known."""

    UNCHECKED = "unchecked", _("Not checked yet")
    READY = "ready", _("Ready")
    REFUSED = "refused", _("Not let in")
    RENEW = "renew", _("To renew")
    OFF = "off", _("Not posted to from here")


class PledgeQuerySet(models.QuerySet["Pledge"]):
    """Reading pledges."""

    def counting(self) -> PledgeQuerySet:
        """Those that stand."""
        return self.exclude(state=PledgeState.WITHDRAWN)

    def count_people(self) -> int:
        """How many people stand behind them: what a threshold counts."""
        return self.counting().values("person").distinct().count()

    def with_readiness(self) -> PledgeQuerySet:
        """Each with its ``found_readiness``: the rule of ``Pledge.readiness``, for the database."""
        ends = Q(account__ends_at=F("account__expires_at"))
        checks_begin_at = F("campaign__launch_at") - CHECKS_BEGIN
        return self.annotate(
            found_readiness=Case(
                When(~Q(network__in=list(automatic_networks())), then=Value(Readiness.OFF)),
                When(account__state=AccountState.NEEDS_RELINK, then=Value(Readiness.RENEW)),
                When(
                    ends & Q(account__ends_at__lt=F("campaign__latest_at")),
                    then=Value(Readiness.RENEW),
                ),
                When(
                    account__refused_at__gt=F("account__checked_at"),
                    then=Value(Readiness.REFUSED),
                ),
                When(account__checked_at__gte=checks_begin_at, then=Value(Readiness.READY)),
                default=Value(Readiness.UNCHECKED),
            )
        )

    def reach(self) -> int:
        """The sum of the followers that the networks told of; an estimate."""
        total = self.counting().aggregate(total=models.Sum("account__followers"))["total"]
        return int(total or 0)


class Pledge(Consent):
    """One account lent to one campaign, with the exact words its owner agreed to.

    ``told_of_recall``: when they agreed they read that the organiser can have the post deleted
    again. Without that nobody deletes it but its owner.
    """

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="pledges",
        db_index=False,
        verbose_name=_("campaign"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="pledges",
        verbose_name=_("whose it is"),
    )
    account = models.ForeignKey(
        LinkedAccount, on_delete=models.CASCADE, related_name="pledges", verbose_name=_("account")
    )
    fingerprint = models.CharField(max_length=64)
    network = models.CharField(_("network"), max_length=20)
    host = models.CharField(_("host"), max_length=260)
    receipt_email = models.EmailField(_("address for the receipt"), blank=True)
    told_of_recall = models.BooleanField(default=False, db_default=False, editable=False)

    objects: ClassVar[Any] = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="pledge_once_per_account",
                fields=["campaign", "fingerprint"],
                condition=~Q(state="withdrawn"),
            ),
            models.CheckConstraint(
                name="pledge_state_is_known", condition=Q(state__in=PledgeState.values)
            ),
            models.CheckConstraint(name="pledge_has_words", condition=~Q(text="")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "state"], name="pledge_campaign_state"),
        ]

    def __str__(self) -> str:
        return f"{self.account} → {self.campaign}"

    @property
    def readiness(self) -> Readiness:
        """Whether its account can be posted from: known from three days before the launch on.

        Never while this site does not post to its network, whatever was found before.
        """
        account, campaign = self.account, self.campaign
        if self.network not in automatic_networks():
            return Readiness.OFF
        if account.state == AccountState.NEEDS_RELINK:
            return Readiness.RENEW
        if campaign.latest_at is not None and account.ends_before(campaign.latest_at):
            return Readiness.RENEW
        if account.is_refused:
            return Readiness.REFUSED
        launch_at = campaign.launch_at
        if launch_at is not None and account.checked_at >= launch_at - CHECKS_BEGIN:
            return Readiness.READY
        return Readiness.UNCHECKED
