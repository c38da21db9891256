"""How many claims one worker holds at a time, and how many of them for one host.

A host may have half of what the others leave. So one host alone gets half of all, a second one that
is slow a quarter, and however many of them do not answer, there is room for one that does. Until it
has answered once a host gets less, since it may be one of those.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

UNHEARD_SHARE = 8  # of all places an eighth


class Room:
    """Places for ``most`` claims; used from one event loop, and read from its threads.

    ``trusts`` says whether a host answers.
    """

    def __init__(self, most: int, *, trusts: Callable[[str], bool]) -> None:
        self.most = most
        self._trusts = trusts
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
        share = max(1, (self.left + mine) // 2)
        if not self._trusts(host):
            share = min(share, max(1, self.most // UNHEARD_SHARE))
        return max(0, min(share - mine, self.left))

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
