"""How facebook-sdk is made to send by our own way out."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Mode, Server
from networks.errors import OutcomeUnknown, Rejected, TryLater
from networks.facebook_graph import Graph
from networks.http import Http
from tests.networks.asking import free_port
from tests.networks.boxes import SECRET, fail_of, write_post
from tests.networks.facebook_boxes import CREDENTIALS, FEED, REGISTRATION, with_graph
from tests.networks.servers import serve

MANY = 100


def make_adapter(host: str) -> Facebook:
    return Facebook(
        mode=Mode.AUTOMATIC,
        client_id=REGISTRATION.client_id,
        client_secret=REGISTRATION.client_secret,
        api_url=host,
    )


def publish_at(url: str, *allowed: str) -> Any:
    async def work() -> Any:
        async with Http(user_agent="tests", allowed_hosts=frozenset(allowed)) as http:
            adapter = make_adapter(url)
            server, _ = await adapter.find_server(http, "")
            return await adapter.publish(http, server, CREDENTIALS, write_post())

    return asyncio.run(work())


def wait_for_threads() -> bool:
    """Whether every thread of the adapter's comes to its end."""
    mine = [each for each in threading.enumerate() if "_work" in each.name]
    for thread in mine:
        thread.join(timeout=5)
    return not any(thread.is_alive() for thread in mine)


def test_refused_connection_is_tried_later_since_nothing_left() -> None:
    host = f"127.0.0.1:{free_port()}"
    error = fail_of(lambda: publish_at(f"http://{host}", host))
    assert isinstance(error, TryLater)
    assert error.scope == "host"


def test_guard_holds_for_the_library_too() -> None:
    error = fail_of(lambda: publish_at("http://127.0.0.1:8000"))
    assert isinstance(error, Rejected)


def test_deadline_holds_for_the_library_too() -> None:
    async def wait(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> Any:
        async with (
            serve(wait) as host,
            Http(user_agent="tests", allowed_hosts=frozenset({host})) as http,
        ):
            adapter = make_adapter(f"http://{host}")
            adapter.deadline_seconds = 0.2
            server, _ = await adapter.find_server(http, "")
            return await adapter.publish(http, server, CREDENTIALS, write_post())

    error = fail_of(lambda: asyncio.run(work()))
    assert type(error) is OutcomeUnknown
    assert error.facts["seconds"] == 1
    assert wait_for_threads()


def test_hundred_posts_are_under_way_at_once() -> None:
    arrived, most = 0, 0
    everybody = asyncio.Event()

    async def hold(request: web.Request) -> web.StreamResponse:
        nonlocal arrived, most
        arrived += 1
        most = max(most, arrived)
        if arrived == MANY:
            everybody.set()
        await everybody.wait()
        return web.json_response({"id": f"42_{(await request.post())['message']}"})

    async def work() -> Any:
        async with (
            serve(hold) as host,
            Http(user_agent="tests", allowed_hosts=frozenset({host})) as http,
        ):
            adapter = make_adapter(f"http://{host}")
            server, _ = await adapter.find_server(http, "")
            return await asyncio.gather(
                *(
                    adapter.publish(http, server, CREDENTIALS, write_post(text=str(number)))
                    for number in range(MANY)
                )
            )

    receipts = asyncio.run(work())
    assert most == MANY
    assert [each.remote_id for each in receipts] == [f"42_{number}" for number in range(MANY)]


def test_caller_that_gives_up_before_it_is_sent_sends_nothing() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> bool:
        sending = asyncio.create_task(adapter.publish(http, server, CREDENTIALS, write_post()))
        await asyncio.sleep(0)  # its thread runs, and has said what it wants or is about to
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        # What was there to be sent would be under way before this answer.
        await http.request("GET", f"{server.url}/later")
        return sending.cancelled()

    was_cancelled, box = with_graph({FEED: {"id": "42_7"}}, work)
    assert was_cancelled
    assert box.paths() == ["/later"]
    assert wait_for_threads()


def test_call_that_makes_no_request_is_our_mistake_and_does_not_hang() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        graph = Graph(http=http, url=server.url, version="v25.0", secret="s", deadline_seconds=1)
        return await graph.ask(lambda _api: {"id": "made up"}, access_token=SECRET)

    with pytest.raises(AssertionError, match="one request"):
        with_graph({}, work)


def test_nothing_that_is_shown_holds_a_secret() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> str:
        graph = Graph(
            http=http,
            url=server.url,
            version="v25.0",
            secret=REGISTRATION.client_secret,
            deadline_seconds=1,
        )
        reply = await graph.ask(lambda api: api.get_object("42"), access_token=SECRET)
        return repr((graph, reply))

    shown, _ = with_graph({"/v25.0/42": {"access_token": SECRET}}, work)
    assert SECRET not in shown
    assert REGISTRATION.client_secret not in shown
