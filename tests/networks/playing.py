"""A Bluesky server that says what a test tells it to, for what the simulator is too honest for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from aiohttp import web

from networks.adapters.bluesky import Bluesky
from networks.atproto_records import make_rkey
from networks.base import Consent, Credentials, Mode, Post, Profile, Registration, Server
from networks.errors import NetworkError
from networks.http import Http
from tests.networks.servers import serve

T = TypeVar("T")
SITE_URL = "http://127.0.0.1:8000"
REDIRECT_URI = f"{SITE_URL}/link/back"
TEXT = "Écoutez 🌊 https://example.org/é #été2026 (exemple.fr) @rae.test 👨‍👩‍👧"
PLANNED = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
POST = Post(text=TEXT, language="fr", planned_at=PLANNED, key="0123456789abcdef" * 2)
PUT = "/xrpc/com.atproto.repo.putRecord"
GET = "/xrpc/com.atproto.repo.getRecord"
SAM = "did:plc:samsamsamsamsamsamsamsam"
RAE = "did:plc:raeraeraeraeraeraeraerae"

URI = f"at://{SAM}/app.bsky.feed.post/{make_rkey(POST)}"

# An answer: a status, a JSON (or text that is none), headers.
Said = tuple[int, Any, dict[str, str]]
STANDING: Said = (200, {"uri": URI, "cid": "bafy", "value": {"text": "other"}}, {})


@dataclass
class Player:
    """Resolver, directory, authorization server and PDS at one address.

    ``lines`` says what a path answers, in turn, the last for ever; ``seen`` keeps every request
    with its form or JSON and headers. ``homes`` says where accounts live, "" for here.
    """

    lines: dict[str, list[Said]] = field(default_factory=dict)
    seen: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=lambda: {SAM: ""})
    handles: dict[str, str] = field(default_factory=lambda: {"sam.test": SAM, "rae.test": RAE})
    issuer: str = ""
    subject: str = SAM
    scope: str = ""

    def say(self, path: str, *said: Said) -> None:
        """Set what a path answers."""
        self.lines[path] = list(said)

    def list_seen(self, path: str) -> list[tuple[Any, dict[str, str]]]:
        """Give what was sent to a path."""
        return [(body, headers) for seen, body, headers in self.seen if seen == path]

    @asynccontextmanager
    async def play(self) -> AsyncIterator[str]:
        """Serve; gives the ``host:port``."""
        async with serve(self._answer) as host:
            yield host

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        origin = f"http://{request.host}"
        is_json = request.content_type == "application/json"
        body = await request.json() if is_json else dict(await request.post())
        self.seen.append((request.path, body, dict(request.headers)))
        if lines := self.lines.get(request.path):
            status, content, headers = lines.pop(0) if len(lines) > 1 else lines[0]
        else:
            status, content, headers = self._improvise(request, body, origin=origin)
        if isinstance(content, str):
            return web.Response(status=status, text=content, headers=headers)
        return web.json_response(content, status=status, headers=headers)

    def _improvise(self, request: web.Request, body: Any, *, origin: str) -> Said:
        """What an ordinary server says."""
        issuer = self.issuer or origin
        good: dict[str, Any] = {
            "/.well-known/oauth-protected-resource": {
                "resource": origin,
                "authorization_servers": [issuer],
            },
            "/.well-known/oauth-authorization-server": {
                "issuer": origin,
                "authorization_endpoint": f"{origin}/oauth/authorize",
                "token_endpoint": f"{origin}/oauth/token",
                "pushed_authorization_request_endpoint": f"{origin}/oauth/par",
                "revocation_endpoint": f"{origin}/oauth/revoke",
            },
            "/xrpc/com.atproto.identity.resolveHandle": {
                "did": self.handles.get(request.query.get("handle", ""))
            },
            "/oauth/par": {"request_uri": "urn:x"},
            "/oauth/token": {
                "access_token": "access-canary",
                "refresh_token": "refresh-canary",
                "token_type": "DPoP",
                "expires_in": 3600,
                "sub": self.subject,
                "scope": self.scope or body.get("scope") or "atproto transition:generic",
            },
            "/oauth/revoke": {},
            "/xrpc/com.atproto.server.getSession": {"did": SAM, "active": True},
            "/xrpc/_health": {"version": "0.4.999"},
        }
        did = request.path.removeprefix("/")
        if did in self.homes:
            handle = next((name for name, each in self.handles.items() if each == did), "")
            good[request.path] = {
                "id": did,
                "alsoKnownAs": [f"at://{handle}"],
                "service": [
                    {
                        "id": "#atproto_pds",
                        "type": "AtprotoPersonalDataServer",
                        "serviceEndpoint": self.homes[did] or origin,
                    }
                ],
            }
        if request.path not in good:
            return 404, {"error": "NotFound"}, {}
        return 201 if request.path == "/oauth/par" else 200, good[request.path], {}


def build(player_host: str = "", **changes: Any) -> Bluesky:
    """Build the adapter so that everything is looked up at one player."""
    facts: dict[str, Any] = {
        "mode": Mode.AUTOMATIC,
        "site_url": SITE_URL,
        "plc_url": f"http://{player_host}",
        "resolver_url": f"http://{player_host}",
        "allowed_hosts": frozenset({player_host}),
    }
    return Bluesky(**(facts | changes))


@dataclass
class Stage:
    """One player, the adapter that speaks to it, and a way out that reaches nothing else."""

    http: Http
    network: Bluesky
    host: str
    player: Player

    async def find(self, address: str = "sam.test") -> tuple[Server, str]:
        return await self.network.find_server(self.http, address)

    async def ask(self, address: str = "sam.test") -> tuple[Server, Registration, Consent]:
        server, hint = await self.find(address)
        registration = await self.network.register(self.http, server, redirect_uri=REDIRECT_URI)
        consent = await self.network.ask_consent(
            self.http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            state="state",
            account_hint=hint,
        )
        return server, registration, consent

    async def link(self, address: str = "sam.test") -> tuple[Server, Credentials, Profile]:
        server, registration, consent = await self.ask(address)
        answer = {"state": "state", "iss": consent.memo["issuer"], "code": "code"}
        ((credentials, profile),) = await self.network.accept_consent(
            self.http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=answer,
        )
        return server, credentials, profile

    async def publish(self, **changes: Any) -> Any:
        server, credentials, _ = await self.link()
        changed = replace(credentials, **changes)
        return await self.network.publish(self.http, server, changed, POST)


def play(player: Player, work: Callable[[Stage], Awaitable[T]], **changes: Any) -> T:
    """Let a coroutine meet a player."""

    async def main() -> T:
        async with player.play() as host:
            network = build(host, **changes)
            hosts = frozenset({host, *changes.get("allowed_hosts", ())})
            async with Http(user_agent="tests", allowed_hosts=hosts) as http:
                return await work(Stage(http, network, host, player))

    return asyncio.run(main())


def fail_of(work: Callable[[], Any]) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        work()
    return caught.value
