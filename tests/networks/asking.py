"""Opening the way out in a test, and failing by it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from networks.errors import NetworkError
from networks.http import Http

OnLoop = Callable[[Coroutine[Any, Any, Any]], Any]
SECRET = "canary-token-5c0ffee"


def open_http(*allowed: str, **options: Any) -> Http:
    return Http(user_agent="test", allowed_hosts=frozenset(allowed), **options)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fail_of(request: Coroutine[Any, Any, Any]) -> NetworkError:
    """Run a request that must fail, and give its error."""
    with pytest.raises(NetworkError) as caught:
        asyncio.run(request)
    return caught.value


class FixedResolver(AbstractResolver):
    """Says of every name that it lives at the given addresses; without any, that there is none."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass
