"""After a launch, read what became of its posts: likes, reposts, replies, and which are gone.

``afterwards`` says when, ``harvesting`` whose next. Any number of workers do this at once. What a
network does not tell stays unknown, what could not be read stays unread, and neither is ever 0.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from structlog.contextvars import bind_contextvars

from campaigns.clock import database_now
from launches.afterwards import find_rounds
from launches.harvesting import Due, Held, list_free, take_posts
from launches.looking import Look, find_wait
from launches.readings import NUMBERS, Reading
from launches.sharing import take_turn
from launches.watching import DatabaseThread
from networks import registry
from networks.base import Credentials, Numbers
from networks.errors import NeedsRelink, NetworkError, Rejected, TryLater, gettext_noop
from networks.http import Http
from networks.tallies import MOST
from supporters.asking import ask_in_name
from supporters.tokens import credentials_at_hand, read_credentials, refresh_if_needed
from supporters.vault import VaultError

BEAT = "numbers"
READ_SECONDS = 30
BEGIN_SECONDS = 120  # after a claim; what is begun then is through before the lease is
WAIT_MOST_SECONDS = 6 * 3600.0  # before a network in trouble is asked once more

_UNCLEAR = gettext_noop("%(host)s gave no clear answer about its posts.")

logger = logging.getLogger(__name__)

Told = Mapping[str, Numbers | None]


def wake_reader(now: datetime, read: Callable[[], object]) -> None:
    """Have somebody look, every ten seconds while a round is under way; any number of ticks may."""
    if find_rounds(now) and take_turn(BEAT, now=now):
        read()


def read_numbers(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Read the posts that are due now, as many as the pace lets; gives how many were tried."""

    async def look() -> int:
        return await _Look(stopping=stopping, begin_seconds=BEGIN_SECONDS).go()

    return asyncio.run(look())


class _Look(Look):
    """One worker's requests for numbers."""

    async def go(self) -> int:
        async with AsyncExitStack() as stack:
            self.database = await stack.enter_async_context(DatabaseThread("numbers"))
            taken = await self.database.run(take_posts)
            if taken:
                self.http: Http = await stack.enter_async_context(registry.open_http())
                await asyncio.gather(*(self._measure(held) for held in taken))
        return sum(len(held.due) for held in taken)

    async def _measure(self, held: Held) -> None:
        """One request's posts, from their turn to what came of it. Nothing here raises."""
        bind_contextvars(
            launch_id=held.due[0].round.launch_id,
            network=held.account.network,
            **({} if held.is_shared else {"account_id": held.account.pk}),
        )
        try:
            async with self.take_place(held.host):
                if self.may_begin(held.host):
                    await self._read(held)
                else:
                    until = self.rests_until(held.host)
                    await self.database.run(partial(put_off, held, held.due, until=until))
        except Exception:
            # Their leases run out, and they are asked for once more.
            logger.exception(
                "reading the numbers of %s failed", [each.reading_id for each in held.due]
            )

    async def _read(self, held: Held) -> None:
        try:
            told = await self._ask(held)
        except NeedsRelink:
            # Marked, by whoever found it: read on once its owner has authorised it again.
            await self.database.run(partial(put_off, held, held.due, until=None))
        except Rejected as error:
            logger.info("%s tells no numbers: %s", held.host[1], error)
            await self.database.run(partial(give_up, held))
        except NetworkError as error:
            logger.info("numbers of %s are read later: %s", held.host[1], error)
            await self.database.run(partial(self._wait, held, held.due, error))
        except VaultError as error:
            logger.exception("the vault does not open for account %s", held.account.pk)
            await self.database.run(partial(self._wait, held, held.due, TryLater(str(error))))
        else:
            await self.database.run(partial(self._write, held, told))

    async def _ask(self, held: Held) -> Told:
        account, run = held.account, self.database.run
        adapter = registry.get(account.network)
        server = account.known_server.server
        remote_ids = [each.remote_id for each in held.due]

        async def ask(credentials: Credentials) -> Told:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    return await adapter.read_numbers(self.http, server, credentials, remote_ids)
            except TimeoutError:
                raise TryLater(_UNCLEAR, scope="host", host=server.host) from None

        if adapter.numbers_are_public:
            return await ask(read_credentials(account))
        credentials = await run(lambda: credentials_at_hand(account, now=database_now()))
        if credentials is None:
            credentials = await refresh_if_needed(self.http, account.pk, run=run)
        _, told = await ask_in_name(self.http, account.pk, ask, credentials=credentials, run=run)
        return told

    def _write(self, held: Held, told: Told) -> None:
        """Write down what was told; what was not is asked for again."""
        record(held.due, told, read_at=database_now())
        untold = [each for each in held.due if each.remote_id not in told]
        if untold and held.is_shared:
            put_off(held, untold, until=None, was_left_out=True)
        elif untold:
            self._wait(held, untold, TryLater(_UNCLEAR, host=held.host[1]))

    def _wait(self, held: Held, due: Collection[Due], error: NetworkError) -> None:
        """Leave these posts alone for a while, or all of their host, or of their whole network.

        Where numbers are public it is no account's trouble.
        """
        now = database_now()
        until = find_until(due, error, now=now)
        put_off(held, due, until=until)
        scope = error.scope if isinstance(error, TryLater) else "account"
        if held.is_shared:
            scope = "network"
        if scope != "account":
            whole_network = scope == "network"
            self.let_rest(held.host, whole_network=whole_network, until=until)
            let_rest(held, whole_network=whole_network, now=now, until=until)


def find_until(due: Collection[Due], error: NetworkError, *, now: datetime) -> datetime:
    """When posts are asked for once more."""
    begun = min((each.round for each in due), key=lambda each: each.until)
    wait = find_wait(
        error if isinstance(error, TryLater) else TryLater(error.sentence),
        seconds_lasted=(now - begun.begins_at).total_seconds(),
        seconds_left=(begun.until - now).total_seconds(),
        most_seconds=WAIT_MOST_SECONDS,
    )
    return now + timedelta(seconds=wait)


def record(due: Collection[Due], told: Told, *, read_at: datetime) -> None:
    """Write down what was told of posts. The first answer stands, whoever else comes later."""
    with transaction.atomic():
        for each in due:
            if each.remote_id in told:
                Reading.objects.filter(pk=each.reading_id, read_at=None).update(
                    read_at=read_at, lease_until=None, **_describe(told[each.remote_id])
                )


def put_off(held: Held, due: Collection[Due], *, until: datetime | None, **changes: bool) -> None:
    """Have nobody ask for these posts before then; None: give the leases back."""
    Reading.objects.filter(
        pk__in=[each.reading_id for each in due], read_at=None, lease_until=held.lease_until
    ).update(lease_until=until, **changes)


def give_up(held: Held) -> None:
    """Their network will not tell: leave these posts unread in this round."""
    for each in held.due:
        put_off(held, [each], until=each.round.until)


def let_rest(held: Held, *, whole_network: bool, now: datetime, until: datetime) -> None:
    """Have nobody ask this host, or its whole network, for numbers before then."""
    network, host = held.host
    only = {} if whole_network else {"delivery__host": host}
    for begun in find_rounds(now):
        free = list_free(begun, now=now).filter(delivery__network=network, **only)
        Reading.objects.filter(pk__in=free.values("pk")).update(lease_until=until)


def _describe(numbers: Numbers | None) -> dict[str, Any]:
    """A reading's fields. What is no number of people is none."""
    if numbers is None:
        return {"is_gone": True}
    told = {name: getattr(numbers, name) for name in NUMBERS}
    return {
        name: number if number is not None and 0 <= number <= MOST else None
        for name, number in told.items()
    }
