"""One look of a worker at what is due beside the launches: how it asks, and when it stops asking.

What has begun is ended: a refresh that is cut off costs its token.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from launches.sharing import Host
from networks.errors import TryLater

IN_FLIGHT = 50
HOST_IN_FLIGHT = 10
WAIT_LEAST_SECONDS = 30.0  # before a network in trouble is asked once more


class Look:
    """Places for requests, by host and in all, and who wants to be left alone.

    ``begin_seconds`` after it was made nothing is begun any more: what is begun then is through
    before its lease is.
    """

    def __init__(self, *, stopping: Callable[[], bool], begin_seconds: float) -> None:
        self.stopping = stopping
        self._resting: dict[Host | str, datetime] = {}
        self._begin_until = asyncio.get_running_loop().time() + begin_seconds
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._host_places: defaultdict[Host, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(HOST_IN_FLIGHT)
        )

    @asynccontextmanager
    async def take_place(self, host: Host) -> AsyncIterator[None]:
        """Wait for a place among the requests to this host, and among all."""
        async with self._host_places[host], self._places:
            yield

    def may_begin(self, host: Host) -> bool:
        """Not when the worker stops, its host wants us to wait, or the claim is getting old."""
        is_late = asyncio.get_running_loop().time() > self._begin_until
        return not (self.stopping() or self.rests_until(host) or is_late)

    def let_rest(self, host: Host, *, whole_network: bool, until: datetime) -> None:
        """Begin nothing more at this host, or on its whole network."""
        self._resting[host[0] if whole_network else host] = until

    def rests_until(self, host: Host) -> datetime | None:
        """Until when this host is left alone, if it is."""
        return self._resting.get(host[0]) or self._resting.get(host)


def find_wait(
    error: TryLater, *, seconds_lasted: float, seconds_left: float, most_seconds: float
) -> float:
    """Seconds until somebody is asked for once more: as long as the network said, at least.

    Else half of what the round has lasted, a quarter of what is left of it at most: so there is
    always time for some more.
    """
    usual = max(seconds_lasted / 2, WAIT_LEAST_SECONDS)
    usual = min(usual, most_seconds, max(seconds_left / 4, 1.0))
    return max(usual, error.after_seconds or 0.0)
