"""Make ready, in the last half minute, what a network lets us make before the moment.

Threads wants a container first and its publication after. Nothing of it is seen by anybody; what
was not made ready in time is made at the moment, and what is never used is forgotten there.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from structlog.contextvars import bind_contextvars

from campaigns.clock import database_now
from launches import installation, pace, stopping
from launches.claims import make_post
from launches.models import Delivery, DeliveryState, LaunchState
from networks import registry
from networks.base import Credentials, Post, Server
from networks.errors import NetworkError
from networks.http import Http
from supporters import tokens
from supporters.models import AccountState, PledgeState

BATCH = 100
LEASE_SECONDS = 30  # whoever has not made it ready by then is not going to

logger = logging.getLogger(__name__)
RELATED = ("launch__campaign", "pledge__account__known_server")
Run = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Work:
    """One post to be made ready, for that pledge and no other."""

    delivery_id: int
    pledge_id: int
    network: str
    server: Server
    credentials: Credentials
    post: Post


async def prepare_some(launch_id: int, *, http: Http, run: Run, seconds: float) -> int:
    """Make the next posts of a launch ready; gives how many were tried, 0 when none is left.

    Takes ``seconds`` at most; ``run`` takes database work to a thread. A network that refuses is
    no trouble yet: the moment will tell.
    """
    work: list[Work] = await run(lambda: _take(launch_id))
    made = await asyncio.gather(*(_prepare(http, each, seconds=seconds) for each in work))
    ready = [(each, prepared) for each, prepared in zip(work, made, strict=True) if prepared]
    if ready:
        await run(lambda: _keep(ready))
    return len(work)


async def _prepare(http: Http, work: Work, *, seconds: float) -> str:
    """What the network gave for it; empty where nothing could be made ready."""
    bind_contextvars(delivery_id=work.delivery_id, network=work.network)
    try:
        async with asyncio.timeout(seconds):
            adapter = registry.get(work.network)
            return await adapter.prepare(http, work.server, work.credentials, work.post)
    except (NetworkError, TimeoutError) as error:
        logger.info("delivery %s could not be made ready: %s", work.delivery_id, error)
    except Exception:
        logger.exception("making delivery %s ready failed", work.delivery_id)
    return ""


def _take(launch_id: int) -> list[Work]:
    """Posts that nobody has made ready or is at, as far as the pace lets them."""
    names = [name for name, each in registry.automatic_networks().items() if each.prepares]
    if not names or installation.list_differences() or stopping.is_paused():
        return []
    now = database_now()
    with transaction.atomic():
        rows = _within_pace(_find_unprepared(launch_id, names=names))
        # Also those without usable credentials: they are left to the moment.
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            lease_until=now + timedelta(seconds=LEASE_SECONDS)
        )
    work = []
    for row in rows:
        account = row.pledge.account
        credentials = tokens.credentials_at_hand(account, now=now)
        if credentials is not None:
            post = make_post(
                row.launch,
                fingerprint=row.account_fingerprint,
                text=row.pledge.text,
                language=row.pledge.language,
                prepared=row.prepared,
            )
            work.append(
                Work(
                    delivery_id=row.pk,
                    pledge_id=row.pledge.pk,
                    network=row.network,
                    server=account.known_server.server,
                    credentials=credentials,
                    post=post,
                )
            )
    return work


def _find_unprepared(launch_id: int, *, names: list[str]) -> list[Any]:
    return list(
        Delivery.objects.filter(
            launch_id=launch_id,
            launch__state=LaunchState.ARMED,
            network__in=names,
            state=DeliveryState.PLANNED,
            prepared="",
            lease_until=None,
            pledge__state=PledgeState.LIVE,
            pledge__account__state=AccountState.LINKED,
        )
        .select_for_update(skip_locked=True, of=("self",))
        .select_related(*RELATED)
        .order_by("pk")[:BATCH]
    )


def _within_pace(rows: list[Any]) -> list[Any]:
    wanted: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        wanted[row.network, row.host].append(row)
    kept = []
    for (network, host), group in wanted.items():
        rules = registry.get(network).allowances(group[0].pledge.account.known_server.server)
        kept += group[: pace.take(host, len(group), rules)]
    return kept


def _keep(ready: list[tuple[Work, str]]) -> None:
    """Note what was made, for those that nobody has claimed meanwhile.

    Only for the pledge and the words that it was made of: both may be others by now.
    """
    for work, prepared in ready:
        Delivery.objects.filter(
            pk=work.delivery_id,
            state=DeliveryState.PLANNED,
            attempt=0,
            pledge=work.pledge_id,
            pledge__text=work.post.text,
        ).update(prepared=prepared)


def keep(delivery_id: int, *, attempt: int, prepared: str) -> bool:
    """Note what was made ready for a claim, before it is used; whether the claim still stands.

    Once it may have been used it stays, until its network said that it is gone. Of a post whose
    owner was erased meanwhile nothing is kept, and so nothing is made public any more.
    """
    mine = Delivery.objects.filter(
        pk=delivery_id, attempt=attempt, state=DeliveryState.CLAIMED, erased_at=None
    )
    return bool(mine.update(prepared=prepared))
