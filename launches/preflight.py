"""Before a launch, see that each account can be posted from, while its owner can still renew it.

A launch finds tokens that work: refreshing one at the launch itself is the exception. ``rounds``
says when, ``dealing`` whom next, ``supporters.proving`` how one account is checked. Any number of
workers do this at once, and none of it is remembered outside of the rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from structlog.contextvars import bind_contextvars

from campaigns.clock import database_now
from launches import installation, pausing
from launches.dealing import Due, take_due
from launches.looking import Look, find_wait
from launches.rounds import Round, find_coming, find_rounds
from launches.sharing import list_open_networks, may_be_asked, take_turn
from launches.watching import DatabaseThread
from networks import registry
from networks.errors import TryLater
from networks.http import Http
from supporters import mails, proving
from supporters.models import KnownServer, Pledge, PledgeState, Readiness
from supporters.proving import Check
from supporters.tokens import run_in_thread
from supporters.vault import VaultError

BEAT = "preflight"
SERVERS_IN_FLIGHT = 5
WAIT_MOST_SECONDS = 900.0  # before a network in trouble is asked once more
MAILS_AT_ONCE = 200

logger = logging.getLogger(__name__)


def wake_checker(now: datetime, check: Callable[[], object]) -> None:
    """Have somebody look, every ten seconds while a launch is coming; any number of ticks may."""
    if find_coming(now).exists() and take_turn(BEAT, now=now):
        check()


def check_accounts(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Check the accounts that are due now, as many as the pace lets; gives how many."""

    async def look() -> int:
        return await _Look(stopping=stopping, begin_seconds=proving.BEGIN_SECONDS).go()

    return asyncio.run(look())


class _Look(Look):
    """One worker's checks."""

    async def go(self) -> int:
        async with AsyncExitStack() as stack:
            self.database = await stack.enter_async_context(DatabaseThread("preflight"))
            taken = await self.database.run(take_due)
            if not taken:
                return 0
            self.http: Http = await stack.enter_async_context(registry.open_http())
            await asyncio.gather(*(self._check(check, due) for check, due in taken))
            servers = {check.known_server.pk: check.known_server for check, _ in taken}
            gate = asyncio.Semaphore(SERVERS_IN_FLIGHT)
            await asyncio.gather(*(self._refresh_facts(known, gate) for known in servers.values()))
        return len(taken)

    async def _check(self, check: Check, due: Due) -> None:
        """One account, from its turn to what came of it. Nothing here raises."""
        bind_contextvars(
            campaign_id=due.round.campaign.pk, account_id=due.account_id, network=due.network
        )
        try:
            async with self.take_place(due.host):
                if self.may_begin(due.host) and await self.database.run(
                    partial(may_be_asked, due.account_id)
                ):
                    await self._prove(check, due)
                else:
                    await self.database.run(lambda: proving.put_off(check, until=None))
        except Exception:
            # Its lease runs out, and it is checked once more.
            logger.exception("the check of account %s failed", check.account.pk)

    async def _prove(self, check: Check, due: Due) -> None:
        try:
            await proving.prove(self.http, check, run=self.database.run)
        except TryLater as error:
            logger.info("account %s is checked later: %s", check.account.pk, error)
            await self.database.run(partial(self._put_off, check, due, error))
        except VaultError as error:
            logger.exception("the vault does not open for account %s", check.account.pk)
            await self.database.run(partial(self._put_off, check, due, TryLater(str(error))))

    def _put_off(self, check: Check, due: Due, error: TryLater) -> None:
        """Leave the account alone for a while, or its host, or its whole network."""
        now = database_now()
        wait = find_wait(
            error,
            seconds_lasted=(now - due.round.since).total_seconds(),
            seconds_left=(due.round.launch_at - now).total_seconds(),
            most_seconds=WAIT_MOST_SECONDS,
        )
        until = now + timedelta(seconds=wait)
        whole_network = error.scope == "network"
        if error.scope != "account":
            self.let_rest(due.host, whole_network=whole_network, until=until)
        if whole_network and pausing.pause_for_checks(
            due.network, error, until=until, now=now, told_since=due.round.since
        ):
            # The pause alone keeps it waiting, so that an operator can end that.
            proving.put_off(check, until=None)
            return
        proving.put_off(check, until=until)
        if error.scope != "account":
            proving.let_rest(check, whole_network=whole_network, until=until)

    async def _refresh_facts(self, known: KnownServer, gate: asyncio.Semaphore) -> None:
        async with gate:
            if not self.stopping():
                await run_in_thread(lambda: proving.refresh_facts(known))


def remind() -> int:
    """Ask those once more who have not renewed what they were asked to. Gives how many."""
    if installation.list_differences():
        return 0
    now = database_now()
    networks = list_open_networks(now)
    asked = 0
    for each in find_rounds(now):
        if each.asked_since is None or each.network not in networks:
            continue
        for pk in _list_unasked(each, since=each.asked_since):
            asked += _remind_one(pk, asked_since=each.asked_since)
    return asked


def _list_unasked(begun: Round, *, since: datetime) -> list[int]:
    """Accounts to be renewed whose owners were asked before, or never."""
    pledges: Any = Pledge.objects.filter(
        Q(account__asked_at=None) | Q(account__asked_at__lt=since),
        campaign=begun.campaign,
        network=begun.network,
        state=PledgeState.LIVE,
        person__is_active=True,
    ).order_by("account")
    to_renew = pledges.with_readiness().filter(found_readiness=Readiness.RENEW)
    return list(to_renew.values_list("account", flat=True)[:MAILS_AT_ONCE])


def _remind_one(account_id: int, *, asked_since: datetime) -> bool:
    try:
        with transaction.atomic():
            return mails.queue_relink(account_id, asked_before=asked_since)
    except Exception:
        logger.exception("the owner of account %s could not be reminded", account_id)
        return False
