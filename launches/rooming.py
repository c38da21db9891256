"""How many claims one worker holds at a time, and how many of them for one host.

A host may have half of what the others leave. So one host alone gets half of all, a second one that
is slow a quarter, and however many of them do not answer, there is room for one that does.
"""

import asyncio
from collections import Counter


class Room:
    """Places for ``most`` claims; used from one event loop, and read from its threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: Counter[str] = Counter()
        self._in_all = 0
        self._wanted = 0
        self._freed = asyncio.Event()

    @property
    def left(self) -> int:
        """Places that nobody has."""
        return self.most - self._in_all

    def left_for(self, host: str) -> int:
        """Places that this host may take now."""
        mine = self._taken[host]
        others = self._in_all - mine
        return max(0, (self.most - others) // 2 - mine)

    def list_full(self, enough: int) -> list[str]:
        """Hosts that have some and may not take ``enough`` more now."""
        return [host for host in list(self._taken) if self.left_for(host) < enough]

    def take(self, host: str) -> None:
        """Take a place for a claim on this host."""
        self._taken[host] += 1
        self._in_all += 1

    def give_back(self, host: str) -> None:
        """Free a place."""
        self._taken[host] -= 1
        if not self._taken[host]:
            del self._taken[host]
        self._in_all -= 1
        self._wanted -= 1
        if self._wanted <= 0 or not self._in_all:
            self._freed.set()

    async def wait(self, number: int, *, seconds: float) -> None:
        """Until so many places were freed from now on, or the last one, or the time is over."""
        self._wanted = number
        self._freed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._freed.wait()
        except TimeoutError:
            return
