"""Who plays the contract suite here: Sam at a real Bluesky server, and at somebody else's Mastodon.

A real server is no simulator: nothing in it fails at will. What it does not do is a fact of its
kind (``tests/networks/casting.py``); what it should refuse and does not is named there as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from networks.base import Consent
from networks.http import Http
from tests.networks.casting import REDIRECT_URI, Cast, Kind, Standing
from tests.real.bluesky_serving import BlueskyAccount, BlueskyServer
from tests.real.consenting import sign_in_and_answer
from tests.real.mastodon_serving import MastodonAccount, MastodonServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

BLUESKY = Kind(
    name="bluesky",
    has_servers=True,
    keeps_keys=True,
    renews=True,
    shows_followers=False,  # it takes an AppView to know them,
    counts=False,  # and likes and reposts as well
    counts_for_anybody=True,  # though whoever can ask needs no account
    deletes=True,
)
MASTODON = Kind(
    name="mastodon",
    has_servers=True,
    keeps_keys=True,
    deletes=True,
    lax_about={
        "test_denied_consent_is_a_sentence_and_nothing_more": (
            "its page of consent has a button for every account, and none to say no"
        ),
        "test_code_is_good_once": (
            "it checks nothing of a code: not whether it was used, nor whose secret, address or "
            "PKCE verifier comes with it"
        ),
    },
)
REAL = (BLUESKY, MASTODON)


@dataclass(kw_only=True)
class RealCast(Cast):
    """Sam at a real server, which is given as ``server``."""

    _calls: SimpleQueue[Callable[[], None] | None] = field(default_factory=SimpleQueue)

    def run(self, work: Callable[[Http], Awaitable[Any]]) -> Any:
        """Run it on a thread of its own; Playwright's event loop already runs in this one.

        Meanwhile this one does what the other asks of it, since pages answer here alone.
        """

        async def main() -> Any:
            async with Http(user_agent="tests", allowed_hosts=self.hosts) as http:
                return await work(http)

        with ThreadPoolExecutor(max_workers=1) as pool:
            working = pool.submit(lambda: asyncio.run(main()))
            working.add_done_callback(lambda _: self._calls.put(None))
            while (call := self._calls.get()) is not None:
                call()
            return working.result()

    def do_here(self, work: Callable[[], Any]) -> Any:
        """Let the test's own thread do something, from within ``run``; gives what comes of it."""
        future: Future[Any] = Future()

        def do() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 (raised again where it was asked for)
                future.set_exception(error)

        self._calls.put(do)
        return future.result()


@dataclass(kw_only=True)
class BlueskyCast(RealCast):
    """Sam at a real Bluesky server, whose page of consent is walked in a browser."""

    server: BlueskyServer
    account: BlueskyAccount
    page: Page
    is_closed: bool = False

    def agree(self, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        return dict(self.do_here(lambda: self._answer(consent.url, allow=decision == "allow")))

    def _answer(self, url: str, *, allow: bool) -> dict[str, str]:
        # Nobody listens where the browser is sent back to: it is enough that it sets out.
        back = f"{REDIRECT_URI}?**"
        self.page.route(back, lambda route: route.fulfill(body=""))
        self.page.goto(url)
        with self.page.expect_request(back) as way_back:
            sign_in_and_answer(
                self.page,
                handle=self.account.handle,
                password=self.account.password,
                allow=allow,
            )
        return dict(parse_qsl(urlsplit(way_back.value.url).query))

    def list_posts(self) -> Sequence[Standing]:
        if self.is_closed:
            self.server.activate(self.account)  # it hides what stands there as long as it is closed
        return [
            Standing(text=post["value"]["text"], remote_id=post["uri"])
            for post in self.server.list_posts(self.account.did)
        ]

    def remove_posts(self) -> None:
        self.server.delete_posts(self.account)

    def close_account(self) -> None:
        self.server.deactivate(self.account)
        self.is_closed = True


@dataclass(kw_only=True)
class MastodonCast(RealCast):
    """Sam at somebody else's Mastodon."""

    server: MastodonServer
    account: MastodonAccount

    def agree(self, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        assert decision == "allow", "its page offers nothing else"
        back, answer = self.server.give_consent(consent.url, username=self.account.username)
        assert back == REDIRECT_URI
        return answer

    def list_posts(self) -> Sequence[Standing]:
        return [
            Standing(text=post["text"], remote_id=post["id"])
            for post in self.server.list_posts(self.account)
        ]

    def remove_posts(self) -> None:
        self.server.delete_posts(self.account)

    def close_account(self) -> None:
        self.server.disable(self.account)
