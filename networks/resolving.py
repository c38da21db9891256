"""Names to addresses, on threads of our own.

The loop's own look-up has a handful of threads (uvloop's has four): a few servers whose name
servers are slow would keep everybody else waiting.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

LOOK_UPS_AT_ONCE = 64


class PooledResolver(AbstractResolver):
    """Asks the system's resolver, many names at once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(LOOK_UPS_AT_ONCE, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the addresses of ``host``, as numbers. Raises OSError when there are none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._pool,
            lambda: socket.getaddrinfo(
                host,
                port,
                type=socket.SOCK_STREAM,
                family=family,
                flags=socket.AI_ADDRCONFIG,
            ),
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Stop taking names; look-ups under way are left to end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)
