"""Workers and clocks that stand still until they are told to go on.

A worker is the product's own (``delivering.Run``) with its claims, its last look and its ledger; a
test moves it from one wait to the next, and all else that happens meanwhile happens in between.
"""

import asyncio
import math
from datetime import timedelta

import time_machine
from django.db import connection
from django.utils import timezone

from campaigns.clock import database_now
from launches.delivering import Run
from launches.models import DeliveryState
from launches.moment import Moment
from launches.preparing import prepare_some
from launches.watching import HoldFlag
from networks.http import Http

TURNS = 4  # of the event loop, after which whoever can go on has done so
COUNTED_IN = ("launches.moment", "launches.delivering", "launches.watching")

# Found before PostgreSQL's own by whoever has the schema first in its path, so that the database's
# clock itself is stepped. All of it is undone with the test's transaction.
PLAYED_CLOCK = """
CREATE SCHEMA played;
CREATE FUNCTION played.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT current_setting('played.now')::timestamptz $$;
SET LOCAL search_path = played, pg_catalog, public;
"""


def count_seconds():
    """In the place of the machine's own counter, which knows of every second that passed."""
    return timezone.now().timestamp()


def step_counters(monkeypatch):
    """Have the product count the seconds of a stepped clock."""
    for name in COUNTED_IN:
        monkeypatch.setattr(f"{name}.boot_seconds", count_seconds)


class SteppedClock:
    """The one clock, this machine's and the database's, which moves when it is told to."""

    def __init__(self, moment):
        self.moment = moment
        self._travel = time_machine.travel(moment, tick=False)

    def __enter__(self):
        self._here = self._travel.start()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(PLAYED_CLOCK)
        self._set()
        return self

    def __exit__(self, *_error):
        self._travel.stop()

    def step(self, seconds):
        """Let time pass, or go back."""
        self.moment += timedelta(seconds=seconds)
        self._set()

    def _set(self):
        self._here.move_to(self.moment, tick=False)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('played.now', %s, true)", [self.moment.isoformat()]
                )
        assert database_now() == self.moment


class SteppedDatabase:
    """In the place of a worker's database threads: work is done between two turns of the loop."""

    def __init__(self):
        self._asked = []

    async def run(self, work):
        """What ``DatabaseThread.run`` does."""
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((answer, work))
        return await answer

    def do_asked(self):
        """Do what was asked for meanwhile; whether there was anything."""
        asked, self._asked = self._asked, []
        for answer, work in asked:
            if answer.done():
                continue
            try:
                given = work()
            except Exception as error:  # noqa: BLE001  (it is the worker's)
                answer.set_exception(error)
            else:
                answer.set_result(given)
        return bool(asked)


class FreshFlag(HoldFlag):
    """The hold flag read at each last look: no time passes in which it could grow old."""

    async def lets_send(self):
        """Whether a request may start now."""
        return await self._database.run(self._read)


class Worker:
    """One worker in a launch. What has a name here is all that it does by itself."""

    def __init__(self, launch, *, loop, networks):
        self._loop, self._networks, self._failures = loop, networks, []
        self._claims, self._making = {}, set()
        self._database = SteppedDatabase()
        self._run = Run(launch.pk, stopping=lambda: False)
        self._run.database = self._run.watching = self._database
        self._run.http = Http(user_agent="played")
        self._run.flag = FreshFlag(launch.pk, self._database)
        self._run.launch_at = launch.launch_at

    @property
    def held(self):
        """The claims in its hands: under way, or not written down yet."""
        unwritten = {(each.delivery_id, each.attempt) for each in self._run.results}
        unwritten |= {(each.delivery_id, each.attempt) for each in self._run.returned}
        self._claims = {
            task: claim
            for task, claim in self._claims.items()
            if not task.done() or (claim.delivery_id, claim.attempt) in unwritten
        }
        return list(self._claims.values())

    @property
    def proved(self):
        """The deliveries of which it has proof in hand that is not written down yet."""
        return [each.delivery_id for each in self._run.results if each.state == DeliveryState.SENT]

    def claim(self, most, *, but=None):
        """Take up to so many claims and give them; each waits until it is told to begin.

        ``but`` is a host that asked to wait.
        """
        if but:
            self._run.paused[but] = math.inf
        claims = self._do(self._run._claim(most))
        self._run.paused.pop(but, None)
        for claim in claims:
            task = self._loop.create_task(self._deliver(claim))
            self._claims[task] = claim
            self._run.sending.add(task)
            task.add_done_callback(self._end)
        self.advance()
        return claims

    def prepare(self):
        """Make ready what can be, before the moment."""
        database, far = self._database, 24 * 3600
        making = prepare_some(
            self._run.launch_id, http=self._run.http, run=database.run, seconds=far
        )
        task = self._loop.create_task(making)
        self._making.add(task)
        task.add_done_callback(self._end)
        self.advance()

    def flush(self):
        """Write down what came of claims, and give back those that were not begun."""
        self._do(self._run._flush())

    def crash(self):
        """Die on the spot: nothing more is sent, what is known is forgotten."""
        for task in [*self._run.sending, *self._making]:
            task.cancel()
        self._run.results, self._run.returned = [], []
        self.advance()

    def advance(self):
        """Let everything go on until it waits for a network."""
        self._run.moment = Moment(database_now().timestamp(), count_seconds())
        while True:
            for _ in range(TURNS):
                self._loop.run_until_complete(asyncio.sleep(0))
            if not self._database.do_asked():
                break
        assert not self._failures, self._failures

    def _do(self, work):
        task = self._loop.create_task(work)
        self.advance()
        return task.result()

    def _end(self, task):
        self._run.sending.discard(task)
        self._making.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failures.append(task.exception())

    async def _deliver(self, claim):
        await self._networks.wait("begin", f"{claim.network}:{claim.account_id}")
        await self._run._deliver(claim)
