"""One connection after another request: what of it is an answer, and when it may be used again."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from networks import connecting
from networks.errors import OutcomeUnknown, Rejected
from networks.http import Http
from tests.networks.asking import OnLoop, open_http
from tests.networks.servers import make_unknown_certificate, serve, serve_raw

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Scripted:
    """A server that says what it was told to, and keeps what it was asked, by connection."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[list[bytes]] = []
        self.ended = asyncio.Event()
        self.was_asked = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.asked)
        self.asked.append([])
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.asked[number].append(head + await reader.readexactly(int(length or 0)))
            self.was_asked.set()
            writer.write(self.answers.pop(0))
            await writer.drain()
        await reader.read(-1)
        self.ended.set()


@asynccontextmanager
async def talk(server: Scripted, **options: Any) -> AsyncIterator[tuple[Http, str]]:
    async with serve_raw(server) as host, open_http(host, **options) as http:
        yield http, f"http://{host}/here"


async def ask_twice(server: Scripted) -> list[bytes]:
    async with talk(server) as (http, url):
        return [(await http.request("POST", url, data=b"x")).body for _ in range(2)]


def test_large_answer_keeps_its_connection(on_loop: OnLoop) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    server = Scripted(large, OK)
    assert [len(body) for body in on_loop(ask_twice(server))] == [200_000, 2]
    assert [len(asked) for asked in server.asked] == [2]


def test_request_goes_out_as_the_standard_has_it(on_loop: OnLoop) -> None:
    server = Scripted(OK, OK)

    async def ask() -> str:
        async with talk(server) as (http, url):
            await http.request("POST", url + "?a=b%20c", json={"ä": 1}, headers={"X-Own": "yes"})
            await http.request("GET", url)
            return url.removeprefix("http://").removesuffix("/here")

    host = on_loop(ask())
    (posted, read) = server.asked[0]
    head, _, body = posted.partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /here?a=b%20c HTTP/1.1",
        f"Host: {host}",
        "X-Own: yes",
        "Content-Type: application/json",
        "User-Agent: test",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Content-Length: 9",
    ]
    assert body.decode() == '{"ä": 1}'
    assert b"content-length" not in read.lower()


def test_interim_answers_are_none(on_loop: OnLoop) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    server = Scripted(early + OK, OK)
    assert on_loop(ask_twice(server)) == [b"ok", b"ok"]
    assert len(server.asked) == 1


def test_headers_of_an_interim_answer_are_not_those_of_the_answer(on_loop: OnLoop) -> None:
    server = Scripted(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + OK)

    async def ask() -> list[str]:
        async with talk(server) as (http, url):
            return list((await http.request("GET", url)).headers)

    assert on_loop(ask()) == ["Content-Length"]


def test_body_in_pieces_is_put_together_and_what_follows_it_is_no_header(on_loop: OnLoop) -> None:
    pieces = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Behind: 1\r\n\r\n"
    )
    server = Scripted(pieces, OK)

    async def ask() -> tuple[bytes, bool, bytes]:
        async with talk(server) as (http, url):
            first = await http.request("GET", url)
            return (
                first.body,
                "X-Behind" in first.headers,
                (await http.request("GET", url)).body,
            )

    assert on_loop(ask()) == (b"abcde", False, b"ok")
    assert len(server.asked) == 1


def test_body_without_a_length_ends_with_its_connection(on_loop: OnLoop) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    async def ask() -> bytes:
        async with serve_raw(answer) as host, open_http(host) as http:
            return (await http.request("GET", f"http://{host}/")).body

    assert on_loop(ask()) == b"all of it"


@pytest.mark.parametrize(
    "given",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 101 + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"x" * 70_000,
        b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=[
        *("two lengths", "lengths that differ", "another protocol", "101 headers", "endless head"),
        *("endless interim answers", "endless trailer", "endless extension", "odd status"),
    ],
)
def test_answer_that_could_be_read_in_two_ways_or_never_ends_is_none(
    on_loop: OnLoop, given: bytes
) -> None:
    async def ask() -> None:
        async with talk(Scripted(given)) as (http, url):
            await http.request("POST", url, json={}, deadline_seconds=5)

    with pytest.raises(OutcomeUnknown, match="broke off"):
        on_loop(ask())


def test_connection_is_kept_for_the_next_request(on_loop: OnLoop) -> None:
    server = Scripted(OK, OK)
    assert on_loop(ask_twice(server)) == [b"ok", b"ok"]
    assert [len(asked) for asked in server.asked] == [2]


@pytest.mark.parametrize(
    "first",
    [
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        OK + OK.replace(b"ok", b"no"),
        OK + b"and more",
    ],
    ids=["close", "1.0", "two answers", "more than was said"],
)
def test_connection_is_used_once_where_nobody_can_tell_what_comes_next(
    on_loop: OnLoop, first: bytes
) -> None:
    server = Scripted(first, OK)
    assert on_loop(ask_twice(server)) == [b"ok", b"ok"]
    assert [len(asked) for asked in server.asked] == [1, 1]


def test_connection_that_was_idle_for_long_is_not_used(
    on_loop: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Scripted(OK, OK)
    monkeypatch.setattr(connecting, "KEEP_ALIVE_SECONDS", 0)
    assert on_loop(ask_twice(server)) == [b"ok", b"ok"]
    assert [len(asked) for asked in server.asked] == [1, 1]


def test_safe_connections_are_opened_and_kept_as_well(
    on_loop: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server has more to say of its keys when all is agreed: that is nothing unasked."""
    peers = []

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response(text="ok")

    async def ask() -> None:
        async with serve(answer, ssl_context=make_unknown_certificate()) as host:
            address = ("127.0.0.1", int(host.partition(":")[2]))
            certificate = await asyncio.to_thread(ssl.get_server_certificate, address)
            trusting = ssl.create_default_context(cadata=certificate)
            monkeypatch.setattr(connecting, "_trust", lambda: trusting)
            for _ in range(10):
                async with open_http(host) as http:
                    for _ in range(3):
                        assert (await http.request("POST", f"https://{host}/")).body == b"ok"

    on_loop(ask())
    assert len(peers) == 30
    assert len(set(peers)) == 10


@pytest.mark.parametrize("unasked", [OK.replace(b"ok", b"no"), b""], ids=["an answer", "its end"])
def test_what_comes_unasked_is_no_answer_to_the_next_request(
    on_loop: OnLoop, unasked: bytes
) -> None:
    """Also where the loop was too busy to read it before."""
    asked = []

    def serve_one_by_one(listening: socket.socket) -> None:
        for _ in range(2):
            with listening.accept()[0] as accepted, suppress(ConnectionError):
                asked.append(accepted.recv(1000))
                accepted.sendall(OK)
                if len(asked) == 1:
                    answered.wait(5)
                    accepted.sendall(unasked)
                    if unasked:
                        said.set()
                        accepted.recv(1)
            said.set()

    async def ask(host: str) -> bytes:
        async with open_http(host) as http:
            await http.request("POST", f"http://{host}/")
            answered.set()
            said.wait(5)  # the loop stands still meanwhile
            return (await http.request("POST", f"http://{host}/")).body

    answered, said = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve_one_by_one, args=(listening,))
        server.start()
        assert on_loop(ask(f"127.0.0.1:{listening.getsockname()[1]}")) == b"ok"
        server.join(5)
    assert len(asked) == 2


def test_who_waits_for_a_connection_when_the_way_out_closes_sends_nothing(on_loop: OnLoop) -> None:
    server = Scripted(b"", OK)

    async def ask() -> str:
        async with serve_raw(server) as host:
            async with open_http(host, connections=1) as http:
                first, second = (
                    asyncio.create_task(http.request("POST", f"http://{host}/")) for _ in range(2)
                )
                await asyncio.wait_for(server.was_asked.wait(), 5)
            told = await asyncio.gather(first, second, return_exceptions=True)
            return " ".join(type(each).__name__ for each in told)

    assert on_loop(ask()) == "OutcomeUnknown TryLater"


@pytest.mark.parametrize(
    "odd",
    [
        {"headers": {"Authorization": "Bearer canary-\ud800"}},
        {"headers": {"Host": "elsewhere.example"}},
        {"json": {"text": "canary-\ud800"}},
        {"form": {"text": "canary-\ud800"}},
        {"name": "canary-\ud800"},
    ],
    ids=["half a sign in a header", "another host", "in json", "in a form", "in a name"],
)
def test_what_cannot_be_written_is_refused_and_not_shown(
    on_loop: OnLoop, odd: dict[str, Any]
) -> None:
    server = Scripted(OK)

    async def ask() -> None:
        async with talk(server) as (http, url):
            await http.request("POST", url, **odd)

    with pytest.raises(Rejected, match="not allowed in a request") as caught:
        on_loop(ask())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert server.asked == []


def test_answer_that_comes_too_late_is_not_the_next_ones(on_loop: OnLoop) -> None:
    given_up = asyncio.Event()
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(asked)
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if number == 0:
            await given_up.wait()
        writer.write(OK.replace(b"ok", b"%02d" % number))
        await reader.read(-1)

    async def ask() -> bytes:
        async with serve_raw(answer) as host, open_http(host) as http:
            with pytest.raises(OutcomeUnknown, match="did not answer"):
                await http.request("GET", f"http://{host}/", deadline_seconds=0.1)
            given_up.set()
            return (await http.request("GET", f"http://{host}/")).body

    assert on_loop(ask()) == b"01"


def test_answer_before_the_whole_question_ends_the_connection(on_loop: OnLoop) -> None:
    """The rest of a large request is not what the next one begins with."""
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await asyncio.Event().wait()

    async def ask() -> list[int]:
        async with serve_raw(answer) as host, open_http(host) as http:
            return [
                (await http.request("POST", f"http://{host}/", data=data)).status
                for data in (b"x" * 20_000_000, b"")
            ]

    assert on_loop(ask()) == [200, 200]
    assert len(asked) == 2


def test_idle_connections_are_closed_with_the_way_out(on_loop: OnLoop) -> None:
    server = Scripted(OK)

    async def ask() -> None:
        async with serve_raw(server) as host:
            async with open_http(host) as http:
                await http.request("GET", f"http://{host}/")
                assert not server.ended.is_set()
            await asyncio.wait_for(server.ended.wait(), 5)

    on_loop(ask())
