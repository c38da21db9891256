"""The one way out: what it bounds, and what it knows when it fails."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
import traceback

import pytest
from aiohttp import web
from yarl import URL

from networks.errors import OutcomeUnknown, Rejected, TryLater
from networks.http import Answer
from tests.networks.asking import SECRET, FixedResolver, fail_of, free_port, open_http
from tests.networks.servers import make_unknown_certificate, serve, serve_raw


def test_refused_connection_means_nothing_was_sent() -> None:
    host = f"127.0.0.1:{free_port()}"

    async def run() -> None:
        async with open_http(host) as http:
            await http.request("POST", f"http://{host}/", json={})

    error = fail_of(run())
    assert isinstance(error, TryLater)
    assert error.scope == "host"
    assert str(error) == f"{host} could not be reached."


def test_unknown_name_is_said_to_be_unknown() -> None:
    async def run() -> None:
        async with open_http(resolver=FixedResolver()) as http:
            await http.request("POST", "https://mastodon.sociall/", json={})

    error = fail_of(run())
    assert isinstance(error, TryLater)
    assert error.scope == "host"
    assert "The name mastodon.sociall was not found" in str(error)


def test_failed_handshake_means_nothing_was_sent() -> None:
    async def talk_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def run() -> None:
        async with serve_raw(talk_plainly) as host, open_http(host) as http:
            await http.request("POST", f"https://{host}/", json={})

    error = fail_of(run())
    assert isinstance(error, TryLater)
    assert "No safe connection" in str(error)


def test_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() -> None:
    requests = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request.path)
        return web.Response()

    async def run() -> None:
        context = make_unknown_certificate()
        async with serve(answer, ssl_context=context) as host, open_http(host) as http:
            await http.request("POST", f"https://{host}/", json={})

    error = fail_of(run())
    assert isinstance(error, TryLater)
    assert "No safe connection" in str(error)
    assert requests == []


def test_handshake_that_hangs_ends_at_the_deadline_with_nothing_sent() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def run() -> None:
        async with serve_raw(hang) as host, open_http(host) as http:
            await http.request("POST", f"https://{host}/", json={}, deadline_seconds=0.2)

    assert isinstance(fail_of(run()), TryLater)


def test_deadline_while_waiting_for_a_free_connection_means_nothing_was_sent() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def run() -> tuple[BaseException | Answer, BaseException | Answer]:
        async with serve_raw(hang) as host, open_http(host, connections=1) as http:
            first = http.request("POST", f"http://{host}/", json={}, deadline_seconds=0.4)
            second = http.request("POST", f"http://{host}/", json={}, deadline_seconds=0.2)
            return await asyncio.gather(first, second, return_exceptions=True)

    sent, waited = asyncio.run(run())
    assert isinstance(sent, OutcomeUnknown)
    assert isinstance(waited, TryLater)
    assert waited.scope == "host"


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
    ],
    ids=["nothing", "half a line", "half a body", "bad chunk", "ssh", "long header", "headers"],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_connection_cut_after_sending_is_unknown_and_not_repeated(
    method: str, given: bytes
) -> None:
    requests = []

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(given)
        await writer.drain()

    async def run() -> None:
        async with serve_raw(cut) as host, open_http(host) as http:
            await http.request(method, f"http://{host}/", json={})

    assert isinstance(fail_of(run()), OutcomeUnknown)
    assert len(requests) == 1


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_kept_connection_that_the_server_closed_is_unknown_and_not_repeated(method: str) -> None:
    requests = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        requests.append(await reader.readuntil(b"\r\n\r\n"))

    async def run() -> None:
        async with serve_raw(answer_once) as host, open_http(host) as http:
            assert (await http.request(method, f"http://{host}/")).status == 200
            await http.request(method, f"http://{host}/")

    assert isinstance(fail_of(run()), OutcomeUnknown)
    assert len(requests) == 2


@pytest.mark.parametrize("where", ["header", "body"])
def test_answer_that_drips_ends_at_the_deadline(where: str) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        if where == "body":
            writer.write(b"x\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def run() -> None:
        async with serve_raw(drip) as host, open_http(host) as http:
            await http.request("POST", f"http://{host}/", json={}, deadline_seconds=0.3)

    started = time.monotonic()
    error = fail_of(run())
    assert isinstance(error, OutcomeUnknown)
    assert "did not answer within 1 seconds" in str(error)
    assert time.monotonic() - started < 2


def test_slow_server_does_not_delay_the_others() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="quick")

    async def run() -> float:
        async with (
            serve_raw(hang) as slow,
            serve(answer) as quick,
            open_http(slow, quick, connections=24) as http,
        ):
            waiting = [
                asyncio.create_task(
                    http.request("POST", f"http://{slow}/", json={}, deadline_seconds=1)
                )
                for _ in range(20)
            ]
            await asyncio.sleep(0.05)
            started = time.monotonic()
            await asyncio.gather(*(http.request("GET", f"http://{quick}/") for _ in range(4)))
            took = time.monotonic() - started
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return took

    assert asyncio.run(run()) < 0.5


def test_endless_body_is_cut_at_the_cap() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"a" * 65_536)
            await writer.drain()

    async def run() -> None:
        async with serve_raw(pour) as host, open_http(host) as http:
            await http.request("GET", f"http://{host}/")

    error = fail_of(run())
    assert isinstance(error, OutcomeUnknown)
    assert "far more" in str(error)


def test_gzip_bomb_is_cut_at_the_cap() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async def run() -> None:
        async with serve(answer) as host, open_http(host) as http:
            await http.request("GET", f"http://{host}/")

    assert len(bomb) < 1_000_000
    assert isinstance(fail_of(run()), OutcomeUnknown)


def test_packed_answer_within_the_cap_is_unpacked_and_none_is_asked_for() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        return web.Response(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            return await http.request("GET", f"http://{host}/")

    assert asyncio.run(run()).json() == {}
    assert asked == ["identity"]


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\x00b"])
def test_header_that_would_break_out_of_its_line_is_refused(value: str) -> None:
    async def run() -> None:
        async with open_http("127.0.0.1:8101") as http:
            await http.request("GET", "http://127.0.0.1:8101/", headers={"Authorization": value})

    assert isinstance(fail_of(run()), Rejected)


@pytest.mark.parametrize("fault", ["refused", "cut", "slow", "tls", "endless"])
def test_token_is_in_no_error_and_no_log(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        if fault == "slow":
            await reader.read(-1)
        if fault == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 2_000_000)
            await writer.drain()

    async def run() -> None:
        async with serve_raw(misbehave) as host:
            target = f"127.0.0.1:{free_port()}" if fault == "refused" else host
            scheme = "https" if fault == "tls" else "http"
            async with open_http(target) as http:
                await http.request(
                    "POST",
                    f"{scheme}://{target}/",
                    headers={"Authorization": f"Bearer {SECRET}"},
                    params={"token": SECRET},
                    form={"client_secret": SECRET},
                    deadline_seconds=0.3,
                )

    with caplog.at_level(logging.DEBUG):
        error = fail_of(run())
    told = "".join(traceback.format_exception(error))
    assert SECRET not in told + repr(error) + str(error) + repr(vars(error)) + caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None


def test_answer_shows_neither_headers_nor_body() -> None:
    answer = Answer(200, {"Set-Cookie": SECRET}, SECRET.encode(), URL("https://a.example/"))  # type: ignore[arg-type]
    assert SECRET not in repr(answer)


def test_cancelled_request_stays_cancelled() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def run() -> None:
        async with serve_raw(hang) as host, open_http(host) as http:
            task = asyncio.create_task(http.request("GET", f"http://{host}/"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
