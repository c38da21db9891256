"""Giving an account back: its pledges withdrawn, its key deleted here and revoked there."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from campaigns.clock import database_now
from networks.base import Credentials
from supporters import vault
from supporters.keeping import is_shared, revoke_at_network
from supporters.models import AccountState, AssistedPledge, LinkedAccount, PledgeState
from supporters.standing import find_address

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Unlinked:
    """What became of it. ``is_revoked``: the network was told and forgot the authorisation too.

    ``is_shared``: it was not told, since other accounts of theirs live by the same authorisation.
    ``called`` pledges were too late to be withdrawn: their posts have left, or leave just now.
    """

    is_revoked: bool
    is_shared: bool
    withdrawn: int
    called: int


def unlink(account: LinkedAccount, *, person: User) -> Unlinked:
    """Withdraw what was pledged, forget the token, then have the network forget it as well.

    The first two are one transaction; the network is asked after it, and when it cannot be
    reached the token is gone here all the same. Raises ``LinkedAccount.DoesNotExist`` for an
    account that is not this person's, or was unlinked before.
    """
    now = timezone.now()
    with transaction.atomic():
        mine: LinkedAccount = (
            LinkedAccount.objects.select_for_update(of=("self",))
            .exclude(state=AccountState.UNLINKED)
            .select_related("known_server")
            .get(pk=account.pk, person=person)
        )
        credentials = _open(mine)
        withdrawn = mine.pledges.filter(state=PledgeState.LIVE).update(
            state=PledgeState.WITHDRAWN, withdrawn_at=now, changed_at=now
        )
        called = mine.pledges.filter(state=PledgeState.CALLED, campaign__latest_at__gt=now).count()
        LinkedAccount.objects.filter(pk=mine.pk).update(
            state=AccountState.UNLINKED,
            sealed_credentials="",
            expires_at=None,
            refreshing_until=None,
            unlinked_at=now,
        )
        withdrawn += _settle_promises(person)
    shared = credentials is not None and is_shared(credentials)
    revoked = (
        credentials is not None
        and not shared
        and revoke_at_network(mine.known_server, credentials=credentials)
    )
    return Unlinked(is_revoked=revoked, is_shared=shared, withdrawn=withdrawn, called=called)


def _settle_promises(person: User) -> int:
    """Have what was promised by no address stand by one, or take it back where nothing is left.

    Gives how many were withdrawn: nobody could be told of them at the moment.
    """
    hanging = AssistedPledge.objects.filter(person=person, state=PledgeState.LIVE, email="")
    if LinkedAccount.objects.filter(person=person).exclude(state=AccountState.UNLINKED).exists():
        return 0
    address = find_address(person)
    if address:
        hanging.update(email=address)
        return 0
    return int(hanging.update(state=PledgeState.WITHDRAWN, withdrawn_at=database_now()))


def _open(account: LinkedAccount) -> Credentials | None:
    """The credentials, read before they are deleted; None when they cannot be opened."""
    try:
        return vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)
    except vault.VaultError as error:
        logger.error("%s", error)  # noqa: TRY400 -- its sentence says it all
        return None
