"""Delete posts again, as a recall's ledger has them: ask their networks, keep what came of it.

Any number of workers do this at once. ``recalling`` says of which launches, ``taking_down`` which
post is next. Nothing is deleted but the one post that a line names.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from structlog.contextvars import bind_contextvars

from campaigns.clock import database_now
from launches import breaking
from launches.erasing import FILLED_IN
from launches.hindering import ERASED
from launches.looking import Look
from launches.models import Delivery
from launches.pausing import PAUSE_SECONDS
from launches.recalls import Deletion, DeletionState
from launches.recording import clean_fact
from launches.taking_down import BEGIN_SECONDS, Held, take_deletions
from launches.watching import DatabaseThread
from networks import registry
from networks.base import Credentials
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    Scope,
    TryLater,
    gettext_noop,
)
from networks.http import Http
from supporters.asking import ask_in_name
from supporters.tokens import credentials_at_hand, refresh_if_needed
from supporters.vault import VaultError

DEADLINES = 3  # one deletion may take this many deadlines: some networks want several requests
TURN_SECONDS = 60  # of one worker; then the next tick has somebody go on
WAIT_MOST_SECONDS = 3600.0  # before it is tried once more
# Where a host or a network does not say how long it wants to be left alone.
REST_LEAST_SECONDS: dict[Scope, float] = {"account": 0.0, "host": 30.0, "network": PAUSE_SECONDS}
SAME_MOMENT = timedelta(seconds=5)  # of many failures at once the first one tells the others

_UNCLEAR = gettext_noop("%(host)s gave no clear answer when it was asked to delete the post.")
_STRANGE = gettext_noop("Something unexpected happened while the post was being deleted.")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of asking. ``reason`` is a %-template in English; ``reason_facts`` fill it.

    ``is_uncertain``: the request may have been carried out. ``host_failed``: it asked for rest, or
    gave no clear answer, and is left alone until ``due_at``; or its whole network is.
    """

    state: DeletionState
    reason: str = ""
    reason_facts: dict[str, str | float] = field(default_factory=dict)
    due_at: datetime | None = None
    is_uncertain: bool = False
    host_failed: bool = False
    network_failed: bool = False


def delete_posts(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete what is due now, as much as the pace lets; gives how many posts were tried."""

    async def work() -> int:
        tried = 0
        until = asyncio.get_running_loop().time() + TURN_SECONDS
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(DatabaseThread("recall"))
            http: Http = await stack.enter_async_context(registry.open_http())
            while not stopping() and asyncio.get_running_loop().time() < until:
                taken = await database.run(take_deletions)
                if not taken:
                    break
                await _Round(database, http, stopping=stopping).go(taken)
                tried += len(taken)
        return tried

    return asyncio.run(work())


class _Round(Look):
    """One worker's requests for what it has claimed."""

    def __init__(
        self, database: DatabaseThread, http: Http, *, stopping: Callable[[], bool]
    ) -> None:
        super().__init__(stopping=stopping, begin_seconds=BEGIN_SECONDS)
        self._database = database
        self._http = http

    async def go(self, taken: Sequence[Held]) -> None:
        """All of them at once, as many as there are places for."""
        await asyncio.gather(*(self._delete(held) for held in taken))

    async def _delete(self, held: Held) -> None:
        """One post, from its turn to what came of it. Nothing here raises."""
        bind_contextvars(
            launch_id=held.launch_id,
            delivery_id=held.delivery_id,
            account_id=held.account.pk,
            network=held.account.network,
        )
        run = self._database.run
        try:
            async with self.take_place(held.host):
                if not self.may_begin(held.host):
                    until = self.rests_until(held.host)
                    await run(partial(give_back, held, until=until))
                    return
                outcome = await self._ask(held)
                if outcome.host_failed or outcome.network_failed:
                    assert outcome.due_at is not None, "who is to be left alone is so until then"
                    self.let_rest(
                        held.host, whole_network=outcome.network_failed, until=outcome.due_at
                    )
            await run(partial(record, held, outcome))
        except Exception:
            # Its lease runs out, and it is asked for once more, which is harmless.
            logger.exception("deletion %s could not be carried out", held.deletion_id)

    async def _ask(self, held: Held) -> Outcome:
        try:
            was_there = await self._ask_in_name(held)
        except NetworkError as error:
            failed = error
        except VaultError as error:
            logger.exception("the vault does not open for account %s", held.account.pk)
            failed = TryLater(str(error))
        except Exception:
            logger.exception("deletion %s ended in a way that nobody thought of", held.deletion_id)
            failed = OutcomeUnknown(_STRANGE)
        else:
            return Outcome(state=DeletionState.DELETED if was_there else DeletionState.GONE)
        return judge(held, failed, now=await self._database.run(database_now))

    async def _ask_in_name(self, held: Held) -> bool:
        """Whether the post was there, and is gone. Raises one of the four errors, VaultError."""
        account, run, http = held.account, self._database.run, self._http
        adapter = registry.get(account.network)

        async def ask(credentials: Credentials) -> bool:
            try:
                async with asyncio.timeout(DEADLINES * settings.DEADLINE_SECONDS):
                    return await adapter.delete(http, held.server, credentials, held.remote_id)
            except TimeoutError:
                raise OutcomeUnknown(_UNCLEAR, host=held.host[1]) from None

        credentials = await run(lambda: credentials_at_hand(account, now=database_now()))
        if credentials is None:
            credentials = await refresh_if_needed(http, account.pk, run=run)
        _, was_there = await ask_in_name(http, account.pk, ask, credentials=credentials, run=run)
        return was_there


def judge(held: Held, error: NetworkError, *, now: datetime) -> Outcome:
    """What one of the four errors means for a post that was to be deleted."""
    reason, facts = error.sentence, dict(error.facts)
    if isinstance(error, Rejected):
        return Outcome(state=DeletionState.REFUSED, reason=reason, reason_facts=facts)
    if isinstance(error, NeedsRelink):
        return Outcome(state=DeletionState.BY_HAND, reason=reason, reason_facts=facts)
    scope = error.scope if isinstance(error, TryLater) else "account"
    return Outcome(
        state=DeletionState.WAITING,
        reason=reason,
        reason_facts=facts,
        due_at=now + timedelta(seconds=_find_wait(error, scope=scope, tries=held.tries)),
        is_uncertain=isinstance(error, OutcomeUnknown),
        host_failed=scope == "host" or isinstance(error, OutcomeUnknown),
        network_failed=scope == "network",
    )


def _find_wait(error: NetworkError, *, scope: Scope, tries: int) -> float:
    """Seconds until it is asked for once more: 2, 4, 8 … an hour, or as the network said."""
    asked = (error.after_seconds if isinstance(error, TryLater) else None) or 0.0
    usual = min(WAIT_MOST_SECONDS, 2.0 ** min(tries, 12))
    usual *= random.uniform(0.75, 1.25)  # noqa: S311  (it is no secret)
    return max(asked, usual, REST_LEAST_SECONDS[scope] if not asked else 0.0)


def record(held: Held, outcome: Outcome) -> bool:
    """Write down what came of a claim. False: it was not that worker's any more.

    A post that is not there after an earlier request went unanswered was deleted by that one. Of
    somebody who was erased meanwhile only how it ended is kept.
    """
    now = database_now()
    with transaction.atomic():
        mine = Deletion.objects.filter(
            pk=held.deletion_id, attempt=held.attempt, state=DeletionState.CLAIMED
        )
        line = mine.select_for_update().first()
        if line is None:
            return False
        state, reason, facts = outcome.state, outcome.reason, outcome.reason_facts
        # Asked anew: the line was waited for, and its owner may have been erased until then.
        if Delivery.objects.filter(pk=line.delivery_id, erased_at__isnull=False).exists():
            reason, facts = ("" if FILLED_IN in reason else reason), {}
            if state == DeletionState.WAITING:
                state, reason = DeletionState.BY_HAND, ERASED
        if state == DeletionState.GONE and line.is_uncertain:
            state = DeletionState.DELETED
        is_open = state == DeletionState.WAITING
        Deletion.objects.filter(pk=line.pk).update(
            state=state,
            lease_until=None,
            due_at=outcome.due_at if is_open else None,
            ended_at=None if is_open else now,
            is_uncertain=line.is_uncertain or outcome.is_uncertain,
            reason=reason,
            reason_facts={name: clean_fact(fact) for name, fact in facts.items()},
        )
    _tell_hosts(held, outcome, now=now)
    return True


def give_back(held: Held, *, until: datetime | None) -> None:
    """Nobody was asked: the post waits again, until then where its host wants to be left alone."""
    Deletion.objects.filter(
        pk=held.deletion_id, attempt=held.attempt, state=DeletionState.CLAIMED
    ).exclude(remote_id="").update(
        state=DeletionState.WAITING,
        tries=held.tries - 1,
        lease_until=None,
        due_at=until,
    )


def _tell_hosts(held: Held, outcome: Outcome, *, now: datetime) -> None:
    """Have the other lines wait as well, where their host or network wants us to.

    A deletion never makes launches wait for a host: where one was given up before, it only finds
    out whether that answers again.
    """
    network, host = held.host
    if held.is_probe and outcome.host_failed:
        breaking.give_up(host, now=now, probed=True)
    elif held.is_probe:
        breaking.take_back([host])
    if outcome.due_at is None or not (outcome.host_failed or outcome.network_failed):
        return
    sooner = Q(due_at=None) | Q(due_at__lte=now) | Q(due_at__lt=outcome.due_at - SAME_MOMENT)
    waiting = Deletion.objects.filter(
        sooner, state=DeletionState.WAITING, delivery__network=network
    )
    if not outcome.network_failed:
        waiting = waiting.filter(delivery__host=host)
    with transaction.atomic():
        # Locked in one order, and what somebody else has is left to them.
        free = waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        ids = list(free.values_list("pk", flat=True))
        Deletion.objects.filter(pk__in=ids).update(due_at=outcome.due_at)
