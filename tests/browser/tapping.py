"""A finger on a phone: every tap is told by the page it lands on, and how long the answer took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.looking import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browsing import NewPage

# The event that a browser makes of a touch, and of a mouse as well: a script cannot forge it.
TELL = """addEventListener("pointerdown", (event) => {
  if (event.isTrusted) window.noteTap(event.pointerType, event.target.textContent.trim());
}, true)"""


@dataclass(frozen=True, kw_only=True)
class Tap:
    """Where it landed, with what, and what stood there."""

    site: str
    pointer: str
    words: str


@dataclass(kw_only=True)
class Hand:
    """Somebody's hand on ``page``: its taps, the pages it was led to, and the time it waited."""

    page: Page
    taps: list[Tap] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    waited_seconds: float = 0

    def tap(self, target: Locator, *, until: Locator | None = None) -> None:
        """Touch it, and wait for what should appear: that time is the product's."""
        began = time.monotonic()
        target.tap()
        if until is not None:
            expect(until).to_be_visible()
            self.waited_seconds += time.monotonic() - began

    def write(self, target: Locator, text: str) -> None:
        """Touch a field, and type into it."""
        self.tap(target)
        self.page.keyboard.type(text)

    def list_taps(self, site: str) -> list[str]:
        """What was tapped on the pages of one site."""
        return [tap.words for tap in self.taps if tap.site == urlsplit(site).netloc]


def take_phone(new_page: NewPage, **options: Any) -> Hand:
    """A phone with a touch screen, in somebody's hand."""
    page = new_page(viewport=PHONE, has_touch=True, is_mobile=True, **options)
    hand = Hand(page=page)

    def note_tap(source: dict[str, Any], pointer: str, words: str) -> None:
        site = urlsplit(source["frame"].url).netloc
        hand.taps.append(Tap(site=site, pointer=pointer, words=words))

    page.context.expose_binding("noteTap", note_tap)
    page.context.add_init_script(TELL)
    page.on("framenavigated", lambda frame: hand.visits.append(frame.url))
    return hand
