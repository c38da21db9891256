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
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from networks.addresses import check_url
from networks.connecting import Attempt, NameNotFound, Place, Pool
from networks.errors import (
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.resolving import PooledResolver
from networks.wire import CutOff, TooMuch

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


class Http:
    """One set of connections for all requests of a process or a launch; use as ``async with``.

    ``allowed_hosts`` are exact ``host:port`` pairs that may be reached in plain http and at any
    address (the simulator's). With ``nowhere_else`` nothing but these is ever reached, public or
    not: a rehearsal's way out. ``connections`` is the most at once, all of them to one host if need
    be.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_hosts: frozenset[str] = frozenset(),
        connections: int = 1000,
        resolver: AbstractResolver | None = None,
        nowhere_else: bool = False,
    ) -> None:
        self.allowed_hosts = allowed_hosts
        self._nowhere_else = nowhere_else
        self._user_agent = user_agent
        self._connections = connections
        self._resolver = resolver
        self._pool: Pool | None = None
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
        self._pool = Pool(most=self._connections, resolver=self._resolver or PooledResolver())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

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
        if self._pool is None:
            raise RuntimeError("An Http is used as: async with Http(...) as http")
        place, exempt = self._check(url)
        host = place.host_port_subcomponent or ""
        packet: bytes | None = None
        # Half a sign cannot be written. Refused out here, since that error shows what it is in.
        with suppress(ValueError):
            target = _find_target(place, name=name, params=params)
            sent_headers, body = _pack(headers or {}, json=json, form=form, data=data)
            packet = self._write(method, target, sent_headers, body)
        if packet is None:
            raise Rejected(_UNSENDABLE, host=host)
        if self.gate is not None and method != "GET" and not await self.gate():
            raise TryLater(_NOT_NOW, after_seconds=0, host=host)
        attempt = Attempt(exempt=exempt)
        failure: NetworkError
        try:
            async with asyncio.timeout(deadline_seconds):
                answer = await _ask(self._pool, packet, target, attempt, max_bytes=max_bytes)
        except TimeoutError:
            seconds = max(1, round(deadline_seconds))
            if attempt.may_have_left:
                failure = OutcomeUnknown(_NO_ANSWER_IN_TIME, host=host, seconds=seconds)
            else:
                failure = TryLater(_NO_CONNECTION_IN_TIME, scope="host", host=host, seconds=seconds)
        except (CutOff, TooMuch, OSError, ValueError, RuntimeError) as error:
            failure = _explain(error, attempt, host=host)
        else:
            self._tell(answer)
            return answer
        # Raised out here so that it carries no other exception: some hold what was sent.
        self._tell(failure)
        raise failure

    def _check(self, url: str) -> tuple[URL, bool]:
        """What is asked, and whether it may be at any address. Raises Rejected."""
        place, exempt = _check_url(url, self.allowed_hosts)
        if self._nowhere_else and not exempt:
            raise Rejected(_ELSEWHERE, host=place.host_port_subcomponent or "")
        return place, exempt

    def _write(
        self, method: str, target: URL, headers: CIMultiDict[str], body: bytes | None
    ) -> bytes:
        """The request as it goes over the wire (RFC 9112). Raises ValueError."""
        if "Host" in headers or any(_CONTROLS.search(n + value) for n, value in headers.items()):
            raise ValueError("a header that would be read as another one")
        headers.setdefault("User-Agent", self._user_agent)
        headers.setdefault("Accept", "*/*")
        headers.setdefault("Accept-Encoding", "identity")
        if body is not None or method != "GET":
            headers["Content-Length"] = str(len(body or b""))
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        place = target.host_port_subcomponent
        head = f"{method} {target.raw_path_qs} HTTP/1.1\r\nHost: {place}\r\n{''.join(lines)}\r\n"
        return head.encode("utf-8") + (body or b"")

    def _tell(self, outcome: Answer | NetworkError) -> None:
        if self.listener is not None:
            self.listener(outcome)


@lru_cache(maxsize=1024)
def _check_url(url: str, allowed_hosts: frozenset[str]) -> tuple[URL, bool]:
    """``check_url``, once for each address: a launch sends to the same few again and again."""
    return check_url(url, allowed_hosts=allowed_hosts)


def _find_target(
    place: URL, *, name: str, params: Mapping[str, str] | Sequence[tuple[str, str]] | None
) -> URL:
    """The whole address. Raises ValueError."""
    target = place.joinpath(quote(name, safe=""), encoded=True) if name else place
    return target.extend_query(params) if params else target


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


async def _ask(
    pool: Pool, request: bytes, target: URL, attempt: Attempt, *, max_bytes: int
) -> Answer:
    """Send one request on a connection of its own for so long, and give the whole answer."""
    place = Place(target.raw_host or "", target.port or 443, target.scheme == "https")
    wire = await pool.take(place, attempt)
    try:
        attempt.may_have_left = True
        received = await wire.exchange(request, max_bytes=max_bytes)
    finally:
        pool.give_back(place, wire)
    body = _unpack(received.headers, received.body, max_bytes)
    return Answer(received.status, received.headers, body, target)


def _unpack(headers: Mapping[str, str], packed: bytes, max_bytes: int) -> bytes:
    """The body as it was before it was packed; raises TooMuch as soon as it is too large.

    We ask for nothing packed, but some front servers pack anyway.
    """
    if headers.get("Content-Encoding", "").lower() not in ("gzip", "x-gzip", "deflate"):
        return packed
    unpacker = zlib.decompressobj(wbits=47)
    try:
        content = unpacker.decompress(packed, max_bytes + 1)
    except zlib.error:
        return packed
    if len(content) > max_bytes:
        raise TooMuch
    return content


def _explain(error: Exception, attempt: Attempt, *, host: str) -> NetworkError:
    """Say in one of our errors what went wrong, by whether a byte may have left."""
    if attempt.may_have_left:
        return OutcomeUnknown(_TOO_MUCH if isinstance(error, TooMuch) else _CUT, host=host)
    if attempt.sockets_refused and not attempt.sockets_opened:
        return Rejected(_NOT_PUBLIC, host=host)
    if isinstance(error, NameNotFound):
        return TryLater(_NAME_NOT_FOUND, scope="host", host=host)
    if isinstance(error, ssl.SSLError):
        return TryLater(_NOT_SECURE, scope="host", host=host)
    return TryLater(_UNREACHABLE, scope="host", host=host)
