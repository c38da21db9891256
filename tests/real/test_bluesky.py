"""What the adapter promises (``networks/base.py``), against a real Bluesky server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from networks.adapters.bluesky import Bluesky
from networks.base import Consent, Credentials, Post, Profile, Receipt, Registration, Server
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected
from networks.http import Http
from tests.processes import free_port
from tests.real.consenting import sign_in_and_answer
from tests.real.playing import go_out, make_adapter, read_facets
from tests.real.serving import BlueskyAccount, BlueskyServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATE = "state-of-this-test"
LINK = "https://voix.example.org/p?a=1&b=%C3%A9"
TEXT = f"Nous sommes là ✊🏽 & <nous> restons.\n\n{LINK} #climat"
OTHER_KEY = "f" * 32


@dataclass(frozen=True, kw_only=True)
class Linked:
    """An account of the real server, linked through its own consent page."""

    bluesky: BlueskyServer
    account: BlueskyAccount
    network: Bluesky
    server: Server
    registration: Registration
    credentials: Credentials
    profile: Profile

    async def publish(self, http: Http, post: Post) -> Receipt:
        return await self.network.publish(http, self.server, self.credentials, post)

    async def find(self, http: Http, post: Post) -> list[Receipt]:
        return list(await self.network.find(http, self.server, self.credentials, post))

    async def refresh(self, http: Http) -> Linked:
        credentials = await self.network.refresh(
            http, self.server, self.registration, self.credentials
        )
        return replace(self, credentials=credentials)

    def list_there(self) -> list[str]:
        return [post["uri"] for post in self.bluesky.list_posts(self.account.did)]


Link = Callable[..., Linked]


@pytest.fixture
def link(
    page: Page,
    bluesky_server: BlueskyServer,
    bluesky_account: Callable[[str], BlueskyAccount],
) -> Link:
    """Links a new account, or is refused by its owner, in the browser.

    Nobody listens where the browser is sent back to: it is enough that it sets out.
    """
    site_url = f"http://127.0.0.1:{free_port()}"
    redirect_uri = f"{site_url}/link/bluesky/return/"
    network = make_adapter(bluesky_server, site_url=site_url)

    def link_account(name: str, *, allow: bool = True) -> Linked:
        account = bluesky_account(name)

        async def begin(http: Http) -> tuple[Server, Registration, Consent]:
            server, hint = await network.find_server(http, f"@{account.handle}")
            registration = await network.register(http, server, redirect_uri=redirect_uri)
            consent = await network.ask_consent(
                http,
                server,
                registration,
                redirect_uri=redirect_uri,
                state=STATE,
                account_hint=hint,
            )
            return server, registration, consent

        server, registration, consent = go_out(bluesky_server, begin)
        page.goto(consent.url)
        with page.expect_request(f"{redirect_uri}?**") as way_back:
            sign_in_and_answer(page, handle=account.handle, password=account.password, allow=allow)
        answer = dict(parse_qsl(urlsplit(way_back.value.url).query))
        ((credentials, profile),) = go_out(
            bluesky_server,
            lambda http: network.accept_consent(
                http,
                server,
                registration,
                redirect_uri=redirect_uri,
                memo=consent.memo,
                answer=answer,
            ),
        )
        return Linked(
            bluesky=bluesky_server,
            account=account,
            network=network,
            server=server,
            registration=registration,
            credentials=credentials,
            profile=profile,
        )

    return link_account


def write_post(text: str = TEXT, *, key: str = "0123456789abcdef0123456789abcdef") -> Post:
    planned_at = datetime.now(UTC).replace(microsecond=0)
    return Post(text=text, language="fr", planned_at=planned_at, key=key)


def test_linked_account_is_who_agreed(link: Link, bluesky_server: BlueskyServer) -> None:
    linked = link("fanny")
    again = go_out(
        bluesky_server,
        lambda http: linked.network.read_profile(http, linked.server, linked.credentials),
    )
    assert again == linked.profile
    assert again.account_id == linked.credentials.account_id == linked.account.did
    assert again.handle == linked.account.handle
    assert again.followers is None
    assert again.created_at is not None
    assert abs(datetime.now(UTC) - again.created_at) < timedelta(minutes=10)
    assert linked.server.url == bluesky_server.pds_url
    assert linked.server.host == bluesky_server.hosts[0]


def test_refusal_is_a_sentence(link: Link) -> None:
    with pytest.raises(Rejected, match="did not allow"):
        link("gregor", allow=False)


def test_same_post_sent_again_and_again_is_one_record(
    link: Link, bluesky_server: BlueskyServer
) -> None:
    linked, post = link("hanna"), write_post()

    async def work(http: Http) -> tuple[list[Receipt], list[Receipt], list[Receipt]]:
        before = await linked.find(http, post)
        sent = [await linked.publish(http, post)]
        sent += await asyncio.gather(*(linked.publish(http, post) for _ in range(5)))
        return before, sent, await linked.find(http, post)

    before, sent, found = go_out(bluesky_server, work)
    assert before == [], "absence is known"
    [record] = bluesky_server.list_posts(linked.account.did)
    assert {receipt.remote_id for receipt in [*sent, *found]} == {record["uri"]}
    assert found == sent[:1]
    assert record["value"]["text"] == TEXT
    assert read_facets(record["value"]) == [(LINK, LINK), ("#climat", "#climat")]


def test_what_stands_under_a_key_is_never_overwritten(
    link: Link, bluesky_server: BlueskyServer
) -> None:
    linked, post = link("ivan"), write_post()
    altered = replace(post, text="Other words under the same key")

    async def work(http: Http) -> tuple[Receipt, Receipt, list[Receipt]]:
        first = await linked.publish(http, post)
        second = await linked.publish(http, altered)
        return first, second, await linked.find(http, replace(post, key=OTHER_KEY))

    first, second, elsewhere = go_out(bluesky_server, work)
    [record] = bluesky_server.list_posts(linked.account.did)
    assert record["value"]["text"] == TEXT
    assert first == second
    assert elsewhere == []


def test_text_is_counted_as_the_server_counts_it(link: Link, bluesky_server: BlueskyServer) -> None:
    linked = link("jonas")
    fits = "👩‍👩‍👧" * 150 + "é" * 150
    a_grapheme_more = "e" * 301
    a_byte_more = fits[:-1] + "€"
    assert len(fits.encode()) == 3000
    measures = [
        linked.network.measure(linked.server, text) for text in (fits, a_grapheme_more, a_byte_more)
    ]
    assert [each.over for each in measures] == [0, 1, 1]
    assert measures[0].used == 300

    async def work(http: Http) -> None:
        await linked.publish(http, write_post(fits))
        for too_long in (a_grapheme_more, a_byte_more):
            with pytest.raises(Rejected):
                await linked.publish(http, write_post(too_long, key=OTHER_KEY))

    go_out(bluesky_server, work)
    assert len(linked.list_there()) == 1


def test_refreshed_tokens_post_and_spent_ones_end_the_session(
    link: Link, bluesky_server: BlueskyServer
) -> None:
    linked = link("karla")

    async def work(http: Http) -> None:
        fresh = await linked.refresh(http)
        await fresh.publish(http, write_post())
        with pytest.raises(NeedsRelink):
            await linked.publish(http, write_post(key=OTHER_KEY))
        with pytest.raises(NeedsRelink):
            await linked.refresh(http)
        with pytest.raises(NeedsRelink):
            await fresh.publish(http, write_post(key=OTHER_KEY))

    go_out(bluesky_server, work)
    assert len(linked.list_there()) == 1


def test_revoked_authorisation_posts_no_more(link: Link, bluesky_server: BlueskyServer) -> None:
    linked = link("lea")

    async def work(http: Http) -> None:
        await linked.network.revoke(http, linked.server, linked.registration, linked.credentials)
        with pytest.raises(NeedsRelink):
            await linked.publish(http, write_post())
        with pytest.raises(NeedsRelink):
            await linked.refresh(http)

    go_out(bluesky_server, work)
    assert linked.list_there() == []


def test_deactivated_account_posts_nothing_and_proves_nothing(
    link: Link, bluesky_server: BlueskyServer
) -> None:
    linked = link("mona")
    bluesky_server.deactivate(linked.account)

    async def work(http: Http) -> None:
        with pytest.raises(Rejected, match="deactivated"):
            await linked.publish(http, write_post())
        with pytest.raises(OutcomeUnknown):
            await linked.find(http, write_post())

    go_out(bluesky_server, work)
