"""Without a mouse or a finger: what the looks at every page find, and two ways from end to end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.models import Pledge
from tests.browser.acting import come_in
from tests.browser.keyboard import find_keyboard_troubles, press_key, reach, type_into
from tests.browser.looking import PHONE
from tests.browser.posting import PostalSimulator
from tests.browsing import NewPage
from tests.making import make_campaign
from tests.processes import Product

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>{style}</style></head>
<body><main id="main"><h1>A page</h1><p><a href="#a">One</a> <a href="#b">Two</a></p>{more}</main>
</body></html>"""


@pytest.mark.parametrize(
    ("style", "more", "trouble"),
    [
        ("", "", ""),
        ("", '<a href="#c" tabindex="2">Three</a>', "stop 1 of 3 is"),
        ("a { outline: 0 }", "", "no focus to be seen"),
        ("", "<h3>Deep</h3>", "level 3 follows one of level 1"),
        ("", "<h1>Twice</h1>", "2 headings of the first level"),
        ("", "<nav><a href='#d'>Four</a></nav>", "a part without a name"),
        ("", '<header class="masthead">None</header>', "no link to the content"),
        (
            "",
            '<input onkeydown="event.preventDefault()"><button>No</button>',
            "3 of 4 stops are reached",
        ),
    ],
)
def test_what_a_keyboard_meets_is_found(page: Page, style: str, more: str, trouble: str) -> None:
    page.set_content(PAGE.format(style=style, more=more))
    found = find_keyboard_troubles(page)
    assert bool(found) == bool(trouble)
    assert all(trouble in each for each in found)


def test_support_needs_a_keyboard_alone(
    web: Product, simulator: PostalSimulator, new_page: NewPage, olive: User
) -> None:
    """On the narrow page, whose bar at the foot hides nothing that has the focus."""
    campaign = make_campaign(olive)
    page = new_page(viewport=PHONE)
    page.goto(campaign.get_absolute_url())
    press_key(page, page.get_by_role("link", name="Lend my account").first)
    host = simulator.get_instance("mastodon")["instance"]
    type_into(page, page.locator("#mastodon_address"), host)
    page.keyboard.press("Enter")
    type_into(page, page.get_by_label("Your account here"), "sam")
    press_key(page, page.get_by_role("button", name="Allow"))
    type_into(page, page.get_by_label("What you say"), "I swim in it.")
    expect(page.locator("#exact")).to_contain_text("I swim in it.")
    press_key(page, page.get_by_label("Show my name among the supporters."), "Space")
    press_key(page, page.get_by_role("button", name=re.compile("^Yes, post this from")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    made = Pledge.objects.get()
    assert made.text.startswith("I swim in it.")
    assert made.is_shown


def test_a_campaign_is_written_with_a_keyboard_alone(
    web: Product, new_page: NewPage, olive: User
) -> None:
    page = new_page()
    come_in(page, olive)
    page.goto("/desk/")
    press_key(page, page.get_by_role("link", name="Start my first campaign"))
    press_key(page, page.get_by_role("radio").first, "Space")
    page.keyboard.press("ArrowDown")
    press_key(page, page.get_by_role("button", name="Begin and tell the story"))
    type_into(page, page.get_by_label("Title"), "Let the river run clean")
    type_into(page, page.get_by_label("Summary"), "Three barriers would do.")
    type_into(page, page.get_by_label("Story"), "The river runs through eleven towns.")
    press_key(page, page.get_by_role("button", name="Save and write the message"))
    type_into(page, page.get_by_label("The message", exact=True), "Build three barriers.")
    type_into(page, page.get_by_label("Hashtag"), "CleanRiver")
    press_key(page, page.get_by_role("button", name="Save and choose the moment"))
    # Whichever of day and month a browser asks first, and however many hours its clock has.
    month = database_now().month
    type_part_by_part(page, "Day", f"{month:02}{month:02}{database_now().year + 1}")
    type_part_by_part(page, "Time", "0630PM")
    type_into(page, page.get_by_label("Goal"), "2")
    press_key(page, page.get_by_role("button", name="Save and check everything"))
    press_key(page, page.get_by_role("button", name="Send for review"))
    expect(page.get_by_role("heading", level=1)).to_have_text("It is being reviewed")
    assert Campaign.objects.get().state == CampaignState.IN_REVIEW


def type_part_by_part(page: Page, label: str, keys: str) -> None:
    """Into a field whose parts follow each other by themselves."""
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.type(keys)
