"""What a worker keeps beside its requests: database threads of its own, and the hold flag."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from django.db import close_old_connections, connection
from structlog.contextvars import bound_contextvars, get_contextvars

from launches import stopping
from launches.models import Launch, LaunchState
from launches.moment import boot_seconds

FLAG_SECONDS = 0.1
FLAG_MOST_SECONDS = 0.25
LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)
T = TypeVar("T")


class DatabaseThread:
    """A thread with a database connection of its own, which it closes when it ends.

    The connection is looked at once a second, and after each failure: every look is one more
    question to the database.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._looked_at = float("-inf")

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work there; its exceptions come back here.

        What log lines are about goes along, and nothing else of the context: what Django keeps in
        it belongs to its thread.
        """
        about = get_contextvars()

        def fresh() -> T:
            with bound_contextvars(**about):
                self._look()
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, fresh)

    def _look(self) -> None:
        """Close a connection that is broken or too old; the next question opens another."""
        if connection.errors_occurred or boot_seconds() - self._looked_at > LOOK_SECONDS:
            close_old_connections()
            self._looked_at = boot_seconds()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        def close() -> None:
            connection.close()  # the thread's own: the name means another one in every thread

        await asyncio.get_running_loop().run_in_executor(self._pool, close)
        self._pool.shutdown(wait=False)


class HoldFlag:
    """Whether the launch is firing, as the database said at most 250 ms ago."""

    def __init__(self, launch_id: int, database: DatabaseThread) -> None:
        self._launch_id = launch_id
        self._database = database
        goes_on = Launch.objects.filter(
            stopping.goes_on(), pk=launch_id, state=LaunchState.FIRING, campaign__state="launched"
        )
        # Written once: it is asked ten times a second, in each worker.
        self._question = goes_on.values("pk").query.sql_with_params()
        self._firing = False
        self._read_at = -1.0
        self._changed = asyncio.Condition()

    async def watch(self) -> None:
        """Read the flag again and again; cancelled when the launch is left."""
        while True:
            asked_at = boot_seconds()
            try:
                self._firing = await self._database.run(self._read)
                self._read_at = asked_at
            except Exception:
                # Without the database nobody knows whether it is held: then nothing starts.
                logger.exception("the hold flag of launch %s could not be read", self._launch_id)
            async with self._changed:
                self._changed.notify_all()
            await asyncio.sleep(FLAG_SECONDS)

    def _read(self) -> bool:
        """In one query: not held, not suspended, and not all launches paused."""
        with connection.cursor() as cursor:
            cursor.execute(*self._question)
            return cursor.fetchone() is not None

    async def lets_send(self) -> bool:
        """Whether a request may start now; waits for a fresh reading if the last one is old."""
        while boot_seconds() - self._read_at > FLAG_MOST_SECONDS:
            async with self._changed:
                await self._changed.wait()
        return self._firing
