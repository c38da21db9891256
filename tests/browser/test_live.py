"""The launch room during a launch: it moves by itself, says when it cannot, and tells the truth."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from accounts.models import User
from campaigns.models import Campaign
from tests.browser.acting import come_in, move_launch, press
from tests.browser.conftest import make_user, wait_for
from tests.browser.looking import DESKTOP, PHONE
from tests.browser.posting import PostalSimulator
from tests.browser.showing import RIVER, announce
from tests.browsing import NewPage
from tests.making import link_mastodon, make_pledge
from tests.processes import Product, end

QUICK, SLOW = ("ada", "bo", "cy"), ("dan", "eve", "flo")
# What a network says to those who are to wait: longer than it takes to hold the launch.
BUSY = {"429": 1, "retry_after": 20}
LAUNCH_SECONDS = 8
SOON_MS = 40_000


@pytest.fixture
def campaign(site: Product, simulator: PostalSimulator, olive: User) -> Campaign:
    """Half of its supporters' posts will have to wait."""
    made = announce(olive, RIVER, launch_in=3600)
    for name in (*QUICK, *SLOW):
        person = make_user(f"{name}@example.org", name.title())
        make_pledge(made, link_mastodon(simulator, person, name))
    simulator.set_faults(*({"account": name, **BUSY} for name in SLOW))
    return made


def test_a_room_that_is_left_open_tells_the_launch_as_it_is(
    site: Product,
    simulator: PostalSimulator,
    new_page: NewPage,
    campaign: Campaign,
    olive: User,
) -> None:
    room = f"{campaign.get_absolute_url()}launch/"
    watcher = new_page(viewport=PHONE, may_fail=True)  # the server will be away for a while
    plain = new_page(viewport=PHONE, java_script_enabled=False)
    organiser = new_page(viewport=DESKTOP, may_fail=True)
    come_in(organiser, olive)
    move_launch(campaign, seconds=LAUNCH_SECONDS)
    for page in (watcher, plain, organiser):
        page.goto(room)
    loads = note_loads(watcher)
    expect(watcher.get_by_role("timer")).to_be_visible()

    expect_numbers(watcher, "It is being said now", sent=3, waiting=3)
    plain.reload()
    expect_numbers(plain, "It is being said now", sent=3, waiting=3)
    with watcher.expect_response(is_unchanged(room)) as unchanged:
        pass
    assert unchanged.value.request.headers["if-none-match"]

    late = watcher.get_by_text("The connection is away.")
    expect(late).to_be_hidden()
    go_away(site)
    expect(late).to_be_visible(timeout=SOON_MS)
    expect_numbers(watcher, "It is being said now", sent=3, waiting=3)
    come_back(site)
    expect(late).to_be_hidden(timeout=SOON_MS)

    organiser.reload()
    press(organiser, "Hold the 3 that wait")
    expect_numbers(watcher, "The launch is held", sent=3, waiting=3)
    expect(watcher.locator("[data-live-status]")).to_contain_text(re.compile("held"))
    plain.reload()
    expect_numbers(plain, "The launch is held", sent=3, waiting=3)

    simulator.clear_faults()
    organiser.reload()
    press(organiser, "Resume the launch")
    expect_numbers(watcher, "It has been said", sent=6, waiting=0)
    plain.reload()
    expect_numbers(plain, "It has been said", sent=6, waiting=0)
    assert loads == []
    assert simulator.summarise() == {"posts": 6, "accounts": 6, "duplicates": 0}


def note_loads(page: Page) -> list[str]:
    """The pages that it loads from now on: a room that is left open loads none."""
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    return loads


def expect_numbers(page: Page, said: str, *, sent: int, waiting: int) -> None:
    """The room says what is going on, and its tally says these numbers; it may take a while."""
    expect(page.locator("[data-part=state]")).to_contain_text(said, timeout=SOON_MS)
    for word, number in (("Sent", sent), ("Waiting", waiting)):
        row = page.locator(".tally > div").filter(
            has_text=re.compile(f"^\\s*{word}", re.IGNORECASE)
        )
        expect(row.locator("dd")).to_have_text(str(number), timeout=SOON_MS)


def is_unchanged(room: str) -> Callable[[Response], bool]:
    """Whether an answer says that nothing is new in this room."""
    return lambda answer: f"{room}live/" in answer.url and answer.status == 304


def go_away(site: Product) -> None:
    """Stop the web server, as for an upgrade; what it was doing is done first."""
    web = site.processes.pop(0)
    end(web)
    web.wait()


def come_back(site: Product) -> None:
    """Start it again, where it was."""
    site.start("web")
    wait_for(site, "/livez")
