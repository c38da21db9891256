"""A small server that plays the Graph API by halves, and what the tests of Facebook do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Credentials, Mode, Registration, Server
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page
from tests.networks.servers import serve

APP_SECRET = "app-secret"
REGISTRATION = Registration(client_id="77", client_secret=APP_SECRET)
CREDENTIALS = Credentials(
    network="facebook",
    account_id="42",
    access_token=SECRET,
    extra={"person": "9"},
    grant="person:9",
)
WEBSITE = "https://www.facebook.example"
FEED = "/v25.0/42/feed"
NO_PAGE = (
    "Facebook named no Page on which you may post. Nobody can post to a personal profile this way: "
    "choose a Page on which you may create content, or take part by posting yourself."
)

Work = Callable[[Http, Facebook, Server], Awaitable[Any]]


def with_graph(pages: dict[str, Page], work: Work, **options: Any) -> tuple[Any, Box]:
    """Run ``work`` while a box answers as ``pages`` says; gives what came out, and the box."""
    box = Box(pages)

    async def main() -> Any:
        async with serve(box.answer) as host:
            box.host = host
            async with Http(user_agent="tests", allowed_hosts=frozenset({host})) as http:
                adapter = Facebook(
                    mode=Mode.AUTOMATIC,
                    client_id=REGISTRATION.client_id,
                    client_secret=REGISTRATION.client_secret,
                    api_url=f"http://{host}",
                    consent_url=WEBSITE,
                    **options,
                )
                server, _ = await adapter.find_server(http, "")
                return await work(http, adapter, server)

    return asyncio.run(main()), box


def refuse(code: int | None, *, status: int = 400, headers: Any = None, **error: Any) -> Page:
    """Refuse as the Graph API does; ``error`` are further members."""
    said = {"message": "Words", "type": "OAuthException", **error}
    if code is not None:
        said["code"] = code

    def answer(_request: web.Request) -> web.Response:
        return web.json_response({"error": said}, status=status, headers=headers)

    return answer


def describe_page(page_id: str = "42", **changes: Any) -> dict[str, Any]:
    return {
        "id": page_id,
        "name": "Les amis du fleuve",
        "link": "https://www.facebook.com/fleuve",
        "followers_count": 1200,
        "picture": {"data": {"url": "https://scontent.example/42.jpg"}},
        "access_token": f"{SECRET}-page-{page_id}",
        "tasks": ["ANALYZE", "CREATE_CONTENT"],
        **changes,
    }


def say(body: bytes, *, status: int = 200, kind: str = "application/json") -> Page:
    """Answer with these bytes."""

    def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={"Content-Type": kind})

    return answer


def read_form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))
