"""What a first visit of a campaign's page costs: bytes, what it waits for, when most of it is seen.

The bounds are the product's own (docs/speed.md). The network is Chromium's "Fast 4G": 9 Mbit/s
down, 1.5 up, less a tenth, and 165 ms to any answer.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from accounts.models import User
from tests.browser.showing import fill_site
from tests.browsing import NewPage
from tests.processes import Product

FAST_4G = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 9_000_000 / 8 * 0.9,
    "uploadThroughput": 1_500_000 / 8 * 0.9,
}
MOST_BYTES = 60_000
LARGEST_PAINT_MS = 1_000
VISITS = 3
PICTURES = "/pictures/"
MEASURE = """
  () => new Promise((done) => {
    const paints = [];
    const observer = new PerformanceObserver((list) => paints.push(...list.getEntries()));
    observer.observe({ type: "largest-contentful-paint", buffered: true });
    setTimeout(() => {
      const loaded = performance.getEntriesByType("resource");
      const blocking = loaded.filter((each) => each.renderBlockingStatus === "blocking");
      done({ painted: paints.at(-1)?.startTime, blocking: blocking.map((each) => each.name) });
    }, 500);
  })
"""


@dataclass(frozen=True)
class Visit:
    """A first visit: the bytes of each answer with its headers, by its address."""

    sizes: dict[str, float]
    blocking: list[str]
    painted_ms: float


@pytest.mark.parametrize("width", [360, 1440])
def test_first_visit_of_a_campaign_is_light_and_soon_there(
    web: Product, olive: User, rae: User, new_page: NewPage, width: int
) -> None:
    campaign = fill_site(olive, rae)["scheduled"]
    viewport = {"width": width, "height": 800}
    visit(new_page(viewport=viewport), campaign.get_absolute_url())  # the server has just started
    visits = [
        visit(new_page(viewport=viewport), campaign.get_absolute_url()) for _ in range(VISITS)
    ]
    for each in visits:
        paths = [urlsplit(address).path for address in each.blocking]
        assert [path for path in paths if not path.startswith("/static/css/site.")] == []
        assert len(paths) <= 1, paths
        assert any("/static/css/site." in address for address in each.sizes)
        assert sum(each.sizes.values()) <= MOST_BYTES, each.sizes
    painted = statistics.median(each.painted_ms for each in visits)
    print(f"{width} px: {sum(visits[0].sizes.values()):,.0f} bytes, painted after {painted:.0f} ms")
    assert painted <= LARGEST_PAINT_MS, [each.painted_ms for each in visits]


def visit(page: Page, address: str) -> Visit:
    """Open a page as somebody who was never here, over a throttled network."""
    session = page.context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}

    def note_answer(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["response"]["url"]

    def note_size(event: dict[str, Any]) -> None:
        found = addresses.get(event["requestId"], "")
        if found.startswith("http") and PICTURES not in found:
            sizes[found] = event["encodedDataLength"]

    session.on("Network.responseReceived", note_answer)
    session.on("Network.loadingFinished", note_size)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", FAST_4G)
    page.goto(address, wait_until="networkidle")
    told = page.evaluate(MEASURE)
    page.close()
    return Visit(sizes, told["blocking"], told["painted"])
