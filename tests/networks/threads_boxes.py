"""A small server that plays Threads by halves, and what the tests do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from networks.adapters.threads import Threads
from networks.base import Credentials, Mode, Registration, Server
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, Site
from tests.networks.servers import serve

REGISTRATION = Registration(client_id="app", client_secret="app-secret")
ME = "178414057931872"
CREDENTIALS = Credentials(
    network="threads",
    account_id=ME,
    access_token=SECRET,
    refresh_token=SECRET,
    expires_at=datetime.now(UTC) + timedelta(days=30),
    extra={"issued_at": (datetime.now(UTC) - timedelta(days=30)).isoformat()},
)
CONTAINER, MEDIA = "17889615691921648", "18038000000000001"
PERMALINK = "https://www.threads.com/@sam/post/Pp"
MAKE = LIST = f"/v1.0/{ME}/threads"
PUBLISH = f"/v1.0/{ME}/threads_publish"
STATE, SHOW, NUMBERS = f"/v1.0/{CONTAINER}", f"/v1.0/{MEDIA}", f"/v1.0/{MEDIA}/insights"
PROFILE, FOLLOWERS = "/v1.0/me", f"/v1.0/{ME}/threads_insights"
LIMIT = f"/v1.0/{ME}/threads_publishing_limit"
TOKEN, LONG, RENEW = "/oauth/access_token", "/access_token", "/refresh_access_token"

Work = Callable[[Http, Threads, Server], Awaitable[Any]]


def with_threads(box: Box, work: Work, **options: Any) -> Any:
    """Run ``work`` with the adapter while the box serves as Threads' site and API in one."""

    async def main() -> Any:
        async with serve(box.answer) as host:
            box.host = host
            options.setdefault("settle_seconds", 0.01)
            deadline_seconds = options.pop("deadline_seconds", 2.0)
            adapter = Threads(
                mode=Mode.AUTOMATIC,
                client_id=REGISTRATION.client_id,
                client_secret=REGISTRATION.client_secret,
                api_url=f"http://{host}",
                consent_url=f"http://{host}/",
                **options,
            )
            adapter.deadline_seconds = deadline_seconds
            async with Http(user_agent="tests", allowed_hosts=frozenset({host})) as http:
                server, _ = await adapter.find_server(http, "")
                return await work(http, adapter, server)

    return asyncio.run(main())


def good_pages(**changes: Page) -> Site:
    """Everything that posting takes; what is changed is named as the constants above are."""
    site = {
        MAKE: {"id": CONTAINER},
        PUBLISH: {"id": MEDIA},
        SHOW: {"id": MEDIA, "permalink": PERMALINK},
        STATE: {"id": CONTAINER, "status": "FINISHED"},
    }
    return {**site, **{globals()[name]: page for name, page in changes.items()}}


def complain(
    code: object, message: str = "Words", *, status: int = 400, **more: Any
) -> Callable[[web.Request], web.Response]:
    """A Graph error."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}
    return lambda _request: web.json_response({"error": error}, status=status)


def in_turn(*pages: Page) -> Callable[[web.Request], web.StreamResponse]:
    """One answer after the other, the last for ever."""
    left = list(pages)

    def answer(request: web.Request) -> web.StreamResponse:
        page: Any = left.pop(0) if len(left) > 1 else left[0]
        given = page(request) if callable(page) else page
        return given if isinstance(given, web.StreamResponse) else web.json_response(given)

    return answer


def read_form(box: Box, index: int = 0) -> dict[str, str]:
    """What was sent as a form."""
    return dict(parse_qsl(box.bodies[index].decode(), keep_blank_values=True))
