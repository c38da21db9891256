"""Telling networks to forget an authorisation: at once, and again while they do not answer.

What is to be revoked is written down in the transaction that takes the key off its account, so
that a process that dies in between loses none. The key stays there sealed, for that alone and for
a day at most; then it is forgotten, whatever the network says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from campaigns.clock import database_now
from networks.base import Credentials, Network, Registration, Server
from networks.errors import NetworkError, OutcomeUnknown, TryLater
from networks.http import Http
from networks.registry import get
from supporters import vault
from supporters.explaining import explain
from supporters.models import AccountState, KnownServer, LinkedAccount, PendingRevocation
from supporters.servers import ask_network, read_registration

LASTS = timedelta(days=1)
LEASE = timedelta(minutes=2)
WAIT_LEAST, WAIT_MOST = timedelta(minutes=1), timedelta(hours=1)
AT_ONCE = 50

logger = logging.getLogger(__name__)


class Ending(Enum):
    """What became of an authorisation at its network."""

    REVOKED = "revoked"  # the network forgot it, or had before
    SHARED = "shared"  # left alone: another linked account lives by it
    OWNERS = "owners"  # the network lets us not: only its owner can
    LATER = "later"  # it did not answer, and is told again
    LOST = "lost"  # the key could not be read, so that nothing could be told


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """What came of telling a network. ``sentence`` is its reason, in the reader's language."""

    ending: Ending
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """All that telling one network takes, so that no database is asked meanwhile."""

    adapter: Network
    server: Server
    registration: Registration
    credentials: Credentials


def note_to_revoke(account: LinkedAccount) -> PendingRevocation | None:
    """Write down that an account's authorisation is to be revoked; in the caller's transaction.

    ``account`` still has its key. None when there is none.
    """
    if not account.sealed_credentials:
        return None
    return PendingRevocation.objects.create(
        known_server=account.known_server,
        fingerprint=account.fingerprint,
        sealed_credentials=account.sealed_credentials,
        due_at=database_now() + LEASE,
    )


def carry_out(noted: Sequence[PendingRevocation]) -> list[Revocation]:
    """Tell the networks, all at once; what came of each. Never inside a transaction.

    Rows whose matter is settled are gone afterwards; the others are told again (``revoke_due``).
    """
    settled: dict[int, Revocation] = {}
    orders: dict[int, _Order] = {}
    for row in noted:
        found = _prepare(row)
        if isinstance(found, Revocation):
            settled[row.pk] = found
        else:
            orders[row.pk] = found
    if orders:
        told = ask_network(lambda http: _tell_all(http, list(orders.values())))
        settled |= dict(zip(orders, told, strict=True))
    for row in noted:
        _settle(row, settled[row.pk])
    return [settled[row.pk] for row in noted]


def revoke_due(*, limit: int = AT_ONCE) -> int:
    """Tell the networks that had not answered, when their time has come. Gives how many.

    Any number of workers may; each row is taken by compare-and-set.
    """
    now = database_now()
    due = PendingRevocation.objects.filter(due_at__lte=now).select_related("known_server")
    taken = []
    for row in due.order_by("due_at", "pk")[:limit]:
        mine = PendingRevocation.objects.filter(pk=row.pk, due_at=row.due_at)
        if mine.update(due_at=now + LEASE):
            taken.append(row)
    return len(carry_out(taken))


def revoke_at_network(known: KnownServer, *, credentials: Credentials) -> bool:
    """Tell a network once to forget an authorisation; whether it did. Never in a transaction."""
    found = _compile(known, credentials)
    if isinstance(found, Revocation):
        return False
    (told,) = ask_network(lambda http: _tell_all(http, [found]))
    return told.ending == Ending.REVOKED


def is_shared(credentials: Credentials) -> bool:
    """Whether an account that is linked still lives by the same authorisation.

    Revoking it would end that one as well, so it is left alone until the last one goes.
    """
    return bool(credentials.grant) and (
        LinkedAccount.objects.filter(network=credentials.network, grant=credentials.grant)
        .exclude(state=AccountState.UNLINKED)
        .exists()
    )


def is_needed(credentials: Credentials, *, fingerprint: str) -> bool:
    """Whether something that is linked lives by these credentials, so that they are left alone.

    By the same authorisation, or by the very same token: some servers give it again to the same
    account and app. What does not open is taken for needed.
    """
    if is_shared(credentials):
        return True
    kept = (
        LinkedAccount.objects.filter(fingerprint=fingerprint)
        .exclude(state=AccountState.UNLINKED)
        .exclude(sealed_credentials="")
        .first()
    )
    if kept is None:
        return False
    try:
        theirs = vault.unseal_credentials(kept.sealed_credentials, fingerprint=fingerprint)
    except vault.VaultError:
        return True
    return theirs.access_token == credentials.access_token


def _prepare(row: PendingRevocation) -> _Order | Revocation:
    try:
        credentials = vault.unseal_credentials(row.sealed_credentials, fingerprint=row.fingerprint)
    except vault.VaultError as error:
        logger.error("%s", error)  # noqa: TRY400 -- its sentence says it all
        return Revocation(ending=Ending.LOST)
    if is_needed(credentials, fingerprint=row.fingerprint):
        return Revocation(ending=Ending.SHARED)
    return _compile(row.known_server, credentials)


def _compile(known: KnownServer, credentials: Credentials) -> _Order | Revocation:
    try:
        return _Order(
            adapter=get(known.network),
            server=known.server,
            registration=read_registration(known),
            credentials=credentials,
        )
    except (NetworkError, vault.VaultError, LookupError) as error:
        logger.warning("%s cannot be told to forget: %s", known.network, type(error).__name__)
        return Revocation(ending=Ending.LOST)


async def _tell_all(http: Http, orders: Sequence[_Order]) -> list[Revocation]:
    return await asyncio.gather(*(_tell(http, each) for each in orders))


async def _tell(http: Http, order: _Order) -> Revocation:
    """Tell one network. Its own words are shown to the owner, and logged without their host."""
    try:
        await order.adapter.revoke(http, order.server, order.registration, order.credentials)
    except (TryLater, OutcomeUnknown) as error:
        logger.info("an authorisation at %s is revoked later", order.server.network)
        return Revocation(ending=Ending.LATER, sentence=explain(error))
    except NetworkError as error:
        logger.warning("an authorisation at %s could not be revoked", order.server.network)
        return Revocation(ending=Ending.OWNERS, sentence=explain(error))
    except Exception:
        # One network that surprises us must not keep the others from being told.
        logger.exception("telling %s to forget failed", order.server.network)
        return Revocation(ending=Ending.LOST)
    return Revocation(ending=Ending.REVOKED)


def _settle(row: PendingRevocation, told: Revocation) -> None:
    """Forget the key, unless the network is to be told again within its day."""
    mine = PendingRevocation.objects.filter(pk=row.pk)
    now = database_now()
    wait = min(WAIT_LEAST * 2**row.tries, WAIT_MOST)
    is_open = told.ending in (Ending.LATER, Ending.LOST)  # a lost key may be put back
    if is_open and now + wait <= row.asked_at + LASTS:
        mine.update(due_at=now + wait, tries=row.tries + 1)
        return
    mine.delete()
    if is_open:
        network = row.known_server.network
        logger.warning("an authorisation at %s could not be revoked within a day", network)
