"""A small server that plays LinkedIn by halves, and what the tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from networks.adapters.linkedin import LinkedIn
from networks.base import Credentials, Mode, Registration, Server
from networks.http import Http
from tests.networks.boxes import SECRET, Box
from tests.networks.servers import serve

CLIENT_SECRET = "app-secret"
REGISTRATION = Registration(client_id="app", client_secret=CLIENT_SECRET)
REFRESH = "canary-refresh-77aa"
MEMBER = "yrZCpj2Z12"
CREDENTIALS = Credentials(
    network="linkedin",
    account_id=MEMBER,
    access_token=SECRET,
    expires_at=datetime.now(UTC) + timedelta(days=30),
    grant=MEMBER,
)
PARTNER = replace(CREDENTIALS, refresh_token=REFRESH)
POSTS, USERINFO = "/rest/posts", "/v2/userinfo"
TOKEN, REVOKE = "/oauth/v2/accessToken", "/oauth/v2/revoke"
INTROSPECT = "/oauth/v2/introspectToken"
URN = "urn:li:share:6844785523593134080"
TOKENS = {
    "access_token": SECRET,
    "expires_in": 5_184_000,
    "scope": "openid,profile,w_member_social",
}
CLAIMS = {
    "sub": MEMBER,
    "name": "Sam Rivière",
    "given_name": "Sam",
    "family_name": "Rivière",
    "picture": "https://media.licdn.com/dms/image/sam",
    "locale": {"country": "FR", "language": "fr"},
}

Work = Callable[[Http, LinkedIn, Server], Awaitable[Any]]


def with_linkedin(box: Box, work: Work, **options: Any) -> Any:
    """Run ``work`` with the adapter while the box serves as LinkedIn's site and API in one."""

    async def main() -> Any:
        async with serve(box.answer) as host:
            box.host = host
            options.setdefault("settling_seconds", 0)
            adapter = LinkedIn(
                mode=Mode.AUTOMATIC,
                client_id="app",
                client_secret=CLIENT_SECRET,
                api_url=f"http://{host}",
                consent_url=f"http://{host}/",
                **options,
            )
            async with Http(user_agent="tests", allowed_hosts=frozenset({host})) as http:
                server, _ = await adapter.find_server(http, "")
                return await work(http, adapter, server)

    return asyncio.run(main())


def posted() -> Callable[[web.Request], web.Response]:
    """A post that was made: 201, no body."""
    return lambda _request: web.Response(status=201, headers={"x-restli-id": URN})


def fault(status: int, code: str, message: str = "Words", **more: Any) -> dict[str, Any]:
    """An error body as LinkedIn's gateway writes it."""
    return {"status": status, "code": code, "message": message, **more}


def read_form(box: Box, index: int = 0) -> dict[str, str]:
    """What was sent as a form."""
    return dict(parse_qsl(box.bodies[index].decode()))
