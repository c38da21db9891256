"""What the suite looks with can see: each fault is made once, and found."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.browser.looking import PHONE, find_troubles
from tests.browsing import note_own_troubles, note_troubles
from tests.processes import Product

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>
  :root {{ color-scheme: light dark }}
  body {{ margin: 0; background: light-dark(white, black) }}
  {style}
</style></head><body><main><h1>A page</h1><p>Some words.</p></main></body></html>"""


def test_a_page_in_order_has_no_troubles(page: Page) -> None:
    page.set_content(PAGE.format(style=""))
    assert find_troubles(page) == []


def test_what_sticks_out_on_a_phone_is_found(page: Page) -> None:
    page.set_content(PAGE.format(style="p { inline-size: 400px }"))
    (trouble,) = find_troubles(page)
    assert trouble == f"400 px wide in a window of {PHONE['width']}: p"


def test_what_is_faint_in_the_dark_alone_is_found(page: Page) -> None:
    page.set_content(PAGE.format(style="p { color: light-dark(black, #333) }"))
    (trouble,) = find_troubles(page)
    assert trouble.startswith("dark: color-contrast")


def test_what_a_page_must_not_do_is_noted(web: Product, chromium: Browser) -> None:
    troubles: list[str] = []
    with chromium.new_context() as context:
        note_troubles(context, troubles)
        note_own_troubles(context, troubles, site_url=web.url)
        page = context.new_page()
        page.goto(f"{web.url}/nowhere/")
        assert troubles == []
        page.evaluate("""async () => {
          console.error("a mistake");
          await fetch("/static/not-there.css");
          document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>Red.</p>");
          await fetch("https://elsewhere.example/").catch(() => {});
        }""")
        page.wait_for_load_state("networkidle")
    found = "\n".join(troubles)
    assert "error in the console" in found
    assert "404 for what a page loads" in found
    assert "security policy" in found
    assert "https://elsewhere.example/" in found
