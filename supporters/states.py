"""The states of an account and of a pledge."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountState(models.TextChoices):
    LINKED = "linked", _("Linked")
    NEEDS_RELINK = "needs_relink", _("To be authorised again")
    UNLINKED = "unlinked", _("Unlinked")


class PledgeState(models.TextChoices):
    LIVE = "live", _("Pledged")
    CALLED = "called", _("Called")
    WITHDRAWN = "withdrawn", _("Withdrawn")
