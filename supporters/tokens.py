"""Credentials that can be used, and refreshing them: one at a time for each account.

A refresh token is good once: two that use it at once may end the whole session. So whoever
refreshes holds a lease on the account's row, by the database's clock, and what comes back is saved
before it is used. No transaction is open while the network is asked. A process that dies between
the network's answer and the saving leaves a spent token behind: the next one to try, once the lease
is over, is told so by the network, and the account is to be authorised again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from campaigns.clock import database_now
from networks.base import Credentials
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, TryLater, gettext_noop
from networks.http import Http
from networks.registry import get
from supporters import mails, vault
from supporters.models import AccountState, KnownServer, LinkedAccount
from supporters.servers import ask_network, read_registration

REFRESH_BEFORE = timedelta(minutes=2)
LEASE_SECONDS = 60
ANSWER_SECONDS = 30  # well within the lease: a late answer must not meet the next one's request
LOOK_SECONDS = 0.2
WAIT_SECONDS = 20
SAVE_TRIES = 20

_BEING_RENEWED = gettext_noop("The authorisation of this account is just being renewed.")
_RENEWAL_UNCLEAR = gettext_noop("The network did not say whether it renewed the authorisation.")
_GONE = gettext_noop("The authorisation of this account has ended. Please link it again.")

logger = logging.getLogger(__name__)
Given = TypeVar("Given")


class RunInThread(Protocol):
    """Runs a piece of database work outside of the event loop."""

    def __call__(self, work: Callable[[], Given]) -> Awaitable[Given]: ...


@dataclass(frozen=True, kw_only=True)
class RefreshClaim:
    """The leave to refresh one account until ``lease_until``; the fence for what is saved."""

    account_id: int
    lease_until: datetime
    credentials: Credentials
    known_server: KnownServer


def is_running_out(
    credentials: Credentials,
    *,
    now: datetime,
    refused: Credentials | None = None,
    until: datetime | None = None,
) -> bool:
    """Whether the access token is to be renewed, and can be.

    It ends within two minutes, or before ``until``, or it still is the one that the network
    refused.
    """
    if not credentials.refresh_token:
        return False
    if refused is not None and credentials.access_token == refused.access_token:
        return True
    needed_until = max(now + REFRESH_BEFORE, until or now)
    return credentials.expires_at is not None and credentials.expires_at <= needed_until


def read_credentials(account: LinkedAccount) -> Credentials:
    """What is sealed on this row, as it was loaded. Raises NeedsRelink and VaultError."""
    if account.state != AccountState.LINKED or not account.sealed_credentials:
        raise NeedsRelink(_GONE)
    return vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)


def credentials_at_hand(account: LinkedAccount, *, now: datetime) -> Credentials | None:
    """What is sealed on this row, as it was loaded, if it can be used as it is.

    None: it has to be refreshed first, or cannot be read; ``refresh_if_needed`` tells which.
    """
    return open_if_good(
        account.sealed_credentials, state=account.state, fingerprint=account.fingerprint, now=now
    )


def open_if_good(sealed: str, *, state: str, fingerprint: str, now: datetime) -> Credentials | None:
    """The same for who has read no more of the row than this."""
    if state != AccountState.LINKED or not sealed:
        return None
    try:
        credentials = vault.unseal_credentials(sealed, fingerprint=fingerprint)
    except vault.VaultError:
        return None
    return None if is_running_out(credentials, now=now) else credentials


def find_end(account: LinkedAccount) -> datetime | None:
    """When the authorisation ends, if that is known and only its owner can renew it; else None."""
    try:
        credentials = read_credentials(account)
    except (NeedsRelink, vault.VaultError):
        return None
    return None if credentials.refresh_token else credentials.expires_at


def usable_credentials(account: LinkedAccount) -> Credentials:
    """Credentials that are good for two minutes at least, refreshed where they are not.

    For ordinary code outside of transactions; asks the network. Raises what
    ``refresh_if_needed`` raises.
    """

    async def work(http: Http) -> Credentials:
        return await refresh_if_needed(http, account.pk)

    credentials = read_credentials(account)
    if not is_running_out(credentials, now=database_now()):
        return credentials
    return ask_network(work)


async def refresh_if_needed(
    http: Http,
    account_id: int,
    *,
    refused: Credentials | None = None,
    until: datetime | None = None,
    run: RunInThread | None = None,
) -> Credentials:
    """The account's credentials, good for two minutes at least. One refresh at a time.

    ``refused`` are credentials that the network called run out before their time; others are
    refreshed as well when they end before ``until``, as late as a network lets them last. ``run``
    takes the database work to a thread. Whoever finds that another one refreshes waits for
    it, up to twenty seconds. Nothing was posted by any of this: raises NeedsRelink (and marks the
    account), TryLater, Rejected, and VaultError.
    """
    run = run or run_in_thread
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + WAIT_SECONDS
    while True:
        found = await run(partial(_look, account_id, refused=refused, until=until))
        if isinstance(found, Credentials):
            return found
        if found is not None:
            return await _refresh(http, found, run=run)
        if loop.time() > give_up_at:
            raise TryLater(_BEING_RENEWED, after_seconds=5.0)
        until = None  # what the other one gets lasts as long as ours would
        await asyncio.sleep(LOOK_SECONDS)


async def run_in_thread(work: Callable[[], Given]) -> Given:
    """Run database work in a thread of the loop's pool, and close its connection after."""

    def go() -> Given:
        try:
            return work()
        finally:
            connection.close()

    return await sync_to_async(go, thread_sensitive=False)()


def claim_refresh(
    account_id: int, *, refused: Credentials | None = None, until: datetime | None = None
) -> RefreshClaim | None:
    """Take the lease to refresh an account. None: somebody holds it, or there is nothing to do.

    Compare-and-set by the database's clock. Raises VaultError; then the lease is not taken.
    """
    now = database_now()
    account = (
        LinkedAccount.objects.filter(pk=account_id, state=AccountState.LINKED)
        .exclude(sealed_credentials="")
        .select_related("known_server")
        .first()
    )
    if account is None:
        return None
    credentials = read_credentials(account)
    if not is_running_out(credentials, now=now, refused=refused, until=until):
        return None
    lease_until = now + timedelta(seconds=LEASE_SECONDS)
    claimed = (
        LinkedAccount.objects.filter(
            pk=account_id,
            state=AccountState.LINKED,
            sealed_credentials=account.sealed_credentials,
        )
        .filter(Q(refreshing_until__isnull=True) | Q(refreshing_until__lte=now))
        .update(refreshing_until=lease_until)
    )
    if not claimed:
        return None
    return RefreshClaim(
        account_id=account_id,
        lease_until=lease_until,
        credentials=credentials,
        known_server=account.known_server,
    )


def save_refreshed(claim: RefreshClaim, *, credentials: Credentials) -> bool:
    """Save new tokens and give the lease back.

    False: the account was unlinked, erased, linked anew or claimed by another one meanwhile; the
    tokens were not saved.
    """
    account = LinkedAccount.objects.filter(pk=claim.account_id).first()
    if account is None:  # its owner was erased
        return False
    saved = LinkedAccount.objects.filter(
        pk=claim.account_id,
        state=AccountState.LINKED,
        refreshing_until=claim.lease_until,
    ).update(
        sealed_credentials=vault.seal_credentials(credentials, fingerprint=account.fingerprint),
        expires_at=credentials.expires_at,
        refreshing_until=None,
        checked_at=database_now(),
    )
    return bool(saved)


def give_up_refresh(claim: RefreshClaim, *, needs_relink: bool) -> None:
    """Give the lease back without new tokens; ``needs_relink``: the authorisation is over."""
    with transaction.atomic():
        mine = LinkedAccount.objects.filter(pk=claim.account_id, refreshing_until=claim.lease_until)
        if not needs_relink:
            mine.update(refreshing_until=None)
        elif mine.filter(state=AccountState.LINKED).update(
            state=AccountState.NEEDS_RELINK, refreshing_until=None
        ):
            mails.queue_relink(claim.account_id)


def mark_needs_relink(account: LinkedAccount) -> bool:
    """The network refused this account's token: its owner has to authorise again, and is told.

    ``account`` is the row as it was when the token was read: one that was linked anew or refreshed
    since then is left alone. Whether it was marked.
    """
    with transaction.atomic():
        marked = LinkedAccount.objects.filter(
            pk=account.pk,
            state=AccountState.LINKED,
            sealed_credentials=account.sealed_credentials,
        ).update(state=AccountState.NEEDS_RELINK, refreshing_until=None)
        if marked:
            mails.queue_relink(account.pk)
    return bool(marked)


def mark_refused(account_id: int, *, linked_at: datetime) -> bool:
    """The network refused the token of an account that was linked at that time.

    The same as ``mark_needs_relink`` for who has not kept the row; an account that was linked anew
    since then is left alone. Whether it was marked.
    """
    account = LinkedAccount.objects.filter(pk=account_id, linked_at=linked_at).first()
    return account is not None and mark_needs_relink(account)


def mark_if_unchanged(account_id: int, *, refused: Credentials) -> bool:
    """The same for who has kept what was refused: other tokens, got since then, are left alone."""
    account = LinkedAccount.objects.filter(pk=account_id, state=AccountState.LINKED).first()
    if account is None or read_credentials(account).access_token != refused.access_token:
        return False
    return mark_needs_relink(account)


def _look(
    account_id: int, *, refused: Credentials | None, until: datetime | None
) -> Credentials | RefreshClaim | None:
    """Good credentials, or the leave to refresh them, or None: somebody else is at it."""
    account = LinkedAccount.objects.filter(pk=account_id).first()
    if account is None:  # its owner was erased
        raise NeedsRelink(_GONE)
    credentials = read_credentials(account)
    if not is_running_out(credentials, now=database_now(), refused=refused, until=until):
        return credentials
    return claim_refresh(account_id, refused=refused, until=until)


async def _save(claim: RefreshClaim, renewed: Credentials, *, run: RunInThread) -> bool:
    """Save new tokens, again and again while the database is away: the old ones are spent."""
    for _ in range(SAVE_TRIES):
        try:
            return await run(lambda: save_refreshed(claim, credentials=renewed))
        except DatabaseError:
            logger.exception("renewed tokens of account %s are not saved yet", claim.account_id)
            await asyncio.sleep(1)
    return await run(lambda: save_refreshed(claim, credentials=renewed))


async def _refresh(http: Http, claim: RefreshClaim, *, run: RunInThread) -> Credentials:
    """Ask for new tokens under a claim, and save them."""
    known = claim.known_server
    try:
        registration = await run(lambda: read_registration(known))
        adapter = get(known.network)
    except (vault.VaultError, LookupError):
        await run(lambda: give_up_refresh(claim, needs_relink=False))
        raise
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            renewed = await adapter.refresh(http, known.server, registration, claim.credentials)
    except NeedsRelink:
        await run(lambda: give_up_refresh(claim, needs_relink=True))
        raise
    except (OutcomeUnknown, TimeoutError):
        # The token may be spent, and the request may still arrive: the lease is kept to its end,
        # then one more try tells.
        raise TryLater(_RENEWAL_UNCLEAR, after_seconds=float(LEASE_SECONDS)) from None
    except NetworkError:
        await run(lambda: give_up_refresh(claim, needs_relink=False))
        raise
    if not await _save(claim, renewed, run=run):
        try:
            await adapter.revoke(http, known.server, registration, renewed)
        except NetworkError as error:
            logger.warning("renewed tokens at %s were not revoked: %s", known.host, error)
        raise TryLater(_BEING_RENEWED, after_seconds=1.0)
    return renewed
