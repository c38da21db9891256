"""The one way out: every request to a network goes through an ``Http``.

It keeps four promises. A request ends by its deadline and within its size, whatever the server
does. It never reaches an address that is not public. It is sent at most once. And when it fails,
the error tells whether a byte of it may have left: ``TryLater`` when none did, ``OutcomeUnknown``
when one might have.
"""

from __future__ import annotations

import asyncio
import json as json_module
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import Connection
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from networks.addresses import check_url, is_public
from networks.errors import (
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.resolving import PooledResolver

# Kept shorter than the usual 20 to 75 s of servers, so that they rarely close first: a request on
# a connection that was just closed has an unknown outcome.
KEEP_ALIVE_SECONDS = 10
# How long the machine itself goes on trying to deliver what was written to a connection, also to
# one that was closed since. Without this it is minutes: a request that a cut cable kept back would
# arrive when the cable is back, long after it was given up and looked for.
UNSENT_MOST_SECONDS = 10
MAX_HEADER_BYTES = 8_190
MAX_HEADERS = 100

_NAME_NOT_FOUND = gettext_noop(
    "The name %(host)s was not found. Check how it is written, or try again later."
)
_UNREACHABLE = gettext_noop("%(host)s could not be reached.")
_NOT_SECURE = gettext_noop("No safe connection could be made to %(host)s.")
_NO_CONNECTION_IN_TIME = gettext_noop(
    "No connection to %(host)s could be made within %(seconds)d seconds."
)
_NOT_PUBLIC = gettext_noop("%(host)s is not a public server: its address is inside a private net.")
_UNSENDABLE = gettext_noop("What was to be sent to %(host)s is not allowed in a request.")
_NO_ANSWER_IN_TIME = gettext_noop("%(host)s did not answer within %(seconds)d seconds.")
_CUT = gettext_noop("%(host)s broke off before it had answered.")
_TOO_MUCH = gettext_noop("%(host)s answered with far more than it was asked for.")
_NOT_NOW = gettext_noop("Nothing is sent to %(host)s just now.")
_ELSEWHERE = gettext_noop("%(host)s is outside of the simulator: a rehearsal sends nothing there.")

Gate = Callable[[], Awaitable[bool]]
Listener = Callable[["Answer | NetworkError"], None]

_write_json = json_module.JSONEncoder(ensure_ascii=False).encode
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a header could break out of its line by them


class NotJson(ValueError):
    """An answer that should be JSON and is not. Says nothing of what it was."""


@dataclass(frozen=True)
class Answer:
    """What a server answered: ``body`` is unpacked, ``address`` is what was asked, query and all.

    ``repr`` shows neither headers nor body, since both may hold tokens.
    """

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)
    address: URL = field(repr=False)

    @property
    def url(self) -> str:
        """What was asked, without its query."""
        return str(self.address.with_query(None).with_fragment(None))

    def json(self) -> Any:
        """Read the body as JSON. Raises NotJson."""
        try:
            return json_module.loads(self.body)
        except (ValueError, RecursionError):
            pass
        raise NotJson("not JSON")


@dataclass
class _Attempt:
    """What is known of one request while it is under way."""

    exempt: bool
    may_have_left: bool = False
    sockets_refused: int = 0
    sockets_opened: int = 0


# The connector opens sockets deep inside; this tells it for which request, also from within the
# tasks that race IPv6 against IPv4 (they copy the context, and share the object).
_attempt: ContextVar[_Attempt] = ContextVar("attempt")


class _CutOff(aiohttp.ClientError):
    """Stands for a lost connection; aiohttp does not know it, and so does not send again."""


class _Connector(aiohttp.TCPConnector):
    """Tells the request that gets a connection: from here on a byte of it may leave."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  (its own name for it)
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _attempt.get().may_have_left = True
        return connection


class Http:
    """One session for all requests of a process or a launch; use as ``async with``.

    ``allowed_hosts`` are exact ``host:port`` pairs that may be reached in plain http and at any
    address (the simulator's). With ``nowhere_else`` nothing but these is ever reached, public or
    not: a rehearsal's way out. ``connections`` is the most at once, ``per_host`` of them to one
    host, so that a slow one leaves room for the others.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_hosts: frozenset[str] = frozenset(),
        connections: int = 1000,
        per_host: int = 1000,
        resolver: AbstractResolver | None = None,
        nowhere_else: bool = False,
    ) -> None:
        self.allowed_hosts = allowed_hosts
        self._nowhere_else = nowhere_else
        self._user_agent = user_agent
        self._connections = connections
        self._per_host = per_host
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self.gate: Gate | None = None
        self.listener: Listener | None = None

    def heard_by(self, listener: Listener) -> Http:
        """Give the same way out, for as long as this one is open, with somebody who listens.

        They are told what came of each request that went out, or was to: the answer, whatever its
        status, or the error that ``request`` raises. They must not raise, and have to be quick.
        """
        heard = self._copy()
        heard.listener = listener
        return heard

    def behind(self, gate: Gate) -> Http:
        """Give the same way out through a gate, for as long as this one is open.

        The gate is asked just before each request but a GET: where one call of an adapter takes
        several requests, none of them starts once it is shut. Then TryLater is raised instead.
        """
        gated = self._copy()
        gated.gate = gate
        return gated

    def _copy(self) -> Http:
        """Two of them are made for each post: ``copy.copy`` takes five times as long."""
        same = Http.__new__(Http)
        same.__dict__.update(self.__dict__)
        return same

    async def __aenter__(self) -> Self:
        resolver = self._resolver or PooledResolver()
        connector = _Connector(
            limit=self._connections,
            limit_per_host=self._per_host,
            resolver=resolver,
            socket_factory=_open_guarded_socket,
            ttl_dns_cache=60,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None),
            middlewares=(_send_once,),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
        )
        self._resolver_in_use = resolver
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            await self._resolver_in_use.close()
            self._session = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        data: bytes | None = None,
        deadline_seconds: float = 10.0,
        max_bytes: int = 1_000_000,
    ) -> Answer:
        """Send one request, once, and give the whole answer, whatever its status.

        ``name`` goes behind the address as the last part of its path, with everything encoded that
        is no letter, digit or ``-._~``. In an address itself a ``%3A`` becomes a colon again.
        The body is one of ``json``, ``form`` (URL-encoded) and ``data``. The deadline covers
        everything, from waiting for a free connection to the body's last byte; ``max_bytes``
        bounds the body after unpacking. Redirects are not followed.

        Raises Rejected for an address or a header that may not be used, TryLater
        (``scope="host"``) when nothing was sent, OutcomeUnknown when something may have been;
        behind a gate that is shut, TryLater (``scope="account"``).
        """
        target, exempt = _check_url(url, self.allowed_hosts)
        host = target.host_port_subcomponent or ""
        if self._nowhere_else and not exempt:
            raise Rejected(_ELSEWHERE, host=host)
        if name:
            target = target.joinpath(quote(name, safe=""), encoded=True)
        sent_headers, body = _pack(headers or {}, json=json, form=form, data=data)
        if any(_CONTROLS.search(name + value) for name, value in sent_headers.items()):
            raise Rejected(_UNSENDABLE, host=host)
        if self.gate is not None and method != "GET" and not await self.gate():
            raise TryLater(_NOT_NOW, after_seconds=0, host=host)
        if self._session is None:
            raise RuntimeError("An Http is used as: async with Http(...) as http")
        attempt = _Attempt(exempt=exempt)
        failure: NetworkError
        token = _attempt.set(attempt)
        try:
            async with (
                asyncio.timeout(deadline_seconds),
                self._session.request(
                    method,
                    target.extend_query(params) if params else target,
                    headers=sent_headers,
                    data=body,
                    allow_redirects=False,
                ) as response,
            ):
                content = await _read_capped(response, max_bytes)
                if content is not None:
                    answer = Answer(response.status, response.headers, content, target)
                    self._tell(answer)
                    return answer
                response.close()
                failure = OutcomeUnknown(_TOO_MUCH, host=host)
        except TimeoutError:
            seconds = max(1, round(deadline_seconds))
            if attempt.may_have_left:
                failure = OutcomeUnknown(_NO_ANSWER_IN_TIME, host=host, seconds=seconds)
            else:
                failure = TryLater(_NO_CONNECTION_IN_TIME, scope="host", host=host, seconds=seconds)
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            failure = _explain(error, attempt, host=host)
        finally:
            _attempt.reset(token)
        # Raised out here so that it carries no other exception: those of aiohttp hold the request.
        self._tell(failure)
        raise failure

    def _tell(self, outcome: Answer | NetworkError) -> None:
        if self.listener is not None:
            self.listener(outcome)


@lru_cache(maxsize=1024)
def _check_url(url: str, allowed_hosts: frozenset[str]) -> tuple[URL, bool]:
    """``check_url``, once for each address: a launch sends to the same few again and again."""
    return check_url(url, allowed_hosts=allowed_hosts)


def _pack(
    headers: Mapping[str, str],
    *,
    json: Any,
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None,
    data: bytes | None,
) -> tuple[CIMultiDict[str], bytes | None]:
    """Make the body's bytes and the headers that go with them."""
    packed: CIMultiDict[str] = CIMultiDict(headers)
    if json is not None:
        packed.setdefault("Content-Type", "application/json")
        return packed, _write_json(json).encode()
    if form is not None:
        packed.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return packed, urlencode(form).encode()
    return packed, data


async def _read_capped(response: aiohttp.ClientResponse, max_bytes: int) -> bytes | None:
    """Read and unpack the body; None as soon as it is larger than ``max_bytes``."""
    packed = bytearray()
    async for chunk in response.content.iter_any():
        packed += chunk
        if len(packed) > max_bytes:
            return None
    # We ask for nothing packed, but some front servers pack anyway.
    if response.headers.get("Content-Encoding", "").lower() not in (
        "gzip",
        "x-gzip",
        "deflate",
    ):
        return bytes(packed)
    unpacker = zlib.decompressobj(wbits=47)
    try:
        content = unpacker.decompress(bytes(packed), max_bytes + 1)
    except zlib.error:
        return bytes(packed)
    return content if len(content) <= max_bytes else None


def _explain(error: Exception, attempt: _Attempt, *, host: str) -> NetworkError:
    """Say in one of our errors what went wrong, by whether a byte may have left."""
    if attempt.may_have_left:
        return OutcomeUnknown(_CUT, host=host)
    if attempt.sockets_refused and not attempt.sockets_opened:
        return Rejected(_NOT_PUBLIC, host=host)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TryLater(_NAME_NOT_FOUND, scope="host", host=host)
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return TryLater(_NOT_SECURE, scope="host", host=host)
    return TryLater(_UNREACHABLE, scope="host", host=host)


def _open_guarded_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """Open a socket for the address that is about to be connected to, if it is a public one."""
    family, kind, protocol, _, target = info
    attempt = _attempt.get()
    if not attempt.exempt and not is_public(str(target[0])):
        attempt.sockets_refused += 1
        raise PermissionError("not a public address")
    attempt.sockets_opened += 1
    opened = socket.socket(family=family, type=kind, proto=protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNSENT_MOST_SECONDS)
    return opened


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request whose kept-alive connection turned out closed."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _CutOff from None
