"""Does an authorisation still work? Asked well before it is needed, once at a time per account.

Whoever checks an account holds a lease on its row (``busy_until``) and writes down what came of it
only while it is theirs. No transaction is open while a network is asked. That a network could not
be asked says nothing of the account: nobody is marked for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from campaigns.clock import database_now
from networks.base import Credentials, Profile
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, TryLater, gettext_noop
from networks.http import Http
from networks.registry import get
from supporters import mails
from supporters.asking import ask_in_name
from supporters.keeping import MOST_FOLLOWERS, clean_name, clean_url
from supporters.models import AccountState, KnownServer, LinkedAccount
from supporters.servers import FACTS_LAST, refresh_known_server
from supporters.tokens import RunInThread, read_credentials, refresh_if_needed

LEASE = timedelta(minutes=5)
READ_SECONDS = 30
BEGIN_SECONDS = 120  # after a claim; what is begun then is through before the lease is
ASK_SERVER_AGAIN = timedelta(hours=1)

_UNCLEAR = gettext_noop("%(host)s gave no clear answer about this account.")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An account to check. Its token is to last until ``needed_until``, or as long as it can.

    ``reads_profile``: also where a refresh has proved already that the authorisation works.
    """

    account_id: int
    needed_until: datetime
    reads_profile: bool


@dataclass(frozen=True, kw_only=True)
class Check:
    """The leave to check one account; ``account`` is its row as it was when that was given."""

    account: LinkedAccount
    wanted: Wanted
    lease_until: datetime

    @property
    def known_server(self) -> KnownServer:
        """Where the account lives."""
        return self.account.known_server


def claim_checks(wanted: Sequence[Wanted], *, found_at: datetime) -> list[Check]:
    """Take the lease of each account that is linked and that nobody is at, in the order given.

    ``found_at`` is from when it is known that they are due: whoever was let in or refused since
    then was checked by somebody else meanwhile.
    """
    now = database_now()
    by_key = {each.account_id: each for each in wanted}
    with transaction.atomic():
        accounts = list(
            LinkedAccount.objects.filter(pk__in=by_key, state=AccountState.LINKED)
            .filter(Q(busy_until=None) | Q(busy_until__lte=now), checked_at__lt=found_at)
            .exclude(refused_at__gte=found_at)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("known_server")
        )
        LinkedAccount.objects.filter(pk__in=[each.pk for each in accounts]).update(
            busy_until=now + LEASE
        )
    found = {account.pk: account for account in accounts}
    return [
        Check(account=found[pk], wanted=each, lease_until=now + LEASE)
        for pk, each in by_key.items()
        if pk in found
    ]


async def prove(http: Http, check: Check, *, run: RunInThread) -> None:
    """Check one account, and write down what came of it; ``run`` takes that to a thread.

    A token that ends too early is refreshed, then the profile is read. Where the authorisation is
    over, the account is marked and its owner told. Raises TryLater and VaultError, which leave
    everything as it was, the lease included.
    """
    try:
        credentials, profile = await _ask(http, check, run=run)
    except NeedsRelink:
        return  # marked, by whoever found it
    except Rejected as error:
        logger.warning("account %s cannot be posted from: %s", check.account.pk, error)
        await run(lambda: _note_refused(check))
    except OutcomeUnknown:
        raise TryLater(_UNCLEAR, host=check.known_server.host) from None
    else:
        await run(lambda: _note_good(check, credentials=credentials, profile=profile))


def put_off(check: Check, *, until: datetime | None) -> None:
    """Leave the account alone until then; None: give the lease back."""
    _mine(check).update(busy_until=until)


def let_rest(check: Check, *, whole_network: bool, until: datetime) -> None:
    """Check nobody on this account's host, or on its whole network, before then."""
    known = KnownServer.objects.filter(network=check.account.network)
    if not whole_network:
        known = known.filter(pk=check.known_server.pk)
    known.update(rests_until=until)


def refresh_facts(known: KnownServer) -> bool:
    """Ask a server anew when what it told is older than a day; whether it did.

    One asks, by compare-and-set, and one that does not answer is asked again in an hour.
    """
    if known.checked_at > database_now() - FACTS_LAST:
        return False
    taken = KnownServer.objects.filter(pk=known.pk, checked_at=known.checked_at).update(
        checked_at=database_now() - FACTS_LAST + ASK_SERVER_AGAIN
    )
    return bool(taken) and refresh_known_server(known)


async def _ask(http: Http, check: Check, *, run: RunInThread) -> tuple[Credentials, Profile | None]:
    """Refresh and read as far as it is needed; gives the credentials of now, and what was read."""
    account, wanted = check.account, check.wanted
    held = read_credentials(account)
    credentials = await refresh_if_needed(http, account.pk, until=wanted.needed_until, run=run)
    is_proved = credentials.access_token != held.access_token
    if is_proved and not wanted.reads_profile and not account.is_refused:
        return credentials, None
    return await ask_in_name(
        http,
        account.pk,
        lambda shown: _read_profile(http, check, shown),
        credentials=credentials,
        run=run,
    )


async def _read_profile(http: Http, check: Check, credentials: Credentials) -> Profile:
    known = check.known_server
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await get(known.network).read_profile(http, known.server, credentials)
    except TimeoutError:
        raise TryLater(_UNCLEAR, scope="host", host=known.host) from None


def _mine(check: Check) -> Any:
    """The row, while the lease is ours and it is the authorisation that was checked."""
    return LinkedAccount.objects.filter(
        pk=check.account.pk,
        state=AccountState.LINKED,
        linked_at=check.account.linked_at,
        busy_until=check.lease_until,
    )


def _note_good(check: Check, *, credentials: Credentials, profile: Profile | None) -> None:
    """It works. Where only its owner can renew it in time for the launch, they are asked to."""
    is_final = credentials.expires_at is not None and not credentials.refresh_token
    changes: dict[str, Any] = {
        "checked_at": database_now(),
        "busy_until": None,
        "ends_at": F("expires_at") if is_final else None,
        **(_describe(profile) if profile else {}),
    }
    with transaction.atomic():
        if _mine(check).update(**changes) and is_final:
            mails.queue_relink(check.account.pk)


def _note_refused(check: Check) -> None:
    _mine(check).update(refused_at=database_now(), busy_until=None)


def _describe(profile: Profile) -> dict[str, Any]:
    """What the network tells of the account now; what it does not tell stays as it was."""
    told = {
        "handle": clean_name(profile.handle)[:300],
        "display_name": clean_name(profile.display_name)[:200],
        "url": clean_url(profile.url),
    }
    changes: dict[str, Any] = {name: value for name, value in told.items() if value}
    if profile.followers is not None:
        changes["followers"] = max(0, min(profile.followers, MOST_FOLLOWERS))
    return changes
