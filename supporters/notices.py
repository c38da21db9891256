"""What networks tell by themselves: somebody removed us there, or wants their data erased.

A notice concerns what was linked when it was written: whoever has linked an account again since
keeps it, so that an old notice that comes once more does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from campaigns.clock import database_now
from networks.base import Notice
from networks.registry import get
from supporters import mails
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.standing import find_address

CLOCKS_DIFFER = timedelta(seconds=5)  # at most, between a network and us

logger = logging.getLogger(__name__)


def takes_notices(network: str) -> bool:
    """Whether this network tells us anything by itself. Raises LookupError for a name of none."""
    return hasattr(get(network), "read_notice")


def read_notice(network: str, *, form: Mapping[str, str]) -> Notice:
    """What a network says; without a time of its own, or with one to come, it is of now.

    Raises Rejected for what the network did not sign.
    """
    notice: Notice = get(network).read_notice(form)  # type: ignore[attr-defined]  # takes_notices
    now = database_now()
    return replace(notice, issued_at=min(notice.issued_at or now, now))


def find_accounts(notice: Notice) -> QuerySet[LinkedAccount]:
    """The accounts that a notice is about, also those that were unlinked before."""
    named = Q(pk__in=[])
    if notice.account_id:
        named |= Q(account_id=notice.account_id)
    if notice.grant:
        named |= Q(grant=notice.grant)
    written_at = notice.issued_at or database_now()
    return LinkedAccount.objects.filter(
        named, network=notice.network, linked_at__lt=written_at + CLOCKS_DIFFER
    )


def note_removed(notice: Notice) -> int:
    """Somebody removed us at their network: the key is worth nothing, and is deleted.

    What the accounts were lent for is withdrawn, as when they are unlinked, and their owner is
    told; the accounts can be authorised again. Gives how many accounts.
    """
    accounts = find_accounts(notice).exclude(state=AccountState.UNLINKED)
    return sum(
        _note_removed(pk, written_at=notice.issued_at or database_now())
        for pk in accounts.order_by("pk").values_list("pk", flat=True)
    )


def is_known_by_nothing_else(person: User) -> bool:
    """Whether nothing is left of somebody once an account of theirs is gone.

    An address that they confirmed is looked for itself: it need not be the one of their row, which
    somebody else may have claimed before them.
    """
    return (
        person.email is None
        and not find_address(person)
        and not person.has_usable_password()
        and not is_mfa_enabled(person)
        and not (person.is_staff or person.is_superuser)
        and not LinkedAccount.objects.filter(person=person).exists()
    )


def _note_removed(account_id: int, *, written_at: datetime) -> bool:
    with transaction.atomic():
        account = (
            LinkedAccount.objects.select_for_update(of=("self",))
            .filter(pk=account_id, linked_at__lt=written_at + CLOCKS_DIFFER)
            .exclude(state=AccountState.UNLINKED)
            .exclude(state=AccountState.NEEDS_RELINK, sealed_credentials="")
            .select_related("known_server", "person")
            .first()
        )
        if account is None:
            return False
        withdrawn = _withdraw(account)
        LinkedAccount.objects.filter(pk=account.pk).update(
            state=AccountState.NEEDS_RELINK,
            sealed_credentials="",
            expires_at=None,
            refreshing_until=None,
        )
        if withdrawn:
            mails.queue_removed(account, pledges=withdrawn)
    return True


def _withdraw(account: LinkedAccount) -> list[Pledge]:
    """Withdraw what an account, whose row is locked, was lent for; gives the pledges."""
    now = database_now()
    live = account.pledges.filter(state=PledgeState.LIVE).order_by("pk")
    pledges = list(live.select_related("campaign__approved", "person"))
    return [
        pledge
        for pledge in pledges
        if Pledge.objects.filter(pk=pledge.pk, state=PledgeState.LIVE).update(
            state=PledgeState.WITHDRAWN, withdrawn_at=now, changed_at=now
        )
    ]
