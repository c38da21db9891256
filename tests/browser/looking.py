"""Look at a page as this suite looks at every one: does it fit a phone, can everybody use it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PICTURES = Path(__file__).resolve().parents[2] / "var" / "screenshots"
MAILS = PICTURES / "mails"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Colours are all that light and dark change: the other rules have run before.
COLOURS_ONLY = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# What a text that is missing, doubled or in another language breaks.
WORDS_ONLY = {"runOnly": {"type": "tag", "values": ["cat.language", "cat.name-role-value"]}}
# A button fades from one scheme's colour into the other's; in a part that is folded up for ever.
SETTLE = """() => document.getAnimations()
  .filter((each) => each instanceof CSSTransition).forEach((each) => each.finish())"""
# Preloading would fetch the style sheets once more, and imports by addresses that are not there.
OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}


def look(page: Page) -> None:
    """Fail for a page that scrolls sideways or that axe finds fault with, in light or in dark."""
    troubles = find_troubles(page)
    assert not troubles, f"{page.url}\n" + "\n".join(troubles)


def find_troubles(page: Page, *, within: str | None = None) -> list[str]:
    """What is wrong with a page, a sentence each; ``within`` (CSS) gives axe a part of it only."""
    before = page.viewport_size
    troubles = list_violations(page, within=within)
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        troubles += measure(page)
    if before is not None:
        page.set_viewport_size(before)
    return troubles


def find_french_troubles(page: Page, *, within: str | None = None) -> list[str]:
    """The same of a page in French, whose words are longer: what a language can break, no more.

    Colours are those of the English page, and where a phone is wide enough, a desk is.
    """
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    language = page.get_attribute("html", "lang")
    troubles = measure(page) if language == "fr" else [f"spoken in {language}, not in French"]
    troubles += run_axe(page, within=within, options=OPTIONS | WORDS_ONLY)
    if before is not None:
        page.set_viewport_size(before)
    return troubles


def shoot_phone(page: Page, name: str) -> None:
    """Keep a picture of the whole page, at a phone's width, in light."""
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    page.screenshot(path=PICTURES / f"{name}-{PHONE['width']}.png", full_page=True)
    if before is not None:
        page.set_viewport_size(before)


def shoot(page: Page, name: str, *, dark: bool = False) -> None:
    """Keep pictures of the whole page, at both widths, in light and if asked in dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for scheme in SCHEMES[: 1 + dark]:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLE)
        ending = "-dark" if scheme == "dark" else ""
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            file = PICTURES / f"{name}-{size['width']}{ending}.png"
            page.screenshot(path=file, full_page=True)
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def measure(page: Page) -> list[str]:
    """A sentence when the page is wider than its window, with what sticks out."""
    found: dict[str, Any] = page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          const name = (each) => each.tagName.toLowerCase() +
            (each.className && each.className.baseVal === undefined ? "." + each.className : "");
          return {
            wide: document.scrollingElement.scrollWidth,
            room: window.innerWidth,
            out: [...document.querySelectorAll("body *")]
              .filter((each) => each.getBoundingClientRect().right > room + 1)
              .map(name).slice(0, 8),
          };
        }"""
    )
    if found["wide"] <= found["room"]:
        return []
    return [f"{found['wide']} px wide in a window of {found['room']}: {', '.join(found['out'])}"]


def list_violations(page: Page, *, within: str | None) -> list[str]:
    """What axe finds, in light and in dark."""
    troubles: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLE)
        options = OPTIONS if scheme == SCHEMES[0] else OPTIONS | COLOURS_ONLY
        troubles += [f"{scheme}: {each}" for each in run_axe(page, within=within, options=options)]
    page.emulate_media(color_scheme="light")
    return troubles


def run_axe(page: Page, *, within: str | None, options: dict[str, Any]) -> list[str]:
    """What axe finds with these options, a sentence each."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate(
        "([part, options]) => axe.run(part ?? document, options)", [within, options]
    )
    return [describe_violation(each) for each in found["violations"]]


def describe_violation(violation: dict[str, Any]) -> str:
    """The rule that is broken, and the first elements that break it."""
    nodes = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:4]]
    return f"{violation['id']} ({violation['help']}): {'; '.join(nodes)}"
