"""What people do with the product and a real server, in a browser, and what is seen there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from networks.adapters.bluesky import Bluesky
from networks.base import Mode
from networks.http import Http
from tests.browsing import NewPage
from tests.processes import Product, wait_until
from tests.real.bluesky_serving import BlueskyAccount, BlueskyServer
from tests.real.consenting import sign_in_and_answer
from tests.real.mastodon_serving import MastodonAccount
from tests.walking import (
    Draft,
    add_second_factor,
    agree,
    ask_to_lend,
    send_for_review,
    sign_in,
    validate_campaign,
    write_campaign,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from accounts.models import User
    from campaigns.models import Campaign

Result = TypeVar("Result")


class StartProduct(Protocol):
    """Starts the site against one network."""

    def __call__(
        self, *, hosts: Iterable[str], environment: Mapping[str, str] | None = None
    ) -> Product:
        """Return the product, whose web server answers; worker and beat are not started.

        ``hosts`` are the only ``host:port`` it may reach, ``environment`` its settings.
        """


def walk_to_approval(
    new_page: NewPage, draft: Draft, *, product: Product, olive: User, rae: User
) -> tuple[Page, Campaign]:
    """Olive writes a campaign, Rae validates it; gives Olive's page, and the campaign."""
    from campaigns.models import Campaign

    organiser = new_page(site_url=product.url)
    sign_in(organiser, email=olive.email)
    uid = write_campaign(organiser, draft)
    send_for_review(organiser)
    admin = new_page(site_url=product.url)
    sign_in(admin, email=rae.email, secret=add_second_factor(rae), to="/admin/")
    validate_campaign(admin, draft.title)
    campaign = Campaign.objects.get(uid=uid)
    assert campaign.state == "scheduled"
    return organiser, campaign


def make_adapter(server: BlueskyServer, *, site_url: str) -> Bluesky:
    """The adapter as the product builds it against this server."""
    return Bluesky(
        mode=Mode.AUTOMATIC,
        site_url=site_url,
        plc_url=server.plc_url,
        resolver_url=server.pds_url,
        allowed_hosts=frozenset(server.hosts),
    )


def go_out(server: BlueskyServer, work: Callable[[Http], Awaitable[Result]]) -> Result:
    """Run one coroutine function with an ``Http`` that may reach this server, and no other.

    On a thread of its own: Playwright's event loop already runs in this one.
    """

    async def main() -> Result:
        async with Http(user_agent="tests", allowed_hosts=frozenset(server.hosts)) as http:
            return await work(http)

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(main())).result()


def lend_bluesky(
    page: Page, account: BlueskyAccount, *, slug: str, own_words: str = "", is_shown: bool = False
) -> str:
    """Lend an account to a campaign, all of it by the browser; returns the words agreed to."""
    ask_to_lend(page, slug, network="Bluesky", address=account.handle)
    sign_in_and_answer(page, handle=account.handle, password=account.password)
    return agree_to_words(page, slug=slug, own_words=own_words, is_shown=is_shown)


def lend_mastodon(
    page: Page,
    account: MastodonAccount,
    *,
    host: str,
    slug: str,
    own_words: str = "",
    is_shown: bool = False,
) -> str:
    """The same with an account of the server that is reached at ``host``."""
    ask_to_lend(page, slug, network="Mastodon", address=host)
    page.get_by_role("button", name=f"(@{account.username})").click()
    return agree_to_words(page, slug=slug, own_words=own_words, is_shown=is_shown)


def agree_to_words(page: Page, *, slug: str, own_words: str, is_shown: bool) -> str:
    """Back from the network's own page, agree to what is shown; returns the words."""
    page.wait_for_url(re.compile(rf"/campaigns/{slug}/support/agree/"))
    [words] = agree(page, own_words=own_words, is_shown=is_shown)
    return words


def wait_for_end(campaign: Campaign, *, product: Product) -> None:
    """Until the launch is over, whatever its result."""
    from launches.results import find_launch

    def is_over() -> bool:
        launch = find_launch(campaign)
        return launch is not None and launch.is_over

    try:
        wait_until(is_over, what="the launch's end", every=0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}; logs:\n{product.read_logs()}") from None


def bring_near(campaign: Campaign, *, launch_in: float) -> None:
    """Let the campaign launch so many seconds from now, as if that had been agreed from the start.

    Updates the rows: nobody can choose such a moment on the pages.
    """
    from campaigns.clock import database_now
    from campaigns.models import Campaign, Revision
    from supporters.models import Pledge

    launch_at = database_now() + timedelta(seconds=launch_in)
    Revision.objects.filter(pk=campaign.approved_id).update(launch_at=launch_at)
    Pledge.objects.filter(campaign=campaign).update(agreed_launch_at=launch_at)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=launch_at, latest_at=launch_at + timedelta(minutes=45), first_launch_at=launch_at
    )
    campaign.refresh_from_db()


def read_facets(record: dict[str, Any]) -> list[tuple[str, str]]:
    """What a post's facets stretch over and lead to: the words of the text, and link or tag.

    A link's second part is its address, a tag's is ``#`` and the tag.
    """
    text = record["text"].encode()
    found = []
    for facet in record.get("facets", []):
        words = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for feature in facet["features"]:
            kind = feature["$type"].removeprefix("app.bsky.richtext.facet#")
            target = {"link": feature.get("uri"), "tag": f"#{feature.get('tag')}"}[kind]
            found.append((words, target))
    return found
