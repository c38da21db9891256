"""How each fault of faults.py is done to a connection."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web

from simulator.faults import AFTER, Hit, Rule

if TYPE_CHECKING:
    from simulator.serving import Dialect

HTML_PAGE = (
    "<!doctype html>\n<html><head><title>Just a moment…</title></head>"
    "<body><h1>We are checking your connection</h1></body></html>\n"
)
BOMB_MEGABYTES = 256
DEFAULT_SLOW_MS = 3000
DEFAULT_DRIP_MS = 500
ENDLESS_PAUSE_SECONDS = 0.01
DEFAULT_RETRY_AFTER = 5

Work = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def strike(
    hit: Hit, request: web.Request, *, dialect: "Dialect", kind: str, work: Work
) -> web.StreamResponse:
    """Serve a request with a fault: before the work, or after it when the fault comes after.

    Its body is taken first, as a real server does: whoever sent it may be gone by the time the work
    is done, and it is done all the same.
    """
    await request.read()
    if hit.delay_seconds:
        await asyncio.sleep(hit.delay_seconds)
    if hit.name is None or hit.rule is None:
        return await work(request)
    if hit.name == "slow_before":
        await _wait_slowly(hit.rule)
        return await work(request)
    if hit.name not in AFTER:
        return await _break_early(hit.name, hit.rule, request, dialect=dialect, kind=kind)
    response = await work(request)
    if response.status >= 400:  # refused anyway: the refusal is what a real server would say
        return response
    return await _break_late(hit.name, hit.rule, request, dialect=dialect, response=response)


async def _break_early(
    name: str, rule: Rule, request: web.Request, *, dialect: "Dialect", kind: str
) -> web.StreamResponse:
    if name == "429":
        retry_after = rule.given.get("retry_after", DEFAULT_RETRY_AFTER)
        return dialect.refuse_pace(request, retry_after=retry_after)
    if name == "revoked":
        return dialect.refuse_token(request, kind=kind)
    if name == "redirect":
        return web.Response(status=302, headers={"Location": rule.given["redirect_to"]})
    if name == "broken_json_before":
        return _answer_broken(b'{"id":"')
    return await _break_body(name.removesuffix("_before"), request, dialect=dialect)


async def _break_late(
    name: str,
    rule: Rule,
    request: web.Request,
    *,
    dialect: "Dialect",
    response: web.StreamResponse,
) -> web.StreamResponse:
    if name == "slow":
        await _wait_slowly(rule)
        return response
    body = response.body if isinstance(response, web.Response) else None
    whole = body if isinstance(body, bytes) else b"{}"
    if name == "broken_json":
        return _answer_broken(whole[: len(whole) // 2])
    if name == "slow_loris":
        pause = rule.measure("drip_ms", default=DEFAULT_DRIP_MS)
        return await _drip(request, body=whole, pause_seconds=pause)
    return await _break_body(name.removesuffix("_after"), request, dialect=dialect)


async def _break_body(name: str, request: web.Request, *, dialect: "Dialect") -> web.StreamResponse:
    if name == "cut":
        return _cut(request)
    if name == "500":
        return dialect.fail()
    if name == "html":
        return web.Response(text=HTML_PAGE, content_type="text/html")
    if name == "endless":
        return await _pour(request)
    return web.Response(
        body=_pack_bomb(),
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )


async def _wait_slowly(rule: Rule) -> None:
    jitter = rule.dice.random() * rule.measure("jitter_ms")
    await asyncio.sleep(rule.measure("slow_ms", default=DEFAULT_SLOW_MS) + jitter)


def _answer_broken(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


class _Nothing(web.Response):
    """An answer that is never sent: its connection has been cut."""

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return _Nothing()


async def _drip(request: web.Request, *, body: bytes, pause_seconds: float) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    response.content_length = len(body)
    await response.prepare(request)
    try:
        for index in range(len(body)):
            await response.write(body[index : index + 1])
            await asyncio.sleep(pause_seconds)
    except ConnectionError:
        pass
    return response


async def _pour(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    chunk = b" " * 16384
    try:
        await response.write(b'{"id":"')
        while True:
            await response.write(chunk)
            await asyncio.sleep(ENDLESS_PAUSE_SECONDS)
    except ConnectionError:
        return response


@lru_cache(maxsize=1)
def _pack_bomb() -> bytes:
    """Give 256 MB of spaces, gzipped to some hundred kilobytes.

    Each megabyte is packed alone (a full flush), so that one packed block can be repeated.
    """
    block = b" " * 1_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(BOMB_MEGABYTES):
        checksum = zlib.crc32(block, checksum)
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    size = len(block) * BOMB_MEGABYTES & 0xFFFFFFFF
    return (
        header
        + packed * BOMB_MEGABYTES
        + b"\x03\x00"
        + checksum.to_bytes(4, "little")
        + size.to_bytes(4, "little")
    )
