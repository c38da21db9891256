"""A small server that plays X by halves, and what the tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from networks.adapters.x import X
from networks.base import Credentials, Mode, Post, Registration, Server
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, Site
from tests.networks.servers import serve

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
WEB_URL = "https://x.example"
BACK = "https://speak.example/back"
REGISTRATION = Registration(client_id="app", client_secret="app-secret")
TEXT = "Three barriers & <more>: https://voix.example.org/p?a=1&b=%C3%A9 #river"
POSTS = "/2/users/7/tweets"
ME = {
    "id": "7",
    "name": "Sam",
    "username": "sam_x",
    "created_at": "2020-05-01T00:00:00.000Z",
    "profile_image_url": "https://pbs.example/sam.png",
    "public_metrics": {"followers_count": 12},
}
TOKENS = {
    "token_type": "bearer",
    "expires_in": 7200,
    "access_token": SECRET,
    "refresh_token": "refresh-canary",
    "scope": "tweet.read tweet.write users.read offline.access",
}

Work = Callable[[Http, X, Server], Awaitable[Any]]


def hold(**changes: Any) -> Credentials:
    """Sam's credentials, good for another hour."""
    usual = {
        "network": "x",
        "account_id": "7",
        "access_token": SECRET,
        "refresh_token": "refresh-canary",
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
    }
    return Credentials(**{**usual, **changes})


def write_post(**changes: Any) -> Post:
    usual = {"text": TEXT, "language": "en", "planned_at": NOW, "key": "k" * 32}
    return Post(**{**usual, **changes})


def with_x(pages: Site, work: Work, *, deadline_seconds: float = 5.0) -> tuple[Any, Box]:
    """Run ``work`` against a server with these pages, which is the only one that can be reached."""
    box = Box(pages)

    async def main() -> Any:
        async with serve(box.answer) as host:
            box.host = host
            network = X(
                mode=Mode.AUTOMATIC,
                client_id="app",
                client_secret="app-secret",
                api_url=f"http://{host}",
                consent_url=WEB_URL,
            )
            network.deadline_seconds = deadline_seconds
            async with Http(user_agent="tests", allowed_hosts=frozenset({host})) as http:
                server, _ = await network.find_server(http, "")
                return await work(http, network, server)

    return asyncio.run(main()), box


def write_status(number: int, *, minutes: float = 1, **changes: Any) -> dict[str, Any]:
    """A post as X gives it back: links are its own, signs are as in HTML."""
    usual = {
        "id": str(number),
        "created_at": (NOW + timedelta(minutes=minutes)).isoformat(),
        "text": "Three barriers &amp; &lt;more&gt;: https://t.co/aBcDeFgHiJ #river",
        "entities": {
            "urls": [
                {
                    "start": 36,
                    "end": 59,
                    "url": "https://t.co/aBcDeFgHiJ",
                    "expanded_url": "https://voix.example.org/p?a=1&b=%C3%A9",
                    "display_url": "voix.example.org/p?a=1&b=%C3%A9",
                }
            ]
        },
    }
    return {**usual, **changes}


def write_other(number: int, *, minutes: float = 1) -> dict[str, Any]:
    return write_status(number, minutes=minutes, text="Something else", entities={})


def show(*statuses: dict[str, Any], next_token: str = "") -> dict[str, Any]:
    """A page of an account's posts."""
    meta: dict[str, Any] = {"result_count": len(statuses)}
    if next_token:
        meta["next_token"] = next_token
    return {"data": list(statuses), "meta": meta} if statuses else {"meta": meta}


def by_method(**pages: Page) -> Page:
    """One path that answers each method differently: GET, POST."""

    def answer(request: web.Request) -> Any:
        page = pages[request.method]
        return page(request) if callable(page) else page

    return answer


def refuse_with(status: int, title: str, detail: str, kind: str = "", **headers: str) -> Page:
    """A problem as X words it."""
    body: dict[str, Any] = {"title": title, "detail": detail, "type": "about:blank"}
    if kind:
        body["type"] = f"https://api.twitter.com/2/problems/{kind}"

    def answer(_request: web.Request) -> web.Response:
        return web.json_response(body | {"status": status}, status=status, headers=headers)

    return answer
