"""One worker's part in a rehearsal.

It is a run as of a real launch (``delivering``) on another ground: rows of its own, the simulator,
credentials that the simulator made up, and a way out that leads nowhere else. The vault is never
asked, no pledge is moved, and nothing that is learnt of a simulated server is told of a real one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from functools import partial

from structlog.contextvars import bind_contextvars, bound_contextvars

from campaigns.clock import database_now
from launches import rehearsal_claims, rehearsing
from launches.claiming import Claimed, Room
from launches.claims import Claim
from launches.delivering import Run, new_loop
from launches.grounds import Ground
from launches.minding import Hosts
from launches.minding import Run as RunInThread
from launches.moment import read_moment
from launches.recording import Result
from launches.rehearsal_planning import ALIVE, prepare
from launches.rehearsals import Rehearsal, RehearsalState
from launches.simulating import Stage
from launches.watching import DatabaseThread, HoldFlag
from networks.base import Credentials, Network
from networks.http import Http

logger = logging.getLogger(__name__)


def rehearse(*, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Begin the next rehearsal, or take part in the one under way; whether there was one."""
    rehearsing.tidy(database_now())
    for rehearsal in rehearsing.find_work():
        with bound_contextvars(rehearsal_id=rehearsal.pk):
            if rehearsal.state == RehearsalState.RUNNING:
                _take_part(rehearsal, stopping=stopping)
                return True
            until = database_now() + ALIVE
            if not rehearsing.take_stage(rehearsal, until=until):
                return False  # another one is on the stage, or another worker prepares this one
            if prepare(rehearsal):
                rehearsal.refresh_from_db()
                _take_part(rehearsal, stopping=stopping)
            return True
    return False


def _take_part(rehearsal: Rehearsal, *, stopping: Callable[[], bool]) -> None:
    logger.info("taking part in rehearsal %s", rehearsal.pk)
    stage = Stage(**rehearsal.places)
    run = RehearsalRun(rehearsal.pk, stopping=stopping, ground=RehearsalGround(rehearsal.pk, stage))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run.go())
    rehearsing.finish(rehearsal.pk)


class RehearsalFlag(HoldFlag):
    """Whether the rehearsal is running."""

    def _read(self) -> bool:
        running = Rehearsal.objects.filter(pk=self._launch_id, state=RehearsalState.RUNNING)
        return running.exists()


class RehearsalGround(Ground):
    """Rehearsed posts in the ledger's place, the simulator in the networks'."""

    def __init__(self, rehearsal_id: int, stage: Stage) -> None:
        super().__init__(rehearsal_id)
        self._stage = stage

    def open_http(self, *, connections: int) -> Http:
        return self._stage.open_http(connections=connections)

    def find_network(self, name: str) -> Network:
        return self._stage.networks[name]

    def make_flag(self, database: DatabaseThread) -> HoldFlag:
        return RehearsalFlag(self._launch_id, database)

    def make_hosts(self) -> Hosts:
        return RehearsalHosts()

    def claim(self, *, most: int, except_hosts: Collection[str], room: Room) -> Claimed:
        return rehearsal_claims.claim(
            self._launch_id, self._stage, most=most, except_hosts=except_hosts, room=room
        )

    def give_back(self, claims: Collection[Claim]) -> None:
        rehearsal_claims.give_back(claims)

    def keep(self, delivery_id: int, *, attempt: int, prepared: str) -> bool:
        return rehearsal_claims.keep(delivery_id, attempt=attempt, prepared=prepared)

    def record(self, results: Collection[Result]) -> None:
        rehearsal_claims.record(results)


class RehearsalHosts(Hosts):
    """What a worker hears of simulated servers, and tells nobody."""

    async def write_down(self, run: RunInThread) -> None:
        """Forget who was given up, so that they are asked again; no row is made of it."""
        for known in (self._given_up, self._silent_since, self._untold, self._answered):
            known.clear()


class RehearsalRun(Run):
    """A run without an ignition: who prepared the rehearsal has decided it."""

    async def _wait_for_moment(self) -> bool:
        rehearsal = await self.database.run(lambda: Rehearsal.objects.get(pk=self.launch_id))
        bind_contextvars(campaign_id=rehearsal.campaign_id)
        if rehearsal.state != RehearsalState.RUNNING or rehearsal.launch_at is None:
            return False
        self.launch_at = rehearsal.launch_at
        self.moment = await self.database.run(read_moment)
        await asyncio.sleep(max(0.0, self.moment.seconds_until(rehearsal.launch_at)))
        return True

    async def _read_credentials(self, claim: Claim) -> Credentials:
        assert claim.credentials is not None, "they were made up beforehand"
        return claim.credentials

    async def _renew(
        self, claim: Claim, refused: Credentials, result: Result
    ) -> Credentials | None:
        return None

    async def _pause_networks(self) -> None:
        """A simulated network that refuses everybody ends its part of the rehearsal."""
        for name, result in list(self.paused_networks.items()):
            await self.database.run(
                partial(rehearsal_claims.end_network, self.launch_id, name, result)
            )
            del self.paused_networks[name]
