"""Keep authorisations alive between a pledge and its launch, which may be months away.

Some tokens can be renewed only while they are good (Threads'), and some authorisations end where
they are not used for long (Bluesky's, X's): what each network wants is a fact on its adapter. Long
before the rounds of checks begin, whatever a pledge still needs is renewed, a few at a time, and
each once in weeks. What nobody has pledged is left to end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from structlog.contextvars import bind_contextvars

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import installation
from launches.pauses import Heartbeat
from launches.sharing import (
    Host,
    Share,
    find_paused_hosts,
    is_left_alone,
    keep_to_share,
    list_open_networks,
    may_be_asked,
)
from launches.watching import DatabaseThread
from networks import registry
from networks.base import Network
from networks.errors import TryLater
from networks.http import Http
from supporters import proving
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.proving import Check, Wanted, claim_checks
from supporters.vault import VaultError

BEAT = "renewing"
EVERY = timedelta(minutes=5)
BATCH = 50
IN_FLIGHT = 5
AGAIN_AFTER = timedelta(days=1)  # an account that was let in is not asked about once more
WAIT_LEAST = timedelta(hours=1)

SHARE = Share(name="renewing", usual=0.2, beside_launch=0.05)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Due:
    """An account to be renewed: its token is refreshed, then its profile is read perhaps."""

    account_id: int
    host: Host
    server_id: int
    needed_until: datetime
    requests: int = 2


def wake_renewer(now: datetime, renew: Callable[[], object]) -> None:
    """Have somebody look every five minutes, if anything is due; any number of ticks may."""
    before = now - EVERY
    _, is_first = Heartbeat.objects.get_or_create(name=BEAT, defaults={"beat_at": now})
    due = is_first or Heartbeat.objects.filter(name=BEAT, beat_at__lte=before).update(beat_at=now)
    if due and find_due(now).exists():
        renew()


def find_due(now: datetime) -> QuerySet[LinkedAccount]:
    """Accounts with a live pledge to a launch to come, whose authorisation is to be renewed now."""
    pledged = Pledge.objects.filter(
        account=OuterRef("pk"),
        state=PledgeState.LIVE,
        campaign__state__in=[CampaignState.SCHEDULED, CampaignState.SUSPENDED],
        campaign__latest_at__gt=now,
    )
    networks = registry.all_networks()
    wanting = Q(pk__in=[])
    for name in list_open_networks(now):
        wanting |= _wants(networks[name], now=now)
    found: QuerySet[LinkedAccount] = LinkedAccount.objects.filter(
        wanting,
        ~is_left_alone("pk", now=now),
        ~Q(known_server__host__in=find_paused_hosts(now).values("pk")),
        Exists(pledged),
        Q(busy_until=None) | Q(busy_until__lte=now),
        Q(known_server__rests_until=None) | Q(known_server__rests_until__lte=now),
        Q(refused_at=None) | Q(refused_at__lte=now - AGAIN_AFTER),
        state=AccountState.LINKED,
        person__is_active=True,
        checked_at__lte=now - AGAIN_AFTER,
    )
    return found.order_by("expires_at", "pk")


def _wants(network: Network, *, now: datetime) -> Q:
    """Whose authorisation at this network is near its end, as far as its facts tell."""
    wants = Q(pk__in=[])
    if network.renew_before is not None:
        wants |= Q(expires_at__lte=now + network.renew_before)
    if network.renew_unused_after is not None:
        wants |= Q(checked_at__lte=now - network.renew_unused_after)
    return wants & Q(network=network.name)


def renew_some(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Renew what is due, as many as the pace lets; gives how many were tried."""
    return asyncio.run(_renew_some(stopping=stopping))


async def _renew_some(*, stopping: Callable[[], bool]) -> int:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(DatabaseThread("renewing"))
        checks: list[Check] = await database.run(_take)
        if not checks:
            return 0
        http = await stack.enter_async_context(registry.open_http())
        places = asyncio.Semaphore(IN_FLIGHT)
        begin_until = asyncio.get_running_loop().time() + proving.BEGIN_SECONDS

        async def renew(check: Check) -> None:
            async with places:
                is_late = asyncio.get_running_loop().time() > begin_until
                if not (stopping() or is_late) and await database.run(
                    partial(may_be_asked, check.account.pk)
                ):
                    await _renew(http, check, database=database)
                else:
                    await database.run(partial(proving.put_off, check, until=None))

        await asyncio.gather(*(renew(check) for check in checks))
    return len(checks)


def _take() -> list[Check]:
    """Claim the next accounts. Nothing on a copy of the database: some tokens are good once."""
    if installation.list_differences():
        return []
    now = database_now()
    networks = registry.all_networks()
    due = [
        _Due(
            account_id=account.pk,
            host=(account.network, account.known_server.host),
            server_id=account.known_server_id,
            # Any token that can be renewed, is: that is what keeps the authorisation alive.
            needed_until=now + (networks[account.network].renew_before or AGAIN_AFTER),
        )
        for account in find_due(now).select_related("known_server")[:BATCH]
    ]
    return claim_checks(
        [
            Wanted(account_id=each.account_id, needed_until=each.needed_until, reads_profile=False)
            for each in keep_to_share(due, share=SHARE, now=now)
        ],
        found_at=now,
    )


async def _renew(http: Http, check: Check, *, database: DatabaseThread) -> None:
    """One account. Nothing here raises; what cannot be done now is done later."""
    bind_contextvars(account_id=check.account.pk, network=check.account.network)
    try:
        await proving.prove(http, check, run=database.run)
    except (TryLater, VaultError) as error:
        wait = getattr(error, "after_seconds", None) or 0.0
        logger.info("account %s is renewed later: %s", check.account.pk, error)
        await database.run(partial(_put_off, check, wait=wait))
    except Exception:
        # Its lease runs out, and it is tried once more.
        logger.exception("account %s could not be renewed", check.account.pk)


def _put_off(check: Check, *, wait: float) -> None:
    until = database_now() + max(WAIT_LEAST, timedelta(seconds=wait))
    proving.put_off(check, until=until)
