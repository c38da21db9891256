"""Names of servers: asked for once by many, remembered for a while, let go with the way out."""

from __future__ import annotations

import asyncio
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from networks.errors import NetworkError, TryLater
from networks.http import Http
from tests.networks.asking import OnLoop, open_http


class Names(AbstractResolver):
    """Knows one name, or fails, when it is let; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.may_tell = asyncio.Event()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        await self.may_tell.wait()
        if self.fails:
            raise OSError("nobody knows it")
        return [
            ResolveResult(
                hostname=host, host="10.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def try_to_ask(http: Http, *, seconds: float) -> str:
    try:
        await http.request("GET", "https://name.example.com/", deadline_seconds=seconds)
    except NetworkError as error:
        return type(error).__name__ + ("/host" if isinstance(error, TryLater) else "")
    return "answered"


def test_a_name_is_asked_for_once_by_many_and_outlives_who_gave_up(on_loop: OnLoop) -> None:
    async def ask() -> tuple[list[str], int]:
        names = Names()
        async with open_http(resolver=names) as http:
            impatient = await try_to_ask(http, seconds=0.05)
            waiting = [asyncio.create_task(try_to_ask(http, seconds=5)) for _ in range(5)]
            await asyncio.sleep(0)
            names.may_tell.set()
            told = [impatient, *await asyncio.gather(*waiting), await try_to_ask(http, seconds=5)]
            return told, names.asked

    # Refused, since the address is a private one: so it was resolved.
    assert on_loop(ask()) == (["TryLater/host", *["Rejected"] * 6], 1)


def test_a_name_that_nobody_knows_is_asked_for_again(on_loop: OnLoop) -> None:
    async def ask() -> tuple[list[str], int]:
        names = Names()
        names.may_tell.set()
        names.fails = True
        async with open_http(resolver=names) as http:
            first = await try_to_ask(http, seconds=5)
            names.fails = False
            return [first, await try_to_ask(http, seconds=5)], names.asked

    assert on_loop(ask()) == (["TryLater/host", "Rejected"], 2)


def test_who_waits_for_a_name_when_the_way_out_closes_is_told_to_try_later(on_loop: OnLoop) -> None:
    async def ask() -> str:
        async with open_http(resolver=Names()) as http:
            waiting = asyncio.create_task(try_to_ask(http, seconds=5))
            await asyncio.sleep(0)
        return await waiting

    assert on_loop(ask()) == "TryLater/host"
