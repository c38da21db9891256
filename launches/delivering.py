"""One worker's part in one launch: wait for the moment, claim, send, record, until nothing is left.

Any number of workers run this for the same launch. Database work happens on threads of its own, one
for claims and records and one for the hold flag, so that neither delays a request; no transaction
is open while a request is.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from structlog.contextvars import bind_contextvars, bound_contextvars

from launches import claiming, igniting, pausing
from launches.claims import Claim
from launches.grounds import Ground
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.moment import Moment, boot_seconds, read_moment
from launches.planning import NEAR_SECONDS
from launches.preparing import prepare_some
from launches.recording import Result
from launches.rooming import Room
from launches.sending import Desk, carry_out, note_not_begun, note_stray
from launches.watching import DatabaseThread
from networks.base import Credentials
from networks.errors import NetworkError, Rejected, TryLater, gettext_noop
from networks.http import Http
from supporters import tokens
from supporters.vault import VaultError

logger = logging.getLogger(__name__)

IN_HAND = 2000  # claims at once, of one launch in one process
ENOUGH = 200  # so many places are worth a claim
FIRST_BATCH = 40
RECORD_SECONDS = 0.1
IDLE_SECONDS = 0.1
FULL_SECONDS = 0.3
LINGER_SECONDS = 2.0
PREPARE_UNTIL_SECONDS = 4.0  # before the moment nothing more is begun to be made ready,
PREPARE_SPARE_SECONDS = 2.0  # and by then everything is ended
UNDECIDED_SECONDS = 0.01
LAST_FLUSHES = 30

LOCKED = gettext_noop(
    "The key that this account's authorisation is locked with is missing on this site."
)
NOT_READY = gettext_noop("The authorisation of this account could not be read just now.")


class Run:
    """The state of one worker in one launch; a rehearsal's stands on another ``ground``."""

    def __init__(
        self, launch_id: int, *, stopping: Callable[[], bool], ground: Ground | None = None
    ) -> None:
        self.launch_id = launch_id
        self.ground = ground or Ground(launch_id)
        self.stopping = stopping
        self.results: list[Result] = []
        self.returned: list[Claim] = []
        self.paused: dict[str, float] = {}
        self.paused_networks: dict[str, Result] = {}
        self.sending: set[asyncio.Task[None]] = set()
        self.moment = Moment(0.0, 0.0)
        self.batch = FIRST_BATCH
        self.ended = asyncio.Event()
        self.hosts = self.ground.make_hosts()
        self.room = Room(IN_HAND, trusts=self.hosts.answers)

    async def go(self) -> None:
        """Wait for the moment, then work until nothing is left that is due soon."""
        async with AsyncExitStack() as stack:
            self.database = await stack.enter_async_context(DatabaseThread("ledger"))
            self.watching = await stack.enter_async_context(DatabaseThread("flag"))
            self.http: Http = await stack.enter_async_context(
                self.ground.open_http(connections=IN_HAND)
            )
            self.moment = await self.database.run(read_moment)
            if not await self._wait_for_moment():
                return
            self.flag = self.ground.make_flag(self.watching)
            watch = asyncio.create_task(self.flag.watch())
            keep = asyncio.create_task(self._keep_recording())
            try:
                await self._work()
            finally:
                if self.sending:
                    await asyncio.wait(self.sending)
                # Asked to end between two writings, never in the middle of one.
                self.ended.set()
                await keep
                await self._flush_all()
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    async def _wait_for_moment(self) -> bool:
        """Ignite at the moment by the database's clock. False: there is nothing to do here now."""
        while not self.stopping():
            launch = await self.database.run(lambda: Launch.objects.get(pk=self.launch_id))
            self.launch_at = launch.launch_at
            bind_contextvars(campaign_id=launch.campaign_id)
            if launch.state not in (LaunchState.SCHEDULED, LaunchState.ARMED):
                return not launch.is_over or await self.database.run(self._has_lookups)
            self.moment = await self.database.run(read_moment)
            left = self.moment.seconds_until(launch.launch_at)
            if left > NEAR_SECONDS:
                return False
            if left > PREPARE_UNTIL_SECONDS and await prepare_some(
                self.launch_id,
                http=self.http,
                run=self.database.run,
                seconds=min(settings.DEADLINE_SECONDS, left - PREPARE_SPARE_SECONDS),
            ):
                continue
            if left > 1:
                await asyncio.sleep(min(left - 1, 1))
                continue
            if left > 0:
                await self.database.run(partial(igniting.warm_up, self.launch_id))
                await self.database.run(partial(claiming.warm_up, self.launch_id, most=FIRST_BATCH))
                await self.watching.run(read_moment)  # opens its connection
                await asyncio.sleep(max(0, self.moment.seconds_until(launch.launch_at)))
            launch = await self.database.run(lambda: ignite(self.launch_id))
            if launch.state == LaunchState.FIRING:
                return True
            if launch.is_over or self.moment.seconds_until(launch.launch_at) < -1:
                return False  # decided otherwise, or suspended: the next tick looks again
            await asyncio.sleep(UNDECIDED_SECONDS)
        return False

    def _has_lookups(self) -> bool:
        return Delivery.objects.filter(
            launch_id=self.launch_id, state=DeliveryState.UNKNOWN
        ).exists()

    async def _work(self) -> None:
        last_busy = boot_seconds()
        while not self.stopping():
            # By what was so when it was asked: while posts are in hand their host may be full, and
            # an answer that takes its time is no time in which there was nothing to do.
            asked_at, in_hand = boot_seconds(), len(self.sending)
            most = min(self.batch, self.room.left)
            claims = await self._claim(most)
            for claim in claims:
                self._begin(claim)
            if claims or in_hand:
                last_busy = boot_seconds()
            elif asked_at - last_busy > LINGER_SECONDS:
                return
            full = self.room.list_full(ENOUGH)
            if len(claims) < most or self.room.left < ENOUGH or full:
                # Where there was nothing but for hosts that are full, only a place is news.
                seconds = FULL_SECONDS if full and not claims else IDLE_SECONDS
                await self.room.wait(ENOUGH, seconds=seconds)

    def _begin(self, claim: Claim) -> None:
        """Deliver it in a task of its own, which keeps its place until it has ended."""
        host = claim.server.host
        task = asyncio.create_task(self._deliver(claim))
        self.sending.add(task)
        self.room.take(host)

        def end(ended: asyncio.Task[None]) -> None:
            self.sending.discard(ended)
            self.room.give_back(host)

        task.add_done_callback(end)

    async def _claim(self, most: int) -> list[Claim]:
        """A batch of claims, the first ones small, so that the first posts need not wait."""
        now = boot_seconds()
        self.batch = min(claiming.BATCH, 4 * self.batch)
        self.paused = {host: until for host, until in self.paused.items() if until > now}
        left_alone = {
            *self.paused,
            *self.room.list_full(ENOUGH),
            *self.hosts.list_resting(self.moment.now()),
        }
        try:
            claimed = await self.database.run(
                partial(
                    self.ground.claim,
                    most=most,
                    except_hosts=left_alone,
                    room=self.room.left_for,
                )
            )
        except DatabaseError:
            logger.exception("nothing could be claimed for launch %s", self.launch_id)
            await asyncio.sleep(1)
            return []
        self.moment = Moment(claimed.now.timestamp(), now)
        self.hosts.learn(claimed.paused.silent, now=claimed.now)
        for host in claimed.exhausted:
            self.paused[host] = now + IDLE_SECONDS
        return claimed.claims

    async def _deliver(self, claim: Claim) -> None:
        """One claim, from its credentials to its result, a task of its own. Nothing here raises."""
        bind_contextvars(
            delivery_id=claim.delivery_id, account_id=claim.account_id, network=claim.network
        )
        started_at = self.moment.now()
        try:
            result = await self._carry_out(claim)
        except NetworkError as error:
            result = note_not_begun(self.moment.now(), claim, started_at, error)
        except Exception:
            logger.exception("delivery %s ended in a way that nobody thought of", claim.delivery_id)
            result = note_stray(self.moment.now(), claim, started_at)
        if result is None:
            self.returned.append(claim)
            return
        if result.pauses_network:
            self.paused_networks[claim.network] = result
            self.returned.append(claim)
            return
        self._heed(claim, result)
        self.results.append(result)

    async def _carry_out(self, claim: Claim) -> Result | None:
        """What came of a claim; None: nothing was begun. Raises NetworkError before anything is.

        There are as many connections as claims in hand, so that no request waits in a queue between
        the last look and its start.
        """
        desk = Desk(
            network=self.ground.find_network(claim.network),
            http=self.http.heard_by(partial(self.hosts.hear, claim, self._tell_time)),
            now=self._tell_time,
            keep=self._keep_prepared,
            may_start=self._may_start,
        )
        if not self.hosts.may_begin(claim, now=self.moment.now()):
            return None
        credentials = await self._read_credentials(claim)
        result = await carry_out(desk, claim, credentials)
        if result is not None and result.token_refused:
            renewed = await self._renew(claim, credentials, result)
            if renewed is not None:
                result = await carry_out(desk, claim, renewed)
        return result

    def _tell_time(self) -> datetime:
        """By the newest reading of the database's clock, not by the one at a delivery's start."""
        return self.moment.now()

    async def _keep_prepared(self, claim: Claim, prepared: str) -> bool:
        """Write down what was made ready; False where that cannot be done now."""
        try:
            return await self.database.run(
                partial(
                    self.ground.keep, claim.delivery_id, attempt=claim.attempt, prepared=prepared
                )
            )
        except DatabaseError:
            logger.exception("what was made ready for delivery %s is not kept", claim.delivery_id)
            return False

    async def _read_credentials(self, claim: Claim) -> Credentials:
        """Credentials good for a while, refreshed if need be. Raises one of the four errors."""
        if claim.credentials is not None:
            return claim.credentials
        try:
            return await tokens.refresh_if_needed(
                self.http, claim.account_id, run=self.database.run
            )
        except NetworkError:
            raise
        except VaultError as error:
            logger.exception("the vault does not open for delivery %s", claim.delivery_id)
            raise Rejected(LOCKED) from error
        except Exception as error:
            logger.exception("the credentials of delivery %s were not to be had", claim.delivery_id)
            raise TryLater(NOT_READY) from error

    async def _renew(
        self, claim: Claim, refused: Credentials, result: Result
    ) -> Credentials | None:
        """Other credentials than those that were refused, if there are any.

        A token that ran out before its time is refreshed; one that was refreshed by somebody else
        meanwhile is simply read again.
        """
        ran_out = refused if result.state == DeliveryState.WAITING else None
        try:
            newer = await tokens.refresh_if_needed(
                self.http, claim.account_id, refused=ran_out, run=self.database.run
            )
        except (NetworkError, VaultError, DatabaseError, LookupError):
            return None
        return newer if newer.access_token != refused.access_token else None

    async def _may_start(self, claim: Claim) -> bool:
        """The last look before a request: not held, and enough of the lease is left.

        Awaits nothing once the flag is fresh, so that nothing comes between it and the request.
        """
        if not await self.flag.lets_send():
            return False
        left = self.moment.seconds_until(claim.lease_until)
        return left > settings.DEADLINE_SECONDS and self.moment.seconds_until(claim.latest_at) > 0

    def _heed(self, claim: Claim, result: Result) -> None:
        """A host that asks everybody to wait is left alone meanwhile."""
        if result.pauses_host and result.due_at is not None:
            wait = (result.due_at - result.ended_at).total_seconds()
            self.paused[claim.server.host] = boot_seconds() + wait
            if result.asks_rest:
                self.hosts.rest(claim.server.host, wait, now=result.ended_at)

    async def _keep_recording(self) -> None:
        while not self.ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), RECORD_SECONDS)
            await self._flush()

    async def _flush(self) -> None:
        """Write down what has come in; what cannot be written now is kept for the next time."""
        results, self.results = self.results, []
        returned, self.returned = self.returned, []
        try:
            await self._pause_networks()
            await self.hosts.write_down(self.database.run)
            if returned:
                await self.database.run(partial(self.ground.give_back, returned))
                returned = []
            if results:
                await self.database.run(partial(self.ground.record, results))
        except (OperationalError, InterfaceError):  # the database, or the connection, is away
            logger.exception("%s results could not be recorded yet", len(results))
            self.results = results + self.results
            self.returned = returned + self.returned
        except Exception:
            # One of them is of a kind that the database does not take: the others must not wait.
            logger.exception("%s results are recorded one by one", len(results))
            await self._flush_singly(results)

    async def _pause_networks(self) -> None:
        """Before their claims are given back, so that nobody takes them again at once."""
        for name, result in list(self.paused_networks.items()):
            assert result.due_at is not None, "who asks to wait says until when"
            await self.database.run(
                partial(
                    pausing.pause,
                    pausing.Trouble(network=name, reason=result.reason, facts=result.reason_facts),
                    until=result.due_at,
                    now=result.ended_at,
                    told_since=self.launch_at,
                )
            )
            del self.paused_networks[name]

    async def _flush_singly(self, results: list[Result]) -> None:
        for result in results:
            try:
                await self.database.run(partial(self.ground.record, [result]))
            except Exception:
                # Its claim runs out, and then it is looked up.
                logger.exception("delivery %s could not be recorded", result.delivery_id)

    async def _flush_all(self) -> None:
        """The last writing down, while the database may be away for a moment.

        What is lost all the same is not lost for good: its claim expires and it is looked up.
        """
        for _ in range(LAST_FLUSHES):
            await self._flush()
            if not self.results and not self.returned:
                return
            await asyncio.sleep(1)


def deliver(launch_id: int, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Take part in a launch until nothing is left to do soon, or ``stopping`` says so."""
    logger.info("taking part in launch %s", launch_id)
    run = Run(launch_id, stopping=stopping)
    with (
        bound_contextvars(launch_id=launch_id),
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        runner.run(run.go())


def new_loop() -> asyncio.AbstractEventLoop:
    """The quickest event loop that there is here."""
    try:
        import uvloop  # noqa: PLC0415  (not on every platform)
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
