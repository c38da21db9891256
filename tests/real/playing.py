"""The product as real processes against the real Bluesky server, and what its people do there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from networks.adapters.bluesky import Bluesky
from networks.base import Mode
from networks.http import Http
from tests.processes import Product
from tests.real.consenting import sign_in_and_answer
from tests.real.serving import BlueskyAccount, BlueskyServer
from tests.walking import agree, ask_to_lend

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from campaigns.models import Campaign

Result = TypeVar("Result")


def make_product(server: BlueskyServer, *, folder: Path, **environment: str) -> Product:
    """The product's processes, none of them started, which know this server and no other."""
    return Product(
        folder,
        hosts=server.hosts,
        BLUESKY_PLC_URL=server.plc_url,
        BLUESKY_RESOLVER_URL=server.pds_url,
        BLUESKY_APPVIEW_URL="",
        REVIEW_LEAD_SECONDS="0",
        **environment,
    )


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


def lend(
    page: Page, account: BlueskyAccount, *, slug: str, own_words: str = "", is_shown: bool = False
) -> str:
    """Lend an account to a campaign, all of it by the browser; returns the words agreed to."""
    ask_to_lend(page, slug, network="Bluesky", address=account.handle)
    sign_in_and_answer(page, handle=account.handle, password=account.password)
    page.wait_for_url(re.compile(rf"/campaigns/{slug}/support/agree/"))
    [words] = agree(page, own_words=own_words, is_shown=is_shown)
    return words


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
