"""Small servers that play Mastodon by halves, and what the tests do with them."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.mastodon import Mastodon
from networks.base import Credentials, Mode, Post, Registration, Server
from networks.errors import NetworkError
from networks.http import Http
from tests.networks.servers import serve

SECRET = "canary-token-5c0ffee"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
REGISTRATION = Registration(client_id="app", client_secret="app-secret")
CREDENTIALS = Credentials(network="mastodon", account_id="7", access_token=SECRET)
BACK = "https://speak.example/back"
NODEINFO = {"links": [{"rel": "…/schema/2.0", "href": "{url}/nodeinfo/2.0"}]}
SOFTWARE = {"software": {"name": "mastodon"}}
ACCOUNT = {
    "id": "7",
    "username": "sam",
    "display_name": "Sam",
    "url": "https://m.example/@sam",
    "avatar_static": "https://m.example/sam.png",
    "followers_count": 12,
    "created_at": "2020-05-01T00:00:00.000Z",
}
TOKEN = {"access_token": SECRET, "token_type": "Bearer", "scope": "read:statuses write:statuses"}

Page = object  # JSON, or a function of the request
Site = dict[str, Page]


class Box:
    """A small server: a path and what it answers; everything else is a 404."""

    def __init__(self, pages: Site) -> None:
        self.pages = pages
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.host = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.asked.append(request)
        page = self.pages.get(request.path)
        if page is None:
            return web.json_response({"error": "Record not found"}, status=404)
        if callable(page):
            given = page(request)
            return given if isinstance(given, web.StreamResponse) else web.json_response(given)
        text = json.dumps(page).replace("{url}", f"http://{self.host}")
        return web.json_response(text=text.replace("{host}", self.host))

    def paths(self) -> list[str]:
        return [request.path for request in self.asked]


def with_servers(
    boxes: list[Box], work: Callable[[Http, Mastodon], Awaitable[Any]], **options: Any
) -> Any:
    """Run ``work`` while every box serves; their hosts are the only ones that can be reached."""

    async def main() -> Any:
        async with AsyncExitStack() as stack:
            for box in boxes:
                box.host = await stack.enter_async_context(serve(box.answer))
            hosts = frozenset(box.host for box in boxes)
            http = await stack.enter_async_context(Http(user_agent="tests", allowed_hosts=hosts))
            adapter = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example", **options)
            return await work(http, adapter)

    return asyncio.run(main())


def describe_instance(**changes: Any) -> dict[str, Any]:
    return {"domain": "{host}", "version": "4.5.3", **changes}


def make_server(box: Box, **facts: Any) -> Server:
    url = f"http://{box.host}"
    usual = {
        "domain": "m.example",
        "software": "mastodon",
        "issuer": url,
        "pkce": True,
        "scopes": "read:statuses write:statuses profile",
        "authorize_url": f"{url}/oauth/authorize",
        "token_url": f"{url}/oauth/token",
        "revoke_url": f"{url}/oauth/revoke",
    }
    return Server(
        network="mastodon", host=box.host, url=url, version="4.5.3", facts={**usual, **facts}
    )


def write_post(**changes: Any) -> Post:
    usual = {"text": "Salut #climat", "language": "fr", "planned_at": NOW, "key": "k" * 32}
    return Post(**{**usual, **changes})


def fail_of(work: Callable[[], Any]) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        work()
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert SECRET not in told
    assert "app-secret" not in told
    assert "%(" not in str(caught.value)
    return caught.value


def refuse(status: int, body: Any = None, **headers: str) -> Page:
    def answer(_request: web.Request) -> web.Response:
        if isinstance(body, str):
            return web.Response(text=body, status=status, headers=headers, content_type="text/html")
        return web.json_response(body, status=status, headers=headers)

    return answer
