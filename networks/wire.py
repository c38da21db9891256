"""One HTTP/1.1 connection: a request's bytes leave, and its whole answer comes back.

An answer is taken apart by llhttp (``httptools``) as strictly as it can: one that could be read in
two ways is none, and ends its connection. Nothing is ever sent twice from here, and nothing that
comes unasked is taken for an answer.
"""

from __future__ import annotations

import asyncio
import select
from typing import NamedTuple, cast

import httptools
from multidict import CIMultiDict, CIMultiDictProxy

MAX_HEADER_BYTES = 8_190  # of one header, its name included
MAX_HEADERS = 100
# Of all that is no body: heads, interim answers, what stands around and behind a body in pieces.
MAX_HEAD_BYTES = 65_536
FRAME_MOST = 8  # times a body's own size may be what stands around its pieces


class CutOff(Exception):
    """The connection ended, or what came was no answer."""


class TooMuch(Exception):
    """The body is larger than the caller takes."""


class Received(NamedTuple):
    """An answer as it came, its body perhaps packed."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Wire(asyncio.Protocol):
    """A connection that is open, for one request at a time."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[Received] | None = None
        self._is_spoiled = False
        self.idle_since = 0.0

    # What the pool asks.

    @property
    def is_over(self) -> bool:
        """Whether nothing more may leave here: it ended, or its last request not as it should."""
        return self._is_spoiled or self._waiter is not None or self._transport.is_closing()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing came since the last answer, also nothing that is not read yet.

        Its end, or an answer that nobody asked for and that would be taken for the next one's. Of a
        connection that was just opened it tells nothing: TLS has more to say then.
        """
        unread = select.poll()
        unread.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not unread.poll(0)

    def end(self) -> None:
        """Close it, whatever is under way."""
        self._is_spoiled = True
        self._transport.abort()

    async def exchange(self, request: bytes, *, max_bytes: int) -> Received:
        """Send a request and wait for the whole answer, of ``max_bytes`` at most.

        Raises CutOff and TooMuch. After these, or when it was cancelled, the connection is over:
        what may still come belongs to nobody.
        """
        self._max_bytes = max_bytes
        self._came = 0
        self._begin()
        self._waiter = self._loop.create_future()
        try:
            self._transport.write(request)
            return await self._waiter
        except BaseException:
            self.end()
            raise
        finally:
            self._waiter = None

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's says not what it is

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.end()  # nobody asked
            return
        self._came += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(CutOff())
            return
        is_whole = self._waiter.done()
        if not is_whole and self._came - FRAME_MOST * len(self._body) > MAX_HEAD_BYTES:
            self._fail(CutOff())

    def connection_lost(self, error: Exception | None) -> None:
        self._is_spoiled = True
        if error is None and self._is_open_ended():
            self._finish()
        self._fail(CutOff())

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._waiter is not None and self._waiter.done():
            self._is_spoiled = True  # a second answer to one question

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # behind the body
        if len(name) + len(value) > MAX_HEADER_BYTES or len(self._headers) == MAX_HEADERS:
            raise ValueError("more headers than anybody needs")
        self._headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._max_bytes:
            self._fail(TooMuch())

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self._begin()  # an interim answer: the real one follows
            return
        if status < 100:
            self._fail(CutOff())
            return
        self._is_spoiled = self._is_spoiled or not self._parser.should_keep_alive()
        self._finish()

    def _begin(self) -> None:
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._body = bytearray()
        self._has_head = False

    def _is_open_ended(self) -> bool:
        """Whether the answer's body ends where the connection does (RFC 9112, 6.3)."""
        if self._waiter is None or not self._has_head or "Content-Length" in self._headers:
            return False
        return "chunked" not in " ".join(self._headers.getall("Transfer-Encoding", ())).lower()

    def _finish(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            # What has not left yet of the request is not what the next one begins with.
            self._is_spoiled = self._is_spoiled or self._transport.get_write_buffer_size() > 0
            status = self._parser.get_status_code()
            headers = CIMultiDictProxy(self._headers)
            self._waiter.set_result(Received(status, headers, bytes(self._body)))
            self._body = bytearray()

    def _fail(self, error: Exception) -> None:
        self._is_spoiled = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self._transport.abort()
