"""The one way out: what it sends, what it gives back, and where it does not go."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web
from yarl import URL

from networks.errors import NetworkError, Rejected, TryLater
from networks.http import Answer, NotJson
from tests.networks.asking import FixedResolver, fail_of, free_port, open_http
from tests.networks.servers import serve


def test_answer_has_status_headers_and_body_without_the_query_in_its_url() -> None:
    async def answer(request: web.Request) -> web.Response:
        body = {"q": request.query["q"], "form": (await request.post())["status"]}
        return web.json_response(body, status=201, headers={"X-Thing": "yes"})

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            return await http.request(
                "POST", f"http://{host}/a", params={"q": "é&="}, form={"status": "Ça & là"}
            )

    answer_given = asyncio.run(run())
    assert answer_given.status == 201
    assert answer_given.headers["x-thing"] == "yes"
    assert answer_given.json() == {"q": "é&=", "form": "Ça & là"}
    assert answer_given.url.endswith("/a")


def test_json_and_raw_bodies_arrive_as_given() -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type=request.content_type)

    async def run() -> tuple[Answer, Answer]:
        async with serve(echo) as host, open_http(host) as http:
            as_json = await http.request("POST", f"http://{host}/", json={"text": "été"})
            raw = await http.request(
                "POST", f"http://{host}/", data=b"\x00\xff", headers={"Content-Type": "image/png"}
            )
            return as_json, raw

    as_json, raw = asyncio.run(run())
    assert as_json.json() == {"text": "été"}
    assert as_json.headers["Content-Type"].startswith("application/json")
    assert raw.body == b"\x00\xff"
    assert raw.headers["Content-Type"].startswith("image/png")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("urn:li:share:1", "/a/urn%3Ali%3Ashare%3A1"),
        ("../b?c#d", "/a/..%2Fb%3Fc%23d"),
        ("é%2F", "/a/%C3%A9%252F"),
        ("", "/a"),
    ],
)
def test_name_is_one_part_of_the_path_with_all_of_its_signs_encoded(name: str, path: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.rel_url.raw_path_qs)

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            url = f"http://{host}/a"
            return await http.request("DELETE", url, name=name, params={"q": "1"})

    assert asyncio.run(run()).body.decode() == f"{path}?q=1"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": ', b"\xff\xfe", b"[" * 200_000])
def test_what_is_not_json_is_told_without_its_content(body: bytes) -> None:
    answer = Answer(200, {}, body, URL("https://mastodon.social/"))  # type: ignore[arg-type]
    with pytest.raises(NotJson) as caught:
        answer.json()
    assert str(caught.value) == "not JSON"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://mastodon.social/",
        "https://mastodon.social:22/",
        "https://user@mastodon.social/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::7f00:1]/",
        "https://localhost/",
        "https://mastodon.social./",
        "ftp://mastodon.social/",
        "file:///etc/passwd",
        "//mastodon.social/",
        "nonsense",
        "",
        "https://",
        "https://[",
        "http://127.0.0.1:8102/",
        "http://127.0.0.2:8101/",
        "http://localhost:8101/",
    ],
)
def test_address_that_may_not_be_asked_is_refused_before_any_socket(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = FixedResolver("127.0.0.1")

    async def run() -> None:
        async with open_http("127.0.0.1:8101", resolver=resolver) as http:
            monkeypatch.setattr(socket, "socket", None)
            try:
                await http.request("GET", url)
            finally:
                monkeypatch.undo()

    assert isinstance(fail_of(run()), Rejected)
    assert resolver.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::1", "64:ff9b::7f00:1", "fec0::1"],
)
def test_name_that_resolves_to_a_private_address_is_refused_at_connect(address: str) -> None:
    async def run() -> None:
        async with open_http(resolver=FixedResolver(address)) as http:
            await http.request("GET", "https://mastodon.social/")

    error = fail_of(run())
    assert isinstance(error, Rejected)
    assert "mastodon.social is not a public server" in str(error)


def test_name_with_several_private_addresses_is_refused_at_each() -> None:
    async def run() -> None:
        async with open_http(resolver=FixedResolver("127.0.0.1", "::1", "10.0.0.1")) as http:
            await http.request("GET", "https://mastodon.social/")

    assert isinstance(fail_of(run()), Rejected)


def test_exception_holds_for_its_own_port_only_even_when_a_name_leads_there() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="reached")

    async def run() -> None:
        async with (
            serve(answer) as host,
            open_http(host, resolver=FixedResolver("127.0.0.1")) as http,
        ):
            assert (await http.request("GET", f"http://{host}/")).body == b"reached"
            await http.request("GET", f"https://mastodon.social:{host.partition(':')[2]}/")

    assert isinstance(fail_of(run()), Rejected)


def test_redirect_is_given_back_not_followed() -> None:
    followed = []

    async def answer(request: web.Request) -> web.Response:
        followed.append(request.path)
        return web.Response(status=302, headers={"Location": "/inside"})

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            return await http.request("GET", f"http://{host}/outside")

    assert asyncio.run(run()).status == 302
    assert followed == ["/outside"]


def test_cookies_of_one_request_are_not_sent_with_the_next() -> None:
    async def answer(request: web.Request) -> web.Response:
        given = web.Response(text=request.headers.get("Cookie", "none"))
        given.set_cookie("session", "sam")
        return given

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            await http.request("GET", f"http://{host}/")
            return await http.request("GET", f"http://{host}/")

    assert asyncio.run(run()).body == b"none"


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="direct")

    async def run() -> Answer:
        async with serve(answer) as host, open_http(host) as http:
            return await http.request("GET", f"http://{host}/")

    assert asyncio.run(run()).body == b"direct"


def test_who_listens_is_told_what_came_of_each_request_also_behind_a_gate() -> None:
    heard: list[str] = []

    def listen(outcome: Answer | NetworkError) -> None:
        heard.append(str(outcome.status) if isinstance(outcome, Answer) else type(outcome).__name__)

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/cut":
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=503 if request.path == "/down" else 200)

    async def refuse() -> bool:
        return False

    async def run() -> None:
        nobody = f"127.0.0.1:{free_port()}"
        async with serve(answer) as host, open_http(host, nobody) as http:
            heeded = http.heard_by(listen)
            await heeded.request("POST", f"http://{host}/")
            await heeded.behind(lambda: asyncio.sleep(0, result=True)).request(
                "POST", f"http://{host}/down"
            )
            for url in (f"http://{host}/cut", f"http://{nobody}/"):
                with pytest.raises(NetworkError):
                    await heeded.request("POST", url)
            with pytest.raises(TryLater):  # nothing went out, so there is nothing to hear
                await heeded.behind(refuse).request("POST", f"http://{host}/")
            await http.request("GET", f"http://{host}/")

    asyncio.run(run())
    assert heard == ["200", "503", "OutcomeUnknown", "TryLater"]


def test_nothing_but_a_look_passes_a_gate_that_is_shut() -> None:
    asked: list[str] = []
    answers = [True, False, False]

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response()

    async def gate() -> bool:
        return answers.pop(0)

    async def run() -> None:
        async with serve(answer) as host, open_http(host) as http:
            gated = http.behind(gate)
            await gated.request("POST", f"http://{host}/")
            for method in ("POST", "DELETE"):
                with pytest.raises(TryLater) as caught:
                    await gated.request(method, f"http://{host}/")
                assert caught.value.scope == "account"
            await gated.request("GET", f"http://{host}/")
            await http.request("POST", f"http://{host}/")

    asyncio.run(run())
    assert asked == ["POST", "GET", "POST"]
