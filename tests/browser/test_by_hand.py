"""People who link nothing, or promise besides: by hand, from the mail that confirms to the results.

Every network's composer is the simulator's, and each is opened in one press.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from supporters.addressing import address_promise
from supporters.models import AssistedPledge, Reminder
from tests.browser.acting import come_in, follow, move_launch, press
from tests.browser.conftest import make_user
from tests.browser.looking import DESKTOP, PHONE, look, shoot
from tests.browser.posting import PostalSimulator, find_link
from tests.browser.showing import RIVER, announce
from tests.browsing import NewPage
from tests.making import link_mastodon, make_pledge, make_promise
from tests.processes import Product

ADA = "ada@hands.example"
BO = "bo@reminded.example"
LAUNCH_SECONDS = 10
SOON_MS = 40_000


@pytest.fixture
def campaign(site: Product, simulator: PostalSimulator, olive: User) -> Campaign:
    """One account is lent to it: what is posted by hand is on top of that."""
    made = announce(olive, RIVER, launch_in=3600)
    gus = make_user("gus@example.org", "Gus")
    make_pledge(made, link_mastodon(simulator, gus, "gus"))
    return made


def test_words_are_posted_by_hand_at_the_moment(
    site: Product,
    simulator: PostalSimulator,
    new_page: NewPage,
    campaign: Campaign,
) -> None:
    ada, bo, sam = new_page(viewport=PHONE), new_page(viewport=PHONE), new_page(viewport=DESKTOP)
    promise_by_mail(ada, simulator, campaign)
    ask_to_be_reminded(bo, simulator, campaign)
    come_in(sam, make_user("sam@example.org", "Sam"))
    promise_at_once(sam, campaign)

    move_launch(campaign, seconds=LAUNCH_SECONDS)
    sam.goto(f"{campaign.get_absolute_url()}launch/")
    ada.reload()
    post_from_the_launch_room(sam, simulator, campaign)
    post_from_the_mail(ada, simulator, campaign)

    text = campaign.revision.text
    by_hand = simulator.list_posts(by_hand="1")
    assert sorted((post["network"], post["text"]) for post in by_hand) == [
        ("facebook", text),
        ("x", text),
    ]
    assert simulator.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}
    read_results(sam, site, campaign)
    reminded = simulator.wait_for_mail(BO, subject="being said")
    assert campaign.revision.message in reminded["text"]
    assert "/promise/" not in reminded["text"]
    look_behind(sam, simulator)


def promise_by_mail(page: Page, simulator: PostalSimulator, campaign: Campaign) -> None:
    """Link nothing, choose X, and confirm an address by the mail that comes."""
    page.goto(campaign.get_absolute_url())
    follow(page, re.compile("Lend (my|another) account"))
    page.locator("[name=network][value=x]").check()
    look(page)
    press(page, "Read what I would post")
    expect(page.locator("#exact")).to_contain_text(campaign.revision.message)
    page.get_by_label("Your e-mail address").fill(ADA)
    page.get_by_label("Your name among the supporters").fill("Ada")
    look(page)
    press(page, re.compile("^Yes, I will post this on"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    look(page)
    assert not AssistedPledge.objects.exists()
    mail = simulator.wait_for_mail(ADA, subject="Confirm")
    page.goto(find_link(mail, holding="/confirm/"))
    look(page)
    press(page, re.compile("^Yes, I will post this on"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You post this yourself")
    look(page)


def ask_to_be_reminded(page: Page, simulator: PostalSimulator, campaign: Campaign) -> None:
    """Promise nothing."""
    page.goto(f"{campaign.get_absolute_url()}support/")
    follow(page, "Just remind me")
    look(page)
    page.get_by_label("Your e-mail address").fill(BO)
    press(page, "Remind me at the moment")
    mail = simulator.wait_for_mail(BO, subject="Confirm")
    page.goto(find_link(mail, holding="/confirm/"))
    look(page)
    press(page, "Yes, remind me")
    expect(page.get_by_role("heading", level=1)).to_have_text("We will remind you")
    look(page)
    assert Reminder.objects.get().email == BO
    assert AssistedPledge.objects.count() == 1


def promise_at_once(page: Page, campaign: Campaign) -> None:
    """Whose address is known needs no mail."""
    page.goto(f"{campaign.get_absolute_url()}support/")
    page.locator("[name=network][value=facebook]").check()
    press(page, "Read what I would post")
    look(page)
    press(page, re.compile("^Yes, I will post this on"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: you are in")
    look(page)


def post_from_the_launch_room(page: Page, simulator: PostalSimulator, campaign: Campaign) -> None:
    """The button comes by itself. Facebook fills nothing in: the words are copied first."""
    button = page.get_by_role("link", name="Post yours on Facebook")
    expect(button).to_be_visible(timeout=SOON_MS)
    look(page)
    button.click()
    expect(page.get_by_label("Copy these words first")).to_have_value(campaign.revision.text)
    look(page)
    with page.context.expect_page() as opened:
        follow(page, re.compile("Open Facebook"))
    composer = opened.value
    composer.get_by_label("What you say").fill(campaign.revision.text)
    look(composer)
    composer.get_by_label("Your account here").fill("sam")
    press(composer, "Post")
    expect(composer.get_by_text("by hand")).to_be_visible()
    composer.close()
    press(page, "I have posted it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for posting it")


def post_from_the_mail(page: Page, simulator: PostalSimulator, campaign: Campaign) -> None:
    """One press in the mail opens the composer; the page says by itself that it is time."""
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "It is time: post it now", timeout=SOON_MS
    )
    look(page)
    mail = simulator.wait_for_mail(ADA, subject="Post it now")
    composer = page.context.new_page()
    composer.goto(find_link(mail, holding="/intent/tweet"))
    expect(composer.get_by_label("What you say")).to_have_value(campaign.revision.text)
    look(composer)
    shoot(composer, "composer")
    composer.get_by_label("Your account here").fill("ada")
    press(composer, "Post")
    expect(composer.get_by_text("by hand")).to_be_visible()
    look(composer)
    composer.close()
    page.goto(find_link(mail, holding="/promise/"))
    press(page, "I have posted it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for posting it")
    look(page)


def read_results(page: Page, site: Product, campaign: Campaign) -> None:
    """Counted apart, and in no other number."""
    page.goto(f"{campaign.get_absolute_url()}launch/")
    expect(page.get_by_text("It has been said")).to_be_visible(timeout=SOON_MS)
    results = site.read_results(campaign.slug)
    assert results["assisted"] == {"offered": 2, "reported": 2}
    assert results["pledges"] == results["tally"]["sent"] == 1
    page.goto(f"{campaign.get_absolute_url()}results/")
    said = "2 posts were asked of supporters at the moment; made as they say: 2."
    expect(page.get_by_text(said)).to_be_visible()
    look(page)
    page.goto(campaign.get_absolute_url())
    expect(page.get_by_text("Of these, made as they say")).to_be_visible()


def look_behind(page: Page, simulator: PostalSimulator) -> None:
    """The wall with what was posted by hand, and the mails as their readers saw them."""
    page.goto(f"{simulator.url}/")
    expect(page.get_by_text("x, by hand")).to_be_visible()
    look(page)
    shoot(page, "wall-by-hand")
    for name, address, subject in (
        ("confirm", ADA, "Confirm"),
        ("promised", ADA, "You will post"),
        ("post-now", ADA, "Post it now"),
        ("reminded", BO, "being said"),
    ):
        mail = simulator.wait_for_mail(address, subject=subject)
        page.goto(f"{simulator.url}/mail/{mail['id']}")
        look(page)
        shoot(page, f"mail-{name}")


def test_promise_is_reported_and_reworded_without_a_script_by_the_link_alone(
    web: Product, olive: User, new_page: NewPage
) -> None:
    page = new_page(viewport=PHONE, java_script_enabled=False)
    coming = announce(olive, RIVER, launch_in=3600)
    promised = make_promise(coming, make_user(ADA, "Ada"))
    link = address_promise(coming, person_id=promised.person_id)
    page.goto(link)
    follow(page, "Change the words")
    page.get_by_label("Exactly what will be posted").fill("Mine.")
    press(page, "Show the post")
    expect(page.locator(".post__text")).to_have_text("Mine.")
    press(page, "Yes, I will post this on X")
    expect(page.get_by_text("Your words are changed.")).to_be_visible()

    AssistedPledge.objects.update(state="called", offered_at=database_now())
    page.goto(link)
    composer = page.get_by_role("link", name="Open X with these words")
    assert str(composer.get_attribute("href")).endswith("/intent/tweet?text=Mine.")
    press(page, "I have posted it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for posting it")
    press(page, "I have not posted it after all")
    expect(page.get_by_role("button", name="I have posted it")).to_be_visible()
    assert AssistedPledge.objects.get().reported_at is None
    assert "sessionid" not in {cookie["name"] for cookie in page.context.cookies()}
