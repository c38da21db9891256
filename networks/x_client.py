"""X's API as tweepy speaks it, but over our own way out.

tweepy knows the routes and their parameters, and no more is asked of it. It never sees what X
answers: of bodies that are no JSON, or not the JSON it expects, it makes errors of any kind, which
say nothing of what X did. It never holds a token either, since its logger
(``tweepy.asynchronous.client``) prints the headers that it believes it sends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse
from tweepy.asynchronous import AsyncClient

from networks.base import Credentials
from networks.errors import NetworkError, OutcomeUnknown, TryLater
from networks.http import Answer, Http
from networks.x_refusals import UNREADY, explain_refusal, explain_undeleted, explain_unread

MAX_BYTES = 4_000_000  # a hundred posts with all that is asked of each


@dataclass(frozen=True, kw_only=True)
class Client:
    """X's API as one account uses it; each request ends by its deadline."""

    http: Http
    api_url: str
    credentials: Credentials
    deadline_seconds: float

    async def call(self, method: str, *args: str, **params: object) -> Answer:
        """Make the one request of a method of tweepy's client, and give what X answered.

        Whatever its status: nothing is repeated, and nothing waits for a limit to pass. Raises what
        ``Http.request`` raises.
        """
        client = AsyncClient(return_type=ClientResponse, wait_on_rate_limit=False)
        client.session = _Session(self)
        reply: _Reply = await getattr(client, method)(*args, **params)
        return reply.answer

    async def read(self, method: str, *args: str, **params: object) -> Answer:
        """The same for what changes nothing, so that its unknown outcome is a delay: TryLater."""
        try:
            return await self.call(method, *args, **params)
        except OutcomeUnknown:
            raise TryLater(UNREADY, scope="host") from None

    def explain(self, answer: Answer) -> NetworkError:
        """Say what a refusal means for a post."""
        return explain_refusal(
            answer, secret=self.credentials.access_token, can_refresh=self._has_run_out()
        )

    def explain_undeleted(self, answer: Answer) -> NetworkError:
        """Say what a refusal means for a post that was to be deleted."""
        return explain_undeleted(
            answer, secret=self.credentials.access_token, can_refresh=self._has_run_out()
        )

    def explain_unread(self, answer: Answer) -> NetworkError:
        """Say what a refusal means for what was to be read."""
        return explain_unread(
            answer, secret=self.credentials.access_token, can_refresh=self._has_run_out()
        )

    def _has_run_out(self) -> bool:
        """Whether the access token is at its end by our own clock, and can be renewed."""
        ends_at = self.credentials.expires_at
        can_renew = bool(self.credentials.refresh_token)
        return can_renew and ends_at is not None and ends_at <= datetime.now(UTC)


class _Session:
    """What tweepy takes for an aiohttp session."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[_Reply]:
        """Send one request, at the address of ours and with the token that tweepy knows not."""
        answer = await self._client.http.request(
            method,
            f"{self._client.api_url}{urlsplit(url).path}",
            headers={"Authorization": f"Bearer {self._client.credentials.access_token}"},
            params={name: str(value) for name, value in (params or {}).items()},
            json=json,
            deadline_seconds=self._client.deadline_seconds,
            max_bytes=MAX_BYTES,
        )
        yield _Reply(answer)


class _Reply:
    """What tweepy takes for aiohttp's response: always a good one, which it gives as it is."""

    status = 200
    reason = "OK"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.headers = answer.headers

    async def read(self) -> bytes:
        return self.answer.body
