"""Connections to servers, kept open for the next request, and opened only to public addresses."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp.abc import AbstractResolver, ResolveResult

from networks.addresses import is_public
from networks.wire import Wire

# Kept shorter than the usual 20 to 75 s of servers, so that they rarely close first: a request on
# a connection that was just closed has an unknown outcome.
KEEP_ALIVE_SECONDS = 10
# How long the machine itself goes on trying to deliver what was written to a connection, also to
# one that was closed since. Without this it is minutes: a request that a cut cable kept back would
# arrive when the cable is back, long after it was given up and looked for.
UNSENT_MOST_SECONDS = 10
NAME_SECONDS = 60  # how long the addresses of a name are remembered
SECOND_FAMILY_SECONDS = 0.25  # the head start of the first address (RFC 8305)


class NameNotFound(OSError):
    """Nobody knows an address of this name."""


class Place(NamedTuple):
    """Where a connection leads."""

    host: str
    port: int
    is_secure: bool


@dataclass
class Attempt:
    """What is known of one request while it is under way.

    ``exempt``: any address will do. ``may_have_left``: from here on a byte of it may have.
    """

    exempt: bool
    may_have_left: bool = False
    sockets_refused: int = 0
    sockets_opened: int = 0

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Open a socket for the address that is about to be connected to, if it is a public one."""
        family, kind, protocol, _, target = info
        if not self.exempt and not is_public(str(target[0])):
            self.sockets_refused += 1
            raise PermissionError("not a public address")
        self.sockets_opened += 1
        opened = socket.socket(family=family, type=kind, proto=protocol)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            milliseconds = 1000 * UNSENT_MOST_SECONDS
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        return opened


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The authorities that the system trusts; reading them takes a while."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Pool:
    """Connections of one event loop, ``most`` of them in use at a time."""

    def __init__(self, *, most: int, resolver: AbstractResolver) -> None:
        self._in_use = asyncio.Semaphore(most)
        self._names = _Names(resolver)
        self._idle: defaultdict[Place, list[Wire]] = defaultdict(list)
        self._all: set[Wire] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        _trust()

    async def take(self, place: Place, attempt: Attempt) -> Wire:
        """A connection that is open, for the caller alone; waits while too many are in use.

        Raises NameNotFound, ssl.SSLError and OSError.
        """
        await self._in_use.acquire()
        try:
            return self._find_idle(place) or await self._open(place, attempt)
        except BaseException:
            self._in_use.release()
            raise

    def give_back(self, place: Place, wire: Wire) -> None:
        """Keep it for the next one, if it may still be used."""
        self._in_use.release()
        if wire.is_over:
            self._drop(wire)
            return
        wire.idle_since = self._loop.time()
        self._idle[place].append(wire)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep)

    async def close(self) -> None:
        """End every connection, in use or not; whoever still waits for one gets none."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for wire in list(self._all):
            self._drop(wire)
        self._idle.clear()
        await self._names.close()

    def _find_idle(self, place: Place) -> Wire | None:
        """The one that was used last, of those that may still be."""
        idle = self._idle.get(place, [])
        while idle:
            wire = idle.pop()
            is_old = self._loop.time() - wire.idle_since >= KEEP_ALIVE_SECONDS
            if not (is_old or wire.is_over) and wire.is_quiet:
                return wire
            self._drop(wire)
        return None

    def _drop(self, wire: Wire) -> None:
        wire.end()
        self._all.discard(wire)

    def _sweep(self) -> None:
        """Close what was idle for too long; the oldest of each place are its first."""
        oldest = self._loop.time() - KEEP_ALIVE_SECONDS
        for place, wires in list(self._idle.items()):
            for wire in [each for each in wires if each.idle_since <= oldest]:
                self._drop(wire)
            self._idle[place] = [each for each in wires if each.idle_since > oldest]
            if not self._idle[place]:
                del self._idle[place]
        self._sweeping = None
        if self._idle:
            self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS / 2, self._sweep)

    async def _open(self, place: Place, attempt: Attempt) -> Wire:
        found = await self._names.find(place.host, place.port)
        opened = await start_connection(
            [_describe(each, place.port) for each in found],
            happy_eyeballs_delay=SECOND_FAMILY_SECONDS,
            loop=self._loop,
            socket_factory=attempt.open_socket,
        )
        _, wire = await self._loop.create_connection(
            Wire,
            sock=opened,
            ssl=_trust() if place.is_secure else None,
            server_hostname=place.host if place.is_secure else None,
        )
        self._all.add(wire)
        if self._is_closed or wire.is_over:
            self._drop(wire)
            raise ConnectionAbortedError(
                "it spoke before it was asked, or nobody is to ask any more"
            )
        return wire


def _describe(found: ResolveResult, port: int) -> AddrInfoType:
    """An address as a socket takes it."""
    address = (found["host"], port)
    target = (*address, 0, 0) if found["family"] == socket.AF_INET6 else address
    return found["family"], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", target


class _Names:
    """Addresses of names, asked for once at a time and remembered for a while."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver
        self._asked: dict[str, tuple[float, asyncio.Task[list[ResolveResult]]]] = {}

    async def find(self, host: str, port: int) -> list[ResolveResult]:
        """The addresses of a name, or the number itself. Raises NameNotFound."""
        with suppress(ValueError):
            version = ip_address(host).version
            return [_make_result(host, port, version)]
        now = asyncio.get_running_loop().time()
        until, task = self._asked.get(host, (0.0, None))
        if task is None or until < now:
            task = asyncio.create_task(self._resolver.resolve(host, port, socket.AF_UNSPEC))
            task.add_done_callback(lambda done: self._forget_failure(host, done))
            self._asked[host] = now + NAME_SECONDS, task
        try:
            # Others may wait for the same: whose own time is over does not end it for them.
            found = await asyncio.shield(task)
        except OSError as error:
            raise NameNotFound from error
        except asyncio.CancelledError:
            if task.cancelled() and not _is_cancelled():
                raise NameNotFound from None  # the way out was closed, and nobody ended us
            raise
        if not found:
            raise NameNotFound
        return found

    def _forget_failure(self, host: str, task: asyncio.Task[list[ResolveResult]]) -> None:
        if (task.cancelled() or task.exception()) and self._asked.get(host, (0, None))[1] is task:
            del self._asked[host]

    async def close(self) -> None:
        """Ask no more; who waits for a name is told that there is none."""
        for _, task in self._asked.values():
            task.cancel()
        await self._resolver.close()


def _is_cancelled() -> bool:
    """Whether somebody wants the task that runs here to end."""
    running = asyncio.current_task()
    return running is not None and running.cancelling() > 0


def _make_result(host: str, port: int, version: int) -> ResolveResult:
    """What a resolver would say of a number."""
    return ResolveResult(
        hostname=host,
        host=host,
        port=port,
        family=socket.AF_INET6 if version == 6 else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
