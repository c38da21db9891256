"""What the suite looks with can see: each fault is made once, and found."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looking import PHONE, find_troubles
from tests.browser.scanning import find_flaws, list_offers
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


LONG = "Wasserstraßenbauverwaltungsvorschriftenvereinheitlichungsamt"


@pytest.mark.parametrize(
    ("style", "words", "flaw"),
    [
        ("", f"<p style='font-size: 2rem'>{LONG}</p>", "px wide in a window of 360"),
        ("", f"<div style='overflow: hidden'><p>{LONG * 2}</p></div>", "cut by div"),
        (
            ".narrow { inline-size: 90px }",
            f"<p class='narrow'>{LONG}</p>",
            "spills out of p.narrow",
        ),
        ("", "<p>A campaign by حملة (2026), read by a person.</p>", "runs into its line"),
        ("", "<label>Title <input value='حملة (2026)'></label>", "a field without dir"),
        (".up { margin-block-start: -2.2em }", "<p class='up'>On the words.</p>", "words on words"),
        ("", "<p>54321 people are in.</p>", "not grouped: 54321"),
    ],
)
def test_what_hard_names_and_numbers_break_is_found(
    page: Page, style: str, words: str, flaw: str
) -> None:
    page.set_content(PAGE.format(style=style).replace("</main>", f"{words}</main>"))
    flaws = find_flaws(page, widths=(360,))
    assert [each for each in flaws if flaw in each], flaws


def test_what_hard_names_do_not_break_is_left_alone(page: Page) -> None:
    words = (
        f"<p dir='auto' style='overflow-wrap: anywhere'>{LONG}</p>"
        f"<div style='overflow: auto'><p>{LONG * 2}</p></div>"
        "<p>A campaign by <bdi>حملة (2026)</bdi>, read by a person.</p>"
        "<p>54,321 people; by 2026 at <span>https://example.org/54321</span>.</p>"
        "<p><code>1234567</code></p>"
    )
    page.set_content(PAGE.format(style="").replace("</main>", f"{words}</main>"))
    assert find_flaws(page) == []


def test_what_needs_a_script_is_told_from_what_does_not(page: Page) -> None:
    shown = "<a href='/x/'>X</a><button name='go'>Go</button><button data-copy='x'>Copy</button>"
    page.set_content(PAGE.format(style="").replace("</main>", f"{shown}</main>"))
    assert list_offers(page) == {"a /x/", "button go Go"}
